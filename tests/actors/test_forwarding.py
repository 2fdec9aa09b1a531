"""Events that go on to another bus (fidelity 8.4, 8.5)."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.base import clock

ACCOUNT = "123456789012"
HERE, THERE, YONDER = "us-east-1", "us-west-2", "eu-west-1"
TRACE = "Root=1-01234567-0123456789abcdef01234567"
START = "2026-03-01T00:00:00Z"


def bus_arn(region: str, name: str = "b", account: str = ACCOUNT) -> str:
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"


def forward(world: sb.World, source: str, target: str, **fields: Any) -> None:
    """A rule on one bus that sends everything from the shop to another, in a role."""
    _, _, _, region, account, _ = source.split(":")
    fields = {"RoleArn": f"arn:aws:iam::{account}:role/events", **fields}
    fields = {name: value for name, value in fields.items() if value is not None}
    client = world.client(account=account, region=region)
    rule = f"to-{target.split(':')[3]}-{target.rpartition('/')[2]}"
    client.put_rule(Name=rule, EventBusName=source, EventPattern='{"source": ["shop"]}')
    client.put_targets(
        Rule=rule, EventBusName=source, Targets=[{"Id": "t", "Arn": target, **fields}]
    )


def watch(world: sb.World, bus: str) -> sb.StandInHandle:
    """A queue that gets everything that arrives on a bus."""
    region = bus.split(":")[3]
    name = f"seen-on-{bus.rpartition('/')[2]}"
    queue = world.stand_in(f"arn:aws:sqs:{region}:{ACCOUNT}:{name}")
    client = world.client(region=region)
    client.put_rule(Name="watch", EventBusName=bus, EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="watch", EventBusName=bus, Targets=[{"Id": "q", "Arn": queue.arn}])
    return queue


def put(world: sb.World) -> str:
    """One event on the default bus of the first region; its id."""
    answer = world.client().put_events(
        Entries=[
            {
                "Source": "shop",
                "DetailType": "x",
                "Detail": '{"n": 1}',
                "Time": "2026-01-02T03:04:05Z",
                "Resources": ["arn:one"],
                "TraceHeader": TRACE,
            }
        ]
    )
    world.settle()
    event_id: str = answer["Entries"][0]["EventId"]
    return event_id


def envelope(**changed: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "detail-type": "x",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2026-01-02T03:04:05Z",
        "region": HERE,
        "resources": ["arn:one"],
        "detail": {"n": 1},
        **changed,
    }


def test_within_a_region_the_event_stays_the_same() -> None:
    """Identical id, time, account, region, resources and detail; the trace header goes along."""
    world = sb.World(start=START)
    world.client().create_event_bus(Name="b")
    forward(world, bus_arn(HERE, "default"), bus_arn(HERE))
    queue = watch(world, bus_arn(HERE))
    event_id = put(world)
    assert queue.received == [envelope(id=event_id)]
    (request,) = queue.requests
    assert request["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == TRACE


def test_in_another_region_it_has_a_new_id_and_time() -> None:
    """Account and region stay those of its origin."""
    world = sb.World(start=START)
    world.client(region=THERE).create_event_bus(Name="b")
    forward(world, bus_arn(HERE, "default"), bus_arn(THERE))
    queue = watch(world, bus_arn(THERE))
    event_id = put(world)
    (event,) = queue.received
    assert event == envelope(id=event["id"], time=START)
    assert event["id"] != event_id
    assert list(event)[:2] == ["version", "id"]


LOCAL = (
    "THIRD_ACCOUNT_HOP_DETECTED",
    "Event ingestion rejected for event {id} because an event can be sent to an event bus target "
    "only once. This event was previously delivered to an event bus target.",
)
REGIONAL = ("THIRD_REGION_HOP_DETECTED", "Unknown exception.")


@pytest.mark.parametrize(
    ("second", "third", "refusal"),
    [
        (bus_arn(HERE), bus_arn(HERE, "c"), LOCAL),
        (bus_arn(HERE), bus_arn(THERE, "c"), None),
        (bus_arn(THERE), bus_arn(THERE, "c"), None),
        (bus_arn(THERE), bus_arn(YONDER, "c"), REGIONAL),
        (bus_arn(THERE), bus_arn(HERE, "c"), REGIONAL),
    ],
)
def test_one_hop_of_each_kind(second: str, third: str, refusal: tuple[str, str] | None) -> None:
    """One within a region, one across; what goes further is a dead letter of the second rule."""
    world = sb.World(start=START)
    for bus in (second, third):
        world.client(region=bus.split(":")[3]).create_event_bus(Name=bus.rpartition("/")[2])
    dead = world.stand_in(f"arn:aws:sqs:{second.split(':')[3]}:{ACCOUNT}:dead")
    forward(world, bus_arn(HERE, "default"), second)
    forward(world, second, third, DeadLetterConfig={"Arn": dead.arn})
    queue = watch(world, third)
    event_id = put(world)
    if refusal is None:
        assert len(queue.received) == 1
        assert dead.requests == []
        return
    assert queue.received == []
    (letter,) = dead.requests
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    code, text = refusal
    assert attributes["ERROR_CODE"] == code
    assert attributes["ERROR_MESSAGE"] == text.format(id=event_id)
    assert attributes["TARGET_ARN"] == third
    assert "RETRY_ATTEMPTS" not in attributes


@pytest.mark.parametrize("stand_ins", ["strict", "auto"])
def test_a_bus_that_is_not_there_takes_events_and_loses_them(stand_ins: Any) -> None:
    """The delivery succeeds; once the bus has been created, events arrive on it."""
    world = sb.World(start=START, stand_ins=stand_ins)
    forward(world, bus_arn(HERE, "default"), bus_arn(HERE))
    put(world)
    assert [delivery.outcome for delivery in world.trace.deliveries()] == ["delivered"]
    world.client().create_event_bus(Name="b")
    queue = watch(world, bus_arn(HERE))
    put(world)
    assert len(queue.received) == 1


OTHER = "210987654321"
ORGANIZATION = "o-a1b2c3d4e5"
THEIR_BUS = bus_arn(HERE, account=OTHER)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"


ANYBODY: dict[str, Any] = {"limits": {"bus_target_role_required": 0}}


def outcomes(world: sb.World) -> list[tuple[str, str | None]]:
    """How the deliveries to another account's bus end."""
    return [(d.outcome, d.error_code) for d in world.trace.deliveries(target=THEIR_BUS)]


