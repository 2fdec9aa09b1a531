"""An event bus: finds the rules that match an event, and begins a delivery for each of their targets.

The bus owns its rules. It gets a rule by one `Configure` with all its targets, keeps the patterns of the
enabled rules in one matcher, and configures the delivery actor of each target, and the scheduler of a rule
that has a schedule. Deliveries that have begun before their target is removed continue: what AWS does then is
not documented (fidelity 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, final

import msgspec

from simbridge import targets
from simbridge.base import clock
from simbridge.base.rng import draw
from simbridge.base.token_bucket import Buckets
from simbridge.kernel import Turn, uuid_from
from simbridge.languages import policy
from simbridge.languages.pattern import Matcher
from simbridge.model import arn as arns
from simbridge.model.cloudtrail import API_CALL, is_withheld
from simbridge.model.feedback import Feedback
from simbridge.model.messages import (
    Configure,
    Drop,
    Event,
    Invoke,
    Keep,
    Match,
    MatchWithoutTarget,
    Message,
    Outcome,
    Publish,
    Retire,
)
from simbridge.model.resources import EventBus, Rule

__all__ = ["EventBusActor", "ForwardingRules"]


@final
class ForwardingRules(NamedTuple):
    """The rules by which a bus takes events from other buses.

    `hops` and `region_hops` are how many buses an event may be forwarded to within a region and across
    regions. `organizations` has the organization of each account that is in one. `feedback` has the lineage
    of events. `puts` is the PutEvents quota of the bus's region, if it is on.
    """

    hops: int
    region_hops: int
    organizations: Mapping[str, str]
    feedback: Feedback
    puts: Buckets | None = None


@final
class EventBusActor:
    """The actor at an event bus's ARN.

    `routes` is what a match needs of each rule's targets: the address of the delivery, and the fields of
    `Match`. `duplicates` of 2**32 deliveries are made twice, as at-least-once allows. `archives` has the
    ARN of the archive for each rule that archives what it matches.
    """

    def __init__(self, duplicates: int, forwarding: ForwardingRules) -> None:
        self.duplicates = duplicates
        self.forwarding = forwarding
        self.bus: EventBus | None = None
        self.rules: dict[str, Rule] = {}
        self.routes: dict[str, list[tuple[str, str, str, str]]] = {}
        self.archives: dict[str, str] = {}
        self.matcher = Matcher()

    def receive(self, message: Message, turn: Turn) -> None:
        """Publish is the hot path: one `Match` for each target of each matching rule."""
        if type(message) is Publish:  # the hot path: several times quicker to ask than a case
            event = message.event
            matched = self.matcher.match_parsed(event.envelope)
            if matched and event.envelope["detail-type"] == API_CALL:
                matched = self._shown(event, matched)
            if message.rule is not None:
                matched = self._with_scheduled_rule(matched, message.rule)
            if message.only is not None:
                matched = [name for name in matched if self.rules[name].arn in message.only]
            if self.archives and "replay-name" not in event.envelope:
                self._archive(event, matched, turn)
            for name in matched:
                routes = self.routes[name]
                if not routes and name not in self.archives:
                    turn.send(turn.address, MatchWithoutTarget(event, self.rules[name].arn))
                for address, rule_arn, target_id, target_arn in routes:
                    turn.send(address, Match(event, rule_arn, target_id, target_arn))
                    if self.duplicates and self._is_duplicated(event, address, turn):
                        turn.send(address, Match(event, rule_arn, target_id, target_arn, True))
            return
        match message:
            case Configure(Rule() as rule):
                self._configure(rule, turn)
            case Configure(EventBus() as bus):
                self.bus = bus
            case Retire(arn):
                self._retire(arn, turn)
            case Invoke():
                self._forward(message, turn)
            case Drop() | MatchWithoutTarget():
                pass  # sent for its record in the trace
            case _:
                raise AssertionError(f"an event bus does not take {message!r}")

    def _shown(self, event: Event, matched: list[str]) -> list[str]:
        """The rules that get a call of an API; read-only calls are for rules that ask for them."""
        rules = self.rules
        return [name for name in matched if not is_withheld(event.envelope, rules[name].state)]

    def _is_duplicated(self, event: Event, address: str, turn: Turn) -> bool:
        return draw(turn.key("duplicate", f"{event.id} {address}"), 0) < self.duplicates

    def _archive(self, event: Event, matched: list[str], turn: Turn) -> None:
        """Send the event to the archives that keep it; their rules have no other targets.

        A replayed event is never archived (user guide), whatever the pattern says about `replay-name`.
        """
        for name in matched:
            if name in self.archives:
                turn.send(self.archives[name], Keep(event))

    def _configure(self, rule: Rule, turn: Turn) -> None:
        self.archives.pop(rule.name, None)
        if rule.archive_arn is not None:
            if rule.targets:
                self.archives[rule.name] = rule.archive_arn
            rule = msgspec.structs.replace(rule, targets=())
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
        """Send the rule's scheduler a new schedule, and nothing else.

        A scheduler counts from the instant it gets its schedule. So other changes of the rule keep the
        cadence, and an enabled rule begins anew (fidelity 3.5).
        """
        before = old.schedule if old is not None else None
        after = rule.schedule
        if after is not None and after != before:
            turn.send(rule.arn, Configure(after))
        elif after is None and before is not None:
            turn.send(rule.arn, Retire(rule.arn))

    def _with_scheduled_rule(self, matched: list[str], owner: str) -> list[str]:
        """The rules that match, and the one whose schedule has fired, exactly once (captured)."""
        name = owner.rpartition("/")[2]
        rule = self.rules.get(name)
        if rule is None or rule.schedule is None:
            return matched
        return sorted({*matched, name}) if matched else [name]

    def _forward(self, message: Invoke, turn: Turn) -> None:
        """Take an event from a rule of another bus (fidelity 8.4, 8.5; captured).

        Within a region it keeps its id; from another region it gets a new id and a new time, while
        account and region stay those of its origin. A copy that a global endpoint makes has the ARN of the
        endpoint among its resources (fidelity 13.2).
        """
        event = message.event
        here, there = arns.parse(turn.address), arns.parse(event.bus)
        refusal = self._refusal(message, here, there, turn.now)
        if refusal is not None:
            turn.reply(Outcome(message.delivery, message.attempt, *refusal))
            return
        local = here.region == there.region
        envelope = event.envelope
        if not local:
            fresh_id = uuid_from(turn.random("event id"))
            self.forwarding.feedback.renamed(event.id, fresh_id, turn.now)
            envelope = {**envelope, "id": fresh_id, "time": clock.iso_seconds(turn.now)}
        blocks = message.parameters.blocks if message.parameters is not None else {}
        if "EndpointArn" in blocks:  # a copy for the other region of a global endpoint
            envelope["resources"] = [*envelope["resources"], blocks["EndpointArn"]]
        hops = (event.hops + local, event.region_hops + (not local))
        forwarded = Event(
            turn.address, envelope, turn.now, event.size_bytes, event.trace_header, *hops
        )
        turn.reply(Outcome(message.delivery, message.attempt))
        turn.send(turn.address, Publish(forwarded))

    def _refusal(
        self, message: Invoke, here: arns.Arn, there: arns.Arn, now: int
    ) -> tuple[str, str, str | None] | None:
        """Why an event is refused: no permission, too many hops, or the quota; and our explanation."""
        event = message.event
        stored = self.bus.policy if self.bus is not None else None
        if stored is not None or here.account != there.account:
            caller = self._caller(message, there)
            facts = {
                "aws:sourcearn": message.rule,
                "aws:sourceaccount": there.account,
                "events:source": event.envelope["source"],
                "events:detail-type": event.envelope["detail-type"],
                "events:eventbusinvocation": "true",
            }
            action, bus = "events:PutEvents", str(here)
            request = policy.Request(caller, action, bus, facts)
            decision = policy.NOTHING if stored is None else policy.decide(stored, request)
            why = policy.sentence(decision, here.account, caller, action)
            if why is not None:
                denied = f"User: {caller.arn} is not authorized to perform: {action}"
                detail = policy.explanation(stored, request, decision, here.resource)
                return "NO_PERMISSIONS", f"{denied} on resource: {bus} {why}", detail
        if here.region == there.region:
            if event.hops >= self.forwarding.hops:
                return _refused("THIRD_ACCOUNT_HOP_DETECTED", here, event)
        elif event.region_hops >= self.forwarding.region_hops:
            return _refused("THIRD_REGION_HOP_DETECTED", here, event)
        elif (puts := self.forwarding.puts) is not None and not puts.take(there.account, now):
            # Such events count as PutEvents of this region (user guide).
            return _refused("THROTTLING", here, event)
        return None

    def _caller(self, message: Invoke, there: arns.Arn) -> policy.Caller:
        """The caller, for the policy of this bus."""
        blocks = message.parameters.blocks if message.parameters is not None else {}
        role = blocks.get("RoleArn")
        return policy.forwarder(there.account, there.partition, role, self.forwarding.organizations)

    def _retire(self, arn: str, turn: Turn) -> None:
        if arn == turn.address:
            turn.stop()
            return
        name = next((name for name, rule in self.rules.items() if rule.arn == arn), None)
        if name is not None:
            rule = self.rules.pop(name)
            del self.routes[name]
            self.archives.pop(name, None)
            if name in self.matcher:
                self.matcher.remove(name)
            if rule.schedule is not None:
                turn.send(rule.arn, Retire(rule.arn))
            for target in rule.targets:
                turn.send(target.address, Retire(target.address))


def _refused(code: str, here: arns.Arn, event: Event) -> tuple[str, str, None]:
    return (*targets.words(str(here), code, event.id, ""), None)
