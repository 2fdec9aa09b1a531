"""How the services behind targets behave: outages, errors, latency, limits, scripts.

A behaviour is a description: plain data that travels in a `Behave` message, so that it stands in the
trace like everything else that happened. What it means is decided where it acts, attempt by attempt
(`actors/fault_state`). Several behaviours of one stand-in hold together; the first that refuses decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import msgspec

from simbridge.base import clock
from simbridge.base.checks import list_of
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError
from simbridge.base.rng import SAMPLE_RANGE
from simbridge.model import error_codes

__all__ = [
    "OK",
    "Behaviour",
    "Concurrency",
    "Custom",
    "Fails",
    "PerSecond",
    "Recovers",
    "Scripted",
    "Slow",
    "concurrency",
    "per_second",
    "probability_u32",
    "scripted",
    "slow",
]

OK = "ok"


class _Behaviour(msgspec.Struct, frozen=True, tag=True):
    """Frozen, hence shared and never copied.

    In a trace every field is written out. msgspec could leave out those that *are* their default, but
    a large number that has been pickled is another object: the trace would have another digest.
    """

    def __deepcopy__(self, memo: object) -> _Behaviour:
        return self


@final
class Fails(_Behaviour, frozen=True):
    """Refuse with `error` from one instant up to, not including, another.

    `probability_u32` of the attempts fail, out of 2**32. `operation` is for calls of the API.
    """

    error: str
    from_us: int
    until_us: int = clock.LATEST
    probability_u32: int = SAMPLE_RANGE
    text: str = ""
    operation: str | None = None


@final
class Slow(_Behaviour, frozen=True):
    """Answer late: a log-normal latency of this median and 99th percentile."""

    median_us: int
    p99_us: int


@final
class PerSecond(_Behaviour, frozen=True):
    """Throttle what goes beyond this many attempts a second (a bucket of one second's tokens)."""

    rate: int


@final
class Concurrency(_Behaviour, frozen=True):
    """Throttle while this many attempts are being worked on; for targets that take time."""

    most: int


@final
class Scripted(_Behaviour, frozen=True):
    """Answer the coming attempts one by one like this, then accept."""

    outcomes: tuple[str, ...]


@final
class Custom(_Behaviour, frozen=True):
    """Ask a function of the scenario's: its name, and its number among those of the stand-in."""

    function: str
    number: int


@final
class Recovers(_Behaviour, frozen=True):
    """Forget all behaviours and accept."""


Behaviour = Fails | Slow | PerSecond | Concurrency | Scripted | Custom | Recovers


def probability_u32(rate: float) -> int:
    """A probability as a number out of 2**32. Raises `SimbridgeError` outside of 0..1."""
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise SimbridgeError(f"a rate is a number from 0 to 1, not {rate!r}")
    return round(rate * SAMPLE_RANGE)


def slow(median: Duration, p99: Duration | None = None) -> Slow:
    """A latency; without `p99` it is always the median."""
    low = clock.duration(median)
    high = low if p99 is None else clock.duration(p99)
    if not 0 < low <= high:
        raise SimbridgeError("a latency has a median above zero and a p99 that is not below it")
    return Slow(low, high)


def per_second(rate: int) -> PerSecond:
    """A rate limit."""
    return PerSecond(_count(rate, "per_second"))


def concurrency(most: int) -> Concurrency:
    """A concurrency limit."""
    return Concurrency(_count(most, "concurrency"))


def scripted(outcomes: Sequence[str]) -> Scripted:
    """The outcomes of the coming attempts, "ok" or an error code each; afterwards all is well.

    Raises `SimbridgeError` for a code that EventBridge does not have.
    """
    codes = list_of(outcomes, "a script", "of outcomes such as ['TIMEOUT', 'ok']")
    return Scripted(tuple(code if code == OK else error_codes.checked(code) for code in codes))


def _count(value: int, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SimbridgeError(f"{name} is a whole number from 1, not {value!r}")
    return value
