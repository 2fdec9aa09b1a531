"""How many bytes an event counts for: in PutEvents, and in an archive.

PutEvents counts the texts of an entry in UTF-8, and 14 bytes for a `Time` (fidelity 1.5); see
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html. Keys, punctuation, the name of
the bus and the trace header add nothing::

    >>> entry_size("shop", "OrderPlaced", '{"order": 1}', ["arn:a"], None)
    32
    >>> entry_size("shop", "OrderPlaced", '{"order": 1}', ["arn:a"], "2026-03-01T00:00:00Z")
    46

An event that no entry was put for counts as much as an entry with the same content, its detail written
compactly::

    >>> parts = {"source": "shop", "detail-type": "OrderPlaced", "resources": ["arn:a"]}
    >>> event_size({**parts, "detail": {"order": 1}})
    31
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simbridge.base import json

__all__ = ["archived_size", "entry_size", "event_size"]

_TIME_BYTES = 14
_ARCHIVED_BYTES = 26


def entry_size(
    source: str | None,
    detail_type: str | None,
    detail: str | None,
    resources: Iterable[str] | None,
    time: object,
) -> int:
    """Bytes that an entry of PutEvents counts for (user guide; captured for what has no part in it).

    `time` is the entry's `Time`, None if it has none.
    """
    size = _utf8_bytes((source or "") + (detail_type or "") + (detail or ""))
    for resource in resources or ():
        size += _utf8_bytes(resource)
    return size if time is None else size + _TIME_BYTES


def event_size(envelope: Mapping[str, Any], *, timed: bool = False) -> int:
    """Bytes that an entry with the content of this event counts for; `timed`: with a `Time`."""
    size = entry_size(
        envelope["source"], envelope["detail-type"], None, envelope["resources"], None
    )
    size += len(json.encode(envelope["detail"]))
    return size + _TIME_BYTES if timed else size


def archived_size(envelope: Mapping[str, Any]) -> int:
    """Bytes that an event counts for in the SizeBytes of an archive.

    Its size as an event and 26 bytes more. The formula is inferred: it fits all sizes that were recorded
    and captured. What the 26 count is not known; the account and a time have as many.
    """
    return event_size(envelope) + _ARCHIVED_BYTES


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
