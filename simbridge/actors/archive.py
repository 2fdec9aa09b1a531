"""An archive: keeps the events that its rule has matched, and removes them when they expire.

The bus sends what the archive's managed rule matches to the archive (`Keep`). From then on the event is in the
archive; when it can be replayed is a setting. DescribeArchive shows it later: events are counted in batches,
and a batch is reported to the control plane after a lag. Events expire by the day, counted from their
ingestion and not from their own `time` (fidelity 6.3). An expired event is never read again; the next sweep
removes it, and then it leaves the counters. An archive has at most one timer (`Tick`), for the next report
or the next sweep, and none while there is nothing to report and nothing that will expire.

The actor of a deleted archive remains, empty, for messages that are still on their way.
See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, final

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.kernel import Turn
from simbridge.model import arn as arns
from simbridge.model.event_size import archived_size
from simbridge.model.messages import Configure, Event, Keep, Message, Retire, Tick
from simbridge.model.resources import Archive
from simbridge.model.state_messages import Counted, Loaded
from simbridge.storage.events import EventStorage, Stored

__all__ = ["ArchiveActor", "Counting"]

DAY = 86_400 * clock.SECOND


@final
class Counting(NamedTuple):
    """When events are counted, removed and can be replayed; all in microseconds."""

    lag_us: int
    batch_us: int
    sweep_us: int
    replay_lag_us: int


@final
@dataclass(slots=True)
class _Batch:
    """Events that are counted together: those before `closes_us`, in the report at `due_us`."""

    closes_us: int
    due_us: int
    events: int = 0
    size_bytes: int = 0


@final
class ArchiveActor:
    """The actor at an archive's ARN.

    `staged` has the events that a scenario loads until their `Loaded` arrives. `name` is the archive's, for
    error messages.
    """

    def __init__(self, counting: Counting, memory_bytes: int, name: str = "") -> None:
        self.counting = counting
        self.memory_bytes = memory_bytes
        self.name = name
        self.staged: deque[EventStorage] = deque()
        self._tick: tuple[int, int] | None = None  # when it is due, and its sequence number
        self._clear()

    def _clear(self) -> None:
        self.archive: Archive | None = None
        self.storage = EventStorage(self.memory_bytes, self.name)
        self._batches: deque[_Batch] = deque()
        self._reported = (0, 0)
        self._sweep_us: int | None = None

    def receive(self, message: Message, turn: Turn) -> None:
        """Keep is one event; Tick reports and removes; Configure, Loaded and Retire change it.

        If the disk is full, the run ends after the message has been handled: nothing is lost.
        """
        if type(message) is Keep:
            if self.archive is not None:
                self._keep(message.event, turn)
        else:
            self._manage(message, turn)
        try:
            self.storage.spill()
        except SimbridgeError as error:
            turn.fail(error)

    def _manage(self, message: Message, turn: Turn) -> None:
        match message:
            case Tick(due_us):
                if self._tick is not None and self._tick[0] == due_us:
                    self._tick = None
                    self._report(turn)
            case Configure(Archive() as archive):
                self.archive = archive
                self._sweep_us = None
                self._await(turn)
            case Loaded():
                self.storage.absorb(self.staged.popleft())
                self._sweep_us = None
                self._report(turn)
            case Retire():
                self._cancel(turn)
                self._clear()
            case _:
                raise AssertionError(f"an archive does not take {message!r}")

    # -- reading ----------------------------------------------------------------------------

    def next_minute(self, from_us: int, until_us: int) -> int | None:
        """The first minute of event time in [from_us, until_us) with events, by its beginning."""
        return self.storage.next_minute(from_us, until_us)

    def read(self, from_us: int, until_us: int, now: int) -> Iterator[Stored]:
        """The events with a time in [from_us, until_us) that can be replayed now."""
        after_us = self._expired_us(now)
        upto_us = now - self.counting.replay_lag_us
        return self.storage.read(from_us, until_us, after_us, upto_us)

    def count(self, now: int) -> int:
        """How many events have not expired."""
        return self.storage.count(self._expired_us(now))

    def held(
        self, now: int, from_us: int = clock.EARLIEST, until_us: int = clock.LATEST + 1
    ) -> Iterator[Stored]:
        """The events that have not expired, whether or not they can be replayed yet."""
        return self.storage.read(from_us, until_us, self._expired_us(now), clock.LATEST)

    # -- inside -----------------------------------------------------------------------------

    def _keep(self, event: Event, turn: Turn) -> None:
        size_bytes = archived_size(event.envelope)
        self.storage.add(event.envelope, event.ingested_us, size_bytes)
        batches = self._batches
        if not batches or turn.now >= batches[-1].closes_us:
            due_us = turn.now + self.counting.batch_us + self.counting.lag_us
            batches.append(_Batch(turn.now + max(1, self.counting.batch_us), due_us))
            self._await(turn)
        batch = batches[-1]
        batch.events += 1
        batch.size_bytes += size_bytes

    def _report(self, turn: Turn) -> None:
        """Remove expired events if a sweep is due, and report what is counted now."""
        if self._sweep_us is not None and self._sweep_us <= turn.now:
            try:
                self.storage.expire(self._expired_us(turn.now))
            except SimbridgeError as error:  # the temporary file cannot be read
                self._await(turn)  # the next run tries again
                turn.fail(error)
                return
            self._sweep_us = None
        batches = self._batches
        while batches and batches[0].due_us <= turn.now:
            batches.popleft()
        events = self.storage.events - sum(batch.events for batch in batches)
        size_bytes = self.storage.size_bytes - sum(batch.size_bytes for batch in batches)
        if (events, size_bytes) != self._reported:
            self._reported = (events, size_bytes)
            own = arns.parse(turn.address)
            turn.send(arns.api_address(own.account, own.region), Counted(events, size_bytes))
        self._await(turn)

    def _expired_us(self, now: int) -> int:
        """The instant up to which ingested events have expired."""
        if self.archive is None or not self.archive.retention_days:
            return clock.EARLIEST
        return max(clock.EARLIEST, now - self.archive.retention_days * DAY)

    def _await(self, turn: Turn) -> None:
        """Have one tick on its way, for whatever is due first."""
        if self._sweep_us is None:
            self._sweep_us = self._next_sweep(turn.now)
        due = [self._sweep_us] if self._sweep_us is not None else []
        due += [self._batches[0].due_us] if self._batches else []
        if not due:
            self._cancel(turn)
            return
        due_us = min(due)
        if self._tick is not None and self._tick[0] == due_us:
            return
        self._cancel(turn)
        self._tick = (due_us, turn.send(turn.address, Tick(due_us), max(0, due_us - turn.now)))

    def _cancel(self, turn: Turn) -> None:
        if self._tick is not None:
            turn.cancel(self._tick[1])
            self._tick = None

    def _next_sweep(self, now: int) -> int | None:
        """The first sweep that removes something; sweeps are at regular intervals from the creation."""
        oldest_us = self.storage.oldest_ingested_us()
        archive = self.archive
        if archive is None or not archive.retention_days or oldest_us is None:
            return None
        expires_us = max(oldest_us + archive.retention_days * DAY, now)
        steps = -((archive.created_us - expires_us) // self.counting.sweep_us)
        due_us = archive.created_us + steps * self.counting.sweep_us
        return due_us if due_us <= clock.LATEST else None
