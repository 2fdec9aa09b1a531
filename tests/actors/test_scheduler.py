"""Scheduled rules, used through the real client: when they fire, what they emit, who receives it."""

from __future__ import annotations

import json
import pickle
from typing import Any

import anyio
import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.base import clock
from simbridge.model.messages import Match, Publish, Tick

START = "2026-03-01T00:00:00Z"
RULE = "arn:aws:events:us-east-1:123456789012:rule/"


class Desk:
    """A world with one scheduled rule `r` that tells the queue `q`."""

    def __init__(self, expression: str, *, start: str = START, **world: Any) -> None:
        self.world = sb.World(seed=7, start=start, **world)
        self.events = self.world.client("events")
        self.queue = self.world.queue("q")
        self.rule(expression)
        self.events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": self.queue.arn}])

    def rule(self, expression: str, **more: Any) -> None:
        """Create or replace the rule."""
        self.events.put_rule(Name="r", ScheduleExpression=expression, **more)

    def heard(self) -> list[str]:
        """The times of the events that the queue has received since it was last asked."""
        times = [event["time"] for event in self.queue.received]
        self.seen, before = len(times), getattr(self, "seen", 0)
        return times[before:]


def minutes(*times: str) -> list[str]:
    """Times of the first of March."""
    return [f"2026-03-01T{time}Z" for time in times]


def test_the_event_is_aws_s_to_the_letter() -> None:
    """Envelope, key order and compact JSON as recorded; the id is the one of the trace."""
    desk = Desk("rate(1 hour)")
    desk.world.settle()
    (publish,) = [r.message for r in desk.world.trace if isinstance(r.message, Publish)]
    assert desk.queue.messages == [
        f'{{"version":"0","id":"{publish.event.id}","detail-type":"Scheduled Event",'
        '"source":"aws.events","account":"123456789012","time":"2026-03-01T00:00:00Z",'
        f'"region":"us-east-1","resources":["{RULE}r"],"detail":{{}}}}'
    ]
    assert publish.rule == RULE + "r"


def test_a_rate_fires_at_its_anchor_and_every_period_after() -> None:
    """The anchor is the second in which the rule is created; its fraction is left out."""
    desk = Desk("rate(7 minutes)", start="2026-03-01T00:00:12.75Z")
    desk.world.run(minutes=15)
    assert desk.heard() == minutes("00:00:12", "00:07:12", "00:14:12")
    ingested = [r.time for r in desk.world.trace if isinstance(r.message, Publish)]
    assert ingested[0] == clock.instant("2026-03-01T00:00:12.75Z")
    assert ingested[1] == clock.instant("2026-03-01T00:07:12Z")


def test_a_world_may_let_rates_begin_after_one_period() -> None:
    """What AWS does is not certain, so it is a setting."""
    desk = Desk("rate(7 minutes)", rate_first_fires="after_one_period")
    desk.world.run(minutes=15)
    assert desk.heard() == minutes("00:07:00", "00:14:00")
    with pytest.raises(sb.SimbridgeError, match="'immediately' or 'after_one_period'"):
        sb.World(rate_first_fires="never")  # type: ignore[arg-type]


def test_a_cron_fires_strictly_after_it_is_made() -> None:
    """A rule that is created at noon does not fire at noon."""
    desk = Desk("cron(0 12 * * ? *)", start="2026-03-01T12:00:00Z")
    desk.world.run(days=2)
    assert desk.heard() == ["2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z"]


def test_a_disabled_rule_is_silent_and_begins_anew() -> None:
    """Enabling anchors a rate at that second; a cron goes on as if nothing had been."""
    desk = Desk("rate(10 minutes)")
    desk.world.run(minutes=14)
    desk.events.disable_rule(Name="r")
    desk.world.run(minutes=60)
    assert desk.heard() == minutes("00:00:00", "00:10:00")
    desk.events.enable_rule(Name="r")
    desk.world.run(minutes=15)
    assert desk.heard() == minutes("01:14:00", "01:24:00")


