"""Stand-ins: what lives at a target's ARN instead of the real service.

A stand-in accepts what it is sent and remembers it; the call of its service's API that this was is
worked out when somebody asks (`request_of`). A function may have a handler of yours. As on
AWS, its invocation is asynchronous: EventBridge has delivered as soon as Lambda has accepted, and
what the handler does afterwards is not EventBridge's business. An exception in a handler is
therefore not a simulated failure but a bug in your scenario, and it ends the run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, final

import msgspec

from simbridge import arn as arns
from simbridge import targets
from simbridge.errors import HandlerFailed
from simbridge.kernel import Turn
from simbridge.messages import DeadLetter, Handled, Invoke, Message, Outcome

__all__ = ["Nowhere", "StandIn", "body_of", "request_of"]

Handler = Callable[[Any], Any]


def body_of(message: Invoke | DeadLetter) -> str:
    """The text that a target receives: its rendered input, or the event as compact JSON."""
    if message.body is not None:
        return message.body
    return msgspec.json.encode(message.event.envelope).decode()


def request_of(address: str, message: Invoke | DeadLetter) -> targets.Request:
    """The call of the service's own API by which the stand-in at this address got a message."""
    sending = _sending_of(address, message)
    if isinstance(message, DeadLetter):
        return targets.dead_letter_request(sending, message.attributes)
    kind = targets.kind_of(sending.target)
    assert kind is not None, "no rule can have a target of another kind"
    return targets.request(kind, sending)


def _sending_of(address: str, message: Invoke | DeadLetter) -> targets.Sending:
    if isinstance(message, DeadLetter):
        rule, parameters = message.attributes["RULE_ARN"], None
    else:
        rule, parameters = message.rule, message.parameters
    return targets.Sending(
        arns.parse(address),
        parameters.blocks if parameters is not None else {},
        message.event.envelope,
        message.body,
        arns.parse(rule),
        message.event.trace_header,
    )


def _too_large(address: str, message: DeadLetter) -> targets.Failure | None:
    """Why a dead-letter queue cannot take this message; a queue is what all of them are."""
    size = message.event.size_bytes if message.body is None else len(message.body)
    if size <= targets.FITS_ANYWHERE_CHARS:
        return None
    kind = targets.kind_of(arns.parse(address))
    return targets.failure(kind, _sending_of(address, message)) if kind is not None else None


@final
class StandIn:
    """The actor at a target's ARN: a queue, a function, anything that accepts.

    `content_based_deduplication` is for FIFO queues: one without it takes no event from EventBridge.
    """

    def __init__(self, handler: Handler | None = None) -> None:
        self.handler = handler
        self.content_based_deduplication = True
        self.received: list[Invoke | DeadLetter] = []

    def receive(self, message: Message, turn: Turn) -> None:
        """Accept, remember, and call the handler, if there is one."""
        if type(message) is Invoke:  # the hot path: several times quicker to ask than a case
            if not self.content_based_deduplication:
                refusal = targets.failed("deduplication")
                turn.reply(Outcome(message.delivery, message.attempt, *refusal))
                return
            self.received.append(message)
            turn.reply(Outcome(message.delivery, message.attempt))
            if self.handler is not None:
                self._handle(self.handler, message, turn)
            return
        match message:
            case DeadLetter(delivery):
                failure = _too_large(turn.address, message)
                if failure is None:
                    self.received.append(message)
                    turn.reply(Outcome(delivery, 0))
                else:  # the event is lost (behaviour reference 2.5)
                    turn.reply(Outcome(delivery, 0, *failure))
            case Handled():
                pass  # the record is the point
            case _:
                raise AssertionError(f"a stand-in does not take {message!r}")

    def _handle(self, handler: Handler, message: Invoke, turn: Turn) -> None:
        payload = msgspec.json.decode(body_of(message))
        if inspect.iscoroutinefunction(handler):
            # The turn is refilled by the time the coroutine returns: keep what the answer needs.
            kernel_send, address, cause = turn.sender_later(), turn.address, turn.sequence

            def done(result: Any) -> None:
                kernel_send(address, address, _handled(message, result), cause=cause)

            turn.start(lambda: handler(payload), done)
            return
        try:
            result = handler(payload)
        except Exception as error:
            raise HandlerFailed(describe(turn.address, error)) from error
        turn.send(turn.address, _handled(message, result))


@final
class Nowhere:
    """Answers for an address where nobody lives: the delivery fails (behaviour reference 2.2).

    An event bus that is not there is the exception: events for it are acknowledged and gone, as are
    those that are put to it (8.4, captured).
    """

    def receive(self, message: Message, turn: Turn) -> None:
        """Refuse, and make room for whoever moves in later."""
        if isinstance(message, Invoke) and arns.is_event_bus(arns.parse(turn.address)):
            text = f"nobody lives at {turn.address}: the event is acknowledged and gone"
            turn.reply(Outcome(message.delivery, message.attempt, None, text))
        elif isinstance(message, Invoke | DeadLetter):
            attempt = message.attempt if isinstance(message, Invoke) else 0
            text = f"nobody lives at {turn.address}: add a stand-in, or World(stand_ins='auto')"
            turn.reply(Outcome(message.delivery, attempt, "NO_RESOURCE", text))
        turn.stop()


def describe(address: str, error: BaseException) -> str:
    """What to tell the author of a handler that raised."""
    return (
        f"the handler of {address} raised {type(error).__name__}: {error}. An exception in a handler "
        "is a bug in the scenario, not a failed delivery: catch it in the handler"
    )


def _handled(message: Invoke, result: Any) -> Handled:
    try:
        plain = msgspec.json.decode(msgspec.json.encode(result))
    except (TypeError, msgspec.EncodeError, RecursionError):
        plain = type(result).__name__
    return Handled(message.delivery, message.attempt, plain)
