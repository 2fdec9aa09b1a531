"""The curve of retries: its bounds, its jitter, and what the default does with 185 retries."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge import backoff
from simbridge.clock import SECOND
from simbridge.luck import CERTAIN, draw, key

MOST = CERTAIN - 1


@pytest.mark.parametrize(
    ("curve", "bounds_s"),
    [
        (backoff.DEFAULT, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 960, 960, 960]),
        (backoff.exponential("2s", cap="10s"), [2, 4, 8, 10, 10]),
        (backoff.exponential("1s", cap="8s"), [1, 2, 4, 8, 8]),
        (backoff.exponential("1s", factor=10, cap="1h"), [1, 10, 100, 1000, 3600]),
        (backoff.exponential("100ms", cap="1s", step="100ms"), [0.1, 0.2, 0.4, 0.8, 1, 1]),
        (backoff.constant("90s"), [90, 90, 90]),
        (backoff.constant("1.5s"), [1.5, 1.5]),
        (backoff.constant("7us"), [7e-6, 7e-6]),
    ],
)
def test_bounds(curve: backoff.Backoff, bounds_s: list[float]) -> None:
    """With the worst luck a delay reaches its bound, and the last bound holds for ever."""
    delays = [curve.delay_us(retry, MOST) for retry in range(1, len(bounds_s) + 1)]
    assert delays == [round(bound * SECOND) for bound in bounds_s]
    assert curve.delay_us(185, MOST) == delays[-1]


@given(retry=st.integers(1, 185), luck=st.integers(0, MOST))
def test_jitter(retry: int, luck: int) -> None:
    """Full: from a step to the bound; equal: from half the bound; none: the bound; all whole steps."""
    none, equal, full = (
        backoff.exponential("2s", cap="5m", jitter=jitter).delay_us(retry, luck)
        for jitter in ("none", "equal", "full")
    )
    bound = min(2 << min(retry - 1, 20), 300) * SECOND
    assert none == bound
    assert bound / 2 <= equal <= bound
    assert SECOND <= full <= bound
    assert all(type(delay) is int and delay % SECOND == 0 for delay in (none, equal, full))


def test_the_default_spends_both_limits_at_about_the_same_time() -> None:
    """185 retries take 23.5 hours on average, so that either limit may come first."""
    sums = []
    for number in range(300):
        luck = key(number, "x")
        retries = range(1, 186)
        sums.append(
            sum(backoff.DEFAULT.delay_us(n, draw(luck, n)) for n in retries) / SECOND / 3600
        )
    assert 23.3 < sum(sums) / len(sums) < 23.7
    assert 0.2 < sum(hours > 24 for hours in sums) / len(sums) < 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: backoff.exponential("0s"),
        lambda: backoff.exponential("2h", cap="1h"),
        lambda: backoff.exponential("1s", factor=0),
        lambda: backoff.exponential("1s", factor=1.5),  # type: ignore[arg-type]
        lambda: backoff.exponential("1s", factor=float("nan")),  # type: ignore[arg-type]
        lambda: backoff.exponential("100ms"),  # shorter than a step
        lambda: backoff.exponential(jitter="some"),  # type: ignore[arg-type]
        lambda: backoff.exponential("soon"),
        lambda: backoff.constant("0s"),
        lambda: sb.World(backoff="1s"),  # type: ignore[arg-type]
    ],
)
def test_a_curve_that_cannot_be(wrong: Any) -> None:
    """It is refused when it is made."""
    with pytest.raises(sb.SimbridgeError):
        wrong()


def test_a_backoff_of_ones_own() -> None:
    """It is asked once for each retry, with its number and an even luck, and its answer holds."""
    asked: list[tuple[int, int]] = []

    class Own:
        def delay_us(self, retry: int, luck: int) -> int:
            asked.append((retry, luck))
            return retry * SECOND

    world = sb.World(backoff=Own())
    pay = world.function("pay")
    pay.fails("THROTTLING")
    target = {"Id": "1", "Arn": pay.arn, "RetryPolicy": {"MaximumRetryAttempts": 5}}
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.run(minutes=5)
    assert [retry for retry, _ in asked] == [1, 2, 3, 4, 5]
    assert len({luck for _, luck in asked}) == 5
    assert all(0 <= luck < CERTAIN for _, luck in asked)
    (delivery,) = world.trace.deliveries()
    times = [attempt.time.timestamp() for attempt in delivery.attempts]
    assert [b - a for a, b in pairwise(times)] == [1, 2, 3, 4, 5]


class _Minute:
    def delay_us(self, retry: int, luck: int) -> int:
        return 60 * SECOND


class _OfRetriesAlone:
    def delay_us(self, retry: int) -> int:
        return retry * SECOND


class _Static:
    @staticmethod
    def delay_us(retry: int, luck: int) -> int:
        return retry * SECOND


@pytest.mark.parametrize("wrong", [_Minute, _OfRetriesAlone(), "1m", None, len])
def test_what_cannot_be_asked_is_no_backoff(wrong: Any) -> None:
    """A class in place of its object, or a method of one argument, is told before anything runs."""
    with pytest.raises(sb.SimbridgeError, match=r"delay_us\(retry, luck\).*, not "):
        sb.World(backoff=wrong)


class _Gaps:
    def delay_us(self, retry: int, luck: int) -> int:
        return {1: SECOND}[retry]


def test_a_backoff_that_raises_is_told() -> None:
    """The run ends with the number of the retry; what was raised is the cause."""
    world = sb.World(backoff=_Gaps())
    pay = world.function("pay")
    pay.fails("THROTTLING")
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": pay.arn}])
    world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    with pytest.raises(sb.HandlerFailed, match=r"backoff failed at retry 2: KeyError\(2\)") as told:
        world.run(minutes=5)
    assert isinstance(told.value.__cause__, KeyError)


def test_a_class_that_can_be_asked_is_a_backoff() -> None:
    """What counts is that the method takes a retry and a luck."""
    assert sb.World(backoff=_Static).now == sb.World(backoff=_Minute()).now
