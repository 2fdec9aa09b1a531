"""The curve of retries: its bounds, its jitter, and what the default does with 185 retries."""

from __future__ import annotations

import inspect
import pickle
from bisect import bisect_right
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.clock import SECOND
from simbridge.base.rng import SAMPLE_RANGE, draw, key
from simbridge.model import backoff

MOST = SAMPLE_RANGE - 1


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
    """With the largest sample a delay reaches its bound, and the last bound holds for ever."""
    delays = [curve.delay_us(retry, MOST) for retry in range(1, len(bounds_s) + 1)]
    assert delays == [round(bound * SECOND) for bound in bounds_s]
    assert curve.delay_us(185, MOST) == delays[-1]


@given(retry=st.integers(1, 185), sample=st.integers(0, MOST))
def test_jitter(retry: int, sample: int) -> None:
    """Full: from a step to the bound; equal: from half the bound; none: the bound; all whole steps."""
    none, equal, full = (
        backoff.exponential("2s", cap="5m", jitter=jitter).delay_us(retry, sample)
        for jitter in ("none", "equal", "full")
    )
    bound = min(2 << min(retry - 1, 20), 300) * SECOND
    assert none == bound
    assert bound / 2 <= equal <= bound
    assert SECOND <= full <= bound
    assert all(type(delay) is int and delay % SECOND == 0 for delay in (none, equal, full))


AGES_S = 60, 300, 3600, 86_400

# How many retries 2,000 deliveries have made at an age: 5th, 50th and 95th percentile; and the share of
# those that have made all 185 within a day.
MADE: dict[str, tuple[tuple[tuple[int, int, int], ...], float]] = {
    "full_jitter_960s": (((6, 6, 7), (8, 9, 10), (14, 16, 19), (176, 185, 185)), 0.69),
    "full_jitter_512s": (((6, 6, 7), (8, 9, 10), (19, 22, 25), (185, 185, 185)), 1.0),
    "full_jitter_60s_to_960s": (((1, 1, 2), (2, 3, 4), (8, 10, 13), (170, 182, 185)), 0.39),
    "equal_jitter_648s": (((6, 6, 6), (8, 8, 8), (15, 15, 16), (181, 185, 185)), 0.69),
    "no_jitter_488s": (((5, 5, 5), (8, 8, 8), (15, 15, 15), (185, 185, 185)), 1.0),
    "full_jitter_30s_to_976s": (((1, 2, 3), (3, 4, 5), (9, 11, 14), (168, 180, 185)), 0.30),
    "equal_jitter_30s_to_651s": (((1, 1, 2), (3, 3, 4), (10, 10, 11), (176, 180, 184)), 0.05),
}


@pytest.mark.parametrize("curve", backoff.CANDIDATES, ids=lambda curve: curve.name)
def test_candidates_make_as_many_retries_as_was_computed_elsewhere(
    curve: backoff.Candidate,
) -> None:
    """Medians to one retry, tails to one more: both were drawn; shares within five in a hundred."""
    made: dict[int, list[int]] = {age: [] for age in AGES_S}
    spans = []
    for number in range(2_000):
        sample, age, times = key(number, curve.name), 0, []
        for retry in range(1, 186):
            age += curve.delay_us(retry, draw(sample, retry)) // SECOND
            times.append(age)
        spans.append(age)
        for limit in AGES_S:
            made[limit].append(bisect_right(times, limit))
    expected, share = MADE[curve.name]
    for limit, (low, middle, high) in zip(AGES_S, expected, strict=True):
        seen = sorted(made[limit])
        assert abs(seen[1_000] - middle) <= 1
        assert abs(seen[100] - low) <= 2 and abs(seen[1_900] - high) <= 2
    assert abs(sum(retries == 185 for retries in made[86_400]) / 2_000 - share) <= 0.05
    mean_s = curve.mean_span_us() / SECOND
    assert abs(sum(spans) / len(spans) - mean_s) < 0.005 * mean_s


