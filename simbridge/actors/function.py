"""Handlers: your functions, run as Lambda runs them.

EventBridge invokes a Lambda function asynchronously: the delivery has succeeded as soon as Lambda
has accepted the event, and what the function does afterwards is Lambda's business. A function that
raises is run again after one and after two minutes, unless the event has become too old; then Lambda
gives up and sends a record to the function's destination, if it has one (AWS Lambda developer guide,
"Asynchronous invocation"). None of this is a retry of EventBridge's, and no dead-letter queue of a
rule hears of it.

An `AssertionError` is not a failing function but a failing check of yours, and ends the run, as any
exception does in a handler of something that is not a Lambda function.
"""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, final

import msgspec

from simbridge import arn as arns
from simbridge import watch
from simbridge.actors.context import DEFAULT_TIMEOUT_US, LambdaContext, request_id, takes_context
from simbridge.clock import SECOND, iso_micros, iso_seconds
from simbridge.errors import HandlerFailed, SimbridgeError
from simbridge.kernel import Turn
from simbridge.messages import DeadLetter, Deposit, Event, Execute, Handled, Invoke, Publish
from simbridge.nesting import with_room

__all__ = ["Asynchronous", "Handler", "Runner", "Yours", "payload_of", "text_of"]

Handler = Callable[..., Any]

_TIMED_OUT = "Sandbox.Timedout"
"""What Lambda calls the error of a function that has not ended within its timeout (believed)."""

Received = Invoke | DeadLetter | Deposit
"""What a stand-in takes in, and calls its handler with."""


def text_of(message: Received) -> str:
    """The text that a target receives: its rendered input, or the event as compact JSON."""
    if isinstance(message, Deposit) or message.body is not None:
        return message.body or ""
    return with_room(msgspec.json.encode, message.event.envelope).decode()


def payload_of(message: Received) -> Any:
    """What a handler is called with: the text as a Python object; a text that is not JSON as it is."""
    text = text_of(message)
    try:
        return with_room(msgspec.json.decode, text)
    except msgspec.DecodeError:
        return text


@final
class Asynchronous(NamedTuple):
    """How Lambda invokes a function asynchronously.

    `retries` and `age_us` bound how often and how long it tries. `on_failure` and `on_success` are
    ARNs of a queue, a topic or an event bus. An execution that has not ended within `timeout_us` is
    cancelled and has failed; without it none is.
    """

    retries: int = 2
    age_us: int = 6 * 3600 * SECOND
    on_failure: str | None = None
    on_success: str | None = None
    timeout_us: int | None = None


@final
class _Execution(NamedTuple):
    message: Received
    began_us: int


