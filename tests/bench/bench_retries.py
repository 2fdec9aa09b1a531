"""An outage of 24 hours: every event is retried to the end of the default policy, at both trace levels.

    python tests/bench/bench_retries.py          a small load, and what follows from it for the large one
    python tests/bench/bench_retries.py --full   100,000 events, 18.5 million attempts, measured

Each level runs in a process of its own, which reports its own peak of memory. The full trace of the
large load would hold 37 million records: it is always extrapolated, in proportion to the attempts.
Seconds are those of the processor, so that a machine with more to do does not count; the time on the
wall is beside them.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import Any

import measure

import simbridge as sb
from simbridge.model.messages import Event, Publish

ACCOUNT, REGION = "123456789012", "us-east-1"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
EVENTS, ALL_EVENTS = 3_000, 100_000
LEVELS = ("full", "outcomes")
AIM_SECONDS, AIM_BYTES = 60, 2e9
MEASURE = "--measure"


def outage(events: int, level: str) -> dict[str, Any]:
    """Events to a target that is down for longer than they are retried; what it took."""
    world = sb.World(trace=level, limits={"messages_per_instant": 100 * ALL_EVENTS})  # type: ignore[arg-type]
    client, pay = world.client(), world.function("pay")
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": pay.arn}])
    pay.fails("THROTTLING", for_="25h")
    world.settle()
    before = _peak_bytes()
    began, worked = time.perf_counter(), time.process_time()
    for number in range(events):
        world._kernel.send("load", BUS, Publish(_event(number, world._kernel.now)))
    world.run(hours=26)
    figures = {
        "seconds": time.perf_counter() - began,
        "processor_seconds": time.process_time() - worked,
        "bytes_before": before,
        "bytes": _peak_bytes(),
        "records": len(world.trace),
    }
    deliveries = world.trace.deliveries()
    assert len(deliveries) == events
    assert all(delivery.exhausted for delivery in deliveries)
    return {**figures, "attempts": sum(delivery.attempt_count for delivery in deliveries)}


def _event(number: int, now: int) -> Event:
    envelope = {
        "version": "0",
        "id": f"{number:08}",
        "detail-type": "OrderPlaced",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2026-01-01T00:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {"order": number, "total": 12.5},
    }
    return Event(BUS, envelope, now, 100)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(events: int, level: str) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, MEASURE, str(events), level]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def report(events: int, level: str) -> None:
    """The figures of one level, and what they mean for the large load."""
    figures = measured(events, level)
    attempts, seconds = figures["attempts"], figures["processor_seconds"]
    measure.title(f"{events:,} events to a target that is down for a day, trace={level!r}")
    measure.alone("attempts", attempts)
    measure.alone("records in the trace", figures["records"])
    measure.alone("attempts/s", attempts / seconds)
    _line("seconds of one processor", seconds)
    _line("seconds on the wall", figures["seconds"])
    _line("peak memory, MB", figures["bytes"] / 1e6)
    if events == ALL_EVENTS:
        _aim(seconds, figures["bytes"], "measured")
        return
    factor = ALL_EVENTS / events
    grown = figures["bytes_before"] + (figures["bytes"] - figures["bytes_before"]) * factor
    _line(f"extrapolated to {ALL_EVENTS:,} events: seconds", seconds * factor)
    _line(f"extrapolated to {ALL_EVENTS:,} events: peak memory, MB", grown / 1e6)
    if level == "outcomes":
        _aim(seconds * factor, grown, "extrapolated")


def _line(what: str, figure: float) -> None:
    print(f"{what:55} {measure.short(figure):>12}", flush=True)


def _aim(seconds: float, size: float, how: str) -> None:
    met = "met" if seconds <= AIM_SECONDS and size <= AIM_BYTES else "MISSED"
    print(f"aim: at most {AIM_SECONDS} s and {AIM_BYTES / 1e9:g} GB on one core, {how}: {met}")


def main() -> None:
    """Print the tables."""
    report(EVENTS, "full")
    report(ALL_EVENTS if "--full" in sys.argv else EVENTS, "outcomes")


if __name__ == "__main__":
    if sys.argv[1:2] == [MEASURE]:
        print(json.dumps(outage(int(sys.argv[2]), sys.argv[3])))
    else:
        main()