def test_candidates_are_named_curves_that_a_world_takes() -> None:
    """The default is the first; each says its formula, its span and what is known; none is told twice."""
    assert backoff.CANDIDATES[0] is backoff.DEFAULT is sb.backoff.full_jitter_960s
    assert set(MADE) == {curve.name for curve in backoff.CANDIDATES} <= set(backoff.__all__)
    for curve in backoff.CANDIDATES:
        assert getattr(sb.backoff, curve.name) is curve
        assert repr(curve) == f"simbridge.backoff.{curve.name}"
        text = inspect.getdoc(curve) or ""
        told = curve.formula, curve.span, curve.speaks_for, curve.speaks_against
        assert all(part in text for part in told)
        assert f"min({curve.name.split('_')[-1][:-1]} s" in curve.formula
        twin = pickle.loads(pickle.dumps(curve))
        assert twin == curve and inspect.getdoc(twin) == text


@given(retries=st.integers(0, 400))
def test_the_mean_span_is_that_of_the_bounds(retries: int) -> None:
    """A curve without jitter takes its bounds, one with full jitter half of each and half a step."""
    bounds = [min(1 << min(retry, 20), 960) for retry in range(retries)]
    plain = backoff.exponential(jitter="none").mean_span_us(retries)  # type: ignore[attr-defined]
    assert plain == sum(bounds) * SECOND
    half = sum(bound + 1 for bound in bounds) * SECOND // 2
    assert backoff.DEFAULT.mean_span_us(retries) == half


def test_worlds_differ_by_the_candidate() -> None:
    """The same deliveries, of which a minute sees six retries under one curve and one or two under another."""
    retries = {}
    for curve in (sb.backoff.full_jitter_960s, sb.backoff.full_jitter_60s_to_960s):
        world = sb.World(backoff=curve)
        pay = world.function("pay")
        pay.fails("THROTTLING")
        target = {"Id": "1", "Arn": pay.arn, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
        world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
        world.client().put_targets(Rule="r", Targets=[target])
        world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
        world.run(minutes=2)
        [delivery] = world.trace.deliveries()
        retries[curve.name] = delivery.attempt_count - 1
    assert retries["full_jitter_960s"] >= 5 > 2 >= retries["full_jitter_60s_to_960s"]


def test_the_default_spends_both_limits_at_about_the_same_time() -> None:
    """185 retries take 23.5 hours on average, so that either limit may come first."""
    sums = []
    for number in range(300):
        sample = key(number, "x")
        retries = range(1, 186)
        sums.append(
            sum(backoff.DEFAULT.delay_us(n, draw(sample, n)) for n in retries) / SECOND / 3600
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
    """It is asked once for each retry, with its number and a uniform sample, and its answer holds."""
    asked: list[tuple[int, int]] = []

    class Own:
        def delay_us(self, retry: int, sample: int) -> int:
            asked.append((retry, sample))
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
    assert len({sample for _, sample in asked}) == 5
    assert all(0 <= sample < SAMPLE_RANGE for _, sample in asked)
    (delivery,) = world.trace.deliveries()
    times = [attempt.time.timestamp() for attempt in delivery.attempts]
    assert [b - a for a, b in pairwise(times)] == [1, 2, 3, 4, 5]


class _Minute:
    def delay_us(self, retry: int, sample: int) -> int:
        return 60 * SECOND


class _OfRetriesAlone:
    def delay_us(self, retry: int) -> int:
        return retry * SECOND


class _Static:
    @staticmethod
    def delay_us(retry: int, sample: int) -> int:
        return retry * SECOND


@pytest.mark.parametrize("wrong", [_Minute, _OfRetriesAlone(), "1m", None, len])
def test_what_cannot_be_asked_is_no_backoff(wrong: Any) -> None:
    """A class in place of its object, or a method of one argument, is told before anything runs."""
    with pytest.raises(sb.SimbridgeError, match=r"delay_us\(retry, sample\).*, not "):
        sb.World(backoff=wrong)


class _Gaps:
    def delay_us(self, retry: int, sample: int) -> int:
        return {1: SECOND}[retry]


def test_a_backoff_that_raises_ends_the_run() -> None:
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
    """What counts is that the method takes a retry and a sample."""
    assert sb.World(backoff=_Static).now == sb.World(backoff=_Minute()).now
