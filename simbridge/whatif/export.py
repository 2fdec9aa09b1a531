"""The rows of a sweep in the forms that other programs read, and the command that repeats them."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from simbridge.base.json import to_text
from simbridge.base.lazy import optional_import
from simbridge.whatif.arguments import label, write_python, write_values

__all__ = ["how_to_repeat", "to_csv", "to_json", "to_pandas"]

Rows = Sequence[Mapping[str, Any]]


def to_pandas(rows: Rows) -> Any:
    """A `pandas.DataFrame`. Raises `SimbridgeError` if pandas is not installed."""
    return optional_import("pandas", "pandas").DataFrame(rows)


def to_json(rows: Rows) -> str:
    """A JSON array of objects."""
    return to_text(rows, indent=1, default=label, ascii_only=False, allow_nan=True)


def to_csv(rows: Rows) -> str:
    """CSV with a header line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(value) for name, value in row.items()})
    return out.getvalue()


def how_to_repeat(scenario: str, file: str | None, vary: Any, seeds: Sequence[int]) -> str:
    """The call, and for a scenario of a file the command, that give the same rows again."""
    first, last = seeds[0], seeds[-1]
    is_range = list(seeds) == list(range(first, last + 1))
    written = f"range({first}, {last + 1})" if is_range else str(list(seeds))
    call = f"sb.sweep({scenario}, vary={write_python(vary)}, seeds={written})"
    if file is None or not is_range or not isinstance(vary, Mapping):
        return call
    command = _command(scenario, file, vary, seeds)
    return f"{call}\n{command}" if command else call


def _command(scenario: str, file: str, vary: Mapping[str, Any], seeds: Sequence[int]) -> str | None:
    """The command line; None if a value cannot be typed into a shell."""
    words = ["simbridge", "sweep", file, "--scenario", scenario]
    for name, values in vary.items():
        written = write_values(list(values))
        if written is None or not written.isprintable():
            return None
        words += ["--vary", f"{name}={written}"]
    return shlex.join([*words, "--seeds", f"{seeds[0]}-{seeds[-1]}"])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else label(value)
