"""Parts of an archive's storage: open buffers of rows, sealed chunks, and the temporary file for chunks.

A row is the MessagePack of (time, ingestion, size, envelope). `events` says how the parts work together.
MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import errno
import os
import struct
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple, final

import msgspec

from simbridge.base import clock
from simbridge.base.json import with_deeper_recursion

__all__ = ["HOUR", "MINUTE", "Buffer", "Chunk", "Place", "Row", "Spill", "folder", "unsealed"]

MINUTE = 60 * clock.SECOND
HOUR = 60 * MINUTE

_LEVEL = 1  # a fifth of the time of the usual level, for a tenth more bytes

Row = tuple[int, int, int, msgspec.Raw]
"""Time and ingestion in microseconds, size in bytes, and the envelope, still packed."""

_append = msgspec.msgpack.Encoder().encode_into
_decode_rows = msgspec.msgpack.Decoder(list[Row]).decode


@final
class Buffer:
    """The rows of one hour that are not sealed yet."""

    __slots__ = ("events", "first_ingested_us", "last_ingested_us", "minutes", "rows", "size_bytes")

    def __init__(self) -> None:
        self.rows = bytearray()
        self.events = 0
        self.size_bytes = 0
        self.minutes = 0
        self.first_ingested_us = clock.LATEST
        self.last_ingested_us = clock.EARLIEST

    def add(self, row: tuple[int, int, int, Any]) -> None:
        """Append a row; nothing if it cannot be packed."""
        length = len(self.rows)
        try:
            with_deeper_recursion(_append, row, self.rows, length)
        except BaseException:
            del self.rows[length:]
            raise
        time_us, ingested_us, size_bytes, _ = row
        self.events += 1
        self.size_bytes += size_bytes
        self.minutes |= 1 << (time_us % HOUR // MINUTE)
        self.first_ingested_us = min(self.first_ingested_us, ingested_us)
        self.last_ingested_us = max(self.last_ingested_us, ingested_us)

    def decoded(self) -> list[Row]:
        """All rows."""
        return with_deeper_recursion(_decode_rows, self._packed())

    def seal(self) -> Chunk:
        """All rows as a chunk; the buffer must not be used afterwards."""
        return Chunk(
            zlib.compress(self._packed(), _LEVEL),
            self.events,
            self.size_bytes,
            self.minutes,
            self.first_ingested_us,
            self.last_ingested_us,
        )

    def copy(self) -> Buffer:
        """A buffer that goes on from here by itself."""
        copy = Buffer()
        for name in self.__slots__:
            setattr(copy, name, getattr(self, name))
        copy.rows = bytearray(self.rows)
        return copy

    def _packed(self) -> bytes:
        """All rows as one MessagePack array."""
        return b"\xdd" + struct.pack(">I", self.events) + self.rows


@final
class Chunk(msgspec.Struct, frozen=True, gc=False):
    """Sealed rows of one hour. `minutes` has a bit for each minute that there are events of.

    `data` is compressed MessagePack, or the place in a temporary file that has it.
    """

    data: bytes | Place
    events: int
    size_bytes: int
    minutes: int
    first_ingested_us: int
    last_ingested_us: int


def unsealed(data: bytes) -> list[Row]:
    """The rows of a chunk, from its bytes."""
    return with_deeper_recursion(_decode_rows, zlib.decompress(data))


@final
class Place(NamedTuple):
    """The place of the data of a chunk in a temporary file."""

    file: Spill
    offset: int
    length: int

    def read(self) -> bytes:
        """The data. Raises `OSError` if the file cannot be read."""
        return self.file.read(self.offset, self.length)


@final
class Spill:
    """A temporary file of sealed chunks. It has no name, and is gone with its last user.

    All forks of a storage share it and only ever add to it. What has been added stays readable
    whatever becomes of a later write. A child process (`os.fork`) reads it, and must not add to it.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0, dir=folder())  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._process = os.getpid()
        self._lock = threading.Lock()

    @property
    def writable(self) -> bool:
        """Whether it belongs to this process."""
        return self._process == os.getpid()

    def add(self, chunks: Iterable[bytes]) -> list[Place]:
        """Write out the data of chunks: all of it, or nothing. Raises `OSError` on a full disk."""
        with self._lock:
            places = []
            end = self._end
            try:
                self._file.seek(end)
                for data in chunks:
                    self._write(data)
                    places.append(Place(self, end, len(data)))
                    end += len(data)
            except BaseException:
                with suppress(OSError):  # what is left beyond the end is overwritten
                    self._file.truncate(self._end)
                raise
            self._end = end
            return places

    def read(self, offset: int, length: int) -> bytes:
        """The data at a place. Raises `OSError` if the file cannot be read."""
        if hasattr(os, "pread"):
            data = os.pread(self._file.fileno(), length, offset)
        else:
            with self._lock:
                self._file.seek(offset)
                data = self._file.read(length)
        if len(data) < length:
            raise OSError(errno.EIO, "the temporary file is shorter than what was written to it")
        return data

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:  # a disk that is nearly full takes a part
            rest = rest[self._file.write(rest) :]


def folder() -> str:
    """The folder of temporary files: what TMPDIR names, else /var/tmp, as /tmp may be in memory."""
    named = (os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP"))
    for path in (*named, "/var/tmp", "/tmp"):
        if path and os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK):
            return path
    return os.getcwd()