def test_a_rule_that_is_made_disabled_waits() -> None:
    """Its anchor is when it is enabled."""
    desk = Desk("rate(10 minutes)")
    desk.rule("rate(10 minutes)", State="DISABLED")
    desk.world.run(minutes=25)
    assert desk.heard() == []
    desk.rule("rate(10 minutes)")  # a state that is left out is ENABLED (captured)
    desk.world.run(minutes=5)
    assert desk.heard() == minutes("00:25:00")


def test_only_another_expression_anchors_anew() -> None:
    """The same text again, other targets, a pattern, a description keep the cadence."""
    desk = Desk("rate(10 minutes)")
    desk.world.run(minutes=14)
    desk.rule("rate(10 minutes)", Description="as before", EventPattern='{"source": ["shop"]}')
    desk.events.enable_rule(Name="r")
    desk.events.put_targets(Rule="r", Targets=[{"Id": "2", "Arn": desk.world.queue("other").arn}])
    desk.events.remove_targets(Rule="r", Ids=["2"])
    desk.world.run(minutes=10)
    assert desk.heard() == minutes("00:00:00", "00:10:00", "00:20:00")
    desk.rule("rate(20 minutes)")
    desk.world.run(minutes=30)
    assert desk.heard() == minutes("00:24:00", "00:44:00")


@pytest.mark.parametrize("how", ["deleted", "replaced by a pattern", "replaced with an empty text"])
def test_what_has_no_schedule_any_more_stops(how: str) -> None:
    """Deleting the rule or leaving its schedule out ends it; a new one begins anew."""
    desk = Desk("rate(10 minutes)")
    desk.world.run(minutes=14)
    desk.heard()
    if how == "deleted":
        desk.events.remove_targets(Rule="r", Ids=["q"])
        desk.events.delete_rule(Name="r")
    else:
        empty = {} if how == "replaced by a pattern" else {"ScheduleExpression": ""}
        desk.events.put_rule(Name="r", EventPattern='{"source": ["shop"]}', **empty)
    before = len(desk.world.trace)
    desk.world.run(days=1)
    assert not [r for r in desk.world.trace[before:] if isinstance(r.message, Tick | Publish)]
    desk.rule("rate(10 minutes)")
    desk.events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": desk.queue.arn}])
    desk.world.run(minutes=15)
    assert desk.heard() == ["2026-03-02T00:14:00Z", "2026-03-02T00:24:00Z"]


@pytest.mark.parametrize("stand_ins", ["strict", "auto"])
def test_a_cancelled_tick_leaves_no_record(stand_ins: Any) -> None:
    """However often a rule is switched, there is one tick for each firing and nothing else."""
    desk = Desk("rate(1 day)", stand_ins=stand_ins)
    for _ in range(20):
        desk.events.disable_rule(Name="r")
        desk.world.run(minutes=1)
        desk.events.enable_rule(Name="r")
        desk.world.run(minutes=1)
    desk.events.disable_rule(Name="r")
    desk.world.run(days=3)
    ticks = [record for record in desk.world.trace if isinstance(record.message, Tick)]
    assert len(ticks) == len(desk.heard()) == 20
    assert desk.world.trace[-1].time < clock.instant("2026-03-01T00:41:00Z")


def test_a_rule_that_is_deleted_at_once_never_fires() -> None:
    """Created and gone at the same instant: the firing at its anchor is taken back."""
    world = sb.World()
    events = world.client()
    events.put_rule(Name="r", ScheduleExpression="rate(1 minute)")
    events.delete_rule(Name="r")
    world.run(hours=1)
    assert not [r for r in world.trace if isinstance(r.message, Tick | Publish)]


