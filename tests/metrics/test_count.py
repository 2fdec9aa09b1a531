"""Rules without targets match, too: their records, and what CloudWatch counts of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.kernel import Record
from simbridge.metrics.series import Metrics
from simbridge.model.messages import MatchWithoutTarget, Publish

MATCHED = ("MatchedEvents", "TriggeredRules")


def matched(world: sb.World, rule: str, bus: str | None = None) -> list[tuple[str, float]]:
    """When a rule has matched, minute by minute; both metrics say the same."""
    first, second = (
        [(str(p.time), p.sum) for p in world.metrics(name, rule=rule, bus=bus).points]
        for name in MATCHED
    )
    assert first == second
    return first


def bare_matches(world: sb.World) -> list[Record]:
    """The records of matches of rules without targets."""
    return [record for record in world.trace if isinstance(record.message, MatchWithoutTarget)]


def put(world: sb.World, source: str = "shop", bus: str = "default") -> None:
    entry = {"Source": source, "DetailType": "d", "Detail": "{}", "EventBusName": bus}
    world.client().put_events(Entries=[entry])


def test_a_rule_without_targets_matches() -> None:
    """It has run; nothing was invoked. A rule that does not match counts nothing."""
    world = sb.World()
    world.client().put_rule(Name="bare", EventPattern='{"source": ["shop"]}')
    world.client().put_rule(Name="other", EventPattern='{"source": ["bank"]}')
    for _ in range(3):
        put(world)
        world.run(seconds=40)
    assert matched(world, "bare") == [
        ("2026-01-01 00:00:00+00:00", 2),
        ("2026-01-01 00:01:00+00:00", 1),
    ]
    assert matched(world, "other") == []
    metrics = world.metrics()
    assert [metrics.total(name) for name in MATCHED] == [3, 3]
    assert metrics.total("InvocationsCreated") == 0
    assert world.metrics("MatchedEvents", bus="default").sum == 3


def test_the_match_of_a_rule_without_targets_is_a_record() -> None:
    """Its bus writes it at the instant of the event, caused by the arrival, and nothing comes of it."""
    world = sb.World(seed=3)
    events = world.client()
    bare = events.put_rule(Name="bare", EventPattern='{"source": ["shop"]}')["RuleArn"]
    events.put_rule(Name="off", State="DISABLED", EventPattern='{"source": ["shop"]}')
    events.put_rule(Name="served", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="served", Targets=[{"Id": "1", "Arn": world.queue("q").arn}])
    put(world)
    world.settle()
    (arrival,) = [record for record in world.trace if isinstance(record.message, Publish)]
    (record,) = bare_matches(world)
    assert record.message == MatchWithoutTarget(arrival.message.event, bare)
    assert (record.time, record.cause) == (arrival.time, arrival.sequence)
    assert record.sender == record.to == arrival.to
    assert not [other for other in world.trace if other.cause == record.sequence]
    event_id = arrival.message.event.id
    assert f"rule/bare matches {event_id[:8]}, and has no target" in str(world.trace)
    assert "✓ rule bare: matches\n      no target" in str(world.trace.why(event_id))


def test_no_archive_counts_as_a_rule_without_targets() -> None:
    """The managed rule of an archive has a target, the archive, whose record is its own."""
    world = sb.World()
    bus = world.client().describe_event_bus()["Arn"]
    world.client().create_archive(ArchiveName="a", EventSourceArn=bus)
    put(world)
    world.run(minutes=1)
    assert bare_matches(world) == []


def test_a_bus_that_goes_at_the_instant_of_a_match_leaves_its_record() -> None:
    """The event was there first: it has matched, whatever is deleted after it."""
    world = sb.World()
    events = world.client()
    events.create_event_bus(Name="shop")
    events.put_rule(Name="bare", EventBusName="shop", EventPattern='{"source": ["shop"]}')
    put(world, bus="shop")
    events.delete_rule(Name="bare", EventBusName="shop")
    events.delete_event_bus(Name="shop")
    world.run(minutes=1)
    assert matched(world, "bare", "shop") == [("2026-01-01 00:00:00+00:00", 1)]


STEPS = st.sampled_from(
    ["put", "put", "other", "off", "on", "narrow", "wide", "gone", "target", "bare", "minute"]
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, max_size=14), delay=st.sampled_from([0, 2_000_000]))
def test_it_counts_like_a_rule_with_a_target(steps: list[str], delay: int) -> None:
    """Whatever is done to the rule, and when: the same rule with a target is the reference."""
    world = sb.World(limits={"control_plane_delay_us": delay})
    queue, events = world.queue("q"), world.client()
    wide, narrow = '{"source": ["shop", "bank"]}', '{"source": ["shop"]}'

    def make(pattern: str = wide) -> None:
        for name in ("judge", "bare"):
            events.put_rule(Name=name, EventPattern=pattern)
        events.put_targets(Rule="judge", Targets=[{"Id": "1", "Arn": queue.arn}])

    def untarget(rule: str) -> None:
        events.remove_targets(Rule=rule, Ids=["1"], Force=True)

    def delete() -> None:
        untarget("judge")
        untarget("bare")
        for name in ("judge", "bare"):
            events.delete_rule(Name=name)

    actions: dict[str, Any] = {
        "put": lambda: put(world),
        "other": lambda: put(world, "bank"),
        "off": lambda: [events.disable_rule(Name=name) for name in ("judge", "bare")],
        "on": lambda: [events.enable_rule(Name=name) for name in ("judge", "bare")],
        "narrow": lambda: make(narrow),
        "wide": make,
        "gone": lambda: (delete(), world.run(seconds=3), make()),
        "target": lambda: events.put_targets(Rule="bare", Targets=[{"Id": "1", "Arn": queue.arn}]),
        "bare": lambda: untarget("bare"),
        "minute": lambda: world.run(minutes=1),
    }
    make()
    for step in steps:
        actions[step]()
        world.run(seconds=1)
    world.run(minutes=1)
    assert matched(world, "bare") == matched(world, "judge")


@pytest.mark.parametrize("trace", ["full", "outcomes"])
def test_a_schedule_without_targets_runs(trace: Any) -> None:
    """Once for each firing, whether its own event matches its pattern or not; not while disabled."""
    world = sb.World(start="2026-01-01T00:00:30Z", trace=trace)
    events = world.client()
    scheduled = '{"source": ["aws.events"]}'
    for name, pattern in (("plain", None), ("both", scheduled), ("neither", '{"source": ["x"]}')):
        given_pattern = {"EventPattern": pattern} if pattern else {}
        events.put_rule(Name=name, ScheduleExpression="cron(0/10 * * * ? *)", **given_pattern)
    world.run(minutes=25)
    for name in ("plain", "both", "neither"):
        events.disable_rule(Name=name)
    world.run(minutes=25)
    firings = [("2026-01-01 00:10:00+00:00", 1), ("2026-01-01 00:20:00+00:00", 1)]
    assert matched(world, "plain") == matched(world, "neither") == firings
    assert [when for when, _ in matched(world, "both")] == [when for when, _ in firings]
    assert world.metrics("TriggeredRules", rule="both").sum == 6  # the others' events match it, too


def test_a_schedule_that_gets_a_target_counts_once() -> None:
    """Each match has one record: of its delivery while it has the target, else of the match alone."""
    world = sb.World(start="2026-01-01T00:00:30Z")
    events, queue = world.client(), world.queue("q")
    events.put_rule(Name="tick", ScheduleExpression="cron(* * * * ? *)")
    world.run(minutes=2)
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": queue.arn}])
    world.run(minutes=2)
    events.remove_targets(Rule="tick", Ids=["1"])
    world.run(minutes=2)
    assert len(queue.received) == 2
    assert [count for _, count in matched(world, "tick")] == [1] * 6
    assert len(bare_matches(world)) == 4


def test_it_counts_on_its_own_bus_until_that_is_gone(tmp_path: Path) -> None:
    """A bus of the same name that is made later begins anew; a trace from a file says the same."""
    world = sb.World()
    events = world.client()
    for _ in range(2):
        events.create_event_bus(Name="shop")
        events.put_rule(Name="bare", EventBusName="shop", EventPattern='{"source": ["shop"]}')
        put(world, bus="shop")
        put(world)
        world.run(minutes=1)
        events.delete_rule(Name="bare", EventBusName="shop")
        events.delete_event_bus(Name="shop")
        events.create_event_bus(Name="shop")
        put(world, bus="shop")
        world.run(minutes=1)
        events.delete_event_bus(Name="shop")
    assert matched(world, "bare", "shop") == [
        ("2026-01-01 00:00:00+00:00", 1),
        ("2026-01-01 00:02:00+00:00", 1),
    ]
    world.trace.to_jsonl(tmp_path / "t.jsonl")
    again = Metrics.from_records(
        sb.Trace.from_jsonl(tmp_path / "t.jsonl"), account=world.account, region=world.region
    )
    assert str(again) == str(world.metrics())


def test_a_replay_is_for_some_rules_only() -> None:
    """A rule that the replay leaves out has not matched; the managed rule of the archive is not counted."""
    world = sb.World(start="2026-03-01T00:00:00Z")
    events = world.client()
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    pattern = json.dumps({"source": ["shop"]})
    arns = [events.put_rule(Name=n, EventPattern=pattern)["RuleArn"] for n in ("in", "out")]
    put(world)
    world.run(minutes=2)
    events.start_replay(
        ReplayName="again",
        EventSourceArn=bus.replace("event-bus/default", "archive/a"),
        EventStartTime="2026-03-01T00:00:00Z",
        EventEndTime="2026-03-01T00:01:00Z",
        Destination={"Arn": bus, "FilterArns": arns[:1]},
    )
    world.run(minutes=5)
    counts = {name: world.metrics("MatchedEvents", rule=name).sum for name in ("in", "out")}
    assert counts == {"in": 2, "out": 1}
    assert world.metrics("MatchedEvents", rule="Events-Archive-a").sum == 0
