"""One delivery actor for each rule and target: render once, attempt, retry, settle.

The state machine of one delivery (fidelity 2.3)::

    PENDING --attempt accepted-------------------------> delivered
    PENDING --attempt failed, may be retried-----------> PENDING, after a backoff
    PENDING --failed for good, or retries or age end---> given up
    given up --dead-letter queue accepts---------------> dead-lettered
    given up --no queue, or it fails-------------------> dropped

The next attempt is sent to the target as soon as the last one has failed, to arrive when the backoff
is over: two messages an attempt. Where the Invocations quota is on, an attempt first waits for its
turn (`Due`). An attempt that would come after the age limit is never made: the delivery is given up
at the limit (`Expire`), which is sent only while no attempt is under way. Age is counted from
ingestion, not from the event's own `time`. The latency between the two is a delay of the first attempt.

The input is rendered once, when the rule matches, and kept for all attempts and the dead letter
(captured). So is the rest of the target's configuration: what becomes of retries when their target
changes or goes away is not documented, and here they are carried through as they began (fidelity 2.3). What
cannot be sent to such a target at all is given up without an attempt (`targets/failures`).
"""

from __future__ import annotations

from typing import NamedTuple, final

import msgspec

from simbridge import targets
from simbridge.actors.latency import latency_us
from simbridge.actors.sending import failure_of
from simbridge.base.clock import SECOND
from simbridge.base.errors import HandlerFailed, SimbridgeError
from simbridge.base.rng import draw
from simbridge.base.token_bucket import Bucket
from simbridge.kernel import Turn
from simbridge.languages import transform
from simbridge.model import arn as arns
from simbridge.model.backoff import Backoff
from simbridge.model.error_codes import RETRIED
from simbridge.model.faults import Slow
from simbridge.model.messages import (
    Configure,
    DeadLetter,
    Drop,
    Due,
    Event,
    Expire,
    Invoke,
    Match,
    Message,
    Outcome,
    Retire,
)
from simbridge.model.resources import Parameters, Target

__all__ = ["DeliveryActor", "Policy"]


@final
class Policy(NamedTuple):
    """What holds for every delivery of one account and region.

    `retries` and `age_s` are for targets that do not say; `invocations` is the quota, if it is on;
    `latency` is how long after its ingestion an event is first attempted, if it takes time;
    `log_group_star` is whether a log group that is written with `:*` is delivered to.
    """

    retries: int
    age_s: int
    backoff: Backoff
    invocations: Bucket | None = None
    latency: Slow | None = None
    log_group_star: bool = True


@final
class _Plan:
    """How one target is delivered to, worked out when it is configured. Never changed."""

    __slots__ = (
        "age_us",
        "arn",
        "bus",
        "delay_us",
        "may_fail",
        "parameters",
        "queue",
        "refused",
        "retries",
        "rule_arn",
        "target",
        "transform",
    )

    def __init__(self, target: Target, policy: Policy) -> None:
        asked = target.request.get("RetryPolicy") or {}
        self.target = target
        self.arn = arns.address_of(target.arn)
        self.rule_arn = target.rule_arn
        self.bus = _bus_of(target.rule_arn)
        self.delay_us = policy.backoff.delay_us
        self.transform = transform.compile(target.request)
        self.retries: int = asked.get("MaximumRetryAttempts", policy.retries)
        self.age_us: int = asked.get("MaximumEventAgeInSeconds", policy.age_s) * SECOND
        self.queue: str | None = (target.request.get("DeadLetterConfig") or {}).get("Arn")
        self.parameters: Parameters | None = target.parameters
        kind = targets.kind_of(arns.parse(target.arn))
        refused = arns.is_whole_log_group(target.arn) and not policy.log_group_star
        self.refused = targets.NO_WHOLE_GROUP.because() if refused else None
        self.may_fail = refused or (kind is not None and kind.may_fail(target.request))

    def __deepcopy__(self, memo: object) -> _Plan:
        return self


