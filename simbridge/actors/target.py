"""Stand-ins: the actors at the ARNs of targets, in place of the real services.

A stand-in accepts what it is sent and keeps it: events, dead letters and Lambda's records. The API call of
its service that each of them was is worked out on demand (`request_of`). It may have your handler
(`actors/function`), a resource policy (`actors/permission`) and faults: it fails, is slow or throttles
(`actors/fault_state`). The policy is asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from simbridge import targets
from simbridge.actors.fault_state import Answer, FaultState, faults_after
from simbridge.actors.function import HandlerRunner, Received, UserFunction
from simbridge.actors.permission import IGNORED, Guard, Permissions, guard_of
from simbridge.actors.queue import Visibility
from simbridge.actors.sending import failure_of, sending_of
from simbridge.kernel import Turn
from simbridge.model import arn as arns
from simbridge.model.messages import (
    Behave,
    DeadLetter,
    Declined,
    Deposit,
    Due,
    Execute,
    Expire,
    Handled,
    Invoke,
    Match,
    Message,
    Outcome,
    Permit,
)

__all__ = ["MissingTarget", "StandIn", "request_of"]


def request_of(address: str, message: Received) -> targets.Request:
    """The API call of its service by which the stand-in at this address got a message."""
    if isinstance(message, Deposit):
        return {"Action": "SendMessage", "MessageBody": message.body}
    if isinstance(message, DeadLetter):
        rule = message.attributes["RULE_ARN"]
        sending = sending_of(address, rule, message.event, message.body)
        return targets.dead_letter_request(sending, message.attributes)
    sending = sending_of(address, message.rule, message.event, message.body, message.parameters)
    kind = targets.kind_of(sending.target)
    assert kind is not None, "no rule can have a target of another kind"
    return targets.request(kind, sending)


def _unfit(address: str, message: DeadLetter) -> targets.Failure | None:
    """Why no dead-letter queue can take this message, if it is too large or empty."""
    size = message.event.size_bytes if message.body is None else len(message.body)
    if 0 < size <= targets.FITS_ANYWHERE_CHARS:
        return None
    return failure_of(address, message.attributes["RULE_ARN"], message.event, message.body)


@final
class StandIn:
    """The actor at a target's ARN: a queue, a function, anything that accepts.

    It accepts unless its policy (`Permit`) or a fault (`Behave`) says otherwise. `policy` is the one that
    was set last, which takes effect with its message.
    """

    def __init__(self, permissions: Permissions = IGNORED, guard: Guard | None = None) -> None:
        self.runner: HandlerRunner | None = None
        self.received: list[Received] = []
        self.visibility = Visibility()
        self.functions: list[UserFunction] = []
        self.policy: str | None = None
        self._permissions = permissions
        self._guard = guard
        self._faults: FaultState | None = None

    def receive(self, message: Message, turn: Turn) -> None:
        """Accept and keep it, and call the handler, if there is one."""
        if type(message) is not Invoke:  # several times quicker to ask than a case
            self._receive_other(message, turn)
            return
        if self._guard is not None:
            if self._receive_guarded(message, self._guard, turn):
                self._take(message, turn)
            return
        if self._faults is None:
            turn.send(turn.sender, Outcome(message.delivery, message.attempt))
        else:
            error, text, after = self._faults.answer(message, turn)
            outcome = Outcome(message.delivery, message.attempt, error, text)
            turn.send(turn.sender, outcome, after)
            if error is not None:
                return
        self._take(message, turn)

    def _receive_guarded(self, message: Invoke, guard: Guard, turn: Turn) -> bool:
        """Answer by the policy, and then by the faults that hold; whether it accepts."""
        if self.refuses(message, turn):
            return False
        error, text, after = self.answer(message, turn)
        detail = guard.verdict(message, turn.sender).detail if error is None else None
        outcome = Outcome(message.delivery, message.attempt, error, text, detail)
        turn.send(turn.sender, outcome, after)
        return error is None

    def refuses(self, message: Received, turn: Turn) -> bool:
        """Whether the policy refuses a message, which is then answered."""
        text, detail = (None, "")
        if self._guard is not None:
            text, detail = self._guard.refusal(message, turn.sender)
        if text is None:
            return False
        if isinstance(message, Deposit):
            turn.reply(Declined(message.delivery, "NO_PERMISSIONS", detail))
        else:
            attempt = message.attempt if isinstance(message, Invoke) else 0
            turn.reply(Outcome(message.delivery, attempt, "NO_PERMISSIONS", text, detail))
        return True

    def _take(self, message: Received, turn: Turn) -> None:
        """Keep what was accepted, and call the handler with it, if there is one."""
        self.received.append(message)
        if self.runner is not None:
            self.runner.begin(message, turn)

    def _receive_other(self, message: Message, turn: Turn) -> None:
        match message:
            case Handled():
                assert self.runner is not None
                self.runner.ended(message, turn)
            case Execute():
                assert self.runner is not None
                self.runner.execute(message, turn)
            case DeadLetter(delivery):
                self._accept_dead_letter(message, delivery, turn)
            case Deposit():
                self._accept_destination_record(message, turn)
            case Declined():
                pass  # recorded in the trace; Lambda gives the record up, and the function goes on
            case Behave(fault):
                self._faults = faults_after(
                    self._faults,
                    fault,
                    turn.now,
                    timeout_us=_timeout_us(turn.address),
                    functions=self.functions,
                )
            case Permit(stored):
                self._guard = guard_of(turn.address, stored, self._permissions)
            case _:
                raise AssertionError(f"a stand-in does not take {message!r}")

    def _accept_dead_letter(self, message: DeadLetter, delivery: int, turn: Turn) -> None:
        """Take a dead letter. If the queue refuses it, the event is lost (fidelity 2.5)."""
        if self.refuses(message, turn):
            return
        error, text, after = self._refusal(message, delivery, turn)
        detail = None
        if error is None and self._guard is not None:
            detail = self._guard.verdict(message, turn.sender).detail
        turn.reply(Outcome(delivery, 0, error, text, detail), after)
        if error is None:
            self._take(message, turn)

    def _refusal(self, message: DeadLetter, delivery: int, turn: Turn) -> Answer:
        failure = _unfit(turn.address, message)
        if failure is not None:
            return failure.error, failure.text, 0
        return self.answer(Invoke(delivery, 0, message.event, message.attributes["RULE_ARN"]), turn)

    def _accept_destination_record(self, record: Deposit, turn: Turn) -> None:
        """Take Lambda's record of an invocation, unless this service refuses it, now or always."""
        if self.refuses(record, turn):
            return
        failure = failure_of(turn.address, record.rule, record.event, record.body)
        if failure is not None:
            turn.reply(Declined(record.delivery, failure.error, failure.text))
            return
        error, text, after = self.answer(
            Invoke(record.delivery, 0, record.event, record.rule), turn
        )
        if error is None:
            self._take(record, turn)
        else:
            turn.reply(Declined(record.delivery, error, text), after)

    def answer(self, message: Invoke, turn: Turn) -> Answer:
        """The answer to an attempt, by all faults that hold."""
        return (None, None, 0) if self._faults is None else self._faults.answer(message, turn)


