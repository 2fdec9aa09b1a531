"""Tables: rows of plain values as text for a terminal and as HTML for a notebook or a report.

Both forms are made from the same cells, so they always agree, and equal cells give equal bytes.

>>> print(Table(["rule", "matched"], [["orders", number(1200)]], numbers_from=1))
rule    matched
------  -------
orders    1,200
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import final

from simbridge.base.printable import printable

__all__ = ["Table", "number"]

MISSING = "–"


@final
class Table:
    """Rows below a header. `str()` is text; a notebook shows HTML.

    Columns from `numbers_from` on are aligned to the right. `notes` are sentences below the table.
    """

    def __init__(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        numbers_from: int = 0,
        notes: Sequence[str] = (),
    ) -> None:
        self.head = tuple(head)
        self.rows = [tuple(row) for row in rows]
        self.notes = tuple(notes)
        self._numbers_from = numbers_from

    def __str__(self) -> str:
        lines = [tuple(map(printable, line)) for line in (self.head, *self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]
        text = ["  ".join(self._aligned(line, widths)).rstrip() for line in lines]
        text.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([*text, *(["", *map(printable, self.notes)] if self.notes else [])])

    def __repr__(self) -> str:
        return str(self)

    def __len__(self) -> int:
        return len(self.rows)

    def _repr_html_(self) -> str:
        return "\n".join(
            [self.html(), *(f"<p>{escape(printable(note))}</p>" for note in self.notes)]
        )

    def html(self) -> str:
        """The table itself as HTML, without its notes. Every text is escaped."""
        head = "".join(self._cell("th", *cell) for cell in enumerate(self.head))
        body = [
            f"<tr>{''.join(self._cell('td', *cell) for cell in enumerate(row))}</tr>"
            for row in self.rows
        ]
        return "\n".join(
            [f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>", *body, "</tbody>\n</table>"]
        )

    def _aligned(self, line: Sequence[str], widths: Sequence[int]) -> list[str]:
        return [
            cell.rjust(width) if column >= self._numbers_from else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]

    def _cell(self, tag: str, column: int, text: str) -> str:
        side = "right" if column >= self._numbers_from else "left"
        return f'<{tag} style="text-align: {side}">{escape(printable(text))}</{tag}>'


def number(value: float | None) -> str:
    """A number as it is shown: whole numbers in full, others with three digits; a dash for None."""
    if value is None:
        return MISSING
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 999.5:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{max(digits, 0)}f}".rstrip("0").rstrip(".") if digits > 2 else f"{value:.3g}"