@final
class _Pending(msgspec.Struct, gc=False):
    """A delivery that has not ended: what is sent, and what went wrong last."""

    plan: _Plan
    expires_us: int
    backoff_key: int
    event: Event
    body: str | None
    attempts: int = 0
    error: str = ""
    text: str = ""

    def failed(self, outcome: Outcome) -> None:
        """Keep what went wrong last."""
        self.error, self.text = outcome.error or "", outcome.text or ""
        self.attempts = outcome.attempt


@final
class DeliveryActor:
    """The actor at `<rule arn>#<target id>`."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.quota = policy.invocations
        self.plan: _Plan | None = None
        self.retired = False
        self.pending: dict[int, _Pending] = {}

    def receive(self, message: Message, turn: Turn) -> None:
        """Match opens a delivery, Outcome ends an attempt or the dead letter."""
        if type(message) is Outcome:  # the hot path: several times quicker to ask than a case
            if message.error is None:
                del self.pending[message.delivery]
            else:
                self._failed(message, turn)
        elif type(message) is Match:
            self._begin(message, turn)
        else:
            self._receive_other(message, turn)
        if self.retired and not self.pending:
            turn.stop()

    def _receive_other(self, message: Message, turn: Turn) -> None:
        match message:
            case Due(delivery, attempt, reserved):
                self._attempt(delivery, attempt, self.pending[delivery], 0, turn, reserved)
            case Expire(delivery):
                pending = self.pending[delivery]
                if not pending.attempts:
                    pending.error, pending.text = _NEVER_ATTEMPTED
                self._give_up(delivery, pending, "MaximumEventAgeInSeconds", turn)
            case Configure(Target() as target):
                self.plan = _Plan(target, self.policy)
                self.retired = False
            case Retire():
                self.retired = True
            case _:
                raise AssertionError(f"a delivery does not take {message!r}")

    def _begin(self, message: Match, turn: Turn) -> None:
        plan = self.plan
        assert plan is not None, "configured before it matches"
        event, target, delivery = message.event, plan.target, turn.sequence
        rendered = None
        if type(plan.transform) is not transform.Whole:
            context = transform.Context(target.rule_arn, target.rule_name, event.ingested_us)
            rendered = plan.transform.render(event.envelope, context)
        body = None if rendered is None else rendered.text
        expires_us = event.ingested_us + plan.age_us
        pending = self.pending[delivery] = _Pending(plan, expires_us, 0, event, body)
        if rendered is not None and not rendered.valid:
            pending.error, pending.text = "INVALID_JSON", "Invalid input for target."
            self._give_up(delivery, pending, None, turn)
            return
        if plan.may_fail or (event.size_bytes if body is None else len(body)) > _FITS:
            failure = plan.refused or failure_of(
                plan.arn, plan.rule_arn, event, body, plan.parameters
            )
            if failure is not None:
                pending.error, pending.text = failure
                self._give_up(delivery, pending, None, turn)
                return
        delay = 0
        if message.duplicate:
            pending.backoff_key = turn.key("backoff of a duplicate", event.id)
        if self.policy.latency is not None:
            sample = draw(turn.key("latency", event.id), message.duplicate)
            delay = latency_us(self.policy.latency, sample)
        self._attempt(delivery, 1, pending, delay, turn)

    def _failed(self, outcome: Outcome, turn: Turn) -> None:
        """Try again later, or give up."""
        delivery, attempt = outcome.delivery, outcome.attempt
        pending = self.pending[delivery]
        # Read in one go: all this has left the processor's cache since the last attempt.
        plan, expires_us, key = pending.plan, pending.expires_us, pending.backoff_key
        event, body = pending.event, pending.body
        if not attempt or attempt > plan.retries or outcome.error not in RETRIED:
            self._end(outcome, pending, turn)
            return
        if not key:
            key = pending.backoff_key = turn.key("backoff", event.id)
        try:
            delay = plan.delay_us(attempt, draw(key, attempt))
        except Exception as error:
            failed = HandlerFailed(f"the backoff failed at retry {attempt}: {error!r}")
            raise turn.undo(failed, error) from error
        except BaseException as error:
            raise turn.undo(error)  # noqa: B904  # as it came
        if type(delay) is not int or delay < 0:
            raise turn.undo(
                SimbridgeError(f"a backoff answers with whole microseconds, not {delay!r}")
            )
        if self.quota is None and turn.now + delay <= expires_us:  # `_attempt`, written out
            invoke = Invoke(delivery, attempt + 1, event, plan.rule_arn, body, plan.parameters)
            turn.send(plan.arn, invoke, delay)
        else:
            pending.failed(outcome)
            self._attempt(delivery, attempt + 1, pending, delay, turn)

    def _end(self, outcome: Outcome, pending: _Pending, turn: Turn) -> None:
        """The last attempt has failed, or the dead-letter queue has refused."""
        delivery, attempt = outcome.delivery, outcome.attempt
        if attempt == 0:  # what ended the delivery stays the reason
            self._drop(delivery, pending, None, turn)
            return
        pending.failed(outcome)
        retried = outcome.error in RETRIED
        self._give_up(delivery, pending, "MaximumRetryAttempts" if retried else None, turn)

    def _attempt(
        self,
        delivery: int,
        attempt: int,
        pending: _Pending,
        delay: int,
        turn: Turn,
        reserved: bool = False,
    ) -> None:
        """Make an attempt after a delay, unless the age limit comes first.

        `reserved`: it has its turn in the Invocations quota already.
        """
        plan = pending.plan
        left = pending.expires_us - turn.now
        quota = self.quota
        wait: int | None = delay
        if quota is not None and not delay and not reserved:
            wait = quota.reserve(turn.now, left)
        if wait is None or wait > left:
            turn.send(turn.address, Expire(delivery, wait is None), max(left, 0))
        elif quota is not None and wait:
            turn.send(turn.address, Due(delivery, attempt, not delay), wait)
        else:
            event, body = pending.event, pending.body
            invoke = Invoke(delivery, attempt, event, plan.rule_arn, body, plan.parameters)
            turn.send(plan.arn, invoke, wait)

    def _give_up(self, delivery: int, pending: _Pending, exhausted: str | None, turn: Turn) -> None:
        plan = pending.plan
        if plan.queue is None:
            self._drop(delivery, pending, exhausted, turn)
            return
        attributes = {
            "RULE_ARN": plan.target.rule_arn,
            "TARGET_ARN": plan.target.arn,
            "ERROR_CODE": pending.error,
            "ERROR_MESSAGE": pending.text,
        }
        if exhausted is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
            attributes["RETRY_ATTEMPTS"] = str(max(pending.attempts - 1, 0))
        letter = DeadLetter(delivery, pending.event, attributes, pending.body, pending.attempts)
        turn.send(plan.queue, letter)

    def _drop(self, delivery: int, pending: _Pending, exhausted: str | None, turn: Turn) -> None:
        del self.pending[delivery]
        drop = Drop(delivery, pending.error, pending.text, exhausted, pending.attempts)
        turn.send(pending.plan.bus, drop)


_FITS = targets.FITS_ANYWHERE_CHARS

# Throttled by the Invocations quota until it was too old; which code AWS gives then is not documented.
_NEVER_ATTEMPTED = ("THROTTLING", "The event became too old before an attempt could be made.")


def _bus_of(rule_arn: str) -> str:
    """The ARN of the bus a rule belongs to; only custom buses stand in their rules' ARNs."""
    arn = arns.parse(rule_arn)
    bus, separator, _ = arn.resource.removeprefix("rule/").rpartition("/")
    return arns.event_bus_arn(arn.region, arn.account, bus if separator else "default")
