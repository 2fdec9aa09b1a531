"""The profile "aws": that its worlds take the times which its numbers say, and are as determined."""

from __future__ import annotations

import json
import pickle
from typing import Any

import anyio
import pytest

import simbridge as sb
from simbridge.base.clock import SECOND, instant
from simbridge.model.limits import LIMITS
from simbridge.model.messages import Execute, Invoke, Outcome, Publish
from simbridge.storage.events import MINUTE

START = {"function_start_median_us": 60_000, "function_start_p99_us": 200_000}
ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}


def told(world: sb.World, arn: str, name: str = "r") -> None:
    """A rule that sends what the shop says to a target."""
    world.client().put_rule(Name=name, EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])


def put(world: sb.World, count: int = 1) -> list[str]:
    """Ids of new events."""
    ids: list[str] = []
    for first in range(0, count, 10):
        entries = [
            {**ENTRY, "Detail": json.dumps({"n": number})}
            for number in range(first, min(first + 10, count))
        ]
        answer = world.client().put_events(Entries=entries)
        ids += [entry["EventId"] for entry in answer["Entries"]]
    return ids


def started(world: sb.World) -> list[tuple[int, int]]:
    """When each event was accepted, and when its handler was started for the first time."""
    accepted = {
        record.message.delivery: record.time
        for record in world.trace
        if isinstance(record.message, Outcome) and record.message.error is None
    }
    return [
        (accepted[record.message.delivery], record.time)
        for record in world.trace
        if isinstance(record.message, Execute) and record.message.attempt == 1
    ]


def test_functions_start_a_while_after_they_have_accepted() -> None:
    """Log-normal, 60 ms and 200 ms, within what 3,000 draws leave open; the delivery knows nothing of it."""
    world = sb.World(seed=5, profile=START)
    seen: list[float] = []
    told(world, world.function("pay", lambda event: seen.append(world.now.timestamp())).arn)
    put(world, 3_000)
    world.settle()
    assert seen == []
    world.run(seconds=3)
    late = sorted(start - accepted for accepted, start in started(world))
    assert len(late) == len(seen) == 3_000
    assert 57_000 < late[1_500] < 63_000
    assert 178_000 < late[2_970] < 226_000
    assert {delivery.latency for delivery in world.trace.deliveries()} == {0.0}
    begin = instant("2026-01-01T00:00:00Z") / SECOND
    assert sorted(round((at - begin) * SECOND) for at in seen) == late


def test_from_put_to_handler_is_below_what_was_measured() -> None:
    """Both draws together: at most the 148 ms and 387 ms that were seen with the network between."""
    world = sb.World(seed=5, profile="aws", limits={"control_plane_jitter_us": 0})
    told(world, world.function("pay", lambda event: None).arn)
    world.settle()
    begin = world._kernel.now
    put(world, 2_000)
    world.run(seconds=5)
    times = sorted(start - begin for _, start in started(world))
    assert 110_000 < times[1_000] < 148_000
    assert 200_000 < times[1_980] < 387_000


def test_only_functions_start_late() -> None:
    """A handler of a queue, or of a state machine, is called when the message arrives."""
    world = sb.World(profile=START)
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:desk"
    seen: list[Any] = []
    target = {"Id": "1", "Arn": world.stand_in(arn, seen.append).arn}
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    role = {"RoleArn": "arn:aws:iam::123456789012:role/start"}
    world.client().put_targets(Rule="r", Targets=[target | role])
    world.stand_in(world.queue("q").arn, seen.append)
    told(world, world.queue("q").arn, "s")
    put(world)
    world.settle()
    assert len(seen) == 2


def test_a_start_is_the_same_whatever_else_happens() -> None:
    """Its luck is that of the event and the rule: attempts before it, and other functions, do not count."""

    def start(failures: int) -> int:
        world = sb.World(seed=9, profile=START)
        pay = world.function("pay", lambda event: None)
        pay.behaves(sb.scripted(["THROTTLING"] * failures + ["ok"]))
        told(world, pay.arn)
        if failures:
            told(world, world.function("other", lambda event: None).arn, "b")
        put(world)
        world.run(minutes=5)
        [late] = [
            record.time
            - next(
                one.time
                for one in world.trace
                if isinstance(one.message, Outcome)
                and one.message.error is None
                and one.message.delivery == record.message.delivery
            )
            for record in world.trace
            if isinstance(record.message, Execute) and record.to == pay.arn
        ]
        return late

    assert start(0) == start(3) > 0


def test_a_function_that_raises_is_run_again_as_ever() -> None:
    """A minute after it has raised, two minutes after that, with a context whose time is virtual."""
    world = sb.World(profile=START)
    seen: list[tuple[int, int]] = []

    def charge(event: dict[str, Any], context: Any) -> None:
        seen.append((world._kernel.now, context.get_remaining_time_in_millis()))
        raise ValueError("no price")

    told(world, world.function("pay", charge, timeout="20s").arn)
    put(world)
    world.run(minutes=10)
    (first, left), (second, _), (third, _) = seen
    assert (second - first, third - second, left) == (MINUTE, 2 * MINUTE, 20_000)


