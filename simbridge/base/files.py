"""The user's files: written completely or not at all, and read in lines of a bounded length.

A new file replaces an earlier one only when it is complete: a full disk, an error or Ctrl-C leaves the
earlier one unchanged. A line that is too long is counted and never held, so the memory that a file needs
does not depend on its content.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, final

from simbridge.base.errors import SimbridgeError

__all__ = ["DOCUMENT_BYTES_MAX", "TooLong", "content", "lines", "replacing"]

DOCUMENT_BYTES_MAX = 64 * 1024 * 1024
"""The size of the largest JSON document that is read, be it a line or a whole file."""

_PIECE = 64 * 1024

# A link in these folders leads to something that is open already: /dev/stdout, /dev/fd/3.
_DEVICES = ("dev", "proc")


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Write a file. It replaces the earlier one at the end of the block, if nothing is raised.

    Meanwhile it has another name in the same folder. Permissions of the earlier file are kept, and a
    link still points to the file. Two kinds are written directly, and hence not protected: a file that
    is not regular (a FIFO, /dev/stdout), and one in a folder without write permission. Raises `OSError`.
    """
    target = _replaceable(file)
    if target is None:
        with file.open("wb") as out:
            yield out
        return
    beside = target.with_name(f".simbridge-{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as out:
            if target.exists():
                beside.chmod(stat.S_IMODE(target.stat().st_mode))
            yield out
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _replaceable(file: Path) -> Path | None:
    """The regular file to replace; None if the file must be written directly."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        if file.is_symlink():
            return None
    else:
        if not stat.S_ISREG(mode) or _is_open_already(file):
            return None
        if not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
    target = Path(os.path.realpath(file))
    return target if os.access(target.parent, os.W_OK | os.X_OK) else None


def _is_open_already(file: Path) -> bool:
    """Whether the path leads through a link to an open file: its holder would not see a replacement."""
    while file.is_symlink():
        folder = Path(os.path.realpath(file.parent))
        if folder.parts[1:2] and folder.parts[1] in _DEVICES:
            return True
        file = folder / os.readlink(file)
    return False


class Lines(Protocol):
    """A stream that lines can be read from, a part of a line at a time."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or its first bytes."""


@final
class TooLong(NamedTuple):
    """A line that was too long to keep: its first bytes, and its length in bytes."""

    start: bytes
    size: int


def lines(stream: Lines, most: Callable[[bytes], int]) -> Iterator[bytes | TooLong]:
    """The lines of a file, each with its end. `most` returns, for the start of a line, its largest size."""
    while start := stream.readline(_PIECE):
        if len(start) < _PIECE or start.endswith(b"\n"):
            yield start
            continue
        limit, kept, size = most(start), bytearray(start), len(start)
        piece = start
        while not piece.endswith(b"\n") and (piece := stream.readline(_PIECE)):
            size += len(piece)
            if size <= limit:
                kept += piece
            else:
                kept.clear()
        yield bytes(kept) if size <= limit else TooLong(start, size)


def content(file: Path) -> bytes:
    """The whole content of a file that is one JSON document.

    Raises `OSError`, and `SimbridgeError` for more than `DOCUMENT_BYTES_MAX`.
    """
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(DOCUMENT_BYTES_MAX + 1) if size <= DOCUMENT_BYTES_MAX else b""
    if max(size, len(data)) > DOCUMENT_BYTES_MAX:
        shown = f"{size:,}" if size else f"more than {DOCUMENT_BYTES_MAX:,}"
        raise SimbridgeError(
            f"{file} has {shown} bytes; a JSON document may have at most {DOCUMENT_BYTES_MAX:,}: split it"
        )
    return data
