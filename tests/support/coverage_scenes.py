"""Example requests for every parameter of every operation, in the world of `coverage_world.py`."""

from __future__ import annotations

import json
from typing import Any

from coverage_world import (
    BROKEN,
    EAST,
    KEY,
    NETWORK,
    ONE,
    RETRIED,
    SHOP,
    START,
    TWO,
    WEST,
    A,
    B,
    Scene,
    arn,
    endpoint_of,
    queue,
    replay_of,
    role,
)

from simbridge.targets import KINDS
from simbridge.targets.reference import example_target

Call = tuple[str, dict[str, Any]]

PARAMETERS = [
    {"Key": "a", "Value": "1", "IsValueSecret": False},
    {"Key": "s", "Value": "2", "IsValueSecret": True},
]
HTTP = dict.fromkeys(("HeaderParameters", "QueryStringParameters", "BodyParameters"), PARAMETERS)
PRIVATE = {"ResourceParameters": {"ResourceConfigurationArn": NETWORK}}
AUTHORIZED: dict[str, dict[str, Any]] = {
    "BASIC": {"BasicAuthParameters": {"Username": "u", "Password": "p"}},
    "API_KEY": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Name", "ApiKeyValue": "v"}},
    "OAUTH_CLIENT_CREDENTIALS": {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "i", "ClientSecret": "s"},
            "AuthorizationEndpoint": "https://api.example.com/token",
            "HttpMethod": "POST",
            "OAuthHttpParameters": HTTP,
        }
    },
}


CONNECTED: dict[str, list[Any]] = {
    "AuthParameters.OAuthParameters.AuthorizationEndpoint": ["https://api2.example.com/t"],
    **{
        f"{path}.ResourceParameters.ResourceConfigurationArn": [NETWORK[:-1] + "h"]
        for path in ("InvocationConnectivityParameters", "AuthParameters.ConnectivityParameters")
    },
}


def called(connection: str) -> tuple[Call, ...]:
    """A rule whose target is a new API destination with this connection."""
    destination = {
        "Name": "z",
        "ConnectionArn": f"<the connection {connection}>",
        "InvocationEndpoint": "https://api.example.com/z",
        "HttpMethod": "POST",
    }
    return (("CreateApiDestination", destination), *targeted("z"))


def targeted(destination: str) -> tuple[Call, ...]:
    """A rule whose target is this API destination."""
    target = {"Id": "z", "Arn": f"<the API destination {destination}>", "RoleArn": role()}
    return (
        ("PutRule", {"Name": "z", "EventPattern": '{"source": ["shop"]}'}),
        ("PutTargets", {"Rule": "z", "Targets": [target]}),
    )


def connections() -> list[Any]:
    """Each type of authorization, created and as an update of a connection that is used."""
    scenes = []
    for kind, parameters in AUTHORIZED.items():
        settings = {"AuthorizationType": kind, "Description": "text", "KmsKeyIdentifier": KEY}
        settings["AuthParameters"] = parameters | {"InvocationHttpParameters": HTTP}
        private = {"AuthorizationType": kind, "InvocationConnectivityParameters": PRIVATE}
        private["AuthParameters"] = parameters
        if kind == "OAUTH_CLIENT_CREDENTIALS":
            private["AuthParameters"] = parameters | {"ConnectivityParameters": PRIVATE}
        for request in (settings, private):
            new, old = {"Name": "n", **request}, {"Name": "key", **request}
            scenes += [
                Scene("CreateConnection", new, others=CONNECTED, after=called("n")),
                Scene("UpdateConnection", old, others={**CONNECTED, "Name": ["other"]}),
            ]
    return scenes


