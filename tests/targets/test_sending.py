"""Requests follow from what the trace has recorded, and carry the trace header."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import simbridge as sb

ROLE = "arn:aws:iam::123456789012:role/r"
TRACE = "Root=1-01234567-0123456789abcdef01234567"
ECS = {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1"}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def keyed(path: str) -> dict[str, Any]:
    return {"KinesisParameters": {"PartitionKeyPath": path}}


@pytest.mark.parametrize(
    ("service", "resource", "fields", "place", "value"),
    [
        (
            "sqs",
            "q",
            {},
            "MessageSystemAttributes",
            {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}},
        ),
        ("lambda", "function:f", {}, "TraceHeader", TRACE),
        ("states", "stateMachine:m", {}, "traceHeader", TRACE),
    ],
)
def test_the_trace_header_goes_along(
    service: str,
    resource: str,
    fields: dict[str, Any],
    place: str,
    value: object,
    deliver: Callable[..., sb.World],
    received: Callable[..., dict[str, Any]],
) -> None:
    """Where the service has a place for it (fidelity 1.6)."""
    world = deliver(service, resource, fields, TraceHeader=TRACE)
    assert received(world, service, resource)[place] == value


def test_the_trace_header_goes_to_apis_and_dead_letters(
    deliver: Callable[..., sb.World], received: Callable[..., dict[str, Any]]
) -> None:
    """As a header, and as the same system attribute that a queue gets."""
    world = deliver("execute-api", "a/test", {}, TraceHeader=TRACE)
    assert received(world, "execute-api", "a/test")["Headers"]["X-Amzn-Trace-Id"] == TRACE
    world = deliver("execute-api", "a/test/GET/*", {}, TraceHeader=TRACE)
    (letter,) = world.queue("dead").requests
    assert letter["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == TRACE


def test_requests_follow_the_target_as_it_was_when_the_rule_matched(
    deliver: Callable[..., sb.World],
) -> None:
    """A target that is put again changes later requests; earlier ones stay as they were."""
    world = deliver("kinesis", "stream/s", keyed("$.source"))
    client = world.client()
    stream = world.stand_in(arn("kinesis", "stream/s"))
    target = {"Id": "t", "Arn": stream.arn, "RoleArn": ROLE, **keyed("$.detail-type")}
    client.put_targets(Rule="orders", Targets=[target])
    client.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}])
    world.settle()
    assert [request["PartitionKey"] for request in stream.requests] == ['"shop"', '"Order"']
    client.remove_targets(Rule="orders", Ids=["t"])
    world.settle()
    assert len(stream.requests) == 2


def test_requests_survive_forks_pickles_and_files(
    tmp_path: Path, deliver: Callable[..., sb.World]
) -> None:
    """The parameters stand in the trace once, and every copy shows the same requests."""
    world = deliver("ecs", "cluster/c", {"EcsParameters": ECS})
    for _ in range(3):
        world.client().put_events(
            Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}]
        )
    world.settle()
    wanted = world.stand_in(arn("ecs", "cluster/c")).requests
    for copy in (world.fork(), pickle.loads(pickle.dumps(world))):
        assert copy.stand_in(arn("ecs", "cluster/c")).requests == wanted
        assert copy.trace.digest() == world.trace.digest()
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    read = sb.Trace.from_jsonl(file)
    assert list(read) == list(world.trace)
    assert read.digest() == world.trace.digest()
    invokes = [line for line in file.read_text().splitlines() if '"Invoke"' in line]
    assert [line.count("TaskDefinitionArn") for line in invokes] == [1, 0, 0, 0]


def test_reading_requests_changes_nothing(deliver: Callable[..., sb.World]) -> None:
    """They are worked out from what is recorded: no message, no random number, no order."""
    worlds = [deliver("kinesis", "stream/s", {}) for _ in range(2)]
    assert worlds[0].stand_in(arn("kinesis", "stream/s")).requests
    for world in worlds:
        world.client().put_events(
            Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}]
        )
        world.settle()
    assert worlds[0].trace.digest() == worlds[1].trace.digest()
