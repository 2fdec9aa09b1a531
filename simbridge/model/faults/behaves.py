"""Scripts and functions: the outcome of each attempt is listed, or decided by your function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, final

from simbridge.base.checks import list_of
from simbridge.base.clock import DateTime
from simbridge.base.errors import SimbridgeError
from simbridge.model import error_codes
from simbridge.model.faults.fault import OK, Attempt, Decision, Fault, FaultMethods, Verdict

__all__ = ["BehavesMethod", "Custom", "Decide", "Invocation", "Scripted", "scripted"]


@final
class Invocation(NamedTuple):
    """One attempt, as your function sees it."""

    event: dict[str, Any]
    attempt: int
    time: DateTime
    rule_arn: str


Decide = Callable[[Invocation], str]


@final
class Scripted(Fault, frozen=True):
    """Answer the coming attempts one by one like this, then accept."""

    method: ClassVar[str] = "behaves"
    outcomes: tuple[str, ...]

    def words(self) -> str:
        """See `Fault.words`."""
        return f"answers {', '.join(self.outcomes)}"

    def effect(self) -> Script:
        """See `Fault.effect`."""
        return Script()


@final
class Script(Decision[Scripted]):
    """The outcomes that are left of one stand-in's script, the next one last. A new script replaces it."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def add(self, fault: Scripted, now_us: int) -> None:
        """See `Effect.add`."""
        self._left = list(reversed(fault.outcomes))

    def decide(self, attempt: Attempt) -> Verdict | None:
        """See `Decision.decide`."""
        return attempt.verdict(self._left.pop()) if self._left else None


@final
class Custom(Fault, frozen=True):
    """Ask your function: its name, and its number among those of the stand-in."""

    method: ClassVar[str] = "behaves"
    function: str
    number: int

    def words(self) -> str:
        """See `Fault.words`."""
        return f"answers as {self.function} says"

    def effect(self) -> Question:
        """See `Fault.effect`."""
        return Question(self.number)


@final
class Question(Decision[Custom]):
    """The function that decides for one stand-in; a new one replaces it."""

    def __init__(self, number: int) -> None:
        self._number = number

    def add(self, fault: Custom, now_us: int) -> None:
        """See `Effect.add`."""
        self._number = fault.number

    def decide(self, attempt: Attempt) -> Verdict | None:
        """See `Decision.decide`."""
        return attempt.verdict(attempt.ask(self._number))


class BehavesMethod(FaultMethods):
    """The method of a handle."""

    def behaves(self, how: Scripted | Decide) -> None:
        """Answer attempts by a script, or by your function.

        `scripted(["THROTTLING", "ok"])` answers one attempt after the other. A function takes an
        `Invocation` and returns "ok" or an error code. Raises `SimbridgeError` for anything else.
        """
        if isinstance(how, Scripted):
            self._send(how)
        elif callable(how):
            name = getattr(how, "__qualname__", type(how).__name__)
            self._send(Custom(name, self._keep(how)))
        else:
            raise SimbridgeError(f"behaves() takes sb.scripted([...]) or a function, not {how!r}")


def scripted(outcomes: Sequence[str]) -> Scripted:
    """The outcomes of the coming attempts, "ok" or an error code each; later attempts are accepted.

    Raises `SimbridgeError` for a code that EventBridge does not have.
    """
    codes = list_of(outcomes, "a script", "of outcomes such as ['TIMEOUT', 'ok']")
    return Scripted(tuple(code if code == OK else error_codes.checked(code) for code in codes))
