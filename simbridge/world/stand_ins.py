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
from simbridge.actors.fault_state import Decide
from simbridge.actors.fifo import unwrap_stand_in
from simbridge.actors.function import Received, Yours, text_of
from simbridge.actors.target import StandIn, request_of
from simbridge.base import checks, clock
from simbridge.base.clock import Duration, Instant
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.hosts import engine
from simbridge.kernel import Kernel
from simbridge.model import faults as behaviour
from simbridge.model.faults import Behaviour, Custom, Fails, Recovers, Scripted
from simbridge.model.messages import Behave, Call, DeadLetter

__all__ = ["Queue", "QueueMessage", "StandInHandle", "outage"]

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


class StandInHandle:
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

    def fails(
        self,
        error: str,
        *,
        rate: float = 1.0,
        from_: Instant | None = None,
        for_: Duration | None = None,
        text: str = "",
    ) -> None:
        """Refuse attempts with one of EventBridge's error codes (`simbridge.model.error_codes`).

        Or with an error of the service itself (`simbridge.targets.REFUSALS`): a queue whose key is
        disabled fails with "KMS.DisabledException", for which EventBridge has the code NO_RESOURCE.
        From `from_` (else now) for as long as `for_` (else until `recovers`); a `rate` below 1 is the
        probability of each attempt's failing, looked up from the seed. `text` is the error message, by
        default the service's own words where they are known.
        Raises `SimbridgeError` for a code that does not exist or a rate outside of 0..1.
        """
        targets.checked_error(self.arn, error)
        self._tell(outage(self._kernel.now, error, rate, from_, for_, text))

    def slow(self, median: Duration, p99: Duration | None = None) -> None:
        """Answer after a log-normal latency; without `p99` always after the median.

        What is called by HTTP (API Gateway, API destinations) has five seconds, then it is a TIMEOUT.
        """
        self._tell(behaviour.slow(median, p99))

    def limit(self, *, per_second: int | None = None, concurrency: int | None = None) -> None:
        """Throttle beyond so many attempts a second, or so many at the same time.

        Attempts are at the same time only where they take time: see `slow`.
        """
        if per_second is None and concurrency is None:
            raise SimbridgeError("say which limit: per_second=50 or concurrency=10")
        limits: list[Behaviour] = []  # all are checked before one is told
        if per_second is not None:
            limits.append(behaviour.per_second(per_second))
        if concurrency is not None:
            limits.append(behaviour.concurrency(concurrency))
        for limit in limits:
            self._tell(limit)

    def behaves(self, how: Scripted | Decide) -> None:
        """Answer attempts by a script, or by a function of yours.

        `scripted(["THROTTLING", "ok"])` answers one attempt after the other; a function takes an
        `Invocation` and returns "ok" or an error code.
        """
        if isinstance(how, Scripted):
            self._tell(how)
        elif callable(how):
            actor = self._actor
            actor.decides.append(Yours(how))
            name = getattr(how, "__qualname__", type(how).__name__)
            self._tell(Custom(name, len(actor.decides) - 1))
        else:
            raise SimbridgeError(f"behave how? scripted([...]) or a function, not {how!r}")

    def recovers(self) -> None:
        """Forget every failure, latency, limit and script, and accept."""
        self._tell(Recovers())

    def __repr__(self) -> str:
        return f"<stand-in {printable(self.arn)}>"

    def _read(self, view: _Read[View]) -> list[View]:
        with self._kernel.exclusive:  # one thread at a time, and none while another runs the world
            return view.of(self._actor.received)

    @property
    def _actor(self) -> StandIn:
        return unwrap_stand_in(self._kernel.actors[self.arn])

    def _tell(self, how: Behaviour) -> None:
        with self._kernel.hold():
            sender, cause = self._caller()
            self._kernel.send(sender, self.arn, Behave(how), cause=cause)


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


def outage(
    now: int,
    error: str,
    rate: float,
    from_: Instant | None,
    for_: Duration | None,
    text: str,
    operation: str | None = None,
) -> Fails:
    """A window of failures, from what a scenario says about it."""
    checks.text(error, "an error code")
    checks.text(text, "an error message")
    begin = now if from_ is None else clock.instant(from_)
    end = clock.LATEST if for_ is None else begin + clock.duration(for_)
    return Fails(error, begin, end, behaviour.probability_u32(rate), text, operation)
