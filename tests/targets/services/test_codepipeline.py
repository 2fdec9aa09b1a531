"""Requests to CodePipeline pipelines, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "pipeline": ("codepipeline", "p", {}, {"Action": "StartPipelineExecution", "name": "p"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_pipeline_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)
