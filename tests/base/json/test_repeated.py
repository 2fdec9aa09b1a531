"""Keys that a JSON object spells more than once: found for certain, seen by patterns, carried along."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.json import Every, Repeating, has_repeated_key
from simbridge.languages.pattern.events import read_event

KEYS = ["a", "b", "a:", "é", '"', "\\", ":", ""]
STRINGS = ["", "x", "::", 'q":', "\\u003a", '"a":1', "2026-01-01T00:00:00Z", "é"]


def spelled(draw: Any, text: str) -> str:
    """A string as JSON, some of its characters escaped in one way or another."""
    if draw(st.booleans()):
        return json.dumps(text, ensure_ascii=draw(st.booleans()))
    return '"' + "".join(rf"\u{ord(c):04{draw(st.sampled_from('xX'))}}" for c in text) + '"'


@st.composite
def texts(draw: Any, levels: int = 3) -> str:
    """The text of a JSON value with keys that may be repeated, and space in any place."""
    space = st.sampled_from(["", "", "", " ", "\n", "\t "])
    kind = draw(st.sampled_from("oooasn" if levels else "sn"))
    if kind == "s":
        return spelled(draw, draw(st.sampled_from(STRINGS)))
    if kind == "n":
        return draw(
            st.sampled_from(["1", "-0.5", "1e2", "1e999", "12345678901234567890123", "null"])
        )
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        inner = draw(texts(levels - 1))
        if kind == "o":
            key = spelled(draw, draw(st.sampled_from(KEYS)))
            inner = f"{key}{draw(space)}:{draw(space)}{inner}"
        parts.append(f"{draw(space)}{inner}{draw(space)}")
    joined = ",".join(parts)
    return f"{{{joined}}}" if kind == "o" else f"[{joined}]"


def really_repeats(text: str) -> bool:
    """What a reader of pairs says."""
    found: list[bool] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.append(len(dict(pairs)) < len(pairs))

    json.loads(text, object_pairs_hook=note)
    return any(found)


@settings(max_examples=400, deadline=None)
@given(texts().filter(lambda text: text.startswith("{")))
@example('{"a" : 1,"a":"\\u003a"}')
@example('{"a":1,"\\u0061":2}')
@example('{"\\u0022":1,"\\"":"x\\u003Ay"}')
@example('{"a":{"b":[{"c":1,"c":":"}]},"d":"\\u003a"}')
def test_a_repeated_key_is_found_for_certain(text: str) -> None:
    """In text and in bytes, whatever is escaped and wherever space stands."""
    for given_ in (text, text.encode()):
        event = read_event(given_)
        assert has_repeated_key(given_, json.loads(text)) is really_repeats(text)
        assert has_repeated_key(given_, dict(event)) is really_repeats(text)
        if not really_repeats(text):
            assert type(event) is dict


EVENT = (
    '{"source":"s","detail":{"a":1,"a":2,"b":{"x":1},"b":{"y":[{"z":1,"z":2},{"w":3}]},'
    '"c":"k","c":{"d":5},"l":[1],"l":[2]}}'
)
SEEN: list[tuple[dict[str, Any], bool]] = [
    ({"a": [1]}, True),
    ({"a": [2]}, True),
    ({"a": [3]}, False),
    ({"a": [{"anything-but": 1}]}, True),
    ({"a": [{"exists": False}]}, False),
    ({"b": {"x": [1]}}, True),
    ({"b": {"x": [1], "y": {"z": [1]}}}, True),
    ({"b": {"y": {"z": [2]}}}, True),
    ({"b": {"y": {"z": [1], "w": [3]}}}, False),  # not in one element
    ({"b": {"x": [{"exists": False}]}}, False),
    ({"c": ["k"]}, True),
    ({"c": {"d": [5]}}, True),
    ({"l": [1]}, True),
    ({"l": [2]}, True),
    ({"$or": [{"a": [9]}, {"b": {"x": [1]}}]}, True),
]


@pytest.mark.parametrize(("pattern", "matched"), SEEN)
@pytest.mark.parametrize("rules", [1, 3, 30])
def test_patterns_see_every_value(pattern: dict[str, Any], matched: bool, rules: int) -> None:
    """One pattern, a few and many at once, and the explanation; at any depth (captured at one)."""
    pattern = {"detail": pattern}
    others = {f"r{n}": {"detail": {f"k{n}": [1], "a": [{"prefix": "x"}]}} for n in range(rules - 1)}
    matcher = sb.Matcher({"": pattern, **others})
    for event in (EVENT, EVENT.encode()):
        assert sb.match(pattern, event) is matched
        assert matcher.match(event) == [""] * matched
        assert sb.explain(pattern, event).matched is matched
        assert matcher.explain(event).matched == [""] * matched


def test_the_top_of_an_event_may_repeat_a_key() -> None:
    """A whole event is an object like any other; the explanation names both values."""
    event = '{"source":"a","source":"b"}'
    assert sb.match({"source": ["a"]}, event) and sb.match({"source": ["b"]}, event)
    assert 'source: "a" and "b", wanted "c"' in sb.explain({"source": ["c"]}, event).text()
    many = sb.Matcher({str(n): {"source": [chr(97 + n)]} for n in range(26)})
    assert many.match(event) == ["0", "1"]
    assert not sb.match({"source": {"x": [1]}}, event)


def a_world() -> sb.World:
    """A world with rules that want one value each, and an archive that wants the first."""
    world = sb.World(seed=3)
    client = world.client("events")
    for number in (1, 2, 3):
        pattern = json.dumps({"detail": {"a": [number], "b": {"x": [1]}}})
        client.put_rule(Name=f"r{number}", EventPattern=pattern)
        queue = world.queue(f"q{number}")
        client.put_targets(Rule=f"r{number}", Targets=[{"Id": "1", "Arn": queue.arn}])
    client.create_archive(
        ArchiveName="kept",
        EventSourceArn=f"arn:aws:events:us-east-1:{world.account}:event-bus/default",
        EventPattern=json.dumps({"detail": {"a": [1]}}),
    )
    world.run(minutes=5)
    return world


DETAIL = '{"a" : 1, "a": 2, "b": {"x": 1}, "b": {"y": "\\u003a"}}'
LAST = {"a": 2, "b": {"y": ":"}}


def put(world: sb.World) -> None:
    """One event with that detail, and time for its deliveries and the archive."""
    entry = {"Source": "s", "DetailType": "t", "Detail": DETAIL}
    world.client("events").put_events(Entries=[entry])
    world.run(minutes=20)


def received(world: sb.World) -> list[int]:
    """How many messages each queue has had."""
    return [len(world.queue(f"q{number}").received) for number in (1, 2, 3)]


def test_rules_and_archives_see_every_value_and_targets_the_last(tmp_path: Path) -> None:
    """Through buses, an archive, a replay, a fork, a pickle and a trace of the run."""
    world = a_world()
    put(world)
    assert received(world) == [1, 1, 0]
    assert world.queue("q1").received[0]["detail"] == LAST
    [kept] = world.archive("kept").events()
    assert kept["detail"] == LAST and type(kept["detail"]) is Repeating
    assert sb.match({"detail": {"a": [1]}}, kept) and sb.explain({"detail": {"a": [1]}}, kept)
    assert sb.Matcher({"": {"detail": {"a": [1]}}}).match_parsed(kept) == [""]
    twin = world.fork()
    for one in (twin, world):
        start = {"EventStartTime": one.now.subtract(hours=1), "EventEndTime": one.now}
        bus = f"arn:aws:events:us-east-1:{one.account}:event-bus/default"
        archive = f"arn:aws:events:us-east-1:{one.account}:archive/kept"
        one.client("events").start_replay(
            ReplayName="r", EventSourceArn=archive, Destination={"Arn": bus}, **start
        )
        one.run(minutes=20)
        assert received(one) == [2, 2, 0]
    assert world.trace.digest() == twin.trace.digest() != ""
    world.trace.to_jsonl(tmp_path / "t.jsonl")
    again = sb.Trace.from_jsonl(tmp_path / "t.jsonl")
    assert again == world.trace and again.digest() == world.trace.digest()
    for trace in (again, pickle.loads(pickle.dumps(world.trace)), world.trace):
        ids = dict.fromkeys(one.event.id for one in trace.deliveries())
        assert len(ids) == 2  # as it was put, and again
        for event_id in ids:
            told = str(trace.why(event_id))
            assert "r1" in told and "a is 1 and 2, wanted 3" in told


def test_what_carries_a_detail_keeps_its_text() -> None:
    """Copies and pickles; a deep copy, as a handler gets it, is a plain dictionary."""
    detail = Repeating.of(DETAIL)
    assert detail == LAST and json.loads(json.dumps(detail)) == LAST
    for same in (pickle.loads(pickle.dumps(detail)), copy.copy(detail)):
        assert type(same) is Repeating and same == LAST and same.text == DETAIL
        assert type(same.every()) is Every
    assert type(copy.deepcopy(detail)) is dict


def test_halves_of_surrogate_pairs_beside_repeated_keys() -> None:
    """A half is a question mark in every value, also in a detail that is put."""
    text = '{"detail":{"a":"\\ud800","a":1}}'
    for event in (text, {"detail": Repeating.of('{"a":"?","a":1}')}):
        assert sb.match({"detail": {"a": ["?"]}}, event)
        assert sb.match({"detail": {"a": [1]}}, event)
    entry = {"Source": "s", "DetailType": "t", "Detail": '{"a":"\\ud800","a":1,"b":{"x":1}}'}
    world = a_world()
    assert world.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    world.run(minutes=1)
    assert received(world) == [1, 0, 0]


def test_deep_events_with_repeated_keys() -> None:
    """As deep as a detail may be."""
    text = '{"a":' * 900 + '{"b":1,"b":2}' + "}" * 900
    pattern = '{"a":' * 900 + '{"b":[1]}' + "}" * 900
    assert sb.match(pattern, text)
