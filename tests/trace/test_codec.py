"""The trace as text: writing and reading are inverses; what is and what is not a line of it."""

from __future__ import annotations

import itertools
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.model.messages import DeadLetter, Event, Invoke, Match, Message, Publish
from simbridge.model.resources import Parameters
from simbridge.trace import codec

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.integers(0, 2**53)
OBJECT = st.dictionaries(TEXT, st.one_of(st.none(), st.booleans(), NUMBER, TEXT), max_size=3)


def fields_of(kind: type, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any instance of a struct, field by field from its annotations."""
    annotations = typing.get_type_hints(kind)
    fields = [name for name in kind.__struct_fields__ if name not in fixed]  # type: ignore[attr-defined]
    drawn = {name: anything(annotations[name]) for name in fields}
    return st.builds(kind, **drawn, **fixed)


def anything(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation that a message uses."""
    if annotation in SIMPLE:
        return SIMPLE[annotation]
    if typing.get_origin(annotation) is tuple:
        return st.lists(anything(typing.get_args(annotation)[0]), max_size=2).map(tuple)
    if arguments := typing.get_args(annotation):
        return st.one_of([anything(each) for each in arguments])
    return fields_of(annotation)


SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    int: NUMBER,
    str: TEXT,
    bool: st.booleans(),
    type(None): st.none(),
    Any: OBJECT,
    dict[str, Any]: OBJECT,
    dict[str, str]: st.dictionaries(TEXT, TEXT, max_size=2),
}
# What has one name is one thing: an event of one id, on one bus, after so many hops.
EVENTS = st.builds(
    Event,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["1", "2"]).map(lambda name: {"id": name, "detail": {"of": name}}),
    st.just(5),
    st.just(7),
    st.none(),
    st.integers(0, 1),
)
PARAMETERS = st.sampled_from([Parameters("p", {"A": {"b": 1}}), Parameters("q", {})])
SHARED = {"event": EVENTS, "parameters": st.none() | PARAMETERS}
MESSAGES = st.one_of(
    [
        fields_of(kind, **{k: v for k, v in SHARED.items() if k in kind.__struct_fields__})
        for kind in typing.get_args(Message)
    ]
)


def in_order(entries: list[Any]) -> list[Any]:
    """As entries of a trace, numbered."""
    return [(time, n, 0, "a", "b", message) for n, (time, message) in enumerate(entries, 1)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NUMBER, MESSAGES), max_size=12).map(in_order))
def test_writing_and_reading_are_inverses(entries: list[Any]) -> None:
    """For every kind of message with any field, events written once or many times."""
    lines = list(codec.encode(entries))
    assert list(codec.decode(lines)) == entries
    assert list(codec.encode(codec.decode(lines))) == lines
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)


def test_an_event_is_written_once() -> None:
    """Afterwards it is a name; on another bus, or after another hop, it is another event."""
    here = Event("bus", {"id": "1", "detail": "x" * 1000}, 0, 0)
    there = Event("other", here.envelope, 0, 0, None, 1)
    messages = [
        Publish(here),
        Match(here, "r", "t", "arn"),
        Invoke(2, 1, here, "r"),
        Publish(there),
        DeadLetter(2, here, {}),
    ]
    entries = [(0, n, 0, "a", "b", message) for n, message in enumerate(messages, 1)]
    lines = list(codec.encode(entries))
    assert [b"x" * 1000 in line for line in lines] == [True, False, False, True, False]
    assert b'"1@bus#0"' in lines[1]


LINE = next(codec.encode([(0, 1, 0, "a", "b", Publish(Event("bus", {"id": "1"}, 0, 0)))]))


@pytest.mark.parametrize(
    "broken",
    [
        LINE.replace(b'["bus",{"id":"1"},0,0,null,0,0]', b'"1@bus#0"'),
        LINE.replace(b'"id"', b'"no"'),
        LINE.replace(b'"Publish"', b'"Perish"'),
        LINE.replace(b"[0,1,0", b'["0",1,0'),
        LINE[:-10],
        b"[]\n",
        b"{}\n",
        b"\xff\n",
    ],
    ids=["unknown event", "no id", "unknown kind", "time is text", "cut off", "[]", "{}", "bytes"],
)
def test_what_is_not_a_line_of_a_trace(broken: bytes) -> None:
    """It is refused by its number, lines before it and empty ones included."""
    assert broken != LINE
    before = [LINE.replace(b'"1"', b'"2"'), b"\n"]
    with pytest.raises(sb.SimbridgeError, match="line 3 is not a line of a trace"):
        list(codec.decode(itertools.chain(before, [broken])))
    assert len(list(codec.decode([*before, LINE]))) == 2
