"""One entry of the event queue, which is also one line of the trace."""

from __future__ import annotations

from typing import Any, NamedTuple, final

__all__ = ["OUTSIDE", "Entry", "Record"]

OUTSIDE = "story"
"""The address of the scenario itself: the sender of everything that comes from outside the world."""


@final
class Record(NamedTuple):
    """One delivered message: a line of the trace.

    `time` is microseconds since the epoch. `sequence` is the number drawn when the message was sent.
    `cause` is the sequence of the message whose handling sent it (0: it came from outside).
    """

    time: int
    sequence: int
    cause: int
    sender: str
    to: str
    message: Any


# The hot loop moves plain tuples of this shape; `Record` is how they are shown to people.
Entry = tuple[int, int, int, str, str, Any]
