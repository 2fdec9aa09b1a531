"""AWS Batch: a job is submitted to a job queue."""

from __future__ import annotations

from simbridge.targets.failures import NOT_AN_OBJECT, Failure
from simbridge.targets.inputs import lower_camel
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import INPUTS, Block, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _submit_job(sending: Sending) -> Request | Failure:
    """A job. Three keys of the input become its parameters, all others are ignored (fidelity 5.2)."""
    block = sending.block("BatchParameters")
    given = sending.document
    if not isinstance(given, dict):
        return NOT_AN_OBJECT.because(action="SubmitJob")
    request: Request = {
        "Action": "SubmitJob",
        "jobQueue": str(sending.target),
        "jobName": block["JobName"],
        "jobDefinition": block["JobDefinition"],
    }
    for name in ("ArrayProperties", "RetryStrategy"):
        if name in block:
            request |= lower_camel({name: block[name]})
    for name in ("ContainerOverrides", "DependsOn"):
        if name in given:
            request |= lower_camel({name: given[name]})
    if "Parameters" in given:
        request["parameters"] = given["Parameters"]
    return request


def _check(target_id: str, target_arn: str, block: Block) -> str | None:
    """Bounds that the service model lacks (lint)."""
    size = (block.get("ArrayProperties") or {}).get("Size")
    if size is not None and not 2 <= size <= 10_000:
        return (
            "Parameter ArrayProperties is not valid. Reason: Size must be in between 2 and 10000."
        )
    attempts = (block.get("RetryStrategy") or {}).get("Attempts")
    if attempts is not None and not 1 <= attempts <= 10:
        return "Parameter RetryStrategy is not valid. Reason: Attempts must be in between 1 and 10."
    return None


_EXAMPLE = Example(
    "job-queue/nightly",
    {
        "BatchParameters": {
            "JobDefinition": "bill:1",
            "JobName": "bill",
            "RetryStrategy": {"Attempts": 3},
        },
        "InputTransformer": {
            "InputPathsMap": {"order": "$.detail.order"},
            "InputTemplate": '{"Parameters": {"order": "<order>"}}',
        },
    },
)

SERVICE = Service(
    (
        TargetKind(
            "Batch queue",
            "batch",
            "job-queue/NAME",
            "required",
            _submit_job,
            _EXAMPLE,
            block="BatchParameters",
            block_required=True,
            check=_check,
            fails_with=INPUTS,
        ),
    )
)
