"""What a sweep adds to the runs themselves, in this process and in two.

Run with `make bench`. Only the ratios of one run mean anything: machines differ and drift.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import simbridge as sb
from simbridge.scenario.runner import play

RUNS = 300


@sb.scenario()
def small(world: sb.World, events: int = 10) -> None:
    """A rule, a queue, some events an hour apart: a run of milliseconds, where overhead shows most."""
    client = world.client("events")
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": world.queue("q").arn}])
    for _ in range(events):
        client.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
        world.run(hours=1)


def direct() -> None:
    """The runs in a loop, nothing measured."""
    for seed in range(RUNS):
        play(small, seed=seed)


def sweep(workers: int, runs: int = RUNS) -> None:
    """The same as a sweep."""
    sb.sweep(small, vary={"events": [10]}, seeds=range(runs), workers=workers)


def best(*functions: Callable[[], None]) -> list[float]:
    """Seconds of each, the best of five rounds in which they take turns."""
    found = [float("inf")] * len(functions)
    for _ in range(5):
        for number, function in enumerate(functions):
            began = time.perf_counter()
            function()
            found[number] = min(found[number], time.perf_counter() - began)
    return found


if __name__ == "__main__":
    play(small)
    loop, alone, two, begin = best(
        direct, lambda: sweep(1), lambda: sweep(2), lambda: sweep(2, runs=2)
    )
    print(f"a run in a loop               {1e3 * loop / RUNS:8.2f} ms")
    print(f"a run of a sweep, 1 process   {1e3 * alone / RUNS:8.2f} ms  {alone / loop:.2f} x")
    print(f"a run of a sweep, 2 processes {1e3 * two / RUNS:8.2f} ms  {two / loop:.2f} x")
    print(f"two processes and two runs    {begin:8.2f} s")
