"""Why an event went where it went: for each bus it was on, what every rule made of it.

All of it is read from the trace. Which rules there were when the event arrived is in the `Configure`
and `Retire` messages that their bus had received by then. Which of them matched is in the `Match`,
`MatchWithoutTarget` and `Keep` messages that the arrival caused. Only why a pattern did not match is
in no record: `simbridge.languages.pattern.explain` says it, a pure function of pattern and event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, final

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.kernel import Entry
from simbridge.languages import pattern
from simbridge.model.cloudtrail import ALL_MANAGEMENT_EVENTS, is_withheld
from simbridge.model.messages import (
    Configure,
    DeadLetter,
    Declined,
    Drop,
    Event,
    Expire,
    Handled,
    Invoke,
    Keep,
    Match,
    MatchWithoutTarget,
    Message,
    Outcome,
    Publish,
    Retire,
)
from simbridge.model.resources import Rule
from simbridge.trace.deliveries import Attempt, Delivery
from simbridge.trace.missed import missed
from simbridge.trace.not_arrived import not_arrived
from simbridge.trace.waits import Waits

__all__ = ["BusVerdict", "RuleVerdict", "Why", "why"]


@final
@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one rule made of the event.

    `reason` is one line: that it matched, or why not. `deliveries` has one for each target, `inputs` the
    input of each, None if it is the whole event. `archive` is the archive that the rule keeps events in.
    """

    rule: str
    matched: bool
    reason: str
    deliveries: tuple[Delivery, ...]
    inputs: tuple[str | None, ...]
    archive: str | None = None


