"""Plots a sweep: loss and delay of every variant, side by side.

There is one row for each variant, so two variants and two hundred are drawn the same way. On the left is the
share of deliveries that never arrived; on the right, how long the others took. One without the other would
mislead: a policy that gives up early looks fast, because lost deliveries have no latency.

Only this module uses matplotlib. It uses no state of `pyplot`, and writes the same bytes each time.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simbridge.base.printable import printable
from simbridge.whatif.arguments import label
from simbridge.whatif.result import Spread, Sweep

__all__ = ["SweepFigure", "figure"]

# Okabe and Ito's colours, distinguishable with any kind of colour vision: https://jfly.uni-koeln.de/color/
LOSSES = {"dead_lettered": "#E69F00", "dropped": "#D55E00", "pending": "#999999"}
DELAYS = {
    "latency_p50_s": ("o", "#56B4E9"),
    "latency_p95_s": ("s", "#0072B2"),
    "latency_p99_s": ("D", "#004466"),
    "latency_max_s": ("|", "#000000"),
    "drain_s": ("x", "#CC79A7"),
}
ROW_INCHES = 0.32
TICKS_S = {0: "0", 1: "1s", 10: "10s", 60: "1m", 600: "10m", 3600: "1h", 21600: "6h", 86400: "1d"}
LEGEND: dict[str, Any] = {"frameon": False, "columnspacing": 1.0, "handletextpad": 0.3}
SETTINGS: dict[Any, Any] = {"svg.hashsalt": "simbridge", "svg.fonttype": "none", "font.size": 9}


@final
class SweepFigure(Figure):
    """A matplotlib figure that a notebook displays."""

    def _repr_svg_(self) -> str:
        out = io.StringIO()
        with matplotlib.rc_context(SETTINGS):
            self.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        return out.getvalue()


def figure(sweep: Sweep) -> SweepFigure:
    """See `Sweep.plot`."""
    summary = sweep.summary()
    names = [
        "  ".join(printable(f"{name}={label(line[name])}") for name in sweep.varied if name in line)
        for line in summary
    ]
    with matplotlib.rc_context(SETTINGS):
        drawn = SweepFigure(figsize=(11, 1.4 + ROW_INCHES * len(summary)), layout="constrained")
        loss, delay = drawn.subplots(1, 2, sharey=True)
        _draw_loss(loss, summary)
        _draw_delay(delay, summary)
        loss.set_yticks(range(len(names)), names)
        loss.set_ylim(len(names) - 0.5, -0.5)  # the first variant on top, as in the tables
        for axes in (loss, delay):
            axes.grid(axis="x", linewidth=0.3)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, **LEGEND)
    return drawn


def _draw_loss(axes: Axes, summary: Sequence[dict[str, Any]]) -> None:
    rows = range(len(summary))
    base = [0.0] * len(summary)
    for name, colour in LOSSES.items():
        shares = [_share(line[name], line["deliveries"]) for line in summary]
        if any(shares):
            axes.barh(rows, shares, left=base, color=colour, height=0.6, label=_title(name))
        base = [left + share for left, share in zip(base, shares, strict=True)]
    axes.set_xlim(0, max(1.0, *(1.05 * total for total in base)))
    axes.set_xlabel("deliveries that did not arrive, % (mean over the seeds)")


def _draw_delay(axes: Axes, summary: Sequence[dict[str, Any]]) -> None:
    most = 1.0
    for row, line in enumerate(summary):
        low, high = line["latency_p50_s"].mean, line["latency_max_s"].mean
        if low is not None:
            axes.plot([low, high], [row, row], color="#BBBBBB", linewidth=1, zorder=1)
    for name, (marker, colour) in DELAYS.items():
        points = [(line[name].mean, row) for row, line in enumerate(summary)]
        measured = [(value, row) for value, row in points if value is not None]
        if measured:
            values, rows = zip(*measured, strict=True)
            axes.scatter(values, rows, marker=marker, c=colour, s=24, label=_title(name), zorder=2)
            most = max(most, *values)
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_xticks(list(TICKS_S), list(TICKS_S.values()))
    axes.minorticks_off()
    axes.set_xlim(-0.2, most * 1.5)
    axes.set_xlabel("delay of what was delivered (mean over the seeds)")


def _share(part: Spread, whole: Spread) -> float:
    return 100 * (part.mean or 0) / whole.mean if whole.mean else 0.0


def _title(name: str) -> str:
    return name.removesuffix("_s").removeprefix("latency_").replace("_", "-")
