"""Receives the reports of archives, replays, partner event sources and global endpoints.

They run in the data plane. Describe and List show what they reported last. A report is a
message to the address of the control plane of their account and region. An actor is created there for
each report and stops after it: the state is in the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from msgspec.structs import replace

from simbridge.api.store import Store
from simbridge.kernel import Turn
from simbridge.model.http_messages import ConnectionChanged
from simbridge.model.messages import Message
from simbridge.model.state_messages import Counted, Progress

__all__ = ["ReportInbox"]

_ENDED = frozenset(("COMPLETED", "CANCELLED", "FAILED"))


@final
class ReportInbox:
    """The actor at the address of a control plane. It receives one message."""

    def __init__(self, store: Store, stores: Mapping[tuple[str, str], Store] | None = None) -> None:
        self.store = store
        self.stores = stores or {}
        """Those of all accounts and regions: a partner event source is known to two accounts."""

    def receive(self, message: Message, turn: Turn) -> None:
        """Store the report, unless the resource has been deleted."""
        name = turn.sender.rpartition("/")[2]
        match message:
            case Counted(events, size_bytes):
                if (archive := self.store.archives.get(name)) is not None:
                    archive.events, archive.size_bytes = events, size_bytes
            case Progress() if ":event-source/" in turn.sender:
                self._event_source(turn.sender.partition(":event-source/")[2], turn.now)
            case Progress() if ":endpoint/" in turn.sender:
                self._endpoint(name, message)
            case Progress():
                self._progress(name, message, turn.now)
            case ConnectionChanged():
                self._connection(turn.sender, message)
            case _:
                raise AssertionError(f"the control plane does not receive {message!r}")
        turn.stop()

    def _connection(self, sender: str, report: ConnectionChanged) -> None:
        """Note a state, unless the connection is another one or has been changed meanwhile."""
        name = sender.split("/")[-2]
        entry = self.store.connections.get(name)
        if entry is None or entry.connection.arn != sender:
            return
        if entry.connection.revision != report.revision:
            return
        if report.state == "DELETED":
            del self.store.connections[name]
            return
        entry.state, entry.reason = report.state, report.reason
        if report.authorized_us is not None:
            entry.authorized_us = report.authorized_us
        if report.state == "DEAUTHORIZED" and entry.connection.wanted == "DEAUTHORIZED":
            entry.connection = replace(entry.connection, secret_arn=None)

    def _progress(self, name: str, report: Progress, now: int) -> None:
        replay = self.store.replays.get(name)
        if replay is None:
            return
        if replay.state != "CANCELLING" or report.state in _ENDED:
            replay.state, replay.reason = report.state, report.reason
        replay.last_replayed_us = report.last_replayed_us
        if report.state in _ENDED:
            replay.ended_us = now

    def _event_source(self, name: str, now: int) -> None:
        """Delete a partner event source that has been PENDING for too long.

        The partner loses it, too. An account that has a matching event bus sees that it is DELETED.
        """
        source = self.store.event_sources.get(name)
        if source is None or source.expires_us is None or source.expires_us > now:
            return
        if name in self.store.buses:
            gone = replace(source, state="DELETED", expires_us=None)
            self.store.event_sources[name] = gone
        else:
            del self.store.event_sources[name]
        del self.stores[source.partner, self.store.region].partner_sources[name]

    def _endpoint(self, name: str, report: Progress) -> None:
        endpoint = self.store.endpoints[name]
        if report.state == "DELETED":
            del self.store.endpoints[name]
            return
        self.store.endpoints[name] = replace(
            endpoint, state=report.state, reason=report.reason, failure=None
        )