def targets() -> list[Any]:
    """The example of each kind of target, and the members that no example has."""
    given = [{**example_target(kind), "Id": "t"} for kind in KINDS if kind.name != "event bus"]
    fargate = {
        "TaskDefinitionArn": arn("task-definition/pack:3", "ecs"),
        "NetworkConfiguration": {
            "awsvpcConfiguration": {
                "Subnets": ["subnet-1"],
                "SecurityGroups": ["sg-1"],
                "AssignPublicIp": "ENABLED",
            }
        },
        "PlatformVersion": "1.4.0",
        "CapacityProviderStrategy": [{"capacityProvider": "p", "weight": 1, "base": 1}],
        "EnableECSManagedTags": True,
        "EnableExecuteCommand": True,
        "PlacementConstraints": [{"type": "memberOf", "expression": "e"}],
        "PlacementStrategy": [{"type": "spread", "field": "host"}],
        "PropagateTags": "TASK_DEFINITION",
        "ReferenceId": "ref",
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    batch = {"JobDefinition": "d", "JobName": "j", "ArrayProperties": {"Size": 5}}
    batch["RetryStrategy"] = {"Attempts": 3}
    redshift = {
        "Database": "shop",
        "SecretManagerArn": arn("secret:s", "secretsmanager"),
        "Sql": "call a()",
        "WithEvent": True,
    }
    given += [
        {"Arn": arn("cluster/c", "ecs"), "RoleArn": role(), "EcsParameters": fargate},
        {"Arn": arn("job-queue/n", "batch"), "RoleArn": role(), "BatchParameters": batch},
        {
            "Arn": arn("cluster:s", "redshift"),
            "RoleArn": role(),
            "RedshiftDataParameters": redshift,
        },
        {"Arn": queue("new"), "Input": '"fixed"'},
        {"Arn": BROKEN, "RetryPolicy": RETRIED, "DeadLetterConfig": {"Arn": queue("dead")}},
        {
            "Arn": BROKEN,
            "RetryPolicy": {"MaximumEventAgeInSeconds": 300},
            "DeadLetterConfig": {"Arn": queue("dead")},
        },
    ]
    others = {
        "Targets[].Arn": [queue("new2"), arn("document/Other", "ssm")],
        "Targets[].RetryPolicy.MaximumRetryAttempts": [0],
        "Targets[].RetryPolicy.MaximumEventAgeInSeconds": [60],
        "Targets[].DeadLetterConfig.Arn": [queue("new2")],
        "Targets[].InputPath": ["$.source"],
        "Targets[].Input": ['"other"'],
        "Targets[].InputTransformer.InputPathsMap": [{"order": "$.source"}],
        "Targets[].InputTransformer.InputTemplate": ['{"Parameters": {"order": "x <order>"}}'],
    }
    return [
        Scene(
            "PutTargets",
            {"Rule": "r", "EventBusName": "default", "Targets": [{"Id": "t", **target}]},
            others={"EventBusName": ["b"], "Rule": ["r2"], **others},
        )
        for target in given
    ]


OTHER = {"key": "other", "b": "empty", "empty": "orders", "two": ONE, "off": ONE, "n": "played"}
"""Another resource of the same kind."""


def finders() -> list[Any]:
    """Operations that name one resource, and lists."""
    ones = {
        "Name": (
            "ActivateEventSource:off DeactivateEventSource:two DeauthorizeConnection:key "
            "DeleteApiDestination:d DeleteConnection:key DeleteEndpoint:e DeleteEventBus:empty "
            "DescribeApiDestination:d DescribeConnection:key DescribeEndpoint:e "
            "DescribeEventBus:b DescribeEventSource:two"
        ),
        "ArchiveName": "DeleteArchive:old DescribeArchive:old",
        "ReplayName": "CancelReplay:n DescribeReplay:played",
    }
    partner = {"two": TWO, "off": TWO}
    scenes = []
    for member, operations in ones.items():
        for pair in operations.split():
            name, _, value = pair.partition(":")
            before: tuple[Call, ...] = ()
            if value == "off":
                before = (("DeactivateEventSource", {"Name": TWO}),)
            if value == "n":
                before = (("StartReplay", replay_of("n")),)
            request = {member: partner.get(value, value)}
            if name == "DescribeEndpoint":
                request["HomeRegion"] = EAST
            other = OTHER.get(value, f"{value}2")
            scenes.append(Scene(name, request, before, {"HomeRegion": [WEST], member: [other]}))
    for name in ("DescribeRule", "DisableRule", "EnableRule", "DeleteRule"):
        bus_and_rule = {"Name": "no-targets", "EventBusName": "b"}
        disabled = (("DisableRule", bus_and_rule),) if name == "EnableRule" else ()
        scenes.append(Scene(name, bus_and_rule, disabled, {"EventBusName": ["default", "c"]}))
    archive = {"Name": "Events-Archive-old2", "EventBusName": "c", "Force": True}
    empty = {"Rule": archive["Name"], "EventBusName": "c", "Ids": [archive["Name"]], "Force": True}
    shows = (("ListRules", {"EventBusName": "c"}), ("ListArchives", {}))
    scenes += [
        Scene("DeleteRule", archive, (("RemoveTargets", empty),), shows=shows),
        Scene("RemoveTargets", empty, shows=shows),
    ]
    return scenes


def lists() -> list[Any]:
    """Each filter alone, because some lists take one only; and a second page."""
    prefixes = {
        "ListApiDestinations": ("d2", {}),
        "ListArchives": ("old", {}),
        "ListConnections": ("k", {}),
        "ListEndpoints": ("e2", {}),
        "ListEventBuses": ("or", {}),
        "ListEventSources": (ONE, {}),
        "ListReplays": ("played2", {}),
        "ListRules": ("r2", {"EventBusName": "b"}),
    }
    filters = [
        ("ListApiDestinations", "ConnectionArn", arn("connection/key/") + "0" * 36),
        ("ListArchives", "EventSourceArn", arn("event-bus/b")),
        ("ListArchives", "State", "DISABLED"),
        ("ListConnections", "ConnectionState", "DEAUTHORIZED"),
        ("ListEndpoints", "HomeRegion", WEST),
        ("ListReplays", "EventSourceArn", arn("archive/old2")),
        ("ListReplays", "State", "FAILED"),
    ]
    pages: list[tuple[str, dict[str, Any], str]] = [(name, {}, A) for name in prefixes]
    pages += [
        ("ListPartnerEventSources", {"NamePrefix": "aws.partner/example.com/"}, B),
        ("ListRuleNamesByTarget", {"TargetArn": queue("b"), "EventBusName": "b"}, A),
        ("ListTargetsByRule", {"Rule": "r", "EventBusName": "b"}, A),
    ]
    scenes = [
        Scene(name, {"NamePrefix": prefix, **more}, others={"EventBusName": ["default"]})
        for name, (prefix, more) in prefixes.items()
    ]
    scenes += [Scene(name, {member: value}) for name, member, value in filters]
    one = {"EventSourceName": ONE, "Limit": 1}
    two = {"EventSourceName": [TWO]}
    scenes.append(Scene("ListPartnerEventSourceAccounts", one, others=two, account=B))
    for name, request, account in pages:
        limit = "MaxResults" if name == "ListEndpoints" else "Limit"
        page = {**request, limit: 1, "NextToken": "<the token of the page before>"}
        others: dict[str, list[Any]] = {limit: [2], "EventBusName": ["default"], "Rule": ["r2"]}
        others["TargetArn"] = [queue("c")]
        scenes.append(Scene(name, page, others=others, account=account))
        scenes.append(Scene(name, {**request, limit: 1}, others=others, account=account))
    return scenes


def buses() -> list[Any]:
    """Event buses, permissions and tags."""
    settings: dict[str, Any] = {
        "Description": "text",
        "KmsKeyIdentifier": KEY,
        "DeadLetterConfig": {"Arn": queue("dead")},
        "LogConfig": {"IncludeDetail": "FULL", "Level": "TRACE"},
    }
    tags = [{"Key": "x", "Value": "y"}]
    other: dict[str, list[Any]] = {"EventBusName": ["default"], "EventSourceName": [TWO]}
    other["Principal"] = [B]
    tagged = {"ResourceARN": [arn("event-bus/orders")]}
    statement = {"Action": "events:PutEvents", "Principal": A, "StatementId": "new"}
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "whole",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": arn("event-bus/b"),
            }
        ],
    }
    texts = [json.dumps(policy), json.dumps(policy).replace("whole", "other")]
    all_of_b = {"EventBusName": "b", "RemoveAllPermissions": True}
    return [
        Scene("CreateEventBus", {"Name": "n", "Tags": tags, **settings}),
        Scene("CreateEventBus", {"Name": ONE, "EventSourceName": ONE}, others=other),
        Scene("UpdateEventBus", {"Name": "b", **settings}, others={"Name": ["empty"]}),
        Scene("PutPermission", {"EventBusName": "b", **statement}, others=other),
        Scene(
            "PutPermission",
            {"EventBusName": "b", **statement, "Principal": "*", "Condition": condition},
            others=other | {"Condition.Value": ["o-0987654321"]},
        ),
        Scene("PutPermission", {"EventBusName": "b", "Policy": texts[0]}, others={"Policy": texts}),
        Scene("RemovePermission", {"EventBusName": "b", "StatementId": "say"}, others=other),
        Scene("RemovePermission", all_of_b, others=other),
        Scene("TagResource", {"ResourceARN": arn("event-bus/b"), "Tags": tags}, others=tagged),
        Scene(
            "UntagResource", {"ResourceARN": arn("event-bus/b"), "TagKeys": ["k"]}, others=tagged
        ),
        Scene("ListTagsForResource", {"ResourceARN": arn("event-bus/b")}, others=tagged),
    ]


