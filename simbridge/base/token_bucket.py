"""A token bucket in integers: `rate` tokens a second, with a burst of one second's tokens.

It is the generic cell rate algorithm (GCRA, ITU-T I.371, https://www.itu.int/rec/T-REC-I.371). The state is
one number, the instant at which the bucket would be full again. A token moves it 1/rate of a second ahead.
It is kept in microseconds times the rate, so that nothing is ever rounded.

For example, with two tokens a second:

>>> bucket = Bucket(2)
>>> [bucket.take(0) for _ in range(3)]
[True, True, False]
>>> bucket.reserve(100_000, SECOND)
400000
>>> bucket.take(900_000), bucket.take(1_000_000)
(False, True)

The first two empty it. At 0.1 s the next token, of 0.5 s, is reserved 0.4 s ahead. The one after that is
there at 1 s.
"""

from __future__ import annotations

from typing import final

from simbridge.base.clock import SECOND

__all__ = ["Bucket", "Buckets"]


@final
class Bucket:
    """`rate` tokens a second, and at most `rate` at once."""

    __slots__ = ("_full_at", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._full_at = 0

    def take(self, now_us: int) -> bool:
        """Take a token now; False if there is none."""
        return self.reserve(now_us, 0) is not None

    def reserve(self, now_us: int, most_us: int) -> int | None:
        """Take the next token, and return how long it takes until it is available, in microseconds.

        If that is longer than `most_us`, return None and take nothing.
        """
        now = now_us * self.rate
        wait = max(0, -(-(self._full_at - now - (self.rate - 1) * SECOND) // self.rate))
        if wait > most_us:
            return None
        self._full_at = max(self._full_at, now) + SECOND
        return wait

    def change_rate(self, rate: int) -> None:
        """From now on there are `rate` tokens a second; what was reserved stays reserved."""
        self._full_at = -(-self._full_at * rate // self.rate)
        self.rate = rate

    def put_back(self) -> None:
        """Put back the token that was taken last."""
        self._full_at -= SECOND


@final
class Buckets:
    """One token bucket of the same rate per account, in one region."""

    __slots__ = ("_of", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._of: dict[str, Bucket] = {}

    def take(self, account: str, now_us: int) -> bool:
        """Take a token of this account now; False if there is none."""
        bucket = self._of.get(account)
        if bucket is None:
            bucket = self._of[account] = Bucket(self.rate)
        return bucket.take(now_us)
