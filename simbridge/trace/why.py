"""Why an event went where it went: for each bus it was on, what every rule made of it.

All of it is read from the trace. What rules there were when the event arrived stands in the
`Configure` and `Retire` messages that their bus had received by then; why a pattern did not match is
asked of the pattern again (`simbridge.languages.pattern.explain`), which has one answer for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    Call,
    Configure,
    DeadLetter,
    Declined,
    Drop,
    Event,
    Expire,
    Handled,
    Invoke,
    Match,
    Message,
    Outcome,
    Publish,
    Retire,
)
from simbridge.model.resources import Rule
from simbridge.trace.deliveries import Delivery
from simbridge.trace.missed import missed

__all__ = ["BusVerdict", "RuleVerdict", "Why", "why"]


@final
@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one rule made of the event.

    `reason` is one line: that it matched, or why not. `deliveries` is one for each target, `inputs`
    what each of them was sent where that is not the whole event. `archive` is the archive that the
    rule keeps its events in.
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
    """What else is to be said of how deliveries ended, by delivery: who refused what, in which words."""
    hints: tuple[str, ...] = ()
    """Rules that are elsewhere, or were not in effect yet or still, a line for each (`missed`)."""

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
        raise SimbridgeError(_unknown(entries, event_id))
    for delivery, told in found.runs.items():
        found.remarks.setdefault(delivery, []).insert(0, told)
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
    """What the records say of one event, read in their order.

    The same id may arrive on a bus more than once, as a service may emit an event twice; a delivery
    belongs to the arrival that has caused it.
    """

    def __init__(self, event_id: str, deliveries: Sequence[Delivery]) -> None:
        self.event_id = event_id
        self.arrivals: list[_Arrival] = []
        self.remarks: dict[int, list[str]] = {}
        self.runs: dict[int, str] = {}
        self._deliveries = {delivery.sequence: delivery for delivery in deliveries}
        self._inputs: dict[int, str | None] = {}
        self._rules: dict[str, dict[str, Rule]] = {}
        self._caused_by: dict[int, int] = {}

    def read(self, entry: Entry) -> None:
        """One record more."""
        time, sequence, cause, sender, to, message = entry
        match message:
            case Configure(Rule() as rule):
                self._rules.setdefault(to, {})[rule.arn] = rule
            case Retire(arn):
                self._rules.get(to, {}).pop(arn, None)
            case Publish(event) if event.id == self.event_id:
                known = list(self._rules.get(to, {}).values())
                self.arrivals.append(_Arrival(sequence, to, time, message, known))
            case Match() if sequence in self._deliveries:
                self._caused_by[sequence] = cause
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
                    self.runs[delivery] = _run(message, to)

    def verdict(self, arrival: _Arrival) -> BusVerdict:
        """What the rules of a bus said to one arrival of the event, and what became of it."""
        mine = [
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
            tuple(_verdict(rule, arrival.message, mine, self._inputs) for rule in rules),
        )


def _remark(message: Message, sender: str, to: str, delivery: Delivery) -> str | None:
    """What a message says of the end of a delivery that its outcome does not say."""
    match message:
        case Outcome(_, 0, str() as error, text, detail):
            words = " ".join((detail or text or "").split())
            return f"its dead-letter queue {_last(sender)} refuses it: {error}: {words}"
        case Outcome(_, _, None, str() as text):
            return text
        case Outcome(_, _, str(), _, str() as detail):
            return detail
        case Expire(_, True):
            more = "a further" if delivery.attempt_count else "any"
            return f"the Invocations quota left no turn for {more} attempt"
        case Declined(_, error, text):
            lost = f"{_last(sender)} refuses Lambda's record of it, which is lost: {error}"
            return f"{lost}: {text}" if error == "NO_RESOURCE" else lost
    return None


def _run(message: Handled, to: str) -> str:
    """How a function fared that has raised at least once; its latest execution tells the rest."""
    if message.error is None:
        return f"{_last(to)} has handled it in execution {message.attempt}"
    what = " ".join(f"{message.error}: {message.text or ''}".split())
    return f"{_last(to)} raised in execution {message.attempt}: {what}"


def _verdict(
    rule: Rule,
    arrival: Publish,
    deliveries: Sequence[Delivery],
    inputs: dict[int, str | None],
) -> RuleVerdict:
    event = arrival.event
    matched, reason = False, ""
    if rule.state == "DISABLED":
        reason = "disabled"
    elif arrival.only is not None and rule.arn not in arrival.only:
        reason = "left out by the FilterArns of the replay"
    elif rule.arn == arrival.rule:
        matched, reason = True, "its schedule has fired"
    elif rule.event_pattern is None:
        reason = "has a schedule and no pattern"
    else:
        told = pattern.explain(rule.event_pattern, event.envelope)
        matched, reason = bool(told), told.summary
        if matched and is_withheld(event.envelope, rule.state):
            matched = False
            reason = f"a call that only reads, which is for rules in State {ALL_MANAGEMENT_EVENTS}"
    mine = tuple(
        found for found in deliveries if found.rule_arn == rule.arn and found.event.bus == event.bus
    )
    texts = tuple(inputs.get(found.sequence) for found in mine)
    archive = _last(rule.archive_arn).partition("/")[2] if rule.archive_arn else None
    return RuleVerdict(rule.name, matched, reason, mine, texts, archive)


def _attempts(delivery: Delivery) -> Iterator[str]:
    """The attempts, equal ones in a row told in one line."""
    for (outcome, error), alike in groupby(
        enumerate(delivery.attempts, 1), key=lambda pair: (pair[1].outcome, pair[1].error_code)
    ):
        several = list(alike)
        (first, begin), (last, end) = several[0], several[-1]
        numbers = f"attempt {first}" if first == last else f"attempts {first} to {last}"
        when = f"{begin.time:%Y-%m-%d %H:%M:%S}"
        until = "" if first == last else f" to {end.time:%Y-%m-%d %H:%M:%S}"
        yield f"{numbers}, {when}{until}: {outcome}{f' ({error})' if error else ''}"


def _end(delivery: Delivery) -> str:
    match delivery.outcome:
        case "delivered":
            latency = round((delivery.latency or 0) * clock.SECOND)
            return f"delivered after {clock.elapsed(latency)}"
        case "pending":  # a trace of outcomes does not know how many attempts there were by now
            made = delivery.attempt_count
            return f"pending after {made} attempt{'s' * (made != 1)}" if made else "pending"
        case outcome:
            exhausted = f", {delivery.exhausted} reached" if delivery.exhausted else ""
            return f"{outcome}: {delivery.error_code}{exhausted}"


def _last(arn: str) -> str:
    return arn.rpartition(":")[2]


def _place(arn: str, home: str) -> str:
    """The last part of an ARN, and region and account where they are not those of `home`."""
    here, there = arn.split(":"), home.split(":")
    abroad = [name for name, own in zip(here[3:5], there[3:5], strict=True) if name != own]
    return _last(arn) + (f", {' '.join(abroad)}" if abroad else "")


def _not_put(_: Call, asked: dict[str, Any]) -> str:
    bus = asked.get("EventBusName") or "default"
    return (
        f"has not arrived on a bus: either {bus} does not exist, or nothing has run since "
        "(world.settle())"
    )


def _not_put_by_a_partner(call: Call, asked: dict[str, Any]) -> str:
    notes = (call.detail or "").split("; ")
    lost = next((note for note in notes if note.startswith(f"{asked['Source']} is ")), None)
    if lost is None:
        return "has not arrived on a bus: nothing has run since (world.settle())"
    return f"dropped: its event source was {lost.split()[2].rstrip(':')}, and only an ACTIVE one delivers"


_PUTS: dict[str, Callable[[Call, dict[str, Any]], str]] = {
    "PutEvents": _not_put,
    "PutPartnerEvents": _not_put_by_a_partner,
}
"""What is said of an event that was accepted and is on no bus, by the call that put it."""


def _unknown(entries: Sequence[Entry], event_id: str) -> str:
    """What is known of an event that never arrived on a bus."""
    for *_, message in entries:
        if isinstance(message, Call) and message.operation in _PUTS and message.response:
            answers = message.response["Entries"]
            for asked, answer in zip(message.request["Entries"], answers, strict=True):
                if answer.get("EventId") == event_id:
                    return f"event {event_id} was accepted and {_PUTS[message.operation](message, asked)}"
    return (
        f"no event {event_id!r} was ever on a bus of this world (one that was emitted just now arrives "
        "when time runs: world.settle())"
    )
