"""What the behaviours of a stand-in mean, attempt by attempt.

Chance is looked up by the name of the attempt, not drawn in turn (`simbridge.base.rng`): whether an
attempt fails, and how long it takes, depends on the seed, the stand-in, the rule and target that it
is made for, the event and the number of the attempt, and on nothing else that happens. Runs that
differ in a retry policy alone meet the same outages and the same slow answers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, NamedTuple, final

from simbridge import targets
from simbridge.actors.function import Yours
from simbridge.actors.latency import latency_us
from simbridge.base import blocking, clock
from simbridge.base.clock import DateTime
from simbridge.base.errors import HandlerFailed
from simbridge.base.rng import SAMPLE_RANGE, draw
from simbridge.base.token_bucket import Bucket
from simbridge.kernel import Turn
from simbridge.model.error_codes import ERROR_CODES, RETRIED, checked
from simbridge.model.faults import (
    OK,
    Behaviour,
    Concurrency,
    Custom,
    Fails,
    PerSecond,
    Recovers,
    Scripted,
    Slow,
)
from simbridge.model.messages import Invoke

__all__ = ["Answer", "FaultState", "Invocation"]


Answer = tuple[str | None, str | None, int]
"""What a stand-in answers to an attempt: error code (None: it accepts), text, microseconds later."""


@final
class Invocation(NamedTuple):
    """One attempt, as a behaviour of yours sees it."""

    event: dict[str, Any]
    attempt: int
    time: DateTime
    rule_arn: str


Decide = Callable[[Invocation], str]


@final
class FaultState:
    """The behaviours a stand-in has been told, in that order, and the state that follows.

    An answer that takes longer than `timeout_us` is not waited for.
    """

    def __init__(self, timeout_us: int | None = None) -> None:
        self._timeout_us = timeout_us
        self._fails: list[tuple[str, Fails]] = []  # each under the name of its random stream
        self._told: dict[str, int] = {}
        self._slow: Slow | None = None
        self._bucket: Bucket | None = None
        self._most: int | None = None
        self._ends: list[int] = []
        self._script: list[str] = []
        self._decide: list[Yours] = []
        self._constant_answer: Answer = (None, None, 0)
        self._constant_from = self._constant_until = 0

    def tell(self, behaviour: Behaviour, decide: Yours | None, now: int) -> None:
        """From now on this holds, too; a limit or a latency takes the place of an earlier one."""
        match behaviour:
            case Fails():
                self._fails = [told for told in self._fails if told[1].until_us > now]
                self._fails.append((self._stream_name(behaviour.error), behaviour))
            case Slow():
                self._slow = behaviour
            case PerSecond(rate):
                self._bucket = Bucket(rate)
            case Concurrency(most):
                self._most = most
            case Scripted(outcomes):
                self._script = list(reversed(outcomes))
            case Custom():
                assert decide is not None
                self._decide = [decide]
            case Recovers():
                raise AssertionError("who recovers has no conduct")
        self._precompute_outage()

    def _stream_name(self, error: str) -> str:
        """Failures with the same code each have a stream of their own: two of one half leave a quarter."""
        number = self._told[error] = self._told.get(error, 0) + 1
        return error if number == 1 else f"{error} {number}"

    def _precompute_outage(self) -> None:
        """Work out the answer of a plain outage, if it is the same to every attempt.

        What is not retried may be told in words that name the attempt.
        """
        first = self._fails[0][1] if self._fails else None
        plain = self._slow is None and self._bucket is None and self._most is None
        self._constant_from = self._constant_until = 0
        if (
            plain
            and first is not None
            and first.probability_u32 >= SAMPLE_RANGE
            and first.error in RETRIED
        ):
            self._constant_from, self._constant_until = first.from_us, first.until_us
            self._constant_answer = first.error, first.text or ERROR_CODES[first.error].text, 0

    def answer(self, message: Invoke, turn: Turn) -> Answer:
        """What happens to one attempt."""
        now = turn.now
        if self._constant_from <= now < self._constant_until:
            return self._constant_answer
        limited = self._bucket is not None or self._most is not None
        before = copy.copy(self._bucket) if self._decide else None
        if limited and self._throttles(now):
            return "THROTTLING", ERROR_CODES["THROTTLING"].text, 0
        error, text, after = None, None, 0
        for name, fails in self._fails:
            if fails.from_us <= now < fails.until_us and (
                fails.probability_u32 >= SAMPLE_RANGE
                or _sample(name, message, turn) < fails.probability_u32
            ):
                error, text = _refused(fails.error, fails.text, message, turn)
                break
        else:
            if self._script or self._decide:
                try:
                    error, text = self._decided(message, turn)
                except BaseException:
                    self._bucket = before  # the attempt is not made: it is put back
                    raise
        if self._slow is not None:
            after = latency_us(self._slow, _sample("latency", message, turn))
        if self._most is not None:
            heappush(self._ends, now + after)
        if self._timeout_us is not None and after > self._timeout_us:
            return "TIMEOUT", ERROR_CODES["TIMEOUT"].text, self._timeout_us
        return error, text, after

    def _throttles(self, now: int) -> bool:
        if self._most is not None:
            while self._ends and self._ends[0] <= now:
                heappop(self._ends)
            if len(self._ends) >= self._most:
                return True
        return self._bucket is not None and not self._bucket.take(now)

    def _decided(self, message: Invoke, turn: Turn) -> tuple[str | None, str | None]:
        outcome = self._script.pop() if self._script else _asked(self._decide[0], message, turn)
        return (None, None) if outcome == OK else _refused(outcome, "", message, turn)


def _refused(error: str, text: str, message: Invoke, turn: Turn) -> tuple[str, str]:
    """EventBridge's code for an error of the service, and what is said: `text`, or the usual words."""
    attempt = f"{turn.sender} {message.attempt}"
    code, usual = targets.words(turn.address, error, message.event.id, attempt)
    return code, text or usual


def _sample(purpose: str, message: Invoke, turn: Turn) -> int:
    """The sample of an attempt. The sender is the rule and target for which it is made."""
    return draw(turn.key(purpose, f"{message.event.id} {turn.sender}"), message.attempt)


def _asked(decide: Yours, message: Invoke, turn: Turn) -> str:
    event = copy.deepcopy(message.event.envelope)  # an event is shared by all who hold it
    look = blocking.of_thread()
    look.begin()
    try:
        outcome = decide.function(
            Invocation(event, message.attempt, clock.moment(turn.now), message.rule)
        )
        return outcome if outcome == OK else checked(outcome)
    except Exception as error:
        failed = HandlerFailed(f"the behaviour of {turn.address} failed: {error!r}")
        raise turn.undo(failed, error) from error
    except BaseException as error:
        raise turn.undo(error)  # noqa: B904  # as it came
    finally:
        look.abandon()