def allow(world: sb.World, **fields: Any) -> None:
    """A statement in the policy of the other account's bus."""
    parts = {"Action": "events:PutEvents", "Principal": ACCOUNT, "StatementId": "s"}
    client = world.client(account=OTHER)
    client.put_permission(EventBusName="b", **{**parts, **fields})


@pytest.mark.parametrize(
    "bus",
    [
        THEIR_BUS,
        bus_arn(HERE, "missing", OTHER),
        bus_arn(HERE, "default", OTHER),
        bus_arn(THERE, "default", OTHER),
    ],
)
def test_another_account_needs_a_policy(bus: str) -> None:
    """Without one its bus cannot be a target, whether it is there or not; the rule has none."""
    world = sb.World(start=START, stand_ins="auto")
    world.client(account=OTHER).create_event_bus(Name="b")
    with pytest.raises(ClientError) as refusal:
        forward(world, bus_arn(HERE, "default"), bus)
    assert refusal.value.response["Error"] == {
        "Code": "AccessDeniedException",
        "Message": (
            f"User: {ROLE} is not authorized to perform: events:PutEvents on resource: {bus} "
            "because no resource-based policy allows the events:PutEvents action"
        ),
    }
    (rule,) = world.client().list_rules()["Rules"]
    assert world.client().list_targets_by_rule(Rule=rule["Name"])["Targets"] == []
    put(world)
    assert world.trace.deliveries() == []


