"""The storage of archives: minutes, order, expiry, the file, copies; a plain list is the judge."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base import clock
from simbridge.storage import events as storage
from simbridge.storage.events import HOUR, MINUTE, EventStorage

EPOCH = clock.instant("2026-03-01T00:00:00Z")
FOREVER = (clock.EARLIEST, clock.LATEST + 1)

Row = tuple[int, int, int]  # seconds of event time, seconds of ingestion, number


def envelope(second: int, number: int = 0) -> dict[str, Any]:
    """Enough of one."""
    time = clock.iso_seconds(EPOCH + second * clock.SECOND)
    return {"id": f"{number}", "time": time, "detail": {"n": number, "text": "x" * (number % 90)}}


def filled(rows: list[Row], memory_bytes: int = 1 << 30) -> EventStorage:
    """A storage with these rows, in this order."""
    events = EventStorage(memory_bytes)
    for second, ingested, number in rows:
        events.add(envelope(second, number), EPOCH + ingested * clock.SECOND, 100 + number)
        events.spill()
    return events


def numbers(events: EventStorage, *window: int) -> list[int]:
    """What is read of a window of event time."""
    found = events.read(*(window or FOREVER), clock.EARLIEST, clock.LATEST)
    return [stored.envelope()["detail"]["n"] for stored in found]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and buffers so small that a few events fill many of them."""
    monkeypatch.setattr(storage, "CHUNK_BYTES", 400)
    monkeypatch.setattr(storage, "OPEN_MAX", 2)


# Few different times and instants, so that bounds are hit and not only surrounded.
ROWS = st.lists(st.tuples(st.integers(-240, 480), st.integers(0, 20)), max_size=80).map(
    lambda pairs: [(30 * second, 250 * ingested, n) for n, (second, ingested) in enumerate(pairs)]
)
SPAN = st.tuples(st.integers(-250, 500), st.integers(-250, 500)).map(
    lambda pair: [30 * bound for bound in sorted(pair)]
)
INGESTED = st.tuples(st.integers(-1, 21), st.integers(-1, 21)).map(
    lambda pair: [250 * bound for bound in sorted(pair)]
)


@settings(max_examples=80, deadline=None)
@given(rows=ROWS, span=SPAN, ingested=INGESTED, memory=st.sampled_from((0, 300, 1 << 30)))
def test_reading_is_filtering_a_list(
    rows: list[Row], span: list[int], ingested: list[int], memory: int
) -> None:
    """By time and ingestion; in the order of the hours, within an hour in that of arrival."""
    events = filled(rows, memory)
    (first, last), (after, upto) = span, ingested
    found = events.read(*(EPOCH + second * clock.SECOND for second in (first, last, after, upto)))
    wanted = [row for row in rows if first <= row[0] < last and after < row[1] <= upto]
    wanted.sort(key=lambda row: row[0] // 3600)
    assert [
        (stored.envelope()["detail"]["n"], stored.size_bytes, stored.ingested_us)
        for stored in found
    ] == [(n, 100 + n, EPOCH + at * clock.SECOND) for _, at, n in wanted]
    assert events.events == len(rows)
    assert events.size_bytes == sum(100 + n for _, _, n in rows)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, span=SPAN)
def test_the_next_minute_is_the_first_that_has_events(rows: list[Row], span: list[int]) -> None:
    """From minute to minute one comes through all that there are."""
    events = filled(rows)
    first, last = (EPOCH + second * clock.SECOND for second in span)
    found, at = [], first
    while (minute := events.next_minute(at, last)) is not None:
        found.append(minute)
        at = minute + MINUTE
    times = {EPOCH + second * clock.SECOND for second, _, _ in rows}
    minutes = {time - time % MINUTE for time in times}
    assert found == sorted(m for m in minutes if first - first % MINUTE <= m < last)


