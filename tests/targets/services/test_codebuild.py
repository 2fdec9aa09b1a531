"""Requests to CodeBuild projects, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "build": ("codebuild", "project/p", {}, {"Action": "StartBuild", "projectName": "p"}),
    "build with input": (
        "codebuild",
        "project/p",
        {"Input": '{"sourceVersion": "v", "projectName": "other"}'},
        {"Action": "StartBuild", "projectName": "p", "sourceVersion": "v"},
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a build of no object": (
        "codebuild",
        "project/p",
        {"Input": '"v"'},
        "The input for StartBuild must be a JSON object.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_project_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_project_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
