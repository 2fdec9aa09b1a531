"""Requests to Kinesis streams, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def kinesis(key: str, data: str = "<event>") -> dict[str, Any]:
    return {"Action": "PutRecord", "StreamName": "s", "Data": data, "PartitionKey": key}


def keyed(path: str) -> dict[str, Any]:
    return {"KinesisParameters": {"PartitionKeyPath": path}}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "stream": ("kinesis", "stream/s", {}, kinesis("<id>_<uuid>")),
    "stream, key from the original event": (  # captured, as are the next ones
        "kinesis",
        "stream/s",
        keyed("$.detail.name") | {"Input": "{}"},
        kinesis('"c/1 ä"', "{}"),
    ),
    "stream, number": ("kinesis", "stream/s", keyed("$.detail.order"), kinesis("7")),
    "stream, boolean": ("kinesis", "stream/s", keyed("$.detail.paid"), kinesis("true")),
    "stream, array": ("kinesis", "stream/s", keyed("$.detail.lines"), kinesis('[{"sku":"x"}]')),
    "stream, null": ("kinesis", "stream/s", keyed("$.detail.none"), kinesis("{}")),
    "stream, nothing": ("kinesis", "stream/s", keyed("$.detail.nowhere"), kinesis("{}")),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "long partition key": (
        "kinesis",
        "stream/s",
        keyed("$.detail.long"),
        f"1 validation error detected: Value '\"{'k' * 255}\"' at 'partitionKey' failed to satisfy "
        "constraint: Member must have length less than or equal to 256",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_stream_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_stream_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)
