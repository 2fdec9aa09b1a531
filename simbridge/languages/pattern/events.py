"""Events as the matcher sees them: decoding, and laying an event out.

Most events are matched as they are, by looking fields up in dictionaries. Three kinds cannot be: those
with arrays of objects (or of arrays) on a path that a pattern names, those that spell a path with a
dot inside a key (`{"a.b": 1}` is the same path as `{"a": {"b": 1}}` (fidelity 4.5)), and
those with an object that has a key more than once (`repeated`): every value counts (captured). Such an
event is laid out: as a tree of *elements* and *arrays*.

Element 0 is the event itself; every other element is an object or an array in an array.
Every array lies in an element. A leaf belongs to the innermost element around it, and a string or
number directly in an array is *not* an element of its own: it belongs to whatever the array
is in [ruler]. `arrays` needs no more than that.

Only the paths that patterns name are walked, with an explicit stack, so an event may be nested to any depth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, final

from simbridge.base.errors import SimbridgeError
from simbridge.base.json import (
    DECODER_ERRORS,
    InvalidJson,
    Repeating,
    TooDeep,
    encode,
    event_decoder,
    fast_decoder,
    has_repeated_key,
)
from simbridge.languages.pattern.scalars import Digits, Scalar, written_number

__all__ = [
    "Array",
    "Element",
    "EventDict",
    "Layout",
    "Paths",
    "lay_out",
    "path_order",
    "read_event",
]

EventDict: TypeAlias = dict[str, object]
"""An event as a JSON reader returns it."""

_SCALARS: Final = (str, int, float, bool, type(None))
_SHORT: Final = 16  # a number of so few characters, without an exponent, is always exact


def _read_float(text: str) -> float | Digits:
    if len(text) < _SHORT and "e" not in text and "E" not in text:
        return float(text)
    number = written_number(text)
    return Digits(text) if number is None else number


_decode: Final = event_decoder(_read_float)
_decode_fast: Final = fast_decoder(_read_float)


def read_event(event: Mapping[str, object] | str | bytes) -> EventDict:
    """An event from JSON text, or from a mapping (copied, and checked to be what JSON can hold).

    A dict that is nested too deeply to be copied is used as it is. A lone surrogate is read as a question
    mark. An object of a text that has a duplicate key is not a plain dict (`simbridge.base.json.repeated`).
    Raises `SimbridgeError` saying what is wrong.
    """
    if type(event) is bytes or type(event) is str:  # nearly all events are read here
        try:
            found = _decode_fast(event)
            if type(found) is dict and not has_repeated_key(event, found):
                return found
        except DECODER_ERRORS:
            pass  # read again, with the exact error
    return _read_slowly(event)


def _read_slowly(event: Mapping[str, object] | str | bytes) -> EventDict:
    try:
        found = _decode(event) if isinstance(event, (bytes, str)) else _copied(event)
    except TooDeep:
        if isinstance(event, dict):
            return event
        raise SimbridgeError("the event is nested too deeply: flatten it") from None
    except InvalidJson as error:
        raise SimbridgeError(f"the event is invalid JSON: {error}") from error
    if not isinstance(found, dict):
        raise SimbridgeError(
            "the event is not a JSON object: pass {...} with detail-type, source ..."
        )
    return found


def _copied(event: Mapping[str, object]) -> object:
    text = encode(event, default=_plain, lone_surrogates="replace")
    if b"null" in text:
        _check_numbers(event)
    try:
        found = _decode_fast(text)
    except DECODER_ERRORS:
        found = _decode(text)
    if isinstance(found, dict) and isinstance(detail := event.get("detail"), Repeating):
        found["detail"] = detail.every()
    return found


def _check_numbers(event: object) -> None:
    """Raise `InvalidJson` for NaN and the infinities, which msgspec encodes as null."""
    waiting = [event]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise InvalidJson(f"JSON has no {value!r}")
        elif not isinstance(value, _SCALARS) and isinstance(value, Mapping):
            waiting.extend(value.values())


def _plain(value: object) -> object:
    """The plain form of types that msgspec does not know: other mappings, subclasses of text and numbers."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        return str.__str__(value)
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def path_order(path: str) -> bytes:
    """A key that sorts paths as Java sorts strings, by UTF-16 units."""
    return path.encode("utf-16-be", "surrogatepass")


