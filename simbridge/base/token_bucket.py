"""A token bucket in integers: so many a second, with a burst of one second's worth.

Kept as the one number of the generic cell rate algorithm (ITU-T I.371): the instant at which the
bucket would be full again, in microseconds times the rate, so that nothing is ever rounded.
"""

from __future__ import annotations

from typing import final

from simbridge.base.clock import SECOND

__all__ = ["Bucket", "Buckets"]


@final
class Bucket:
    """`rate` tokens a second, at most that many at once."""

    __slots__ = ("_full_at", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._full_at = 0

    def take(self, now_us: int) -> bool:
        """Take a token, if there is one."""
        return self.reserve(now_us, 0) is not None

    def reserve(self, now_us: int, most_us: int) -> int | None:
        """Take the next token there will be, and return how long until it is there, in microseconds.

        None, and nothing is taken, if that would be longer than `most_us`.
        """
        now = now_us * self.rate
        wait = max(0, -(-(self._full_at - now - (self.rate - 1) * SECOND) // self.rate))
        if wait > most_us:
            return None
        self._full_at = max(self._full_at, now) + SECOND
        return wait

    def put_back(self) -> None:
        """Put back the token that was taken last."""
        self._full_at -= SECOND


@final
class Buckets:
    """A bucket of one rate for each who has a share: what each account may do in a region."""

    __slots__ = ("_of", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._of: dict[str, Bucket] = {}

    def take(self, who: str, now_us: int) -> bool:
        """Take a token of theirs, if there is one."""
        bucket = self._of.get(who)
        if bucket is None:
            bucket = self._of[who] = Bucket(self.rate)
        return bucket.take(now_us)
