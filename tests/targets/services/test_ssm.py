"""Requests to Systems Manager documents and OpsItems, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

COMMAND = {"RunCommandTargets": [{"Key": "InstanceIds", "Values": ["i-1", "i-2"]}]}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "command": (
        "ssm",
        "document/d",
        {"RunCommandParameters": COMMAND},
        {"Action": "SendCommand", "DocumentName": "d", "Targets": COMMAND["RunCommandTargets"]},
    ),
    "command with input": (
        "ssm",
        "document/d",
        {"RunCommandParameters": COMMAND, "Input": '{"commands": ["ls"]}'},
        {
            "Action": "SendCommand",
            "DocumentName": "d",
            "Targets": COMMAND["RunCommandTargets"],
            "Parameters": {"commands": ["ls"]},
        },
    ),
    "runbook": (
        "ssm",
        "automation-definition/d",
        {},
        {"Action": "StartAutomationExecution", "DocumentName": "d"},
    ),
    "runbook of a version": (
        "ssm",
        "automation-definition/d:2",
        {"Input": '{"A": ["b"]}'},
        {
            "Action": "StartAutomationExecution",
            "DocumentName": "d",
            "DocumentVersion": "2",
            "Parameters": {"A": ["b"]},
        },
    ),
    "OpsItem": (
        "ssm",
        "opsitem",
        {},
        {
            "Action": "CreateOpsItem",
            "Title": "Order",
            "Source": "shop",
            "Description": "<event>",
        },
    ),
    "OpsItem with input": (
        "ssm",
        "opsitem",
        {"Input": '{"title": "T", "priority": 1, "operationalData": {"k": {"value": "v"}}}'},
        {
            "Action": "CreateOpsItem",
            "Title": "T",
            "Source": "shop",
            "Description": "<event>",
            "Priority": 1,
            "OperationalData": {"k": {"value": "v"}},
        },
    ),
    "OpsItem of its own": (
        "ssm",
        "opsitem",
        {
            "Input": '{"title": "T", "description": "D", "source": "S", "category": "C", '
            '"severity": "1", "unknown": "left out"}'
        },
        {
            "Action": "CreateOpsItem",
            "Title": "T",
            "Source": "S",
            "Description": "D",
            "Category": "C",
            "Severity": "1",
        },
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a command of no object": (
        "ssm",
        "document/d",
        {"RunCommandParameters": COMMAND, "Input": "1"},
        "The input for SendCommand must be a JSON object.",
    ),
    "a command without targets": (
        "ssm",
        "document/d",
        {},
        "The parameter RunCommandParameters is required.",
    ),
    "a runbook of no object": (
        "ssm",
        "automation-definition/d",
        {"Input": "null"},
        "The input for StartAutomationExecution must be a JSON object.",
    ),
    "an OpsItem of no object": (
        "ssm",
        "opsitem",
        {"Input": "[1]"},
        "The input for CreateOpsItem must be a JSON object.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_systems_manager_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_systems_manager_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
