"""Queues, functions, topics and their policies, as a scenario makes them."""

from __future__ import annotations

from typing import Any

import pytest

import simbridge as sb
from simbridge.targets import KINDS
from simbridge.targets.reference import example_target

NOBODY: dict[str, Any] = {"Statement": []}


def test_topic_is_the_stand_in_of_a_topic() -> None:
    """At its ARN, with a handler, the same one when asked again."""
    world = sb.World()
    seen: list[Any] = []
    alerts = world.topic("alerts", seen.append)
    assert alerts.arn == "arn:aws:sns:us-east-1:123456789012:alerts"
    assert world.topic("alerts") is alerts is world.stand_in(alerts.arn)
    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": alerts.arn, "InputPath": "$.detail"}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": '{"a": 1}'}])
    world.settle()
    assert seen == alerts.received == [{"a": 1}]
    assert alerts.requests == [{"Action": "Publish", "TopicArn": alerts.arn, "Message": '{"a":1}'}]


@pytest.mark.parametrize(
    ("name", "says"), [("a.fifo", "is a FIFO topic"), ("a b", "invalid topic name"), (3, "invalid")]
)
def test_topic_names(name: Any, says: str) -> None:
    """Rules cannot publish to FIFO topics."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World().topic(name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_only_targets_with_resource_policies_take_one(kind: Any) -> None:
    """Others are called with a role, which the error says; what is refused leaves no stand-in behind."""
    arn = example_target(kind)["Arn"]
    world = sb.World()
    if arn.split(":")[2] == "events" and "event-bus" in arn:
        return
    if kind.permission is not None:
        assert world.stand_in(arn, policy=NOBODY).policy == NOBODY
        return
    with pytest.raises(sb.SimbridgeError, match="asks no resource policy"):
        world.stand_in(arn, policy=NOBODY)
    assert arn not in world._kernel.actors


def test_a_policy_is_given_once() -> None:
    """The same one again is no change; another is assigned."""
    world = sb.World()
    orders = world.queue("orders", policy=NOBODY)
    assert world.queue("orders", policy='{"Statement": []}') is orders is world.queue("orders")
    other = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    with pytest.raises(sb.SimbridgeError, match=r"another policy already: change it with \.policy"):
        world.queue("orders", policy=other)
    orders.policy = other
    assert orders.policy == other
    with pytest.raises(sb.InvalidPolicy):
        orders.policy = {"Statement": 3}
    assert orders.policy == other


def test_organizations() -> None:
    """Accounts join; none is in two."""
    world = sb.World(organizations={"o-abc": ["123456789012"]})
    world.organization("o-abc", accounts=["123456789012", "210987654321"])
    with pytest.raises(sb.SimbridgeError, match="210987654321 is in the organization o-abc"):
        world.organization("o-xyz", accounts=["333333333333", "210987654321"])
    world.organization("o-xyz", accounts=["333333333333"])
    with pytest.raises(sb.SimbridgeError, match="an organization looks like"):
        world.organization("abc", accounts=[])


def test_permissions_is_one_of_two_words() -> None:
    """Everything else is refused."""
    with pytest.raises(sb.SimbridgeError, match="permissions is 'ignore' or 'enforce', not 'on'"):
        sb.World(permissions="on")  # type: ignore[arg-type]
