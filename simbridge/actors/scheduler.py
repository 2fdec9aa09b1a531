"""A scheduler: one actor for each enabled rule with a schedule; it sends itself the next tick.

The anchor is the instant at which it gets its schedule, without the fraction of a second. The bus sends a
schedule only if it is new: the rule was created, enabled or given another expression. Other changes of the
rule are not sent to the scheduler, and the cadence continues (fidelity 3.5). If the rule is disabled,
deleted or loses its schedule, the scheduler is retired and cancels its tick: a cancelled firing leaves no
record.

A rate fires at the anchor and every period after it, or first after one period. Observations of the service
favour the first, weakly, so a world may choose (`World(rate_first_fires=...)`). A cron fires strictly after
the anchor. Each firing is computed from the one before and never from the clock, so a rate cannot drift,
however late its ticks are. Each tick has a random lateness. The ticks of a cron rule also have an offset,
which is the same for all of them: on AWS each cron rule has its place in the minute, and a rate has the
second of its anchor.
See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html.
"""

from __future__ import annotations

from typing import Any, final

from simbridge.base import clock
from simbridge.base.rng import draw
from simbridge.kernel import Turn, uuid_from
from simbridge.languages import schedule
from simbridge.model import arn as arns
from simbridge.model.event_size import event_size
from simbridge.model.messages import Configure, Event, Message, Publish, Retire, Tick
from simbridge.model.resources import Schedule

__all__ = ["SchedulerActor"]

_SOURCE = "aws.events"
_DETAIL_TYPE = "Scheduled Event"


@final
class SchedulerActor:
    """The actor at the ARN of a scheduled rule."""

    def __init__(
        self, *, rate_fires_at_once: bool = True, lateness_us: int = 0, cron_offset_us: int = 0
    ) -> None:
        self.rate_fires_at_once = rate_fires_at_once
        self.lateness_us = lateness_us
        self.cron_offset_us = cron_offset_us
        self.schedule: Schedule | None = None
        self.envelope: dict[str, Any] = {}
        self.tick: int | None = None

    def receive(self, message: Message, turn: Turn) -> None:
        """Tick emits an event; Configure begins anew; Retire ends."""
        match message:
            case Tick(due_us):
                self._fire(due_us, turn)
            case Configure(Schedule() as given):
                self._cancel(turn)
                self.schedule = given
                self.envelope = _envelope(given.rule_arn)
                self._begin(given, turn)
            case Retire():
                self._cancel(turn)
                turn.stop()
            case _:
                raise AssertionError(f"a scheduler does not take {message!r}")

    def _begin(self, given: Schedule, turn: Turn) -> None:
        anchor_us = turn.now - turn.now % clock.SECOND
        if self.rate_fires_at_once and self._is_rate():
            self._await(anchor_us, turn)
        else:
            self._await(schedule.firings(given.expression).after(anchor_us), turn)

    def _fire(self, due_us: int, turn: Turn) -> None:
        given = self.schedule
        assert given is not None, "configured before it ticks"
        envelope = {
            **self.envelope,
            "id": uuid_from(turn.random("event id")),
            "time": clock.iso_seconds(due_us),  # not when it fires, when it was due (fidelity 3.4)
        }
        event = Event(given.bus_arn, envelope, turn.now, event_size(envelope, timed=True))
        turn.send(given.bus_arn, Publish(event, given.rule_arn))
        self._await(schedule.firings(given.expression).after(due_us), turn)

    def _await(self, due_us: int | None, turn: Turn) -> None:
        """Send the tick of this firing, to arrive when it is due or somewhat later."""
        self.tick = None
        if due_us is None:
            return
        late = self._offset_us(turn)
        if self.lateness_us:
            late += turn.random("lateness").randrange(self.lateness_us + 1)
        self.tick = turn.send(turn.address, Tick(due_us), max(0, due_us + late - turn.now))

    def _offset_us(self, turn: Turn) -> int:
        """How late every tick of this rule is, below the offset's bound."""
        if not self.cron_offset_us or self._is_rate():
            return 0
        return draw(turn.key("offset", ""), 0) * self.cron_offset_us >> 32

    def _is_rate(self) -> bool:
        assert self.schedule is not None, "configured before it ticks"
        return isinstance(schedule.firings(self.schedule.expression), schedule.RateFirings)

    def _cancel(self, turn: Turn) -> None:
        if self.tick is not None:
            turn.cancel(self.tick)
            self.tick = None


def _envelope(rule_arn: str) -> dict[str, Any]:
    """The event of a schedule, but for its id and time, in AWS's key order (fidelity 3.4; recorded)."""
    rule = arns.parse(rule_arn)
    return {
        "version": "0",
        "id": "",
        "detail-type": _DETAIL_TYPE,
        "source": _SOURCE,
        "account": rule.account,
        "time": "",
        "region": rule.region,
        "resources": [rule_arn],
        "detail": {},
    }
