"""Requests to Glue workflows, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "workflow": (
        "glue",
        "workflow/w",
        {},
        {"Action": "NotifyEvent", "WorkflowName": "w", "Event": "<event>"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_workflow_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)