@final
class Paths:
    """The paths that patterns name, as a tree by the segments between their dots.

    Sets of paths are ints. `bit`: this path, 0 if no pattern ends here. `scope`: this one and all below.
    """

    __slots__ = ("_above", "_path", "bit", "children", "scope", "segment")

    def __init__(self, above: Paths | None = None, segment: str = "") -> None:
        self._above, self.segment = above, segment
        self._path: str | None = None
        self.children: dict[str, Paths] = {}
        self.bit = self.scope = 0

    @classmethod
    def of(cls, paths: Iterable[str]) -> Paths:
        """The tree of some paths. A path that sorts earlier has a lower bit."""
        tree = cls()
        for number, path in enumerate(sorted(paths, key=path_order)):
            tree._add(path, 1 << number)
        return tree

    def _add(self, path: str, bit: int) -> None:
        node = self
        for segment in path.split("."):
            node.scope |= bit
            following = node.children.get(segment)
            if following is None:
                following = node.children[segment] = Paths(node, segment)
            node = following
        node._path = path
        node.bit = bit
        node.scope |= bit

    @property
    def path(self) -> str:
        """The path in full."""
        if self._path is None:
            segments, node = [], self
            while node._above is not None:
                segments.append(node.segment)
                node = node._above
            self._path = ".".join(reversed(segments))
        return self._path

    def below(self, key: str) -> Paths | None:
        """Where a key with dots, or a path, leads."""
        node: Paths | None = self
        for segment in key.split("."):
            if node is None:
                break
            node = node.children.get(segment)
        return node


@final
class Element:
    """An object or array in an array, or the whole event.

    `array`: the array it is in (-1). `leaves`: the values by path. `own`: the paths of its leaves.
    `arrays`: those in it that hold a leaf, `covered` their scopes. `inside`: the paths that have a leaf
    at any depth in it.
    """

    __slots__ = ("array", "arrays", "covered", "inside", "leaves", "own")

    def __init__(self, array: int) -> None:
        self.array = array
        self.leaves: dict[Paths, list[Scalar]] = {}
        self.arrays: list[int] = []
        self.own = self.covered = self.inside = 0


@final
class Array:
    """An array of objects or of arrays. `inside`: the paths that have a leaf in one of its elements."""

    __slots__ = ("element", "elements", "inside", "node")

    def __init__(self, element: int, node: Paths) -> None:
        self.element, self.node = element, node
        self.elements: list[int] = []
        self.inside = 0


@final
class Layout:
    """An event laid out; numbers of elements and arrays grow inwards.

    `values`: per path all its leaves, each with the element it belongs to.
    `is_ambiguous`: whether a path can be reached in two ways, one of them through an array.
    """

    __slots__ = ("arrays", "elements", "is_ambiguous", "paths", "values")

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.elements = [Element(-1)]
        self.arrays: list[Array] = []
        self.values: dict[str, list[tuple[Scalar, int]]] = {}
        self.is_ambiguous = False

    def entered(self, element: int) -> dict[int, int]:
        """The arrays around an element, and the element entered in each."""
        entered = {}
        while (array := self.elements[element].array) >= 0:
            entered[array] = element
            element = self.arrays[array].element
        return entered


def lay_out(event: EventDict, paths: Paths) -> Layout:
    """Lay an event out along some paths. Raises `SimbridgeError` for a value that JSON does not have."""
    layout = Layout(paths)
    waiting: list[tuple[object, Paths, int]] = [(event, paths, 0)]
    while waiting:
        value, node, element = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value, Repeating):
                value = value.every()
            children = node.children
            for key, inner in value.items():
                following = node.below(key) if "." in key else children.get(key)
                if following is not None:
                    if isinstance(inner, (dict, list)):
                        waiting.append((inner, following, element))
                    elif following.bit:
                        _leaf(layout, inner, following, element)
        elif isinstance(value, list):
            _array(layout, value, node, element, waiting)
    _close(layout)
    return layout


def _array(
    layout: Layout,
    values: list[object],
    node: Paths,
    element: int,
    waiting: list[tuple[object, Paths, int]],
) -> None:
    array = -1
    for value in values:
        if not isinstance(value, (dict, list)):
            if node.bit:
                _leaf(layout, value, node, element)
            continue
        if isinstance(value, dict) and not node.children:
            continue
        if array < 0:
            array = len(layout.arrays)
            layout.arrays.append(Array(element, node))
        number = len(layout.elements)
        layout.elements.append(Element(array))
        layout.arrays[array].elements.append(number)
        waiting.append((value, node, number))


def _leaf(layout: Layout, value: object, node: Paths, element: int) -> None:
    if not isinstance(value, _SCALARS):
        raise SimbridgeError(
            f"the event holds a {type(value).__name__} at {node.path}: use what a JSON reader returns"
        )
    here = layout.elements[element]
    here.own |= node.bit
    here.leaves.setdefault(node, []).append(value)
    layout.values.setdefault(node.path, []).append((value, element))


def _close(layout: Layout) -> None:
    """Say of every element and array what is inside, from the innermost outwards."""
    elements = layout.elements
    for element in elements:
        element.inside = element.own
    for number in range(len(layout.arrays) - 1, -1, -1):
        array = layout.arrays[number]
        for one in array.elements:
            array.inside |= elements[one].inside
        if array.inside:
            outer, scope = elements[array.element], array.node.scope
            if scope & (outer.covered | outer.own & ~array.node.bit):
                layout.is_ambiguous = True
            outer.arrays.append(number)
            outer.covered |= scope
            outer.inside |= array.inside
