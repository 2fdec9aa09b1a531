"""The catalogue of target types: one row for each kind of thing a rule can deliver to.

A row says how the ARN of such a target is recognised, whether PutTargets wants a role, which block
of parameters belongs to it, which ways of changing the input it refuses, what it gets when nothing
is said about the input, how large a payload may be, and how its service is called. PutTargets, the
deliveries, the stand-ins and the documentation read nothing else about target types, so a new type
is a new row here (and a function in `payloads`, `jobs` or `http`).

The catalogue follows the user guide and the API reference. Roles, and the blocks that must be
there, follow what PutTargets itself was seen to demand (fidelity 5.2; lint, captured), which is less
than the guide advises.
Payload limits are those of the services: an event may have more than some of them take.

Two rows of one service are told apart by the resource part of the ARN, the first that fits wins: a
FIFO queue stands before a queue, an API destination beside an event bus. The EC2 actions that the
console offers (reboot, snapshot, ...) are left out, because the API cannot create them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple, final

from simbridge.base.clock import SECOND
from simbridge.model.arn import Arn
from simbridge.targets import http, jobs, payloads
from simbridge.targets.failures import Failure, failed
from simbridge.targets.sending import Request, Requester, Sending

__all__ = [
    "BLOCKS",
    "FITS_ANYWHERE_CHARS",
    "KINDS",
    "TargetKind",
    "failure",
    "is_service",
    "kind_of",
    "request",
]

Role = Literal["required", "optional", "refused", "setting"]
"""`setting`: required or not as the limit `bus_target_role_required` says."""

KIB = 1024

_INPUTS = ("Input", "InputPath", "InputTransformer")
_ALWAYS = ("Arn",)

# User guide, "API destinations" and "API Gateway targets": the maximum client execution timeout.
_HTTP_TIMEOUT_US = 5 * SECOND


@final
class TargetKind(NamedTuple):
    """One kind of target.

    `form` is the last part of its ARN: words in capitals stand for names (`_PLACES`), brackets for
    what may be left out. `default` is what it gets where the target names no input. `fails_with`
    are the fields of a target with which `requester` may find that a request cannot be made; only
    then is it asked before an attempt. `payload_bytes_max` is None where no bound is documented
    that an event could reach. `timeout_us` is how long EventBridge waits for its answer, None where
    that is not documented. `lacks` are the parts that its ARN may leave empty. `cross_account`: it
    may belong to another account than the rule.
    """

    name: str
    service: str
    form: str
    role: Role
    requester: Requester
    block: str | None = None
    block_required: bool = False
    inputs: tuple[str, ...] = _INPUTS
    refusal: str = ""
    default: Literal["event", "nothing"] = "event"
    fails_with: tuple[str, ...] = ()
    payload_bytes_max: int | None = None
    timeout_us: int | None = None
    lacks: tuple[Literal["region", "account"], ...] = ()
    cross_account: bool = False

    def fits(self, arn: Arn) -> bool:
        """Whether the ARN names a target of this kind."""
        return (
            arn.service == self.service
            and bool(arn.region or "region" in self.lacks)
            and bool(arn.account or "account" in self.lacks)
            and bool(_compiled(self.form).fullmatch(arn.resource))
        )

    def may_fail(self, target: Mapping[str, Any]) -> bool:
        """Whether requests of this target, as it was put, can turn out to be impossible."""
        return any(target.get(name) is not None for name in self.fails_with)


KINDS: tuple[TargetKind, ...] = (
    TargetKind(
        "Lambda function",
        "lambda",
        "function:NAME[:NAME]",
        "optional",
        payloads.lambda_function,
        fails_with=("InputTransformer",),
        payload_bytes_max=1024 * KIB,  # AWS Lambda quotas: asynchronous invocation, since 2025
        cross_account=True,
    ),
    TargetKind(
        "SNS topic",
        "sns",
        "NAME",
        "optional",
        payloads.sns_topic,
        payload_bytes_max=256 * KIB,  # Amazon SNS: Publish
        cross_account=True,
    ),
    TargetKind(
        "SQS FIFO queue",
        "sqs",
        "NAME.fifo",
        "optional",
        payloads.fifo_queue,
        block="SqsParameters",
        block_required=True,
        fails_with=_ALWAYS,
        payload_bytes_max=1024 * KIB,  # Amazon SQS: SendMessage, since 2025
        cross_account=True,
    ),
    TargetKind(
        "SQS queue",
        "sqs",
        "NAME",
        "optional",
        payloads.sqs_queue,
        block="SqsParameters",
        payload_bytes_max=1024 * KIB,
        cross_account=True,
    ),
    TargetKind(
        "CloudWatch Logs group",
        "logs",
        # A stream may not be named (captured); `:*` is what CloudFormation's GetAtt puts at the end.
        "log-group:GROUP[:*]",
        "refused",
        payloads.log_group,
        inputs=("InputTransformer",),
        refusal=(
            "Input and InputPath are not valid forms of input for target {id}. "
            "The only valid form of input is InputTransformer."  # captured
        ),
        fails_with=("InputTransformer",),
        payload_bytes_max=256 * KIB - 26,  # Amazon CloudWatch Logs: PutLogEvents
    ),
    TargetKind(
        "Kinesis stream",
        "kinesis",
        "stream/NAME",
        "required",
        payloads.kinesis_stream,
        block="KinesisParameters",
        fails_with=("KinesisParameters",),
        payload_bytes_max=1024 * KIB,  # Amazon Kinesis: PutRecord
        cross_account=True,
    ),
    TargetKind(
        "Firehose stream",
        "firehose",
        "deliverystream/NAME",
        "required",
        payloads.firehose_stream,
        payload_bytes_max=1000 * KIB,  # Amazon Data Firehose: PutRecord
    ),
    TargetKind(
        "Step Functions state machine",
        "states",
        "stateMachine:NAME[:NAME]",
        "required",
        payloads.state_machine,
        fails_with=("InputTransformer",),
        payload_bytes_max=256 * KIB,  # AWS Step Functions: StartExecution, input
    ),
    TargetKind(
        "ECS cluster",
        "ecs",
        "cluster/NAME",
        "required",
        jobs.ecs_cluster,
        block="EcsParameters",
        block_required=True,
        inputs=("Input", "InputTransformer"),
        refusal="Parameter(s) InputPath not supported for target: {id}",  # captured; text not known
        default="nothing",
        fails_with=_ALWAYS,
        payload_bytes_max=8192,  # Amazon ECS: RunTask, overrides
    ),
    TargetKind(
        "Batch queue",
        "batch",
        "job-queue/NAME",
        "required",
        jobs.batch_queue,
        block="BatchParameters",
        block_required=True,
        fails_with=_INPUTS,
    ),
    TargetKind(
        "CodeBuild project",
        "codebuild",
        "project/NAME",
        "required",
        jobs.codebuild_project,
        default="nothing",
        fails_with=_INPUTS,
    ),
    TargetKind(
        "CodePipeline pipeline",
        "codepipeline",
        "NAME",
        "required",
        jobs.codepipeline_pipeline,
        default="nothing",
    ),
    TargetKind(
        "SSM Run Command",
        "ssm",
        "document/NAME",
        "required",
        jobs.run_command,
        block="RunCommandParameters",
        default="nothing",
        fails_with=_ALWAYS,
        lacks=("account",),  # Amazon's own documents belong to no account
    ),
    TargetKind(
        "SSM Automation",
        "ssm",
        "automation-definition/NAME[:VERSION]",
        "required",
        jobs.automation,
        default="nothing",
        fails_with=_INPUTS,
        lacks=("account",),
    ),
    TargetKind("SSM OpsItem", "ssm", "opsitem", "required", jobs.ops_item, fails_with=_INPUTS),
    TargetKind(
        "Incident Manager plan",
        "ssm-incidents",
        "response-plan/NAME",
        "required",
        payloads.response_plan,
        lacks=("region",),
    ),
    TargetKind(
        "Inspector template",
        "inspector",
        "target/NAME/template/NAME",
        "required",
        jobs.assessment_template,
        default="nothing",
    ),
    TargetKind(
        "Redshift cluster",
        "redshift",
        "cluster:NAME",
        "required",
        jobs.redshift,
        block="RedshiftDataParameters",
        default="nothing",
        fails_with=_ALWAYS,
    ),
    TargetKind(
        "Redshift workgroup",
        "redshift-serverless",
        "workgroup/NAME",
        "required",
        jobs.redshift,
        block="RedshiftDataParameters",
        default="nothing",
        fails_with=_ALWAYS,
    ),
    TargetKind(
        "SageMaker pipeline",
        "sagemaker",
        "pipeline/NAME",
        "required",
        jobs.sagemaker_pipeline,
        block="SageMakerPipelineParameters",
        default="nothing",
    ),
    TargetKind(
        "AppSync API",
        "appsync",
        "endpoints/graphql-api/NAME",
        "optional",
        jobs.appsync_api,
        block="AppSyncParameters",
        fails_with=_ALWAYS,
    ),
    TargetKind("Glue workflow", "glue", "workflow/NAME", "required", payloads.glue_workflow),
    TargetKind(
        "Image Builder pipeline",
        "imagebuilder",
        "image-pipeline/NAME",
        "optional",
        jobs.image_pipeline,
        default="nothing",
    ),
    TargetKind(
        "API Gateway API",
        "execute-api",
        "NAME/NAME[/ROUTE]",
        "optional",
        http.api_gateway,
        block="HttpParameters",
        fails_with=_ALWAYS,
        timeout_us=_HTTP_TIMEOUT_US,
        cross_account=True,
    ),
    TargetKind(
        "API destination",
        "events",
        "api-destination/NAME/NAME",
        "required",
        http.api_destination,
        block="HttpParameters",
        fails_with=("HttpParameters",),
        timeout_us=_HTTP_TIMEOUT_US,
    ),
    TargetKind(
        "event bus",
        "events",
        "event-bus/BUS",
        "setting",
        payloads.event_bus,
        inputs=(),
        refusal="Modifying the input for target {id} is not supported.",  # captured
    ),
)

BLOCKS: tuple[str, ...] = tuple(
    dict.fromkeys(kind.block for kind in KINDS if kind.block and kind.block != "SqsParameters")
)
"""The blocks that are refused on other kinds; SqsParameters is accepted anywhere (lint)."""

FITS_ANYWHERE_CHARS = (
    min(
        kind.payload_bytes_max
        for kind in KINDS
        if kind.payload_bytes_max is not None and kind.fails_with != _ALWAYS
    )
    // 16
)
"""A payload of no more characters fits any target that is not asked anyway, however it is written.

