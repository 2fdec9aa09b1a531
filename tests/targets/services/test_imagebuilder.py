"""Requests to Image Builder pipelines, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "image": (
        "imagebuilder",
        "image-pipeline/p",
        {},
        {
            "Action": "StartImagePipelineExecution",
            "imagePipelineArn": arn("imagebuilder", "image-pipeline/p"),
        },
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_an_image_pipeline_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)
