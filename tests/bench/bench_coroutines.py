"""Async code in virtual time: how many sleeps of coroutines pass in a second.

The peers do the same with the same library's own sleep: trio with its MockClock jumping ahead,
asyncio with looptime. Theirs have no world beside them and no order for equal deadlines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import looptime
import measure
import trio
import trio.testing

import simbridge as sb

SLEEPS = 20_000
MANY = 100
"""Tasks that sleep at the same time, in the second row of each backend."""


def _of_simbridge(backend: str, story: Callable[[], Awaitable[None]]) -> float:
    async def main(world: sb.World) -> None:
        await story()

    return measure.per_second(SLEEPS, lambda: sb.run(main, backend=backend))


async def trio_one() -> None:
    """One task, one sleep after the other."""
    for _ in range(SLEEPS):
        await trio.sleep(60)


async def trio_many() -> None:
    """Many tasks, whose deadlines mix."""

    async def sleeper(number: int) -> None:
        for _ in range(SLEEPS // MANY):
            await trio.sleep(60 + number)

    async with trio.open_nursery() as nursery:
        for number in range(MANY):
            nursery.start_soon(sleeper, number)


async def asyncio_one() -> None:
    """One task, one sleep after the other."""
    for _ in range(SLEEPS):
        await asyncio.sleep(60)


async def asyncio_many() -> None:
    """Many tasks, whose deadlines mix."""

    async def sleeper(number: int) -> None:
        for _ in range(SLEEPS // MANY):
            await asyncio.sleep(60 + number)

    async with asyncio.TaskGroup() as group:
        for number in range(MANY):
            group.create_task(sleeper(number))


def mock_clock(story: Callable[[], Awaitable[None]]) -> float:
    """Sleeps per second on trio's MockClock, which jumps when everything waits."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    return measure.per_second(SLEEPS, lambda: trio.run(story, clock=clock))


def compacted(story: Callable[[], Awaitable[None]]) -> float:
    """Sleeps per second on looptime's event loop."""
    loop = looptime.new_event_loop(start=0)
    try:
        return measure.per_second(SLEEPS, lambda: loop.run_until_complete(story()))
    finally:
        loop.close()


def main() -> None:
    """Print the table."""
    measure.title("Virtual sleeps of coroutines")
    for backend, what, story, peer, theirs in (
        ("trio", "one task", trio_one, "MockClock", mock_clock),
        ("trio", f"{MANY} tasks", trio_many, "MockClock", mock_clock),
        ("asyncio", "one task", asyncio_one, "looptime", compacted),
        ("asyncio", f"{MANY} tasks", asyncio_many, "looptime", compacted),
    ):
        pair = measure.beside(
            lambda backend=backend, story=story: _of_simbridge(backend, story),
            lambda theirs=theirs, story=story: theirs(story),
        )
        measure.row(f"sleeps/s on {backend}, {what}", pair, f"{peer} sleeps/s", 1)


if __name__ == "__main__":
    main()
