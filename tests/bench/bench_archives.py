"""A million events archived and replayed: time, peak memory, bytes for each event.

Run it alone: `python tests/bench/bench_archives.py [EVENTS]`. The events are those of a shop over one
day: a random id, a customer, a few items, 430 bytes of JSON each. Memory is what the process has had
at most (its resident set), in fresh processes, above what simbridge takes by itself; "bytes an event"
of the storage is what its sealed chunks and buffers have. A replay leaves every event in the trace, as
any traffic does: that, not the archive, is what its memory is for. The peer of the storage is a list of
JSON texts, which is what a simulator without one would keep.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from measure import alone, title

import simbridge as sb
from simbridge.base import clock
from simbridge.kernel import uuid_from
from simbridge.storage.events import EventStorage

EVENTS = 1_000_000
START = clock.instant("2026-03-01T00:00:00Z")
DAY_S = 86_400


def envelope(number: int, count: int, luck: random.Random) -> dict[str, Any]:
    """One event of a day that has `count` of them."""
    second = START + number * DAY_S // count * clock.SECOND
    items = [
        {"sku": f"sku-{luck.randrange(5000):05}", "amount": luck.randrange(1, 5)} for _ in range(3)
    ]
    return {
        "version": "0",
        "id": uuid_from(luck),
        "detail-type": "OrderPlaced",
        "source": "shop",
        "account": "123456789012",
        "time": clock.iso_seconds(second),
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "order": number,
            "customer": f"customer-{luck.randrange(200_000)}",
            "items": items,
            "total": luck.randrange(100, 100_000),
            "currency": luck.choice(("EUR", "USD", "GBP")),
        },
    }


def stored(count: int, memory_bytes: int) -> None:
    """Fill a storage by itself and read it to its end."""
    luck = random.Random(7)
    envelopes = [envelope(n, count, luck) for n in range(min(count, 20_000))]
    text_bytes = sum(len(msgspec.json.encode(e)) for e in envelopes) / len(envelopes)
    before = _peak_mib()
    storage = EventStorage(memory_bytes)
    spent = 0.0
    for number in range(count):
        # Made on the way, so that what is measured is the storage and not its input.
        event = envelope(number, count, luck)
        began = time.perf_counter()
        storage.add(event, START, 100)
        spent += time.perf_counter() - began
    taken = _peak_mib() - before
    where = "in memory" if memory_bytes > 1 << 29 else f"past {memory_bytes >> 20} MiB on disk"
    alone(f"stored, {where}: events/s", count / spent)
    alone(f"stored, {where}: bytes an event", taken * (1 << 20) / count, f"JSON: {text_bytes:.0f}")
    began = time.perf_counter()
    found = sum(1 for _ in storage.read(START, START + DAY_S * clock.SECOND, clock.EARLIEST, START))
    assert found == count
    alone(f"stored, {where}: read, events/s", count / (time.perf_counter() - began))


def listed(count: int) -> None:
    """What a list of JSON texts takes."""
    luck = random.Random(7)
    before = _peak_mib()
    texts = [msgspec.json.encode(envelope(n, count, luck)) for n in range(count)]
    taken = _peak_mib() - before
    alone("a list of JSON texts: bytes an event", taken * (1 << 20) / len(texts))


def replayed(count: int) -> None:
    """Load a file and replay it to a rule with a queue."""
    world, events = _world()
    luck = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            for number in range(count):
                lines.write(json.dumps(envelope(number, count, luck)) + "\n")
        before = _peak_mib()
        began = time.perf_counter()
        world.archive("a").load(file)
        world.settle()
        spent = time.perf_counter() - began
    alone("loaded from a file: events/s", count / spent)
    alone("loaded from a file: bytes an event", (_peak_mib() - before) * (1 << 20) / count)
    archive = world.archive("a")
    events.start_replay(
        ReplayName="r",
        EventSourceArn=archive.arn,
        EventStartTime=clock.moment(START),
        EventEndTime=clock.moment(START + DAY_S * clock.SECOND),
        Destination={"Arn": events.describe_event_bus()["Arn"]},
    )
    before, virtual = _peak_mib(), world.now
    began = time.perf_counter()
    while events.describe_replay(ReplayName="r")["State"] != "COMPLETED":
        world.run(minutes=1)
    spent = time.perf_counter() - began
    queue = world.queue("q")
    assert len(queue.messages) == count
    note = f"{(world.now - virtual).total_minutes():.0f} minutes of virtual time"
    alone("replayed to a queue: events/s", count / spent, note)
    alone("replayed to a queue: bytes an event", (_peak_mib() - before) * (1 << 20) / count)
    alone("load and replay: peak memory of the process, MiB", _peak_mib())


def put(count: int, archive: bool) -> None:
    """PutEvents to a bus that has an archive and nothing else, or a rule without a target."""
    world = sb.World(seed=7, start=clock.moment(START))
    events = world.client("events")
    if archive:
        bus = events.describe_event_bus()["Arn"]
        events.create_archive(ArchiveName="a", EventSourceArn=bus)
    else:
        events.put_rule(Name="r", EventPattern='{"replay-name":[{"exists":false}]}')
    luck = random.Random(7)
    details = [json.dumps(envelope(n, count, luck)["detail"]) for n in range(1000)]
    requests = [
        [{"Source": "shop", "DetailType": "OrderPlaced", "Detail": d} for d in details[n : n + 10]]
        for n in range(0, 1000, 10)
    ]
    events.put_events(Entries=requests[0])
    world.settle()
    before = _peak_mib()
    began = time.perf_counter()
    for number in range(count // 10):
        events.put_events(Entries=requests[number % 100])
        if number % 100 == 99:
            world.run(seconds=1)
    spent = time.perf_counter() - began
    what = "PutEvents, archived" if archive else "PutEvents, a rule without targets"
    alone(f"{what}: events/s", count / spent)
    taken = (_peak_mib() - before) * (1 << 20) / count
    alone(f"{what}: bytes an event", taken, "with the trace")


def _world() -> tuple[sb.World, Any]:
    world = sb.World(seed=7, start=clock.moment(START + DAY_S * clock.SECOND))
    events = world.client("events")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": world.queue("q").arn}])
    return world, events


def _peak_mib() -> float:
    """The most memory that this process has had so far; Linux counts kibibytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS: dict[str, Callable[[int], None]] = {
    "listed": listed,
    "in-memory": lambda count: stored(count, 1 << 40),
    "on-disk": lambda count: stored(count, 16 << 20),
    "replayed": replayed,
    "put": lambda count: put(count // 5, archive=False),
    "archived": lambda count: put(count // 5, archive=True),
}


def main(count: int = EVENTS) -> None:
    """Print one line for each figure; each part runs in a process of its own."""
    title(f"archives, {count:,} events")
    for part in PARTS:
        subprocess.run([sys.executable, __file__, str(count), part], check=True)


if __name__ == "__main__":
    if sys.argv[2:]:
        PARTS[sys.argv[2]](int(sys.argv[1]))
    else:
        main(*map(int, sys.argv[1:]))
