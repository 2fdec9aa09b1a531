"""Every member that the service model gives a target is kept, listed, and sent to the service."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

import simbridge as sb
from simbridge.api.model import operation_shape
from simbridge.targets import KINDS
from simbridge.targets.reference import example_target

TARGET = operation_shape("PutTargets").members["Targets"].member
BLOCKS = [name for name in TARGET.members if name.endswith("Parameters")]

# For each block a target that has it.
ARNS = {kind.block: example_target(kind)["Arn"] for kind in KINDS if kind.name != "API destination"}

# Members that do not take any text, or exclude another member.
FIXED = {
    "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/t",
    "PartitionKeyPath": "$.detail.key",
    "SecretManagerArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s",
}
EITHER = {"Sql": "Sqls", "DbUser": "SecretManagerArn"}


def everything(shape: Any, numbers: Iterator[int], name: str = "") -> Any:
    """A value with every member of a shape in it, no two of them alike."""
    match shape.type_name:
        case "structure":
            return {key: everything(inner, numbers, key) for key, inner in shape.members.items()}
        case "list":
            return [everything(shape.member, numbers, name)]
        case "map":
            return {f"name-{next(numbers)}": everything(shape.value, numbers)}
        case "boolean":
            return True
        case "string":
            return FIXED.get(name) or (shape.enum or [f"text-{next(numbers)}"])[-1]
    return next(numbers)


def leaves(value: Any) -> Iterator[Any]:
    """The texts, numbers and booleans of a JSON value, names of maps of our own included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.startswith("name-"):
                yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.parametrize(
    ("block", "left_out"), [*((block, 0) for block in BLOCKS), ("RedshiftDataParameters", 1)]
)
def test_every_member_of_a_block_is_listed_and_sent(block: str, left_out: int) -> None:
    """With a genuine client: what was put comes back, no more and no less, and all of it is sent."""
    parameters = everything(TARGET.members[block], itertools.count(2))
    for pair in EITHER.items():
        parameters.pop(pair[left_out], None)
    world = sb.World(start="2026-03-01T00:00:00Z")
    client, service = world.client(), world.stand_in(ARNS[block])
    target = {
        "Id": "t",
        "Arn": service.arn,
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "RetryPolicy": {"MaximumRetryAttempts": 7, "MaximumEventAgeInSeconds": 77},
        "DeadLetterConfig": {"Arn": world.queue("dead").arn},
        block: parameters,
    }
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[target])
    assert client.list_targets_by_rule(Rule="r")["Targets"] == [target]

    entry = {"Source": "shop", "DetailType": "x", "Detail": '{"key": "found"}'}
    client.put_events(Entries=[entry])
    world.settle()
    (request,) = service.requests
    text = json.dumps(request)
    for leaf in leaves(parameters):
        wanted = "found" if leaf == FIXED["PartitionKeyPath"] else leaf
        assert str(wanted) in text if isinstance(wanted, str) else wanted in list(leaves(request))
