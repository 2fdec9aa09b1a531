"""Runs handlers, your functions, as Lambda runs them.

EventBridge invokes a Lambda function asynchronously: the delivery has succeeded as soon as Lambda has
accepted the event. A function that raises, or whose result is not JSON (`actors/results`), is run again after
one and after two minutes, unless the event is too old by then. At last Lambda gives up and sends a record to
the function's destination, if it has one
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). None of this is a retry of
EventBridge's, and nothing goes to the dead-letter queue of the rule.

An `AssertionError` is your check that fails, not a function that fails: it ends the run. So does any
exception in a handler of a target that is not a Lambda function.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple, final

from simbridge.actors.context import DEFAULT_TIMEOUT_US, LambdaContext, request_id, takes_context
from simbridge.actors.results import kept, marshalled
from simbridge.base import blocking, json
from simbridge.base.clock import SECOND, iso_micros, iso_seconds
from simbridge.base.errors import HandlerFailed, SimbridgeError
from simbridge.base.rng import draw
from simbridge.kernel import Turn
from simbridge.kernel.interrupts import from_a_signal
from simbridge.model import arn as arns
from simbridge.model.faults import Slow
from simbridge.model.feedback import Feedback
from simbridge.model.messages import DeadLetter, Deposit, Event, Execute, Handled, Invoke, Publish

__all__ = ["Asynchronous", "Handler", "HandlerRunner", "UserFunction", "payload_of", "text_of"]

Handler = Callable[..., Any]
Fail = Callable[..., None]
"""`Turn.fail`, which may outlive the turn."""

_TIMED_OUT = "Sandbox.Timedout"
"""Lambda's name for the error of a function that has not ended within its timeout (believed)."""

Received = Invoke | DeadLetter | Deposit
"""A message that a stand-in accepts and calls its handler with."""


def text_of(message: Received) -> str:
    """The text that a target receives: its rendered input, or the event as compact JSON."""
    if isinstance(message, Deposit) or message.body is not None:
        return message.body or ""
    return json.encode(message.event.envelope).decode()


def payload_of(message: Received) -> Any:
    """What a handler is called with: the text as a Python object; invalid JSON as it is."""
    text = text_of(message)
    try:
        return json.decode(text)
    except json.InvalidJson:
        return text


@final
class Asynchronous(NamedTuple):
    """How Lambda invokes a function asynchronously.

    `retries` and `age_us` bound how often and how long it tries. `on_failure` and `on_success` are
    ARNs of a queue, a topic or an event bus. An execution that has not ended within `timeout_us` is
    cancelled and has failed; None means no timeout.
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
    cause: int


@final
class UserFunction:
    """Your function, held by an actor. Copies of the actor share it; a pickle has its name.

    Objects that it refers to (of a bound method, of a partial) may be anything, a client of this world for
    example, and are not copied with the world.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __deepcopy__(self, memo: object) -> UserFunction:
        return self

    def __getstate__(self) -> dict[str, Any]:
        try:
            pickle.dumps(self.function)
        except Exception as error:
            name = getattr(self.function, "__qualname__", repr(self.function))
            raise SimbridgeError(
                f"cannot pickle the function {name}: {error}. Define your functions at the top of a "
                "module, where pickle finds them by name, without anything that cannot be pickled; or "
                "copy the world with world.fork(), which takes any function"
            ) from error
        return self.__dict__


