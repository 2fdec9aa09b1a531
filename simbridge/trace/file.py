"""The file of a trace: the lines of `codec`, and one that says that this is the end.

A file that was cut, within a line or between two, lacks this line, and one that was thinned out has not
as many records as it says. Both would else be read as the trace of a world in which less has happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from simbridge.base import json
from simbridge.base.errors import SimbridgeError
from simbridge.base.files import DOCUMENT_BYTES_MAX, TooLong, lines
from simbridge.kernel import OUTSIDE, Entry
from simbridge.trace import codec
from simbridge.trace.checks import Checks

__all__ = ["read", "write"]

_HINT = "Write the trace again, or read what is there with Trace.from_jsonl(path, cut=True)"


def write(entries: Iterable[Entry], out: BinaryIO) -> None:
    """Write the lines of a trace and its end.

    Raises `OSError`, and `SimbridgeError` for a record that `read` would find too long.
    """
    count = 0
    for count, line in enumerate(codec.encode(entries), 1):
        if len(line) > DOCUMENT_BYTES_MAX:
            raise SimbridgeError(f"record {count} is too long for a file: {_told(len(line))}")
        out.write(line)
    end = (0, 0, 0, OUTSIDE, OUTSIDE, codec.End(count))
    out.write(json.encode(end) + b"\n")


def read(stream: BinaryIO, *, cut: bool) -> list[Entry]:
    """The entries of a file, each of them checked. `cut`: the end may be missing.

    Raises `OSError`, and `SimbridgeError` for what is not a whole trace.
    """
    reader = codec.Reader(Checks().check)
    entries: list[Entry] = []
    end: int | None = None
    number = 0
    for number, line in enumerate(lines(stream, lambda _: DOCUMENT_BYTES_MAX), 1):
        if isinstance(line, TooLong):
            raise SimbridgeError(f"line {number} is not a line of a trace: {_told(line.size)}")
        if not line.strip():
            continue
        if end is not None:
            raise SimbridgeError(f"line {number} comes after the end of the trace")
        try:
            entry = reader.read(number, line)
        except SimbridgeError as error:
            if line.endswith(b"\n"):
                raise
            if cut:
                break
            raise SimbridgeError(f"it was cut within line {number}. {_HINT}") from error
        if type(entry[5]) is codec.End:
            end = entry[5].records
        else:
            entries.append(entry)
    if end is None and not cut:
        raise SimbridgeError(
            f"its end is missing after line {number}: it was cut, or is of a version that wrote none. "
            f"{_HINT}"
        )
    if end is not None and end != len(entries):
        raise SimbridgeError(
            f"its last line says {end:,} records, and there are {len(entries):,}: "
            + ("some are missing" if end > len(entries) else "some were added")
        )
    return entries


def _told(size: int) -> str:
    return f"{size:,} bytes, and one has at most {DOCUMENT_BYTES_MAX:,}"
