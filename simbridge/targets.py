"""The catalogue of target types: one row for each kind of thing a rule can deliver to.

A row says how the ARN of such a target is recognised, whether PutTargets wants a role, which block
of parameters belongs to it, and which ways of changing the input it refuses. PutTargets
(`api/targets`) reads nothing else about target types, so a new type is a new row here.

The catalogue follows the user guide and the API reference. Roles, and the blocks that must be
there, follow what PutTargets itself was seen to demand ("lint": texts measured against the service
in 2026; "captured": recordings of its answers from 2026), which is less than the guide advises.

Two rows of one service are told apart by the resource part of the ARN, the first that fits wins: a
FIFO queue stands before a queue, an API destination beside an event bus. The EC2 actions that the
console offers (reboot, snapshot, ...) are left out, because the API cannot create them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple, final

from simbridge.arn import Arn

__all__ = ["BLOCKS", "KINDS", "TargetKind", "is_service", "kind_of"]

Role = Literal["required", "optional", "refused", "setting"]
"""`setting`: required or not as the limit `bus_target_role_required` says."""


@final
class TargetKind(NamedTuple):
    """One kind of target. `resource` is a regular expression for the last part of its ARN."""

    name: str
    service: str
    resource: str
    role: Role
    block: str | None = None
    block_required: bool = False
    refused_inputs: tuple[str, ...] = ()
    refusal: str = ""

    def fits(self, arn: Arn) -> bool:
        """Whether the ARN names a target of this kind."""
        return arn.service == self.service and bool(
            _compiled(self.resource).fullmatch(arn.resource)
        )


_INPUTS = ("Input", "InputPath", "InputTransformer")
_NAME = r"[^:/\s]+"

KINDS: tuple[TargetKind, ...] = (
    TargetKind("Lambda function", "lambda", rf"function:{_NAME}(:{_NAME})?", "optional"),
    TargetKind("SNS topic", "sns", _NAME, "optional"),
    TargetKind("SQS FIFO queue", "sqs", rf"{_NAME}\.fifo", "optional", "SqsParameters", True),
    TargetKind("SQS queue", "sqs", _NAME, "optional", "SqsParameters"),
    TargetKind(
        "CloudWatch Logs group",
        "logs",
        r"log-group:[^:*\s]+",  # a stream may not be named (captured)
        "refused",
        refused_inputs=("Input", "InputPath"),
        refusal=(
            "Input and InputPath are not valid forms of input for target {id}. "
            "The only valid form of input is InputTransformer."  # captured
        ),
    ),
    TargetKind("Kinesis stream", "kinesis", rf"stream/{_NAME}", "required", "KinesisParameters"),
    TargetKind("Firehose stream", "firehose", rf"deliverystream/{_NAME}", "required"),
    TargetKind(
        "Step Functions state machine", "states", rf"stateMachine:{_NAME}(:{_NAME})?", "required"
    ),
    TargetKind(
        "ECS cluster",
        "ecs",
        rf"cluster/{_NAME}",
        "required",
        "EcsParameters",
        True,
        refused_inputs=("InputPath",),  # captured; the service's text is not known
        refusal="Parameter(s) InputPath not supported for target: {id}",
    ),
    TargetKind("Batch queue", "batch", rf"job-queue/{_NAME}", "required", "BatchParameters", True),
    TargetKind("CodeBuild project", "codebuild", rf"project/{_NAME}", "required"),
    TargetKind("CodePipeline pipeline", "codepipeline", _NAME, "required"),
    TargetKind("SSM Run Command", "ssm", rf"document/{_NAME}", "required", "RunCommandParameters"),
    TargetKind("SSM Automation", "ssm", rf"automation-definition/{_NAME}(:[^:/\s]*)?", "required"),
    TargetKind("SSM OpsItem", "ssm", "opsitem", "required"),
    TargetKind("Incident Manager plan", "ssm-incidents", rf"response-plan/{_NAME}", "required"),
    TargetKind("Inspector template", "inspector", rf"target/{_NAME}/template/{_NAME}", "required"),
    TargetKind(
        "Redshift cluster", "redshift", rf"cluster:{_NAME}", "required", "RedshiftDataParameters"
    ),
    TargetKind(
        "Redshift workgroup",
        "redshift-serverless",
        rf"workgroup/{_NAME}",
        "required",
        "RedshiftDataParameters",
    ),
    TargetKind(
        "SageMaker pipeline",
        "sagemaker",
        rf"pipeline/{_NAME}",
        "required",
        "SageMakerPipelineParameters",
    ),
    TargetKind(
        "AppSync API", "appsync", rf"endpoints/graphql-api/{_NAME}", "optional", "AppSyncParameters"
    ),
    TargetKind("Glue workflow", "glue", rf"workflow/{_NAME}", "required"),
    TargetKind("Image Builder pipeline", "imagebuilder", rf"image-pipeline/{_NAME}", "optional"),
    TargetKind(
        "API Gateway API", "execute-api", rf"{_NAME}/{_NAME}(/\S*)?", "optional", "HttpParameters"
    ),
    TargetKind(
        "API destination",
        "events",
        rf"api-destination/{_NAME}/{_NAME}",
        "required",
        "HttpParameters",
    ),
    TargetKind(
        "event bus",
        "events",
        r"event-bus/[/.\-_A-Za-z0-9]+",
        "setting",
        refused_inputs=_INPUTS,
        refusal="Modifying the input for target {id} is not supported.",  # captured
    ),
)

BLOCKS: tuple[str, ...] = tuple(
    dict.fromkeys(kind.block for kind in KINDS if kind.block and kind.block != "SqsParameters")
)
"""The blocks that are refused on other kinds; SqsParameters is accepted anywhere (lint)."""

# What stands in the region of an ARN, as the service model writes it; some kinds have none.
_REGION = re.compile(r"([a-z]+-[a-z]+-[\w-]+)?", re.ASCII)


def is_service(service: str) -> bool:
    """Whether EventBridge delivers to anything of this service."""
    return any(kind.service == service for kind in KINDS)


def kind_of(arn: Arn) -> TargetKind | None:
    """The kind of target an ARN names; None where its form fits none."""
    if not _REGION.fullmatch(arn.region):
        return None
    return next((kind for kind in KINDS if kind.fits(arn)), None)


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
