"""A world, its stand-ins, its trace, and what is told to whoever uses it wrongly."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import json
import pickle
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import boto3
import botocore.endpoint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


ENDS = {
    "works": ("works", "delivered"),
    "recovers": ("recovers", "delivered"),
    "refuses": (None, "dropped"),
    "refuses-kept": ("dead", "dead-lettered"),
    "nowhere": (None, "dropped"),
    "nowhere-kept": ("dead", "dead-lettered"),
}
"""Targets by name: in which queue an event for them ends, and what becomes of its delivery."""


def small_world(**options: Any) -> sb.World:
    """One rule, one queue."""
    world = sb.World(seed=7, start="2026-03-01T00:00:00Z", **options)
    events = world.client("events")
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[{"Id": "q", "Arn": world.queue("orders").arn}])
    return world


def test_an_event_is_delivered_in_the_exact_envelope() -> None:
    """Compact JSON, AWS's key order, the id that PutEvents answered."""
    world = small_world()
    answer = world.client().put_events(Entries=[ENTRY])
    world.run(hours=26)
    assert world.queue("orders").messages == [
        '{"version":"0","id":"' + answer["Entries"][0]["EventId"] + '",'
        '"detail-type":"OrderPlaced","source":"shop","account":"123456789012",'
        '"time":"2026-03-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{"order":1}}'
    ]
    (delivery,) = world.trace.deliveries(rule="orders", target="q", bus="default")
    assert delivery.outcome == "delivered"
    assert delivery.latency == 0
    assert str(world.now) == "2026-03-02 02:00:00+00:00"


def test_a_missing_target_is_a_failed_delivery_unless_stand_ins_are_automatic() -> None:
    """Strict worlds drop it with NO_RESOURCE; auto worlds put a stand-in there."""
    for stand_ins, outcome in (("strict", "dropped"), ("auto", "delivered")):
        world = sb.World(stand_ins=stand_ins)  # type: ignore[arg-type]
        arn = "arn:aws:sqs:us-east-1:123456789012:missing"
        world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
        world.client().put_events(Entries=[ENTRY])
        world.settle()
        assert [d.outcome for d in world.trace.deliveries()] == [outcome]


def test_a_dead_letter_queue_keeps_what_cannot_be_delivered() -> None:
    """Body and attributes as AWS sends them; no retry attributes for a permanent failure."""
    world = sb.World()
    dead, arn = world.queue("dead"), "arn:aws:sqs:us-east-1:123456789012:missing"
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": dead.arn}, "Input": '{"a": 1}'}
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    (delivery,) = world.trace.deliveries(outcome="dead-lettered")
    assert delivery.error_code == "NO_RESOURCE"
    assert dead.messages == ['{"a": 1}']


def test_events_are_forwarded_to_one_more_bus_and_no_further() -> None:
    """The same id arrives on the second bus; the third refuses (captured)."""
    world = sb.World()
    events = world.client()
    buses = [events.create_event_bus(Name=name)["EventBusArn"] for name in ("a", "b", "c")]
    queue = world.queue("end")
    for name, arn in (("a", buses[1]), ("b", buses[2]), ("b", queue.arn)):
        rule = f"to-{arn.rpartition('/')[2].rpartition(':')[2]}"
        events.put_rule(Name=rule, EventBusName=name, EventPattern='{"source": ["shop"]}')
        target = {"Id": "1", "Arn": arn, "RoleArn": f"arn:aws:iam::{world.account}:role/events"}
        events.put_targets(Rule=rule, EventBusName=name, Targets=[target])
    answer = events.put_events(Entries=[{**ENTRY, "EventBusName": "a"}])
    world.settle()
    assert [event["id"] for event in queue.received] == [answer["Entries"][0]["EventId"]]
    (lost,) = world.trace.deliveries(outcome="dropped")
    assert lost.error_code == "THIRD_ACCOUNT_HOP_DETECTED"


