"""One thread at a time in a world, and no copy of one that runs."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def consistent(world: sb.World, accepted: int) -> None:
    """Every sequence number is there once, and every accepted event was delivered."""
    world.run(hours=1)
    sequences = [record.sequence for record in world.trace]
    assert len(sequences) == len(set(sequences))
    assert len(world.trace.deliveries(rule="orders")) == accepted


@pytest.mark.usefixtures("quick_switches")
def test_a_second_thread_is_refused_while_the_world_runs(
    busy_world: Callable[..., sb.World], wired: Callable[..., None]
) -> None:
    """With a sentence that says how; what was accepted before is delivered, and nothing twice."""
    assert sum(refusals_of_a_thread(busy_world, wired) for _ in range(4))


def refusals_of_a_thread(busy_world: Callable[..., sb.World], wired: Callable[..., None]) -> int:
    """How often a thread was refused that put, configured, forked and received while a world ran."""
    world = busy_world()
    wired(world, "orders-kept", "thread", world.queue("kept").arn)
    events, accepted, refused = world.client(), [], []
    tries: list[Callable[[], Any]] = [
        lambda: world.queue("flaky").limit(per_second=5),
        world.fork,
        lambda: world.queue("kept").receive(),
    ]

    def put() -> None:
        for number in range(100):
            try:
                answer = events.put_events(Entries=[{**ENTRY, "Source": "thread"}] * 10)
                accepted.append(10 - answer["FailedEntryCount"])
                tries[number % len(tries)]()
            except sb.SimbridgeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=put), threading.Thread(target=world.run, kwargs={"days": 4})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run(hours=1)
    sequences = [record.sequence for record in world.trace]
    assert len(sequences) == len(set(sequences))
    assert len(world.trace.deliveries(rule="orders-kept")) == sum(accepted)
    assert all("running in another thread" in text for text in refused)
    return len(refused)


@pytest.mark.usefixtures("quick_switches")
def test_threads_that_call_a_world_at_rest_take_turns(wired: Callable[..., None]) -> None:
    """Nothing runs meanwhile: every call is answered, one after the other."""
    world = sb.World()
    wired(world, "orders", "shop", world.queue("q").arn)
    events = world.client()

    def put() -> None:
        for _ in range(50):
            assert not events.put_events(Entries=[ENTRY] * 10)["FailedEntryCount"]

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    consistent(world, 4 * 50 * 10)


@pytest.mark.usefixtures("quick_switches")
def test_threads_that_read_see_everything_once(busy_world: Callable[..., sb.World]) -> None:
    """What a queue has received, and questions to a trace: in turn, or refused while it runs."""
    world = busy_world()
    world.run(days=2)
    queue, seen, refused = world.queue("ticks"), [], []

    def read() -> None:
        for _ in range(20):
            try:
                ids = [message["id"] for message in queue.received]
                asked = [delivery.event.id for delivery in world.trace.deliveries(rule="tick")]
                seen.append((len(ids), len(set(ids)), len(asked), len(set(asked))))
            except sb.SimbridgeError as error:
                refused.append(str(error))

    for others in ([], [threading.Thread(target=world.run, kwargs={"days": 3})]):
        threads = [threading.Thread(target=read) for _ in range(3)] + others
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all("running in another thread" in text for text in refused)
    assert all(count == different for count, different, *_ in seen)
    assert all(count == different for *_, count, different in seen)
    assert len(queue.received) == len(world.trace.deliveries(rule="tick"))


def test_a_thread_of_a_handlers_own_is_refused_and_does_not_hang(
    wired: Callable[..., None],
) -> None:
    """The handler waits for a thread that calls the world which waits for the handler."""
    world, refused = sb.World(), []
    events = world.client()

    def handler(event: dict[str, Any]) -> None:
        def put() -> None:
            try:
                events.put_events(Entries=[ENTRY])
            except sb.SimbridgeError as error:
                refused.append(str(error))

        thread = threading.Thread(target=put)
        thread.start()
        thread.join()

    wired(world, "orders", "shop", world.function("f", handler).arn)
    events.put_events(Entries=[ENTRY])
    world.run(hours=1)
    assert len(refused) == 1 and "another thread" in refused[0]


@pytest.mark.parametrize("where", ["handler", "behaviour", "listener"])
@pytest.mark.parametrize("copy", [sb.World.fork, pickle.dumps])
def test_a_running_world_is_not_copied(
    where: str, copy: Callable[[sb.World], Any], wired: Callable[..., None]
) -> None:
    """The message in hand would be lost in the copy; as while async code is under way."""
    world = sb.World()
    function = world.function("f", lambda event: copy(world) if where == "handler" else None)
    if where == "behaviour":
        function.behaves(lambda attempt: copy(world) and "ok")
    wired(world, "orders", "shop", function.arn)
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.SimbridgeError, match="while it runs"):
        if where == "listener":
            with world.listen(lambda records: copy(world)):
                world.run(hours=1)
        else:
            world.run(hours=1)
