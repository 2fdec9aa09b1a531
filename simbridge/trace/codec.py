"""The trace as text: one JSON array a line, `[time, sequence, cause, from, to, message]`.

An event is written out where it first appears on a bus and is only named afterwards
(`"<id>@<bus>"`), so a trace with thousands of attempts stays small. The same goes for the
parameters of a target. An event whose detail has a repeated key has one item more, the detail's text.
Reading undoes this, hence writing and reading are exact inverses. The digest is taken of these very
bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_args

import msgspec

from simbridge.errors import SimbridgeError
from simbridge.kernel import Entry
from simbridge.messages import Event, Message
from simbridge.nesting import with_room
from simbridge.repeated import Repeating

__all__ = ["decode", "encode"]

# What many messages share, by the field it is in, and what it is called after its first appearance.
_NAMES: dict[str, Callable[[Any], str]] = {
    "event": lambda event: f"{event.id}@{event.bus}#{event.hops}",
    "parameters": lambda parameters: f"{parameters.name}",
}
_SHARED = {
    kind: shared
    for kind in get_args(Message)
    if (shared := [field for field in _NAMES if field in kind.__struct_fields__])
}

# A line in which shared things are still either written out or called by their names.
_Line = tuple[int, int, int, str, str, dict[str, Any]]


def encode(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a trace, each ending in a newline."""
    seen: set[str] = set()
    line = msgspec.json.Encoder().encode
    for entry in entries:
        message = entry[5]
        for field in _SHARED.get(type(message), ()):
            value = getattr(message, field)
            if value is None:
                continue
            name = _NAMES[field](value)
            if name in seen:
                message = msgspec.structs.replace(message, **{field: name})
            elif field == "event" and isinstance(value.envelope.get("detail"), Repeating):
                told_in_full = [*msgspec.structs.astuple(value), value.envelope["detail"].text]
                message = msgspec.structs.replace(message, **{field: told_in_full})
            seen.add(name)
        told = entry if message is entry[5] else (*entry[:5], message)
        try:
            yield line(told) + b"\n"
        except RecursionError:  # a detail of a thousand levels, which AWS takes
            yield with_room(line, told) + b"\n"


def decode(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries again. Raises `SimbridgeError` naming the line that is not one of a trace."""
    seen: dict[str, Any] = {}
    read = msgspec.json.Decoder(_Line).decode
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            *head, fields = with_room(read, line)
            for field in _NAMES:
                if isinstance(named := fields.get(field), str):
                    fields[field] = seen[named]
            message = with_room(msgspec.convert, fields, Message)
            told = fields.get("event")
            if isinstance(told, list) and len(told) > len(Event.__struct_fields__):
                event: Event = message.event
                event.envelope["detail"] = Repeating.of(told[-1])
            for field in _SHARED.get(type(message), ()):
                if (value := getattr(message, field)) is not None:
                    seen[_NAMES[field](value)] = value
        except (msgspec.MsgspecError, KeyError, UnicodeError, RecursionError) as error:
            raise SimbridgeError(f"line {number} is not a line of a trace: {error}") from error
        yield (*head, message)
