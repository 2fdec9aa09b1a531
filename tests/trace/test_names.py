"""CompiledTests about rules, targets and event buses that never existed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
ACCOUNT = "arn:aws:events:us-east-1:123456789012"


def world_with(put: bool = True) -> sb.World:
    """A rule `orders` on the default bus, `bills` on a bus `shop`; events for the first."""
    world = sb.World()
    events, queue = world.client(), world.queue("orders-queue")
    events.create_event_bus(Name="shop")
    for rule, bus in (("orders", "default"), ("bills", "shop")):
        events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source": ["shop"]}')
        target = {"Id": f"{rule}-target", "Arn": queue.arn}
        events.put_targets(Rule=rule, EventBusName=bus, Targets=[target])
    if put:
        events.put_events(Entries=[ENTRY])
        world.settle()
    return world


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"rule": "order"}, "no rule has ever been called 'order' here; did you mean orders"),
        ({"rule": "Orders"}, "did you mean orders"),
        ({"rule": f"{ACCOUNT}:rule/order"}, f"did you mean {ACCOUNT}:rule/orders"),
        ({"target": "order-target"}, "no target of a rule .*; did you mean orders-target"),
        ({"target": "order-queue"}, "did you mean orders-queue"),
        ({"bus": "shops"}, "no event bus .*; did you mean shop"),
        ({"rule": ""}, "no rule has ever been called ''"),
        ({"rule": 7}, "rule is text, not 7"),
        ({"rule": "xyzzy"}, "there are bills, orders$"),
        ({"rule": "orders", "bus": "xyzzy"}, "there are default, shop$"),
        ({"rule": "xyzzy", "outcome": "dropped"}, "no rule"),
    ],
)
def test_a_typo_is_an_error(question: dict[str, Any], says: str, tmp_path: Path) -> None:
    """With the nearest name, by name or by ARN, and in a trace from a file as well."""
    world = world_with()
    world.trace.to_jsonl(tmp_path / "trace.jsonl")
    for trace in (world.trace, sb.Trace.from_jsonl(tmp_path / "trace.jsonl")):
        with pytest.raises(sb.SimbridgeError, match=says):
            trace.deliveries(**question)


@pytest.mark.parametrize("put", [True, False])
@pytest.mark.parametrize(
    "question",
    [
        {"rule": "bills"},
        {"rule": f"{ACCOUNT}:rule/shop/bills"},
        {"target": "bills-target"},
        {"bus": "shop"},
        {"bus": f"{ACCOUNT}:event-bus/shop"},
        {"bus": "arn:aws:events:eu-west-1:123456789012:event-bus/default"},
        {"rule": "bills", "target": "orders-target", "bus": "default"},
        {"target": "orders-queue", "outcome": "dropped"},
    ],
)
def test_what_had_nothing_to_do_has_no_deliveries(question: dict[str, Any], put: bool) -> None:
    """A name that was given is known at once, before anything has run."""
    assert world_with(put).trace.deliveries(**question) == []


def test_what_is_gone_is_known() -> None:
    """A rule, its target and its bus that have been deleted; not a rule that was refused."""
    world = world_with(put=False)
    events = world.client()
    events.remove_targets(Rule="bills", EventBusName="shop", Ids=["bills-target"])
    events.delete_rule(Name="bills", EventBusName="shop")
    events.delete_event_bus(Name="shop")
    with pytest.raises(events.exceptions.InvalidEventPatternException):
        events.put_rule(Name="refused", EventPattern="{}")
    world.run(hours=1)
    for question in ({"rule": "bills"}, {"target": "bills-target"}, {"bus": "shop"}):
        assert world.trace.deliveries(**question) == []
    with pytest.raises(sb.SimbridgeError, match="no rule has ever been called 'refused'"):
        world.trace.deliveries(rule="refused")


def test_a_name_that_comes_later_is_known_then() -> None:
    """In a world that goes on, and in its fork, which has the names that it had."""
    world = sb.World()
    with pytest.raises(sb.SimbridgeError, match="no rule has ever been called 'orders' here"):
        world.trace.deliveries(rule="orders")
    branch = world.fork()
    world.client().put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    assert (
        world.trace.deliveries(rule="orders") == world.fork().trace.deliveries(rule="orders") == []
    )
    with pytest.raises(sb.SimbridgeError, match="there is none"):
        branch.trace.deliveries(rule="orders")


def test_the_managed_rule_of_an_archive_is_a_rule() -> None:
    """ListRules has it; its events go to the archive and are not deliveries."""
    world = world_with()
    bus = world.client().describe_event_bus()["Arn"]
    world.client().create_archive(ArchiveName="a", EventSourceArn=bus)
    world.settle()
    assert world.trace.deliveries(rule="Events-Archive-a") == []


@pytest.mark.parametrize(
    ("name", "question", "says"),
    [
        ("Invocations", {"rule": "order"}, "did you mean orders"),
        ("Invocations", {"rule": f"{ACCOUNT}:rule/orders"}, "did you mean orders"),
        ("MatchedEvents", {"bus": "shops"}, "did you mean shop"),
        ("Invocations", {"rule": "bills", "bus": "shops"}, "did you mean shop"),
        ("DestinationDeliveryFailures", {"function": "xyzzy"}, "no function that a rule invokes"),
    ],
)
def test_metrics_of_what_never_existed(name: str, question: dict[str, str], says: str) -> None:
    """The dimensions of a metric are names, not ARNs."""
    with pytest.raises(sb.SimbridgeError, match=says):
        world_with().metrics(name, **question)  # type: ignore[call-overload]


def test_metrics_of_what_had_nothing_to_do() -> None:
    """An empty series, in any region: the rule is there."""
    world = world_with()
    assert world.metrics("Invocations", rule="bills").sum == 0
    assert world.metrics("Invocations", rule="orders", region="eu-west-1").sum == 0
    assert world.metrics("MatchedEvents", bus="shop").sum == 0
    assert world.metrics("Invocations", rule="orders").sum == 1