@settings(max_examples=80, deadline=None)
@given(
    rows=ROWS,
    cuts=st.lists(st.integers(-1, 21).map(lambda bound: 250 * bound), max_size=3),
    memory=st.sampled_from((0, 300, 1 << 30)),
)
def test_what_expires_is_gone_and_no_longer_counted(
    rows: list[Row], cuts: list[int], memory: int
) -> None:
    """By ingestion, whatever the time of the event is, in memory and on disk."""
    events = filled(rows, memory)
    rest = rows
    for cut in cuts:
        until_us = EPOCH + cut * clock.SECOND
        rest = [row for row in rest if row[1] > cut]
        assert events.count(until_us) == len(rest)
        events.expire(until_us)
        assert sorted(numbers(events)) == sorted(n for _, _, n in rest)
        assert events.events == len(rest)
        assert events.size_bytes == sum(100 + n for _, _, n in rest)
        oldest = min((EPOCH + at * clock.SECOND for _, at, _ in rest), default=None)
        assert events.oldest_ingested_us() == oldest


@settings(max_examples=40, deadline=None)
@given(first=ROWS, second=ROWS, memory=st.sampled_from((0, 300, 1 << 30)))
def test_absorbing_is_adding(first: list[Row], second: list[Row], memory: int) -> None:
    """What another storage has comes after what was there."""
    events = filled(first, memory)
    events.absorb(filled(second, 300))
    together = filled(first + second)
    assert numbers(events) == numbers(together)
    assert (events.events, events.size_bytes) == (together.events, together.size_bytes)


@pytest.mark.parametrize("memory", [0, 300, 1 << 30])
@pytest.mark.parametrize("how", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies_go_their_own_way(memory: int, how: Any) -> None:
    """They share what is sealed and nothing that changes, also when the file has it."""
    rows = [(n * 40, n, n) for n in range(60)]
    events = filled(rows, memory)
    twin = how(events)
    assert numbers(twin) == numbers(events) == list(range(60))
    twin.add(envelope(0, 77), EPOCH, 1)
    events.expire(EPOCH + 29 * clock.SECOND)
    for n in range(60, 90):
        events.add(envelope(n * 40, n), EPOCH + n * clock.SECOND, 100 + n)
    assert sorted(numbers(twin)) == [*range(60), 77]
    assert numbers(events) == list(range(30, 90))


def test_what_does_not_fit_leaves_nothing_behind() -> None:
    """An integer that no 64 bits can hold is refused, and the event is not there in part."""
    events = EventStorage()
    with pytest.raises(OverflowError):
        events.add(envelope(0) | {"detail": {"n": 1, "big": 2**70}}, EPOCH, 1)
    assert (events.events, events.next_minute(*FOREVER), numbers(events)) == (0, None, [])
    events.add(envelope(0), EPOCH, 1)
    with pytest.raises(OverflowError):
        events.add(envelope(0) | {"detail": {"n": 1, "big": 2**70}}, EPOCH, 1)
    assert numbers(events) == [0]


def test_events_are_small() -> None:
    """Much smaller than their JSON, and the file takes what memory may not hold."""
    rows = [(n, n, n) for n in range(3000)]
    events = filled(rows)
    assert 0 < events._held_bytes < 3000 * 100
    spilled = filled(rows, 1000)
    assert spilled._held_bytes <= 1000
    assert spilled._spill is not None
    assert numbers(spilled, EPOCH, EPOCH + HOUR) == list(range(3000))


def test_what_put_events_takes_can_be_archived() -> None:
    """A detail of a thousand levels too; no coder gets that deep from an ordinary stack."""
    levels = 999
    world = sb.World()
    events = world.client("events")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    detail = '{"a":' * levels + "1" + "}" * levels
    answer = events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": detail}])
    assert answer["FailedEntryCount"] == 0
    limit = sys.getrecursionlimit()
    world.settle()
    (found,) = world.archive("a").events()
    assert sys.getrecursionlimit() == limit
    value, depth = found["detail"], 0
    while isinstance(value, dict):
        value, depth = value["a"], depth + 1
    assert depth == levels
