"""What a scenario holds of a stand-in: its ARN, what it has received, and how it is to behave.

A handle has no state of its own. What it has received is read from the actor, each message once; how
it is to behave is told to the actor by a message, which takes its place in the order of things and in
the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar, final

from simbridge import targets
from simbridge.actors.fifo import unwrap_stand_in
from simbridge.actors.function import Received, UserFunction, text_of
from simbridge.actors.target import StandIn, request_of
from simbridge.base import clock
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.hosts import engine
from simbridge.kernel import Kernel
from simbridge.model.faults import AllFaultMethods, Behaviour, Fault
from simbridge.model.messages import Behave, Call, DeadLetter

__all__ = ["Queue", "QueueMessage", "StandInHandle"]

Caller = Callable[[], tuple[str, int]]

VISIBILITY_S_MAX = 12 * 3600
"""Seconds a message of a queue can be hidden (Amazon SQS: ReceiveMessage)."""


View = TypeVar("View")


@final
class _Read(Generic[View]):
    """The messages of a stand-in in a form of their own. Asked again, it reads only the new ones."""

    def __init__(self, read: Callable[[Received], View]) -> None:
        self._one = read
        self._all: list[View] = []

    def of(self, received: Sequence[Received]) -> list[View]:
        """A list that the caller may change; what is in it is the same each time."""
        self._all.extend(map(self._one, received[len(self._all) :]))
        return list(self._all)


class StandInHandle(AllFaultMethods):
    """A stand-in of a world."""

    def __init__(self, kernel: Kernel, caller: Caller, arn: str) -> None:
        self._kernel = kernel
        self._caller = caller
        self.arn = arn
        self._messages = _Read(text_of)
        self._objects: _Read[Any] = _Read(_object_of)
        self._requests = _Read(partial(request_of, arn))

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def received(self) -> list[Any]:
        """What it was sent, as Python objects, in the order of arrival.

        Each is decoded once: it is the same object whenever it is asked for.
        """
        return self._read(self._objects)

    @property
    def messages(self) -> list[str]:
        """The bodies it was sent, as text, in the order of arrival."""
        return self._read(self._messages)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The calls of its service's API that it was sent, in the order of arrival.

        Each has the name of the call as `Action` and the parameters as that API calls them.
        """
        return self._read(self._requests)

    def __repr__(self) -> str:
        return f"<stand-in {printable(self.arn)}>"

    def _read(self, view: _Read[View]) -> list[View]:
        with self._kernel.exclusive:  # one thread at a time, and none while another runs the world
            return view.of(self._actor.received)

    @property
    def _actor(self) -> StandIn:
        return unwrap_stand_in(self._kernel.actors[self.arn])

    def _now_us(self) -> int:
        return self._kernel.now

    def _send(self, *faults: Fault) -> None:
        for fault in faults:
            assert isinstance(fault, Behaviour), f"{fault!r} is not in simbridge.model.faults"
            with self._kernel.hold():
                sender, cause = self._caller()
                self._kernel.send(sender, self.arn, Behave(fault), cause=cause)

    def _check_error(self, error: str) -> None:
        targets.checked_error(self.arn, error)

    def _keep(self, function: Callable[..., Any]) -> int:
        functions = self._actor.functions
        functions.append(UserFunction(function))
        return len(functions) - 1


def _object_of(message: Received) -> Any:
    return engine.decoded(text_of(message))


@final
class QueueMessage(NamedTuple):
    """A message as a consumer of a queue receives it.

    `attributes` are its message attributes, as text: those of a dead letter say what went wrong.
    """

    body: str
    attributes: dict[str, str]
    receive_count: int
    receipt: int


@final
class Queue(StandInHandle):
    """A stand-in for an SQS queue, with a consumer's side."""

    def receive(
        self, *, max_messages: int = 10, visibility_timeout: Duration = "30s"
    ) -> list[QueueMessage]:
        """Receive messages, as a consumer does: they are hidden until the timeout, then back.

        What is done with is to be deleted. Raises `SimbridgeError` for a number of messages outside
        of 1..10 and for a timeout of more than twelve hours.
        """
        if not isinstance(max_messages, int) or max_messages not in range(1, 11):
            raise SimbridgeError(f"max_messages is a number from 1 to 10, not {max_messages!r}")
        timeout = clock.duration(visibility_timeout)
        if timeout > VISIBILITY_S_MAX * clock.SECOND:
            raise SimbridgeError("a message is hidden for at most 12 hours")
        actor = self._actor
        with self._kernel.hold():
            numbers = actor.visibility.take(actor.received, self._kernel.now, max_messages, timeout)
            self._note("ReceiveMessage", {"VisibilityTimeout": timeout // clock.SECOND}, numbers)
            return [self._message(number) for number in numbers]

    def delete(self, message: QueueMessage) -> None:
        """A message that was received is done with."""
        if not isinstance(message, QueueMessage):
            raise SimbridgeError(f"delete takes a message that receive() gave, not {message!r}")
        with self._kernel.hold():
            self._actor.visibility.delete(message.receipt)
            self._note("DeleteMessage", {}, [message.receipt])

    def _message(self, number: int) -> QueueMessage:
        stored: Received = self._actor.received[number]
        attributes = stored.attributes if isinstance(stored, DeadLetter) else {}
        times = self._actor.visibility.times(number)
        return QueueMessage(text_of(stored), dict(attributes), times, number)

    def _note(self, operation: str, request: dict[str, Any], numbers: list[int]) -> None:
        sender, cause = self._caller()
        sequence = self._kernel.draw(cause=cause)
        call = Call(operation, request, {"Messages": numbers})
        self._kernel.note(sequence, cause, sender, self.arn, call)
