"""Requests to AppSync APIs, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

GRAPHQL = {"GraphQLOperation": "query Q { q }"}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "GraphQL": (
        "appsync",
        "endpoints/graphql-api/a",
        {"AppSyncParameters": GRAPHQL, "Input": '{"v": 1}'},
        {"Action": "GraphQL", "apiId": "a", "query": "query Q { q }", "variables": {"v": 1}},
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "no operation": (
        "appsync",
        "endpoints/graphql-api/a",
        {},
        "The parameter AppSyncParameters is required.",
    ),
    "variables that are not an object": (
        "appsync",
        "endpoints/graphql-api/a",
        {"AppSyncParameters": GRAPHQL, "InputPath": "$.source"},
        "The input for GraphQL must be a JSON object.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_an_api_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_an_api_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
