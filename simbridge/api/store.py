"""The resources of one account in one region: dicts of frozen records, without behaviour.

An operation checks everything first and replaces records afterwards, so a refused call changes nothing.
Dicts keep the order of creation; list operations sort by name when they answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

from simbridge.model.arn import event_bus_arn
from simbridge.model.resources import (
    ApiDestination,
    Archive,
    Connection,
    Endpoint,
    EventBus,
    EventSource,
    Replay,
    Rule,
)

__all__ = ["ArchiveEntry", "BusEntry", "ConnectionEntry", "ReplayEntry", "Store"]


@final
@dataclass(slots=True)
class BusEntry:
    """An event bus with its rules, and the tags of both. `rule_tags` is keyed by rule name."""

    event_bus: EventBus
    rules: dict[str, Rule] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    rule_tags: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN of the event bus."""
        return self.event_bus.arn

    @property
    def name(self) -> str:
        """The name of the event bus."""
        return self.event_bus.name


@final
@dataclass(slots=True)
class ArchiveEntry:
    """An archive, with the counts that it reported last (`api/reports`)."""

    archive: Archive
    events: int = 0
    size_bytes: int = 0


@final
@dataclass(slots=True)
class ReplayEntry:
    """A replay, with the state that it reported last (`api/reports`)."""

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
    """The resources of one account in one region.

    `event_sources` are the partner event sources that are offered to this account. `partner_sources` are
    those that it offers as a partner: the account of each, by the name of the source.
    """

    account: str
    region: str
    buses: dict[str, BusEntry] = field(default_factory=dict)
    archives: dict[str, ArchiveEntry] = field(default_factory=dict)
    replays: dict[str, ReplayEntry] = field(default_factory=dict)
    connections: dict[str, ConnectionEntry] = field(default_factory=dict)
    api_destinations: dict[str, ApiDestination] = field(default_factory=dict)
    event_sources: dict[str, EventSource] = field(default_factory=dict)
    partner_sources: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    @classmethod
    def with_default_bus(cls, account: str, region: str, now: int) -> Store:
        """The store of a new account: AWS creates the default bus with it."""
        arn = event_bus_arn(region, account, "default")
        bus = EventBus(arn=arn, name="default", created_us=now, modified_us=now)
        return cls(account, region, {"default": BusEntry(bus)})
