"""One formula for the size of an event, and the examples of modules in this room."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from simbridge.model import backoff, event_size, feedback, latency
from simbridge.model.event_size import archived_size, entry_size

ENVELOPE = {
    "source": "€",
    "detail-type": "OrderPlaced",
    "resources": ["ab", "c"],
    "detail": {"order": 1},
}


def test_the_size_is_what_put_events_would_count() -> None:
    """In bytes of UTF-8, with the detail written compactly; a time counts 14, an archive 26 more."""
    size = 3 + len("OrderPlaced") + len('{"order":1}') + 3
    assert event_size.event_size(ENVELOPE) == size
    assert event_size.event_size(ENVELOPE, timed=True) == size + 14
    assert archived_size(ENVELOPE) == size + 26


def test_an_entry_counts_its_texts_as_they_are_written() -> None:
    """Half of a surrogate pair has three bytes; what is missing has none."""
    assert entry_size("€", "OrderPlaced", '{"order": 1}', ["ab", "c"], None) == 29 + 0
    assert entry_size(None, None, "\ud800", None, 1.5) == 3 + 14


@pytest.mark.parametrize("module", [event_size, latency, backoff, feedback])
def test_the_examples_of_a_module_are_true(module: ModuleType) -> None:
    """They run as they are written."""
    found = doctest.testmod(module)
    assert found.attempted and not found.failed
