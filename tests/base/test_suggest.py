"""What is said of a name that does not exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.suggest import NEAR_MAX, did_you_mean, near
from simbridge.metrics.series import METRICS
from simbridge.model.limits import LIMITS

NAMES = [metric.name for metric in METRICS]


@pytest.mark.parametrize(
    ("name", "known", "says"),
    [
        ("retry_attempt", LIMITS, "did you mean retry_attempts?"),
        ("RETRY_ATTEMPTS", LIMITS, "did you mean retry_attempts?"),
        ("failedinvocations", NAMES, "did you mean FailedInvocations, Invocations"),
        ("latency", LIMITS, "did you mean delivery_latency_median_us, delivery_latency_p99_us?"),
        ("PutEventsSize", NAMES, "did you mean PutEventsRequestSize?"),
        ("EventsBytes", NAMES, "did you mean MatchedEvents, PutEvents"),
        ("xyzzy", ["b", "a"], "there are a, b"),
        ("xyzzy", [], "there is none"),
        ("xyzzy", LIMITS, f"there are {len(LIMITS)}, listed in the table"),
        (7, ["a"], "there is a"),
    ],
)
def test_what_was_meant(name: object, known: list[str], says: str) -> None:
    """Similar spelling, else a shared word, else all of a short list or where a long one can be read."""
    assert did_you_mean(name, known, "the table").startswith(says)


@given(
    name=st.text(max_size=20),
    known=st.lists(st.text("abcdeXY_", min_size=1, max_size=8), unique_by=str.lower, max_size=30),
)
def test_few_names_are_offered_and_only_known_ones(name: str, known: list[str]) -> None:
    """Whatever the name is, the text stays short; the same name is the nearest."""
    offered = near(name, known)
    assert len(offered) <= NEAR_MAX
    assert set(offered) <= set(known)
    for one in known:
        assert near(one, known)[0] == one