@pytest.mark.parametrize("copy", ["fork", "pickle"])
def test_a_copy_made_before_a_start_has_the_same_future(copy: str) -> None:
    """Accepted and not started yet: the handler runs in each of the two worlds."""
    world = sb.World(seed=2, profile=START)
    told(world, world.function("pay", _no_price).arn)
    put(world, 20)
    world.settle()
    twin = world.fork() if copy == "fork" else pickle.loads(pickle.dumps(world))
    world.run(minutes=10)
    twin.run(minutes=10)
    assert len(started(twin)) == 20
    assert world.trace.digest() == twin.trace.digest()


def _no_price(event: dict[str, Any]) -> None:
    raise ValueError("no price")


def fired(world: sb.World) -> dict[str, list[tuple[int, int]]]:
    """What was due and how late it came, for each rule with a schedule."""
    found: dict[str, list[tuple[int, int]]] = {}
    for record in world.trace:
        if isinstance(record.message, Publish) and record.message.rule is not None:
            due = instant(record.message.event.envelope["time"])
            found.setdefault(record.message.rule, []).append((due, record.time - due))
    return found


def test_each_cron_rule_has_its_place_in_the_minute() -> None:
    """Even over 55 s from rule to rule, within 5 s from firing to firing, never beyond the minute."""
    world = sb.World(seed=1, profile="aws", limits={"control_plane_jitter_us": 0})
    for number in range(300):
        world.client().put_rule(Name=f"r{number}", ScheduleExpression="cron(* * * * ? *)")
    world.run(minutes=20)
    rules = fired(world)
    assert len(rules) == 300
    for times in rules.values():
        late = [after for _, after in times]
        assert len(times) >= 19 and all(due % MINUTE == 0 for due, _ in times)
        assert max(late) - min(late) <= 5 * SECOND
        assert min(late) >= 0 and max(late) < MINUTE
    first = [min(after for _, after in times) for times in rules.values()]
    bins = [
        sum(bound <= after < bound + 11 * SECOND for after in first)
        for bound in range(0, 55 * SECOND, 11 * SECOND)
    ]
    assert all(abs(count - 60) < 3.5 * 7 for count in bins)  # sd of a count: 6.9
    mean = sum(after for times in rules.values() for _, after in times) / 300 / 20 / SECOND
    assert 26 < mean < 34  # 30 of 55 and 5 seconds; the sd of the mean of 300 is 0.9


def test_a_rate_has_the_second_of_its_anchor() -> None:
    """The offset is not for it."""
    world = sb.World(start="2026-01-01T00:00:17Z", profile={"schedule_offset_us": 55_000_000})
    world.client().put_rule(Name="r", ScheduleExpression="rate(1 minute)")
    world.run(minutes=5)
    [times] = fired(world).values()
    assert {late for _, late in times} == {0}


def test_the_place_of_a_rule_is_its_own() -> None:
    """It stays when the rule is enabled anew or gets another cron, and when there are more rules."""
    profile = {"schedule_offset_us": 55_000_000}
    alone, beside = sb.World(seed=4, profile=profile), sb.World(seed=4, profile=profile)
    for world in (alone, beside):
        events = world.client()
        if world is beside:
            events.put_rule(Name="a", ScheduleExpression="cron(* * * * ? *)")
        events.put_rule(Name="r", ScheduleExpression="cron(* * * * ? *)")
        world.run(minutes=3)
        events.disable_rule(Name="r")
        world.run(minutes=3)
        events.put_rule(Name="r", ScheduleExpression="cron(0/2 * * * ? *)")
        world.run(minutes=6)
    late = [
        {after for arn, times in fired(world).items() if arn.endswith("/r") for _, after in times}
        for world in (alone, beside)
    ]
    assert len(late[0]) == 1 and late[0] == late[1]


def replay(world: sb.World, minutes: int) -> Any:
    """Archive some minutes of events, wait, replay them."""
    events = world.client()
    source = f"arn:aws:events:us-east-1:{world.account}:event-bus/default"
    archive = events.create_archive(ArchiveName="a", EventSourceArn=source)["ArchiveArn"]
    world.run(seconds=10)
    begin = world.now
    for _ in range(minutes):
        put(world)
        world.run(minutes=1)
    world.run(minutes=3)
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=begin,
        EventEndTime=world.now,
        Destination={"Arn": source},
    )
    return events


def took(shown: dict[str, Any]) -> float:
    return float((shown["ReplayEndTime"] - shown["ReplayStartTime"]).total_seconds())


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 60), (1, 61), (4, 64)])
def test_replays_take_the_time_of_real_ones(minutes: int, seconds: int) -> None:
    """60.6 s on average, 54 to 67, for none to three minutes with events."""
    world = sb.World(seed=1, profile="aws")
    events = replay(world, minutes)
    world.run(minutes=5)
    shown = events.describe_replay(ReplayName="again")
    assert shown["State"] == "COMPLETED"
    assert took(shown) == seconds


