"""How the benchmarks measure and what they print.

Machines differ and drift, so a figure of ours means little and its ratio to a peer's figure, taken
in the same minute, means something. `beside` therefore runs ours and theirs in turn, one pair after
the other, and keeps the median of each and the median of the ratios pair by pair. The garbage
collector stays on, as it is for a user; each measurement begins after a collection.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

Measurement = Callable[[], float]
"""Does the work once and returns a figure of which more is better: things done per second."""


class Pair(NamedTuple):
    """Medians of our figure and of a peer's, and the median of their ratios."""

    ours: float
    theirs: float
    ratio: float


def machine() -> str:
    """Which interpreter and how many processors; nothing that names the machine."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    )


def per_second(count: int, work: Callable[[], object]) -> float:
    """How often `count` things fit into a second, given that `work` does them all."""
    gc.collect()
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def median(measure: Measurement, rounds: int = 5) -> float:
    """The median of several rounds, after one that is not counted."""
    measure()
    return statistics.median(measure() for _ in range(rounds))


def beside(ours: Measurement, theirs: Measurement, rounds: int = 5) -> Pair:
    """Ours and theirs in turn, after one round that is not counted."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return Pair(
        statistics.median(our for our, _ in pairs),
        statistics.median(their for _, their in pairs),
        statistics.median(our / their for our, their in pairs),
    )


def short(figure: float) -> str:
    """A figure with as many digits as mean something."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def as_time(figure: float) -> str:
    """How long one thing takes of which so many are done in a second."""
    micros = 1e6 / figure
    return f"{micros:.3g} µs" if micros < 1000 else f"{micros / 1000:.3g} ms"


def title(text: str) -> None:
    """Open a table."""
    print(f"\n{text}\n{'':50} {'simbridge':>12} {'peer':>12} {'ratio':>9}  aim")


def row(
    what: str,
    pair: Pair,
    peer: str,
    aim: float | None = None,
    show: Callable[[float], str] = short,
) -> None:
    """A figure beside its peer's. The ratio is how many times as good as the peer we are."""
    wanted = "" if aim is None else f">= {aim:g} x, {'met' if pair.ratio >= aim else 'MISSED'}"
    figures = f"{show(pair.ours):>12} {show(pair.theirs):>12} {_ratio(pair.ratio):>9}"
    print(f"{what:50} {figures}  {wanted:18} {peer}".rstrip(), flush=True)


def alone(what: str, figure: float, show: Callable[[float], str] = short) -> None:
    """A figure that has no peer."""
    print(f"{what:50} {show(figure):>12}", flush=True)


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f} x" if ratio >= 20 else f"{ratio:.2f} x"
