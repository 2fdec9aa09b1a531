"""Differences between two variants, seed by seed.

Under common random numbers the runs of one seed are a pair: a random effect on both cancels out in their
difference. So the result is the mean of the differences with Student's t interval, the standard method
for comparing two simulated systems with few runs (Law, Simulation Modeling and Analysis, chapter 10.2;
https://en.wikipedia.org/wiki/Paired_difference_test). It assumes that the differences are roughly normal.
If no seed shows a difference, the interval is the point 0.

With differences of 1, 2 and 3, the mean is 2 and the interval has the half-width 4.303 * 1 / sqrt(3):

>>> print(paired({}, {}, "dropped", [(1, 0), (3, 1), (5, 2)]))
+2 (-0.484 to +4.48)
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

from simbridge.base.table import MISSING, number

__all__ = ["Difference", "paired", "student_t"]

CONFIDENCE = 0.95


@final
class Difference(NamedTuple):
    """A measure of a variant minus that of its baseline, over the seeds in which both were measured.

    `low` and `high` bound the mean with 95 % confidence; None with fewer than two pairs.
    """

    variant: Mapping[str, Any]
    baseline: Mapping[str, Any]
    measure: str
    pairs: int
    mean: float | None
    low: float | None
    high: float | None

    @property
    def differs(self) -> bool:
        """Whether any seed shows a difference."""
        return (self.mean, self.low, self.high) not in (
            (None, None, None),
            (0, 0, 0),
            (0, None, None),
        )

    def __str__(self) -> str:
        if self.mean is None:
            return MISSING
        if self.low is None or self.high is None or self.low == self.high:
            return _signed(self.mean)
        return f"{_signed(self.mean)} ({_signed(self.low)} to {_signed(self.high)})"


def paired(
    variant: Mapping[str, Any],
    baseline: Mapping[str, Any],
    measure: str,
    pairs: Sequence[tuple[float | None, float | None]],
) -> Difference:
    """Compare two variants; `pairs` are their values under the same seeds."""
    differences = [a - b for a, b in pairs if a is not None and b is not None]
    mean = statistics.fmean(differences) if differences else None
    low = high = None
    if mean is not None and len(differences) > 1:
        error = statistics.stdev(differences, mean) / math.sqrt(len(differences))
        margin = student_t((1 + CONFIDENCE) / 2, len(differences) - 1) * error
        low, high = mean - margin, mean + margin
    return Difference(variant, baseline, measure, len(differences), mean, low, high)


def student_t(share: float, freedom: int) -> float:
    """The quantile of Student's t distribution, for a share above one half."""
    low, high = 0.0, 1.0
    while _student_share(high, freedom) < share:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if _student_share(middle, freedom) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _student_share(t: float, freedom: int) -> float:
    """The distribution function for whole degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    term = cosine if freedom % 2 else 1.0
    total = 0.0
    for step in range(1 if freedom % 2 else 0, freedom - 1, 2):
        total += term
        term *= cosine * cosine * (step + 1) / (step + 2)
    central = math.sin(angle) * total
    if freedom % 2:
        central = (angle + central) * 2 / math.pi
    return (1 + central) / 2


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value)
