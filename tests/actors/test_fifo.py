"""FIFO queues put no body twice into the queue within five minutes."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.actors.fifo import DEDUPLICATION_S, REPEATED
from simbridge.model.messages import Outcome

ENTRY = {"Source": "shop", "DetailType": "d"}
DUPLICATES = {"duplicates_per_million": 1_000_000}


def world_with(
    name: str = "orders.fifo", groups: tuple[str, ...] = ("g",), **options: Any
) -> tuple[sb.World, Any]:
    """A queue that gets the `n` of each event, once for each group."""
    world = sb.World(seed=7, **options)
    queue, events = world.queue(name), world.client()
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    for number, group in enumerate(groups):
        target: dict[str, Any] = {"Id": str(number), "Arn": queue.arn, "InputPath": "$.detail.n"}
        if name.endswith(".fifo"):
            target["SqsParameters"] = {"MessageGroupId": group}
        events.put_targets(Rule="orders", Targets=[target])
    world.run(seconds=3)
    return world, queue


def put(world: sb.World, number: int) -> str:
    entry = {**ENTRY, "Detail": f'{{"n": {number}}}'}
    return str(world.client().put_events(Entries=[entry])["Entries"][0]["EventId"])


def test_the_same_body_is_there_once() -> None:
    """The second delivery succeeds, too; a standard queue has the message twice."""
    for name, expected in (("orders.fifo", ["1", "2"]), ("orders", ["1", "1", "2"])):
        world, queue = world_with(name)
        for number in (1, 1, 2):
            put(world, number)
            world.run(seconds=10)
        assert queue.messages == [message.body for message in queue.receive()] == expected
        assert queue.received == [int(body) for body in expected]
        assert len(queue.requests) == len(expected)
        assert {d.outcome for d in world.trace.deliveries()} == {"delivered"}


@pytest.mark.parametrize(
    ("seconds", "arrives"), [(0, False), (299.999999, False), (300, True), (1000, True)]
)
def test_the_interval_is_five_minutes(seconds: float, arrives: bool) -> None:
    """From the first microsecond up to, not including, the end of the fifth minute."""
    world, queue = world_with()
    put(world, 1)
    world.settle()
    world.run(seconds=seconds)
    put(world, 1)
    world.settle()
    assert queue.messages == ["1"] * (1 + arrives)


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 200)), max_size=25))
def test_the_interval_counts_from_what_was_put_into_the_queue(
    steps: list[tuple[int, int]],
) -> None:
    """A duplicate does not prolong it; nothing is remembered for longer."""
    world, queue = world_with()
    last: dict[int, int] = {}
    expected, now = [], 0
    for number, seconds in steps:
        put(world, number)
        world.settle()
        if now - last.get(number, -DEDUPLICATION_S) >= DEDUPLICATION_S:
            last[number] = now
            expected.append(str(number))
        remembered = world._kernel.actors[queue.arn].accepted
        assert set(remembered) == {
            hashlib.sha256(str(one).encode()).digest()
            for one, since in last.items()
            if now - since < DEDUPLICATION_S
        }
        world.run(seconds=seconds)
        now += seconds
    assert queue.messages == expected


def test_the_scope_is_the_whole_queue() -> None:
    """Message groups make no difference, and neither does a consumer who is done with the message."""
    world, queue = world_with(groups=("a", "b"))
    put(world, 1)
    world.settle()
    (message,) = queue.receive()
    queue.delete(message)
    put(world, 1)
    world.run(seconds=1)
    assert queue.receive() == []
    assert [d.outcome for d in world.trace.deliveries()] == ["delivered"] * 4


def test_duplicates_of_eventbridge_collapse() -> None:
    """At least once is exactly once behind a FIFO queue: the second has the same text."""
    for name, copies in (("orders.fifo", 1), ("orders", 2)):
        world, queue = world_with(name, profile="aws", limits=DUPLICATES)
        world.run(seconds=6)  # the rule has taken effect
        for number in range(20):
            put(world, number)
        world.run(minutes=1)
        assert len(world.trace.deliveries(outcome="delivered")) == 40
        assert sorted(queue.received) == sorted([*range(20)] * copies)


def test_what_was_refused_is_no_message() -> None:
    """A retry after refusals is the first that arrives; a duplicate can be refused like any other."""
    world, queue = world_with()
    queue.behaves(sb.scripted(["THROTTLING", "TIMEOUT", "ok", "THROTTLING"]))
    put(world, 1)
    world.run(minutes=2)
    put(world, 1)
    world.run(minutes=2)
    assert queue.messages == ["1"]
    assert [
        [attempt.error_code for attempt in delivery.attempts]
        for delivery in world.trace.deliveries()
    ] == [["THROTTLING", "TIMEOUT", None], ["THROTTLING", None]]


def test_the_trace_tells_of_it() -> None:
    """The answer to the attempt says so, in the timeline and in `why`; with other outcomes, too."""
    for level in ("full", "outcomes"):
        world, _ = world_with(trace=level)
        first, second = put(world, 1), put(world, 1)
        world.settle()
        answers = [r.message.text for r in world.trace if isinstance(r.message, Outcome)]
        assert answers == [None, REPEATED]
        assert str(world.trace).count(REPEATED) == 1
        assert REPEATED in str(world.trace.why(second))
        assert REPEATED not in str(world.trace.why(first))
        told = world.trace.why(second).to_dict()["buses"][0]["rules"][0]["deliveries"][0]
        assert (told["outcome"], told["remarks"]) == ("delivered", [REPEATED])


def test_forks_and_pickles_remember() -> None:
    """What was put into the queue before; afterwards each for itself."""
    world, queue = world_with()
    put(world, 1)
    world.settle()
    branch, twin = world.fork(), pickle.loads(pickle.dumps(world))
    put(world, 2)
    world.settle()
    for other in (branch, twin):
        put(other, 1)
        put(other, 2)
        other.settle()
        assert other.queue("orders.fifo").messages == ["1", "2"]
    assert queue.messages == ["1", "2"]


def test_a_handler_of_a_fifo_queue_and_one_that_appears_by_itself() -> None:
    """A duplicate is not handled; `stand_ins="auto"` makes a FIFO queue at the ARN of one."""
    handled: list[Any] = []
    arn = "arn:aws:sqs:us-east-1:123456789012:orders.fifo"
    for world, handler in ((sb.World(), handled.append), (sb.World(stand_ins="auto"), None)):
        if handler is not None:
            world.stand_in(arn, handler)
        target = {"Id": "1", "Arn": arn, "SqsParameters": {"MessageGroupId": "g"}, "Input": '"x"'}
        world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        world.client().put_targets(Rule="r", Targets=[target])
        put(world, 1)
        put(world, 2)
        world.settle()
        assert world.queue("orders.fifo").received == ["x"]
    assert handled == ["x"]