def rules() -> list[Any]:
    """Rules and what is taken from them."""
    rule = {
        "Name": "n",
        "EventBusName": "default",
        "EventPattern": '{"source": ["shop"]}',
        "ScheduleExpression": "rate(1 minute)",
        "State": "DISABLED",
        "Description": "text",
        "RoleArn": role(),
        "Tags": [{"Key": "x", "Value": "y"}],
    }
    others: dict[str, list[Any]] = {
        "EventBusName": ["b"],
        "EventPattern": ['{"source": ["none"]}'],
        "ScheduleExpression": ["rate(5 minutes)"],
        "RoleArn": [role("other")],
    }
    changed = {"Name": "r", "EventPattern": '{"source": ["none"]}'}
    scheduled = {"Name": "r", "ScheduleExpression": "rate(1 minute)", "State": "ENABLED"}
    on_b = {"Rule": "r3", "EventBusName": "b", "Ids": ["t"]}
    return [
        Scene("PutRule", rule, others=others),
        Scene("PutRule", changed, others={"EventPattern": ['{"source": ["shop"]}']}),
        Scene("PutRule", scheduled, others={"ScheduleExpression": ["rate(5 minutes)"]}),
        Scene("RemoveTargets", on_b, others={"EventBusName": ["c"], "Rule": ["r2"]}),
    ]


