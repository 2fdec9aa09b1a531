"""Rules without targets: what they match is in no record, and is asked of their patterns again.

A bus sends a `Match` for each target of a rule that matches, so a rule that has none leaves nothing in
the trace, and costs the bus nothing. Yet it has matched: `MatchedEvents` counts events that rules match,
whatever comes of it. (That such a rule has also run, for `TriggeredRules`, is believed.) What the bus knew
when an event arrived stands in the trace before the event (`Configure`, `Retire`), and a pattern has one
answer for ever: whether such a rule matched can be found out whenever somebody wants to know.

The managed rule of an archive is not among them: it has a target, the archive. A bus that goes has no
rules any more: DeleteEventBus would have been refused.
"""

from __future__ import annotations

from typing import final

from simbridge.languages.pattern import Matcher
from simbridge.model.cloudtrail import is_withheld
from simbridge.model.messages import Publish
from simbridge.model.resources import Rule

__all__ = ["Targetless"]


@final
class _Bus:
    """The enabled rules of one bus that have no target, by their ARNs."""

    def __init__(self) -> None:
        self.matcher = Matcher()
        self.scheduled: set[str] = set()
        self.states: dict[str, str] = {}


@final
class Targetless:
    """Which rules without targets an event has matched, read along with the trace."""

    def __init__(self) -> None:
        self._buses: dict[str, _Bus] = {}

    def configure(self, address: str, rule: Rule) -> None:
        """A bus learns how a rule looks from now on."""
        self.retire(address, rule.arn)
        if rule.targets or rule.state == "DISABLED":
            return
        bus = self._buses.setdefault(address, _Bus())
        if rule.event_pattern:
            bus.matcher.add(rule.arn, rule.event_pattern)
            bus.states[rule.arn] = rule.state
        if rule.schedule is not None:
            bus.scheduled.add(rule.arn)

    def retire(self, address: str, arn: str) -> None:
        """A bus learns that a rule is gone."""
        if (bus := self._buses.get(address)) is not None:
            if arn in bus.matcher:
                bus.matcher.remove(arn)
            bus.scheduled.discard(arn)

    def matched(self, address: str, arrival: Publish) -> list[str]:
        """The ARNs of the rules without targets that match an event as it arrives on a bus."""
        bus = self._buses.get(address)
        if bus is None:
            return []
        envelope = arrival.event.envelope
        found = [
            arn
            for arn in bus.matcher.match_parsed(envelope)
            if not is_withheld(envelope, bus.states[arn])
        ]
        if arrival.rule in bus.scheduled and arrival.rule not in found:
            found = [*found, arrival.rule]
        only = arrival.only
        return found if only is None else [arn for arn in found if arn in only]