def test_a_fork_and_a_pickle_have_the_same_future() -> None:
    """Both continue independently, to the same digest."""
    world = small_world()
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=1)
    futures = [world.fork(), pickle.loads(pickle.dumps(world)), world]
    digests = set()
    for future in futures:
        future.client().put_events(Entries=[ENTRY])
        future.run(hours=1)
        digests.add(future.trace.digest())
        assert len(future.queue("orders").messages) == 2
    assert len(digests) == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_a_handler_acts_in_the_world_that_runs_it(is_async: bool) -> None:
    """Its client was made in the first world; what it puts while a fork runs goes to the fork."""
    world = sb.World(seed=1)
    events = world.client()

    def echo(event: dict[str, Any]) -> None:
        events.put_events(Entries=[{**ENTRY, "Source": "echo"}])

    async def async_echo(event: dict[str, Any]) -> None:
        await anyio.sleep(60)
        echo(event)

    arn = world.function("echo", async_echo if is_async else echo).arn
    for source, target in (("shop", arn), ("echo", world.queue("inbox").arn)):
        events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
        events.put_targets(Rule=source, Targets=[{"Id": "1", "Arn": target}])
    branch = world.fork()
    branch.client().put_events(Entries=[ENTRY])
    branch.run(hours=1)
    world.run(hours=1)
    assert len(branch.queue("inbox").received) == 1
    assert not world.queue("inbox").received and not world.trace.deliveries()
    events.put_events(Entries=[{**ENTRY, "Source": "echo"}])
    world.settle()
    assert len(world.queue("inbox").received) == len(branch.queue("inbox").received) == 1


def test_jsonl_round_trip(tmp_path: Path) -> None:
    """What is written is read back equal, to the digest and the deliveries."""
    world = small_world()
    world.client().put_events(Entries=[ENTRY] * 3)
    world.settle()
    world.trace.to_jsonl(tmp_path / "out.jsonl")
    read = sb.Trace.from_jsonl(tmp_path / "out.jsonl")
    assert read.digest() == world.trace.digest()
    assert [d.outcome for d in read.deliveries()] == ["delivered"] * 3
    assert read == world.trace and list(read) == list(world.trace)
    assert read != sb.World().trace
    with pytest.raises(sb.SimbridgeError, match="no trace at"):
        sb.Trace.from_jsonl(tmp_path / "missing")
    (tmp_path / "bad").write_text("[1]\n")
    with pytest.raises(sb.SimbridgeError, match="line 1"):
        sb.Trace.from_jsonl(tmp_path / "bad")


def test_the_timeline_is_plain_text_where_there_is_no_terminal() -> None:
    """Virtual times, who, what, outcome."""
    world = small_world()
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    text = str(world.trace)
    assert "2026-03-01 00:00:00.000" in text and "✓ orders accepts" in text
    assert "\x1b[" not in text
    assert "\x1b[32m" in world.trace.timeline(colour=True)


@pytest.mark.parametrize("span", [{"hours": 0}, {"seconds": 0.0}, {"until": "2026-03-01"}])
def test_no_time_may_pass(span: dict[str, Any]) -> None:
    """A span that somebody has computed may be 0: what is due now happens, and nothing else."""
    world = small_world()
    world.client().put_events(Entries=[ENTRY])
    world.run(**span)
    assert len(world.queue("orders").received) == 1
    assert str(world.now) == "2026-03-01 00:00:00+00:00"


def test_a_stand_in_reads_each_message_once() -> None:
    """Asked again it shows what is new; the list is yours, what is in it is the same each time."""
    world = small_world()
    queue = world.queue("orders")
    assert world.queue("orders") is queue
    assert queue.received == queue.messages == queue.requests == []
    for count in (1, 2, 3):
        world.client().put_events(Entries=[ENTRY])
        world.settle()
        assert [json.loads(text) for text in queue.messages] == queue.received
        assert [request["Action"] for request in queue.requests] == ["SendMessage"] * count
        assert len(queue.received) == count
    queue.received.clear()
    assert len(queue.received) == 3 and queue.received[0] is queue.received[0]
    branch = world.fork()
    branch.client().put_events(Entries=[ENTRY])
    branch.settle()
    assert (len(branch.queue("orders").received), len(queue.received)) == (4, 3)
    assert branch.queue("orders").received[:3] == queue.received


