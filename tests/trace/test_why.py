"""`trace.why`: what every rule made of an event, and what became of each delivery."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import simbridge as sb
from simbridge.model.messages import Configure, Match, Publish
from simbridge.model.resources import Rule

ENTRY = {"Source": "shop", "DetailType": "Order", "Detail": '{"total": 7}'}


def shop() -> tuple[sb.World, str]:
    """Rules that match, do not, are disabled and have no pattern; one target is down for 3 hours."""
    world = sb.World(seed=3)
    events, queue, dead = world.client(), world.queue("orders"), world.queue("dead")
    pay = world.function("pay")
    pay.fails("THROTTLING", for_="3h")
    for name, pattern in (
        ("orders", {"source": ["shop"]}),
        ("big", {"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}),
    ):
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_rule(Name="off", State="DISABLED", EventPattern='{"source": ["shop"]}')
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    retried = {
        "Id": "pay",
        "Arn": pay.arn,
        "RetryPolicy": {"MaximumRetryAttempts": 5},
        "DeadLetterConfig": {"Arn": dead.arn},
    }
    part = {"Id": "queue", "Arn": queue.arn, "InputPath": "$.detail"}
    events.put_targets(Rule="orders", Targets=[part, retried])
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.run(hours=5)
    return world, event_id


def test_every_rule_has_a_line() -> None:
    """Matched or the field that did not, the input, the attempts in groups, the end."""
    world, event_id = shop()

    lines = str(world.trace.why(event_id)).splitlines()

    assert lines[0] == f"2026-01-01T00:00:00.000Z  shop 'Order' {event_id} on default"
    assert lines[1].startswith("  ✗ rule big: detail.total is 7, wanted")
    assert lines[2:6] == [
        "  ✗ rule hourly: has a schedule and no pattern",
        "  ✗ rule off: disabled",
        "  ✓ rule orders: matches",
        "      → pay (pay)",
    ]
    assert lines[6].strip().startswith("attempts 1 to 6, 2026-01-01 00:00:00 to 2026-01-01 00:0")
    assert lines[6].endswith(": refused (THROTTLING)")
    assert lines[7].strip() == "dead-lettered: THROTTLING, MaximumRetryAttempts reached"
    assert [line.strip() for line in lines[8:]] == [
        "→ queue (orders)",
        'input: {"total":7}',
        "attempt 1, 2026-01-01 00:00:00: accepted",
        "delivered after 0ms",
    ]


def test_a_mapping_for_programs_and_a_trace_from_a_file(tmp_path: Path) -> None:
    """The same from the trace alone, as plain data."""
    world, event_id = shop()
    world.trace.to_jsonl(tmp_path / "trace.jsonl")

    found = sb.Trace.from_jsonl(tmp_path / "trace.jsonl").why(event_id).to_dict()

    assert json.loads(json.dumps(found)) == world.trace.why(event_id).to_dict()
    by_rule = {rule["rule"]: rule for rule in found["buses"][0]["rules"]}
    assert [name for name, rule in by_rule.items() if rule["matched"]] == ["orders"]
    assert by_rule["orders"]["deliveries"][0]["exhausted"] == "MaximumRetryAttempts"
    assert by_rule["orders"]["deliveries"][0]["attempts"] == 6


def test_rules_are_those_of_the_time_of_the_event() -> None:
    """A rule that comes later, or was deleted before, has no line."""
    world = sb.World(stand_ins="auto")
    events = world.client()
    events.put_rule(Name="before", EventPattern='{"source": ["shop"]}')
    world.settle()
    events.delete_rule(Name="before")
    world.run(hours=1)
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.run(hours=1)
    events.put_rule(Name="after", EventPattern='{"source": ["shop"]}')
    world.run(hours=1)

    assert "no rule on this bus" in str(world.trace.why(event_id))


def test_an_event_on_two_buses_has_two_parts() -> None:
    """A forwarded event is explained on each bus."""
    world = sb.World()
    events = world.client()
    other = events.create_event_bus(Name="other")["EventBusArn"]
    events.put_rule(Name="forward", EventPattern='{"source": ["shop"]}')
    role = f"arn:aws:iam::{world.account}:role/forward"
    events.put_targets(Rule="forward", Targets=[{"Id": "bus", "Arn": other, "RoleArn": role}])
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()

    assert [bus.bus for bus in world.trace.why(event_id).buses] == ["default", "other"]


def test_an_unknown_event_is_an_error() -> None:
    """One that never was, and one that was put on a bus that does not exist."""
    world = sb.World()
    with pytest.raises(sb.SimbridgeError, match="was ever on a bus"):
        world.trace.why("nonsense")
    answer = world.client().put_events(Entries=[{**ENTRY, "EventBusName": "gone"}])
    world.settle()
    with pytest.raises(sb.SimbridgeError, match="gone does not exist"):
        world.trace.why(answer["Entries"][0]["EventId"])


def test_a_replay_into_one_rule_and_the_archive_itself() -> None:
    """A rule that the replay leaves out, and the managed rule that archives, are reported as such."""
    world = sb.World(start="2026-03-01T00:00:00Z")
    events, queue = world.client(), world.queue("q")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    arns = {}
    for name in ("in", "out"):
        arns[name] = events.put_rule(Name=name, EventPattern='{"source": ["shop"]}')["RuleArn"]
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
    first = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.run(minutes=2)
    events.start_replay(
        ReplayName="again",
        EventSourceArn=bus.replace("event-bus/default", "archive/a"),
        EventStartTime="2026-03-01T00:00:00Z",
        EventEndTime="2026-03-01T00:01:00Z",
        Destination={"Arn": bus, "FilterArns": [arns["in"]]},
    )
    world.run(minutes=5)

    assert "→ kept in the archive a" in str(world.trace.why(first))
    again = str(world.trace.why(queue.received[-1]["id"]))
    assert "✓ rule in: matches" in again
    assert "✗ rule out: left out by the FilterArns of the replay" in again


def test_a_dead_letter_queue_that_refuses_is_reported() -> None:
    """Lost in spite of a queue for dead letters is another story than lost without one."""
    world = sb.World()
    events, dead, gone = world.client(), world.queue("dead"), world.function("gone")
    dead.fails("NO_PERMISSIONS")
    gone.fails("NO_RESOURCE")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "1", "Arn": gone.arn, "DeadLetterConfig": {"Arn": dead.arn}}
    events.put_targets(Rule="r", Targets=[target])
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()

    told = str(world.trace.why(event_id))
    assert (
        "dropped: NO_RESOURCE; its dead-letter queue dead refuses it: NO_PERMISSIONS: User: events.amazonaws.com"
        in told
    )


def starved(trace: str, *, fails: bool = False) -> sb.World:
    """Ninety events at once and a turn of the quota every second; deliveries last for a minute."""
    world = sb.World(limits={"invocations_per_second": 1}, trace=trace)  # type: ignore[arg-type]
    events, pay = world.client(), world.function("pay")
    target = {"Id": "1", "Arn": pay.arn, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[target])
    if fails:
        pay.fails("TIMEOUT")
    for _ in range(9):
        events.put_events(Entries=[ENTRY] * 10)
    world.run(minutes=5)
    return world


@pytest.mark.parametrize("trace", ["full", "outcomes"])
def test_an_event_that_never_had_its_turn_is_reported(trace: str) -> None:
    """It was the quota that let no attempt through, and not the target that refused one."""
    world = starved(trace)
    delivered, dropped = world.trace.deliveries()[0], world.trace.deliveries()[-1]
    assert (dropped.outcome, dropped.attempt_count) == ("dropped", 0)
    why = world.trace.why(dropped.event.id)
    remark = "throttled by the Invocations quota until it was too old for an attempt"
    assert f"dropped: THROTTLING, MaximumEventAgeInSeconds reached; {remark}" in str(why)
    assert why.to_dict()["buses"][0]["rules"][0]["deliveries"][0]["remarks"] == [remark]
    assert "quota" not in str(world.trace.why(delivered.event.id))
    gives_up = f"gives up {dropped.event.id[:8]}: maximum event age reached, throttled by"
    assert gives_up in str(world.trace)


def test_an_event_whose_retry_had_no_turn_is_reported() -> None:
    """What was refused before is the error; the quota is why there was no other attempt."""
    world = starved("full", fails=True)
    answers = [
        (delivery.attempt_count > 0, str(world.trace.why(delivery.event.id)))
        for delivery in world.trace.deliveries()
    ]
    further = [why for tried, why in answers if "too old for another attempt" in why and tried]
    assert further and all(
        "TIMEOUT, MaximumEventAgeInSeconds reached; throttled by the" in why for why in further
    )
    never = [why for tried, why in answers if not tried]
    assert never and all(
        "THROTTLING, Maximum" in why and "too old for an attempt" in why for why in never
    )


def test_a_pending_delivery_has_its_attempts() -> None:
    """A trace of outcomes does not know how many they were by now, and does not make a number up."""
    for trace, said in (("full", "pending after 1 attempt"), ("outcomes", "pending")):
        world = sb.World(trace=trace)  # type: ignore[arg-type]
        world.function("pay").slow("1h")
        world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        target = {"Id": "1", "Arn": world.function("pay").arn}
        world.client().put_targets(Rule="r", Targets=[target])
        event_id = world.client().put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
        world.run(minutes=1)
        assert str(world.trace.why(event_id)).splitlines()[-1].strip() == said


def test_a_function_that_raises_is_reported() -> None:
    """The delivery has succeeded and the order is not paid: the end says what the function did."""

    class Broken:
        times = 0

    def handler(event: dict[str, object]) -> None:
        Broken.times += 1
        if Broken.times != 5:
            raise ValueError(f"no price,\ntime {Broken.times}")

    world = sb.World()
    events, pay = world.client(), world.function("pay", handler)
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[{"Id": "pay", "Arn": pay.arn}])

    def end(minutes: int) -> str:
        world.run(minutes=minutes)
        return str(world.trace.why(event_id)).splitlines()[-1].strip()

    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    said = "delivered after 0ms; pay raised (invocation"
    assert end(1) == f"{said} 2): ValueError: no price, time 2"
    assert end(9) == f"{said} 3): ValueError: no price, time 3"

    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    assert end(9) == "delivered after 0ms; pay handled it (invocation 2)"


def test_a_rule_in_another_place_is_reported() -> None:
    """Another Region, another account, another bus: each has rules of its own."""
    world = sb.World()
    world.client(region="eu-west-1").put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    world.client(account="210987654321").put_rule(
        Name="theirs", EventPattern='{"source": ["shop"]}'
    )
    events = world.client()
    events.create_event_bus(Name="shop")
    events.put_rule(Name="own", EventBusName="shop", EventPattern='{"source": ["shop"]}')
    events.put_rule(Name="other", EventBusName="shop", EventPattern='{"source": ["desk"]}')
    events.put_rule(
        Name="off", EventBusName="shop", EventPattern='{"source": ["shop"]}', State="DISABLED"
    )
    events.create_archive(
        ArchiveName="a", EventSourceArn="arn:aws:events:us-east-1:123456789012:event-bus/shop"
    )
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    why = world.trace.why(event_id)
    assert why.hints == (
        "rule orders in eu-west-1 would match; the event is in us-east-1",
        "rule theirs of account 210987654321 would match; the event is of account 123456789012",
        "rule own on shop would match; the event is on default",
    )
    assert str(why).splitlines()[-3:] == [f"  · {hint}" for hint in why.hints]
    assert why.to_dict()["hints"] == list(why.hints)


def test_rules_on_the_way_of_an_event_are_not_elsewhere() -> None:
    """A bus that it was forwarded to is not another place; of many rules a few are named."""
    world = sb.World()
    events = world.client()
    other = events.create_event_bus(Name="other")["EventBusArn"]
    events.put_rule(Name="forward", EventPattern='{"source": ["shop"]}')
    events.put_targets(
        Rule="forward",
        Targets=[{"Id": "bus", "Arn": other, "RoleArn": "arn:aws:iam::123456789012:role/forward"}],
    )
    events.put_rule(Name="there", EventBusName="other", EventPattern='{"source": ["shop"]}')
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    assert world.trace.why(event_id).hints == ()
    for number in range(8):
        world.client(region="eu-west-1").put_rule(
            Name=f"r{number}", EventPattern='{"source": ["shop"]}'
        )
    world.settle()
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    hints = world.trace.why(event_id).hints
    assert len(hints) == 6 and hints[-1] == "3 more rules elsewhere would match"


def test_a_rule_that_takes_effect_after_the_event_is_reported() -> None:
    """When it was put and when it takes effect; or that it has not yet."""
    world = sb.World(limits={"control_plane_delay_us": 2_000_000})
    events, queue = world.client(), world.queue("q")
    world.run(seconds=5)
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": queue.arn}])
    events.put_rule(Name="desk", EventPattern='{"source": ["desk"]}')
    world.run(seconds=1)
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    at = "at 2026-01-01T00:00:05.000Z"
    assert world.trace.why(event_id).hints == (
        f"rule orders was put {at} and has not taken effect yet",
        f"rule orders was given targets {at} and has not taken effect yet",
    )
    world.run(seconds=5)
    later = "takes effect at 2026-01-01T00:00:07.000Z, after this event"
    assert world.trace.why(event_id).hints == (
        f"rule orders was put {at} and {later}",
        f"rule orders was given targets {at} and {later}",
    )
    assert queue.received == []
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    assert world.trace.why(event_id).hints == ()


@pytest.mark.parametrize(
    ("operation", "state", "done", "matched"),
    [
        ("disable_rule", "ENABLED", "disabled", True),
        ("enable_rule", "DISABLED", "enabled", False),
        ("delete_rule", "ENABLED", "deleted", True),
    ],
)
def test_other_changes_that_take_effect_later(
    operation: str, state: str, done: str, matched: bool
) -> None:
    """A rule that was disabled or deleted and matches all the same, or enabled and does not."""
    world = sb.World(limits={"control_plane_delay_us": 2_000_000})
    events = world.client()
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}', State=state)
    world.run(seconds=5)
    getattr(events, operation)(Name="orders")
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    why = world.trace.why(event_id)
    assert why.buses[0].rules[0].matched is matched
    said = f"rule orders was {done} at 2026-01-01T00:00:05.000Z and"
    assert why.hints == (f"{said} has not taken effect yet",)
    world.run(seconds=5)
    effect = "takes effect at 2026-01-01T00:00:07.000Z, after this event"
    assert world.trace.why(event_id).hints == (f"{said} {effect}",)


def test_a_change_that_changes_nothing_is_not_reported() -> None:
    """The same rule put again matches before and after."""
    world = sb.World(limits={"control_plane_delay_us": 2_000_000})
    events = world.client()
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    world.run(seconds=5)
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}', Description="d")
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.run(seconds=5)
    assert world.trace.why(event_id).hints == ()


@pytest.mark.parametrize("trace", ["full", "outcomes"])
@pytest.mark.parametrize("dead", [None, "there", "missing"])
def test_a_missing_stand_in_and_its_namesakes(trace: str, dead: str | None) -> None:
    """The one that is there has the same name, in another Region, of another service or account."""
    world = sb.World(trace=trace)  # type: ignore[arg-type]
    events = world.client()
    here, there = "arn:aws:sqs:us-east-1:123456789012:pay", "arn:aws:sqs:eu-west-1:123456789012:pay"
    function = world.function("pay:live").arn
    world.stand_in(there)
    world.stand_in(there.replace("pay", "pays"))
    if dead == "there":
        world.queue("dead")
    target = {"Id": "1", "Arn": here}
    if dead is not None:
        target["DeadLetterConfig"] = {"Arn": here.replace("pay", "dead")}  # type: ignore[assignment]
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[target])
    event_id = events.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.settle()
    told = str(world.trace.why(event_id))
    assert told.count(f" (a stand-in of this name is at {function}, {there})") == 1
    assert f"no target is registered at {here}; create one with world.stand_in({here!r})" in told
    missing = "its dead-letter queue dead refuses it: NO_RESOURCE: no target is registered at"
    assert (missing in told) is (dead == "missing")
    assert ("NO_RESOURCE" in told) and ("pays" not in told)


@pytest.mark.parametrize("level", ["full", "outcomes"])
def test_an_id_that_arrives_twice(level: str) -> None:
    """Each arrival has the deliveries that it has caused, and the rules as they were then."""
    world = sb.World(trace=level)  # type: ignore[arg-type]
    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": world.queue("q").arn}])
    emitted = {"source": "aws.s3", "detail-type": "Object Created", "id": "same"}
    for minute in range(3):
        world.emit(emitted)
        world.run(minutes=5)
        if minute == 1:
            events.disable_rule(Name="r")
    found = world.trace.why("same")
    assert [len(bus.rules[0].deliveries) for bus in found.buses] == [1, 1, 0]
    assert str(found).count("delivered after") == len(world.trace.deliveries(event="same")) == 2


def test_a_trace_that_ends_before_the_record_of_a_match() -> None:
    """Whether the rule matched is then the pattern's answer; what came of it is not in the trace."""
    world, event_id = shop()
    arrival = next(
        number
        for number, record in enumerate(world.trace)
        if isinstance(record.message, Publish) and record.message.event.id == event_id
    )
    part = sb.Trace([tuple(record) for record in world.trace[: arrival + 1]])  # type: ignore[misc]
    verdicts = {rule.rule: rule for rule in part.why(event_id).buses[0].rules}
    assert [name for name, rule in verdicts.items() if rule.matched] == ["orders"]
    assert verdicts["orders"].deliveries == ()


def test_a_match_is_read_from_its_record() -> None:
    """The record decides, and the pattern is not evaluated again."""
    world, event_id = shop()
    matched = {record.message.rule for record in world.trace if isinstance(record.message, Match)}
    configured = [
        record._replace(
            message=Configure(msgspec.structs.replace(rule, event_pattern='{"x": [1]}'))
        )
        if isinstance(record.message, Configure)
        and isinstance(rule := record.message.resource, Rule)
        and rule.arn in matched
        else record
        for record in world.trace
    ]
    part = sb.Trace([tuple(record) for record in configured])  # type: ignore[misc]
    assert "✓ rule orders: matches" in str(part.why(event_id))