def test_other_rules_see_the_event_and_its_own_rule_once() -> None:
    """Each rule once: the owner whether its pattern matches or not, others if theirs does."""
    desk = Desk("rate(1 hour)")
    aws = json.dumps({"source": ["aws.events"], "resources": [RULE + "r"]})
    desk.events.put_rule(Name="audit", EventPattern=aws)
    desk.events.put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
    for name in ("audit", "shop"):
        arn = desk.world.queue(name).arn
        desk.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    for pattern in (None, aws, '{"source": ["shop"]}'):
        desk.rule("rate(1 hour)", **({"EventPattern": pattern} if pattern else {}))
        desk.world.run(minutes=60)
    deliveries = desk.world.trace.deliveries(outcome="delivered")
    told = [(delivery.rule, delivery.event.envelope["time"][11:16]) for delivery in deliveries]
    hours = ("00:00", "01:00", "02:00", "03:00")
    assert sorted(told) == [(rule, hour) for rule in ("audit", "r") for hour in hours]
    ids = {rule: [d.event.id for d in deliveries if d.rule == rule] for rule in ("audit", "r")}
    assert ids["audit"] == ids["r"]


def test_a_rule_with_both_fires_and_matches() -> None:
    """A pattern and a schedule on one rule: it receives what matches, and its own events."""
    desk = Desk("rate(1 hour)")
    desk.rule("rate(1 hour)", EventPattern='{"source": ["shop"]}')
    entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}
    desk.events.put_events(Entries=[entry])
    desk.world.run(minutes=90)
    assert sorted(event["source"] for event in desk.queue.received) == [
        "aws.events",
        "aws.events",
        "shop",
    ]


def test_a_rule_without_targets_emits_all_the_same() -> None:
    """The event is on the bus for others; all targets of one rule share one id."""
    desk = Desk("rate(1 hour)")
    desk.events.put_rule(Name="idle", ScheduleExpression="cron(30 0 * * ? *)")
    desk.events.put_rule(Name="all", EventPattern='{"source": ["aws.events"]}')
    arns = [desk.world.queue(name).arn for name in ("a", "b")]
    targets = [{"Id": str(n), "Arn": arn} for n, arn in enumerate(arns)]
    desk.events.put_targets(Rule="all", Targets=targets)
    desk.world.run(minutes=59)
    heard = desk.world.queue("a").received
    assert [event["resources"] for event in heard] == [[RULE + "r"], [RULE + "idle"]]
    assert heard == desk.world.queue("b").received


def test_put_events_does_not_reach_a_rule_without_a_pattern() -> None:
    """A schedule is not a pattern that matches everything, nor may others speak as aws.events."""
    desk = Desk("cron(0 12 * * ? *)")
    entry = {"Source": "shop", "DetailType": "t", "Detail": "{}", "Resources": [RULE + "r"]}
    desk.events.put_events(Entries=[entry, {**entry, "Source": "aws.events"}])
    desk.world.settle()
    assert not [r for r in desk.world.trace if isinstance(r.message, Match)]


def test_ten_years_of_seven_minutes_land_where_arithmetic_says() -> None:
    """Zero drift: the n-th firing is n periods after the anchor, and none is missing."""
    desk = Desk("rate(7 minutes)", start="2026-03-01T00:00:41Z")
    desk.events.remove_targets(Rule="r", Ids=["q"])
    desk.world.run(until="2036-03-01T00:00:00Z")
    anchor, period = clock.instant("2026-03-01T00:00:41Z"), 7 * 60 * clock.SECOND
    ticks = [r for r in desk.world.trace if isinstance(r.message, Tick)]
    count = (clock.instant("2036-03-01T00:00:00Z") - anchor) // period + 1
    assert count == 751_475
    due = list(range(anchor, anchor + count * period, period))
    assert [record.time for record in ticks] == due
    assert [record.message.due_us for record in ticks] == due


def test_a_schedule_may_be_late_within_a_bound_and_does_not_drift() -> None:
    """The event carries the instant that was due; how late it is comes from the seed."""
    bound = 40 * clock.SECOND
    desk = Desk("rate(1 minute)", limits={"schedule_lateness_us": bound})
    desk.world.run(hours=5)
    publishes = [r for r in desk.world.trace if isinstance(r.message, Publish)]
    due = [clock.instant(r.message.event.envelope["time"]) for r in publishes]
    late = [record.time - at for record, at in zip(publishes, due, strict=True)]
    assert due == [clock.instant(START) + n * 60 * clock.SECOND for n in range(len(due))]
    assert 0 <= min(late) < bound / 10 < bound * 0.9 < max(late) <= bound
    assert len(due) in (300, 301)