def _timeout_us(address: str) -> int | None:
    """How long EventBridge waits for an answer of the target at this address, if that is known."""
    kind = targets.kind_of(arns.parse(address))
    return None if kind is None else kind.timeout_us


@final
class MissingTarget:
    """Answers for an address without a target: the delivery fails (fidelity 2.2).

    A missing event bus is the exception: events for it are acknowledged and lost, as are those that are
    put to it (fidelity 8.4; captured).
    """

    def __init__(self, namesakes: Sequence[str] = ()) -> None:
        self.namesakes = namesakes
        """ARNs of stand-ins with the name of the missing one."""

    def receive(self, message: Message, turn: Turn) -> None:
        """Refuse, and leave the address, so that a target can be created later."""
        address = turn.address
        detail = (
            f"no target is registered at {address}; create one with world.stand_in({address!r})"
        )
        if self.namesakes:
            detail += f" (a stand-in of this name is at {', '.join(self.namesakes)})"
        if isinstance(message, Invoke) and arns.is_event_bus(arns.parse(turn.address)):
            text = f"no event bus is at {turn.address}: the event is acknowledged and lost"
            turn.reply(Outcome(message.delivery, message.attempt, None, text))
        elif isinstance(message, Invoke | DeadLetter):
            attempt = message.attempt if isinstance(message, Invoke) else 0
            name = f"{turn.sender} {attempt}"
            error, text = targets.words(turn.address, "NO_RESOURCE", message.event.id, name)
            turn.reply(Outcome(message.delivery, attempt, error, text, detail))
        elif isinstance(message, Deposit):
            turn.reply(Declined(message.delivery, "NO_RESOURCE", detail))
        else:
            under_way = isinstance(message, Match | Outcome | Due | Expire)
            assert not under_way, f"a delivery was deregistered before {message!r}"
        turn.stop()
