"""What became of each event for each target: the records of one delivery, put together."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import final

import msgspec

from simbridge import clock
from simbridge.clock import DateTime
from simbridge.errors import SimbridgeError
from simbridge.kernel import Entry
from simbridge.messages import DeadLetter, Drop, Event, Invoke, Match, Outcome

__all__ = ["Attempt", "Deliveries", "Delivery", "not_whole"]


@final
class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One attempt of a delivery. `outcome` is "accepted", "refused" or "pending".

    `time_us` is when it was made, in microseconds since the epoch.
    """

    time_us: int
    outcome: str
    error_code: str | None

    @property
    def time(self) -> DateTime:
        """When it was made."""
        return clock.moment(self.time_us)

    def __repr__(self) -> str:
        return (
            f"Attempt(time={self.time!r}, outcome={self.outcome!r}, error_code={self.error_code!r})"
        )


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
            f"outcome={self.outcome!r}, attempts={len(self.attempts)})"
        )


@final
class Deliveries:
    """The deliveries of a trace that grows. Asked again, it reads only the records that are new."""

    def __init__(self) -> None:
        self._found: dict[int, Delivery] = {}
        self._of_event: dict[str, list[Delivery]] = {}
        self._read = 0

    def of(self, entries: Sequence[Entry], event_id: str | None = None) -> list[Delivery]:
        """All deliveries, or those of one event, in the order in which rules matched.

        `entries` are those of the last time, and whatever has been added to them. What is pending is a
        copy, because it goes on; what has ended never changes. Raises `SimbridgeError` where the
        beginning of the trace is missing.
        """
        self._grow(entries)
        found = self._found.values() if event_id is None else self._of_event.get(event_id, ())
        return [one if one.ended_us is not None else _copy(one) for one in found]

    def _grow(self, entries: Sequence[Entry]) -> None:
        for number in range(self._read, len(entries)):
            time, sequence, _, _, _, message = entries[number]
            match message:
                case Match(event):
                    self._found[sequence] = begun = Delivery(sequence, time, message)
                    self._of_event.setdefault(event.id, []).append(begun)
                case Invoke(delivery):
                    _begin(self._known(delivery, sequence), time)
                case Outcome(delivery, attempt, error):
                    _settle(self._known(delivery, sequence), time, attempt, error)
                case DeadLetter(delivery):
                    _bury(self._known(delivery, sequence), message)
                case Drop(delivery):
                    _lose(self._known(delivery, sequence), time, message)
            self._read = number + 1

    def _known(self, delivery: int, sequence: int) -> Delivery:
        found = self._found.get(delivery)
        if found is None:
            raise not_whole(sequence, delivery)
        return found


def not_whole(sequence: int, delivery: int) -> SimbridgeError:
    """The error for a record of a delivery whose beginning is not in the trace."""
    return SimbridgeError(
        f"this trace is not whole: record {sequence} belongs to delivery {delivery}, which begins "
        "with a record that is missing; read the whole file that to_jsonl has written"
    )


def _copy(delivery: Delivery) -> Delivery:
    twin = copy.copy(delivery)
    twin.attempts = list(delivery.attempts)
    return twin


def _begin(delivery: Delivery, time: int) -> None:
    delivery.attempt_count += 1
    delivery.attempts.append(Attempt(time, "pending", None))


def _bury(delivery: Delivery, letter: DeadLetter) -> None:
    delivery.attempt_count = max(letter.attempts, delivery.attempt_count)
    delivery.error_code = letter.attributes["ERROR_CODE"]
    delivery.exhausted = letter.attributes.get("EXHAUSTED_RETRY_CONDITION")


def _lose(delivery: Delivery, time: int, drop: Drop) -> None:
    delivery.outcome = "dropped"
    delivery.error_code = drop.error
    delivery.exhausted = delivery.exhausted or drop.exhausted
    delivery.attempt_count = max(drop.attempts, delivery.attempt_count)
    delivery.ended_us = time


def _settle(delivery: Delivery, time: int, attempt: int, error: str | None) -> None:
    if attempt == 0:  # the dead-letter queue's answer; a refusal is followed by a Drop
        if error is None:
            delivery.outcome = "dead-lettered"
            delivery.ended_us = time
        return
    delivery.attempt_count = attempt
    if attempt <= len(delivery.attempts):  # a trace of outcomes has no attempts
        begun = delivery.attempts[attempt - 1].time_us
        outcome = "accepted" if error is None else "refused"
        delivery.attempts[attempt - 1] = Attempt(begun, outcome, error)
    if error is None:
        delivery.outcome = "delivered"
        delivery.ended_us = time
        delivery.latency = (time - delivery.event.ingested_us) / clock.SECOND
