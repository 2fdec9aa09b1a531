"""When changes take effect: drawn for each, and in the order of the calls where they are of one thing."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.clock import SECOND, iso_micros
from simbridge.model import arn as arns
from simbridge.model.messages import Call, Configure, Publish, Retire
from simbridge.model.resources import Rule

JITTER = {"control_plane_jitter_us": 8_000_000}
PATTERNS = '{"source": ["shop"]}', '{"source": ["bank"]}'
BUSES = "default", "one", "two"

RULE = st.tuples(st.sampled_from(BUSES), st.sampled_from(("a", "b")))
STEP = st.one_of(
    st.tuples(
        st.just("put_rule"),
        RULE,
        st.sampled_from(PATTERNS),
        st.sampled_from(("ENABLED", "DISABLED")),
    ),
    st.tuples(st.just("schedule"), RULE),
    st.tuples(st.sampled_from(("enable_rule", "disable_rule", "delete_rule")), RULE),
    st.tuples(st.just("put_targets"), RULE, st.sampled_from("xyz"), st.sampled_from("12")),
    st.tuples(st.just("remove_targets"), RULE, st.sampled_from("xyz")),
    st.tuples(st.sampled_from(("create_event_bus", "delete_event_bus")), st.sampled_from(BUSES)),
    st.tuples(st.just("policy"), st.sampled_from(BUSES), st.sampled_from("12")),
    st.tuples(st.sampled_from(("create_archive", "delete_archive")), st.sampled_from(BUSES)),
    st.tuples(st.just("wait"), st.integers(0, 9_000)),
)


def call(world: sb.World, step: tuple[Any, ...]) -> None:
    """Make one call; a refusal changes nothing."""
    events = world.client()
    try:
        match step:
            case ("wait", milliseconds):
                world.run(seconds=milliseconds / 1000)
            case ("put_rule", (bus, name), pattern, state):
                events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern, State=state)
            case ("schedule", (bus, name)):
                expression = "cron(0 12 1 1 ? 2030)"
                events.put_rule(Name=name, EventBusName=bus, ScheduleExpression=expression)
            case ("put_targets", (bus, name), target, body):
                targets = [{"Id": target, "Arn": world.queue("q").arn, "Input": body}]
                events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
            case ("remove_targets", (bus, name), target):
                events.remove_targets(Rule=name, EventBusName=bus, Ids=[target])
            case (("create_event_bus" | "delete_event_bus") as operation, bus):
                getattr(events, operation)(Name=bus)
            case ("policy", bus, statement):
                events.put_permission(
                    EventBusName=bus,
                    Action="events:PutEvents",
                    Principal="222222222222",
                    StatementId=statement,
                )
            case ("create_archive", bus):
                source = arns.event_bus_arn(world.region, world.account, bus)
                events.create_archive(ArchiveName=bus, EventSourceArn=source)
            case ("delete_archive", bus):
                events.delete_archive(ArchiveName=bus)
            case (operation, (bus, name)):
                getattr(events, operation)(Name=name, EventBusName=bus)
    except events.exceptions.ClientError:
        pass


def disagreements(world: sb.World) -> list[str]:
    """Where the data plane is not as the control plane says: buses, rules, targets, schedules, archives."""
    actors, store = world._kernel.actors, world._plane.store(world.account, world.region)
    wrong: list[str] = []
    wanted: set[str] = set()
    for bus in store.buses.values():
        actor: Any = actors[bus.arn]
        wanted.add(bus.arn)
        if (actor.bus or bus.event_bus) != bus.event_bus:
            wrong.append(f"bus {bus.name}")
        for name, rule in bus.rules.items():
            known = actor.rules.get(name)
            shown = () if rule.archive_arn else rule.targets
            if known is None or known.state != rule.state or known.targets != shown:
                wrong.append(f"rule {name}")
            elif known.event_pattern != rule.event_pattern:
                wrong.append(f"pattern of {name}")
            if rule.archive_arn and actor.archives.get(name) != rule.archive_arn:
                wrong.append(f"archive of {name}")
            wanted |= {target.address for target in shown}
            wanted |= {rule.arn} if rule.schedule is not None else set()
        wrong += [f"rule {name} is there" for name in actor.rules if name not in bus.rules]
    for entry in store.archives.values():
        if getattr(actors.get(entry.archive.arn), "archive", None) != entry.archive:
            wrong.append(f"archive {entry.archive.name}")
    there = {address for address in actors if ":events:" in address and ":archive/" not in address}
    return wrong + sorted(there ^ wanted)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.lists(STEP, max_size=40))
def test_the_last_call_wins(seed: int, steps: list[tuple[Any, ...]]) -> None:
    """Whatever the draws are, the data plane ends in the state that the control plane shows.

    And each change takes effect within the time that the limits give it.
    """
    world = sb.World(seed=seed, profile=JITTER)
    for step in (("create_event_bus", "one"), *steps):
        call(world, step)
    world.run(seconds=8)
    assert disagreements(world) == []
    called = {
        record.sequence: record.time for record in world.trace if isinstance(record.message, Call)
    }
    late = [
        record.time - called[record.cause]
        for record in world.trace
        if isinstance(record.message, Configure | Retire) and record.cause in called
    ]
    assert all(0 <= delay <= 8 * SECOND for delay in late)


def effects(world: sb.World) -> dict[str, list[int]]:
    """When the changes of each rule have taken effect, in the order of their calls."""
    found: dict[str, list[tuple[int, int]]] = {}
    for record in world.trace:
        match record.message:
            case Configure(Rule(arn=arn)) | Retire(arn):
                found.setdefault(arn, []).append((record.cause, record.time))
    return {arn: [time for _, time in sorted(changes)] for arn, changes in found.items()}


def test_the_draws_are_even() -> None:
    """Of a thousand rules as many take effect in each of eight seconds, within sampling error."""
    world = sb.World(seed=3, profile={**JITTER, "rules_per_bus": 1000})
    events, begin = world.client(), world._kernel.now
    for number in range(1000):
        events.put_rule(Name=f"r{number}", EventPattern=PATTERNS[0])
    world.run(seconds=8)
    late = [times[0] - begin for times in effects(world).values()]
    seconds = [sum(second <= delay // SECOND < second + 1 for delay in late) for second in range(8)]
    assert sum(seconds) == 1000
    assert all(abs(count - 125) < 3.5 * 10.5 for count in seconds)  # sd of a count: 10.5


@pytest.mark.parametrize("profile", [{}, JITTER])
def test_a_world_may_begin_before_the_epoch(profile: dict[str, int]) -> None:
    """Nothing waits for 1970."""
    world = sb.World(start="1960-01-01T00:00:00Z", profile=profile)
    call(world, ("create_event_bus", "one"))
    call(world, ("put_rule", ("one", "a"), PATTERNS[0], "ENABLED"))
    call(world, ("create_archive", "one"))
    world.run(seconds=8)
    assert disagreements(world) == []


def test_changes_of_one_rule_keep_their_order_and_those_of_two_need_not() -> None:
    """The same rule changed twenty times: the effects come in that order; of two rules some overtake."""
    world = sb.World(profile=JITTER)
    for _ in range(20):
        for name in ("a", "b"):
            call(world, ("enable_rule", ("default", name)))
            call(world, ("put_rule", ("default", name), PATTERNS[0], "ENABLED"))
        world.run(seconds=1)
    world.run(seconds=8)
    a, b = effects(world).values()
    assert a == sorted(a) and b == sorted(b)
    assert any(first > second for first, second in zip(a, b, strict=True))


def test_one_more_rule_leaves_the_draws_of_others_as_they_were() -> None:
    """A delay is known by what is changed and how often that has been, not by what else there is."""
    alone, beside = sb.World(seed=7, profile=JITTER), sb.World(seed=7, profile=JITTER)
    for world in (alone, beside):
        for turn in range(5):
            if world is beside:
                call(world, ("put_rule", ("default", "b"), PATTERNS[turn % 2], "ENABLED"))
            call(world, ("put_rule", ("default", "a"), PATTERNS[turn % 2], "ENABLED"))
            world.run(seconds=10)
    [a] = [times for arn, times in effects(beside).items() if arn.endswith("/a")]
    assert [a] == list(effects(alone).values())


def test_the_rule_of_a_bus_waits_for_the_bus() -> None:
    """A bus that is made late is there before its rules, and gone after them."""
    for seed in range(20):
        world = sb.World(seed=seed, profile=JITTER)
        call(world, ("create_event_bus", "one"))
        call(world, ("put_rule", ("one", "a"), PATTERNS[0], "ENABLED"))
        call(world, ("delete_rule", ("one", "a")))
        call(world, ("delete_event_bus", "one"))
        world.run(seconds=8)
        messages = [
            type(record.message).__name__ + ("Rule" if "/a" in str(record.message) else "Bus")
            for record in world.trace
            if record.to.endswith("event-bus/one")
        ]
        assert messages == ["ConfigureBus", "ConfigureRule", "RetireRule", "RetireBus"]


@pytest.mark.parametrize("copy", ["fork", "pickle"])
def test_a_copy_goes_on_with_the_same_draws(copy: str) -> None:
    """From the middle of changes that are under way."""
    world = sb.World(seed=11, profile=JITTER)
    call(world, ("put_rule", ("default", "a"), PATTERNS[0], "ENABLED"))
    world.run(seconds=1)
    fork = world.fork() if copy == "fork" else pickle.loads(pickle.dumps(world))
    for each in (world, fork):
        for _ in range(3):
            call(each, ("disable_rule", ("default", "a")))
            call(each, ("enable_rule", ("default", "a")))
            each.run(seconds=2)
        each.run(seconds=8)
    assert world.trace.digest() == fork.trace.digest()
    assert disagreements(fork) == []


def test_what_is_loaded_into_an_archive_that_is_to_come_stays_there(tmp_path: Any) -> None:
    """Though an archive of the same name was deleted an instant before."""
    file = tmp_path / "events.jsonl"
    file.write_text(
        '{"version": "0", "id": "11111111-2222-3333-4444-555555555555", "detail-type": "t", '
        '"source": "shop", "account": "123456789012", "time": "2025-12-31T00:00:00Z", '
        '"region": "us-east-1", "resources": [], "detail": {}}\n'
    )
    for seed in range(20):
        world = sb.World(seed=seed, profile=JITTER)
        for operation in ("create_archive", "delete_archive", "create_archive"):
            call(world, (operation, "default"))
        assert world.archive("default").load(file).kept == 1
        world.run(seconds=8)
        assert world.archive("default").event_count == 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), wait=st.integers(0, 8_000))
def test_why_says_when_each_change_takes_effect(seed: int, wait: int) -> None:
    """The instants are those at which the bus received the change of each rule."""
    world = sb.World(seed=seed, profile=JITTER)
    events = world.client()
    for name in ("a", "b", "c"):
        events.put_rule(Name=name, EventPattern=PATTERNS[0])
    world.run(seconds=wait / 1000)
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    event_id = events.put_events(Entries=[entry])["Entries"][0]["EventId"]
    world.run(seconds=8)
    [arrived] = [r.sequence for r in world.trace if isinstance(r.message, Publish)]
    order = [record.sequence for record in world.trace]
    late = {
        record.message.resource.name: record.time
        for record in world.trace
        if isinstance(record.message, Configure)
        and isinstance(record.message.resource, Rule)
        and order.index(record.sequence) > order.index(arrived)
    }
    put = "was put at 2026-01-01T00:00:00.000Z and takes effect at"
    assert sorted(world.trace.why(event_id).hints) == [
        f"rule {name} {put} {iso_micros(time)[:-4]}Z, after this event"
        for name, time in sorted(late.items())
    ]
