"""What a trace leaves out: a filter between the kernel and the list of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

from simbridge.kernel.records import Entry

__all__ = ["FULL", "TraceFilter", "Write"]

Write = Callable[[Entry], None]


@final
class TraceFilter(NamedTuple):
    """What a trace leaves out.

    `wrap` takes the function that writes an entry into the trace, and returns one that leaves some
    entries out. Messages of `skipped_types` are always left out, without a call.
    """

    skipped_types: frozenset[type]
    wrap: Callable[[Write], Write]


def _everything(write: Write) -> Write:
    return write


FULL = TraceFilter(frozenset(), _everything)
"""The filter that leaves nothing out."""
