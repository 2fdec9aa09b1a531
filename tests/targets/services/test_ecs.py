"""Requests to ECS clusters, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1"
ECS = {"TaskDefinitionArn": TASK}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def template(text: str, **paths: str) -> dict[str, Any]:
    return {"InputTransformer": {"InputTemplate": text, "InputPathsMap": paths}}


def task(**more: Any) -> dict[str, Any]:
    return {
        "Action": "RunTask",
        "cluster": arn("ecs", "cluster/c"),
        "taskDefinition": TASK,
        "count": 1,
        "startedBy": "events-rule/orders",
        **more,
    }


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "task": ("ecs", "cluster/c", {"EcsParameters": ECS}, task()),
    "task with everything": (
        "ecs",
        "cluster/c",
        {
            "EcsParameters": {
                "TaskDefinitionArn": "$.detail.task",
                "TaskCount": 3,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {
                    "awsvpcConfiguration": {
                        "Subnets": ["s-1", "$.source"],
                        "SecurityGroups": ["g"],
                        "AssignPublicIp": "ENABLED",
                    }
                },
                "PlatformVersion": "1.4.0",
                "Group": "$.detail.order",
                "CapacityProviderStrategy": [{"capacityProvider": "p", "base": 1, "weight": 2}],
                "EnableECSManagedTags": True,
                "EnableExecuteCommand": False,
                "PlacementConstraints": [{"type": "memberOf", "expression": "e"}],
                "PlacementStrategy": [{"type": "spread", "field": "f"}],
                "PropagateTags": "TASK_DEFINITION",
                "ReferenceId": "r",
                "Tags": [{"Key": "$.source", "Value": "$.detail.name"}],
            },
            "Input": '{"containerOverrides": [{"name": "c"}]}',
        },
        task(
            count=3,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": ["s-1", "shop"],
                    "securityGroups": ["g"],
                    "assignPublicIp": "ENABLED",
                }
            },
            platformVersion="1.4.0",
            group="7",
            capacityProviderStrategy=[{"capacityProvider": "p", "base": 1, "weight": 2}],
            enableECSManagedTags=True,
            enableExecuteCommand=False,
            placementConstraints=[{"type": "memberOf", "expression": "e"}],
            placementStrategy=[{"type": "spread", "field": "f"}],
            propagateTags="TASK_DEFINITION",
            referenceId="r",
            tags=[{"key": "shop", "value": "c/1 ä"}],
            overrides={"containerOverrides": [{"name": "c"}]},
        ),
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "overrides that are not an object": (
        "ecs",
        "cluster/c",
        {"EcsParameters": ECS, "Input": "[]"},
        "The input for RunTask must be a JSON object.",
    ),
    "overrides that are too long": (
        "ecs",
        "cluster/c",
        {
            "EcsParameters": ECS,
            **template('{"a": "<v>", "b": "<v>"}' + " " * 7700, v="$.detail.long"),
        },
        "The payload of 8228 bytes exceeds the maximum of 8192 bytes.",
    ),
    "no task definition": (
        "ecs",
        "cluster/c",
        {"EcsParameters": {"TaskDefinitionArn": "$.detail.nowhere"}},
        "The parameter TaskDefinitionArn must not be empty.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_cluster_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_cluster_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
