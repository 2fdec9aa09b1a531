"""One delivery actor for each rule and target: render once, attempt, settle.

The state machine of one delivery (behaviour reference 2.3)::

    PENDING --attempt accepted----------------> delivered
    PENDING --attempt failed, not retried-----> given up
    given up --dead-letter queue accepts------> dead-lettered
    given up --no queue, or it fails----------> dropped

Retries, the step from PENDING back to PENDING after a backoff, come with the delivery capability;
nothing that this version can deliver to fails in a way that AWS retries. The input is rendered once,
when the rule matches, and kept for the dead letter (captured). What cannot be sent to such a target
at all is given up without an attempt (`targets/failures`).
"""

from __future__ import annotations

from typing import final

import msgspec

from simbridge import arn as arns
from simbridge import targets, transform
from simbridge.kernel import Turn
from simbridge.messages import (
    Configure,
    DeadLetter,
    Drop,
    Event,
    Invoke,
    Match,
    Message,
    Outcome,
    Retire,
)
from simbridge.resources import Target

__all__ = ["DeliveryActor"]


@final
class _Pending(msgspec.Struct, frozen=True, gc=False):
    event: Event
    body: str | None
    target: Target
    error: str = ""
    text: str = ""


@final
class DeliveryActor:
    """The actor at `<rule arn>#<target id>`."""

    def __init__(self) -> None:
        self.target: Target | None = None
        self.transform: transform.Transform | None = None
        self.may_fail = False
        self.retired = False
        self.pending: dict[int, _Pending] = {}

    def receive(self, message: Message, turn: Turn) -> None:
        """Match opens a delivery, Outcome ends an attempt or the dead letter."""
        if type(message) is Match:  # the hot path: several times quicker to ask than a case
            self._begin(message.event, turn)
        elif type(message) is Outcome:
            self._end(message, turn)
        else:
            self._configure(message)
        if self.retired and not self.pending:
            turn.stop()

    def _configure(self, message: Message) -> None:
        match message:
            case Configure(Target() as target):
                self.target = target
                self.transform = transform.compile(target.request)
                kind = targets.kind_of(arns.parse(target.arn))
                self.may_fail = kind is not None and kind.may_fail(target.request)
                self.retired = False
            case Retire():
                self.retired = True
            case _:
                raise AssertionError(f"a delivery does not take {message!r}")

    def _begin(self, event: Event, turn: Turn) -> None:
        target = self.target
        assert target is not None and self.transform is not None, "configured before it matches"
        rendered = None
        if type(self.transform) is not transform.Whole:
            context = transform.Context(target.rule_arn, target.rule_name, event.ingested_us)
            rendered = self.transform.render(event.envelope, context)
        delivery = turn.sequence
        body = None if rendered is None else rendered.text
        pending = _Pending(event, body, target)
        if rendered is not None and not rendered.valid:
            self._give_up(delivery, pending, "INVALID_JSON", "Invalid input for target.", turn)
            return
        if self.may_fail or (event.size_bytes if body is None else len(body)) > _FITS:
            failure = _failure(target, event, body)
            if failure is not None:
                self._give_up(delivery, pending, *failure, turn)
                return
        self.pending[delivery] = pending
        turn.send(target.arn, Invoke(delivery, 1, event, target.rule_arn, body, target.parameters))

    def _end(self, outcome: Outcome, turn: Turn) -> None:
        pending = self.pending.pop(outcome.delivery)
        if outcome.error is None:
            return
        if outcome.attempt:
            self._give_up(outcome.delivery, pending, outcome.error, outcome.text or "", turn)
        else:  # the dead-letter queue refused; the first error is what ended the delivery
            self._drop(outcome.delivery, pending.error, pending.text, turn)

    def _give_up(self, delivery: int, pending: _Pending, error: str, text: str, turn: Turn) -> None:
        queue = (pending.target.request.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            self._drop(delivery, error, text, turn)
            return
        self.pending[delivery] = msgspec.structs.replace(pending, error=error, text=text)
        attributes = {
            "RULE_ARN": pending.target.rule_arn,
            "TARGET_ARN": pending.target.arn,
            "ERROR_CODE": error,
            "ERROR_MESSAGE": text,
        }
        turn.send(queue, DeadLetter(delivery, pending.event, attributes, pending.body))

    def _drop(self, delivery: int, error: str, text: str, turn: Turn) -> None:
        assert self.target is not None
        turn.send(_bus_of(self.target.rule_arn), Drop(delivery, error, text))


_FITS = targets.FITS_ANYWHERE_CHARS


def _failure(target: Target, event: Event, body: str | None) -> targets.Failure | None:
    """Why this event cannot be sent to this target at all, whatever the target is up to."""
    arn, parameters = arns.parse(target.arn), target.parameters
    kind = targets.kind_of(arn)
    if kind is None:  # not a target of a user's: PutTargets takes no other ARN
        return None
    sending = targets.Sending(
        arn,
        parameters.blocks if parameters is not None else {},
        event.envelope,
        body,
        arns.parse(target.rule_arn),
        event.trace_header,
    )
    return targets.failure(kind, sending)


def _bus_of(rule_arn: str) -> str:
    """The ARN of the bus a rule belongs to; only custom buses stand in their rules' ARNs."""
    arn = arns.parse(rule_arn)
    bus, separator, _ = arn.resource.removeprefix("rule/").rpartition("/")
    return arns.event_bus_arn(arn.region, arn.account, bus if separator else "default")