def test_a_bus_of_the_same_account_is_not_asked() -> None:
    """What its policy says is found out at delivery."""
    world = sb.World(start=START)
    world.client().create_event_bus(Name="b")
    deny(world, world.client(), bus_arn(HERE))
    forward(world, bus_arn(HERE, "default"), bus_arn(HERE))
    put(world)
    (delivery,) = world.trace.deliveries()
    assert (delivery.outcome, delivery.error_code) == ("dropped", "NO_PERMISSIONS")


def deny(world: sb.World, client: Any, bus: str, **conditions: Any) -> None:
    """A policy that lets everybody in, but denies under some condition."""
    statement = {"Principal": "*", "Action": "events:PutEvents", "Resource": bus}
    statements = [
        {**statement, "Sid": "allow", "Effect": "Allow"},
        {**statement, "Sid": "deny", "Effect": "Deny", **conditions},
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    client.put_permission(EventBusName="b", Policy=json.dumps(policy))


@pytest.mark.parametrize(
    ("condition", "refused"),
    [
        ({"StringEquals": {"events:source": "shop"}}, False),
        ({"StringEquals": {"events:detail-type": "x"}}, False),
        ({"StringEquals": {"events:detail.service": "EC2"}}, False),
        ({"Bool": {"events:eventBusInvocation": "true"}}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT, "events:source": "shop"}}, False),
    ],
)
def test_a_denial_of_some_events_leaves_the_bus_a_target(
    condition: dict[str, Any], refused: bool
) -> None:
    """Only what is denied of every event is refused before there is one."""
    world = sb.World(start=START)
    world.client(account=OTHER).create_event_bus(Name="b")
    deny(world, world.client(account=OTHER), THEIR_BUS, Condition=condition)
    if refused:
        with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
            forward(world, bus_arn(HERE, "default"), THEIR_BUS)
    else:
        forward(world, bus_arn(HERE, "default"), THEIR_BUS)


