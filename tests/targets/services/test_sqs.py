"""Requests to Amazon SQS queues, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import simbridge as sb


def sqs(**more: Any) -> dict[str, Any]:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
    return {"Action": "SendMessage", "QueueUrl": url, "MessageBody": "<event>", **more}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "queue": ("sqs", "q", {}, sqs()),
    "queue, input byte for byte": ("sqs", "q", {"Input": " 1.50 "}, sqs(MessageBody=" 1.50 ")),
    "fair queue": (
        "sqs",
        "q",
        {"SqsParameters": {"MessageGroupId": "g"}},
        sqs(MessageGroupId="g"),
    ),
    "FIFO queue, group id as it is": (
        "sqs",
        "q.fifo",
        {"SqsParameters": {"MessageGroupId": "$.detail.name"}},
        sqs(
            QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
            MessageGroupId="$.detail.name",
        ),
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "FIFO without a group": (
        "sqs",
        "q.fifo",
        {"SqsParameters": {}},
        "The request must contain the parameter MessageGroupId.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_queue_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_queue_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


ROLE = "arn:aws:iam::123456789012:role/r"


def test_a_fifo_queue_needs_content_based_deduplication() -> None:
    """Without it the queue refuses every attempt, in its own words."""
    world = sb.World()
    queue = world.queue("q.fifo", content_based_deduplication=False)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "t", "Arn": queue.arn, "SqsParameters": {"MessageGroupId": "g"}}
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    world.settle()
    assert queue.messages == []
    (delivery,) = world.trace.deliveries()
    assert delivery.error_code == "INVALID_PARAMETER"
    with pytest.raises(sb.SimbridgeError, match="is not a FIFO queue"):
        world.queue("q", content_based_deduplication=False)


@pytest.mark.parametrize("stand_ins", ["strict", "auto"])
def test_a_target_of_another_account_is_delivered_to(stand_ins: Any) -> None:
    """Its stand-in is at its ARN; if there is none, the event is lost."""
    queue = arn("sqs", "theirs").replace("123456789012", "210987654321")
    world = sb.World(stand_ins=stand_ins)
    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": queue, "RoleArn": ROLE}])
    entry = {"Source": "shop", "DetailType": "x", "Detail": "{}"}
    events.put_events(Entries=[entry])
    world.settle()
    theirs = world.stand_in(queue)
    events.put_events(Entries=[entry])
    world.settle()
    outcomes = [delivery.outcome for delivery in world.trace.deliveries(rule="r")]
    assert outcomes == ["dropped" if stand_ins == "strict" else "delivered", "delivered"]
    assert len(theirs.received) == outcomes.count("delivered")
    assert theirs.requests[-1]["QueueUrl"].endswith("/210987654321/theirs")


@pytest.mark.parametrize(
    ("detail_bytes", "outcome"), [(900_000, "delivered"), (1_048_500, "dropped")]
)
def test_a_body_that_a_queue_does_not_take_is_lost(
    detail_bytes: int, outcome: str, deliver: Callable[..., sb.World]
) -> None:
    """1 MiB is the bound of a message; the dead-letter queue, a queue itself, has the same."""
    fields = {"InputTransformer": {"InputTemplate": '{"e": <aws.events.event.json>}'}}
    detail = json.dumps({"pad": "x" * (detail_bytes - 20)})
    world = deliver("sqs", "q", fields, Detail=detail)
    (delivery,) = world.trace.deliveries()
    assert delivery.outcome == outcome
    if outcome == "dropped":
        assert delivery.error_code == "INVALID_PARAMETER"
        assert "Message must be shorter than 1048576 bytes." in str(world.trace)