def test_rules_do_not_disturb_each_other() -> None:
    """Another rule changes neither the times nor the ids of the first one's events."""
    alone, beside = Desk("rate(7 minutes)"), Desk("rate(7 minutes)")
    beside.events.put_rule(Name="a", ScheduleExpression="rate(2 minutes)")
    for desk in (alone, beside):
        desk.world.run(hours=3)
    assert alone.queue.messages == beside.queue.messages


def test_a_world_that_is_copied_midway_goes_on_alike() -> None:
    """Fork and pickle between two firings: three equal futures, each on its own."""
    desk = Desk("rate(7 minutes)", limits={"schedule_lateness_us": 30_000_000})
    desk.events.put_rule(Name="c", ScheduleExpression="cron(3/11 * ? * SUN *)")
    desk.world.run(minutes=50)
    worlds = [desk.world.fork(), pickle.loads(pickle.dumps(desk.world)), desk.world]
    for world in worlds:
        world.client().disable_rule(Name="c")
        world.run(hours=3)
    assert len({world.trace.digest() for world in worlds}) == 1
    worlds[0].client().disable_rule(Name="r")
    for world in worlds:
        world.run(hours=1)
    counts = [len(world.queue("q").messages) for world in worlds]
    assert counts[0] < counts[1] == counts[2]


async def _switching(world: sb.World) -> None:
    events = world.client("events")
    events.put_rule(Name="r", ScheduleExpression="rate(7 minutes)")
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": world.queue("q").arn}])
    for hour in range(3):
        await anyio.sleep(3600)
        (events.disable_rule, events.enable_rule)[hour % 2](Name="r")
    await anyio.sleep(3600)


def test_one_digest_on_every_host() -> None:
    """The same story under trio, under asyncio and with world.run."""
    digests = set()
    for backend in ("trio", "asyncio"):
        digests.add(sb.run(_switching, seed=7, backend=backend).trace.digest())
    world = sb.World(seed=7)
    events = world.client("events")
    events.put_rule(Name="r", ScheduleExpression="rate(7 minutes)")
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": world.queue("q").arn}])
    for hour in range(3):
        world.run(hours=1)
        (events.disable_rule, events.enable_rule)[hour % 2](Name="r")
    world.run(hours=1)
    digests.add(world.trace.digest())
    assert len(digests) == 1
    assert len(world.queue("q").messages) == 9 + 9


def test_a_handler_may_switch_off_its_own_rule() -> None:
    """A function that is invoked by a schedule and disables it is invoked once."""
    world = sb.World()
    events = world.client()
    once = world.function("once", lambda event: events.disable_rule(Name="r") and None)
    events.put_rule(Name="r", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": once.arn}])
    world.run(days=1)
    assert len(once.received) == 1


def test_the_client_receives_aws_and_the_trace_tells_more() -> None:
    """A refused schedule has AWS's exact text for the client; the timeline adds what to write."""
    world = sb.World()
    with pytest.raises(ClientError) as caught:
        world.client().put_rule(Name="r", ScheduleExpression="rate(1 minutes)")
    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Parameter ScheduleExpression is not valid.",
    }
    assert "Write rate(1 minute): 1 takes the singular." in str(world.trace)


def test_accounts_and_regions_have_their_own_rules() -> None:
    """The event names the account and region of its rule."""
    world = sb.World()
    events = world.client(account="210987654321", region="eu-west-1")
    arn = "arn:aws:sqs:eu-west-1:210987654321:q"
    queue = world.stand_in(arn)
    events.put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.settle()
    (event,) = queue.received
    assert (event["account"], event["region"]) == ("210987654321", "eu-west-1")
    assert event["resources"] == ["arn:aws:events:eu-west-1:210987654321:rule/r"]
