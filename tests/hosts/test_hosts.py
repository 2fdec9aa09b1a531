"""Async stories and handlers, on every host, have one trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

import simbridge as sb

BACKENDS = ["asyncio", "trio"]
ENTRY = {"Source": "s", "DetailType": "first", "Detail": "{}"}


def build(world: sb.World) -> None:
    """Three targets, one of them async; its handler sleeps and puts another event."""
    events = world.client("events")

    async def slow(event: dict) -> dict:
        await anyio.sleep(5)
        if event["detail-type"] == "first":
            events.put_events(Entries=[{**ENTRY, "DetailType": "second"}])
        return {"ok": True}

    arns = [world.queue("q").arn, world.function("f", slow).arn, world.function("g", len).arn]
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["s"]}))
    targets = [{"Id": str(n), "Arn": arn} for n, arn in enumerate(arns)]
    events.put_targets(Rule="r", Targets=targets)
    for _ in range(3):
        events.put_events(Entries=[ENTRY])


def sync_story(world: sb.World) -> None:
    build(world)
    world.run(hours=26)


async def async_story(world: sb.World) -> None:
    build(world)
    await anyio.sleep(26 * 3600)


async def group_story(world: sb.World) -> None:
    async def put(number: int) -> None:
        await anyio.sleep(3)
        entry = {**ENTRY, "DetailType": str(number)}
        world.client("events").put_events(Entries=[entry])

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(put, number)


async def timeout_story(world: sb.World) -> None:
    """A plain number as a deadline, beside handlers that sleep until the same instant."""
    build(world)
    with anyio.CancelScope(deadline=5.0):
        await anyio.sleep_forever()
    world.client("events").put_events(Entries=[{**ENTRY, "DetailType": "story"}])
    await anyio.sleep(1)


async def shared_event_story(world: sb.World) -> None:
    """Five handlers wait for one event, in another order than that in which they began."""
    events, released = world.client("events"), anyio.Event()

    async def handler(event: dict) -> None:
        if event["source"] == "s":
            await anyio.sleep(9 - event["detail"]["n"])
            await released.wait()
            events.put_events(Entries=[{**ENTRY, "Source": "t"}])

    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["s"]}))
    arn = world.function("f", handler).arn
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{**ENTRY, "Detail": json.dumps({"n": n})} for n in range(5)])
    await anyio.sleep(20)
    released.set()
    await anyio.sleep(1)


STORIES = {
    "sync": sync_story,
    "async": async_story,
    "group": group_story,
    "timeout": timeout_story,
    "event": shared_event_story,
}


def test_one_digest_over_hosts_processes_and_hash_seeds() -> None:
    """3 hosts x 5 values of PYTHONHASHSEED x 2 processes: one digest for each story; a group of
    tasks has one for each host."""
    runs = [("sync", "asyncio"), ("async", "asyncio"), ("async", "trio"), ("sync", "trio")]
    runs += [("timeout", "asyncio"), ("timeout", "trio"), ("event", "asyncio"), ("event", "trio")]
    runs += [("group", "asyncio"), ("group", "trio")]
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import simbridge as sb, test_hosts as t\n"
        f"for s, b in {runs!r}: print(sb.run(t.STORIES[s], seed=3, backend=b).trace.digest())\n"
    )
    answers = set()
    for hash_seed in ("0", "1", "2", "3", "random"):
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "PYTHONHASHSEED": hash_seed},
                capture_output=True,
                text=True,
                check=True,
            )
            answers.add(tuple(done.stdout.split()))

    (digests,) = answers
    assert len(set(digests[:4])) == len(set(digests[4:6])) == len(set(digests[6:8])) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_seed_is_another_digest(backend: str) -> None:
    """Event ids are drawn from the seed, so the trace differs."""
    one, two = (sb.run(async_story, seed=seed, backend=backend) for seed in (1, 2))
    assert one.trace.digest() != two.trace.digest()


@pytest.mark.parametrize("backend", BACKENDS)
def test_timeouts_and_idle_centuries_cost_nothing(backend: str) -> None:
    """`fail_after` and cancellation work in virtual time, however long."""

    async def story(world: sb.World) -> None:
        with anyio.move_on_after(10) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        with pytest.raises(TimeoutError), anyio.fail_after(300 * 365 * 86400):
            await anyio.Event().wait()

    world = sb.run(story, start="2026-01-01T00:00:00Z", backend=backend)
    assert world.now.year == 2325


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_exception_in_a_story_carries_the_seed(backend: str) -> None:
    """The exception itself surfaces, with seed and virtual time in its notes."""

    async def story(world: sb.World) -> None:
        await anyio.sleep(1)
        raise ValueError("x")

    with pytest.raises(ValueError, match="x") as caught:
        sb.run(story, seed=42, backend=backend)
    assert any("seed=42" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_deadlock_is_an_error(backend: str) -> None:
    """No message is due and no task has a timer: the story would wait for ever."""

    async def story(world: sb.World) -> None:
        await anyio.Event().wait()

    with pytest.raises(sb.Stalled, match=r"deadlock at 2026.*no task has a timer"):
        sb.run(story, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_world_run_inside_an_async_story_is_refused(backend: str) -> None:
    """The message says how time passes there."""

    async def story(world: sb.World) -> None:
        world.run(hours=1)

    with pytest.raises(sb.SimbridgeError, match=r"await anyio\.sleep"):
        sb.run(story, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_async_handler_that_raises_ends_the_run(backend: str) -> None:
    """But for a Lambda function, which is run again: its own exception is the cause."""
    world = sb.World(backend=backend, seed=9)

    async def broken(event: dict) -> None:
        await anyio.sleep(1)
        raise KeyError("total")

    arn = world.stand_in("arn:aws:sqs:us-east-1:123456789012:pay", broken).arn
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.HandlerFailed, match="pay raised KeyError") as caught:
        world.run(hours=1)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("backend", BACKENDS)
def test_handlers_keep_their_state_between_runs_inside_a_running_loop(backend: str) -> None:
    """A notebook cell runs the world in pieces; a sleeping handler goes on where it was."""
    woken = []

    async def slow(event: dict) -> None:
        await anyio.sleep(90)
        woken.append(world.now.minute)

    world = sb.World(backend=backend)
    arn = world.function("f", slow).arn
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])

    async def cell() -> None:
        world.run(minutes=1)
        with pytest.raises(sb.SimbridgeError, match="fork"):
            world.fork()
        world.run(minutes=1)

    anyio.run(cell)
    assert woken == [1]
    world.fork()


@pytest.mark.parametrize("backend", BACKENDS)
def test_blocking_the_thread_for_real_is_reported(backend: str) -> None:
    """`time.sleep` in async code raises a warning."""

    async def story(world: sb.World) -> None:
        time.sleep(0.2)  # so that the next step reads its own figures, without those of the start
        await anyio.sleep(1)
        time.sleep(2.0)

    with pytest.warns(sb.BlockingCallWarning, match=r"anyio\.sleep"):
        sb.run(story, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_chain_of_a_thousand_hops(backend: str, is_async: bool) -> None:
    """A handler that puts the next event works, a thousand times at one instant."""
    world = sb.World(backend=backend)
    events = world.client()

    def hop(event: dict) -> None:
        left = event["detail"]["left"]
        if left:
            detail = json.dumps({"left": left - 1})
            events.put_events(Entries=[{**ENTRY, "Detail": detail}])

    async def async_hop(event: dict) -> None:
        hop(event)

    arn = world.function("hop", async_hop if is_async else hop).arn
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{**ENTRY, "Detail": '{"left": 999}'}])
    world.settle()
    assert len(world.trace.deliveries(outcome="delivered")) == 1000


def test_an_endless_loop_is_stopped_and_named() -> None:
    """The error shows the circle: bus, rule, function, call."""
    world = sb.World(limits={"messages_per_instant": 2000})
    events = world.client()
    arn = world.function("echo", lambda event: events.put_events(Entries=[ENTRY]) and None).arn
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway, match=r"(?s)function:echo.*Publish") as caught:
        world.settle()
    circle = [line.rpartition(": ")[2] for line in str(caught.value).splitlines() if "->" in line]
    assert circle == ["Call", "Publish", "Match", "Invoke"]
