"""Code that makes its own clients: whatever it does, its calls stay in the world that they belong to."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import boto3
import pytest

import simbridge as sb
from simbridge.model.messages import Call, Invoke
from simbridge.scenario.runner import play

ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}
ECHO = ENTRY | {"Source": "echo"}
BEFORE = boto3.client(
    "events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
)
"""A client that a module of the user's has made when it was imported."""


pytestmark = pytest.mark.usefixtures("botocore_state")


def own() -> Any:
    return boto3.client("events", region_name="us-east-1")


def account_of(client: Any) -> str:
    return str(client.describe_event_bus()["Arn"].split(":")[4])


def sources(world: sb.World) -> list[str]:
    """The sources of the events that were put into a world by calls."""
    calls = [record.message for record in world.trace if isinstance(record.message, Call)]
    puts = [call.request["Entries"] for call in calls if call.operation == "PutEvents"]
    return [entry["Source"] for entries in puts for entry in entries]


def world_with(handler: Callable[..., Any], **options: Any) -> sb.World:
    """A world in which `handler` is run for every event of the shop, and one is due."""
    world = sb.World(**options)
    target = world.function("f", handler)
    client = world.client()
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": target.arn}])
    client.put_events(Entries=[ENTRY])
    return world


# -- what a world runs ----------------------------------------------------------------------


@pytest.mark.parametrize("make", [own, lambda: BEFORE], ids=["made inside", "made before"])
@pytest.mark.parametrize("kind", ["def", "asyncio", "trio"])
def test_a_handler_of_a_running_world(make: Callable[[], Any], kind: str) -> None:
    """Its own client reaches the world that runs it, and the call was caused by what it handles."""
    if kind == "def":
        world = world_with(lambda event: make().put_events(Entries=[ECHO]) and None)
    else:

        async def handler(event: Any) -> None:
            await anyio.sleep(60)
            make().put_events(Entries=[ECHO])

        world = world_with(handler, backend=kind)
    world.run(hours=1)
    assert sources(world) == ["shop", "echo"]
    arn = world.function("f").arn
    [call] = [one for one in world.trace if one.sender == arn and isinstance(one.message, Call)]
    [cause] = [one for one in world.trace if one.sequence == call.cause]
    assert isinstance(cause.message, Invoke)
    assert len(world.trace.deliveries()) == 1


def test_a_sleeping_handler_is_woken_by_a_later_run_inside_of_a_foreign_block() -> None:
    """Its world serves it whenever it runs, not whoever is around."""

    async def handler(event: Any) -> None:
        own().put_events(Entries=[ECHO])
        await anyio.sleep(7200)
        own().put_events(Entries=[ECHO])

    world, other = world_with(handler), sb.World()
    world.run(hours=1)
    with other.intercept():
        world.run(hours=2)
    assert sources(world) == ["shop", "echo", "echo"]
    assert sources(other) == []


