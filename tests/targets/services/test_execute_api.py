"""Requests to API Gateway APIs, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

RULE = "arn:aws:events:us-east-1:123456789012:rule/orders"


def http(path: str, body: str = "<event>", method: str = "POST", **more: Any) -> dict[str, Any]:
    return {
        "Action": "Invoke",
        "Method": method,
        "Host": "a.execute-api.us-east-1.amazonaws.com",
        "Path": path,
        "Headers": {
            "Content-Type": "application/json",
            "X-Amz-Source-Arn": RULE,
            "X-Amz-Source-Account": "123456789012",
            **more.pop("headers", {}),
        },
        "QueryStringParameters": more.pop("query", {}),
        "Body": body,
    }


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "API, path": ("execute-api", "a/test/GET/x/y", {}, http("/test/x/y/", method="GET")),
    "API, root": ("execute-api", "a/test/POST/", {}, http("/test/")),  # recorded
    "API, a slash at the end": ("execute-api", "a/test/POST/x/", {}, http("/test/x/")),
    "API, stage only": ("execute-api", "a/test", {}, http("/test/")),
    "API, any method": ("execute-api", "a/test/*/x", {}, http("/test/x/")),
    "API with everything": (
        "execute-api",
        "a/test/PUT/x/*/*",
        {
            "HttpParameters": {
                "PathParameterValues": ["$.detail.name", "b c"],
                "HeaderParameters": {
                    "X-Order": "$.detail.order",
                    "content-type": "text/plain",
                    "X-Amzn-Foo": "left out",
                    "HOST": "left out",
                    "$.source": "a key stays",
                },
                "QueryStringParameters": {
                    "a": "$.detail.nowhere",
                    "b": "$.detail.lines[*].sku",
                    "$.source": "order $.detail.order",
                },
            },
            "Input": "{}",
        },
        http(
            "/test/x/c%2F1%20%C3%A4/b%20c/",
            "{}",
            "PUT",
            headers={"X-Order": "7", "content-type": "text/plain", "$.source": "a key stays"},
            query={"a": "", "b": '["x"]', "shop": "order $.detail.order"},
        ),
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "too many path values": (
        "execute-api",
        "a/test/POST/*",
        {"HttpParameters": {"PathParameterValues": ["1", "2"]}},
        "The path /test/* takes 1 path parameter values, not 2.",
    ),
    "too few path values": (
        "execute-api",
        "a/test/POST/*",
        {},
        "The path /test/* takes 1 path parameter values, not 0.",
    ),
    "a blank path value": (
        "execute-api",
        "a/test/POST/*",
        {"HttpParameters": {"PathParameterValues": ["$.detail.none"]}},
        "A path parameter value must not be blank.",
    ),
    "a header of two lines": (
        "execute-api",
        "a/test",
        {"HttpParameters": {"HeaderParameters": {"A": "$.detail.control"}}},
        "The value of the header A is not valid.",
    ),
}
del CASES["API with everything"][3]["Headers"]["Content-Type"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_an_api_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_an_api_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
