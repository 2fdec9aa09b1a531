"""The trace as text: one JSON array a line, `[time, sequence, cause, from, to, message]`.

An event is written out where it first appears on a bus and is only named afterwards
(`"<id>@<bus>"`), so a trace with thousands of attempts stays small. Reading undoes this, hence
writing and reading are exact inverses. The digest is taken of these very bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

import msgspec

from simbridge.errors import SimbridgeError
from simbridge.kernel import Entry
from simbridge.messages import Event, Message

__all__ = ["decode", "encode"]

_CARRIERS = tuple(kind for kind in get_args(Message) if "event" in kind.__struct_fields__)
"""The messages that carry an event."""

# A line whose event is still either the array of its fields or the name it was given before.
_Line = tuple[int, int, int, str, str, dict[str, Any]]


def encode(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a trace, each ending in a newline."""
    seen: set[str] = set()
    line = msgspec.json.Encoder().encode
    for entry in entries:
        message = entry[5]
        if isinstance(message, _CARRIERS):
            name = _name(message.event)
            if name in seen:
                entry = (*entry[:5], msgspec.structs.replace(message, event=name))
            else:
                seen.add(name)
        yield line(entry) + b"\n"


def decode(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries again. Raises `SimbridgeError` naming the line that is not one of a trace."""
    seen: dict[str, Event] = {}
    read = msgspec.json.Decoder(_Line).decode
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            *head, fields = read(line)
            named = fields.get("event")
            if isinstance(named, str):
                fields["event"] = seen[named]
            message = msgspec.convert(fields, Message)
            if isinstance(message, _CARRIERS):
                seen[_name(message.event)] = message.event
        except (msgspec.MsgspecError, KeyError) as error:
            raise SimbridgeError(f"line {number} is not a line of a trace: {error}") from error
        yield (*head, message)


def _name(event: Event) -> str:
    return f"{event.id}@{event.bus}#{event.hops}"
