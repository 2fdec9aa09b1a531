"""Encodes a trace: one JSON array a line, `[time, sequence, cause, from, to, message]`.

An event is written out where it first appears on a bus, and only its name afterwards
(`"<id>@<bus>#<hops>"`), so a trace with thousands of attempts stays small. The same goes for the
parameters of a target. A different value with the same name (an AWS service may emit an event twice) is
written out again, and has the name from there on. If the detail of an event repeats a key, its array has
one more item, the text of the detail. Reading undoes this: writing and reading are exact inverses.
The digest is taken of these very bytes. A file has two lines more (`file`), a header and an `End`, which
are not in the digest.
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

# Fields with values that many messages share, and the name of such a value after its first appearance.
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
    """The message of the last line of a file, which is not a record: how many records there are."""

    records: int


_AnyMessage = Message | End
_MESSAGES: dict[str, Any] = {kind.__struct_config__.tag: kind for kind in get_args(_AnyMessage)}
"""The class of each tag. msgspec looks through all members of a union at each conversion, but knows a class."""

# A line whose shared values are still names, or written out.
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
            if (earlier := seen.get(name)) is value or (
                earlier is not None and _equal(earlier, value)
            ):
                message = msgspec.structs.replace(message, **{field: name})
            elif field == "event" and isinstance(value.envelope.get("detail"), Repeating):
                with_text = [*msgspec.structs.astuple(value), value.envelope["detail"].text]
                message = msgspec.structs.replace(message, **{field: with_text})
            seen[name] = value
        written = entry if message is entry[5] else (*entry[:5], message)
        try:
            yield line(written) + b"\n"
        except RecursionError:  # a detail of a thousand levels, which AWS takes
            yield with_deeper_recursion(line, written) + b"\n"


def _equal(one: Any, other: Any) -> bool:
    """Whether two values of one name are equal: a service may emit two events with one id."""
    return bool(with_deeper_recursion(operator.eq, one, other))


def decode(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries again. Raises `SimbridgeError` with the number of the first line that is invalid."""
    reader = Reader()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield reader.read(number, line)


@final
class Reader:
    """Reads lines in order. `check` gets each entry, and its fields that were only a name."""

    def __init__(self, check: Callable[[Entry, Sequence[str]], None] | None = None) -> None:
        self._check = check
        self._seen: dict[str, Any] = {}

    def read(self, number: int, line: bytes) -> Entry:
        """The entry of a line. Raises `SimbridgeError` with its number if it is invalid.

        `check` raises `ValueError` for an entry that is wrong.
        """
        try:
            *head, fields = with_deeper_recursion(_decode_line, line)
            named = [field for field in _NAMES if isinstance(fields.get(field), str)]
            for field in named:
                if fields[field] not in self._seen:
                    raise ValueError(f"no earlier line has the {field} {fields[field]!r}")
                fields[field] = self._seen[fields[field]]
            tag = fields.get("type")
            kind = _MESSAGES.get(tag, _AnyMessage) if isinstance(tag, str) else _AnyMessage
            message = with_deeper_recursion(msgspec.convert, fields, kind)
            event = fields.get("event")
            if isinstance(event, list) and len(event) > len(Event.__struct_fields__):
                _repeat(getattr(message, "event"), event[-1])  # noqa: B009  # of some types of message
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
    """Give an event's detail the text that it was written with, in which a key is repeated."""
    if not isinstance(text, str):
        raise ValueError(f"the text of a detail is not a string: {text!r}")
    event.envelope["detail"] = Repeating.of(text)
