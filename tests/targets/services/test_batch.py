"""Requests to Batch job queues, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

BATCH = {"JobDefinition": "d:1", "JobName": "j"}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def job(**more: Any) -> dict[str, Any]:
    queue = arn("batch", "job-queue/q")
    return {
        "Action": "SubmitJob",
        "jobQueue": queue,
        "jobName": "j",
        "jobDefinition": "d:1",
        **more,
    }


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "job": ("batch", "job-queue/q", {"BatchParameters": BATCH}, job()),
    "job with everything": (
        "batch",
        "job-queue/q",
        {
            "BatchParameters": BATCH
            | {"ArrayProperties": {"Size": 2}, "RetryStrategy": {"Attempts": 10}},
            "Input": json.dumps(
                {
                    "ContainerOverrides": {"Environment": [{"Name": "A", "Value": "B"}]},
                    "DependsOn": [{"JobId": "1"}],
                    "Parameters": {"Key": "kept"},
                    "Other": "left out",
                }
            ),
        },
        job(
            arrayProperties={"size": 2},
            retryStrategy={"attempts": 10},
            containerOverrides={"environment": [{"name": "A", "value": "B"}]},
            dependsOn=[{"jobId": "1"}],
            parameters={"Key": "kept"},
        ),
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a job of no object": (
        "batch",
        "job-queue/q",
        {"BatchParameters": BATCH, "InputPath": "$.detail.name"},
        "The input for SubmitJob must be a JSON object.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_job_queue_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_job_queue_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
