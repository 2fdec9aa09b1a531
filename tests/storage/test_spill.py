"""Archives on a disk that is full: what is told, that nothing is lost, and that it goes on."""

from __future__ import annotations

import copy
import errno
import json
import os
import pickle
import random
import subprocess
import sys
import tempfile
from typing import Any

import pytest

import simbridge as sb
from simbridge.base import clock
from simbridge.storage import chunks
from simbridge.storage import events as storage
from simbridge.storage.events import EventStorage

START = clock.instant("2026-03-01T00:00:00Z")
FOREVER = (clock.EARLIEST, clock.LATEST + 1, clock.EARLIEST, clock.LATEST)

temporary_file = tempfile.TemporaryFile


class Disk:
    """A temporary file on a disk that refuses some of its writes, having taken a part of each."""

    refused: frozenset[int] = frozenset()
    full = False
    broken = False
    writes = 0

    def __init__(self, **settings: Any) -> None:
        if Disk.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.file = temporary_file(**settings)

    def write(self, data: memoryview) -> int:
        number, Disk.writes = Disk.writes, Disk.writes + 1
        if Disk.full or number in Disk.refused:
            self.file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(self.file.write(data[: max(1, len(data) * 2 // 3)]))

    def fileno(self) -> int:
        if Disk.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self.file.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.fixture(autouse=True)
def _disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, and a disk that the tests fill."""
    monkeypatch.setattr(storage, "CHUNK_BYTES", 1200)
    monkeypatch.setattr(chunks.tempfile, "TemporaryFile", Disk)
    for name, value in (
        ("refused", frozenset()),
        ("full", False),
        ("broken", False),
        ("writes", 0),
    ):
        monkeypatch.setattr(Disk, name, value)


def envelope(number: int) -> dict[str, Any]:
    """One that zlib does not make much smaller."""
    text = random.Random(number).randbytes(150).hex()
    time = clock.iso_seconds(START + number * 40 * clock.SECOND)
    return {"id": str(number), "time": time, "detail": {"n": number, "text": text}}


def numbers(events: EventStorage) -> list[int]:
    """What can be read."""
    return [stored.envelope()["detail"]["n"] for stored in events.read(*FOREVER)]


def add(events: EventStorage, number: int) -> str | None:
    """Add one event and spill; returns what was raised."""
    events.add(envelope(number), START + number, 100)
    try:
        events.spill()
    except sb.SimbridgeError as error:
        return str(error)
    return None


def check(events: EventStorage, count: int) -> None:
    """All is there, and the counters say so."""
    assert numbers(events) == list(range(count))
    assert (events.events, events.size_bytes) == (count, 100 * count)
    assert events.count(clock.EARLIEST) == count
    held = [c.data for each in events._hours.values() for c in each if isinstance(c.data, bytes)]
    assert events._held_bytes == sum(map(len, held))


def test_a_refused_write_loses_nothing_whichever_it_is() -> None:
    """After each, everything can be read, forks and pickles too, and a later chunk spills again."""
    events = EventStorage(2000, "orders")
    assert [add(events, n) for n in range(60)] == [None] * 60
    most = Disk.writes
    assert most > 20
    for refused in range(most):
        Disk.writes, Disk.refused = 0, frozenset((refused,))
        events, told = EventStorage(2000, "orders"), []
        for n in range(60):
            if error := add(events, n):
                told.append(error)
                check(events, n + 1)
                check(copy.deepcopy(events), n + 1)
                check(pickle.loads(pickle.dumps(events)), n + 1)
        assert len(told) == 1
        assert all(word in told[0] for word in ("orders", chunks.folder(), "archive_memory_bytes"))
        while events._held_bytes > 2000:
            assert add(events, events.events) is None
        check(events, events.events)
        assert placed(events)


def placed(events: EventStorage) -> list[chunks.Place]:
    """What is in the file."""
    return [c.data for each in events._hours.values() for c in each if type(c.data) is chunks.Place]


def test_copies_on_a_full_disk() -> None:
    """Forks and pickles of a spilled storage need no room; they spill when there is some again."""
    events = EventStorage(2000, "orders")
    for n in range(30):
        add(events, n)
    assert placed(events)
    Disk.full = True
    for twin in (copy.deepcopy(events), pickle.loads(pickle.dumps(events))):
        told = [add(twin, n) for n in range(30, 60)]
        assert any(told)
        check(twin, 60)
        Disk.full = False
        while twin._held_bytes > 2000:
            add(twin, twin.events)
        check(twin, twin.events)
        Disk.full = True
    check(events, 30)


def test_an_absorbed_storage_writes_nothing() -> None:
    """What a scenario loads is taken over with the file that it is in, also on a full disk."""
    first, second = EventStorage(2000), EventStorage(2000)
    for n in range(60):
        add(first if n < 30 else second, n)
    Disk.full = True
    writes = Disk.writes
    first.absorb(second)
    assert Disk.writes == writes
    check(first, 60)


def test_what_cannot_be_read_stays() -> None:
    """A file that cannot be read is told as such; expiry is then as if it had not begun."""
    events = EventStorage(0, "orders")
    for n in range(60):
        add(events, n)
    Disk.broken = True
    for ask in (lambda: numbers(events), lambda: events.expire(START + 29), lambda: copied(events)):
        with pytest.raises(
            sb.SimbridgeError, match="archive orders cannot read its temporary file"
        ):
            ask()
    Disk.broken = False
    check(events, 60)
    events.expire(START + 29)
    assert numbers(events) == list(range(30, 60))


def copied(events: EventStorage) -> EventStorage:
    """A pickled copy."""
    copy: EventStorage = pickle.loads(pickle.dumps(events))
    return copy


def test_a_child_process_has_a_file_of_its_own() -> None:
    """After os.fork both go on, and neither overwrites what the other has written."""
    events = EventStorage(0)
    for n in range(20):
        add(events, n)
    child = os.fork()
    if not child:
        code = 1
        try:
            for n in range(20, 60):
                add(events, n)
            check(events, 60)
            code = 0
        finally:
            os._exit(code)
    for n in range(20, 40):
        add(events, n)
    assert os.waitpid(child, 0)[1] == 0
    check(events, 40)


def world_with_archive(retention_days: int = 0) -> tuple[sb.World, Any]:
    """A world whose archive spills at once."""
    world = sb.World(seed=3, start="2026-03-01T00:00:00Z", limits={"archive_memory_bytes": 0})
    client = world.client()
    bus = client.describe_event_bus()["Arn"]
    client.create_archive(ArchiveName="orders", EventSourceArn=bus, RetentionDays=retention_days)
    return world, client


def put(client: Any, number: int) -> None:
    """Put an event that fills a third of a chunk."""
    detail = json.dumps({"n": number, "text": random.Random(number).randbytes(300).hex()})
    time = clock.iso_seconds(START)  # events of one hour share chunks
    entry = {"Source": "a", "DetailType": "d", "Detail": detail, "Time": time}
    client.put_events(Entries=[entry])


def story() -> tuple[sb.World, list[sb.SimbridgeError]]:
    """Twenty events, all of them replayed; what is raised on the way is caught, and it goes on."""
    world, client = world_with_archive()
    told = []

    def run(minute: int) -> None:
        end = clock.moment(START + minute * 60 * clock.SECOND)
        while world.now < end:
            try:
                world.run(until=end)
            except sb.SimbridgeError as error:
                told.append(error)

    for n in range(20):
        put(client, n)
        run(n + 1)
    bus = client.describe_event_bus()["Arn"]
    client.start_replay(
        ReplayName="again",
        EventSourceArn=world.archive("orders").arn,
        EventStartTime="2026-03-01T00:00:00Z",
        EventEndTime="2026-03-01T01:00:00Z",
        Destination={"Arn": bus},
    )
    run(180)
    assert client.describe_replay(ReplayName="again")["State"] == "COMPLETED"
    assert client.describe_archive(ArchiveName="orders")["EventCount"] == 20
    found = [event["detail"]["n"] for event in world.archive("orders").events()]
    assert found == list(range(20))
    return world, told


def test_a_world_goes_on_after_a_full_disk() -> None:
    """The message in hand was handled: with each write refused once, the trace is the same."""
    world, told = story()
    digest, most = world.trace.digest(), Disk.writes
    assert not told
    assert most > 5
    for refused in range(most):
        Disk.writes, Disk.refused = 0, frozenset((refused,))
        world, told = story()
        assert len(told) == 1
        assert world.trace.digest() == digest


@pytest.mark.parametrize("retention_days", [0, 1])
def test_a_world_goes_on_after_a_file_that_could_not_be_read(retention_days: int) -> None:
    """A replay and a sweep that could not read the file try again in the next run."""
    world, client = world_with_archive(retention_days)
    for n in range(19):
        put(client, n)
    world.run(hours=23)
    for n in range(19, 22):
        put(client, n)
    world.run(minutes=20)
    if not retention_days:
        client.start_replay(
            ReplayName="again",
            EventSourceArn=world.archive("orders").arn,
            EventStartTime="2026-03-01T00:00:00Z",
            EventEndTime="2026-03-02T00:00:00Z",
            Destination={"Arn": client.describe_event_bus()["Arn"]},
        )
    Disk.broken = True
    for _ in range(2):
        with pytest.raises(sb.SimbridgeError, match="archive orders cannot read"):
            world.run(hours=30)
    Disk.broken = False
    world.run(hours=10)
    if retention_days:
        assert client.describe_archive(ArchiveName="orders")["EventCount"] == 3
    else:
        assert client.describe_replay(ReplayName="again")["State"] == "COMPLETED"


REAL = """
import json, random, resource, signal
import simbridge as sb
world = sb.World(limits={"archive_memory_bytes": 1000})
client = world.client()
client.create_archive(ArchiveName="a", EventSourceArn=client.describe_event_bus()["Arn"])
draw = random.Random(1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
told = []
for n in range(60):
    detail = json.dumps({"x": draw.randbytes(9000).hex()})
    client.put_events(Entries=[{"Source": "a", "DetailType": "d", "Detail": detail}] * 2)
    try:
        world.run(minutes=7)
    except sb.SimbridgeError as error:
        told.append(str(error))
    if n == 50:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
archive = world.archive("a")
print(bool(told), sum(1 for _ in archive.events()), archive.event_count)
"""


def test_a_limit_of_the_operating_system() -> None:
    """The same with a file that the system does not let grow."""
    ended = subprocess.run([sys.executable, "-c", REAL], capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["True", "120", "120"], ended.stderr
