"""Requests to AWS Lambda functions, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def template(text: str, **paths: str) -> dict[str, Any]:
    return {"InputTransformer": {"InputTemplate": text, "InputPathsMap": paths}}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "function": (
        "lambda",
        "function:f:live",
        {},
        {
            "Action": "Invoke",
            "FunctionName": arn("lambda", "function:f:live"),
            "InvocationType": "Event",
            "Payload": "<event>",
        },
    ),
    "function, template": (
        "lambda",
        "function:f",
        template('"order <o>"', o="$.detail.order"),
        {
            "Action": "Invoke",
            "FunctionName": arn("lambda", "function:f"),
            "InvocationType": "Event",
            "Payload": '"order 7"',
        },
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "two lines for a function": (
        "lambda",
        "function:f",
        template('"one"\n"two"'),
        "The input for Invoke must be one JSON value.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_function_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_function_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
