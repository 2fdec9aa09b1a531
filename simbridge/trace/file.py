"""The file of a trace: a header, the lines of `codec`, and a line that says that this is the end.

The header names the format and the version of simbridge that wrote the file, so that a reader that is
too old says so instead of misreading. A file that was cut, within a line or between two, lacks the end,
and one that lost lines has fewer records than its end says. Without the end, both would be read as the
trace of a world in which less has happened. Neither line is a record, and neither is in the digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, final

import msgspec

from simbridge.base.errors import SimbridgeError
from simbridge.base.files import DOCUMENT_BYTES_MAX, TooLong, lines
from simbridge.base.version import __version__
from simbridge.kernel import OUTSIDE, Entry
from simbridge.trace import codec
from simbridge.trace.checks import Checks

__all__ = ["FORMAT", "Header", "read", "write"]

FORMAT = 1
"""The number of the format. It grows whenever a file of before would be misread or refused."""

_HINT = "Write the trace again, or read what is there with Trace.from_jsonl(path, cut=True)"


@final
class Header(msgspec.Struct, frozen=True, tag=True):
    """The message of the first line: the number of the format, and the version of simbridge that wrote it."""

    trace_format: int
    simbridge: str = "of unknown version"


def write(entries: Iterable[Entry], out: BinaryIO) -> None:
    """Write the header, the lines of a trace and its end.

    Raises `OSError`, and `SimbridgeError` for a record that `read` would find too long.
    """
    out.write(_line(Header(FORMAT, __version__)))
    count = 0
    for count, line in enumerate(codec.encode(entries), 1):
        if len(line) > DOCUMENT_BYTES_MAX:
            raise SimbridgeError(f"record {count} is too long for a file: {_size(len(line))}")
        out.write(line)
    out.write(_line(codec.End(count)))


def _line(message: Header | codec.End) -> bytes:
    """A line of the form that records have, so that programs that edit a file find one form in it."""
    return msgspec.json.encode((0, 0, 0, OUTSIDE, OUTSIDE, message)) + b"\n"


def read(stream: BinaryIO, *, cut: bool) -> list[Entry]:
    """The entries of a file, each of them checked. `cut`: the end may be missing.

    Raises `OSError`, and `SimbridgeError` for a file that has no header, has a newer format, or is not
    a whole trace.
    """
    reader = codec.Reader(Checks().check)
    entries: list[Entry] = []
    end: int | None = None
    number = 0
    for number, line in enumerate(lines(stream, lambda _: DOCUMENT_BYTES_MAX), 1):
        if isinstance(line, TooLong):
            raise SimbridgeError(f"line {number} is not a line of a trace: {_size(line.size)}")
        if number == 1:
            _check_header(line)
            continue
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
    if number == 0:
        raise SimbridgeError("it is empty. Write the trace again with to_jsonl")
    _check_end(end, number, len(entries), cut=cut)
    return entries


def _check_header(line: bytes) -> None:
    """Raise `SimbridgeError` unless this is the header of a format that can be read."""
    try:
        header = msgspec.json.decode(line, type=tuple[int, int, int, str, str, Header])[5]
    except (msgspec.MsgspecError, RecursionError) as error:
        raise SimbridgeError(
            "line 1 is not the header of a trace: it is another file, it was cut within this line, or "
            "it was written before traces had a header. Write the trace again with to_jsonl"
        ) from error
    if header.trace_format != FORMAT:
        raise SimbridgeError(
            f"it has format {header.trace_format}, written by simbridge {header.simbridge}; this is "
            f"simbridge {__version__}, which reads format {FORMAT}. Read it with the version that "
            "wrote it, or write the trace again"
        )


def _check_end(end: int | None, number: int, records: int, *, cut: bool) -> None:
    """Raise `SimbridgeError` if the end is missing or counts other records than there are."""
    if end is None and not cut:
        raise SimbridgeError(f"its end is missing after line {number}: it was cut. {_HINT}")
    if end is not None and end != records:
        raise SimbridgeError(
            f"its last line says {end:,} records, and there are {records:,}: "
            + ("some are missing" if end > records else "some were added")
        )


def _size(size: int) -> str:
    return f"{size:,} bytes, and a line has at most {DOCUMENT_BYTES_MAX:,}"