def test_a_grant_for_some_events_makes_the_bus_a_target() -> None:
    """Which event may pass is decided when it comes."""
    world = sb.World(start=START)
    client = world.client(account=OTHER)
    client.create_event_bus(Name="b")
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "events:PutEvents",
        "Resource": THEIR_BUS,
        "Condition": {"StringEquals": {"events:source": "nobody"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    client.put_permission(EventBusName="b", Policy=json.dumps(policy))
    forward(world, bus_arn(HERE, "default"), THEIR_BUS)
    put(world)
    assert outcomes(world) == [("dropped", "NO_PERMISSIONS")]


def test_a_policy_lets_another_account_in_and_shuts_it_out() -> None:
    """From the next event on; what arrives is the event as it was, in the other account."""
    world = sb.World(start=START)
    theirs = world.client(account=OTHER)
    theirs.create_event_bus(Name="b")
    inbox = world.stand_in(f"arn:aws:sqs:{HERE}:{OTHER}:inbox")
    theirs.put_rule(Name="all", EventBusName="b", EventPattern='{"source": ["shop"]}')
    theirs.put_targets(Rule="all", EventBusName="b", Targets=[{"Id": "1", "Arn": inbox.arn}])
    dead = world.queue("dead")
    allow(world)
    forward(world, bus_arn(HERE, "default"), THEIR_BUS, DeadLetterConfig={"Arn": dead.arn})
    theirs.remove_permission(EventBusName="b", StatementId="s")
    put(world)
    allow(world)
    event_id = put(world)
    theirs.remove_permission(EventBusName="b", StatementId="s")
    put(world)
    denied = ("dead-lettered", "NO_PERMISSIONS")
    assert outcomes(world) == [denied, ("delivered", None), denied]
    assert inbox.received == [envelope(id=event_id)]
    attributes = dead.requests[0]["MessageAttributes"]
    assert attributes["ERROR_MESSAGE"]["StringValue"] == (
        f"User: {ROLE} is not authorized to perform: events:PutEvents on "
        f"resource: {THEIR_BUS} because no resource-based policy allows the events:PutEvents action"
    )
    assert "RETRY_ATTEMPTS" not in attributes


@pytest.mark.parametrize(
    ("members", "role", "delivered"),
    [
        ([ACCOUNT, OTHER], ROLE, True),
        ([ACCOUNT], None, False),
        ([OTHER], ROLE, False),
    ],
)
def test_an_organization_is_known_of_a_role_only(
    members: list[str], role: str | None, delivered: bool
) -> None:
    """A grant to an organization needs a RoleArn in the target (API reference, PutPermission)."""
    world = sb.World(start=START, organizations={ORGANIZATION: members}, **ANYBODY)
    world.client(account=OTHER).create_event_bus(Name="b")
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": ORGANIZATION}
    allow(world, Principal="*", Condition=condition)
    if not delivered:
        with pytest.raises(ClientError, match="no resource-based policy allows"):
            forward(world, bus_arn(HERE, "default"), THEIR_BUS, RoleArn=role)
        allow(world, Principal="*")
    forward(world, bus_arn(HERE, "default"), THEIR_BUS, RoleArn=role)
    allow(world, Principal="*", Condition=condition)
    put(world)
    assert outcomes(world) == [("delivered", None) if delivered else ("dropped", "NO_PERMISSIONS")]


@pytest.mark.parametrize(
    ("condition", "delivered"),
    [
        ({"Bool": {"events:eventBusInvocation": "true"}}, True),
        ({"Bool": {"events:eventBusInvocation": "false"}}, False),
        ({"StringEquals": {"events:source": "shop", "events:detail-type": "x"}}, True),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:events:{HERE}:{ACCOUNT}:rule/to-*"}}, True),
        ({"StringEquals": {"aws:SourceAccount": OTHER}}, False),
        ({"StringEquals": {"aws:PrincipalServiceName": "events.amazonaws.com"}}, True),
    ],
)
def test_what_a_policy_sees_of_a_forwarded_event(
    condition: dict[str, Any], delivered: bool
) -> None:
    """Its source, its rule, and that it comes through a rule; without a role, that a service acts."""
    world = sb.World(start=START, **ANYBODY)
    client = world.client(account=OTHER)
    client.create_event_bus(Name="b")
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "events:PutEvents",
        "Resource": THEIR_BUS,
        "Condition": condition,
    }
    allow(world)
    forward(world, bus_arn(HERE, "default"), THEIR_BUS, RoleArn=None)
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    client.put_permission(EventBusName="b", Policy=json.dumps(policy))
    put(world)
    assert outcomes(world) == [("delivered", None) if delivered else ("dropped", "NO_PERMISSIONS")]


def test_the_numbers_of_hops_are_limits() -> None:
    """A world may allow a third bus in a row."""
    world = sb.World(start=START, limits={"same_region_hops": 2})
    for name in ("b", "c"):
        world.client().create_event_bus(Name=name)
    forward(world, bus_arn(HERE, "default"), bus_arn(HERE))
    forward(world, bus_arn(HERE), bus_arn(HERE, "c"))
    queue = watch(world, bus_arn(HERE, "c"))
    put(world)
    assert len(queue.received) == 1


@pytest.mark.parametrize(
    ("organizations", "says"),
    [
        ({"shop": [ACCOUNT]}, "looks like"),
        ({ORGANIZATION: ACCOUNT}, "list of accounts"),
        ({ORGANIZATION: ["12"]}, "twelve digits"),
        ({ORGANIZATION: [ACCOUNT], "o-0000000000": [ACCOUNT]}, "two organizations"),
    ],
)
def test_organizations_that_cannot_be(organizations: Any, says: str) -> None:
    """An id of AWS's form, and each account in one of them at most."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World(organizations=organizations)


@pytest.mark.parametrize(
    ("bus", "attempts"), [(bus_arn(HERE), [1, 1, 1]), (bus_arn(THERE), [1, 2, 3])]
)
def test_events_from_another_region_count_as_put_there(bus: str, attempts: list[int]) -> None:
    """They share the PutEvents quota of their account in that region, and wait by being retried."""
    region = bus.split(":")[3]
    quota = {"put_events_per_second": 1}
    world = sb.World(start=START, limits=quota, backoff=sb.backoff.constant("1s"))
    world.client(region=region).create_event_bus(Name="b")
    forward(world, bus_arn(HERE, "default"), bus)
    entry = {"Source": "shop", "DetailType": "x", "Detail": "{}"}
    world.client().put_events(Entries=[entry] * 3)
    world.settle()
    theirs = world.client(account=OTHER, region=region)
    assert theirs.put_events(Entries=[entry])["FailedEntryCount"] == 0  # another account's quota
    with pytest.raises(theirs.exceptions.ClientError, match="ThrottlingException"):
        world.client(region=region).put_events(Entries=[entry])
    world.run(seconds=10)
    deliveries = world.trace.deliveries(target=bus)
    assert [delivery.attempt_count for delivery in deliveries] == attempts
    codes = {attempt.error_code for delivery in deliveries for attempt in delivery.attempts}
    assert codes == ({None} if region == HERE else {None, "THROTTLING"})


def test_the_quota_is_that_of_the_sender() -> None:
    """Whose bus the event goes to does not matter; the role's account has put it."""
    world = sb.World(start=START, limits={"put_events_per_second": 1})
    theirs = world.client(account=OTHER, region=THERE)
    theirs.create_event_bus(Name="b")
    grant = {"Action": "events:PutEvents", "Principal": ACCOUNT, "StatementId": "s"}
    theirs.put_permission(EventBusName="b", **grant)
    forward(world, bus_arn(HERE, "default"), bus_arn(THERE, account=OTHER))
    put(world)
    entry = {"Source": "shop", "DetailType": "x", "Detail": "{}"}
    theirs.put_events(Entries=[entry])
    ours = world.client(region=THERE)
    with pytest.raises(ours.exceptions.ClientError, match="ThrottlingException"):
        ours.put_events(Entries=[entry])


def test_the_quota_of_a_region_survives_forks() -> None:
    """In a copy, buses and API still draw on one quota."""
    world = sb.World(start=START, limits={"put_events_per_second": 1})
    world.client(region=THERE).create_event_bus(Name="b")
    forward(world, bus_arn(HERE, "default"), bus_arn(THERE))
    put(world)
    world.run(minutes=1)
    for copy in (world.fork(), pickle.loads(pickle.dumps(world))):
        put(copy)
        there = copy.client(region=THERE)
        with pytest.raises(there.exceptions.ClientError, match="ThrottlingException"):
            there.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])


