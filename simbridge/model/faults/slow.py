"""Latency: attempts are answered after a log-normal time."""

from __future__ import annotations

from typing import ClassVar, final

from simbridge.base import clock
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError
from simbridge.model.faults.fault import Attempt, Fault, FaultMethods, Latency
from simbridge.model.latency import latency_us

__all__ = ["Slow", "SlowMethod", "slow"]


@final
class Slow(Fault, frozen=True):
    """Answer late: a log-normal latency of this median and 99th percentile."""

    method: ClassVar[str] = "slow"
    median_us: int
    p99_us: int

    def words(self) -> str:
        """See `Fault.words`."""
        median, p99 = clock.elapsed(self.median_us), clock.elapsed(self.p99_us)
        return f"answers after {median} (99 %: {p99})"

    def effect(self) -> SlowAnswers:
        """See `Fault.effect`."""
        return SlowAnswers(self)

    def latency_us(self, sample: int) -> int:
        """The latency for a sample that is uniform in [0, 2**32)."""
        return latency_us(self.median_us, self.p99_us, sample)


@final
class SlowAnswers(Latency[Slow]):
    """The latency of one stand-in; a new one replaces it."""

    def __init__(self, slow: Slow) -> None:
        self._slow = slow

    def add(self, fault: Slow, now_us: int) -> None:
        """See `Effect.add`."""
        self._slow = fault

    def latency_us(self, attempt: Attempt) -> int:
        """See `Latency.latency_us`."""
        return self._slow.latency_us(attempt.sample("latency"))


class SlowMethod(FaultMethods):
    """The method of a handle."""

    def slow(self, median: Duration, p99: Duration | None = None) -> None:
        """Answer after a log-normal latency; without `p99` always after the median.

        A target that is called by HTTP (API Gateway, API destinations) has five seconds to answer, then
        the attempt ends with TIMEOUT. Raises `SimbridgeError` for a median of zero and for a `p99`
        below the median.
        """
        self._send(slow(median, p99))


def slow(median: Duration, p99: Duration | None = None) -> Slow:
    """A latency; without `p99` it is always the median."""
    low = clock.duration(median)
    high = low if p99 is None else clock.duration(p99)
    if not 0 < low <= high:
        raise SimbridgeError("a latency has a median above zero and a p99 that is not below it")
    return Slow(low, high)
