"""Requests to Redshift clusters and workgroups, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1"
STATEMENT = {"Database": "db", "Sql": "select 1"}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "statement": (
        "redshift",
        "cluster:c",
        {
            "RedshiftDataParameters": STATEMENT
            | {"SecretManagerArn": "$.detail.task", "StatementName": "$.source", "WithEvent": True}
        },
        {
            "Action": "ExecuteStatement",
            "ClusterIdentifier": "c",
            "Database": "db",
            "Sql": "select 1",
            "SecretArn": TASK,
            "StatementName": "shop",
            "WithEvent": True,
        },
    ),
    "statements": (
        "redshift-serverless",
        "workgroup/w",
        {"RedshiftDataParameters": {"Database": "db", "Sqls": ["a", "$.source"]}},
        {
            "Action": "BatchExecuteStatement",
            "WorkgroupName": "w",
            "Database": "db",
            "Sqls": ["a", "shop"],
        },
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "no statement": (
        "redshift",
        "cluster:c",
        {},
        "The parameter RedshiftDataParameters is required.",
    ),
    "an empty statement": (
        "redshift",
        "cluster:c",
        {"RedshiftDataParameters": {"Database": "db", "Sql": "$.detail.nowhere"}},
        "The parameter Sql must not be empty.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_redshift_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_redshift_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