def events() -> list[Any]:
    """What is put, and patterns."""
    entry = {
        **SHOP,
        "Time": START,
        "Resources": ["r"],
        "EventBusName": "b",
        "TraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793",
    }
    traced = (
        (
            "PutTargets",
            {"Rule": "r", "EventBusName": "b", "Targets": [{"Id": "t", "Arn": queue("b")}]},
        ),
    )
    orders = {"EndpointId": "<the id of e>", "Entries": [SHOP | {"EventBusName": "orders"}]}
    given = {name: entry[name] for name in ("Time", "Resources", "DetailType", "Detail")}
    partner = {"Entries": [{**given, "Source": TWO}]}
    event = {"id": "i", "account": A, "source": "shop", "time": "2026-03-01T00:00:00Z"}
    event |= {"region": EAST, "detail-type": "d"}
    test = {"EventPattern": '{"source": ["shop"]}', "Event": json.dumps(event)}
    return [
        Scene(
            "PutEvents",
            {"Entries": [entry]},
            traced,
            {"Entries[].EventBusName": ["default"], "Entries[].Detail": ['{"order": 8}']},
        ),
        Scene("PutEvents", orders, others={"EndpointId": ["abcdefghij.veo"]}),
        Scene(
            "PutPartnerEvents",
            partner,
            others={"Entries[].Source": [ONE], "Entries[].Detail": ['{"order": 8}']},
            account=B,
        ),
        Scene(
            "TestEventPattern",
            test,
            others={
                "EventPattern": ['{"source": ["none"]}'],
                "Event": [json.dumps(event | {"source": "none"})],
            },
        ),
    ]


