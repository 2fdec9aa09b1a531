"""The world in which `coverage_scenes.py` sends its requests, and what a scene is.

`test_coverage.py` sends each request with one parameter changed and compares what comes of it. A scene is an
operation, its request, and what else has to be the case: calls before and after it, other values for parameters
whose type does not suggest one, the operations that show the result, and the account that calls. A text such as
`<the connection key>` is replaced by what only the world knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import simbridge as sb

A, B = "123456789012", "210987654321"
EAST, WEST = "us-east-1", "us-west-2"
START = 1_772_323_200  # 2026-03-01T00:00:00Z
KEY = f"arn:aws:kms:{EAST}:{A}:key/a"
NETWORK = f"arn:aws:vpc-lattice:{EAST}:{A}:resourceconfiguration/rcfg-0123456789abcdefg"
ONE, TWO = "aws.partner/example.com/one", "aws.partner/example.com/two"
SHOP = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 7, "customer": "c 1"}'}
RETRIED = {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600}

Call = tuple[str, dict[str, Any]]


class Scene(NamedTuple):
    """A request, and what it needs."""

    operation: str
    request: dict[str, Any]
    before: tuple[Call, ...] = ()
    others: Mapping[str, list[Any]] = MappingProxyType({})
    shows: tuple[Call, ...] = ()
    account: str = A
    after: tuple[Call, ...] = ()


def arn(resource: str, service: str = "events", region: str = EAST, account: str = A) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def role(name: str = "r") -> str:
    return f"arn:aws:iam::{A}:role/{name}"


def queue(name: str) -> str:
    return arn(name, "sqs")


QUEUES = tuple(queue(name) for name in ("q", "q2", "b", "c", "two", "new", "new2", "dead"))
BROKEN = queue("broken")


def _rule(client: Any, name: str, bus: str, pattern: str, target: str) -> None:
    client.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
    client.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "t", "Arn": target}])


def prepared() -> sb.World:
    """A world with two or more resources of each kind, so that it matters which one a request names."""
    world = sb.World(7, "2026-03-01T00:00:00Z", stand_ins="auto")
    for url in ("https://api.example.com", "https://api2.example.com"):
        world.http(url)
    for name in QUEUES:
        world.stand_in(name)
    world.stand_in(BROKEN).fails("THROTTLING")
    events, west, partner = world.client(), world.client(region=WEST), world.client(account=B)
    for name in ("b", "c", "orders"):
        events.create_event_bus(Name=name, Tags=[{"Key": "k", "Value": name}])
    for name in ("orders", "orders2"):
        west.create_event_bus(Name=name)
        _rule(west, "west", name, '{"source": ["shop"]}', arn("west", "sqs", WEST))
    events.create_event_bus(Name="orders2")
    events.create_event_bus(Name="empty")
    for name in (ONE, TWO):
        partner.create_partner_event_source(Name=name, Account=A)
    events.create_event_bus(Name=TWO, EventSourceName=TWO)
    _rule(events, "partner", TWO, '{"account": ["' + A + '"]}', queue("two"))
    shop = '{"source": ["shop"]}'
    _rule(events, "r", "default", shop, queue("q"))
    _rule(events, "r2", "default", shop, queue("q2"))
    _rule(events, "r", "b", shop, queue("b"))
    _rule(events, "r2", "b", shop, queue("c"))
    _rule(events, "r3", "b", shop, queue("b"))
    second = {"Id": "u", "Arn": queue("b")}
    events.put_targets(Rule="r", EventBusName="b", Targets=[second])
    _rule(events, "replayed", "c", '{"replay-name": [{"exists": true}]}', queue("c"))
    _rule(events, "replayed2", "c", '{"replay-name": [{"exists": true}]}', queue("new"))
    events.put_rule(Name="off", EventPattern=shop, State="DISABLED")
    for name in ("no-targets", "no-targets2"):
        for bus in ("default", "b"):
            events.put_rule(Name=name, EventBusName=bus, EventPattern='{"source": ["none"]}')
    for name in ("key", "other"):
        value = {"ApiKeyName": "X-Key", "ApiKeyValue": name}
        events.create_connection(
            Name=name,
            AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": value},
        )
    for name, connection in (("d", "key"), ("d2", "other")):
        events.create_api_destination(
            Name=name,
            ConnectionArn=events.describe_connection(Name=connection)["ConnectionArn"],
            InvocationEndpoint="https://api.example.com/",
            HttpMethod="POST",
        )
        target = events.describe_api_destination(Name=name)["ApiDestinationArn"]
        events.put_rule(Name=f"http-{name}", EventPattern=shop)
        events.put_targets(
            Rule=f"http-{name}", Targets=[{"Id": "t", "Arn": target, "RoleArn": role()}]
        )
    for name, bus in (("old", "c"), ("old2", "c"), ("on-b", "b")):
        events.create_archive(ArchiveName=name, EventSourceArn=arn(f"event-bus/{bus}"))
    for _ in range(2):
        events.put_events(Entries=[SHOP | {"EventBusName": "c"}])
        world.run(seconds=65)
    for name in ("played", "played2"):
        events.start_replay(**replay_of(name))
    events.create_endpoint(**endpoint_of("e", "orders"))
    events.create_endpoint(**endpoint_of("e2", "orders2"))
    for name in ("say", "say2"):
        events.put_permission(Action="events:PutEvents", Principal=B, StatementId=name)
        events.put_permission(
            Action="events:PutEvents", Principal=B, StatementId=name, EventBusName="b"
        )
    world.run(minutes=1)
    return world


def replay_of(name: str) -> dict[str, Any]:
    return {
        "ReplayName": name,
        "EventSourceArn": arn("archive/old"),
        "EventStartTime": START,
        "EventEndTime": START + 600,
        "Destination": {
            "Arn": arn("event-bus/c"),
            "FilterArns": [arn("rule/c/replayed")],
        },
        "Description": "again",
    }


def endpoint_of(name: str, bus: str) -> dict[str, Any]:
    check = "arn:aws:route53:::healthcheck/shop"
    return {
        "Name": name,
        "RoutingConfig": {
            "FailoverConfig": {"Primary": {"HealthCheck": check}, "Secondary": {"Route": WEST}}
        },
        "EventBuses": [
            {"EventBusArn": arn(f"event-bus/{bus}", region=region)} for region in (EAST, WEST)
        ],
        "RoleArn": role(),
    }


TRAFFIC: list[tuple[str, dict[str, Any], str]] = [
    (
        "PutEvents",
        {"Entries": [SHOP | {"EventBusName": name} for name in ("default", "b", "orders")]},
        A,
    ),
    ("PutPartnerEvents", {"Entries": [{**SHOP, "Source": TWO}]}, B),
]
"""Events on several buses, and of a partner."""


def _list_shows() -> dict[str, tuple[Call, ...]]:
    buses = [("DescribeEventBus", {"Name": name}) for name in ("default", "b", "empty", "n", ONE)]
    rules = [("ListRules", {"EventBusName": name}) for name in ("default", "b")]
    targets = [
        ("ListTargetsByRule", {"Rule": name, "EventBusName": bus})
        for bus in ("default", "b")
        for name in ("r", "r2", "r3", "no-targets")
    ]
    tags = [
        ("ListTagsForResource", {"ResourceARN": arn(name)})
        for name in ("event-bus/b", "event-bus/n", "event-bus/orders", "rule/n")
    ]
    return {
        "EventBus": (*buses, ("ListEventBuses", {}), *tags),
        "Permission": tuple(buses),
        "Rule": (*rules, *tags, ("DescribeRule", {"Name": "n"})),
        "Targets": tuple(targets),
        "Resource": tuple(tags),
        "Archive": (
            *(("DescribeArchive", {"ArchiveName": name}) for name in ("n", "old", "old2")),
            ("ListArchives", {}),
        ),
        "Replay": (
            *(("DescribeReplay", {"ReplayName": name}) for name in ("n", "played")),
            ("ListReplays", {}),
        ),
        "Connection": (
            *(("DescribeConnection", {"Name": name}) for name in ("n", "key", "basic", "oauth")),
            ("ListConnections", {}),
        ),
        "ApiDestination": (
            *(("DescribeApiDestination", {"Name": name}) for name in ("n", "d")),
            ("ListApiDestinations", {}),
        ),
        "EventSource": (("ListEventSources", {}),),
        "Endpoint": (("ListEndpoints", {}),),
    }


SHOWS = _list_shows()
"""What shows the resources of a kind, by the end of an operation's name."""
