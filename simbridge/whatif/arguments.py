"""Writes and reads the varied values as text: in tables, in commands, in Python.

A run is identified by its values, so the text of a value is the same in every process and no two variants
of a sweep have the same text. `read_values` and `write_values` are inverse, so that the command in a report
can be typed into a shell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from simbridge.base.printable import printable

__all__ = ["file_of", "label", "labels", "named", "read_values", "write_python", "write_values"]


def label(value: Any) -> str:
    """A varied value, short."""
    if isinstance(value, str):
        return value
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    text = repr(value)
    return f"<{type(value).__name__}>" if " at 0x" in text else text


def labels(variant: Mapping[str, Any]) -> str:
    """The values of a variant with their names."""
    return " ".join(f"{name}={label(value)}" for name, value in variant.items())


def named(function: Callable[..., Any]) -> str:
    """The name of a scenario."""
    return str(getattr(function, "__name__", None) or type(function).__name__)


def file_of(function: Callable[..., Any]) -> str | None:
    """The name of the file that a scenario is in; None if it is in none."""
    file = getattr(function, "__globals__", {}).get("__file__")
    return Path(file).name if file else None


def read_values(text: str) -> list[Any]:
    """Values from a command: `1h,25h`, `0,5,185`, or a JSON list.

    A value that is a number, true, false or null in JSON is that; every other is text.
    """
    if text.startswith("["):
        listed = _json(text)
        if isinstance(listed, list):
            return listed
    return [_read(part) for part in text.split(",")]


def write_values(values: Sequence[Any]) -> str | None:
    """The text that `read_values` reads as these; None if a value cannot be written in JSON."""
    if not all(value is None or isinstance(value, str | int | float) for value in values):
        return None
    if any(isinstance(value, float) and math.isnan(value) for value in values):
        return None
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    short = ",".join(texts)
    if (
        values
        and read_values(short) == list(values)
        and list(map(type, read_values(short))) == list(map(type, values))
    ):
        return short
    return json.dumps(list(values), ensure_ascii=False)


def write_python(value: Any) -> str:
    """A value as Python source; its label if it has no such form."""
    if isinstance(value, Mapping):
        items = (f"{write_python(name)}: {write_python(one)}" for name, one in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | range):
        return f"[{', '.join(map(write_python, value))}]"
    if isinstance(value, str):
        return printable(json.dumps(value, ensure_ascii=False))
    return label(value)


def _read(text: str) -> Any:
    value = _json(text)
    return text if (value is None and text != "null") or isinstance(value, dict | list) else value


def _json(text: str) -> Any:
    """The value of a JSON text; None if it is not JSON."""
    try:
        return json.loads(text, parse_constant=_constant)
    except (ValueError, RecursionError):
        return None


def _constant(text: str) -> float:
    """A constant that Python reads beyond JSON. NaN stays text: as a number it is not equal to itself."""
    if text == "NaN":
        raise ValueError("NaN is not JSON")
    return float(text)
