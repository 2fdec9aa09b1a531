"""Questions to a trace. Everything here is read from the records and from nothing else."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, final

from simbridge import clock
from simbridge.clock import DateTime
from simbridge.errors import SimbridgeError
from simbridge.kernel import Entry, Record
from simbridge.messages import DeadLetter, Drop, Event, Invoke, Match, Outcome
from simbridge.trace import codec, timeline

__all__ = ["Attempt", "Delivery", "Trace"]

OUTCOMES = ("delivered", "dead-lettered", "dropped", "pending")


@final
class Attempt(NamedTuple):
    """One attempt of a delivery. `outcome` is "accepted", "refused" or "pending"."""

    time: DateTime
    outcome: str
    error_code: str | None


@final
class Delivery:
    """What became of one event for one target of one rule."""

    def __init__(self, sequence: int, time_us: int, match: Match) -> None:
        self.sequence = sequence
        self.event: Event = match.event
        self.rule = match.rule.rpartition("/")[2]
        self.rule_arn = match.rule
        self.target = match.target
        self.target_arn = match.target_arn
        self.outcome = "pending"
        self.attempts: list[Attempt] = []
        self.attempt_count = 0
        self.exhausted: str | None = None
        self.error_code: str | None = None
        self.latency: float | None = None
        """Seconds from ingestion until the target accepted; None if it never did."""
        self.started_us = time_us
        """When the rule matched, in microseconds since the epoch."""
        self.ended_us: int | None = None
        """When it was delivered, dead-lettered or dropped; None while it is pending."""

    @property
    def bus(self) -> str:
        """The name of the bus."""
        return self.event.bus.partition("/")[2]

    def __repr__(self) -> str:
        return (
            f"Delivery(rule={self.rule!r}, target={self.target!r}, event={self.event.id!r}, "
            f"outcome={self.outcome!r}, attempts={self.attempt_count})"
        )


@final
class Trace(Sequence[Record]):
    """Everything that happened in a world, in order. Slices are lists of records."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    @classmethod
    def from_jsonl(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a trace that `to_jsonl` wrote."""
        file = Path(path)
        if not file.is_file():
            raise SimbridgeError(f"there is no trace at {file}")
        with file.open("rb") as lines:
            return cls(list(codec.decode(lines)))

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write the trace, one JSON array a line (`trace/codec`)."""
        with Path(path).open("wb") as file:
            file.writelines(codec.encode(self._entries))

    def digest(self) -> str:
        """SHA-256, in hex, of everything that happened: equal digests, equal runs."""
        digest = hashlib.sha256()
        for line in codec.encode(self._entries):
            digest.update(line)
        return digest.hexdigest()

    def deliveries(
        self,
        *,
        rule: str | None = None,
        target: str | None = None,
        event: str | None = None,
        bus: str | None = None,
        outcome: str | None = None,
    ) -> list[Delivery]:
        """The deliveries, in the order in which rules matched.

        `rule`, `bus` and `target` take names or ARNs (a target also the last part of its ARN),
        `event` an event id, `outcome` one of delivered, dead-lettered, dropped, pending.
        """
        if outcome is not None and outcome not in OUTCOMES:
            raise SimbridgeError(
                f"no outcome is called {outcome!r}; it is one of {', '.join(OUTCOMES)}"
            )
        return [
            found
            for found in self._all_deliveries()
            if rule in (None, found.rule, found.rule_arn)
            and target
            in (None, found.target, found.target_arn, found.target_arn.rpartition(":")[2])
            and event in (None, found.event.id)
            and bus in (None, found.bus, found.event.bus)
            and outcome in (None, found.outcome)
        ]

    def timeline(self, *, colour: bool = False) -> str:
        """The trace for people, a line for each thing that happened."""
        return "\n".join(timeline.lines(self._entries, colour=colour))

    def __str__(self) -> str:
        return self.timeline(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)

    def __repr__(self) -> str:
        return f"<Trace of {len(self):,} records>"

    def _repr_html_(self) -> str:
        """The timeline as a table: how a notebook shows a trace."""
        return timeline.table(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self._entries == other._entries

    __hash__ = None  # type: ignore[assignment]  # it grows while its world runs

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        if isinstance(index, slice):
            return [Record._make(entry) for entry in self._entries[index]]
        return Record._make(self._entries[index])

    def __iter__(self) -> Iterator[Record]:
        return map(Record._make, self._entries)

    def _all_deliveries(self) -> list[Delivery]:
        found: dict[int, Delivery] = {}
        for time, sequence, _, _, _, message in self._entries:
            match message:
                case Match():
                    found[sequence] = Delivery(sequence, time, message)
                case Invoke(delivery):
                    found[delivery].attempt_count += 1
                    found[delivery].attempts.append(Attempt(clock.moment(time), "pending", None))
                case Outcome(delivery, attempt, error):
                    _settle(found[delivery], time, attempt, error)
                case DeadLetter(delivery, _, attributes, _, attempts):
                    found[delivery].attempt_count = attempts
                    found[delivery].error_code = attributes["ERROR_CODE"]
                    found[delivery].exhausted = attributes.get("EXHAUSTED_RETRY_CONDITION")
                case Drop(delivery, error, _, exhausted, attempts):
                    found[delivery].outcome = "dropped"
                    found[delivery].error_code = error
                    found[delivery].exhausted = found[delivery].exhausted or exhausted
                    found[delivery].attempt_count = attempts
                    found[delivery].ended_us = time
        return list(found.values())


def _settle(delivery: Delivery, time: int, attempt: int, error: str | None) -> None:
    if attempt == 0:  # the dead-letter queue's answer; a refusal is followed by a Drop
        if error is None:
            delivery.outcome = "dead-lettered"
            delivery.ended_us = time
        return
    delivery.attempt_count = attempt
    if attempt <= len(delivery.attempts):  # a trace of outcomes has no attempts
        pending = delivery.attempts[attempt - 1]
        outcome = "accepted" if error is None else "refused"
        delivery.attempts[attempt - 1] = pending._replace(outcome=outcome, error_code=error)
    if error is None:
        delivery.outcome = "delivered"
        delivery.ended_us = time
        delivery.latency = (time - delivery.event.ingested_us) / clock.SECOND
