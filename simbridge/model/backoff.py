"""How long to wait before the next retry.

AWS says "exponential backoff and jitter" and no more (fidelity 2.1; user guide), see
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html, and no measurement has
been published. Two documented numbers bound the curve: by default there are up to 185 retries, and 24
hours. `CANDIDATES` are curves that AWS may have; check a result that depends on the curve under two of them.
`DEFAULT` is the simplest one that uses up both numbers at about the same time, `full_jitter_960s`.

The names of the jitter are those of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
With full jitter the bound doubles up to a cap, and the delay is uniform between zero and the bound, in whole
seconds, rounded up. The bound before the third retry is four seconds, and the sample 2**31 is in the
middle::

    >>> full_jitter_960s.delay_us(3, 2**31)
    3000000
    >>> [full_jitter_960s.delay_us(retry, 2**32 - 1) // clock.SECOND for retry in (1, 2, 3, 10, 11, 185)]
    [1, 2, 4, 512, 960, 960]
    >>> exponential("30s", factor=3, cap="5m", jitter="none").delay_us(2, 0) // clock.SECOND
    90

A backoff is any object with the method `delay_us(retry, sample)`; `World(backoff=...)` takes it. All numbers
are integers, so a delay is the same on every host.
"""

from __future__ import annotations

import inspect
from typing import Literal, Protocol, final

import msgspec

from simbridge.base import clock
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError

__all__ = [
    "CANDIDATES",
    "DEFAULT",
    "RETRIES",
    "Backoff",
    "Candidate",
    "check_backoff",
    "constant",
    "equal_jitter_30s_to_651s",
    "equal_jitter_648s",
    "exponential",
    "full_jitter_30s_to_976s",
    "full_jitter_60s_to_960s",
    "full_jitter_512s",
    "full_jitter_960s",
    "no_jitter_488s",
]

Jitter = Literal["full", "equal", "none"]

RETRIES = 185
"""How many retries of a delivery there are by default (user guide, "Event retry policy")."""

_DELAYS_MAX = 4096


class Backoff(Protocol):
    """A curve of delays."""

    def delay_us(self, retry: int, sample: int) -> int:
        """Microseconds before retry number `retry` (from 1); `sample` is uniform in [0, 2**32)."""