@final
@dataclass(frozen=True, slots=True)
class BusVerdict:
    """The event on one bus: when it arrived, and what each rule there made of it, by name."""

    bus: str
    arn: str
    arrived_us: int
    event: Event
    rules: tuple[RuleVerdict, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """The way of one event through a world."""

    event_id: str
    buses: tuple[BusVerdict, ...]
    remarks: dict[int, list[str]]
    """More about how deliveries ended, by delivery: what was refused, with which message."""
    hints: tuple[str, ...] = ()
    """Rules that are elsewhere, or changed after the event, a line for each (`missed`)."""

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data, for programs."""
        return {
            "event": self.event_id,
            "buses": [
                {
                    "bus": bus.bus,
                    "arn": bus.arn,
                    "arrived": clock.iso_micros(bus.arrived_us),
                    "rules": [self._rule(rule) for rule in bus.rules],
                }
                for bus in self.buses
            ],
            "hints": list(self.hints),
        }

    def _rule(self, rule: RuleVerdict) -> dict[str, Any]:
        return {
            "rule": rule.rule,
            "matched": rule.matched,
            "reason": rule.reason,
            "deliveries": [
                {
                    "target": delivery.target,
                    "arn": delivery.target_arn,
                    "input": text,
                    "outcome": delivery.outcome,
                    "attempts": delivery.attempt_count,
                    "error": delivery.error_code,
                    "exhausted": delivery.exhausted,
                    "latency": delivery.latency,
                    "remarks": self.remarks.get(delivery.sequence, []),
                }
                for delivery, text in zip(rule.deliveries, rule.inputs, strict=True)
            ],
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Why) and self.to_dict() == other.to_dict()

    def __str__(self) -> str:
        return "\n".join(map(printable, self._lines()))

    def _lines(self) -> Iterator[str]:
        for bus in self.buses:
            envelope = bus.event.envelope
            what = f"{envelope['source']} {envelope['detail-type']!r} {self.event_id}"
            place = _place(bus.arn, self.buses[0].arn).removeprefix("event-bus/")
            yield f"{clock.iso_micros(bus.arrived_us)[:-4]}Z  {what} on {place}"
            if not bus.rules:
                yield "  no rule on this bus"
            for rule in bus.rules:
                yield f"  {'✓' if rule.matched else '✗'} rule {rule.rule}: {rule.reason}"
                if rule.matched and rule.archive:
                    yield f"      → kept in the archive {rule.archive}"
                elif rule.matched and not rule.deliveries:
                    yield "      no target"
                for delivery, text in zip(rule.deliveries, rule.inputs, strict=True):
                    yield f"      → {delivery.target} ({_place(delivery.target_arn, bus.arn)})"
                    if text is not None:
                        yield f"        input: {text}"
                    yield from (f"        {line}" for line in _attempts(delivery))
                    end = [_end(delivery), *self.remarks.get(delivery.sequence, ())]
                    yield f"        {'; '.join(end)}"
        yield from (f"  · {hint}" for hint in self.hints)


def why(entries: Sequence[Entry], event_id: str, deliveries: Sequence[Delivery]) -> Why:
    """See `Trace.why`; `deliveries` are those of the event."""
    found = _Found(event_id, deliveries)
    for entry in entries:
        found.read(entry)
    if not found.arrivals:
        raise SimbridgeError(not_arrived(entries, event_id))
    for delivery, remark in found.invocations.items():
        found.remarks.setdefault(delivery, []).insert(0, remark)
    for number in (delivery.sequence for delivery in deliveries):
        if remarks := found.waits.remarks(number):
            found.remarks.setdefault(number, []).extend(remarks)
    verdicts = (found.verdict(arrival) for arrival in found.arrivals)
    return Why(event_id, tuple(verdicts), found.remarks, tuple(missed(entries, event_id)))


@final
class _Arrival(NamedTuple):
    """An event on a bus: its `Publish`, and the rules that the bus had then."""

    sequence: int
    bus_arn: str
    time: int
    message: Publish
    rules: list[Rule]


@final
class _Found:
    """The records of one event, read in order.

    The same id may arrive on a bus more than once, as a service may emit an event twice; a delivery
    belongs to the arrival that has caused it.
    """

    def __init__(self, event_id: str, deliveries: Sequence[Delivery]) -> None:
        self.event_id = event_id
        self.arrivals: list[_Arrival] = []
        self.remarks: dict[int, list[str]] = {}
        self.invocations: dict[int, str] = {}
        self._deliveries = {delivery.sequence: delivery for delivery in deliveries}
        self.waits = Waits(self._deliveries)
        self._inputs: dict[int, str | None] = {}
        self._rules: dict[str, dict[str, Rule]] = {}
        self._caused_by: dict[int, int] = {}
        self._matched: set[tuple[int, str | None]] = set()

    def read(self, entry: Entry) -> None:
        """Read the next record."""
        time, sequence, cause, sender, to, message = entry
        self.waits.read(entry)
        match message:
            case Configure(Rule() as rule):
                self._rules.setdefault(to, {})[rule.arn] = rule
            case Retire(arn):
                self._rules.get(to, {}).pop(arn, None)
            case Publish(event) if event.id == self.event_id:
                rules = list(self._rules.get(to, {}).values())
                self.arrivals.append(_Arrival(sequence, to, time, message, rules))
            case Match(_, rule_arn) if sequence in self._deliveries:
                self._caused_by[sequence] = cause
                self._matched.add((cause, rule_arn))
            case MatchWithoutTarget(event, rule_arn) if event.id == self.event_id:
                self._matched.add((cause, rule_arn))
            case Keep(event) if event.id == self.event_id:
                self._matched.add((cause, to))
            case Invoke(delivery, _, _, _, body):
                self._inputs[delivery] = body
            case (
                Outcome(delivery)
                | Declined(delivery)
                | Expire(delivery)
                | DeadLetter(delivery)
                | Drop(delivery)
            ) if delivery in self._deliveries:
                remark = _remark(message, sender, to, self._deliveries[delivery])
                if remark is not None and remark not in self.remarks.get(delivery, ()):
                    self.remarks.setdefault(delivery, []).append(remark)
            case Handled(delivery, attempt, _, error) if delivery in self._deliveries:
                if error is not None or attempt > 1:
                    self.invocations[delivery] = _invocation(message, to)

    def verdict(self, arrival: _Arrival) -> BusVerdict:
        """What the rules of a bus made of one arrival of the event, and how its deliveries ended."""
        deliveries = [
            delivery
            for sequence, delivery in self._deliveries.items()
            if self._caused_by[sequence] == arrival.sequence
        ]
        rules = sorted(arrival.rules, key=lambda rule: rule.name)
        name = arrival.bus_arn.partition(":event-bus/")[2]
        return BusVerdict(
            name,
            arrival.bus_arn,
            arrival.time,
            arrival.message.event,
            tuple(
                _verdict(
                    rule, arrival.message, self._recorded(rule, arrival), deliveries, self._inputs
                )
                for rule in rules
            ),
        )

    def _recorded(self, rule: Rule, arrival: _Arrival) -> bool:
        """Whether a record says that the rule matched; for the rule of an archive it is a `Keep`."""
        arns = (rule.arn, rule.archive_arn)
        return any((arrival.sequence, arn) in self._matched for arn in arns)


def _remark(message: Message, sender: str, to: str, delivery: Delivery) -> str | None:
    """What a message adds to the outcome of a delivery."""
    match message:
        case Outcome(_, 0, str() as error, text, detail):
            reason = " ".join((detail or text or "").split())
            return f"its dead-letter queue {_last(sender)} refuses it: {error}: {reason}"
        case Outcome(_, _, None, str() as text):
            return text
        case Outcome(_, _, None, None, str() as detail):
            return detail
        case Outcome(_, _, str(), _, str() as detail):
            return detail
        case Expire(_, True):
            attempt = "another attempt" if delivery.attempt_count else "an attempt"
            return f"throttled by the Invocations quota until it was too old for {attempt}"
        case Declined(_, error, text):
            refusal = f"{_last(sender)} refuses Lambda's record of it, which is lost: {error}"
            return f"{refusal}: {text}" if error in _EXPLAINED else refusal
    return None


_EXPLAINED = ("NO_PERMISSIONS", "NO_RESOURCE")


def _invocation(message: Handled, to: str) -> str:
    """The latest invocation of a function that has raised at least once."""
    if message.error is None:
        return f"{_last(to)} handled it (invocation {message.attempt})"
    error = " ".join(f"{message.error}: {message.text or ''}".split())
    return f"{_last(to)} raised (invocation {message.attempt}): {error}"


def _verdict(
    rule: Rule,
    arrival: Publish,
    recorded: bool,
    deliveries: Sequence[Delivery],
    inputs: dict[int, str | None],
) -> RuleVerdict:
    event = arrival.event
    matched, reason = _reason(rule, arrival, recorded)
    own = tuple(
        found for found in deliveries if found.rule_arn == rule.arn and found.event.bus == event.bus
    )
    texts = tuple(inputs.get(found.sequence) for found in own)
    archives = rule.archive_arn is not None and rule.targets
    archive = _last(rule.archive_arn or "").partition("/")[2] if archives else None
    return RuleVerdict(rule.name, matched, reason, own, texts, archive)


def _reason(rule: Rule, arrival: Publish, recorded: bool) -> tuple[bool, str]:
    """Whether a rule matched, and why or why not.

    A trace that was cut may end before the record of a match: then the pattern says so.
    """
    if rule.state == "DISABLED":
        return False, "disabled"
    if arrival.only is not None and rule.arn not in arrival.only:
        return False, "left out by the FilterArns of the replay"
    if rule.arn == arrival.rule:
        return True, "its schedule has fired"
    if recorded:
        return True, "matches"
    if rule.event_pattern is None:
        return False, "has a schedule and no pattern"
    envelope = arrival.event.envelope
    explanation = pattern.explain(rule.event_pattern, envelope)
    if explanation and is_withheld(envelope, rule.state):
        wanted = ALL_MANAGEMENT_EVENTS
        return False, f"a call that only reads, which is for rules in State {wanted}"
    return bool(explanation), explanation.summary


def _attempts(delivery: Delivery) -> Iterator[str]:
    """The attempts, a line for each run of equal ones."""
    for (outcome, detail), alike in groupby(
        enumerate(delivery.attempts, 1), key=lambda pair: (pair[1].outcome, _detail(pair[1]))
    ):
        run = list(alike)
        (first, begin), (last, end) = run[0], run[-1]
        numbers = f"attempt {first}" if first == last else f"attempts {first} to {last}"
        when = f"{begin.time:%Y-%m-%d %H:%M:%S}"
        until = "" if first == last else f" to {end.time:%Y-%m-%d %H:%M:%S}"
        yield f"{numbers}, {when}{until}: {outcome}{f' ({detail})' if detail else ''}"


def _detail(attempt: Attempt) -> str:
    """The error of an attempt, and the HTTP status that an API destination has got."""
    status = f"HTTP {attempt.status}" if attempt.status is not None else ""
    return ", ".join(filter(None, (attempt.error_code, status)))


def _end(delivery: Delivery) -> str:
    match delivery.outcome:
        case "delivered":
            latency = round((delivery.latency or 0) * clock.SECOND)
            return f"delivered after {clock.elapsed(latency)}"
        case "pending":  # a trace of outcomes does not have the attempts of a pending delivery
            made = delivery.attempt_count
            return f"pending after {made} attempt{'s' * (made != 1)}" if made else "pending"
        case outcome:
            exhausted = f", {delivery.exhausted} reached" if delivery.exhausted else ""
            return f"{outcome}: {delivery.error_code}{exhausted}"


def _last(arn: str) -> str:
    return arn.rpartition(":")[2]


def _place(arn: str, home: str) -> str:
    """The last part of an ARN, and its region and account if they are not those of `home`."""
    here, there = arn.split(":"), home.split(":")
    differing = [name for name, own in zip(here[3:5], there[3:5], strict=True) if name != own]
    return _last(arn) + (f", {' '.join(differing)}" if differing else "")