class Shop:
    """A handler that is a method, of an object that holds a client and can be copied by nobody."""

    def __init__(self, world: sb.World) -> None:
        self.lock, self.events, self.calls = threading.Lock(), world.client(), 0

    def order(self, event: dict[str, Any]) -> None:
        self.calls += 1
        self.events.put_events(Entries=[{**ENTRY, "Source": "echo"}])

    def decide(self, invocation: Any) -> str:
        self.calls += 1
        return "ok"


@pytest.mark.parametrize("form", ["method", "partial", "behaviour"])
def test_a_fork_shares_the_handlers(form: str) -> None:
    """Whatever hangs on them is yours and not copied."""
    world = sb.World()
    shop = Shop(world)
    handler: Any = functools.partial(Shop.order, shop) if form == "partial" else shop.order
    function = world.function("f", None if form == "behaviour" else handler)
    if form == "behaviour":
        function.behaves(shop.decide)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function.arn}])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    for branch in (world.fork(), world.fork().fork()):
        branch.client().put_events(Entries=[ENTRY])
        branch.settle()
        assert len(branch.trace.deliveries()) == 2
    assert shop.calls == 3 and len(world.trace.deliveries()) == 1


@pytest.mark.parametrize("form", ["lambda", "method", "behaviour"])
def test_a_handler_that_cannot_be_pickled_is_named(form: str) -> None:
    """With what would be possible instead."""
    world = sb.World()
    if form == "behaviour":
        world.queue("q").behaves(lambda invocation: "ok")
        world.settle()
    else:
        world.function("f", Shop(world).order if form == "method" else lambda event: None)
    name = "Shop.order" if form == "method" else "<lambda>"
    with pytest.raises(sb.SimbridgeError, match=rf"function \S*{name}(?s:.*)world\.fork\(\)"):
        pickle.dumps(world)
    world.fork()


def test_interceptors_leave_in_any_order() -> None:
    """Who has come last and is still there serves; when all have left, botocore is as it was."""
    method = botocore.endpoint.Endpoint.make_request
    first, second = sb.World(account="111111111111"), sb.World(account="222222222222")
    theirs = boto3.client(
        "events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )

    def account() -> str:
        return theirs.describe_event_bus()["Arn"].split(":")[4]

    one, two = first.intercept(), second.intercept()
    with contextlib.ExitStack() as last:
        one.__enter__()
        last.enter_context(two)
        assert account() == "222222222222"
        one.__exit__(None, None, None)
        assert account() == "222222222222"
        with first.intercept(), first.intercept():
            assert account() == "111111111111"
    assert botocore.endpoint.Endpoint.make_request is method
    with first.intercept():
        assert account() == "111111111111"
    assert botocore.endpoint.Endpoint.make_request is method


def test_intercept_serves_clients_made_by_others() -> None:
    """Code under test keeps its own boto3 client."""
    world = small_world()
    theirs = boto3.client(
        "events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with world.intercept():
        theirs.put_events(Entries=[ENTRY])
    world.settle()
    assert len(world.queue("orders").messages) == 1


def test_other_accounts_and_regions_are_apart() -> None:
    """Each account and region has its own default bus."""
    world = small_world()
    other = world.client(account="210987654321", region="eu-west-1")
    assert other.list_rules()["Rules"] == []
    arn = other.describe_event_bus()["Arn"]
    assert arn == "arn:aws:events:eu-west-1:210987654321:event-bus/default"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: sb.World(start=dt.datetime(2026, 1, 1)), "naive datetime"),
        (lambda: sb.World(start="yesterday"), "ISO 8601"),
        (lambda: sb.World(account="12"), "twelve digits"),
        (lambda: sb.World(region="Mars"), "us-east-1"),
        (lambda: sb.World(limits={"targets_per_rul": 1}), "targets_per_rule"),
        (lambda: sb.World(start="10:00"), "date and time"),
        (lambda: sb.World(start="now"), "date and time"),
        (lambda: sb.World(profile="real"), "'ideal' or 'aws'"),  # type: ignore[arg-type]
        (lambda: sb.World(backend="curio"), "unknown backend 'curio'"),
        (lambda: sb.World(seed=True), "a seed is a whole number"),
        (lambda: sb.World().queue("a:b"), "invalid queue name 'a:b': up to 80"),
        (lambda: sb.World().queue("a" * 76 + ".fifo"), "invalid queue name"),
        (lambda: sb.World().function("a b"), "invalid function name 'a b': up to 64"),
        (lambda: sb.World().run(hours=1, until="2027-01-01"), "not both"),
        (lambda: sb.World().run(hours=0, until="2027-01-01"), "not both"),
        (lambda: sb.Matcher(["{}"]), "a mapping"),  # type: ignore[arg-type]
        (lambda: sb.World().run(hours=-1), "negative duration"),
        (lambda: sb.World().run(), "pass a duration"),
        (lambda: sb.World().run(until="2020-01-01"), "already"),
        (lambda: sb.World().client("sqs"), "moto"),
        (lambda: sb.World().trace.deliveries(outcome="lost"), "dead-lettered"),
        (lambda: sb.World().health_check("A b"), "small letters, digits and -"),
        (lambda: sb.run(3), "a story is a function"),  # type: ignore[arg-type]
    ],
)
def test_wrong_use_says_what_to_change(wrong: Any, says: str) -> None:
    """Every refusal of our own names the remedy."""
    with pytest.raises(sb.SimbridgeError, match=says):
        wrong()