@final
class HandlerRunner:
    """Runs the handler of one stand-in. Without `lambda_settings` an exception ends the run.

    `start` is the time from accepting an event to the start of Lambda's handler, if it is not zero. The
    delivery has succeeded by then.
    Raises `SimbridgeError` for a handler that cannot be called with an event (`context`).
    """

    def __init__(
        self,
        handler: Handler,
        lambda_settings: Asynchronous | None,
        feedback: Feedback,
        start: Slow | None = None,
    ) -> None:
        self._takes_context = takes_context(handler)
        self._user_function = UserFunction(handler)
        self.lambda_settings = lambda_settings
        self.feedback = feedback
        self.start = start if lambda_settings is not None else None
        self.running: dict[int, _Execution] = {}

    @property
    def handler(self) -> Handler:
        """Your function that it runs."""
        return self._user_function.function

    def begin(self, message: Received, turn: Turn) -> None:
        """A message has been accepted: run the handler for the first time, now or after `start`."""
        self.running[message.delivery] = _Execution(message, turn.now, turn.sequence)
        if self.start is None:
            self._execute(message, 1, turn)
            return
        sample = draw(turn.key("function start", f"{message.event.id} {turn.sender}"), 0)
        after = self.start.latency_us(sample)
        turn.send(turn.address, Execute(message.delivery, 1), after)

    def execute(self, message: Execute, turn: Turn) -> None:
        """Run the handler: for the first time after `start`, or again."""
        execution = self.running[message.delivery]._replace(cause=turn.sequence)
        self.running[message.delivery] = execution
        self._execute(execution.message, message.attempt, turn)

    def ended(self, message: Handled, turn: Turn) -> None:
        """One execution is over: finish, retry or give up."""
        execution = self.running[message.delivery]
        self._decide(execution, message, turn)
        self.feedback.end(execution.cause)

    def _decide(self, execution: _Execution, message: Handled, turn: Turn) -> None:
        rules = self.lambda_settings
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
        """Call the handler. However it ends, the message is handled; after that an error may end the run."""
        arguments = [payload_of(message)]
        if self._takes_context:
            arguments.append(self._context(message, turn))
        address, delivery = turn.address, message.delivery
        warning = self.feedback.begin(
            turn.sequence, message.event, _rule_of(message), address, attempt
        )
        if warning is not None:
            turn.warn(warning)
        look = blocking.of_thread()
        look.begin()
        try:
            result = self.handler(*arguments)
            waits = inspect.isawaitable(result)
            handled = None if waits else self._returned(delivery, attempt, result)
        except BaseException as error:
            handled = self._raised(turn.fail, address, delivery, attempt, error)
        if (blocked := look.end(f"the handler of {address}")) is not None:
            turn.warn(blocked)
        if handled is not None:
            turn.send(address, handled)
            return
        # The turn is reused by the time the coroutine returns: keep what the answer needs.
        fail, send, cause = turn.fail, turn.sender_later(), turn.sequence

        async def run() -> Handled:
            try:
                return self._returned(delivery, attempt, await result)
            except Exception as error:
                return self._raised(fail, address, delivery, attempt, error)

        def ended(handled: Handled | None) -> None:
            if handled is None:
                handled = Handled(delivery, attempt, None, _TIMED_OUT, self._timeout_text())
            send(address, address, handled, cause=cause)

        def raised(error: BaseException) -> None:
            ended(self._raised(fail, address, delivery, attempt, error))

        limit_us = self.lambda_settings.timeout_us if self.lambda_settings is not None else None
        turn.start(run, ended, raised, limit_us)

    def _context(self, message: Received, turn: Turn) -> LambdaContext:
        limit_us = self.lambda_settings.timeout_us if self.lambda_settings is not None else None
        end_us = turn.now + (DEFAULT_TIMEOUT_US if limit_us is None else limit_us)
        return LambdaContext(turn.address, message.event, message.delivery, end_us, turn.clock())

    def _timeout_text(self) -> str:
        assert self.lambda_settings is not None and self.lambda_settings.timeout_us is not None
        return f"Task timed out after {self.lambda_settings.timeout_us / SECOND:.2f} seconds"

    def _returned(self, delivery: int, attempt: int, result: Any) -> Handled:
        if inspect.isgenerator(result) or inspect.isasyncgen(result):
            raise HandlerFailed(
                "a handler with yield in it does not run: replace yield with return"
            )
        if self.lambda_settings is None:
            return Handled(delivery, attempt, None if result is None else kept(result))
        try:
            return Handled(delivery, attempt, marshalled(result))
        except Exception as error:  # Lambda's runtime reports any error there
            text = f"Unable to marshal response: {_text_of(error)}"
            return Handled(delivery, attempt, None, "Runtime.MarshalError", text)

    def _raised(
        self, fail: Fail, address: str, delivery: int, attempt: int, error: BaseException
    ) -> Handled:
        """The execution has failed. An error that Lambda would not report ends the run as well."""
        if from_a_signal(error):
            fail(error, f"the handler of {address}")
            return _failed(delivery, attempt, error)
        if self.lambda_settings is not None and isinstance(error, SystemExit):
            return Handled(delivery, attempt, None, "Runtime.ExitError", _exit_text(error))
        if (
            self.lambda_settings is None
            or not isinstance(error, Exception)
            or isinstance(error, _CHECKS)
        ):
            if isinstance(error, Exception) and not isinstance(error, SimbridgeError):
                failure = HandlerFailed(_advice(address, error, self.lambda_settings is not None))
                failure.__cause__ = error
                fail(failure)
            else:
                fail(error)
        return _failed(delivery, attempt, error)

    def _report(
        self, to: str, why: str, execution: _Execution, message: Handled, turn: Turn
    ) -> None:
        """Send Lambda's record of an invocation to a destination."""
        put = execution.message
        assert isinstance(put, Invoke), (
            "a function is neither a dead-letter queue nor a destination"
        )
        record = _record(turn, why, execution, message)
        if not arns.is_event_bus(arns.parse(to)):
            body = json.encode(record).decode()
            turn.send(to, Deposit(put.delivery, put.event, put.rule, body))
            return
        here, kind = arns.parse(turn.address), "Success" if why == "Success" else "Failure"
        envelope = {
            "version": "0",
            "id": request_id(f"{turn.address}\nrecord", put.event, put.delivery),
            "detail-type": f"Lambda Function Invocation Result - {kind}",
            "source": "lambda",
            "account": here.account,
            "time": iso_seconds(turn.now),
            "region": here.region,
            "resources": [to, record["requestContext"]["functionArn"]],
            "detail": record,
        }
        size = len(json.encode(record))
        event = Event(to, envelope, turn.now, size)
        turn.send(to, Publish(event))
        runaway = self.feedback.put(execution.cause, [event], turn.now)
        if runaway is not None:
            turn.fail(runaway)


