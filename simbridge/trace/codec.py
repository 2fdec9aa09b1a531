"""The trace as text: one JSON array a line, `[time, sequence, cause, from, to, message]`.

An event is written out where it first appears on a bus and is only named afterwards
(`"<id>@<bus>"`), so a trace with thousands of attempts stays small. The same goes for the
parameters of a target. What has the same name and is another thing (an AWS service may emit an event
twice) is written out again, and has the name from there on. An event whose detail has a repeated key
has one item more, the detail's text. Reading undoes this, hence writing and
reading are exact inverses. The digest is taken of these very bytes. A file has one line more (`End`),
which is in no digest.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, final, get_args

import msgspec

from simbridge.base.errors import SimbridgeError
from simbridge.base.json import Repeating, with_deeper_recursion
from simbridge.kernel import Entry
from simbridge.model.messages import Event, Message

__all__ = ["End", "Reader", "decode", "encode"]

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


@final
class End(msgspec.Struct, frozen=True, tag=True):
    """The message of the last line of a file: how many records it has. It is no record itself."""

    records: int


_Said = Message | End

# A line in which shared things are still either written out or called by their names.
_Line = tuple[int, int, int, str, str, dict[str, Any]]
_decode_line = msgspec.json.Decoder(_Line).decode


def encode(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a trace, each ending in a newline."""
    seen: dict[str, Any] = {}
    line = msgspec.json.Encoder().encode
    for entry in entries:
        message = entry[5]
        for field in _SHARED.get(type(message), ()):
            value = getattr(message, field)
            if value is None:
                continue
            name = _NAMES[field](value)
            if (known := seen.get(name)) is value or (known is not None and _same(known, value)):
                message = msgspec.structs.replace(message, **{field: name})
            elif field == "event" and isinstance(value.envelope.get("detail"), Repeating):
                told_in_full = [*msgspec.structs.astuple(value), value.envelope["detail"].text]
                message = msgspec.structs.replace(message, **{field: told_in_full})
            seen[name] = value
        told = entry if message is entry[5] else (*entry[:5], message)
        try:
            yield line(told) + b"\n"
        except RecursionError:  # a detail of a thousand levels, which AWS takes
            yield with_deeper_recursion(line, told) + b"\n"


def _same(one: Any, other: Any) -> bool:
    """Whether two things of one name say the same: a service may emit two events with one id."""
    return bool(with_deeper_recursion(operator.eq, one, other))


def decode(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries again. Raises `SimbridgeError` naming the line that is not one of a trace."""
    reader = Reader()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield reader.read(number, line)


@final
class Reader:
    """Reads lines in their order. `check` is told of each entry, and in which fields it only names."""

    def __init__(self, check: Callable[[Entry, Sequence[str]], None] | None = None) -> None:
        self._check = check
        self._seen: dict[str, Any] = {}

    def read(self, number: int, line: bytes) -> Entry:
        """The entry of a line. Raises `SimbridgeError`, which has its number, where it is not one.

        `check` says by a `ValueError` what is wrong with an entry.
        """
        try:
            *head, fields = with_deeper_recursion(_decode_line, line)
            named = [field for field in _NAMES if isinstance(fields.get(field), str)]
            for field in named:
                if fields[field] not in self._seen:
                    raise ValueError(f"no line before has the {field} {fields[field]!r}")
                fields[field] = self._seen[fields[field]]
            message = with_deeper_recursion(msgspec.convert, fields, _Said)
            told = fields.get("event")
            if isinstance(told, list) and len(told) > len(Event.__struct_fields__):
                _repeat(getattr(message, "event"), told[-1])  # noqa: B009  # of some types of message
            for field in _SHARED.get(type(message), ()):
                if field not in named and (value := getattr(message, field)) is not None:
                    self._seen[_NAMES[field](value)] = value
            entry = (*head, message)
            if self._check is not None and type(message) is not End:
                self._check(entry, named)
        except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
            raise SimbridgeError(f"line {number} is not a line of a trace: {error}") from error
        return entry


def _repeat(event: Event, text: object) -> None:
    """Give an event's detail the text that it was written with, which has a repeated key."""
    if not isinstance(text, str):
        raise ValueError(f"the text of a detail is no string: {text!r}")
    event.envelope["detail"] = Repeating.of(text)
