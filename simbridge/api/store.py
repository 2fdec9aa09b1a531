"""What one account remembers in one region: dicts of frozen records, no behaviour.

An operation checks everything first and then replaces records, so a refused call has changed
nothing. Dicts keep the order of creation; lists are sorted by name when they are answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

from simbridge.model.arn import event_bus_arn
from simbridge.model.resources import ApiDestination, Archive, Connection, EventBus, Replay, Rule

__all__ = ["ArchiveEntry", "Bus", "ConnectionEntry", "ReplayEntry", "Store"]


@final
@dataclass(slots=True)
class Bus:
    """An event bus with what hangs on it. `rule_tags` is keyed by rule name."""

    bus: EventBus
    rules: dict[str, Rule] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    rule_tags: dict[str, dict[str, str]] = field(default_factory=dict)


@final
@dataclass(slots=True)
class ArchiveEntry:
    """An archive, and how much it has reported to hold (`api/reports`)."""

    archive: Archive
    events: int = 0
    size_bytes: int = 0


@final
@dataclass(slots=True)
class ReplayEntry:
    """A replay, and how far it has reported to be (`api/reports`)."""

    replay: Replay
    state: str = "STARTING"
    reason: str | None = None
    last_replayed_us: int | None = None
    ended_us: int | None = None


@final
@dataclass(slots=True)
class ConnectionEntry:
    """A connection, and what it has reported of its state (`api/reports`).

    `parameters` are its AuthParameters as DescribeConnection shows them, without secret values;
    `settings` what else it shows as it was given. `due_us` is when a removal of the parameters or of the
    connection that is under way has been done.
    """

    connection: Connection
    created_us: int
    modified_us: int
    state: str = ""
    authorized_us: int = 0
    reason: str | None = None
    due_us: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


@final
@dataclass(slots=True)
class Store:
    """The resources of one account in one region."""

    account: str
    region: str
    buses: dict[str, Bus] = field(default_factory=dict)
    archives: dict[str, ArchiveEntry] = field(default_factory=dict)
    replays: dict[str, ReplayEntry] = field(default_factory=dict)
    connections: dict[str, ConnectionEntry] = field(default_factory=dict)
    api_destinations: dict[str, ApiDestination] = field(default_factory=dict)

    @classmethod
    def with_default_bus(cls, account: str, region: str, now: int) -> Store:
        """A store as AWS hands it out: the default bus is there from the beginning."""
        arn = event_bus_arn(region, account, "default")
        bus = EventBus(arn=arn, name="default", created_us=now, modified_us=now)
        return cls(account, region, {"default": Bus(bus)})
