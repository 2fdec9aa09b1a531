"""Duplicate keys: `{"a": 1, "a": 2}`, which RFC 8259 allows and leaves open.

A pattern sees every such value (captured). Everything else takes the last one, as most JSON decoders do.
So an event is decoded once, the fast way, which keeps the last value. If a key was lost, the text is
decoded again, slowly. Two classes hold the result. Both are dictionaries of the last values, and
`type(value) is dict` is false for both, which is how the matcher notices them:

- `Every` is what the matcher walks: its `items` are all pairs of one object.
- `Repeating` is the detail of an event wherever it goes: to the rules of a bus, into and out of an
  archive, into a trace or a pickle. It keeps the text. Targets receive the last values.

RFC 8259, section 4: https://www.rfc-editor.org/rfc/rfc8259#section-4
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any, Final, final

import msgspec

from simbridge.base.json.nesting import with_deeper_recursion

__all__ = ["Every", "Repeating", "as_text", "every_value", "has_repeated_key"]

_encode: Final = msgspec.json.Encoder().encode
_encode_any: Final = msgspec.json.Encoder(enc_hook=str).encode
_ESCAPED_COLON: Final = re.compile(r"\\u003[aA]")
_decode: Final = msgspec.json.Decoder().decode


@final
class Every(dict[str, Any]):
    """An object with a duplicate key: a dictionary of the last values."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """All pairs, in the order of the text."""
        return self._pairs


@final
class Repeating(dict[str, Any]):
    """An object with a duplicate key in it, at any depth: a dictionary of the last values, and its text.

    A deep copy is a plain dictionary.
    """

    __slots__ = ("_every", "text")

    def __init__(self, last: dict[str, Any], text: str) -> None:
        super().__init__(last)
        self.text = text
        self._every: dict[str, Any] | None = None

    @classmethod
    def of(cls, text: str) -> Repeating:
        """From the text of an object, which is known to be valid."""
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
    """Whether an object in a valid JSON text has a duplicate key; `found` is what the text decodes to.

    A lost key has lost its colon. So `found` is encoded again: if the result is the text, or has as many
    colons, no key is lost. Nor is one if the text has no more colons than `found` has keys. If the counts
    differ, or the text may escape a colon, which the encoder does not, the text is decoded slowly to be sure.

    >>> text = '{"a": 1, "a": 2}'
    >>> has_repeated_key(text, {"a": 2})
    True
    """
    if type(text) is bytes:
        again = _again(found)
        if again == text:
            return False
        colons, may_escape = text.count(58), 92 in text  # an int is found faster than bytes
    else:
        colons, may_escape = text.count(":"), "\\" in text  # type: ignore[arg-type]
        if colons == len(found):
            return False
        again = _again(found)
    if colons == again.count(58) and not (may_escape and _ESCAPED_COLON.search(as_text(text))):
        return False
    return _is_repeated(text)


def _again(found: dict[str, Any]) -> bytes:
    """The object, encoded again."""
    try:
        return _encode(found)
    except (TypeError, RecursionError):  # exact numbers are a subclass of str; deep nesting
        return with_deeper_recursion(_encode_any, found)


def _is_repeated(text: str | bytes) -> bool:
    repeated: list[bool] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            repeated.append(True)

    with_deeper_recursion(_decoder(note, str), as_text(text))
    return bool(repeated)


def every_value(text: str | bytes, number: Callable[[str], object]) -> dict[str, Any]:
    """The object of a valid JSON text, with `Every` for those objects in it that have a duplicate key.

    `number` reads a number, in the way in which the rest of the event was decoded.
    """

    def every(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        last = dict(pairs)
        return last if len(last) == len(pairs) else Every(pairs)

    found: dict[str, Any] = with_deeper_recursion(_decoder(every, number), as_text(text))
    return found


def _decoder(
    of_pairs: Callable[[list[tuple[str, Any]]], object], number: Callable[[str], object]
) -> Callable[[str], Any]:
    return json.JSONDecoder(object_pairs_hook=of_pairs, parse_float=number, parse_int=number).decode


def as_text(text: str | bytes) -> str:
    """The text as a `str`."""
    return text if isinstance(text, str) else text.decode()
