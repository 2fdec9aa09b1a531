"""What every fault has: a description, words, an effect on attempts, and a method of the handle.

A fault is described by plain data that travels in a `Behave` message, so that it is recorded like
everything else that happens. Its class also has the words of the timeline and makes its effect. An effect
does one of three things to an attempt:

- a `Limit` throttles it,
- a `Decision` accepts or refuses it,
- a `Latency` answers it late.

`actors/fault_state` asks them in that order, and within each in the order of `faults.Behaviour`.
An effect sees the attempt as an `Attempt` and needs no actor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from simbridge.base.errors import SimbridgeError

__all__ = [
    "OK",
    "Attempt",
    "Decision",
    "Effect",
    "Fault",
    "FaultMethods",
    "Latency",
    "Limit",
    "Verdict",
    "whole_number",
]

OK = "ok"
"""The outcome of an attempt that is accepted."""

Verdict = tuple[str | None, str | None]
"""Error code and text of an attempt; None and None if it is accepted."""


class Attempt(Protocol):
    """One attempt, as an effect sees it."""

    @property
    def now_us(self) -> int:
        """The instant of the attempt."""

    def sample(self, purpose: str) -> int:
        """A number in [0, 2**32) that depends on the seed, this attempt and the purpose alone."""

    def verdict(self, outcome: str, text: str = "") -> Verdict:
        """The verdict for "ok" or an error code. `text` replaces the usual words of the service."""

    def ask(self, number: int) -> str:
        """The outcome that a function of the stand-in returns for this attempt."""


class Fault(msgspec.Struct, frozen=True, tag=True):
    """The description of a fault: frozen, hence shared and never copied.

    `method` is the method of a handle that sends it. In a trace every field is written out. msgspec
    could leave out those that *are* their default, but a large number that has been pickled is another
    object: the trace would have another digest.
    """

    method: ClassVar[str]
    forgets: ClassVar[bool] = False
    """Whether it ends all faults before it, and has no effect of its own."""

    def words(self) -> str:
        """The predicate of the sentence in the timeline: "takes 5 attempts a second"."""
        raise NotImplementedError

    def effect(self) -> Effect[Any]:
        """A new effect, without any description yet."""
        raise NotImplementedError

    def __deepcopy__(self, memo: object) -> Fault:
        return self


Described = TypeVar("Described", bound=Fault)


class Effect(ABC, Generic[Described]):
    """What the faults of one class do to the attempts of one stand-in."""

    @abstractmethod
    def add(self, fault: Described, now_us: int) -> None:
        """Another description of this class holds from now on."""


class Limit(Effect[Described]):
    """An effect that throttles."""

    @abstractmethod
    def throttles(self, now_us: int) -> bool:
        """Whether an attempt at this instant is throttled. If not, it takes up room."""

    def begin(self, until_us: int) -> None:  # most limits do not ask how long
        """The attempt is worked on until then."""

    def put_back(self) -> None:  # most limits keep nothing of an attempt
        """The attempt that was just let through is not made after all."""


class Decision(Effect[Described]):
    """An effect that accepts or refuses."""

    @abstractmethod
    def decide(self, attempt: Attempt) -> Verdict | None:
        """The verdict; None leaves it to the next decision, and at last to the stand-in, which accepts."""

    def constant(self) -> tuple[int, int, str, str] | None:
        """A span in which every attempt gets the same answer: from, until, error code and text."""
        return None


class Latency(Effect[Described]):
    """An effect that answers late."""

    @abstractmethod
    def latency_us(self, attempt: Attempt) -> int:
        """How long the answer to this attempt takes."""


class FaultMethods(ABC):
    """What the methods of a handle need for sending faults; each fault's module adds its own method."""

    @abstractmethod
    def _now_us(self) -> int:
        """The current instant."""

    @abstractmethod
    def _send(self, *faults: Fault) -> None:
        """Have these faults hold from now on."""

    @abstractmethod
    def _check_error(self, error: str) -> None:
        """Raise `SimbridgeError` for an error that this target cannot fail with."""

    @abstractmethod
    def _keep(self, function: Callable[..., Any]) -> int:
        """Keep a function with the stand-in. Returns the number by which `Attempt.ask` finds it."""


def whole_number(value: int, name: str) -> int:
    """The value itself. Raises `SimbridgeError` unless it is a whole number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SimbridgeError(f"{name} is a whole number from 1, not {value!r}")
    return value
