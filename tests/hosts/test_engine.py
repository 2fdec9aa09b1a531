"""What surrounds async code: interrupts, threads, other worlds and libraries, endless loops."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
import pytest
import trio
import trio._threads
from trio._core import _run

import simbridge as sb
from simbridge.hosts import asyncio as asyncio_host
from simbridge.hosts import trio as trio_host
from simbridge.hosts import trio_clock

BACKENDS = ["asyncio", "trio"]
ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def wired(world: sb.World, handler: Any, source: str = "s") -> Any:
    """A client, whose events of a source go to a function with this handler."""
    events = world.client()
    arn = world.function(f"f-{source}", handler).arn
    events.put_rule(Name=source, EventPattern=f'{{"source": ["{source}"]}}')
    events.put_targets(Rule=source, Targets=[{"Id": "1", "Arn": arn}])
    return events


# -- what is no Exception ---------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, pytest.fail.Exception])
def test_what_is_no_exception_surfaces_from_a_story(
    backend: str, error: type[BaseException]
) -> None:
    """An interrupt, an exit and pytest.fail end the run as themselves, with the seed noted."""

    async def story(world: sb.World) -> None:
        await anyio.sleep(1)
        raise error("x")

    with pytest.raises(error) as caught:
        sb.run(story, backend=backend, seed=8)
    assert any("seed=8" in note for note in caught.value.__notes__)


def test_an_interrupt_in_a_handler_ends_the_run_and_leaves_the_world_usable(backend: str) -> None:
    """A genuine SIGINT acts after the step; Python's own handler is back then, and time goes on."""
    world, woken = sb.World(backend=backend), []

    async def handler(event: dict) -> None:
        await anyio.sleep(1)
        if not woken:
            woken.append("interrupted")
            os.kill(os.getpid(), signal.SIGINT)
        woken.append("woken")

    events = wired(world, handler)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        events.put_events(Entries=[ENTRY, ENTRY])
        with pytest.raises(KeyboardInterrupt):
            world.run(hours=1)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert woken == ["interrupted", "woken"]
    world.run(hours=1)
    assert woken == ["interrupted", "woken", "woken"]


def test_a_cancelled_error_of_the_story_itself_surfaces(backend: str) -> None:
    """The cancellation is the story's own; the error does not claim that the story waits."""
    if backend == "trio":
        pytest.skip("trio's cancellation cannot be raised by users")

    async def story(world: sb.World) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        sb.run(story, backend=backend)


# -- threads ----------------------------------------------------------------------------------


def test_what_would_go_to_a_thread_runs_in_place(backend: str) -> None:
    """However long it takes, it takes no virtual time; what it raises is raised."""
    seen = []

    async def story(world: sb.World) -> None:
        async def worker() -> None:
            here = await anyio.to_thread.run_sync(lambda: time.sleep(0.01) or threading.get_ident())
            seen.append((world.now.second, here == threading.get_ident()))

        async with anyio.create_task_group() as group:
            group.start_soon(worker)
            for _ in range(20):
                await anyio.sleep(1)
        with pytest.raises(ZeroDivisionError):
            await anyio.to_thread.run_sync(lambda: 1 / 0)

    sb.run(story, backend=backend)
    assert seen == [(0, True)]


def test_outside_of_a_world_threads_are_threads(backend: str) -> None:
    """The libraries' own runs are left alone, also after a world has run."""
    sb.run(anyio_sleep, backend=backend)

    async def main() -> bool:
        there: int = await anyio.to_thread.run_sync(threading.get_ident)
        return there != threading.get_ident()

    assert anyio.run(main, backend=backend)


async def anyio_sleep(world: sb.World) -> None:
    """The shortest story that sleeps."""
    await anyio.sleep(1)


def test_a_callback_from_another_thread_is_refused_there(backend: str) -> None:
    """It could come at any virtual time, so it does not come."""
    refused = []

    async def story(world: sb.World) -> None:
        if backend == "trio":
            soon: Callable[..., Any] = trio.lowlevel.current_trio_token().run_sync_soon
        else:
            soon = asyncio.get_running_loop().call_soon_threadsafe

        def other() -> None:
            try:
                soon(print)
            except sb.SimbridgeError as error:
                refused.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        soon(refused.append, "own")
        await anyio.sleep(0)
        await anyio.sleep(0)

    sb.run(story, backend=backend)
    assert "another thread" in refused[0]
    assert refused[1:] == ["own"]


