"""An event bus: which rules match, and a delivery for each of their targets.

The bus owns its rules. It learns of a rule by one `Configure` with all its targets, keeps the
patterns of the enabled ones in one matcher, and tells each target's delivery actor apart, and the
scheduler of a rule that has a schedule. Deliveries that are under way when a target goes away are
carried through: what AWS does then is not documented (behaviour reference 2.3).
"""

from __future__ import annotations

from typing import NamedTuple, final

from simbridge import arn as arns
from simbridge import clock
from simbridge.actors.conduct import latency_us
from simbridge.kernel import Turn, uuid_from
from simbridge.luck import draw
from simbridge.messages import (
    Configure,
    Drop,
    Event,
    Invoke,
    Match,
    Message,
    Outcome,
    Publish,
    Retire,
)
from simbridge.pattern import Matcher
from simbridge.resources import EventBus, Rule

__all__ = ["EventBusActor", "Noise"]


@final
class Noise(NamedTuple):
    """How late deliveries start (log-normal), and how many of 2**32 are made twice."""

    median_us: int
    p99_us: int
    duplicates: int


@final
class EventBusActor:
    """The actor at an event bus's ARN.

    `routes` is what a match needs of each rule's targets: where the delivery lives, and the fields
    of `Match`.
    """

    def __init__(self, noise: Noise | None = None) -> None:
        self.noise = noise
        self.bus: EventBus | None = None
        self.rules: dict[str, Rule] = {}
        self.routes: dict[str, list[tuple[str, str, str, str]]] = {}
        self.matcher = Matcher()

    def receive(self, message: Message, turn: Turn) -> None:
        """Publish is the hot path: one `Match` for each target of each matching rule."""
        if type(message) is Publish:  # the hot path: several times quicker to ask than a case
            event = message.event
            matched = self.matcher.match_parsed(event.envelope)
            if message.rule is not None:
                matched = self._with_owner(matched, message.rule)
            if self.noise is not None:
                self._match_late(event, matched, self.noise, turn)
                return
            for name in matched:
                for address, rule_arn, target_id, target_arn in self.routes[name]:
                    turn.send(address, Match(event, rule_arn, target_id, target_arn))
            return
        match message:
            case Configure(Rule() as rule):
                self._configure(rule, turn)
            case Configure(EventBus() as bus):
                self.bus = bus
            case Retire(arn):
                self._retire(arn, turn)
            case Invoke(delivery, attempt):
                self._forward(delivery, attempt, message.event, turn)
            case Drop():
                pass  # the record is the point: the bus learns of a loss, and has nothing to do
            case _:
                raise AssertionError(f"an event bus does not take {message!r}")

    def _match_late(self, event: Event, matched: list[str], noise: Noise, turn: Turn) -> None:
        """Each delivery starts after a latency of its own, and some start twice."""
        for name in matched:
            for address, *route in self.routes[name]:
                luck = turn.key("latency", f"{event.id} {address}")
                times = 1 + (draw(luck, 0) < noise.duplicates)
                for number in range(1, times + 1):
                    after = latency_us(noise.median_us, noise.p99_us, draw(luck, number))
                    turn.send(address, Match(event, *route), after)

    def _configure(self, rule: Rule, turn: Turn) -> None:
        old = self.rules.get(rule.name)
        self.rules[rule.name] = rule
        self.routes[rule.name] = [
            (target.address, target.rule_arn, target.id, target.arn) for target in rule.targets
        ]
        if rule.event_pattern and rule.state != "DISABLED":
            self.matcher.add(rule.name, rule.event_pattern)
        elif rule.name in self.matcher:
            self.matcher.remove(rule.name)
        self._reschedule(old, rule, turn)
        gone = {target.id: target for target in old.targets} if old is not None else {}
        for target in rule.targets:
            if gone.pop(target.id, None) != target:
                turn.send(target.address, Configure(target))
        for target in gone.values():
            turn.send(target.address, Retire(target.address))

    def _reschedule(self, old: Rule | None, rule: Rule, turn: Turn) -> None:
        """Tell the rule's scheduler of a new schedule, and of nothing else.

        A scheduler counts from when it hears of its schedule. That other changes of the rule keep
        the cadence and an enabled rule begins anew (behaviour reference 3.5) is all in this.
        """
        before = old.schedule if old is not None else None
        after = rule.schedule
        if after is not None and after != before:
            turn.send(rule.arn, Configure(after))
        elif after is None and before is not None:
            turn.send(rule.arn, Retire(rule.arn))

    def _with_owner(self, matched: list[str], owner: str) -> list[str]:
        """The rules that match, and the one whose schedule has fired, exactly once (captured)."""
        name = owner.rpartition("/")[2]
        rule = self.rules.get(name)
        if rule is None or rule.schedule is None:
            return matched
        return sorted({*matched, name}) if matched else [name]

    def _forward(self, delivery: int, attempt: int, event: Event, turn: Turn) -> None:
        """Take an event from a rule of another bus (behaviour reference 8.4, 8.5, captured).

        Within a region it keeps its id; from another region it gets a new id and a new time, while
        account and region stay those of its origin. One hop of each kind is allowed. Another
        account needs a bus policy, which cannot exist yet.
        """
        here, there = arns.parse(turn.address), arns.parse(event.bus)
        local = here.region == there.region
        if here.account != there.account:
            refusal = ("NO_PERMISSIONS", "no resource-based policy allows events:PutEvents")
        elif local and event.hops:
            refusal = (
                "THIRD_ACCOUNT_HOP_DETECTED",
                "Events received from another event bus cannot be forwarded to this event bus.",
            )
        elif not local and event.region_hops:
            refusal = ("THIRD_REGION_HOP_DETECTED", "Unknown exception.")
        else:
            envelope = event.envelope
            if not local:
                fresh_id = uuid_from(turn.random("event id"))
                envelope = {**envelope, "id": fresh_id, "time": clock.iso_seconds(turn.now)}
            hops = (event.hops + local, event.region_hops + (not local))
            forwarded = Event(
                turn.address, envelope, turn.now, event.size_bytes, event.trace_header, *hops
            )
            turn.reply(Outcome(delivery, attempt))
            turn.send(turn.address, Publish(forwarded))
            return
        turn.reply(Outcome(delivery, attempt, *refusal))

    def _retire(self, arn: str, turn: Turn) -> None:
        if arn == turn.address:
            turn.stop()
            return
        name = next((name for name, rule in self.rules.items() if rule.arn == arn), None)
        if name is not None:
            rule = self.rules.pop(name)
            del self.routes[name]
            if name in self.matcher:
                self.matcher.remove(name)
            if rule.schedule is not None:
                turn.send(rule.arn, Retire(rule.arn))
            for target in rule.targets:
                turn.send(target.address, Retire(target.address))
