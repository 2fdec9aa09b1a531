"""The trace as text: what is and what is not a line of it."""

from __future__ import annotations

import pytest

import simbridge as sb
from simbridge.messages import Event, Publish
from simbridge.trace import codec


def test_a_line_with_an_event_nobody_has_named_is_no_line_of_a_trace():
    """Reading a trace refuses an event that is only named, and one that has no id."""
    event = Event("bus", {"id": "1"}, 0, 0)
    line = next(codec.encode([(0, 1, 0, "a", "b", Publish(event))]))
    for broken in (
        line.replace(b'["bus",{"id":"1"},0,0,null,0,0]', b'"1@bus#0"'),
        line.replace(b'"id"', b'"no"'),
    ):
        assert broken != line
        with pytest.raises(sb.SimbridgeError, match="line 1 is not a line of a trace"):
            list(codec.decode([broken]))
    assert list(codec.decode([line])) == [(0, 1, 0, "a", "b", Publish(event))]
