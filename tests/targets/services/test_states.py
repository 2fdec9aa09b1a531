"""Requests to Step Functions state machines, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def template(text: str, **paths: str) -> dict[str, Any]:
    return {"InputTransformer": {"InputTemplate": text, "InputPathsMap": paths}}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "state machine": (
        "states",
        "stateMachine:m",
        {},
        {
            "Action": "StartExecution",
            "stateMachineArn": arn("states", "stateMachine:m"),
            "name": "<id>_<uuid>",
            "input": "<event>",
        },
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "two lines for a state machine": (
        "states",
        "stateMachine:m",
        template('"one"\n"two"'),
        "The input for StartExecution must be one JSON value.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_state_machine_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_state_machine_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
