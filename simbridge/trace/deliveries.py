"""Collects the records of each delivery: what happened to one event for one target."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple, TypeVar, final

from simbridge.base import clock
from simbridge.base.clock import DateTime
from simbridge.base.errors import SimbridgeError
from simbridge.kernel import Entry
from simbridge.model.messages import DeadLetter, Drop, Event, Invoke, Match, Outcome

__all__ = ["Attempt", "Deliveries", "Delivery", "StartedDeliveries"]

Info = TypeVar("Info")


@final
class Attempt(NamedTuple):
    """One attempt of a delivery. `outcome` is "accepted", "refused" or "pending".

    `status` is the HTTP status that the endpoint of an API destination has answered; None for other targets,
    and if there was no response.
    """

    time: DateTime
    outcome: str
    error_code: str | None
    status: int | None = None


@final
class Delivery:
    """One event on its way to one target of one rule, and how that ended.

    A trace of outcomes (`World(trace="outcomes")`) has no single `attempts`, and their number only for a
    delivery that has ended.
    """

    def __init__(self, sequence: int, time_us: int, match: Match) -> None:
        self.sequence = sequence
        self.event: Event = match.event
        self.rule = match.rule.rpartition("/")[2]
        self.rule_arn = match.rule
        self.target = match.target
        self.target_arn = match.target_arn
        self.outcome = "pending"
        self.attempt_count = 0
        self.exhausted: str | None = None
        self.error_code: str | None = None
        self.latency: float | None = None
        """Seconds from ingestion until the target accepted; None if it never did."""
        self.started_us = time_us
        """When the rule matched, in microseconds since the epoch."""
        self.ended_us: int | None = None
        """When it was delivered, dead-lettered or dropped; None while it is pending."""
        self._attempts: list[tuple[int, str, str | None, int | None]] = []

    @property
    def attempts(self) -> list[Attempt]:
        """Every attempt that reached the target, in order."""
        return [
            Attempt(clock.moment(time), outcome, error, status)
            for time, outcome, error, status in self._attempts
        ]

    def _invoked(self, time_us: int) -> None:
        """An attempt has reached the target."""
        self.attempt_count += 1
        self._attempts.append((time_us, "pending", None, None))

    def _answered(self, time_us: int, attempt: int, error: str | None, status: int | None) -> None:
        """The target has answered, or the dead-letter queue (attempt 0)."""
        if attempt == 0:
            if error is None:  # a refusal is followed by a Drop
                self._ended("dead-lettered", time_us)
            return
        self.attempt_count = attempt
        if self._attempts:  # a trace of outcomes has none
            began = self._attempts[attempt - 1][0]
            outcome = "accepted" if error is None else "refused"
            self._attempts[attempt - 1] = (began, outcome, error, status)
        if error is None:
            self.latency = (time_us - self.event.ingested_us) / clock.SECOND
            self._ended("delivered", time_us)

    def _given_up(self, attempts: int, error: str, exhausted: str | None) -> None:
        """EventBridge makes no more attempts."""
        self.attempt_count = max(self.attempt_count, attempts)
        self.error_code = error
        self.exhausted = self.exhausted or exhausted

    def _ended(self, outcome: str, time_us: int) -> None:
        """The delivery has ended with this outcome."""
        self.outcome = outcome
        self.ended_us = time_us

    def _snapshot(self) -> Delivery:
        """This delivery, if it has ended and cannot change any more; otherwise a copy."""
        if self.ended_us is not None:
            return self
        snapshot = copy.copy(self)
        snapshot._attempts = list(self._attempts)
        return snapshot

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
class StartedDeliveries(dict[int, Info]):
    """A value for each delivery, keyed by the sequence of its `Match`; a missing key: truncated trace."""

    def __missing__(self, delivery: int) -> Info:
        raise SimbridgeError(
            f"truncated trace: the record that begins delivery {delivery} is missing; "
            "read the whole file that to_jsonl wrote"
        )


@final
class Deliveries:
    """The deliveries of a trace that grows. Asked again, it reads only the records that are new."""

    def __init__(self) -> None:
        self._found: StartedDeliveries[Delivery] = StartedDeliveries()
        self._of_event: dict[str, list[Delivery]] = {}
        self._read = 0

    def of(self, entries: Sequence[Entry], event_id: str | None = None) -> list[Delivery]:
        """All deliveries, or those of one event, in the order in which rules matched.

        `entries` are those of the last call, and whatever has been added to them. A pending delivery is
        a copy, because it goes on. Raises `SimbridgeError` if the beginning of the trace is missing.
        """
        self._grow(entries)
        found = self._found.values() if event_id is None else self._of_event.get(event_id, ())
        return [delivery._snapshot() for delivery in found]

    def _grow(self, entries: Sequence[Entry]) -> None:
        found = self._found
        for number in range(self._read, len(entries)):
            time, sequence, _, _, _, message = entries[number]
            match message:
                case Match(event):
                    found[sequence] = started = Delivery(sequence, time, message)
                    self._of_event.setdefault(event.id, []).append(started)
                case Invoke(delivery):
                    found[delivery]._invoked(time)
                case Outcome(delivery, attempt, error):
                    found[delivery]._answered(time, attempt, error, message.status)
                case DeadLetter(delivery, _, attributes, _, attempts):
                    exhausted = attributes.get("EXHAUSTED_RETRY_CONDITION")
                    found[delivery]._given_up(attempts, attributes["ERROR_CODE"], exhausted)
                case Drop(delivery, error, _, exhausted, attempts):
                    found[delivery]._given_up(attempts, error, exhausted)
                    found[delivery]._ended("dropped", time)
            self._read = number + 1
