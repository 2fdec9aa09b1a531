"""Counter-based random numbers: pure, uniform, and independent of each other."""

from __future__ import annotations

from simbridge.base.rng import SAMPLE_RANGE, draw, key


def test_samples_are_pure_functions_of_their_names() -> None:
    """The numbers are pinned: a change would change every trace."""
    orders = key(7, "queue", "failures", "orders")
    assert orders == 5072633280185115403
    assert [draw(orders, index) for index in (0, 1, 2, 10**9)] == [
        70155485,
        3352013403,
        1589653969,
        140271142,
    ]


def test_samples_are_uniform() -> None:
    """In each of 16 bins, within five standard deviations of the mean, for three keys."""
    for name in "abc":
        bins = [0] * 16
        chosen = key(1, name)
        for index in range(16_000):
            sample = draw(chosen, index)
            assert 0 <= sample < SAMPLE_RANGE
            bins[sample * 16 // SAMPLE_RANGE] += 1
        assert all(abs(count - 1000) < 5 * 31 for count in bins)


def test_names_are_not_joined() -> None:
    """The border between two names is part of the key, and so is the seed."""
    keys = {key(1, "ab", "c"), key(1, "a", "bc"), key(1, "abc"), key(11, "ab", "c"), key(2, "abc")}
    assert len(keys) == 5
