"""A queue as its consumer sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simbridge as sb


def filled(count: int, name: str = "orders", groups: str | None = None) -> tuple[sb.World, Any]:
    """A queue that has been sent the numbers from 0 on; for FIFO each in the group named."""
    world = sb.World(seed=7)
    queue, events = world.queue(name), world.client()
    for number in range(count):
        target: dict[str, Any] = {"Id": "1", "Arn": queue.arn, "Input": str(number)}
        if groups is not None:
            target["SqsParameters"] = {"MessageGroupId": groups[number]}
        events.put_rule(Name=f"r{number:02}", EventPattern='{"source": ["s"]}')
        events.put_targets(Rule=f"r{number:02}", Targets=[target])
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    return world, queue


def bodies(messages: list[Any]) -> list[str]:
    return [message.body for message in messages]


def test_a_received_message_is_hidden_and_comes_back() -> None:
    """For the visibility timeout, at the end of which it is there again, and counted."""
    world, queue = filled(2)
    assert bodies(queue.receive()) == ["0", "1"]
    world.run(seconds=29.999999)
    assert queue.receive() == []
    world.run(until="2026-01-01T00:00:30Z")
    again = queue.receive(visibility_timeout="0s")
    assert [(message.body, message.receive_count) for message in again] == [("0", 2), ("1", 2)]
    assert [message.receive_count for message in queue.receive()] == [3, 3]


def test_a_deleted_message_is_gone() -> None:
    """From the consumer's view; `messages` still tells what was sent."""
    world, queue = filled(3)
    for message in queue.receive(max_messages=2):
        queue.delete(message)
    world.run(hours=13)
    assert bodies(queue.receive()) == ["2"]
    assert queue.messages == ["0", "1", "2"]


def test_at_most_so_many_at_a_time() -> None:
    """The oldest that can be had."""
    _, queue = filled(12)
    got = [bodies(queue.receive(max_messages=n)) for n in (1, 10, 10, 10)]
    assert got == [["0"], [str(n) for n in range(1, 11)], ["11"], []]


def test_a_hidden_message_holds_up_its_group() -> None:
    """Groups of a FIFO queue are independent; within one, order is kept."""
    world, queue = filled(6, "orders.fifo", groups="aabbab")
    first = queue.receive(max_messages=1)
    assert bodies(first) == ["0"]
    assert bodies(queue.receive(max_messages=1)) == ["2"]  # 1 waits for 0
    assert queue.receive() == []  # 4 waits for 0 as well, 3 and 5 for 2
    queue.delete(first[0])
    assert bodies(queue.receive()) == ["1", "4"]
    world.run(seconds=30)
    assert bodies(queue.receive()) == ["1", "2", "3", "4", "5"]


def test_a_fifo_queue_without_deduplication_takes_nothing() -> None:
    """The request lacks what such a queue asks for; EventBridge does not retry it."""
    world = sb.World()
    queue = world.queue("orders.fifo", content_based_deduplication=False)
    assert world.queue("orders.fifo") is queue, "asked for again, it stays what it is"
    target = {"Id": "1", "Arn": queue.arn, "SqsParameters": {"MessageGroupId": "g"}}
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    (lost,) = world.trace.deliveries()
    assert (lost.outcome, lost.error_code, queue.messages) == ("dropped", "INVALID_PARAMETER", [])


def test_what_a_consumer_does_is_in_the_trace() -> None:
    """A receipt or a deletion is a call; others can be followed to it."""
    world, queue = filled(2)
    (message,) = queue.receive(max_messages=1, visibility_timeout="1m")
    queue.delete(message)
    got, gone = (record.message for record in world.trace[-2:])
    assert (got.operation, got.request, got.response) == (
        "ReceiveMessage",
        {"VisibilityTimeout": 60},
        {"Messages": [0]},
    )
    assert (gone.operation, gone.response) == ("DeleteMessage", {"Messages": [0]})


def test_a_consumer_in_a_handler() -> None:
    """A function that empties a queue whenever it is invoked, on a schedule."""
    world = sb.World()
    queue, events = world.queue("orders"), world.client()
    done: list[int] = []

    def worker(_: Any) -> None:
        for message in queue.receive():
            done.append(json.loads(message.body)["detail"]["n"])
            queue.delete(message)

    events.put_rule(Name="in", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="in", Targets=[{"Id": "1", "Arn": queue.arn}])
    events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    events.put_targets(
        Rule="tick", Targets=[{"Id": "1", "Arn": world.function("worker", worker).arn}]
    )
    for number in range(25):
        detail = json.dumps({"n": number})
        events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": detail}])
    world.run(minutes=5)
    assert done == list(range(25))


def test_a_fork_has_a_queue_of_its_own() -> None:
    """What is hidden or deleted in one is there in the other."""
    world, queue = filled(2)
    queue.receive(max_messages=1)
    branch = world.fork()
    for message in branch.queue("orders").receive():
        branch.queue("orders").delete(message)
    assert bodies(queue.receive()) == ["1"]
    world.run(minutes=1)
    branch.run(minutes=1)
    assert bodies(queue.receive()) == ["0", "1"]
    assert bodies(branch.queue("orders").receive()) == ["0"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_messages": 0}, "1 to 10"),
        ({"max_messages": 11}, "1 to 10"),
        ({"visibility_timeout": "13h"}, "12 hours"),
        ({"visibility_timeout": "-1s"}, "duration"),
    ],
)
def test_a_receipt_that_sqs_would_refuse(options: dict[str, Any], says: str) -> None:
    """The bounds of ReceiveMessage."""
    _, queue = filled(1)
    with pytest.raises(sb.SimbridgeError, match=says):
        queue.receive(**options)
    assert bodies(queue.receive()) == ["0"]
