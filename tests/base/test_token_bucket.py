"""The token bucket against its definition: in no interval more than its length allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.clock import SECOND
from simbridge.base.token_bucket import Bucket, Buckets


@given(st.integers(1, 50), st.lists(st.integers(0, SECOND // 2), min_size=1, max_size=200))
def test_no_interval_has_more_than_its_tokens(rate: int, gaps: list[int]) -> None:
    """At most one second's tokens at once, and `rate` a second beyond."""
    bucket, now, taken = Bucket(rate), 0, []
    for gap in gaps:
        now += gap
        if bucket.take(now):
            taken.append(now)
    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], start=first):
            assert (last - first + 1) * SECOND <= rate * SECOND + (end - begin) * rate


@given(st.integers(1, 50), st.integers(1, 200))
def test_reserved_tokens_come_at_the_rate(rate: int, count: int) -> None:
    """After the burst, the n-th is available n/rate seconds later, rounded up to a microsecond."""
    bucket = Bucket(rate)
    waits = [bucket.reserve(0, 10**12) for _ in range(rate + count)]
    late = [-(-number * SECOND // rate) for number in range(1, count + 1)]
    assert waits == [0] * rate + late


def test_a_refused_reservation_takes_nothing() -> None:
    """Asked again later, the same token is there."""
    bucket = Bucket(1)
    assert bucket.take(0)
    assert bucket.reserve(0, SECOND - 1) is None
    assert bucket.reserve(SECOND, 0) == 0


def test_each_account_has_its_own_bucket() -> None:
    """One account uses up its own tokens only."""
    buckets = Buckets(1)
    assert [buckets.take(account, 0) for account in ("a", "a", "b")] == [True, False, True]


@pytest.mark.parametrize("rate", [1, 7, 300])
def test_another_rate_keeps_what_was_reserved(rate: int) -> None:
    """The next token comes after the reserved ones, never earlier; then the new rate holds."""
    bucket = Bucket(3)
    old = [bucket.reserve(0, 10**9) for _ in range(9)]
    assert old[-1] == 2 * SECOND
    bucket.change_rate(rate)
    new = [bucket.reserve(0, 10**12) for _ in range(3 * rate)]
    assert None not in new
    waits = [wait for wait in new if wait is not None]
    full_at = 3 * SECOND
    assert waits[-1] == full_at + 2 * SECOND and waits == sorted(waits)


def test_another_rate_of_an_idle_bucket() -> None:
    """It is full at the new rate."""
    bucket = Bucket(1)
    bucket.change_rate(5)
    assert [bucket.take(0) for _ in range(6)] == [True] * 5 + [False]
