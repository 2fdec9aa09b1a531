"""X-Ray trace headers: how they are normalized, and which one an event gets."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest

import simbridge as sb
from simbridge.api.xray import normalize_trace_header

ROOT = "Root=1-6ab2832c-0123456789abcdef01234567"
OTHER = "Root=1-6ab2832c-0123456789abcdef01234568"
PARENT = "Parent=0123456789abcdef"
LOUD = "Parent=ABCDEF0123456789"
ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
NOW = 1_790_083_903_999_999  # 6ab2833f seconds


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (f"{ROOT};{PARENT};Sampled=0", f"{ROOT};{PARENT};Sampled=0"),
        (f"{ROOT};{PARENT};Sampled=1", f"{ROOT};{PARENT};Sampled=1"),
        (ROOT, ROOT),
        (f"{ROOT};Sampled=?", f"{ROOT};Sampled=?"),
        (f"{ROOT};Sampled=1", f"{ROOT};Sampled=1"),
        ("garbage", None),
        (PARENT, None),
        (f"Root=bad;{PARENT}", None),
        ("Root=bad;Sampled=1", None),
        (f"Root=oops;{PARENT};Sampled=0", f"Root=<made up>;{PARENT};Sampled=0"),
        ("Root=bad;Sampled=0", "Root=<made up>;Sampled=0"),
        ("Sampled=0", "Root=<made up>;Sampled=0"),
        (f"{ROOT};Parent=oops;Sampled=0", f"{ROOT};Sampled=0"),
        (f"{ROOT};Parent=;Sampled=0", f"{ROOT};Sampled=0"),
        (f"{ROOT};{PARENT};Sampled=7", f"{ROOT};{PARENT}"),
        (f"{ROOT};{PARENT};Parent=bad", f"{ROOT};{PARENT}"),
        (f"{ROOT};Sampled=1;Sampled=7", ROOT),
        (f"{ROOT};{OTHER};{PARENT};Sampled=0", f"{OTHER};{PARENT};Sampled=0"),
        (f"{ROOT};Root=bad;{PARENT}", None),
        (f"{ROOT};{PARENT};Sampled=0;Foo=bar", f"{ROOT};{PARENT};Sampled=0;Foo=bar"),
        (f"Sampled=0;Foo=bar;{PARENT};{ROOT}", f"{ROOT};{PARENT};Sampled=0;Foo=bar"),
        (f" {ROOT} ; {PARENT} ; Sampled=0 ", f"{ROOT};{PARENT};Sampled=0"),
        (f"{ROOT};Foo=;Bar=two=three;bare", f"{ROOT};Bar=two=three;Foo="),
        (f"{ROOT};{LOUD};Sampled=0", f"{ROOT};{LOUD};Sampled=0"),
        (f"{ROOT};{LOUD};Sampled=1", None),
        ("Root=1-6AB2832C-ABCDEF0123456789abcdef01", "Root=1-6ab2832c-abcdef0123456789abcdef01"),
    ],
)
def test_a_header_is_written_anew(given: str, kept: str | None) -> None:
    """Each of these has been captured."""
    found = normalize_trace_header(given, "an event", NOW)
    made_up = r"Root=1-6ab2833f-[0-9a-f]{24}"
    assert (found and re.sub(made_up, "Root=<made up>", found)) == kept


def test_a_root_that_is_made_up_follows_from_the_event() -> None:
    """The same for the same event, and another one for another."""
    first, again, other = (
        normalize_trace_header("Sampled=0", name, NOW) for name in ("a", "a", "b")
    )
    assert first == again != other


def delivered(client: Any, world: sb.World, *entries: dict[str, Any]) -> list[str | None]:
    """The trace headers with which entries reach a queue, and a dead-letter queue."""
    queue, dead = world.queue("q"), world.queue("dead")
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    missing = {"Arn": f"{queue.arn}-missing", "DeadLetterConfig": {"Arn": dead.arn}}
    targets = [{"Id": "q", "Arn": queue.arn}, {"Id": "missing", **missing}]
    client.put_targets(Rule="r", Targets=targets)
    client.put_events(Entries=[ENTRY | entry for entry in entries])
    world.settle()
    at_queue, at_dead = (
        [
            request.get("MessageSystemAttributes", {}).get("AWSTraceHeader", {}).get("StringValue")
            for request in place.requests
        ]
        for place in (queue, dead)
    )
    assert at_queue == at_dead
    assert ROOT not in json.dumps([queue.received, dead.received])
    return at_queue


def with_header(value: str | bytes, event: str, client: Any, name: str = "X-Amzn-Trace-Id") -> Any:
    """The client, with a hook of its user that adds the header."""

    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"][name] = value

    client.meta.events.register(event, add)
    return client


@pytest.mark.parametrize("event", ["before-call", "before-call.events.PutEvents"])
@pytest.mark.parametrize("ours", [True, False])
def test_the_header_of_the_request_serves_entries_without_one(event: str, ours: bool) -> None:
    """For the client of a world and one of boto3's own; an entry's own counts even if malformed."""
    world = sb.World()
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = world.client() if ours else boto3.client("events", region_name=world.region, **keys)
    with_header(f"{ROOT};Foo=1;Sampled=0", event, client)
    with world.intercept():
        found = delivered(
            client, world, {}, {"TraceHeader": f"{OTHER};{PARENT}"}, {"TraceHeader": "garbage"}
        )
    assert found == [f"{ROOT};Sampled=0;Foo=1", f"{OTHER};{PARENT}", None]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("x-amzn-trace-id", ROOT, ROOT),
        ("X-Amzn-Trace-Id", ROOT.encode(), ROOT),
        ("X-Amzn-Trace-Id", "garbage", None),
        ("X-Other", ROOT, None),
    ],
)
def test_names_and_values_of_http_headers(name: str, value: str | bytes, kept: str | None) -> None:
    """A name in any case, a value as text or as bytes; what is malformed is dropped."""
    world = sb.World()
    client = with_header(value, "before-call", world.client(), name)
    assert delivered(client, world, {}) == [kept]


def test_a_header_of_a_length_that_no_entry_may_have() -> None:
    """The request is refused as a whole (captured)."""
    client = sb.World().client()
    with pytest.raises(client.exceptions.ClientError, match="less than or equal to 500"):
        client.put_events(Entries=[ENTRY | {"TraceHeader": "x" * 501}])
