"""One delivery actor for each rule and target: renders the input, makes attempts, and ends the delivery.

`TRANSITIONS` is the state machine of one delivery (fidelity 2.3).

The next attempt is sent to the target as soon as the last one has failed, and arrives when the backoff is
over: two messages an attempt. If the Invocations quota is on, or the target is an API destination, an
attempt first waits for a token (`Due`). That is not an attempt yet, and uses up none (fidelity 9.8). An
attempt after the age limit is never made: the delivery is given up at the limit (`Expire`), which is sent
only while no attempt is running. Age is counted from ingestion, not from the event's own `time`. The latency
from ingestion to delivery is a delay of the first attempt.

The input is rendered once, when the rule matches, and kept for all attempts and the dead letter (captured).
So is the rest of the target's configuration. What AWS does with retries whose target is changed or removed
is not documented; here they continue unchanged (fidelity 2.3). An event that cannot be sent to such a target
at all is given up without an attempt (`targets/failures`).

See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html.
"""

from __future__ import annotations

from typing import NamedTuple, final

import msgspec

from simbridge import targets
from simbridge.actors.sending import failure_of
from simbridge.actors.transitions import Transition, steps_of
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
from simbridge.model.pacing import Pacing
from simbridge.model.resources import Parameters, Target

__all__ = ["TRANSITIONS", "DeliveryActor", "Policy"]

PENDING, GIVEN_UP = "pending", "given up"
DELIVERED, DEAD_LETTERED, DROPPED = "delivered", "dead-lettered", "dropped"

TRANSITIONS = (
    Transition(PENDING, "accept", DELIVERED, "the target accepts"),
    Transition(PENDING, "retry", PENDING, "it fails with a code that is retried: after a backoff"),
    Transition(
        PENDING,
        "give up",
        GIVEN_UP,
        "it fails for good, or retries or age run out, and there is a dead-letter queue",
    ),
    Transition(PENDING, "drop", DROPPED, "the same, and there is no dead-letter queue"),
    Transition(GIVEN_UP, "accept", DEAD_LETTERED, "the dead-letter queue accepts"),
    Transition(GIVEN_UP, "drop", DROPPED, "the dead-letter queue refuses"),
)
"""The life of one delivery, which begins `PENDING` when its rule matches."""

_STEPS = steps_of(TRANSITIONS)
_ACCEPT, _RETRY, _GIVE_UP, _DROP = (_STEPS[name] for name in ("accept", "retry", "give up", "drop"))


@final
class Policy(NamedTuple):
    """What every delivery of one account and region has in common.

    `retries` and `age_s` are for targets without a RetryPolicy. `invocations` is the quota, if it is on.
    `latency` is the time from the ingestion of an event to the first attempt, if there is one.
    `log_group_star`: whether a log group whose ARN ends in `:*` is delivered to. `pacing` has the rate
    limits of API destinations.
    """

    retries: int
    age_s: int
    backoff: Backoff
    invocations: Bucket | None = None
    latency: Slow | None = None
    log_group_star: bool = True
    pacing: Pacing | None = None


