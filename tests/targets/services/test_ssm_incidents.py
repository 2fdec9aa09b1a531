"""Requests to Incident Manager response plans, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

RULE = "arn:aws:events:us-east-1:123456789012:rule/orders"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "incident": (
        "ssm-incidents",
        "response-plan/p",
        {},
        {
            "Action": "StartIncident",
            "responsePlanArn": arn("ssm-incidents", "response-plan/p"),
            "triggerDetails": {
                "source": "aws.events",
                "triggerArn": RULE,
                "timestamp": "2026-03-01T00:00:00Z",
                "rawData": "<event>",
            },
        },
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_response_plan_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)
