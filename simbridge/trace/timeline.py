"""Prints a trace for people: one line for each thing that happened, virtual time first.

Text and the table of a notebook are two forms of the same rows; `render` makes the sentences.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from typing import NamedTuple, final

from simbridge.base import clock
from simbridge.kernel import Entry
from simbridge.trace.render import GREEN, PLAIN, RED, YELLOW, RenderContext, describe

__all__ = ["lines", "table"]

_DIM = "\x1b[2m"

_CSS = {GREEN: "color: green", RED: "color: firebrick", YELLOW: "color: darkgoldenrod"}

ROWS_MAX = 1000
"""A notebook's table shows this many rows; those left out in the middle are counted."""


@final
class _Row(NamedTuple):
    time: str
    elapsed: str
    mark: str
    colour: str
    text: str


def lines(entries: Iterable[Entry], *, colour: bool) -> Iterator[str]:
    """The timeline as text, without the records that only repeat another line (`render.HIDDEN`)."""
    for row in _rows(entries):
        time = f"{row.time}  {row.elapsed:>11}"
        if colour:
            yield f"{_DIM}{time}{PLAIN}  {row.colour}{row.mark} {row.text}{PLAIN}"
        else:
            yield f"{time}  {row.mark} {row.text}"


def table(entries: Iterable[Entry]) -> str:
    """The timeline as an HTML table, for notebooks."""
    rows = _rows(entries)
    first = list(islice(rows, ROWS_MAX // 2))
    last: deque[_Row] = deque(maxlen=ROWS_MAX - len(first))
    rest = 0
    for row in rows:
        last.append(row)
        rest += 1
    body = [_html(row) for row in first]
    if rest > len(last):
        body.append(f'<tr><td colspan="4">… {rest - len(last):,} more …</td></tr>')
    body.extend(_html(row) for row in last)
    head = "<tr><th>virtual time</th><th>elapsed</th><th></th><th>what happened</th></tr>"
    return "\n".join(
        ["<table>", f"<thead>{head}</thead>", "<tbody>", *body, "</tbody>", "</table>"]
    )


def _rows(entries: Iterable[Entry]) -> Iterator[_Row]:
    start: int | None = None
    context = RenderContext()
    for entry in entries:
        time = entry[0]
        start = time if start is None else start
        line = describe(entry, context)
        if line is not None:
            instant = clock.iso_micros(time)[:-4].replace("T", " ")
            yield _Row(instant, "+" + clock.elapsed(time - start), *line)


def _html(row: _Row) -> str:
    style = _CSS.get(row.colour)
    mark = f'<td style="{style}">{row.mark}</td>' if style else f"<td>{row.mark}</td>"
    text = f'<td style="text-align: left">{escape(row.text)}</td>'
    return f"<tr><td>{row.time}</td><td>{row.elapsed}</td>{mark}{text}</tr>"
