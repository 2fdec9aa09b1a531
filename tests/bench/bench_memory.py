"""A large trace: what it weighs, and what Python's garbage collector makes of it.

A load of events is delivered in portions, each in a second of its own, and all of it stays in the
trace. Messages are not tracked by the collector, nor are the tuples that hold them once it has seen
them; the envelope of an event, a dictionary, is. The collector goes through all that it tracks
whenever that has grown by a quarter: a share of the time that does not grow, in pauses that do.
"""

from __future__ import annotations

import gc
import resource
import time
from typing import Any

import bench_events
import measure

import simbridge as sb

EVENTS = 250_000
PORTION = 10_000


class Pauses:
    """How long the garbage collector has worked, in all and at most at a time, in seconds."""

    def __init__(self) -> None:
        self.total = self.longest = self._began = 0.0

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.total += now - self._began
            self.longest = max(self.longest, now - self._began)


def load() -> tuple[sb.World, float]:
    """A world after the load, and the seconds it took."""
    world, _ = bench_events.ten_ruled_world()
    began = time.perf_counter()
    for _ in range(EVENTS // PORTION):
        for message in bench_events.decoded_events(PORTION):
            world._kernel.send("load", bench_events.BUS, message)
        world.run(seconds=1)
    return world, time.perf_counter() - began


def main() -> None:
    """Print the table."""
    pauses = Pauses()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    gc.callbacks.append(pauses)
    world, spent = load()
    gc.callbacks.remove(pauses)
    weight = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    records = len(world.trace)
    del world
    gc.collect()
    gc.disable()
    without = load()[1]
    gc.enable()

    measure.title(f"A trace of {records:,} records")
    measure.alone("bytes per record, peak", weight * 1024 / records)
    measure.alone("events/s", EVENTS / spent)
    measure.alone("events/s, collector off", EVENTS / without)
    measure.alone("collector's share of the time, percent", 100 * pauses.total / spent)
    measure.alone("its longest pause", 1 / pauses.longest, measure.as_time)


if __name__ == "__main__":
    main()
