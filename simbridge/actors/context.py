"""The second argument of a handler: Lambda's context, on the clock of the world.

AWS calls every Lambda function with an event and a context. Here a handler with one parameter is called with
the event alone, which is all that most simulations need; one with two gets a `LambdaContext`. The signature
is read when the handler is given, so a handler with neither shape is refused there and not at its first event.

The fields are those of the context object of Lambda's Python runtime
(https://docs.aws.amazon.com/lambda/latest/dg/python-context.html). Nothing in it depends on the machine.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple, final

from simbridge.base.clock import SECOND, iso_seconds
from simbridge.base.errors import SimbridgeError
from simbridge.model import arn as arns
from simbridge.model.messages import Event

__all__ = ["DEFAULT_TIMEOUT_US", "LambdaContext", "request_id", "takes_context"]

DEFAULT_TIMEOUT_US = 3 * SECOND
"""The timeout of a function that has none set (AWS Lambda: CreateFunction)."""

MEMORY_MB = "128"
"""The memory of a function that has none set (AWS Lambda: CreateFunction); the runtime gives it as text."""

_SHAPES = (
    "a handler is a function, def or async def, that takes (event) or (event, context), or an object "
    "with such a __call__"
)


@final
class Identity(NamedTuple):
    """The caller by Amazon Cognito; empty for a call of EventBridge's."""

    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None


@final
class LambdaContext:
    """What Lambda passes to a function about its invocation.

    `aws_request_id` is the same in all executions of one invocation, Lambda's retries included; a
    delivery that EventBridge makes twice is two invocations. For a stand-in that is not a Lambda function,
    name and ARN are its own.
    """

    def __init__(
        self, arn: str, event: Event, delivery: int, end_us: int, now: Callable[[], int]
    ) -> None:
        self._end_us = end_us
        self._now = now
        self.aws_request_id = request_id(arn, event, delivery)
        self.function_name, qualifier = _name_and_qualifier(arn)
        self.function_version = qualifier if qualifier.isdecimal() else "$LATEST"
        self.invoked_function_arn = arn
        self.memory_limit_in_mb = MEMORY_MB
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = self._log_stream(iso_seconds(now())[:10])
        self.identity = Identity()
        self.client_context = None
        self.tenant_id = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds of virtual time until the timeout of the function; 0 after it."""
        return max(0, self._end_us - self._now()) // 1000

    def log(self, msg: object) -> None:
        """Print a message, on a line of its own; Lambda writes it to the log of the function."""
        print(msg)

    def _log_stream(self, day: str) -> str:
        """One stream for each function, version and day, as if each instance ran for a day."""
        instance = uuid.uuid3(uuid.NAMESPACE_URL, f"{self.invoked_function_arn}\n{day}").hex
        return f"{day.replace('-', '/')}/[{self.function_version}]{instance}"

    def __repr__(self) -> str:
        return f"LambdaContext({self.function_name!r}, aws_request_id={self.aws_request_id!r})"


def request_id(arn: str, event: Event, delivery: int) -> str:
    """The id of an invocation: the same in Lambda's retries and in its record of the invocation."""
    return str(uuid.uuid3(uuid.NAMESPACE_URL, f"{arn}\n{event.id}\n{delivery}"))


def takes_context(handler: object) -> bool:
    """Whether a handler is called with a context. Raises `SimbridgeError` if it is not a handler.

    A second parameter with a default gets the context if the default is None or the parameter is called a
    context; any other default belongs to the handler.
    """
    if not callable(handler):
        raise SimbridgeError(f"{_SHAPES}, not {handler!r}")
    if isinstance(handler, type):
        raise SimbridgeError(f"{_SHAPES}; {handler.__name__} is a class: give an instance of it")
    if _yields(handler) or _yields(handler.__call__):
        raise SimbridgeError(f"{_SHAPES}; {_named(handler)} has a yield in it: let it return")
    fits = _fitting(handler)
    if not fits:
        raise SimbridgeError(f"{_SHAPES}; {_named(handler)} takes {_signature(handler)}")
    return 2 in fits


def _fitting(handler: Callable[..., Any]) -> list[int]:
    """With how many arguments a handler can be called: one, two, or either.

    A decorator that takes any arguments (`*args`) passes them on, so the function behind it, which
    `functools.wraps` names, is asked; a decorator with named parameters has its own signature. Without a
    signature, as some builtins are, it is called with the event.
    """
    try:
        own = inspect.signature(handler, follow_wrapped=False)
    except (TypeError, ValueError):
        return [1]
    fits = [number for number in (1, 2) if _binds(own, number)]
    if len(fits) < 2:
        return fits
    behind = getattr(handler, "__wrapped__", None)
    if callable(behind):
        return [number for number in _fitting(behind) if number in fits] or fits
    return fits if _wants_context(list(own.parameters.values())) else [1]


def _binds(signature: inspect.Signature, number: int) -> bool:
    try:
        signature.bind(*[None] * number)
    except TypeError:
        return False
    return True


def _wants_context(parameters: list[inspect.Parameter]) -> bool:
    """Whether the second, optional parameter is for a context."""
    second = parameters[1] if len(parameters) > 1 else parameters[0]
    if second.kind not in (second.POSITIONAL_ONLY, second.POSITIONAL_OR_KEYWORD):
        return True  # *args
    return second.default is None or "context" in second.name.lower() or second.name == "ctx"


def _yields(function: object) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _named(handler: object) -> str:
    return str(getattr(handler, "__qualname__", type(handler).__name__))


def _signature(handler: Callable[..., Any]) -> str:
    return str(inspect.signature(handler, follow_wrapped=False))


def _name_and_qualifier(arn: str) -> tuple[str, str]:
    """The name of a function and its version or alias; of any other target the last part of its ARN."""
    parsed = arns.parse(arn)
    if parsed.service != "lambda":
        return arn.rpartition(":")[2], ""
    name, _, qualifier = parsed.resource.removeprefix("function:").partition(":")
    return name, qualifier