def test_what_is_replaced_is_there_in_a_step(backend: str) -> None:
    """trio and anyio use the host's objects during a step, and their own outside."""
    theirs = _run._r, anyio.to_thread.get_async_backend, trio._threads.start_thread_soon
    switch = _run._ALLOW_DETERMINISTIC_SCHEDULING

    async def story(world: sb.World) -> None:
        if backend == "trio":
            runner = _run.GLOBAL_RUN_CONTEXT.runner
            assert type(runner.deadlines) is trio_clock.Deadlines
            assert type(_run._r) is trio_host._BatchOrder
            assert _run._ALLOW_DETERMINISTIC_SCHEDULING
            assert trio._threads.start_thread_soon is not theirs[2]
            assert runner.trio_token is trio.lowlevel.current_trio_token()
        else:
            assert anyio.to_thread.get_async_backend is not theirs[1]
            assert anyio.to_thread.get_async_backend() is asyncio_host._InPlace

    sb.run(story, backend=backend)
    now = _run._r, anyio.to_thread.get_async_backend, trio._threads.start_thread_soon
    assert now == theirs
    assert _run._ALLOW_DETERMINISTIC_SCHEDULING is switch


# -- several worlds and libraries ---------------------------------------------------------------


@pytest.mark.parametrize("inner", BACKENDS)
def test_a_story_runs_other_worlds(backend: str, inner: str) -> None:
    """sync and async, on either library, and goes on afterwards."""

    async def story(world: sb.World) -> None:
        for other in (lambda w: w.run(hours=5), anyio_sleep):
            assert sb.run(other, backend=inner).now > world.now
        await anyio.sleep(1)
        assert world.now.second == 1

    sb.run(story, backend=backend)


def test_an_owner_of_one_world_is_unknown_in_another(backend: str) -> None:
    """What it puts there comes from outside, with no cause."""
    here, there = sb.World(backend=backend), sb.World(backend=backend)

    async def handler(event: dict) -> None:
        await anyio.sleep(1)
        there.client().put_events(Entries=[ENTRY])

    wired(here, handler).put_events(Entries=[ENTRY])
    here.run(hours=1)
    assert [(record.sender, record.cause) for record in there.trace][-1] == ("story", 0)


@pytest.mark.parametrize("around", BACKENDS)
def test_worlds_run_inside_a_running_library(backend: str, around: str) -> None:
    """The library around the world, its loop and its detection, does not leak into async code."""
    world = sb.World(backend=backend)
    seen = []

    async def handler(event: dict) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 1)
        seen.append(type(anyio.Event()).__module__)

    wired(world, handler).put_events(Entries=[ENTRY])

    async def main() -> None:
        world.run(hours=1)
        await anyio.sleep(0)
        assert type(anyio.Event()).__module__ == f"anyio._backends._{around}"

    anyio.run(main, backend=around)
    assert seen == [f"anyio._backends._{backend}"]


def test_four_worlds_in_four_threads(backend: str) -> None:
    """They do not disturb each other, and nothing of theirs stays behind."""
    digests = []

    async def tasks(event: dict) -> None:
        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(anyio.sleep, number % 2)

    def one() -> None:
        world = sb.World(seed=4, backend=backend)
        events = wired(world, tasks)
        for _ in range(20):
            events.put_events(Entries=[ENTRY] * 5)
            world.run(seconds=1)
        digests.append(world.trace.digest())

    dice = _run._r
    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 4
    assert len(set(digests)) == 1
    assert _run._r is dice


def test_a_world_is_closed_in_another_thread(backend: str) -> None:
    """What is under way is cancelled there."""
    world, ended = sb.World(backend=backend), []

    async def handler(event: dict) -> None:
        try:
            await anyio.sleep(3600)
        finally:
            ended.append(threading.current_thread().name)

    wired(world, handler).put_events(Entries=[ENTRY])
    world.run(seconds=1)
    thread = threading.Thread(target=world.close, name="closer")
    thread.start()
    thread.join()
    assert ended == ["closer"]


def test_settled_outside_of_async_code_is_refused(backend: str) -> None:
    """There it would wait for nothing, and say nothing."""
    world = sb.World(backend=backend)
    with pytest.raises(sb.SimbridgeError, match=r"world\.settle\(\)"):
        anyio.run(world.settled, backend=backend)


# -- what handlers and stories are ----------------------------------------------------------------


class Later:
    """A callable whose call is async."""

    async def __call__(self, event: Any) -> str:
        await anyio.sleep(60)
        return "late"


@pytest.mark.parametrize("handler", [Later(), lambda event: Later()(event)])
def test_whatever_a_handler_returns_is_awaited(backend: str, handler: Any) -> None:
    """An object with an async __call__, and a lambda that returns a coroutine."""
    world = sb.World(backend=backend)
    wired(world, handler).put_events(Entries=[ENTRY])
    world.run(hours=1)
    results = [r.message.result for r in world.trace if type(r.message).__name__ == "Handled"]
    assert results == ["late"]


