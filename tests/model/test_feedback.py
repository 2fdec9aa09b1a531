"""Loops that let time pass: growth is stopped, a long chain is told, a wide load is neither."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import simbridge as sb
from simbridge.model.feedback import _Circle

ENTRY = {"Source": "loop", "DetailType": "Again", "Detail": "{}"}


def on(
    world: sb.World, name: str, source: str, handler: Callable[..., Any], **function: Any
) -> None:
    """A rule that runs a handler for the events of a source."""
    events = world.client()
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    arn = world.function(name, handler, **function).arn
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])


def feeding(
    world: sb.World, count: int, seconds: float, source: str = "loop"
) -> Callable[..., Any]:
    """A handler that waits and then puts so many events."""
    events = world.client()

    async def handler(event: dict[str, Any]) -> None:
        await anyio.sleep(seconds)
        entries = [{**ENTRY, "Source": source}] * count
        for begin in range(0, count, 10):
            events.put_events(Entries=entries[begin : begin + 10])

    return handler


FEW = {"feedback_events_per_day": 1000}
WORLDS: list[dict[str, Any]] = [
    {},
    {"trace": "outcomes", "limits": FEW},
    {"profile": "aws", "limits": FEW},
    {"backend": "trio", "limits": FEW},
]


@pytest.mark.parametrize("options", WORLDS)
def test_what_doubles_is_stopped_and_named(options: dict[str, Any]) -> None:
    """On every profile, level of trace and backend: circle, event and growth; then it can go on."""
    world = sb.World(seed=2, **options)
    on(world, "again", "loop", feeding(world, 2, 600))
    world.run(minutes=1)
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway) as caught:
        world.run(days=2)
    text = str(caught.value)
    assert f"{1_001 if 'limits' in options else 10_001:,} events put within" in text
    assert "rule/again -> arn:aws:lambda:us-east-1:123456789012:function:again" in text
    assert "'loop' 'Again'" in text and "2.0 times those of the one before" in text
    assert len(world.trace) < 200_000
    with pytest.raises(sb.Runaway):
        world.run(days=2)


def test_two_rules_that_feed_each_other() -> None:
    """The circle is told in its order, beginning with the rule whose handler puts too much."""
    world = sb.World(limits={"feedback_events_per_day": 200})
    on(world, "first", "loop", feeding(world, 2, 60, "other"))
    on(world, "second", "other", feeding(world, 1, 60, "loop"))
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway) as caught:
        world.run(days=1)
    lines = str(caught.value).splitlines()
    steps = [line.rpartition(":")[2] for line in lines if line.startswith("  arn:")]
    assert steps == ["first", "second"]


def test_slow_growth_is_reported_by_what_is_under_way() -> None:
    """Ten times in ten days: never many within a day, but ever more wait at once."""
    world = sb.World(limits={"feedback_events_per_day": 500})
    on(world, "again", "loop", feeding(world, 3, 40 * 86_400))
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway, match=r"executions under way at once|put within"):
        world.run(days=400)


def test_records_of_lambda_may_feed_a_loop() -> None:
    """A function that fails, and whose record runs it again twice over."""
    world = sb.World(limits={"feedback_events_per_day": 100})
    bus = world.client().describe_event_bus()["Arn"]

    def fails(event: dict[str, Any]) -> None:
        raise ValueError

    on(world, "one", "lambda", fails, on_failure=bus)
    on(world, "two", "lambda", fails, on_failure=bus)
    on(world, "start", "loop", fails, on_failure=bus)
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway, match="descendants of 'loop' 'Again'"):
        world.run(days=2)


def test_a_loop_across_regions_is_seen() -> None:
    """There and back: an event that is forwarded to another region gets another id, not another family."""
    world = sb.World(limits={"feedback_events_per_day": 300})
    there = world.client(region="eu-west-1")
    role = "arn:aws:iam::123456789012:role/forward"
    far = there.describe_event_bus()["Arn"]
    world.client().put_rule(Name="away", EventPattern='{"source": ["loop"]}')
    target = {"Id": "1", "Arn": far, "RoleArn": role}
    world.client().put_targets(Rule="away", Targets=[target])
    there.put_rule(Name="back", EventPattern='{"source": ["loop"]}')
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:back"
    world.stand_in(arn, feeding(world, 2, 60))
    there.put_targets(Rule="back", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway, match="rule/back"):
        world.run(days=1)


def test_a_saga_that_polls_is_legal_and_reported_once() -> None:
    """One event at a time, as long as it likes: a warning after so many generations, no error."""
    world = sb.World(limits={"feedback_generations": 300})
    on(world, "poll", "loop", feeding(world, 1, 600))
    world.client().put_events(Entries=[ENTRY])
    with pytest.warns(sb.FeedbackWarning, match="gone round 300 times") as told:
        world.run(days=30)
    assert len(told) == 1
    assert len(world.trace.deliveries()) > 4000


def test_a_chain_that_polls_every_few_seconds_is_no_growth() -> None:
    """More events within a day than the bound, but one at a time; with news put beside each poll."""
    world = sb.World(limits={"feedback_events_per_day": 500, "feedback_generations": 0})
    events = world.client()

    async def polls(event: dict[str, Any]) -> None:
        await anyio.sleep(5)
        events.put_events(Entries=[ENTRY, {**ENTRY, "Source": "news"}])

    on(world, "poll", "loop", polls)
    events.put_events(Entries=[ENTRY])
    world.run(hours=3)
    assert len(world.trace.deliveries()) == 3 * 720 + 1


def test_what_comes_back_through_a_replay_is_of_the_same_family() -> None:
    """A function that replays the archive of its own events twice as large each time."""
    world = sb.World(limits={"feedback_events_per_day": 300})
    events = world.client()
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(
        ArchiveName="all", EventSourceArn=bus, EventPattern='{"source": ["loop"]}'
    )
    replays: list[str] = []

    def again(event: dict[str, Any]) -> None:
        replays.append(f"replay-{len(replays)}")
        events.start_replay(
            ReplayName=replays[-1],
            EventSourceArn=world.archive("all").arn,
            EventStartTime="2026-01-01T00:00:00Z",
            EventEndTime="2026-02-01T00:00:00Z",
            Destination={"Arn": bus},
        )

    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    arn = world.function("again", again).arn
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": arn}])
    on(world, "twice", "loop", feeding(world, 2, 1))
    events.put_events(Entries=[ENTRY])
    with pytest.raises(sb.Runaway, match="rule/twice"):
        world.run(days=3)


def test_a_warning_that_is_an_error_ends_the_run_and_the_chain_goes_on() -> None:
    """Under -W error the run ends once; nothing is lost."""
    world = sb.World(limits={"feedback_generations": 10})
    on(world, "poll", "loop", feeding(world, 1, 600))
    world.client().put_events(Entries=[ENTRY])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(sb.FeedbackWarning):
            world.run(days=1)
        world.run(until="2026-01-02T00:00:00Z")
    assert len(world.trace.deliveries()) == 24 * 6 + 1


def test_many_families_are_no_circle() -> None:
    """A pipeline of three functions for each of many orders, and sagas of a few rounds each."""
    world = sb.World(limits={"feedback_events_per_day": 20})
    events = world.client()

    def polls(event: dict[str, Any]) -> None:
        if (times := event["detail"]["times"]) < 10:
            detail = json.dumps({"times": times + 1})
            events.put_events(Entries=[{**ENTRY, "Detail": detail}])

    on(world, "poll", "loop", polls)
    on(world, "fan", "wide", feeding(world, 100, 1, "leaf"))
    on(world, "leaf", "leaf", lambda event: None)
    entry = {**ENTRY, "Detail": '{"times": 0}'}
    for _ in range(20):
        events.put_events(Entries=[entry, entry, {**ENTRY, "Source": "wide"}])
        world.run(minutes=5)
    assert len(world.trace.deliveries()) == 20 * (2 * 11 + 1 + 100)


def test_bounds_may_be_lifted() -> None:
    """0 is no bound."""
    world = sb.World(limits={"feedback_events_per_day": 0, "feedback_generations": 0})
    on(world, "again", "loop", feeding(world, 2, 600))
    world.client().put_events(Entries=[ENTRY])
    world.run(minutes=90)
    assert len(world.trace.deliveries()) == 2**10 - 1


@pytest.mark.parametrize("copy", [sb.World.fork, lambda w: pickle.loads(pickle.dumps(w))])
def test_a_copy_stops_where_the_world_does(copy: Callable[[sb.World], sb.World]) -> None:
    """What is known of families goes along, and is not shared."""
    world = sb.World(limits={"feedback_events_per_day": 300})
    world.client().put_rule(Name="again", EventPattern='{"source": ["loop"]}')
    bus = world.client().describe_event_bus()["Arn"]
    arn = world.function("again", _fails, on_failure=bus).arn
    for rule in ("again", "and-again"):
        pattern = json.dumps({"source": ["loop", "lambda"]})
        world.client().put_rule(Name=rule, EventPattern=pattern)
        world.client().put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    world.run(minutes=10)
    ends = []
    for one in (copy(world), world):
        with pytest.raises(sb.Runaway) as caught:
            one.run(days=1)
        ends.append((str(caught.value), one.now, one.trace.digest()))
    assert ends[0] == ends[1]


def _fails(event: dict[str, Any]) -> None:
    raise ValueError


def test_a_late_retry_is_no_generation_without_executions() -> None:
    """Lambda may run an event of an old generation again, when the latest are far ahead of it."""
    circle = _Circle(10)
    for generation in range(2, 20):
        circle.begin(generation, counts=True)
    circle.begin(2, counts=False)
    assert list(circle.generations) == list(range(14, 20))
    assert min(circle.generations.values()) == 1
