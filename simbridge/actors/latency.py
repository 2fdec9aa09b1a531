"""Log-normal times: drawn by looking up a sample in a table of quantiles, the same on every host."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from simbridge.model.faults import Slow

__all__ = ["latency_us"]

_STEPS_BITS = 12


def latency_us(slow: Slow, sample: int) -> int:
    """A log-normal latency for a sample in [0, 2**32), read off a table of whole microseconds."""
    if slow.median_us == slow.p99_us:
        return slow.median_us
    table = _quantiles(slow.median_us, slow.p99_us)
    step = sample >> (32 - _STEPS_BITS)
    between = sample & ((1 << (32 - _STEPS_BITS)) - 1)
    low = table[step]
    return low + ((table[step + 1] - low) * between >> (32 - _STEPS_BITS))


@lru_cache(maxsize=64)
def _quantiles(median_us: int, p99_us: int) -> tuple[int, ...]:
    """The quantiles at even steps; the outermost stand a quarter of a step from the ends."""
    normal, steps = NormalDist(), 1 << _STEPS_BITS
    spread = math.log(p99_us / median_us) / normal.inv_cdf(0.99)
    places = [min(max(n, 0.25), steps - 0.25) / steps for n in range(steps + 1)]
    return tuple(round(median_us * math.exp(spread * normal.inv_cdf(place))) for place in places)
