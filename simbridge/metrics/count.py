"""Counts the occurrences behind each metric, by place and period.

`OCCURRENCES` names what can be counted; which metrics count it is in `table`.

A target that is an event bus is counted differently (captured, September 2026): that the bus accepts the
event is not an attempt and has no latency. If such a delivery is given up, the attempt is that of its
dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

from simbridge.kernel import Record
from simbridge.model import arn as arns
from simbridge.model.event_size import entry_size
from simbridge.model.messages import (
    Call,
    Configure,
    DeadLetter,
    Declined,
    Drop,
    Due,
    Expire,
    Invoke,
    Match,
    MatchWithoutTarget,
    Outcome,
)
from simbridge.trace.deliveries import StartedDeliveries
from simbridge.trace.names import Names, function_name

__all__ = [
    "NONE",
    "OCCURRENCES",
    "OF_ATTEMPTS",
    "PER_BUS",
    "PER_FUNCTION",
    "PER_RULE",
    "Counts",
    "Place",
    "Tally",
    "add",
]

NONE = ()
PER_BUS = ("EventBusName",)
PER_RULE = ("RuleName",)
PER_FUNCTION = ("FunctionName",)

OCCURRENCES = {
    "rule matched": "a rule that matches an event, whatever the number of its targets",
    "delivery begun": "a target of a rule that has matched",
    "attempt": "an attempt to hand an event to a target, or a bus target's dead letter to its queue",
    "retry": "an attempt after the first",
    "throttled": "an attempt that was throttled by the Invocations quota, whether it was made later or not",
    "accepted": "an attempt that the target accepts, or that queue",
    "ended": "a delivery that the target has accepted or that is given up",
    "given up": "a delivery that is given up",
    "kept": "a dead letter that its queue accepts",
    "not kept": "a dead letter that its queue refuses",
    "not filed": "a record of an invocation that its destination refuses",
    "first attempt": "milliseconds from ingestion to the first attempt",
    "first answer": "milliseconds from ingestion to the answer to the first attempt",
    "success": "milliseconds from ingestion until the target accepts",
    "call": "a PutEvents call",
    "call answered": "a PutEvents call that is not refused as a whole",
    "call refused": "a PutEvents call that is refused as a whole, but not throttled",
    "call throttled": "a PutEvents call that is answered with ThrottlingException",
    "entries": "entries of a PutEvents call that is not refused as a whole",
    "entries refused": "of these, entries that are refused individually",
    "bytes": "the size of the entries of a PutEvents call that is not throttled, as PutEvents counts it",
}
"""What can be counted, and what it means."""

OF_ATTEMPTS = frozenset(("attempt", "retry", "throttled", "first attempt", "first answer"))
"""Those that are not in a trace of outcomes (`trace/levels`)."""


@final
class Place(NamedTuple):
    """Where something is counted; `bus`, `rule` and `function` are empty if it concerns none."""

    account: str
    region: str
    bus: str = ""
    rule: str = ""
    function: str = ""

    def dimensions(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """The dimensions of these names; only rules of custom buses carry their bus (captured)."""
        if names == NONE:
            return ()
        if names == PER_BUS:
            return (("EventBusName", self.bus),)
        if names == PER_FUNCTION:
            return (("FunctionName", self.function),)
        bus = () if self.bus == "default" else (("EventBusName", self.bus),)
        return (*bus, ("RuleName", self.rule))


@final
class _Delivery(NamedTuple):
    """Where a delivery is counted, when its event was ingested, and whether its target is a bus."""

    place: Place
    ingested_us: int
    to_bus: bool


Tally = list[float]
"""Sum, number, minimum and maximum of the samples of one period."""


@final
class Counts:
    """The occurrences in a trace, tallied by place and period."""

    def __init__(self, period_us: int) -> None:
        self.period_us = period_us
        self.tallies: dict[str, dict[Place, dict[int, Tally]]] = {
            occurrence: {} for occurrence in OCCURRENCES
        }
        self.attempts_missing = False
        self.names = Names()
        self._places: dict[str, Place] = {}
        self._deliveries: StartedDeliveries[_Delivery] = StartedDeliveries()
        self._attempts_seen = False
        self._given_up: set[int] = set()
        self._matched: set[tuple[int, str]] = set()

    def read(self, record: Record) -> None:
        """Count what happens in one record."""
        time, sequence, cause, _, to, message = record
        match message:
            case Invoke(delivery, attempt):
                self._attempts_seen = True
                if not self._deliveries[delivery].to_bus:
                    self._attempt(time, delivery, attempt)
            case Due(delivery, _, True) | Expire(delivery, True):
                self._note("throttled", self._deliveries[delivery].place, time)
            case Outcome(delivery, attempt, error):
                self._look_for_attempts(attempt)
                self._answer(time, delivery, attempt, error)
            case Match(event, rule, _, target):
                self._match(time, cause, rule)
                to_bus = arns.is_event_bus(arns.parse(target))
                self._deliveries[sequence] = _Delivery(self._place(rule), event.ingested_us, to_bus)
            case DeadLetter(delivery) | Drop(delivery):
                self._look_for_attempts(message.attempts)
                self._give_up(time, delivery)
                if isinstance(message, DeadLetter) and self._deliveries[delivery].to_bus:
                    self._attempt(time, delivery, 1)
            case MatchWithoutTarget(_, rule):
                self._note("rule matched", self._place(rule), time)
            case Declined():
                self._note("not filed", _place_of_function(to), time)
            case Call():
                self._call(time, to, message)
            case Configure():
                self.names.read(message)

    def _look_for_attempts(self, attempts: int) -> None:
        """Attempts were made and none has a record: this is a trace of outcomes."""
        if attempts and not self._attempts_seen:
            self.attempts_missing = True

    def _attempt(self, time: int, delivery: int, attempt: int) -> None:
        place, ingested, _ = self._deliveries[delivery]
        self._note("attempt", place, time)
        if attempt > 1:
            self._note("retry", place, time)
        else:
            self._note("first attempt", place, time, (time - ingested) / 1000)

    def _give_up(self, time: int, delivery: int) -> None:
        if delivery not in self._given_up:  # a Drop may follow a DeadLetter that was refused
            self._given_up.add(delivery)
            place = self._deliveries[delivery].place
            self._note("given up", place, time)
            self._note("ended", place, time)

    def _match(self, time: int, cause: int, rule: str) -> None:
        place = self._place(rule)
        self._note("delivery begun", place, time)
        if (cause, rule) not in self._matched:
            self._matched.add((cause, rule))
            self._note("rule matched", place, time)

    def _answer(self, time: int, delivery: int, attempt: int, error: str | None) -> None:
        place, ingested, to_bus = self._deliveries[delivery]
        if attempt == 0:
            self._note("not kept" if error else "kept", place, time)
        elif error is None:
            self._note("ended", place, time)
        if to_bus != (attempt == 0):
            return
        latency_ms = (time - ingested) / 1000
        if attempt <= 1:
            self._note("first answer", place, time, latency_ms)
        if error is None:
            self._note("accepted", place, time)
            self._note("success", place, time, latency_ms)

    def _call(self, time: int, to: str, call: Call) -> None:
        self.names.read(call)
        if call.operation != "PutEvents":
            return
        _, region, account = to.split(":")
        place = Place(account, region)
        self._note("call", place, time)
        throttled = call.error == "ThrottlingException"
        if not throttled and (size := _request_size(call.request)) is not None:
            self._note("bytes", place, time, size)
        if call.response is None:
            self._note("call throttled" if throttled else "call refused", place, time)
            return
        self._note("call answered", place, time)
        self._note("entries", place, time, len(call.request["Entries"]))
        if refused := call.response["FailedEntryCount"]:
            self._note("entries refused", place, time, refused)

    def _place(self, rule_arn: str) -> Place:
        place = self._places.get(rule_arn)
        if place is None:
            arn = arns.parse(rule_arn)
            bus, _, rule = arn.resource.removeprefix("rule/").rpartition("/")
            place = Place(arn.account, arn.region, bus or "default", rule)
            self._places[rule_arn] = place
            self.names.add("rule", rule)
            self.names.add("bus", place.bus)
        return place

    def _note(self, occurrence: str, place: Place, time: int, value: float = 1) -> None:
        periods = self.tallies[occurrence].setdefault(place, {})
        tally = periods.get(time // self.period_us)
        if tally is None:
            periods[time // self.period_us] = [value, 1, value, value]
        else:
            add(tally, (value, 1, value, value))


def _request_size(request: Mapping[str, Any]) -> int | None:
    """The bytes of all entries; None if a refused request cannot be measured."""
    try:
        return sum(
            entry_size(*(entry.get(name) for name in _MEASURED)) for entry in request["Entries"]
        )
    except (KeyError, TypeError, AttributeError):
        return None


_MEASURED = ("Source", "DetailType", "Detail", "Resources", "Time")


def _place_of_function(address: str) -> Place:
    arn = arns.parse(address)
    return Place(arn.account, arn.region, function=function_name(address) or "")


def add(tally: Tally, other: Sequence[float]) -> None:
    """Add the samples of another tally."""
    tally[0] += other[0]
    tally[1] += other[1]
    tally[2] = min(tally[2], other[2])
    tally[3] = max(tally[3], other[3])