def test_age_begins_anew_on_another_bus() -> None:
    """The event is ingested there: its age, and what a template says of it, count from then."""
    ten_seconds = dict.fromkeys(
        ("delivery_latency_median_us", "delivery_latency_p99_us"), 10_000_000
    )
    world = sb.World(start=START, limits=ten_seconds, backoff=sb.backoff.constant("7s"))
    client, slow, dead = world.client(), world.queue("slow"), world.queue("dead")
    slow.fails("TIMEOUT")
    client.create_event_bus(Name="b")
    forward(world, bus_arn(HERE, "default"), bus_arn(HERE))
    target = {
        "Id": "q",
        "Arn": slow.arn,
        "InputTransformer": {"InputTemplate": '"<aws.events.event.ingestion-time>"'},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60},
        "DeadLetterConfig": {"Arn": dead.arn},
    }
    client.put_rule(Name="slow", EventBusName="b", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="slow", EventBusName="b", Targets=[target])
    put(world)
    world.run(minutes=5)
    assert dead.messages == ['"2026-03-01T00:00:10.000Z"']
    (delivery,) = world.trace.deliveries(target="q")
    first, *_ = delivery.attempts
    assert f"{first.time:%M:%S}" == "00:20"
    assert delivery.ended_us is not None
    assert clock.iso_seconds(delivery.ended_us) == "2026-03-01T00:01:10Z"
