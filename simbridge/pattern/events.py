"""Events as the matcher sees them: decoding, and laying an event out flat.

Most events are matched as they are, by looking fields up in dictionaries. Two kinds cannot be: those
with arrays of objects (or of arrays) on a path that a pattern names, and those that spell a path with
a dot inside a key (`{"a.b": 1}` is the same path as `{"a": {"b": 1}}`, behaviour reference 4.5). Such
an event is laid out flat: for every path that some pattern names, the leaves found there, each with
the innermost array element it lies in. `arrays` needs no more than that.

Elements form a tree: element 0 stands for the event itself; every other one belongs to an array, and
every array lies in an element. A string or number that stands directly in an array is *not* inside
an element of its own: it belongs to whatever the array lies in [ruler].

Only the paths somebody asked for are walked, with a stack of our own, so that the depth of an event
is no concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import msgspec

from simbridge.errors import SimbridgeError
from simbridge.pattern.scalars import Digits, Scalar, written_number

__all__ = ["EventDict", "Flat", "Paths", "lay_out", "read_event"]

EventDict = dict[str, object]
"""An event as a JSON reader returns it."""

_SCALARS: Final = (str, int, float, bool, type(None))
_SHORT: Final = 16  # a number of so few characters, without an exponent, is always exact


def _read_float(text: str) -> float | Digits:
    if len(text) < _SHORT and "e" not in text and "E" not in text:
        return float(text)
    number = written_number(text)
    return Digits(text) if number is None else number


_DECODER: Final = msgspec.json.Decoder(float_hook=_read_float)


def read_event(event: Mapping[str, object] | str | bytes) -> EventDict:
    """An event from JSON text, or from a mapping (copied, and checked to be what JSON can hold).

    Raises `SimbridgeError` saying what is wrong.
    """
    try:
        text = event if isinstance(event, (str, bytes)) else msgspec.json.encode(event)
        found = _DECODER.decode(text)
    except RecursionError:
        raise SimbridgeError("the event is nested too deeply: flatten it") from None
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise SimbridgeError(f"the event is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise SimbridgeError(
            "the event is not a JSON object: pass {...} with detail-type, source ..."
        )
    return cast(EventDict, found)


class Paths:
    """The paths that patterns name, as a tree by the segments between their dots."""

    __slots__ = ("children", "path")

    def __init__(self) -> None:
        self.children: dict[str, Paths] = {}
        self.path = ""

    @classmethod
    def of(cls, paths: Iterable[str]) -> Paths:
        """The tree of some paths."""
        tree = cls()
        for path in paths:
            tree.add(path)
        return tree

    def add(self, path: str) -> None:
        """Add one path."""
        node, so_far = self, ""
        for segment in path.split("."):
            so_far = segment if node is self else f"{so_far}.{segment}"
            following = node.children.get(segment)
            if following is None:
                following = node.children[segment] = Paths()
                following.path = so_far
            node = following

    def below(self, key: str) -> Paths | None:
        """Where a key of an event leads."""
        if "." not in key:
            return self.children.get(key)
        node: Paths | None = self
        for segment in key.split("."):
            if node is None:
                break
            node = node.children.get(segment)
        return node


@dataclass(slots=True)
class Flat:
    """An event laid out.

    `leaves`: per path (value, element). `array_of`: the array of each element (-1 for the event).
    `element_of`, `array_path`: the element each array lies in, and its path. Numbers grow inwards.
    """

    leaves: dict[str, list[tuple[Scalar, int]]] = field(default_factory=dict)
    array_of: list[int] = field(default_factory=lambda: [-1])
    element_of: list[int] = field(default_factory=list)
    array_path: list[str] = field(default_factory=list)


def lay_out(event: EventDict, paths: Paths) -> Flat:
    """Lay an event out along some paths. Raises `SimbridgeError` for a value that JSON does not have."""
    flat = Flat()
    waiting: list[tuple[object, Paths, int]] = [(event, paths, 0)]
    while waiting:
        value, node, element = waiting.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                following = node.below(key)
                if following is not None:
                    waiting.append((inner, following, element))
        elif isinstance(value, list):
            array = -1
            for item in value:
                if not isinstance(item, (dict, list)):
                    _leaf(flat, item, node, element)
                    continue
                if array < 0:
                    array = len(flat.element_of)
                    flat.element_of.append(element)
                    flat.array_path.append(node.path)
                waiting.append((item, node, len(flat.array_of)))
                flat.array_of.append(array)
        else:
            _leaf(flat, value, node, element)
    return flat


def _leaf(flat: Flat, value: object, node: Paths, element: int) -> None:
    if not isinstance(value, _SCALARS):
        raise SimbridgeError(
            f"the event holds a {type(value).__name__} at {node.path}: use what JSON has"
        )
    flat.leaves.setdefault(node.path, []).append((value, element))
