"""What an archive's storage is made of: open buffers of rows, sealed chunks, and the file for chunks.

A row is the MessagePack of (time, ingestion, size, envelope). How the parts work together is in `storage`.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from typing import Any, final

import msgspec

from simbridge import clock
from simbridge.nesting import with_room

__all__ = ["HOUR", "MINUTE", "Buffer", "Chunk", "Row", "Spill", "unsealed"]

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
        """Append a row, or, where it cannot be packed, nothing."""
        length = len(self.rows)
        try:
            with_room(_append, row, self.rows, length)
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
        return with_room(_decode_rows, self._packed())

    def seal(self) -> Chunk:
        """All rows as a chunk; this buffer is not to be used any more."""
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
        twin = Buffer()
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.rows = bytearray(self.rows)
        return twin

    def _packed(self) -> bytes:
        """All rows as one MessagePack array."""
        return b"\xdd" + struct.pack(">I", self.events) + self.rows


@final
class Chunk(msgspec.Struct, frozen=True, gc=False):
    """Sealed rows of one hour. `minutes` has a bit for each minute that there are events of.

    `data` is compressed MessagePack, or the number under which the temporary file has it.
    """

    data: bytes | int
    events: int
    size_bytes: int
    minutes: int
    first_ingested_us: int
    last_ingested_us: int


def unsealed(data: bytes) -> list[Row]:
    """The rows of a chunk, from its bytes."""
    return with_room(_decode_rows, zlib.decompress(data))


@final
class Spill:
    """A temporary file of sealed chunks. It is shared by all forks, which only ever add to it."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", check_same_thread=False)
        self._database.execute("CREATE TABLE chunks (number INTEGER PRIMARY KEY, data BLOB)")

    def add(self, data: bytes) -> int:
        """Keep these bytes; returns the number by which they are found again."""
        cursor = self._database.execute("INSERT INTO chunks (data) VALUES (?)", (data,))
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def read(self, number: int) -> bytes:
        """The bytes of a number."""
        query = "SELECT data FROM chunks WHERE number = ?"
        data: bytes = self._database.execute(query, (number,)).fetchone()[0]
        return data

    def flush(self) -> None:
        """Write out what was added."""
        self._database.commit()
