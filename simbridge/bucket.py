"""A token bucket in integers: so many a second, with a burst of one second's worth.

Kept as the one number of the generic cell rate algorithm (ITU-T I.371): the instant at which the
bucket would be full again, in microseconds times the rate, so that nothing is ever rounded.
"""

from __future__ import annotations

from typing import final

from simbridge.clock import SECOND

__all__ = ["Bucket"]


@final
class Bucket:
    """`rate` tokens a second, at most that many at once."""

    __slots__ = ("_full_at", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._full_at = 0

    def take(self, now_us: int) -> bool:
        """Take a token, if there is one."""
        if self._wait(now_us) > 0:
            return False
        self.reserve(now_us)
        return True

    def reserve(self, now_us: int) -> int:
        """Take the next token there will be; returns how long until it is there, in microseconds."""
        wait = self._wait(now_us)
        self._full_at = max(self._full_at, now_us * self.rate) + SECOND
        return -(-wait // self.rate) if wait > 0 else 0

    def _wait(self, now_us: int) -> int:
        """How long until a token is there, in microseconds times the rate."""
        return self._full_at - now_us * self.rate - (self.rate - 1) * SECOND
