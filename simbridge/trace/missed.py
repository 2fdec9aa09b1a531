"""Finds rules that an event has missed: they are on another bus, or were not in effect yet.

Two common mistakes cannot be seen in the rules of the event's own bus. The rule may be in another Region
or account or on another bus. Or the rule is there now, but a change takes effect some time after its call
(user guide: "a short period of time"), and the event came in between. Both are read from the trace: a
change is a `Call` and, later, the `Configure` or `Retire` that it has caused at its bus. Whether such a
rule would have matched is in no record, since it never saw the event: its pattern is evaluated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, final

import msgspec

from simbridge.base import clock
from simbridge.kernel import Entry
from simbridge.languages import pattern
from simbridge.model import arn as arns
from simbridge.model.cloudtrail import is_withheld
from simbridge.model.messages import Call, Configure, Event, Publish, Retire
from simbridge.model.resources import Rule

__all__ = ["ELSEWHERE_MAX", "missed"]

ELSEWHERE_MAX = 5
"""How many rules of other buses have a line; the rest are only counted."""

_CHANGES = {
    "PutRule": "put",
    "DeleteRule": "deleted",
    "EnableRule": "enabled",
    "DisableRule": "disabled",
    "PutTargets": "given targets",
    "RemoveTargets": "changed by RemoveTargets",
}
"""The calls that change a rule, each with its participle: "rule r was ..."."""


@final
class _Change(NamedTuple):
    """A rule before and after a change; `effect_us` None: it is not in effect yet."""

    called_us: int
    operation: str
    name: str
    rules: tuple[Rule | None, Rule | None]
    effect_us: int | None


@final
class _Reader:
    """The rules in the trace, up to the first arrival of an event and after it."""

    def __init__(self, event_id: str) -> None:
        self.event_id = event_id
        self.rules: dict[str, dict[str, Rule]] = {}
        self.at_arrival: list[Rule] = []
        """The rules of all buses when the event first arrived."""
        self.arrivals: dict[str, Event] = {}
        self.changes: list[_Change] = []
        self._calls: dict[int, tuple[int, str, Call]] = {}

    def read(self, entry: Entry) -> None:
        time, sequence, cause, _, to, message = entry
        match message:
            case Call(operation) if operation in _CHANGES and message.response is not None:
                if not self.arrivals:
                    self._calls[sequence] = time, to, message
            case Configure(Rule() as rule):
                self._changed(time, cause, to, rule.arn, rule)
                self.rules.setdefault(to, {})[rule.arn] = rule
            case Retire(arn) if arn in self.rules.get(to, ()):
                self._changed(time, cause, to, arn, None)
                del self.rules[to][arn]
            case Publish(event) if event.id == self.event_id:
                if not self.arrivals:
                    self.at_arrival = [rule for bus in self.rules.values() for rule in bus.values()]
                self.arrivals.setdefault(to, event)

    def _changed(self, time: int, cause: int, bus: str, arn: str, rule: Rule | None) -> None:
        called = self._calls.pop(cause, None)
        if called is not None and bus in self.arrivals:
            name = arn.rpartition("/")[2]
            rules = self.rules.get(bus, {}).get(arn), rule
            self.changes.append(_Change(called[0], called[2].operation, name, rules, time))

    def pending(self) -> Iterator[_Change]:
        """The changes that were called for and have not taken effect in this trace."""
        rules: dict[tuple[str, str], Rule | None] = {
            (bus, rule.name): rule for bus, on_bus in self.rules.items() for rule in on_bus.values()
        }
        for time, to, call in self._calls.values():
            bus, name = _bus(to, call), call.request.get("Rule") or call.request["Name"]
            if bus in self.arrivals:
                before = rules.get((bus, name))
                after = rules[bus, name] = _after(call, before, name, bus)
                yield _Change(time, call.operation, name, (before, after), None)


def missed(entries: Sequence[Entry], event_id: str) -> list[str]:
    """A line for each rule that the event has missed."""
    reader = _Reader(event_id)
    for entry in entries:
        reader.read(entry)
    if not reader.arrivals:
        return []
    changes = [*reader.changes, *reader.pending()]
    event = next(iter(reader.arrivals.values()))
    late = [_late(change) for change in changes if _matters(change, event)]
    elsewhere = [
        _elsewhere(rule, event)
        for rule in reader.at_arrival
        if rule.bus_arn not in reader.arrivals
        and rule.archive_arn is None
        and _matches(rule, event)
    ]
    more = len(elsewhere) - ELSEWHERE_MAX
    rest = [f"{more} more rules elsewhere would match"] if more > 0 else []
    return [*late, *elsewhere[:ELSEWHERE_MAX], *rest]


def _after(call: Call, rule: Rule | None, name: str, bus: str) -> Rule | None:
    """A rule after a call that is not in effect yet, as far as matching is concerned."""
    match call.operation:
        case "PutRule":
            state = call.request.get("State") or "ENABLED"
            return Rule("", name, bus, state, "", call.request.get("EventPattern") or None)
        case "DisableRule" if rule is not None:
            return msgspec.structs.replace(rule, state="DISABLED")
        case "EnableRule" if rule is not None and rule.state == "DISABLED":
            return msgspec.structs.replace(rule, state="ENABLED")
        case "DeleteRule":
            return None
    return rule


def _matters(change: _Change, event: Event) -> bool:
    """Whether a change would have made a difference: to whether the rule matches, or to its targets."""
    before, after = (_matches(rule, event) for rule in change.rules)
    return before != after or (after and change.operation.endswith("Targets"))


def _matches(rule: Rule | None, event: Event) -> bool:
    if rule is None or rule.event_pattern is None or rule.state == "DISABLED":
        return False
    if is_withheld(event.envelope, rule.state):
        return False
    return pattern.match(rule.event_pattern, event.envelope)


def _late(change: _Change) -> str:
    what = f"rule {change.name} was {_CHANGES[change.operation]} at {_instant(change.called_us)}"
    if change.effect_us is None:
        return f"{what} and has not taken effect yet"
    return f"{what} and takes effect at {_instant(change.effect_us)}, after this event"


def _elsewhere(rule: Rule, event: Event) -> str:
    """Where a rule is and where the event is, as far as the two differ."""
    there, here = arns.parse(rule.bus_arn), arns.parse(event.bus)
    facets = (
        ("on", there.resource.partition("/")[2], here.resource.partition("/")[2]),
        ("in", there.region, here.region),
        ("of account", there.account, here.account),
    )
    differ = [(word, one, other) for word, one, other in facets if one != other]
    place = " ".join(f"{word} {one}" for word, one, _ in differ)
    own = " ".join(f"{word} {other}" for word, _, other in differ)
    return f"rule {rule.name} {place} would match; the event is {own}"


def _bus(address: str, call: Call) -> str:
    """The ARN of the event bus that a call is about."""
    _, region, account = address.split(":")
    name = call.request.get("EventBusName") or "default"
    return name if name.startswith("arn:") else arns.event_bus_arn(region, account, name)


def _instant(micros: int) -> str:
    return f"{clock.iso_micros(micros)[:-4]}Z"
