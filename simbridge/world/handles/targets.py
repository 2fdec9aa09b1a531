"""Creates stand-in actors and their handles: what `World.queue`, `function`, `topic` and `stand_in` check and make.

A stand-in is an actor at the ARN of a target. Each ARN has one stand-in and one handle, however often it is
asked for: a handle keeps what it has read.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, final

from simbridge.actors.fifo import FifoQueue, unwrap_stand_in
from simbridge.actors.function import Asynchronous, Handler, HandlerRunner
from simbridge.actors.target import StandIn
from simbridge.base import checks, clock
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError
from simbridge.kernel import Kernel
from simbridge.model import arn as arns
from simbridge.model.pacing import Pacing
from simbridge.world.actor_factory import ActorFactory
from simbridge.world.handles.handle import Caller
from simbridge.world.handles.policies import PolicyText, checked_policy
from simbridge.world.handles.queues import Queue
from simbridge.world.handles.stand_ins import StandInHandle

__all__ = ["StandIns", "asynchronous"]

_QUEUE = re.compile(r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(\.fifo)?")  # Amazon SQS: CreateQueue
_FUNCTION = re.compile(
    r"[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]+))?"
)  # Lambda: CreateFunction
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}")  # Amazon SNS: CreateTopic

_DESTINATIONS = ("sqs", "sns", "events")

TIMEOUT_S_MAX = 900
"""The longest timeout of a function (AWS Lambda: CreateFunction)."""

Handle = TypeVar("Handle", bound=StandInHandle)


@final
class StandIns:
    """The stand-ins of one world. A name that is not an ARN is of its account and region."""

    def __init__(
        self, kernel: Kernel, factory: ActorFactory, caller: Caller, account: str, region: str
    ) -> None:
        self._kernel = kernel
        self._factory = factory
        self._caller = caller
        self._account = account
        self._region = region
        self._handles: dict[tuple[type, str], Any] = {}

    def queue(
        self, name: str, content_based_deduplication: bool, policy: PolicyText | None
    ) -> Queue:
        """The stand-in for an SQS queue (`World.queue`)."""
        arn = self._arn("sqs", _checked_name(name, _QUEUE, "queue", 80))
        if not isinstance(content_based_deduplication, bool):
            raise SimbridgeError(
                f"content_based_deduplication is True or False, not {content_based_deduplication!r}"
            )
        if not content_based_deduplication and not name.endswith(".fifo"):
            raise SimbridgeError(
                f"{name!r} is not a FIFO queue and has no deduplication: end its name in '.fifo'"
            )
        stored = checked_policy(arn, policy)
        with self._kernel.hold():
            actor = self._actor(arn)
            queue = self._kernel.actors[arn]
            if isinstance(queue, FifoQueue) and not content_based_deduplication:
                queue.content_based_deduplication = False
            return self._permitted(self._handle(Queue, arn), actor, stored)

    def function(
        self,
        name: str,
        handler: Handler | None,
        lambda_settings: Asynchronous,
        policy: PolicyText | None,
    ) -> StandInHandle:
        """The stand-in for a Lambda function (`World.function`)."""
        arn = self._arn("lambda", f"function:{_checked_name(name, _FUNCTION, 'function', 64)}")
        return self.at(arn, handler, lambda_settings, policy)

    def topic(self, name: str, handler: Handler | None, policy: PolicyText | None) -> StandInHandle:
        """The stand-in for an SNS topic (`World.topic`)."""
        if isinstance(name, str) and name.endswith(".fifo"):
            raise SimbridgeError(
                f"{name!r} is a FIFO topic, which is not a target of rules: name a standard topic"
            )
        return self.at(
            self._arn("sns", _checked_name(name, _TOPIC, "topic", 256)), handler, None, policy
        )

    def at(
        self,
        arn: str,
        handler: Handler | None,
        lambda_settings: Asynchronous | None,
        policy: PolicyText | None,
    ) -> StandInHandle:
        """The stand-in at any ARN (`World.stand_in`)."""
        if lambda_settings is not None and not isinstance(lambda_settings, Asynchronous):
            raise SimbridgeError(
                f"lambda_settings is an Asynchronous, as world.function makes it, not {lambda_settings!r}"
            )
        address = arns.address_of(checks.text(arn, "the ARN of a stand-in"))
        stored = checked_policy(address, policy)
        runner = None
        if handler is not None:  # what is refused leaves no stand-in behind
            if lambda_settings is None and arns.parse(address).service == "lambda":
                lambda_settings = Asynchronous()
            feedback, start = self._kernel.shared["feedback"], self._factory.function_start
            runner = HandlerRunner(handler, lambda_settings, feedback, start)
        with self._kernel.hold():
            actor = self._actor(address)
            if actor.runner is None:
                actor.runner = runner
            elif handler is not None and actor.runner.handler not in (handler,):
                raise SimbridgeError(f"{arn} has a handler already: make each function once")
            return self._permitted(self._handle(StandInHandle, address), actor, stored)

    def _permitted(self, handle: Handle, actor: StandIn, stored: str | None) -> Handle:
        """The handle of a stand-in, which has this policy now."""
        if stored is not None and stored != actor.policy:
            if actor.policy is not None:
                raise SimbridgeError(
                    f"{handle.arn} has another policy already: change it with .policy = {{...}}"
                )
            handle.policy = stored
        return handle

    def _actor(self, arn: str) -> StandIn:
        """The stand-in at an ARN, which is created if there is none."""
        if arns.is_simulated(arns.parse(arn)):
            raise SimbridgeError(
                f"{arn} is simulated itself and has no stand-in; send to it with client()"
            )
        if arn in Pacing.of(self._kernel.shared):
            raise SimbridgeError(
                f"{arn} is an API destination, whose requests go to its endpoint; register that with "
                "world.http(url)"
            )
        return unwrap_stand_in(self._factory.stand_in(arn))

    def _handle(self, kind: type[Handle], arn: str) -> Handle:
        key = (kind, arn)
        if key not in self._handles:
            self._handles[key] = kind(self._kernel, self._caller, arn)
        handle: Handle = self._handles[key]
        return handle

    def _arn(self, service: str, resource: str) -> str:
        partition = arns.partition_of(self._region)
        return f"arn:{partition}:{service}:{self._region}:{self._account}:{resource}"


def asynchronous(
    retries: int,
    event_age: Duration,
    on_failure: str | None,
    on_success: str | None,
    timeout: Duration | None,
) -> Asynchronous:
    """How Lambda invokes a function, from what a scenario says about it.

    Raises `SimbridgeError` for what Lambda does not take, and for destinations that simbridge does not simulate.
    """
    if type(retries) is not int or retries not in (0, 1, 2):
        raise SimbridgeError(f"Lambda retries 0, 1 or 2 times, not {retries!r}")
    for destination in (on_failure, on_success):
        if destination is not None:
            _check_destination(checks.text(destination, "a destination"))
    age_us = clock.duration(event_age)
    if not 60 * clock.SECOND <= age_us <= Asynchronous().age_us:
        raise SimbridgeError(f"Lambda keeps an event for 60 s to 6 h, not {event_age!r}")
    timeout_us = None if timeout is None else clock.duration(timeout)
    if timeout_us is not None and (
        timeout_us % clock.SECOND or not 1 <= timeout_us // clock.SECOND <= TIMEOUT_S_MAX
    ):
        raise SimbridgeError(
            f"Lambda's timeout is whole seconds, from '1s' to '{TIMEOUT_S_MAX}s', not {timeout!r}"
        )
    return Asynchronous(retries, age_us, on_failure, on_success, timeout_us)


def _check_destination(arn: str) -> None:
    if arns.parse(arn).service not in _DESTINATIONS:
        raise SimbridgeError(
            f"a destination is a queue, a topic or an event bus in this version, not {arn}"
        )


def _checked_name(name: str, form: re.Pattern[str], what: str, longest: int) -> str:
    if not isinstance(name, str) or not form.fullmatch(name):
        raise SimbridgeError(
            f"invalid {what} name {name!r}: up to {longest} letters, digits, - or _. For a target of "
            "any other kind, pass its ARN to world.stand_in(arn)"
        )
    return name
