"""No descriptor of a world's async library stays open, whichever way the world ends."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest
import trio

import simbridge as sb

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts in /proc")

BACKENDS = ("asyncio", "trio")
# anyio has the first two from 4.7 on, and deprecates the others.
WAITS = (
    [anyio.wait_readable, anyio.wait_writable]
    if hasattr(anyio, "wait_readable")
    else [anyio.wait_socket_readable, anyio.wait_socket_writable]
)


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


async def sleeps(event: Any) -> None:
    await anyio.sleep(10**6)


def wire(world: sb.World, handler: Callable[[Any], Any] = sleeps) -> None:
    """One event on its way to a function that is run by `handler`."""
    events = world.client()
    arn = world.function("f", handler).arn
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])


async def ends_early(world: sb.World) -> None:
    wire(world)
    await anyio.sleep(5)


async def fails(world: sb.World) -> None:
    await ends_early(world)
    raise ValueError("the story is wrong")


async def interrupted(world: sb.World) -> None:
    await ends_early(world)
    raise KeyboardInterrupt


async def stalls(world: sb.World) -> None:
    await anyio.sleep_forever()


async def never_waits(world: sb.World) -> None:
    wire(world)
    while True:
        await anyio.sleep(0)


async def forks(world: sb.World) -> None:
    await ends_early(world)
    with pytest.raises(sb.SimbridgeError, match="cannot fork"):
        world.fork()


def in_steps(world: sb.World) -> None:
    wire(world)
    world.run(seconds=1)


def forked_at_rest(world: sb.World) -> None:
    fork = world.fork()
    for one in (world, fork):
        wire(one)
        one.run(seconds=1)


STORIES = [
    ends_early,
    fails,
    interrupted,
    stalls,
    never_waits,
    forks,
    in_steps,
    forked_at_rest,
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_nothing_stays_open(backend: str, story: Callable[[sb.World], Any]) -> None:
    """Twenty worlds, each dropped without a `close`, leave as many descriptors as before."""
    few = {"messages_per_instant": 1000}
    sb.run(in_steps, backend=backend)  # what the first use of a library opens stays open
    before = descriptors()
    for seed in range(20 if story is not never_waits else 2):
        with suppress(ValueError, KeyboardInterrupt, sb.SimbridgeError):
            sb.run(story, backend=backend, seed=seed, limits=few)
    assert descriptors() == before


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_open_while_a_world_is_held(backend: str) -> None:
    """Worlds whose handlers are under way hold no descriptors, and go on where they were."""
    handled: list[str] = []

    async def slow(event: Any) -> None:
        await anyio.sleep(60)
        handled.append(event["id"])

    async def story(world: sb.World) -> None:
        wire(world, slow)
        await anyio.sleep(5)

    sb.run(in_steps, backend=backend)
    before = descriptors()
    worlds = [sb.run(story, backend=backend, seed=seed) for seed in range(20)]
    assert descriptors() == before
    for world in worlds:
        world.run(minutes=2)
    assert len(handled) == 20
    assert descriptors() == before


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("wait", WAITS, ids=["read", "write"])
def test_no_socket_in_virtual_time(backend: str, wait: Callable[[Any], Any]) -> None:
    """Waiting for a real socket is refused under both libraries, and leaves nothing open."""

    async def story(world: sb.World) -> None:
        await wait(ours)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = descriptors()
        with pytest.raises(sb.SimbridgeError, match="cannot exist in virtual time"):
            sb.run(story, backend=backend)
        assert descriptors() == before


def test_the_calls_of_a_trio_run_are_made() -> None:
    """A call that is queued with trio's token is made at this instant, though no socket says so."""
    made: list[float] = []

    async def story(world: sb.World) -> None:
        token = trio.lowlevel.current_trio_token()
        for _ in range(3):
            token.run_sync_soon(lambda: made.append(trio.current_time()))
            await anyio.sleep(1)
        assert trio.lowlevel.current_statistics().io_statistics.backend == "simbridge"

    sb.run(story, backend="trio")
    assert made == [0, 1, 2]