def others() -> list[Any]:
    """Archives, replays, API destinations, partner event sources, global endpoints."""
    archive = {
        "EventPattern": '{"source": ["shop"]}',
        "Description": "text",
        "RetentionDays": 3,
        "KmsKeyIdentifier": KEY,
    }
    pattern = {"EventPattern": ['{"source": ["none"]}']}
    on_b = {"ArchiveName": "n", "EventSourceArn": arn("event-bus/b"), **archive}
    destination = {
        "Name": "n",
        "Description": "text",
        "ConnectionArn": "<the connection other>",
        "InvocationEndpoint": "https://api2.example.com/x",
        "HttpMethod": "PUT",
        "InvocationRateLimitPerSecond": 5,
    }
    urls = {
        "InvocationEndpoint": ["https://api.example.com/y"],
        "ConnectionArn": ["<the connection key>"],
    }
    endpoint = {
        **endpoint_of("n", "b"),
        "Description": "text",
        "ReplicationConfig": {"State": "ENABLED"},
    }
    shared = {
        "RoutingConfig.FailoverConfig.Primary.HealthCheck": ["arn:aws:route53:::healthcheck/two"],
        "RoutingConfig.FailoverConfig.Secondary.Route": ["eu-west-1"],
        "EventBuses[].EventBusArn": [arn("event-bus/b")],
        "RoleArn": [role("other")],
    }
    offered = {"Name": "aws.partner/example.com/three", "Account": A}
    sources = (("ListEventSources", {}),)
    changed = {**endpoint, "Name": "e", "EventBuses": endpoint_of("e", "orders2")["EventBuses"]}
    replay = {
        **replay_of("n"),
        "Destination": {"Arn": arn("event-bus/c"), "FilterArns": [arn("rule/c/replayed")]},
    }
    windows: dict[str, list[Any]] = {
        "EventStartTime": [START + 60],
        "EventEndTime": [START + 60],
        "EventSourceArn": [arn("archive/old2")],
        "Destination.Arn": [arn("event-bus/b")],
        "Destination.FilterArns": [[arn("rule/c/replayed2")]],
    }
    return [
        Scene("CreateArchive", on_b, others={**pattern, "EventSourceArn": [arn("event-bus/c")]}),
        Scene(
            "UpdateArchive",
            {"ArchiveName": "old", **archive},
            others={**pattern, "ArchiveName": ["old2"]},
        ),
        Scene("StartReplay", replay, others=windows),
        Scene("CreateApiDestination", destination, others=urls, after=targeted("n")),
        Scene(
            "UpdateApiDestination", {**destination, "Name": "d"}, others={**urls, "Name": ["d2"]}
        ),
        Scene(
            "CreateEndpoint",
            {**endpoint, "EventBuses": endpoint_of("n", "orders")["EventBuses"]},
            others=shared,
        ),
        Scene("UpdateEndpoint", changed, others={**shared, "Name": ["e2"]}),
        Scene(
            "CreatePartnerEventSource", offered, others={"Account": [B]}, shows=sources, account=B
        ),
        Scene(
            "DeletePartnerEventSource",
            {"Name": ONE, "Account": A},
            others={"Name": [TWO]},
            account=B,
        ),
        Scene("DescribePartnerEventSource", {"Name": ONE}, others={"Name": [TWO]}, account=B),
    ]


IDLE = {
    ("ListPartnerEventSourceAccounts", "Limit"): "one account only",
    ("ListPartnerEventSourceAccounts", "NextToken"): "one account only",
}
"""Parameters that change nothing, and why: an event source is offered to one account, so there is one page."""

SCENES = [
    *buses(),
    *rules(),
    *targets(),
    *events(),
    *connections(),
    *others(),
    *finders(),
    *lists(),
]