def test_a_replay_that_is_stopped_at_once_ends_with_its_start() -> None:
    """Cancelled: after 70 s, where 73 were seen; without its archive: after 60, where 51 and 57 were."""
    for operation, name, state, seconds in (
        ("cancel_replay", {"ReplayName": "again"}, "CANCELLED", 70),
        ("delete_archive", {"ArchiveName": "a"}, "FAILED", 60),
    ):
        world = sb.World(seed=1, profile="aws")
        events = replay(world, 1)
        getattr(events, operation)(**name)
        world.run(minutes=5)
        shown = events.describe_replay(ReplayName="again")
        assert (shown["State"], took(shown)) == (state, seconds)


@pytest.mark.parametrize(("region", "seconds"), [("us-east-1", 61), ("eu-central-2", 62)])
def test_a_replay_takes_longer_where_the_quota_is_lower(region: str, seconds: int) -> None:
    """800 events of a minute are put within a second, or at 400 a second."""
    world = sb.World(seed=1, profile="aws", region=region)
    events = world.client()
    source = f"arn:aws:events:{region}:{world.account}:event-bus/default"
    archive = events.create_archive(ArchiveName="a", EventSourceArn=source)["ArchiveArn"]
    world.run(seconds=10)
    begin = world.now
    put(world, 800)
    world.run(minutes=5)
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=begin,
        EventEndTime=world.now,
        Destination={"Arn": source},
    )
    world.run(minutes=5)
    assert took(events.describe_replay(ReplayName="again")) == seconds


@pytest.mark.parametrize(("wait", "replayed"), [(30, 0), (90, 1)])
def test_an_event_can_be_replayed_two_minutes_after_it_came(wait: int, replayed: int) -> None:
    """A replay that reads its minute sooner does not find it."""
    world = sb.World(seed=1, profile="aws")
    events = replay(world, 0)
    begin = world.now
    put(world)
    world.run(seconds=wait)
    archive = f"arn:aws:events:us-east-1:{world.account}:archive/a"
    events.start_replay(
        ReplayName="soon",
        EventSourceArn=archive,
        EventStartTime=begin.subtract(minutes=1),
        EventEndTime=world.now,
        Destination={"Arn": f"arn:aws:events:us-east-1:{world.account}:event-bus/default"},
    )
    world.run(minutes=5)
    again = [
        r
        for r in world.trace
        if isinstance(r.message, Publish) and "replay-name" in r.message.event.envelope
    ]
    assert len(again) == replayed


def _begin(world: sb.World) -> None:
    """Something of everything that the profile has a number for."""
    told(world, world.function("pay", _answer).arn)
    told(world, world.queue("q").arn, "s")
    world.client().put_rule(Name="cron", ScheduleExpression="cron(* * * * ? *)")


def _change(world: sb.World) -> None:
    put(world, 20)
    world.client().disable_rule(Name="s")
    world.client().enable_rule(Name="s")


async def _day(world: sb.World) -> None:
    _begin(world)
    for _ in range(5):
        _change(world)
        await anyio.sleep(3)
    await anyio.sleep(300)


async def _answer(event: dict[str, Any]) -> str:
    await anyio.sleep(0.25)
    return "done"


def test_the_same_digest_on_every_host() -> None:
    """asyncio, trio and `world.run`; and another seed is another day."""
    world = sb.World(seed=7, profile="aws")
    _begin(world)
    for _ in range(5):
        _change(world)
        world.run(seconds=3)
    world.run(seconds=300)
    digests = [
        sb.run(_day, seed=seed, profile="aws", backend=backend).trace.digest()
        for seed, backend in ((7, "asyncio"), (7, "trio"), (7, "asyncio"), (8, "asyncio"))
    ]
    assert world.trace.digest() == digests[0] == digests[1] == digests[2] != digests[3]


def test_a_profile_written_out_is_the_profile() -> None:
    """Its numbers as a mapping, and as limits, make the same world."""
    numbers = {name: limit.aws for name, limit in LIMITS.items() if limit.aws is not None}
    options: list[dict[str, Any]] = [{"profile": "aws"}, {"profile": numbers}, {"limits": numbers}]
    digests = {sb.run(_day, seed=7, **each).trace.digest() for each in options}
    assert len(digests) == 1
    assert sb.run(_day, seed=7).trace.digest() not in digests


def test_the_ideal_profile_knows_none_of_it() -> None:
    """Handlers run in the instant of their invocation, without a message more."""
    world = sb.World()
    told(world, world.function("pay", lambda event: None).arn)
    put(world, 10)
    world.settle()
    kinds = [type(record.message) for record in world.trace]
    assert Execute not in kinds and kinds.count(Invoke) == 10
    assert {record.time for record in world.trace} == {instant("2026-01-01T00:00:00Z")}