@final
class _Plan:
    """How events are delivered to one target: computed when it is configured, and never changed."""

    __slots__ = (
        "age_us",
        "arn",
        "bus",
        "delay_us",
        "may_fail",
        "paced",
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
        self.paced = arns.is_api_destination(arns.parse(target.arn))
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
    """A delivery that has not ended: what is sent, and the last error."""

    plan: _Plan
    expires_us: int
    backoff_key: int
    event: Event
    body: str | None
    attempts: int = 0
    error: str = ""
    text: str = ""
    state: str = PENDING

    def failed(self, outcome: Outcome) -> None:
        """Keep the last error."""
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
                pending = self.pending.pop(message.delivery)  # whatever its state, it ends
                pending.state = _ACCEPT[pending.state]
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
            case Due(delivery, attempt):
                self._attempt(delivery, attempt, self.pending[delivery], 0, turn, message)
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
            delay = self.policy.latency.latency_us(sample)
        self._attempt(delivery, 1, pending, delay, turn)

    def _failed(self, outcome: Outcome, turn: Turn) -> None:
        """Retry later, or give up."""
        delivery, attempt = outcome.delivery, outcome.attempt
        pending = self.pending[delivery]
        # Read in one go: all this has left the processor's cache since the last attempt.
        plan, expires_us, key = pending.plan, pending.expires_us, pending.backoff_key
        event, body = pending.event, pending.body
        asked_us = outcome.retry_after_us
        if (
            not attempt
            or attempt > plan.retries
            or outcome.error not in RETRIED
            or (asked_us is not None and asked_us < 0)
        ):
            self._end(outcome, pending, turn)
            return
        pending.state = _RETRY[pending.state]
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
                SimbridgeError(f"delay_us returns whole microseconds from 0, not {delay!r}")
            )
        if asked_us is not None:
            delay = max(delay, asked_us)
        # `_attempt`, written out
        if self.quota is None and not plan.paced and turn.now + delay <= expires_us:
            invoke = Invoke(delivery, attempt + 1, event, plan.rule_arn, body, plan.parameters)
            turn.send(plan.arn, invoke, delay)
        else:
            pending.failed(outcome)
            self._attempt(delivery, attempt + 1, pending, delay, turn)

    def _end(self, outcome: Outcome, pending: _Pending, turn: Turn) -> None:
        """The last attempt has failed, or the dead-letter queue has refused."""
        delivery, attempt = outcome.delivery, outcome.attempt
        if attempt == 0:  # the reason is still what ended the delivery
            self._drop(delivery, pending, None, turn)
            return
        pending.failed(outcome)
        retried = outcome.error in RETRIED and (outcome.retry_after_us or 0) >= 0
        self._give_up(delivery, pending, "MaximumRetryAttempts" if retried else None, turn)

    def _attempt(
        self,
        delivery: int,
        attempt: int,
        pending: _Pending,
        delay: int,
        turn: Turn,
        due: Due | None = None,
    ) -> None:
        """Make an attempt after a delay, unless the age limit comes first.

        `due` says which tokens it has waited for: of its API destination, then of the Invocations quota.
        """
        plan = pending.plan
        left = pending.expires_us - turn.now
        quota, pacing = self.quota, self.policy.pacing
        if delay > left:
            turn.send(turn.address, Expire(delivery), max(left, 0))
            return
        if plan.paced or quota is not None:
            if delay:
                turn.send(turn.address, Due(delivery, attempt), delay)
                return
            paced, reserved = (due.paced, due.reserved) if due is not None else (False, False)
            if plan.paced and pacing is not None and not paced and not reserved:
                wait = pacing.reserve(plan.arn, turn.now, left)
                if wait != 0:
                    self._wait(wait, left, Due(delivery, attempt, paced=True), turn)
                    return
            if quota is not None and not reserved:
                wait = quota.reserve(turn.now, left)
                if wait != 0:
                    self._wait(wait, left, Due(delivery, attempt, reserved=True), turn)
                    return
        event, body = pending.event, pending.body
        invoke = Invoke(delivery, attempt, event, plan.rule_arn, body, plan.parameters)
        turn.send(plan.arn, invoke, delay)

    def _wait(self, wait: int | None, left: int, due: Due, turn: Turn) -> None:
        """Wait for a token; if there is none in time (None), for the age limit."""
        if wait is None:
            expire = Expire(due.delivery, throttled=due.reserved, paced=due.paced)
            turn.send(turn.address, expire, max(left, 0))
        else:
            turn.send(turn.address, due, wait)

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
        pending.state = _GIVE_UP[pending.state]
        letter = DeadLetter(delivery, pending.event, attributes, pending.body, pending.attempts)
        turn.send(plan.queue, letter)

    def _drop(self, delivery: int, pending: _Pending, exhausted: str | None, turn: Turn) -> None:
        pending.state = _DROP[pending.state]
        del self.pending[delivery]
        drop = Drop(delivery, pending.error, pending.text, exhausted, pending.attempts)
        turn.send(pending.plan.bus, drop)


_FITS = targets.FITS_ANYWHERE_CHARS

# Throttled by the Invocations quota until it was too old. The code AWS uses then is not documented.
_NEVER_ATTEMPTED = ("THROTTLING", "The event became too old before an attempt could be made.")


def _bus_of(rule_arn: str) -> str:
    """The ARN of the bus of a rule; the ARN of a rule contains the name of its bus unless it is the default."""
    arn = arns.parse(rule_arn)
    bus, separator, _ = arn.resource.removeprefix("rule/").rpartition("/")
    return arns.event_bus_arn(arn.region, arn.account, bus if separator else "default")
