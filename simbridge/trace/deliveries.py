"""What became of each event for each target: the records of one delivery, put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, final

from simbridge import clock
from simbridge.clock import DateTime
from simbridge.kernel import Entry
from simbridge.messages import DeadLetter, Drop, Event, Invoke, Match, Outcome

__all__ = ["Attempt", "Delivery", "deliveries_of"]


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
            f"outcome={self.outcome!r}, attempts={len(self.attempts)})"
        )


def deliveries_of(entries: Iterable[Entry]) -> list[Delivery]:
    """All deliveries of a trace, in the order in which rules matched."""
    found: dict[int, Delivery] = {}
    for time, sequence, _, _, _, message in entries:
        match message:
            case Match():
                found[sequence] = Delivery(sequence, time, message)
            case Invoke(delivery):
                found[delivery].attempt_count += 1
                found[delivery].attempts.append(Attempt(clock.moment(time), "pending", None))
            case Outcome(delivery, attempt, error):
                _settle(found[delivery], time, attempt, error)
            case DeadLetter(delivery, _, attributes, _, attempts):
                found[delivery].attempt_count = max(attempts, found[delivery].attempt_count)
                found[delivery].error_code = attributes["ERROR_CODE"]
                found[delivery].exhausted = attributes.get("EXHAUSTED_RETRY_CONDITION")
            case Drop(delivery, error, _, exhausted, attempts):
                found[delivery].outcome = "dropped"
                found[delivery].error_code = error
                found[delivery].exhausted = found[delivery].exhausted or exhausted
                found[delivery].attempt_count = max(attempts, found[delivery].attempt_count)
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
