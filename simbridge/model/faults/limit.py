"""Limits: what goes beyond so many attempts a second, or at the same time, is throttled."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import ClassVar, final

from simbridge.base.errors import SimbridgeError
from simbridge.base.token_bucket import Bucket
from simbridge.model.faults.fault import Fault, FaultMethods, Limit, whole_number

__all__ = ["Concurrency", "LimitMethod", "PerSecond"]


@final
class PerSecond(Fault, frozen=True):
    """Throttle what goes beyond this many attempts a second (a bucket of one second's tokens)."""

    method: ClassVar[str] = "limit"
    rate: int

    def words(self) -> str:
        """See `Fault.words`."""
        return f"takes {self.rate:,} attempts a second"

    def effect(self) -> RateLimit:
        """See `Fault.effect`."""
        return RateLimit(self.rate)


@final
class RateLimit(Limit[PerSecond]):
    """The rate limit of one stand-in; a new one replaces it and begins with a full bucket."""

    def __init__(self, rate: int) -> None:
        self._bucket = Bucket(rate)

    def add(self, fault: PerSecond, now_us: int) -> None:
        """See `Effect.add`."""
        self._bucket = Bucket(fault.rate)

    def throttles(self, now_us: int) -> bool:
        """See `Limit.throttles`."""
        return not self._bucket.take(now_us)

    def put_back(self) -> None:
        """See `Limit.put_back`."""
        self._bucket.put_back()


@final
class Concurrency(Fault, frozen=True):
    """Throttle while this many attempts are being worked on; for targets that take time."""

    method: ClassVar[str] = "limit"
    most: int

    def words(self) -> str:
        """See `Fault.words`."""
        return f"takes {self.most:,} attempts at a time"

    def effect(self) -> ConcurrencyLimit:
        """See `Fault.effect`."""
        return ConcurrencyLimit(self.most)


@final
class ConcurrencyLimit(Limit[Concurrency]):
    """The concurrency limit of one stand-in. A new one counts what is being worked on already."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends_us: list[int] = []  # a heap: when each attempt that is worked on is done

    def add(self, fault: Concurrency, now_us: int) -> None:
        """See `Effect.add`."""
        self._most = fault.most

    def throttles(self, now_us: int) -> bool:
        """See `Limit.throttles`."""
        while self._ends_us and self._ends_us[0] <= now_us:
            heappop(self._ends_us)
        return len(self._ends_us) >= self._most

    def begin(self, until_us: int) -> None:
        """See `Limit.begin`."""
        heappush(self._ends_us, until_us)


class LimitMethod(FaultMethods):
    """The method of a handle."""

    def limit(self, *, per_second: int | None = None, concurrency: int | None = None) -> None:
        """Throttle beyond so many attempts a second, or so many at the same time.

        Attempts are at the same time only if they take time: see `slow`.
        Raises `SimbridgeError` for a number below 1, and if no limit is given.
        """
        if per_second is None and concurrency is None:
            raise SimbridgeError("say which limit: per_second=50 or concurrency=10")
        limits: list[Fault] = []  # all are checked before one is sent
        if per_second is not None:
            limits.append(PerSecond(whole_number(per_second, "per_second")))
        if concurrency is not None:
            limits.append(Concurrency(whole_number(concurrency, "concurrency")))
        self._send(*limits)
