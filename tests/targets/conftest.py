"""One event for one target: what its stand-in receives, or the dead letter of what cannot be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

import simbridge as sb

ROLE = "arn:aws:iam::123456789012:role/r"
RULE = "arn:aws:events:us-east-1:123456789012:rule/orders"
DETAIL = {
    "order": 7,
    "price": 1.5,
    "paid": True,
    "none": None,
    "name": "c/1 ä",
    "lines": [{"sku": "x"}],
    "task": "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1",
    "control": "a\r\nHost: b",
    "long": "k" * 255,
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


@pytest.fixture(name="deliver", scope="session")
def deliver_() -> Callable[..., sb.World]:
    return deliver


@pytest.fixture(name="received", scope="session")
def received_() -> Callable[..., dict[str, Any]]:
    return received


@pytest.fixture(name="check_request", scope="session")
def check_request_() -> Callable[..., None]:
    return check_request


@pytest.fixture(name="check_failure", scope="session")
def check_failure_() -> Callable[..., None]:
    return check_failure


def deliver(service: str, resource: str, fields: dict[str, Any], **entry: Any) -> sb.World:
    """One event for one such target, whose dead letters go to the queue `dead`."""
    world = sb.World(seed=7, start="2026-03-01T00:00:00Z")
    client = world.client()
    dead = world.queue("dead").arn
    address = world.stand_in(arn(service, resource)).arn
    client.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    role = {} if service == "logs" else {"RoleArn": ROLE}
    target = {"Id": "t", "Arn": address, "DeadLetterConfig": {"Arn": dead}, **role, **fields}
    client.put_targets(Rule="orders", Targets=[target])
    event = {"Source": "shop", "DetailType": "Order", "Detail": json.dumps(DETAIL)}
    client.put_events(Entries=[event | entry])
    world.settle()
    return world


def received(world: sb.World, service: str, resource: str) -> dict[str, Any]:
    """The one request, with the event, its id and made-up ids in it replaced by their names."""
    (request,) = world.stand_in(arn(service, resource)).requests
    (delivery,) = world.trace.deliveries(outcome="delivered")
    event = delivery.event
    text = json.dumps(event.envelope, separators=(",", ":"), ensure_ascii=False)

    def named(value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(text, "<event>").replace(event.id, "<id>")
            return UUID.sub("<uuid>", value)
        if isinstance(value, dict):
            return {key: named(inner) for key, inner in value.items()}
        return [named(inner) for inner in value] if isinstance(value, list) else value

    return named(request)


def check_request(
    service: str, resource: str, fields: dict[str, Any], request: dict[str, Any]
) -> None:
    """The stand-in of such a target has received this request."""
    assert received(deliver(service, resource, fields), service, resource) == request


def check_failure(service: str, resource: str, fields: dict[str, Any], text: str) -> None:
    """The event is in the dead-letter queue without an attempt, with code, text and body."""
    world = deliver(service, resource, fields)
    assert world.stand_in(arn(service, resource)).requests == []
    (delivery,) = world.trace.deliveries()
    assert (delivery.outcome, delivery.attempts) == ("dead-lettered", [])
    (letter,) = world.queue("dead").requests
    attributes = letter["MessageAttributes"]
    assert {name: value["StringValue"] for name, value in attributes.items()} == {
        "RULE_ARN": RULE,
        "TARGET_ARN": arn(service, resource),
        "ERROR_CODE": "INVALID_PARAMETER",
        "ERROR_MESSAGE": text,
    }
    assert all(value["DataType"] == "String" for value in attributes.values())
    assert letter["MessageBody"] == world.queue("dead").messages[0]
