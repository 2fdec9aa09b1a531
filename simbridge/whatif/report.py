"""Writes the report of a sweep: one HTML page that needs nothing else.

Its reader has not run the sweep. It says what was varied, what the results are, what the figures mean and
how to repeat them. Nothing in it comes from the network or from the clock, so a repeated sweep writes the
same page.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path

from simbridge.base.checks import file_path
from simbridge.base.errors import SimbridgeError
from simbridge.base.files import replacing
from simbridge.base.printable import printable
from simbridge.base.table import Table
from simbridge.base.version import __version__
from simbridge.whatif.arguments import label
from simbridge.whatif.measures import MEASURES
from simbridge.whatif.prices import price_list
from simbridge.whatif.result import Sweep

__all__ = ["page", "write_report"]

FAILURES_MAX = 20

STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #ddd }
.wide { overflow-x: auto } svg { max-width: 100%; height: auto }
pre { background: #f5f5f5; padding: .6rem; overflow-x: auto }"""


def write_report(sweep: Sweep, path: str | Path) -> None:
    """See `Sweep.report`."""
    file = file_path(path, "the file of a report")
    if not file.parent.is_dir():
        raise SimbridgeError(f"there is no folder {file.parent} to write a report to")
    text = page(sweep)
    try:
        with replacing(file) as out:
            out.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise SimbridgeError(f"a report cannot be written to {file}: {error}") from error


def page(sweep: Sweep) -> str:
    """The whole page."""
    title = printable(f"{sweep.scenario}: {sweep.story}" if sweep.story else sweep.scenario)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            f'<head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>\n{STYLE}\n</style></head>",
            f"<body>\n<h1>{escape(title)}</h1>",
            *_body(sweep),
            "</body>\n</html>\n",
        ]
    )


def _body(sweep: Sweep) -> Iterator[str]:
    yield "<h2>Loss and delay</h2>"
    yield _picture(sweep)
    yield "<h2>Results</h2>"
    yield _wide(sweep.table())
    if len(sweep.variants) > 1:
        yield "<h2>Differences from the first variant</h2>"
        yield _wide(sweep.comparison())
    if sweep.failed:
        yield "<h2>Runs in which an assertion failed</h2>"
        yield _wide(_failures(sweep))
    yield "<h2>How to repeat it</h2>"
    yield f"<pre>{escape(sweep.how_to_repeat())}</pre>"
    yield f"<p>simbridge {escape(__version__)}. The same seeds and version give the same figures.</p>"
    yield "<h2>What the figures mean</h2>"
    yield _wide(_meanings(sweep))
    yield f"<p>Prices of {price_list()['date']}, {escape(price_list()['region'])}.</p>"


def _picture(sweep: Sweep) -> str:
    if find_spec("matplotlib") is None:
        return "<p>No plot: matplotlib is not installed (pip install 'simbridge[plot]').</p>"
    svg: str = sweep.plot()._repr_svg_()
    return svg[svg.index("<svg") :]


def _failures(sweep: Sweep) -> Table:
    failed = sweep.failed
    rows = [
        [*(label(row[name]) for name in sweep.varied), str(row["seed"]), row["failure"]]
        for row in failed[:FAILURES_MAX]
    ]
    notes = [f"and {len(failed) - FAILURES_MAX:,} more"] if len(failed) > FAILURES_MAX else []
    return Table([*sweep.varied, "seed", "assertion"], rows, numbers_from=99, notes=notes)


def _meanings(sweep: Sweep) -> Table:
    named = {row.name: row for row in reversed(MEASURES)}
    rows = [
        [row.name, row.unit, row.meaning] for row in named.values() if row.name in sweep.measures
    ]
    return Table(["measure", "unit", "meaning"], rows[::-1], numbers_from=99)


def _wide(table: Table) -> str:
    return f'<div class="wide">\n{table._repr_html_()}\n</div>'