class _Curve(msgspec.Struct, frozen=True):
    """Bounds for the first retries, in steps; the last one is for all retries after them.

    `delays` are the multiples of the step up to the last bound, precomputed if there are few enough.
    """

    bounds: tuple[int, ...]
    step_us: int
    jitter: Jitter
    delays: tuple[int, ...] = ()

    def delay_us(self, retry: int, sample: int) -> int:
        bounds = self.bounds
        bound = bounds[retry - 1] if retry <= len(bounds) else bounds[-1]
        if self.jitter == "full":
            step = bound * sample >> 32
        elif self.jitter == "equal":
            step = bound - (bound * sample >> 33) - 1
        else:
            step = bound - 1
        return self.delays[step] if self.delays else (step + 1) * self.step_us

    def mean_span_us(self, retries: int = RETRIES) -> int:
        """Microseconds that so many retries take on average, one after the other."""
        bounds = [self.bounds[min(retry, len(self.bounds) - 1)] for retry in range(retries)]
        return sum(map(self._twice_mean, bounds)) * self.step_us // 2

    def _twice_mean(self, bound: int) -> int:
        """Twice the mean of the delays below a bound, in steps: they are uniform."""
        least = {"full": 1, "equal": bound - (bound - 1) // 2, "none": bound}[self.jitter]
        return least + bound

    def __repr__(self) -> str:
        what = f"bounds={self.bounds}, step_us={self.step_us}, jitter={self.jitter!r}"
        return f"_Curve({what})"


@final
class Candidate(_Curve, frozen=True, kw_only=True, dict=True):
    """A curve that AWS may have; its docstring says what speaks for it and what against it.

    `name` is its name in `simbridge.backoff`.
    """

    name: str
    speaks_for: str
    speaks_against: str

    def __post_init__(self) -> None:
        text = (
            f"{self.formula}\n\n{self.span}\nFor: {self.speaks_for}\nAgainst: {self.speaks_against}"
        )
        msgspec.structs.force_setattr(self, "__doc__", text)

    @property
    def formula(self) -> str:
        """The delay before retry n, in words and numbers."""
        first, cap = self.bounds[0], self.bounds[-1]
        bound = f"min({cap} s, {first} s * 2^(n-1))"
        drawn = {
            "full": "uniform in (0, bound]",
            "equal": "uniform in (bound/2, bound]",
            "none": "the bound",
        }
        return f"Before retry n: {drawn[self.jitter]}, with the bound {bound}."

    @property
    def span(self) -> str:
        """How much of the 24 hours of a delivery 185 retries take on average."""
        return f"{RETRIES} retries take {self.mean_span_us() / (3600 * clock.SECOND):.1f} h on average."

    def __repr__(self) -> str:
        return f"simbridge.backoff.{self.name}"


def exponential(
    first: Duration = "1s",
    *,
    factor: int = 2,
    cap: Duration = "16m",
    jitter: Jitter = "full",
    step: Duration = "1s",
) -> Backoff:
    """Delays bounded by `first`, `first * factor`, ... up to `cap`, in whole `step`s.

    A delay with `jitter` "full" is uniform between zero and the bound, with "equal" between half the
    bound and the bound; with "none" it is the bound. Raises `InvalidTime` for an invalid duration, and
    `SimbridgeError` for another factor or jitter, or if `first` is above `cap` or below `step`.
    """
    return _Curve(*_parts(first, factor, cap, jitter, step))


def _parts(
    first: Duration, factor: int, cap: Duration, jitter: Jitter, step: Duration
) -> tuple[tuple[int, ...], int, Jitter, tuple[int, ...]]:
    """The bounds of a curve, its step, its jitter, and its precomputed delays."""
    bound, last, unit = clock.duration(first), clock.duration(cap), clock.duration(step)
    if type(factor) is not int or factor < 1:
        raise SimbridgeError(f"the factor of a backoff is a whole number >= 1, not {factor!r}")
    if not 0 < unit <= bound <= last:
        raise SimbridgeError("a backoff needs step <= first <= cap, and a step above zero")
    bounds = []
    while bound < last and factor > 1:
        bounds.append(bound)
        bound *= factor
    bounds.append(last if factor > 1 else bound)
    steps = tuple(bound // unit for bound in bounds)
    few = steps[-1] <= _DELAYS_MAX
    delays = tuple(range(unit, bounds[-1] + 1, unit)) if few else ()
    return steps, unit, _checked(jitter), delays


def constant(delay: Duration, *, jitter: Jitter = "none") -> Backoff:
    """The same bound before every retry."""
    return exponential(delay, factor=1, cap=delay, jitter=jitter, step=_step(delay))


def _step(delay: Duration) -> Duration:
    """Whole seconds; milliseconds or microseconds for a delay that is shorter or has a fraction."""
    micros = clock.duration(delay)
    return next(text for text in ("1s", "1ms", "1us") if micros % clock.duration(text) == 0)


def _checked(jitter: Jitter) -> Jitter:
    if jitter not in ("full", "equal", "none"):
        raise SimbridgeError(f"jitter is 'full', 'equal' or 'none', not {jitter!r}")
    return jitter


def check_backoff(backoff: object) -> None:
    """Raise `SimbridgeError` unless the method of a backoff can be called: for a class, for example."""
    delay_us = getattr(backoff, "delay_us", None)
    try:
        inspect.signature(delay_us).bind(1, 0)  # type: ignore[arg-type]  # None is a TypeError, too
    except TypeError:
        raise SimbridgeError(
            "a backoff is an object with a method delay_us(retry, sample), see simbridge.backoff, "
            f"not {backoff!r}"
        ) from None
    except ValueError:  # a function that is not written in Python may have no signature
        pass


_USES_BOTH = "uses up 185 retries and 24 hours, the two documented numbers, at about the same time"
_EARLY = "spends 185 retries long before the 24 hours, which then bound nothing"
_UNMEASURED = "nothing known; that the first retries come within seconds is not measured"
_NO_EARLY = "nothing known; that the first retry comes so late is not measured"


def _candidate(
    name: str, first: Duration, cap: Duration, jitter: Jitter, speaks_for: str, speaks_against: str
) -> Candidate:
    return Candidate(
        *_parts(first, 2, cap, jitter, "1s"),
        name=name,
        speaks_for=f"{speaks_for}.",
        speaks_against=f"{speaks_against}.",
    )


full_jitter_960s = _candidate("full_jitter_960s", "1s", "960s", "full", _USES_BOTH, _UNMEASURED)
full_jitter_512s = _candidate(
    "full_jitter_512s",
    "1s",
    "512s",
    "full",
    "Alibaba Cloud's service of the same name publishes these bounds, without jitter",
    _EARLY,
)
full_jitter_60s_to_960s = _candidate(
    "full_jitter_60s_to_960s",
    "60s",
    "960s",
    "full",
    f"{_USES_BOTH}; Lambda waits a minute, too, before it runs a function again",
    _NO_EARLY,
)
equal_jitter_648s = _candidate("equal_jitter_648s", "1s", "648s", "equal", _USES_BOTH, _UNMEASURED)
no_jitter_488s = _candidate(
    "no_jitter_488s",
    "1s",
    "488s",
    "none",
    "185 retries take 24 hours to the second",
    "the user guide says that there is jitter",
)
full_jitter_30s_to_976s = _candidate(
    "full_jitter_30s_to_976s", "30s", "976s", "full", _USES_BOTH, _NO_EARLY
)
equal_jitter_30s_to_651s = _candidate(
    "equal_jitter_30s_to_651s", "30s", "651s", "equal", _USES_BOTH, _NO_EARLY
)

CANDIDATES = (
    full_jitter_960s,
    full_jitter_512s,
    full_jitter_60s_to_960s,
    equal_jitter_648s,
    no_jitter_488s,
    full_jitter_30s_to_976s,
    equal_jitter_30s_to_651s,
)
"""The curves that AWS may have, the default first."""

DEFAULT = full_jitter_960s