A character is four bytes at most in a text; in an event that is written out anew it can become
sixteen (`1e15`, control characters in a name) and the envelope comes on top.
"""

# What stands in the region of an ARN, as the service model writes it, if anything does.
_REGION = re.compile(r"([a-z]+-[a-z]+-[\w-]+)?", re.ASCII)

# What the words in the form of an ARN stand for.
_PLACES = {
    "NAME": r"[^:/\s]+",
    "GROUP": r"[^:*\s]+",
    "VERSION": r"[^:/\s]*",
    "ROUTE": r"\S*",
    "BUS": r"[/.\-_A-Za-z0-9]+",
    "[": "(?:",
    "]": ")?",
}
_FORM_WORD = re.compile(r"[A-Z]{2,}|\[|\]|[^A-Z\[\]]+|.")


def is_service(service: str) -> bool:
    """Whether EventBridge delivers to anything of this service."""
    return any(kind.service == service for kind in KINDS)


@lru_cache(maxsize=4096)
def kind_of(arn: Arn) -> TargetKind | None:
    """The kind of target an ARN names; None where its form fits none."""
    if not _REGION.fullmatch(arn.region):
        return None
    return next((kind for kind in KINDS if kind.fits(arn)), None)


def request(kind: TargetKind, sending: Sending) -> Request:
    """The call of the target's service, for a sending that `failure` has let pass."""
    made = kind.requester(sending)
    assert isinstance(made, dict), f"{sending.target} was sent what cannot be sent: {made}"
    return made


def failure(kind: TargetKind, sending: Sending) -> Failure | None:
    """Why this cannot be sent to a target of this kind; None if it can.

    Worth a call only where `TargetKind.may_fail` says so, or where the payload is longer than
    `FITS_ANYWHERE_CHARS`, or empty.
    """
    if sending.body == "" and kind.service == "sqs":
        return failed("empty")
    most = kind.payload_bytes_max
    if most is not None and (kind.default == "event" or sending.body is not None):
        size = len(sending.text.encode("utf-8", "surrogatepass"))
        if size > most:
            return failed("sqs size" if kind.service == "sqs" else "size", size=size, most=most)
    if not kind.fails_with:
        return None
    made = kind.requester(sending)
    return made if isinstance(made, Failure) else None


@lru_cache(maxsize=128)
def _compiled(form: str) -> re.Pattern[str]:
    words = _FORM_WORD.findall(form)
    return re.compile("".join(_PLACES.get(word, re.escape(word)) for word in words))
