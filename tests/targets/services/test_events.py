"""Requests to API destinations, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "API destination": (
        "events",
        "api-destination/d/0-1",
        {
            "HttpParameters": {
                "PathParameterValues": ["$.source"],
                "HeaderParameters": {"A": "b", "User-Agent": "left out", "Authorization": "kept"},
            }
        },
        {
            "Action": "InvokeApiDestination",
            "ApiDestinationArn": arn("events", "api-destination/d/0-1"),
            "PathParameterValues": ["shop"],
            "Headers": {"A": "b", "Authorization": "kept"},
            "QueryStringParameters": {},
            "Body": "<event>",
        },
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a blank path value of a destination": (
        "events",
        "api-destination/d/0-1",
        {"HttpParameters": {"PathParameterValues": ["$.detail.none"]}},
        "A path parameter value must not be blank.",
    ),
    "a header of two lines to a destination": (
        "events",
        "api-destination/d/0-1",
        {"HttpParameters": {"HeaderParameters": {"A": "$.detail.control"}}},
        "The value of the header A is not valid.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_an_api_destination_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_an_api_destination_cannot_be_sent(
    check_failure: Callable[..., None], case: Any
) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
