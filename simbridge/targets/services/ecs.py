"""Amazon ECS: tasks are run in a cluster."""

from __future__ import annotations

from simbridge.base.errors import InvalidArn
from simbridge.model import arn as arns
from simbridge.targets.failures import EMPTY_VALUE, NOT_AN_OBJECT, Failure
from simbridge.targets.inputs import lower_camel
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, Block, Example, Service, TargetKind

__all__ = ["SERVICE"]

_STARTED_BY_CHARS_MAX = 36  # Amazon ECS: RunTask, startedBy (believed to be cut there)


def _run_task(sending: Sending) -> Request | Failure:
    """Tasks. Nothing of the event goes with them, but an input becomes their overrides (fidelity 5.2)."""
    block = dict(sending.block("EcsParameters", dynamic=True))
    definition = block.pop("TaskDefinitionArn")
    if not definition:
        return EMPTY_VALUE.because(name="TaskDefinitionArn")
    request: Request = {
        "Action": "RunTask",
        "cluster": str(sending.target),
        "taskDefinition": definition,
        "count": block.pop("TaskCount", 1),
        **lower_camel(block),
    }
    if sending.body is not None:
        overrides = sending.document
        if not isinstance(overrides, dict):
            return NOT_AN_OBJECT.because(action="RunTask")
        request["overrides"] = overrides
    rule = sending.rule.resource.rpartition("/")[2]
    request["startedBy"] = f"events-rule/{rule}"[:_STARTED_BY_CHARS_MAX]
    return request


def _check(target_id: str, target_arn: str, block: Block) -> str | None:
    """Rules between members, and bounds that the service model lacks (lint)."""
    if block.get("TaskCount", 1) > 10:
        return f"Parameter(s) TaskCount not valid for target: {target_id}"
    launch_type = block.get("LaunchType")
    network = block.get("NetworkConfiguration")
    vpc = (network or {}).get("awsvpcConfiguration") or {}
    if launch_type == "FARGATE" and network is None:
        return (
            f"Parameter NetworkConfiguration must be specified for target {target_id} "
            "when launch type is FARGATE"
        )
    if launch_type == "EC2":
        for name, place in (("PlatformVersion", block), ("AssignPublicIp", vpc)):
            if place.get(name) is not None:
                return (
                    f"Parameter {name} for target {target_id} is not supported "
                    "when launch type is EC2"
                )
    for name, least, most in (("Subnets", 1, 16), ("SecurityGroups", 0, 5)):
        if name in vpc and not least <= len(vpc[name]) <= most:
            return (
                f"Parameter {name} is not valid. Reason: size must be in between {least} and {most}"
            )
    return _check_regions(target_arn, block["TaskDefinitionArn"])


def _check_regions(cluster: str, task_definition: str) -> str | None:
    """A cluster runs tasks of its own region. A `$.path` is known only when an event comes."""
    try:
        region = arns.parse(task_definition).region
    except InvalidArn:
        return None
    if region == arns.parse(cluster).region:
        return None
    return f"Region of {cluster} does not match region of {task_definition}"


_EXAMPLE = Example(
    "cluster/warehouse",
    {
        "EcsParameters": {
            "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/pack:3",
            "TaskCount": 2,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}},
            "Group": "$.source",
        },
        "InputTransformer": {
            "InputPathsMap": {"order": "$.detail.order"},
            "InputTemplate": '{"containerOverrides": [{"name": "pack", "command": ["<order>"]}]}',
        },
    },
)

SERVICE = Service(
    (
        TargetKind(
            "ECS cluster",
            "ecs",
            "cluster/NAME",
            "required",
            _run_task,
            _EXAMPLE,
            block="EcsParameters",
            block_required=True,
            check=_check,
            inputs=("Input", "InputTransformer"),
            # captured; text not known
            refusal="Parameter(s) InputPath not supported for target: {id}",
            default="nothing",
            fails_with=ALWAYS,
            payload_bytes_max=8192,  # Amazon ECS: RunTask, overrides
        ),
    )
)
