"""Each quota of resources: at it a call succeeds, beyond it AWS's exception and text come (fidelity 10.1)."""

from __future__ import annotations

from typing import Any

import pytest

FULL = ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
PATTERN = '{"source":["shop"]}'
WILDCARD = '{"source":[{"wildcard":"s*p"}]}'
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
KEY = {"ApiKeyName": "k", "ApiKeyValue": "v"}


def connection(n: int) -> dict[str, Any]:
    auth = {"ApiKeyAuthParameters": KEY}
    return {"Name": f"c{n}", "AuthorizationType": "API_KEY", "AuthParameters": auth}


def archive(n: int) -> dict[str, Any]:
    return {"ArchiveName": f"a{n}", "EventSourceArn": BUS}


def replay(n: int, archive: str) -> dict[str, Any]:
    return {
        "ReplayName": f"p{n}",
        "EventSourceArn": archive,
        "Destination": {"Arn": BUS},
        "EventStartTime": 1_600_000_000,
        "EventEndTime": 1_600_000_060,
    }


# The limit, the operation, and the nth request that counts against it.
RESOURCES = {
    "event_buses": ("create_event_bus", lambda n: {"Name": f"b{n}"}),
    "rules_per_bus": ("put_rule", lambda n: {"Name": f"r{n}", "EventPattern": PATTERN}),
    "wildcard_rules_per_bus": (
        "put_rule",
        lambda n: {"Name": f"r{n}", "EventPattern": WILDCARD},
    ),
    "targets_per_rule": (
        "put_targets",
        lambda n: {"Rule": "r", "Targets": [{"Id": f"t{n}", "Arn": QUEUE}]},
    ),
    "archives": ("create_archive", archive),
    "connections": ("create_connection", connection),
    "tags_per_resource": (
        "tag_resource",
        lambda n: {"ResourceARN": BUS, "Tags": [{"Key": f"k{n}", "Value": ""}]},
    ),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_quota_of_resources(name: str, api_with: Any) -> None:
    """The last one that it allows is made, the next one is refused, and a higher quota allows that one."""
    operation, request = RESOURCES[name]
    most = 3
    for increase in (0, 1):
        api = api_with(**{name: most + increase})
        if name == "targets_per_rule":
            api.put_rule(Name="r", EventPattern=PATTERN)
        made = most - 1 if name == "event_buses" else most  # the default bus counts
        for number in range(made + increase):
            getattr(api, operation)(**request(number))
        code, text = api.refused(operation, **request(made + increase))
        assert (code, text) == FULL


def test_the_quota_of_api_destinations(api_with: Any) -> None:
    """They need a connection; one that is deleted makes room."""
    api = api_with(api_destinations=1)
    arn = api.create_connection(**connection(0))["ConnectionArn"]
    asked = {"ConnectionArn": arn, "InvocationEndpoint": "https://a.example", "HttpMethod": "POST"}
    api.create_api_destination(Name="d0", **asked)
    assert api.refused("create_api_destination", Name="d1", **asked) == FULL
    api.delete_api_destination(Name="d0")
    api.create_api_destination(Name="d1", **asked)


def test_the_quota_of_concurrent_replays(api_with: Any) -> None:
    """Those that start or run count."""
    api = api_with(concurrent_replays=2)
    arn = api.create_archive(**archive(0))["ArchiveArn"]
    for number in range(2):
        api.start_replay(**replay(number, arn))
    assert api.refused("start_replay", **replay(2, arn)) == FULL


def test_the_length_of_a_bus_policy(api_with: Any) -> None:
    """A policy of exactly the quota is stored, one of a character more is refused."""
    asked = {"Action": "events:PutEvents", "Principal": "210987654321", "StatementId": "s"}
    probe = api_with()
    probe.put_permission(**asked)
    size = len(probe.describe_event_bus()["Policy"])
    api_with(bus_policy_chars=size).put_permission(**asked)
    assert api_with(bus_policy_chars=size - 1).refused("put_permission", **asked) == (
        "PolicyLengthExceededException",
        "Policy size would be larger than the maximum allowed.",
    )


def test_the_length_of_a_pattern(api_with: Any) -> None:
    """The quota counts characters of the text as it is given."""
    fits, above = (api_with(event_pattern_chars=len(PATTERN) - less) for less in (0, 1))
    fits.put_rule(Name="r", EventPattern=PATTERN)
    assert above.refused("put_rule", Name="r", EventPattern=PATTERN)[0] == "ValidationException"


def test_the_size_of_put_events(api_with: Any) -> None:
    """A total that equals the quota is refused (fidelity 1.5)."""
    entry = {"Source": "shop", "DetailType": "T", "Detail": "{}"}
    api_with(put_events_bytes=8).put_events(Entries=[entry])
    code, text = api_with(put_events_bytes=7).refused("put_events", Entries=[entry])
    assert code == "ValidationException" and "size" in text
