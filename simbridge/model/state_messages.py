"""Messages about the state of resources: what their actors report, and what ends them.

The control plane answers describe and list calls from the last report; `messages` has all other messages.
"""

from __future__ import annotations

from typing import final

from simbridge.model.message import MessageBase

__all__ = ["Counted", "Health", "Loaded", "Progress", "Stop"]


@final
class Loaded(MessageBase, frozen=True):
    """Events of a file were loaded into an archive as its past; `sha256` is of their envelopes."""

    events: int
    size_bytes: int
    sha256: str


@final
class Counted(MessageBase, frozen=True):
    """The report of an archive: what DescribeArchive shows from now on."""

    events: int
    size_bytes: int


@final
class Stop(MessageBase, frozen=True):
    """End a replay in this state: CANCELLED, or FAILED because its archive was deleted."""

    state: str
    reason: str | None = None


@final
class Progress(MessageBase, frozen=True):
    """The report of a replay, a partner event source or a global endpoint: its state, and why.

    A replay also reports the last minute of event time that is done.
    """

    state: str
    reason: str | None = None
    last_replayed_us: int | None = None


@final
class Health(MessageBase, frozen=True):
    """A scenario switches a health check of Route 53.

    It is unhealthy from one instant up to, not including, another; without instants it is healthy again.
    """

    unhealthy_from_us: int | None = None
    unhealthy_until_us: int | None = None