def test_a_behaviour_a_listener_and_a_closing_world() -> None:
    """Whatever a world calls is served by it."""
    world = sb.World()
    queue = world.queue("q")

    def decide(invocation: Any) -> str:
        own().put_events(Entries=[ECHO])
        return "ok"

    queue.behaves(decide)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    world.client().put_events(Entries=[ENTRY])
    accounts: list[str] = []
    with world.listen(lambda records: accounts.append(account_of(own()))):
        world.settle()
    assert sources(world) == ["shop", "echo"]
    assert set(accounts) == {"123456789012"}

    async def handler(event: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            own().put_events(Entries=[ECHO])

    with world_with(handler) as closing:
        closing.settle()
    assert sources(closing) == ["shop", "echo"]


def story(world: sb.World) -> None:
    """A sync story."""
    own().put_events(Entries=[ENTRY])
    world.run(hours=1)
    BEFORE.put_events(Entries=[ECHO])


async def async_story(world: sb.World) -> None:
    """An async story, with a task of its own."""

    async def put() -> None:
        await anyio.sleep(1)
        BEFORE.put_events(Entries=[ECHO])

    own().put_events(Entries=[ENTRY])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(put)


@pytest.mark.parametrize(
    "run",
    [
        lambda: sb.run(story),
        lambda: play(sb.scenario()(story)),
        lambda: sb.run(async_story),
        lambda: sb.run(async_story, backend="trio"),
    ],
    ids=["def", "scenario", "asyncio", "trio"],
)
def test_a_story(run: Callable[[], sb.World]) -> None:
    """Needs no `intercept`."""
    assert sources(run()) == ["shop", "echo"]


def test_the_client_of_a_fork_in_a_story() -> None:
    """A story that forks its world still reaches the one that it names."""
    branches: list[sb.World] = []

    def forking(world: sb.World) -> None:
        branches.append(branch := world.fork())
        branch.client().put_events(Entries=[ECHO])
        own().put_events(Entries=[ENTRY])
        branch.settle()

    world = sb.run(forking)
    assert (sources(world), sources(branches[0])) == (["shop"], ["echo"])


def test_a_fork_and_another_world() -> None:
    """The one that runs the code is served, also inside of a block of the other."""
    world = world_with(lambda event: own().put_events(Entries=[ECHO]) and None)
    branch, other = world.fork(), sb.World()
    with other.intercept():
        branch.settle()
        assert (sources(world), sources(branch)) == (["shop"], ["shop", "echo"])
        world.settle()
    assert sources(world) == ["shop", "echo"]
    assert sources(other) == []


def test_a_block_inside_of_a_handler_goes_first() -> None:
    """Said last and closest to the call."""
    other = sb.World()

    def handler(event: Any) -> None:
        with other.intercept():
            own().put_events(Entries=[ECHO])

    world = world_with(handler)
    world.settle()
    assert (sources(world), sources(other)) == (["shop"], ["echo"])


def test_a_handler_that_starts_a_thread() -> None:
    """The thread has no context of a world; the world that runs refuses it, and AWS is not reached."""

    def handler(event: Any) -> None:
        with ThreadPoolExecutor() as pool:
            pool.submit(own().put_events, Entries=[ECHO]).result()

    world = world_with(handler)
    with pytest.raises(sb.SimbridgeError, match="running in another thread"):
        world.settle()
    assert sources(world) == ["shop"]


def test_a_handler_runs_in_the_account_and_the_region_of_its_arn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its client acts there, where nothing else is configured; other code in those of the world."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    seen: list[str] = []

    def look(*_: Any) -> None:
        seen.append(boto3.session.Session().client("events").describe_event_bus()["Arn"])

    world = sb.World(region="eu-west-1")
    arn = "arn:aws:lambda:eu-central-1:210987654321:function:f"
    world.stand_in(arn, look)
    there = world.client(account="210987654321", region="eu-central-1")
    there.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    there.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    there.put_events(Entries=[ENTRY])
    world.settle()
    with world.intercept():
        look()
    with world.intercept(account="210987654321"):
        look()
    sb.run(look, region="us-west-2")
    assert [":".join(arn.split(":")[3:5]) for arn in seen] == [
        "eu-central-1:210987654321",
        "eu-west-1:123456789012",
        "eu-west-1:210987654321",
        "us-west-2:123456789012",
    ]


def test_a_failing_run_gives_botocore_back() -> None:
    """The fixture above looks; nothing is left of a handler that raises."""

    def handler(event: Any) -> None:
        raise AssertionError

    with pytest.raises(sb.HandlerFailed):
        world_with(handler).settle()


def test_an_idle_run_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing is due, no code runs, and botocore is not even looked at."""
    world = sb.World()
    world.settle()
    monkeypatch.setattr("simbridge.world.clients.enter", None)
    world.run(days=1)
    world.settle()


# -- blocks in threads and tasks ------------------------------------------------------------


def test_threads_do_not_mix() -> None:
    """Each is served by the block it is in, while others come and go."""
    started = threading.Barrier(8)

    def work(number: int) -> None:
        account = f"{number:012}"
        world = sb.World(account=account)
        started.wait()
        for _ in range(20):
            with world.intercept():
                client = own()
                client.put_events(Entries=[ENTRY])
                assert account_of(client) == account
        assert len(sources(world)) == 20

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def puts(world: sb.World, count: int = 3) -> None:
    """A scenario with code that makes its own client, inside of a block."""
    with world.intercept():
        for _ in range(count):
            own().put_events(Entries=[ENTRY])
            time.sleep(0.01)  # another thread's turn
            world.run(minutes=1)
    assert len(sources(world)) == count


def test_a_sweep_on_threads() -> None:
    """Every run counts its own events."""
    with ThreadPoolExecutor(4) as pool:
        sweep = sb.sweep(puts, vary={"count": [1, 2, 3]}, seeds=range(4), workers=pool)
    assert (len(sweep.rows), sweep.failed) == (12, [])


def test_a_worker_thread_inside_of_a_block() -> None:
    """It has no block of its own: the one that was entered last serves it, if no other world runs."""
    first, second = sb.World(account="111111111111"), sb.World(account="222222222222")
    runs = threading.Event()
    leaves = threading.Event()

    def handler(event: Any) -> None:
        runs.set()
        leaves.wait(10)

    running = world_with(handler)
    with ThreadPoolExecutor() as pool, first.intercept(), second.intercept():
        run = pool.submit(running.settle)
        runs.wait(10)
        with pytest.raises(sb.SimbridgeError, match="copy_context"):
            pool.submit(lambda: account_of(own())).result()
        context = contextvars.copy_context()
        assert pool.submit(context.run, lambda: account_of(own())).result() == "222222222222"
        leaves.set()
        run.result()
        assert pool.submit(lambda: account_of(own())).result() == "222222222222"
        with sb.World().intercept():
            found = pool.submit(context.run, lambda: account_of(own())).result()
        assert found == "222222222222"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_threads_leave_in_any_order(
    order: tuple[int, ...], botocore_state: Callable[[], Any]
) -> None:
    """The last to leave gives botocore its methods back, whichever thread that is."""
    before = botocore_state()
    worlds = [sb.World(account=f"{number:012}") for number in range(3)]
    doors = [threading.Event() for _ in worlds]
    inside = threading.Barrier(4)

    def stay(number: int) -> None:
        with worlds[number].intercept():
            inside.wait()
            doors[number].wait(10)
            assert account_of(BEFORE) == worlds[number].account

    threads = [threading.Thread(target=stay, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    inside.wait()
    for number in order:
        assert botocore_state() != before
        doors[number].set()
        threads[number].join()
    assert botocore_state() == before


def test_tasks_do_not_mix() -> None:
    """A block belongs to the task that has entered it, and a task that outlives it is no longer served by it."""

    async def work(world: sb.World) -> str:
        with world.intercept():
            await asyncio.sleep(0)
            return account_of(own())

    async def late(gone: asyncio.Event) -> str:
        await gone.wait()
        return account_of(own())

    async def main() -> None:
        outer, inner = sb.World(account="333333333333"), sb.World(account="444444444444")
        worlds = [sb.World(account=f"{number:012}") for number in range(4)]
        with outer.intercept():
            found = await asyncio.gather(*map(work, worlds))
            assert found == [world.account for world in worlds]
            gone = asyncio.Event()
            with inner.intercept():
                task = asyncio.create_task(late(gone))
                await asyncio.sleep(0)
            gone.set()
            assert await task == outer.account

    asyncio.run(main())


def test_blocks_of_one_thread_leave_in_any_order() -> None:
    """The innermost that is still open serves."""
    worlds = [sb.World(account=f"{number:012}") for number in range(3)]
    for order in itertools.permutations(range(3)):
        blocks = [world.intercept() for world in worlds]
        left = set(range(3))
        with contextlib.ExitStack():
            for block in blocks:
                block.__enter__()
            for number in order:
                assert account_of(BEFORE) == worlds[max(left)].account
                blocks[number].__exit__(None, None, None)
                left.remove(number)
