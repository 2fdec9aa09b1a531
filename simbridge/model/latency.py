"""Log-normal latencies: the quantile of a uniform sample, interpolated in a table of whole microseconds.

A latency is log-normal if its logarithm is normal. Two figures say which: the median m and the 99th
percentile p. The quantile at q is then::

    m * exp(s * z(q)),   s = ln(p / m) / z(0.99),   z: the quantiles of the standard normal distribution

This is inverse transform sampling (https://en.wikipedia.org/wiki/Inverse_transform_sampling): a uniform
sample is taken as q. The quantiles at 4,096 even steps are computed once and rounded; between two of them
the line is followed in integers. So every host gets the same latency for the same sample.

With a median of 50 ms and a 99th percentile of 130 ms, half of all latencies are below 50 ms::

    >>> half = 2**31
    >>> latency_us(50_000, 130_000, half)
    50000
    >>> latency_us(50_000, 130_000, half // 2), latency_us(50_000, 130_000, 2 * half * 99 // 100)
    (37901, 129999)
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = ["latency_us"]

_STEPS_BITS = 12


def latency_us(median_us: int, p99_us: int, sample: int) -> int:
    """The log-normal latency for a sample that is uniform in [0, 2**32)."""
    if median_us == p99_us:
        return median_us
    table = _quantiles(median_us, p99_us)
    step = sample >> (32 - _STEPS_BITS)
    between = sample & ((1 << (32 - _STEPS_BITS)) - 1)
    low = table[step]
    return low + ((table[step + 1] - low) * between >> (32 - _STEPS_BITS))


@lru_cache(maxsize=64)
def _quantiles(median_us: int, p99_us: int) -> tuple[int, ...]:
    """The quantiles at even steps; the outermost are taken a quarter of a step from the ends."""
    normal, steps = NormalDist(), 1 << _STEPS_BITS
    spread = math.log(p99_us / median_us) / normal.inv_cdf(0.99)
    places = [min(max(n, 0.25), steps - 0.25) / steps for n in range(steps + 1)]
    return tuple(round(median_us * math.exp(spread * normal.inv_cdf(place))) for place in places)
