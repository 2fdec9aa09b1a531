"""What PutTargets refuses in the parameters of a target, beyond lengths and patterns.

Lengths, patterns and enumerations stand in the service model and are checked before. What is left
are rules between members, and bounds that the model does not know. The texts are those that the
service was measured to answer with ("lint"). Which complaint comes first when there are several is
not known; here it is the first of this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simbridge.base.errors import InvalidArn
from simbridge.model import arn

__all__ = ["complaint"]

Block = Mapping[str, Any]


def complaint(block: str, target_id: str, target_arn: str, parameters: Block) -> str | None:
    """What the service says about one block of parameters; None if it takes it."""
    check = _CHECKS.get(block)
    return check(target_id, target_arn, parameters) if check is not None else None


def _ecs(target_id: str, target_arn: str, block: Block) -> str | None:
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
    return _regions(target_arn, block["TaskDefinitionArn"])


def _regions(cluster: str, task_definition: str) -> str | None:
    """A cluster runs tasks of its own region. A `$.path` is known only when an event comes."""
    try:
        region = arn.parse(task_definition).region
    except InvalidArn:
        return None
    if region == arn.parse(cluster).region:
        return None
    return f"Region of {cluster} does not match region of {task_definition}"


def _batch(target_id: str, target_arn: str, block: Block) -> str | None:
    size = (block.get("ArrayProperties") or {}).get("Size")
    if size is not None and not 2 <= size <= 10_000:
        return (
            "Parameter ArrayProperties is not valid. Reason: Size must be in between 2 and 10000."
        )
    attempts = (block.get("RetryStrategy") or {}).get("Attempts")
    if attempts is not None and not 1 <= attempts <= 10:
        return "Parameter RetryStrategy is not valid. Reason: Attempts must be in between 1 and 10."
    return None


def _redshift(target_id: str, target_arn: str, block: Block) -> str | None:
    """One form of statement, one form of login. How the two texts go on was not recorded.

    The API documentation of 2022, which knows no `Sqls`, has `Sql` required; so one of the two is.
    """
    if ("Sql" in block) == ("Sqls" in block):
        return "Either RedshiftDataParameters.sql or RedshiftDataParameters.sqls"
    if "DbUser" in block and "SecretManagerArn" in block:
        return "Either RedshiftDataParameters.dBUser or RedshiftDataParameters.secretManagerArn"
    return None


def _run_command(target_id: str, target_arn: str, block: Block) -> str | None:
    """One key of instances at a time (API documentation); how a second is refused was not recorded."""
    if len(block["RunCommandTargets"]) > 1:
        return f"Parameter(s) RunCommandTargets not valid for target: {target_id}"
    return None


_CHECKS: dict[str, Callable[[str, str, Block], str | None]] = {
    "EcsParameters": _ecs,
    "BatchParameters": _batch,
    "RedshiftDataParameters": _redshift,
    "RunCommandParameters": _run_command,
}
