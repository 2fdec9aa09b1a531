"""Keys that a JSON object spells more than once: `{"a": 1, "a": 2}`.

A pattern sees every such value (captured), everybody else the last one, as most JSON readers do. So an
event is decoded once, the quick way, which keeps the last value; only where a key was lost on the way is
the text read again, slowly, for all of them. Two forms hold what was lost. Both are dictionaries of the
last values, and no dictionary to `type(value) is dict`, by which the matcher notices them:

- `Every` is what the matcher walks: its `items` are all pairs of one object.
- `Repeating` is the detail of an event, wherever that goes: to the rules of a bus, into an archive and
  out of it, into a trace and a pickle. It keeps the text. Targets receive the last values.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any, Final, final

import msgspec

from simbridge.base.nesting import with_deeper_recursion

__all__ = ["Every", "Repeating", "every_value", "has_repeated_key"]

_encode: Final = msgspec.json.Encoder().encode
_encode_any: Final = msgspec.json.Encoder(enc_hook=str).encode
_ESCAPED_COLON: Final = re.compile(r"\\u003[aA]")
_decode: Final = msgspec.json.Decoder().decode


@final
class Every(dict[str, Any]):
    """An object with a key that comes more than once: a dictionary of the last values."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """All pairs, in the order of the text."""
        return self._pairs


@final
class Repeating(dict[str, Any]):
    """An object in which some object has a repeated key: a dictionary of the last values, and its text.

    A deep copy is a plain dictionary.
    """

    __slots__ = ("_every", "text")

    def __init__(self, last: dict[str, Any], text: str) -> None:
        super().__init__(last)
        self.text = text
        self._every: dict[str, Any] | None = None

    @classmethod
    def of(cls, text: str) -> Repeating:
        """From the text of the object, which has been read before."""
        return cls(with_deeper_recursion(_decode, text), text)

    def every(self) -> dict[str, Any]:
        """The object with all values, see `every_value`."""
        if self._every is None:
            self._every = every_value(self.text, _decode)
        return self._every

    def __reduce__(self) -> tuple[type[Repeating], tuple[dict[str, Any], str]]:
        return Repeating, (dict(self), self.text)

    def __deepcopy__(self, memo: dict[int, object]) -> dict[str, Any]:
        return copy.deepcopy(dict(self), memo)


def has_repeated_key(text: str | bytes, found: dict[str, Any]) -> bool:
    """Whether an object of a valid JSON text, which was read as `found`, has a repeated key.

    A key that was lost has lost its colon. So `found` is written again: if that is the text, or has as many
    colons, nothing is lost; nor if the text has no more colons than keys were found. A colon may be escaped
    in the text, and is not when it is written again: then, as when counts differ, the text is read for
    certainty.
    """
    if type(text) is bytes:
        again = _again(found)
        if again == text:
            return False
        colons, may_escape = text.count(58), 92 in text  # numbers are looked for quicker than bytes
    else:
        colons, may_escape = text.count(":"), "\\" in text  # type: ignore[arg-type]
        if colons == len(found):
            return False
        again = _again(found)
    if colons == again.count(58) and not (may_escape and _ESCAPED_COLON.search(_as_text(text))):
        return False
    return _is_repeated(text)


def _again(found: dict[str, Any]) -> bytes:
    """What was read, written again."""
    try:
        return _encode(found)
    except (TypeError, RecursionError):  # a number as a text of its own kind; deep nesting
        return with_deeper_recursion(_encode_any, found)


def _is_repeated(text: str | bytes) -> bool:
    repeated: list[bool] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            repeated.append(True)

    with_deeper_recursion(_reader(note, str), _as_text(text))
    return bool(repeated)


def every_value(text: str | bytes, number: Callable[[str], object]) -> dict[str, Any]:
    """The object of a valid JSON text, with `Every` for those objects in it that have a repeated key.

    `number` reads a number as the rest of the event was read.
    """

    def every(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        last = dict(pairs)
        return last if len(last) == len(pairs) else Every(pairs)

    found: dict[str, Any] = with_deeper_recursion(_reader(every, number), _as_text(text))
    return found


def _reader(
    of_pairs: Callable[[list[tuple[str, Any]]], object], number: Callable[[str], object]
) -> Callable[[str], Any]:
    return json.JSONDecoder(object_pairs_hook=of_pairs, parse_float=number, parse_int=number).decode


def _as_text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode()
