"""Stores the events of an archive: compressed, on disk if they are many, and fast to fork.

A replay reads the events of one minute of event time, oldest minute first, so events are kept by the hour of
their `time`. Each hour has one open buffer and sealed chunks:

    add -> buffer of 12:00 ... 12:59 --(64 KiB)--> zlib -> chunk (minutes 0, 3, 17) -> temporary file

A row is the MessagePack of (time, ingestion, size, envelope), appended to the buffer as it comes. A full
buffer is compressed and sealed. A sealed chunk never changes: forks share it, and only the open buffers, a
few kilobytes each, are copied. A chunk knows for which minutes of its hour it has events, so a minute is
found without decompressing the others. Rows of one minute come out in the order in which they were archived.
This is the memtable and the sorted runs of a log-structured merge tree, without the merging:
https://en.wikipedia.org/wiki/Log-structured_merge-tree

Past a bound, sealed chunks move to a temporary file, which has no name and is deleted with its last user. A
fork goes on reading the file it began with; pickling reads the chunks back out of it. What retention has
removed stays in the file until then. `chunks` has the buffers, the chunks and the file; this module maps
hours to chunks.

A disk may be full. Chunks are moved only by `spill`, which the owner calls once its own work is done: nothing
else here writes, so nothing else fails for lack of space. Chunks are dropped from memory only when all of
them have been written.

Not done: compacting the chunks of an hour that were filled in random order (a file that is not sorted by
time). Each minute then opens more of its hour's chunks; the rows of other minutes are skipped undecoded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple, final

import msgspec

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.json import Repeating, with_deeper_recursion
from simbridge.storage.chunks import HOUR, MINUTE, Buffer, Chunk, Row, Spill, folder, unsealed

__all__ = ["HOUR", "MINUTE", "EventStorage", "Stored"]

CHUNK_BYTES = 65_536
"""What a buffer holds before it is compressed; twice the window that zlib looks back over."""

OPEN_MAX = 256
"""Hours that are written at a time; the one that was opened first is sealed to make room."""

_MEMORY_BYTES = 256 * 1024 * 1024


@final
class Stored(NamedTuple):
    """An archived event: when it was ingested, what it counts for, its envelope as MessagePack."""

    ingested_us: int
    size_bytes: int
    packed: bytes

    def envelope(self) -> dict[str, Any]:
        """The envelope as Python objects; each call makes new ones."""
        return with_deeper_recursion(_decode_envelope, self.packed)


_REPEATING = 1  # the code of a detail with repeated keys, which is kept as its text


def _read_extension(code: int, data: memoryview) -> Repeating:
    return Repeating.of(bytes(data).decode())


_decode_envelope = msgspec.msgpack.Decoder(dict[str, Any], ext_hook=_read_extension).decode


@final
class EventStorage:
    """Events by the minute of their time, in the order of their arrival.

    `events` and `size_bytes` count what is there. More than `memory_bytes` of sealed chunks go to a
    temporary file when `spill` is called. `name` is that of the archive, for errors. An envelope must
    be what JSON can hold, with integers of 64 bits: `add` raises `OverflowError` for larger ones.
    What reads events raises `SimbridgeError` if the temporary file cannot be read.
    """

    def __init__(self, memory_bytes: int = _MEMORY_BYTES, name: str = "") -> None:
        self.memory_bytes = memory_bytes
        self.name = name
        self.events = 0
        self.size_bytes = 0
        self._hours: dict[int, list[Chunk]] = {}
        self._open: dict[int, Buffer] = {}
        self._in_order: list[int] = []
        self._held_bytes = 0
        self._held_hours: dict[int, None] = {}
        self._crowded = False
        self._spill: Spill | None = None

    def add(self, envelope: dict[str, Any], ingested_us: int, size_bytes: int) -> None:
        """Keep one event."""
        time_us = clock.event_time(envelope["time"])
        if isinstance(detail := envelope.get("detail"), Repeating):
            text = msgspec.msgpack.Ext(_REPEATING, detail.text.encode())
            envelope = {**envelope, "detail": text}
        self._add((time_us, ingested_us, size_bytes, envelope))
        self.events += 1
        self.size_bytes += size_bytes

    def absorb(self, other: EventStorage) -> None:
        """Take over what another storage has, as if it had been added here now."""
        for hour in list(other._open):
            other._seal(hour)
        for hour, chunks in other._hours.items():
            if hour in self._open:
                self._seal(hour)
            for chunk in chunks:
                self._keep(hour, chunk)
        self.events += other.events
        self.size_bytes += other.size_bytes

    def spill(self) -> None:
        """Move the sealed chunks to the temporary file, if they exceed the bound.

        Raises `SimbridgeError` if the disk is full. Everything is then as before, in memory, and
        the next chunk that is sealed tries again.
        """
        if not self._crowded:
            return
        self._crowded = False
        held = [
            (hour, place)
            for hour in self._held_hours
            for place, chunk in enumerate(self._hours.get(hour, ()))
            if isinstance(chunk.data, bytes)
        ]
        try:
            if self._spill is None or not self._spill.writable:
                self._spill = Spill()
            written = self._spill.add(self._data(self._hours[hour][place]) for hour, place in held)
        except OSError as error:
            raise SimbridgeError(
                f"the archive {self.name} has more than {self.memory_bytes:,} bytes in memory "
                f"(archive_memory_bytes), and the rest cannot be written to {folder()}: "
                f"{error.strerror or error}. Nothing is lost. Make room in this folder, name another "
                "one in TMPDIR, or keep more in memory with World(limits={'archive_memory_bytes': ...})"
            ) from error
        for (hour, place), data in zip(held, written, strict=True):
            chunk = self._hours[hour][place]
            self._hours[hour][place] = msgspec.structs.replace(chunk, data=data)
            self._release(chunk)
        self._held_hours.clear()

    # -- reading ----------------------------------------------------------------------------

    def next_minute(self, from_us: int, until_us: int) -> int | None:
        """The first minute with events in [from_us, until_us), given by its beginning, if any.

        The minute of `from_us` counts from its beginning.
        """
        for hour in self._between(from_us, until_us):
            minutes = self._minutes(hour)
            if hour == from_us // HOUR:
                minutes &= -1 << (from_us % HOUR // MINUTE)
            if minutes:
                lowest = (minutes & -minutes).bit_length() - 1
                found = hour * HOUR + lowest * MINUTE
                return found if found < until_us else None
        return None

    def read(self, from_us: int, until_us: int, after_us: int, upto_us: int) -> Iterator[Stored]:
        """The events with a time in [from_us, until_us), ingested in (after_us, upto_us].

        They come in the order of their hours, within an hour in the order of their arrival.
        """
        for hour in self._between(from_us, until_us):
            begin = hour * HOUR
            mask = _mask(max(from_us, begin), min(until_us, begin + HOUR))
            for chunk in self._parts(hour):
                if not chunk.minutes & mask or chunk.last_ingested_us <= after_us:
                    continue
                for time_us, ingested_us, size_bytes, raw in self._rows(chunk):
                    if from_us <= time_us < until_us and after_us < ingested_us <= upto_us:
                        yield Stored(ingested_us, size_bytes, bytes(raw))

    def count(self, after_us: int) -> int:
        """How many events were ingested after an instant."""
        counted = 0
        for hour in self._hours:
            for part in self._parts(hour):
                if part.first_ingested_us > after_us:
                    counted += part.events
                elif part.last_ingested_us > after_us:
                    counted += sum(row[1] > after_us for row in self._rows(part))
        return counted

    def oldest_ingested_us(self) -> int | None:
        """When the event that has been here for longest was ingested."""
        return min(
            (part.first_ingested_us for hour in self._hours for part in self._parts(hour)),
            default=None,
        )

    # -- removing ---------------------------------------------------------------------------

    def expire(self, until_us: int) -> None:
        """Remove what was ingested at or before an instant."""
        for hour in list(self._hours):
            if hour in self._open and self._open[hour].first_ingested_us <= until_us:
                self._seal(hour)
            chunks = self._hours[hour]
            if all(chunk.first_ingested_us > until_us for chunk in chunks):
                continue
            left = [(chunk, self._rest(chunk, until_us)) for chunk in chunks]
            self._hours[hour] = []
            for chunk, rest in left:
                self._release(chunk)
                if rest is not None:
                    self._keep(hour, rest)
                self.events -= chunk.events - (rest.events if rest else 0)
                self.size_bytes -= chunk.size_bytes - (rest.size_bytes if rest else 0)
            self._forget_if_empty(hour)

    def _rest(self, chunk: Chunk, until_us: int) -> Chunk | None:
        """A chunk again, or what is left of it when it has been read."""
        if chunk.first_ingested_us > until_us:
            return chunk
        rest = Buffer()
        if chunk.last_ingested_us > until_us:
            for row in self._rows(chunk):
                if row[1] > until_us:
                    rest.add(row)
        return rest.seal() if rest.events else None

    # -- inside -----------------------------------------------------------------------------

    def _add(self, row: tuple[int, int, int, Any]) -> None:
        hour = row[0] // HOUR
        buffer = self._open.get(hour)
        if buffer is None:
            if len(self._open) >= OPEN_MAX:
                self._seal(next(iter(self._open)))
            buffer = self._open[hour] = Buffer()
            self._chunks_of(hour)
        try:
            buffer.add(row)
        except BaseException:
            if not buffer.events:
                del self._open[hour]
                self._forget_if_empty(hour)
            raise
        if len(buffer.rows) >= CHUNK_BYTES:
            self._seal(hour)

    def _seal(self, hour: int) -> None:
        self._keep(hour, self._open.pop(hour).seal())

    def _keep(self, hour: int, chunk: Chunk) -> None:
        self._chunks_of(hour).append(chunk)
        if isinstance(chunk.data, bytes):
            self._held_bytes += len(chunk.data)
            self._held_hours[hour] = None
            self._crowded = self._held_bytes > self.memory_bytes

    def _release(self, chunk: Chunk) -> None:
        if isinstance(chunk.data, bytes):
            self._held_bytes -= len(chunk.data)

    def _between(self, from_us: int, until_us: int) -> Iterator[int]:
        """The hours that [from_us, until_us) touches and that have events, the oldest first."""
        if not self._in_order:
            self._in_order = sorted(self._hours)
        hours, last = self._in_order, (until_us - 1) // HOUR
        for place in range(bisect_left(hours, from_us // HOUR), len(hours)):
            if hours[place] > last:
                return
            yield hours[place]

    def _chunks_of(self, hour: int) -> list[Chunk]:
        if hour not in self._hours:
            self._hours[hour] = []
            self._in_order = []
        return self._hours[hour]

    def _forget_if_empty(self, hour: int) -> None:
        if not self._hours[hour] and hour not in self._open:
            del self._hours[hour]
            self._in_order = []

    def _parts(self, hour: int) -> Iterator[Chunk | Buffer]:
        yield from self._hours[hour]
        if hour in self._open:
            yield self._open[hour]

    def _minutes(self, hour: int) -> int:
        minutes = 0
        for part in self._parts(hour):
            minutes |= part.minutes
        return minutes

    def _data(self, chunk: Chunk) -> bytes:
        if isinstance(chunk.data, bytes):
            return chunk.data
        try:
            return chunk.data.read()
        except OSError as error:
            raise SimbridgeError(
                f"the archive {self.name} cannot read its temporary file in {folder()}: "
                f"{error.strerror or error}"
            ) from error

    def _rows(self, part: Chunk | Buffer) -> list[Row]:
        """The rows of a chunk or a buffer, the envelopes still packed."""
        return part.decoded() if isinstance(part, Buffer) else unsealed(self._data(part))

    # -- state ------------------------------------------------------------------------------

    def __deepcopy__(self, memo: object) -> EventStorage:
        copy = EventStorage(self.memory_bytes, self.name)
        copy.events, copy.size_bytes = self.events, self.size_bytes
        copy._hours = {hour: list(chunks) for hour, chunks in self._hours.items()}
        copy._open = {hour: buffer.copy() for hour, buffer in self._open.items()}
        copy._held_bytes, copy._spill = self._held_bytes, self._spill
        copy._held_hours, copy._crowded = dict(self._held_hours), self._crowded
        return copy

    def __getstate__(self) -> dict[str, Any]:
        hours = {
            hour: [msgspec.structs.replace(chunk, data=self._data(chunk)) for chunk in chunks]
            for hour, chunks in self._hours.items()
        }
        return {**self.__dict__, "_hours": hours, "_spill": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._held_hours = dict.fromkeys(self._hours)
        self._held_bytes = sum(
            len(self._data(chunk)) for chunks in self._hours.values() for chunk in chunks
        )
        self._crowded = self._held_bytes > self.memory_bytes


def _mask(from_us: int, until_us: int) -> int:
    """A bit for each minute of an hour that [from_us, until_us) touches."""
    first, last = from_us % HOUR // MINUTE, (until_us - 1) % HOUR // MINUTE
    return (1 << (last + 1)) - (1 << first)