@settings(max_examples=40, deadline=None)
@given(
    rules=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.lists(st.sampled_from(sorted(ENDS)), max_size=4)),
        max_size=4,
    ),
    puts=st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 3)), max_size=8),
)
def test_every_matching_target_ends_exactly_once(rules: Any, puts: Any) -> None:
    """Conservation: each accepted event, for each target of a matching rule, is in one place.

    The judges are the queues: what they hold is compared with what the rules promise, and only then
    with what the trace tells of deliveries.
    """
    world = sb.World(seed=1)
    events = world.client()
    queues = {name: world.queue(name) for name in ("works", "recovers", "refuses", "dead")}
    queues["recovers"].fails("THROTTLING", for_="10m")
    queues["refuses"].fails("THROTTLING")
    for number, (source, names) in enumerate(rules):
        rule = f"r{number}"
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
        targets = [
            {"Id": str(n), "Arn": world.queue("x").arn[:-1] + name.partition("-")[0]}
            | {"RetryPolicy": {"MaximumRetryAttempts": 1 if "refuses" in name else 185}}
            | ({"DeadLetterConfig": {"Arn": queues["dead"].arn}} if "-kept" in name else {})
            for n, name in enumerate(names)
        ]
        if targets:
            events.put_targets(Rule=rule, Targets=targets)
    expected: Counter[tuple[str, str]] = Counter()
    for source, wait in puts:
        (answer,) = events.put_events(Entries=[{**ENTRY, "Source": source}])["Entries"]
        for wanted, names in rules:
            expected.update((answer["EventId"], name) for name in names if wanted == source)
        if wait:
            world.run(minutes=wait)
    world.run(days=2)

    held = {
        name: Counter(event["id"] for event in queue.received) for name, queue in queues.items()
    }
    promised: dict[str, Counter[str]] = {name: Counter() for name in queues}
    ended: Counter[tuple[str, str]] = Counter()
    for (event_id, name), count in expected.items():
        place, outcome = ENDS[name]
        ended[event_id, outcome] += count
        if place is not None:
            promised[place][event_id] += count
    assert held == promised
    assert Counter((d.event.id, d.outcome) for d in world.trace.deliveries()) == ended
    attempts = {"works": {1}, "refuses": {2}, "nowhere": {1}}
    for delivery in world.trace.deliveries():
        name = delivery.target_arn.rpartition(":")[2]
        assert len(delivery.attempts) in attempts.get(name, range(1, 187))


def test_a_world_stays_where_it_was_made() -> None:
    """Seed, account and region can be read and not changed."""
    world = sb.World(seed=3, account="111122223333", region="eu-west-1")
    assert (world.seed, world.account, world.region) == (3, "111122223333", "eu-west-1")
    for name in ("seed", "account", "region"):
        with pytest.raises(AttributeError, match=name):
            setattr(world, name, "us-east-1")
