"""Requests to Amazon SNS topics, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "topic": (
        "sns",
        "t",
        {"InputPath": "$.detail.name"},
        {"Action": "Publish", "TopicArn": arn("sns", "t"), "Message": '"c/1 ä"'},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_topic_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)
