"""What several services do with the input of a target: read it as JSON, or take its keys as parameters."""

from __future__ import annotations

from typing import Any

from simbridge.languages.transform import jsontext
from simbridge.targets.failures import NOT_AN_OBJECT, Failure
from simbridge.targets.sending import Request, Sending

__all__ = ["is_json", "lower_camel", "with_parameters"]


def is_json(sending: Sending) -> bool:
    """Whether the payload is one JSON value."""
    body = sending.body
    return body is None or jsontext.well_formed(body, jsontext.Roots.ONE)


def with_parameters(sending: Sending, request: Request) -> Request | Failure:
    """The request with the input, if the target has one, as its `Parameters`."""
    if sending.body is None:
        return request
    given = sending.document
    if not isinstance(given, dict):
        return NOT_AN_OBJECT.because(action=request["Action"])
    return request | {"Parameters": given}


def lower_camel(value: Any) -> Any:
    """The value with its keys in lower camel case, as the APIs of ECS and Batch write them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_camel(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [lower_camel(inner) for inner in value]
    return value
