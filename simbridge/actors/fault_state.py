"""The faults of a stand-in, applied attempt by attempt.

Randomness is looked up by the name of the attempt and not drawn in turn (`simbridge.base.rng`). Whether
an attempt fails, and how long it takes, depends on the seed, the stand-in, the rule and target that it is
made for, the event and the number of the attempt, and on nothing else. Runs that differ only in a retry
policy meet the same outages and the same slow answers (common random numbers,
https://en.wikipedia.org/wiki/Variance_reduction).
"""

from __future__ import annotations

import copy
from typing import Any, final

from simbridge import targets
from simbridge.actors.function import UserFunction
from simbridge.base import blocking, clock
from simbridge.base.errors import HandlerFailed
from simbridge.base.rng import draw
from simbridge.kernel import Turn
from simbridge.model.error_codes import ERROR_CODES, checked
from simbridge.model.faults import (
    FAULTS,
    OK,
    Decision,
    Effect,
    Fault,
    Invocation,
    Latency,
    Limit,
    Verdict,
)
from simbridge.model.messages import Invoke

__all__ = ["Answer", "FaultState", "faults_after"]


Answer = tuple[str | None, str | None, int]
"""What a stand-in answers to an attempt: error code (None: it accepts), text, microseconds later."""


@final
class FaultState:
    """The effects of the faults that hold for a stand-in.

    An answer that takes longer than `timeout_us` is not waited for. `functions` are those that the
    stand-in keeps, by number.
    """

    def __init__(self, timeout_us: int | None, functions: list[UserFunction]) -> None:
        self._timeout_us = timeout_us
        self._functions = functions
        self.effects: dict[type[Fault], Effect[Any]] = {}
        self._limits: list[Limit[Any]] = []
        self._decisions: list[Decision[Any]] = []
        self._latencies: list[Latency[Any]] = []
        self._constant_from = self._constant_until = 0
        self._constant_answer: Answer = (None, None, 0)

    def add(self, fault: Fault, now: int) -> None:
        """From now on this fault holds, too."""
        kind = type(fault)
        if kind not in self.effects:
            self.effects[kind] = fault.effect()
        self.effects[kind].add(fault, now)
        effects = [self.effects[kind] for kind in FAULTS if kind in self.effects]
        self._limits = [effect for effect in effects if isinstance(effect, Limit)]
        self._decisions = [effect for effect in effects if isinstance(effect, Decision)]
        self._latencies = [effect for effect in effects if isinstance(effect, Latency)]
        self._precompute_outage()

    def _precompute_outage(self) -> None:
        """Work out the answer of a plain outage, if every attempt gets the same."""
        self._constant_from = self._constant_until = 0
        if self._decisions and not self._limits and not self._latencies:
            constant = self._decisions[0].constant()
            if constant is not None:
                self._constant_from, self._constant_until, code, text = constant
                self._constant_answer = code, text, 0

    def answer(self, message: Invoke, turn: Turn) -> Answer:
        """What happens to one attempt."""
        now = turn.now
        if self._constant_from <= now < self._constant_until:
            return self._constant_answer
        for limit in self._limits:
            if limit.throttles(now):
                return "THROTTLING", ERROR_CODES["THROTTLING"].text, 0
        attempt = _Attempt(message, turn, self._functions)
        try:
            error, text = self._decided(attempt)
        except BaseException:
            for limit in self._limits:
                limit.put_back()
            raise
        after = sum([latency.latency_us(attempt) for latency in self._latencies])
        for limit in self._limits:
            limit.begin(now + after)
        if self._timeout_us is not None and after > self._timeout_us:
            return "TIMEOUT", ERROR_CODES["TIMEOUT"].text, self._timeout_us
        return error, text, after

    def _decided(self, attempt: _Attempt) -> Verdict:
        for decision in self._decisions:
            verdict = decision.decide(attempt)
            if verdict is not None:
                return verdict
        return None, None


@final
class _Attempt:
    """An attempt as effects see it (`simbridge.model.faults.Attempt`)."""

    __slots__ = ("_functions", "_message", "_turn", "now_us")

    def __init__(self, message: Invoke, turn: Turn, functions: list[UserFunction]) -> None:
        self._message = message
        self._turn = turn
        self._functions = functions
        self.now_us = turn.now

    def sample(self, purpose: str) -> int:
        """See `Attempt.sample`. The sender is the rule and target for which the attempt is made."""
        message, turn = self._message, self._turn
        key = turn.key(purpose, f"{message.event.id} {turn.sender}")
        return draw(key, message.attempt)

    def verdict(self, outcome: str, text: str = "") -> Verdict:
        """See `Attempt.verdict`. An error of the service has a code of EventBridge's."""
        if outcome == OK:
            return None, None
        message, turn = self._message, self._turn
        name = f"{turn.sender} {message.attempt}"
        code, usual = targets.words(turn.address, outcome, message.event.id, name)
        return code, text or usual

    def ask(self, number: int) -> str:
        """See `Attempt.ask`."""
        message, turn = self._message, self._turn
        event = copy.deepcopy(message.event.envelope)  # all holders of an event share it
        look = blocking.of_thread()
        look.begin()
        try:
            outcome = self._functions[number].function(
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


def faults_after(
    faults: FaultState | None,
    fault: Fault,
    now: int,
    *,
    timeout_us: int | None,
    functions: list[UserFunction],
) -> FaultState | None:
    """The faults of a stand-in once it has received another one; None if that one forgets all."""
    if fault.forgets:
        return None
    if faults is None:
        faults = FaultState(timeout_us, functions)
    faults.add(fault, now)
    return faults
