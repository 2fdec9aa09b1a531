"""Files of the user's: written whole or not at all, and read in lines of a bounded length.

A file that is written takes the place of the one that was there only when it is complete: a full disk, an
error or Ctrl-C leaves the earlier one as it was. A line that is too long is counted and never held, so
what a file can cost in memory does not depend on what is in it.
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
"""What is read of one JSON document at most, be it a line or a whole file."""

_PIECE = 64 * 1024

# What is reached through a link in these folders is open already: /dev/stdout, /dev/fd/3.
_DEVICES = ("dev", "proc")


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Write a file. It takes the place of the earlier one at the end of the block, if nothing is raised.

    Meanwhile it has another name in the same folder. Permissions of the earlier file are kept, and a
    link goes on pointing to the file. Written directly, hence not protected: what is no regular file
    (a FIFO, /dev/stdout), and a file in a folder that takes no new one. Raises `OSError`.
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
    """The regular file that is meant; None where it is to be written directly."""
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
    """Whether a link to something open leads to the file: what holds it open would miss a new one."""
    while file.is_symlink():
        folder = Path(os.path.realpath(file.parent))
        if folder.parts[1:2] and folder.parts[1] in _DEVICES:
            return True
        file = folder / os.readlink(file)
    return False


class Lines(Protocol):
    """What lines can be read from, a part of a line at a time."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or its first bytes."""


@final
class TooLong(NamedTuple):
    """A line that was not kept: how it begins, and its length in bytes."""

    start: bytes
    size: int


def lines(stream: Lines, most: Callable[[bytes], int]) -> Iterator[bytes | TooLong]:
    """The lines of a file, each with its end. `most` says of a beginning how long the line may be."""
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
    """All of a file that is one JSON document.

    Raises `OSError`, and `SimbridgeError` for more than `DOCUMENT_BYTES_MAX`.
    """
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(DOCUMENT_BYTES_MAX + 1) if size <= DOCUMENT_BYTES_MAX else b""
    if max(size, len(data)) > DOCUMENT_BYTES_MAX:
        told = f"{size:,}" if size else f"more than {DOCUMENT_BYTES_MAX:,}"
        raise SimbridgeError(
            f"{file} has {told} bytes; a document of JSON has at most {DOCUMENT_BYTES_MAX:,} here"
        )
    return data