@pytest.mark.parametrize("story", [Later(), lambda world: Later()(world)])
def test_whatever_a_story_returns_is_awaited(backend: str, story: Any) -> None:
    """Time has passed as in an `async def` story."""
    assert sb.run(story, backend=backend).now.minute == 1


def test_generators_are_no_stories_and_no_handlers(backend: str) -> None:
    """A `yield` makes a function that does nothing when it is called; that is said."""

    async def asynchronous(world: Any) -> AsyncIterator[int]:
        yield 1

    def synchronous(world: Any) -> Any:
        yield 1

    for function in (asynchronous, synchronous):
        with pytest.raises(sb.SimbridgeError, match="yield"):
            sb.run(function, backend=backend)
        world = sb.World(backend=backend)
        with pytest.raises(sb.SimbridgeError, match="yield"):
            wired(world, function)
        wired(world, lambda event, function=function: function(event)).put_events(Entries=[ENTRY])
        with pytest.raises(sb.HandlerFailed, match="yield"):
            world.settle()
    with pytest.raises(sb.SimbridgeError, match="a handler is a function"):
        sb.World().function("f", 5)  # type: ignore[arg-type]


def test_async_generators_are_finished_on_the_loop(backend: str) -> None:
    """One that is left half-way cleans up there and may wait meanwhile; at the end it is cancelled."""
    if backend == "trio":
        pytest.skip("trio finishes them itself, and warns of it")
    log: list[Any] = []
    kept: list[Any] = []

    async def numbers(name: str) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            log.append(name)
            await anyio.sleep(1)
            log.append((name, world.now.second))

    async def handler(event: dict) -> None:
        async for _ in numbers("dropped"):
            break
        kept.extend([numbers("first"), numbers("second")])
        for generator in kept:
            await anext(generator)
        await anyio.sleep(10)

    world = sb.World(backend=backend)
    wired(world, handler).put_events(Entries=[ENTRY])
    world.run(seconds=20)
    assert log == ["dropped", ("dropped", 1), "first", "second"]


# -- loops that do not end ------------------------------------------------------------------------


async def nap(world: sb.World) -> None:
    """Less than a microsecond, over and over."""
    while True:
        await anyio.sleep(1e-9)


async def poll(world: sb.World) -> None:
    """Waits for something that never comes, and lets no time pass."""
    while not world.queue("q").received:
        await world.settled()


async def put(world: sb.World) -> None:
    """Every turn of it puts an event, and lets no time pass."""
    while True:
        world.client().put_events(Entries=[ENTRY])
        await world.settled()


async def spin(world: sb.World) -> None:
    """Never waits at all."""
    while True:
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("story", [nap, poll, put, spin])
def test_a_story_that_keeps_the_time_for_ever_is_stopped(
    backend: str, story: Callable[[sb.World], Any]
) -> None:
    """The error names the story or handler, and what to write instead."""
    with pytest.raises(sb.Runaway, match=r"the story .* await anyio\.sleep\(seconds\)"):
        sb.run(story, backend=backend, limits={"messages_per_instant": 2000})


@pytest.mark.parametrize("pause", [None, 0, 1e-8])
def test_a_circle_of_async_handlers_is_stopped(backend: str, pause: float | None) -> None:
    """Whether they wait within the instant or not."""
    world = sb.World(backend=backend, limits={"messages_per_instant": 2000})

    async def handler(event: dict) -> None:
        if pause is not None:
            await anyio.sleep(pause)
        events.put_events(Entries=[ENTRY])

    events = wired(world, handler)
    events.put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway, match=r"(?s)Call.*Publish.*Match.*Invoke"):
        world.run(seconds=1)
    assert len(world.trace) < 2500


def test_many_handlers_may_each_let_the_instant_settle(backend: str) -> None:
    """The bound is for one story or handler, not for all together."""
    world, done = sb.World(backend=backend, limits={"messages_per_instant": 100}), []

    async def handler(event: dict) -> None:
        await world.settled()
        done.append(1)

    events = wired(world, handler)
    for _ in range(30):
        events.put_events(Entries=[ENTRY] * 10)
    world.settle()
    assert len(done) == 300


def test_a_sleep_beyond_the_calendar_is_reported(backend: str) -> None:
    """Somebody sleeps; it is the calendar that ends."""

    async def story(world: sb.World) -> None:
        await anyio.sleep(86400 * 365 * 9000)

    with pytest.raises(sb.InvalidTime, match="9999"):
        sb.run(story, backend=backend)
