"""How long to wait before the next retry.

AWS says "exponential backoff and jitter" and no more (user guide, "How EventBridge retries
delivering events"). Two documented numbers bound the curve: by default there are up to 185 retries,
and 24 hours. `DEFAULT` is the simplest curve that uses up both at about the same time: delays double
from one second up to a cap, each drawn evenly between nothing and that bound ("full jitter"). With a
cap of 16 minutes 185 of them take 23.5 hours on average. Delays are whole seconds, rounded up.

A backoff is any object with the one method of `Backoff`; `World(backoff=...)` takes it. Everything is
integers, so a delay is the same on every host.
"""

from __future__ import annotations

import inspect
from typing import Literal, Protocol, final

import msgspec

from simbridge import clock
from simbridge.clock import Duration
from simbridge.errors import SimbridgeError

__all__ = ["DEFAULT", "Backoff", "check_backoff", "constant", "exponential"]

Jitter = Literal["full", "equal", "none"]

_DELAYS_MAX = 4096


class Backoff(Protocol):
    """A curve of delays."""

    def delay_us(self, retry: int, luck: int) -> int:
        """Microseconds before retry number `retry` (from 1); `luck` is even in [0, 2**32)."""


@final
class _Curve(msgspec.Struct, frozen=True):
    """Bounds for the first retries, in steps; the last one holds for all that follow.

    `delays` are the multiples of the step up to the last bound, ready to be handed out, where there
    are few enough of them.
    """

    bounds: tuple[int, ...]
    step_us: int
    jitter: Jitter
    delays: tuple[int, ...] = ()

    def delay_us(self, retry: int, luck: int) -> int:
        bounds = self.bounds
        bound = bounds[retry - 1] if retry <= len(bounds) else bounds[-1]
        if self.jitter == "full":
            step = bound * luck >> 32
        elif self.jitter == "equal":
            step = bound - (bound * luck >> 33) - 1
        else:
            step = bound - 1
        return self.delays[step] if self.delays else (step + 1) * self.step_us

    def __repr__(self) -> str:
        what = f"bounds={self.bounds}, step_us={self.step_us}, jitter={self.jitter!r}"
        return f"_Curve({what})"


def exponential(
    first: Duration = "1s",
    *,
    factor: int = 2,
    cap: Duration = "16m",
    jitter: Jitter = "full",
    step: Duration = "1s",
) -> Backoff:
    """Delays bounded by `first`, `first * factor`, ... up to `cap`, in whole `step`s.

    `jitter` "full" draws evenly between nothing and the bound, "equal" between half of it and all of
    it, "none" always takes the bound. Raises `InvalidTime` for a duration that is none, and
    `SimbridgeError` for a curve that cannot rise.
    """
    bound, last, unit = clock.duration(first), clock.duration(cap), clock.duration(step)
    if type(factor) is not int or factor < 1:
        raise SimbridgeError(f"the factor of a backoff is a whole number >= 1, not {factor!r}")
    if not 0 < unit <= bound <= last:
        raise SimbridgeError("a backoff starts at a step or more, and at or below its cap")
    bounds = []
    while bound < last and factor > 1:
        bounds.append(bound)
        bound *= factor
    bounds.append(last if factor > 1 else bound)
    steps = tuple(bound // unit for bound in bounds)
    few = steps[-1] <= _DELAYS_MAX
    delays = tuple(range(unit, bounds[-1] + 1, unit)) if few else ()
    return _Curve(steps, unit, _checked(jitter), delays)


def constant(delay: Duration, *, jitter: Jitter = "none") -> Backoff:
    """The same bound before every retry."""
    return exponential(delay, factor=1, cap=delay, jitter=jitter, step=_step(delay))


def _step(delay: Duration) -> Duration:
    """Whole seconds; milliseconds or microseconds for what is shorter or has a fraction."""
    micros = clock.duration(delay)
    return next(text for text in ("1s", "1ms", "1us") if micros % clock.duration(text) == 0)


def _checked(jitter: Jitter) -> Jitter:
    if jitter not in ("full", "equal", "none"):
        raise SimbridgeError(f"jitter is 'full', 'equal' or 'none', not {jitter!r}")
    return jitter


def check_backoff(backoff: object) -> None:
    """Raise `SimbridgeError` for what cannot be asked as a backoff is: a class of one, for example."""
    delay_us = getattr(backoff, "delay_us", None)
    try:
        inspect.signature(delay_us).bind(1, 0)  # type: ignore[arg-type]  # None is a TypeError, too
    except TypeError:
        raise SimbridgeError(
            "a backoff is an object with a method delay_us(retry, luck), see simbridge.backoff, "
            f"not {backoff!r}"
        ) from None
    except ValueError:  # a function that is not written in Python may not tell
        pass


DEFAULT = exponential()