@final
class Yours:
    """A function of yours that an actor holds. Copies of the actor share it; a pickle names it.

    What hangs on it (the object of a bound method, what a partial has bound) may be anything, a
    client of this world for example, and is not the world's to copy.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __deepcopy__(self, memo: object) -> Yours:
        return self

    def __getstate__(self) -> dict[str, Any]:
        try:
            pickle.dumps(self.function)
        except Exception as error:
            name = getattr(self.function, "__qualname__", repr(self.function))
            raise SimbridgeError(
                f"cannot pickle the function {name}: {error}. In a world that is pickled, functions "
                "of yours stand at the top of a module, where pickle finds them by name, and hold "
                "nothing that cannot be pickled; world.fork() copies a world with any function"
            ) from error
        return self.__dict__


@final
class Runner:
    """Runs the handler of one stand-in. Without `lambda_` an exception ends the run.

    Raises `SimbridgeError` for a handler of a shape that cannot be called (`context`).
    """

    def __init__(self, handler: Handler, lambda_: Asynchronous | None) -> None:
        self._takes_context = takes_context(handler)
        self._yours = Yours(handler)
        self.lambda_ = lambda_
        self.running: dict[int, _Execution] = {}

    @property
    def handler(self) -> Handler:
        """The function of yours that it runs."""
        return self._yours.function

    def begin(self, message: Received, turn: Turn) -> None:
        """A message has been accepted: run the handler for the first time."""
        self.running[message.delivery] = _Execution(message, turn.now)
        self._execute(message, 1, turn)

    def again(self, message: Execute, turn: Turn) -> None:
        """Run the handler once more."""
        self._execute(self.running[message.delivery].message, message.attempt, turn)

    def ended(self, message: Handled, turn: Turn) -> None:
        """One execution is over: done with it, or try again, or give up."""
        execution = self.running[message.delivery]
        rules = self.lambda_
        if message.error is None or rules is None:
            del self.running[message.delivery]
            if rules is not None and rules.on_success:
                self._report(rules.on_success, "Success", execution, message, turn)
            return
        wait = 60 * SECOND << (message.attempt - 1)
        too_old = turn.now + wait - execution.began_us > rules.age_us
        if message.attempt <= rules.retries and not too_old:
            turn.send(turn.address, Execute(message.delivery, message.attempt + 1), after=wait)
            return
        del self.running[message.delivery]
        if rules.on_failure:
            why = "RetriesExhausted" if message.attempt > rules.retries else "EventAgeExceeded"
            self._report(rules.on_failure, why, execution, message, turn)

    def _execute(self, message: Received, attempt: int, turn: Turn) -> None:
        arguments = [payload_of(message)]
        if self._takes_context:
            arguments.append(self._context(message, turn))
        address, delivery = turn.address, message.delivery
        look = watch.of_thread()
        look.begin()
        try:
            result = self.handler(*arguments)
            handled = None if inspect.isawaitable(result) else _returned(delivery, attempt, result)
        except Exception as error:
            handled = self._raised(address, delivery, attempt, error)
        look.end(f"the handler of {address}")
        if handled is not None:
            turn.send(address, handled)
            return
        # The turn is refilled by the time the coroutine returns: keep what the answer needs.
        send, cause = turn.sender_later(), turn.sequence

        async def run() -> Handled:
            try:
                return _returned(delivery, attempt, await result)
            except Exception as error:
                return self._raised(address, delivery, attempt, error)

        def done(handled: Handled | None) -> None:
            if handled is None:
                handled = Handled(delivery, attempt, None, _TIMED_OUT, self._timeout_text())
            send(address, address, handled, cause=cause)

        turn.start(run, done, self.lambda_.timeout_us if self.lambda_ is not None else None)

    def _context(self, message: Received, turn: Turn) -> LambdaContext:
        limit_us = self.lambda_.timeout_us if self.lambda_ is not None else None
        end_us = turn.now + (DEFAULT_TIMEOUT_US if limit_us is None else limit_us)
        return LambdaContext(turn.address, message.event, message.delivery, end_us, turn.clock())

    def _timeout_text(self) -> str:
        assert self.lambda_ is not None and self.lambda_.timeout_us is not None
        return f"Task timed out after {self.lambda_.timeout_us / SECOND:.2f} seconds"

    def _raised(self, address: str, delivery: int, attempt: int, error: Exception) -> Handled:
        if self.lambda_ is not None and not isinstance(error, AssertionError | HandlerFailed):
            return Handled(delivery, attempt, None, type(error).__name__, _readable(str(error)))
        if isinstance(error, HandlerFailed):
            raise error
        raise HandlerFailed(_advice(address, error, self.lambda_ is not None)) from error

    def _report(
        self, to: str, why: str, execution: _Execution, message: Handled, turn: Turn
    ) -> None:
        """Send Lambda's record of an invocation to a destination."""
        put = execution.message
        assert isinstance(put, Invoke), "no function is a dead-letter queue or a destination"
        record = _record(turn, why, execution, message)
        if not arns.is_event_bus(arns.parse(to)):
            body = with_room(msgspec.json.encode, record).decode()
            turn.send(to, Deposit(put.delivery, put.event, put.rule, body))
            return
        here, kind = arns.parse(turn.address), "Success" if why == "Success" else "Failure"
        envelope = {
            "version": "0",
            "id": record["requestContext"]["requestId"],
            "detail-type": f"Lambda Function Invocation Result - {kind}",
            "source": "lambda",
            "account": here.account,
            "time": iso_seconds(turn.now),
            "region": here.region,
            "resources": [to, record["requestContext"]["functionArn"]],
            "detail": record,
        }
        size = len(with_room(msgspec.json.encode, record))
        turn.send(to, Publish(Event(to, envelope, turn.now, size)))


def _record(turn: Turn, why: str, execution: _Execution, message: Handled) -> dict[str, Any]:
    """What Lambda tells a destination. Its `stackTrace` is left out: it differs from host to host."""
    context = {
        "requestId": request_id(turn.address, execution.message.event, message.delivery),
        "functionArn": f"{turn.address}:$LATEST",
        "condition": why,
        "approximateInvokeCount": message.attempt,
    }
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    payload = message.result
    if message.error is not None:
        response["functionError"] = "Unhandled"
        payload = {"errorMessage": message.text, "errorType": message.error}
    return {
        "version": "1.0",
        "timestamp": f"{iso_micros(turn.now)[:-4]}Z",
        "requestContext": context,
        "requestPayload": payload_of(execution.message),
        "responseContext": response,
        "responsePayload": payload,
    }


# JSON as Lambda's own runtime writes it, or for what has none there (sets, dataclasses, dates) in an
# order that does not depend on hashing.
_ENCODERS: tuple[Callable[[Any], str | bytes], ...] = (
    partial(json.dumps, allow_nan=False),
    partial(msgspec.json.encode, order="deterministic"),
)


def _returned(delivery: int, attempt: int, result: Any) -> Handled:
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise HandlerFailed(
            "a handler with yield in it does not run: write def or async def, return"
        )
    if result is None:
        return Handled(delivery, attempt)
    for encode in _ENCODERS:
        try:
            return Handled(delivery, attempt, msgspec.json.decode(encode(result)))
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            continue  # what has no JSON form is told by its type, which every run has the same
    return Handled(delivery, attempt, type(result).__name__)


def _readable(text: str) -> str:
    """The text without what cannot be written into a trace: half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _advice(address: str, error: Exception, is_lambda: bool) -> str:
    if is_lambda:
        why = "An assertion in a handler is a check of yours: it ends the run"
    else:
        why = (
            "An exception in a handler is a bug in the scenario, not a failed delivery: catch it in "
            "the handler, or let the stand-in refuse with .fails(...)"
        )
    return f"the handler of {address} raised {type(error).__name__}: {error}. {why}"
