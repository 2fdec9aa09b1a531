"""The trace as text: one JSON array a line, `[time, sequence, cause, from, to, message]`.

An event is written out where it first appears on a bus and is only named afterwards
(`"<id>@<bus>"`), so a trace with thousands of attempts stays small. The same goes for the
parameters of a target. Reading undoes this, hence writing and reading are exact inverses. The
digest is taken of these very bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from simbridge.errors import SimbridgeError
from simbridge.kernel import Entry
from simbridge.messages import Event, Message
from simbridge.resources import Parameters

__all__ = ["decode", "encode"]


def encode(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a trace, each ending in a newline."""
    seen: set[str] = set()

    def write(value: Any) -> Any:
        if isinstance(value, Parameters):
            if value.name in seen:
                return value.name
            seen.add(value.name)
            return [value.name, value.blocks]
        if not isinstance(value, Event):
            raise TypeError(f"{value!r} cannot stand in a trace")
        name = f"{value.id}@{value.bus}#{value.hops}"
        if name in seen:
            return name
        seen.add(name)
        return list(value.state())

    encoder = msgspec.json.Encoder(enc_hook=write)
    for entry in entries:
        yield encoder.encode(entry) + b"\n"


def decode(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries again. Raises `SimbridgeError` naming the line that is not one of a trace."""
    seen: dict[str, Event | Parameters] = {}

    def read(kind: type, value: Any) -> Any:
        if isinstance(value, str):
            return seen[value]
        if kind is Parameters:
            parameters = Parameters(*value)
            seen[parameters.name] = parameters
            return parameters
        event = Event(*value)
        seen[f"{event.id}@{event.bus}#{event.hops}"] = event
        return event

    decoder = msgspec.json.Decoder(tuple[int, int, int, str, str, Message], dec_hook=read)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield decoder.decode(line)
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            raise SimbridgeError(f"line {number} is not a line of a trace: {error}") from error