def _record(turn: Turn, why: str, execution: _Execution, message: Handled) -> dict[str, Any]:
    """Lambda's record for a destination, without `stackTrace`, which differs from host to host."""
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


def _rule_of(message: Received) -> str:
    """The rule by which a message came."""
    return message.attributes["RULE_ARN"] if isinstance(message, DeadLetter) else message.rule


def _failed(delivery: int, attempt: int, error: BaseException) -> Handled:
    return Handled(delivery, attempt, None, type(error).__name__, _text_of(error))


def _text_of(error: BaseException) -> str:
    """The text of an error of your function, whose `__str__` may raise as well."""
    try:
        return json.replace_lone_surrogates(str(error))
    except Exception:
        return "no text: its __str__ raised"


def _exit_text(error: SystemExit) -> str:
    """Lambda's message about a function that has left its process (believed)."""
    code = error.code if isinstance(error.code, int) else int(error.code is not None)
    how = f"with error: exit status {code}" if code else "without providing a reason"
    return f"Error: Runtime exited {how}"


_CHECKS = (AssertionError, SimbridgeError)
"""Errors that are not failures of the function: a check of the scenario, and a wrong use of simbridge."""


def _advice(address: str, error: Exception, is_lambda: bool) -> str:
    if is_lambda:
        why = "An assertion in a handler is your check: it ends the run"
    else:
        why = (
            "An exception in a handler is a bug in the scenario, not a failed delivery: catch it in "
            "the handler, or let the stand-in refuse with .fails(...)"
        )
    text = f"{type(error).__name__}: {_text_of(error)}"
    return f"the handler of {address} raised {text}. {why}"
