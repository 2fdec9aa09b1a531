"""A pattern text becomes a tree of fields, and the tree a list of alternatives.

A pattern is an object whose keys spell paths into the event and whose arrays hold match values.
`$or` is not a field: it holds whole patterns, one of which is enough. `parse` keeps the tree as written,
for `explain`, and works out what the matcher needs: the *sub-rules*, plain maps from a dotted path to
its match values, one for every way to choose a branch of every `$or`.

The tree is folded into sub-rules in the order of the text, because order counts. A path that is
spelled twice keeps its last array [recorded], however it is spelled (`"a.b"` or `"a": {"b"`), and an
array that follows an `$or` replaces the same path inside the branches. More than 1,000 sub-rules are
refused (fidelity 4.7); so are patterns whose wildcards make AWS's engine slow (see `wildcards`).

The parser keeps its own stack, so that a deeply nested text is a matter of Jackson's limit and not of
Python's recursion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Final, TypeAlias

from simbridge.base.errors import InvalidPattern
from simbridge.languages.pattern.conditions import Condition, without_numbers_as_addresses
from simbridge.languages.pattern.hints import refused
from simbridge.languages.pattern.json_text import NESTING_MAX, TOO_DEEP, Reader, Token
from simbridge.languages.pattern.operators import RESERVED, read_operator, read_value
from simbridge.languages.pattern.wildcards import COMPLEXITY_MAX, complexity
from simbridge.languages.transform.jsontext import emit

__all__ = [
    "FIELDS_MAX",
    "SUBRULES_MAX",
    "Either",
    "Field",
    "Group",
    "Node",
    "Pattern",
    "SubRule",
    "check",
    "parse",
    "read",
]

SUBRULES_MAX: Final = 1000
"""How many combinations of `$or` branches a pattern may have [docs]."""

FIELDS_MAX: Final = 256
"""How many fields a sub-rule may have [ruler]."""

_REFUSED: Final = "Event pattern is not valid. Reason: "
_TOO_COMPLEX: Final = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character "
    "sequences after a wildcard character"
)

SubRule: TypeAlias = Mapping[str, tuple[Condition, ...]]
"""Dotted paths and the match values of each; all paths must hold."""


@dataclass(slots=True)
class Field:
    """A path and the match values for it, one of which has to accept."""

    key: str
    path: str
    conditions: tuple[Condition, ...]


@dataclass(slots=True)
class Group:
    """An object: every entry has to hold. The top of a pattern is a group without a key."""

    key: str
    entries: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Either:
    """An `$or`: one branch has to hold."""

    branches: list[Group] = field(default_factory=list)


Node: TypeAlias = Field | Group | Either


@dataclass(frozen=True, slots=True)
class Pattern:
    """A valid pattern: its text, its tree and its sub-rules."""

    text: str
    tree: Group
    subrules: tuple[SubRule, ...]

    @property
    def uses_wildcards(self) -> bool:
        """Whether the operator `wildcard` occurs, by itself or in `anything-but`."""
        return any(
            one.wildcards
            for subrule in self.subrules
            for conditions in subrule.values()
            for one in conditions
        )

    @property
    def excludes_nothing(self) -> bool:
        """Whether an `anything-but` has an inner operator and no text: `{"prefix": []}`."""
        return any(
            one.operator == "anything-but"
            and isinstance(one.operand, dict)
            and not one.takes_strings
            for subrule in self.subrules
            for conditions in subrule.values()
            for one in conditions
        )


def parse(pattern: str | Mapping[str, object]) -> Pattern:
    """Read and check a pattern, given as JSON text or as the objects of such a text.

    Raises `InvalidPattern` with AWS's wording (fidelity 4.9). Its `detail` says what to write
    instead; for objects that are not what JSON can hold, which and where.
    """
    text = pattern if isinstance(pattern, str) else _as_text(pattern)
    try:
        return read(text)
    except InvalidPattern as refusal:
        complaint = refusal.text
    raise InvalidPattern(complaint, *refused.hint(text, _is_valid))


def _is_valid(text: str) -> bool:
    try:
        read(text)
    except InvalidPattern:
        return False
    return True


def read(text: str) -> Pattern:
    """As `parse`, but the error says no more than AWS does."""
    tree = _Parser(text).read()
    subrules = tuple(_fold(tree))
    if any(len(subrule) > FIELDS_MAX for subrule in subrules):
        raise InvalidPattern(f"{_REFUSED}Size of rule exceeds max value of {FIELDS_MAX}")
    if _is_too_complex(subrules):
        raise InvalidPattern(_REFUSED + _TOO_COMPLEX)
    return Pattern(text, tree, subrules)


def check(pattern: str | Mapping[str, object]) -> None:
    """Raise `InvalidPattern` if a pattern is not valid."""
    parse(pattern)


def _as_text(pattern: object) -> str:
    if not isinstance(pattern, Mapping | list | tuple):  # an array is refused as its JSON is
        raise InvalidPattern(
            f"{_REFUSED}Filter is not an object",
            f"(A pattern is JSON text or a mapping, not {type(pattern).__name__}: pass a str or a dict.)",
        )
    return emit(_plain(pattern))


def _plain(pattern: object) -> object:
    """The same of dicts and lists only, which JSON can hold; raises `InvalidPattern` for what it cannot."""
    top: list[object] = []
    waiting: list[tuple[object, str, int, Callable[[object], None]]] = [
        (pattern, "", 1, top.append)
    ]
    while waiting:  # the last first: what contains itself is found out at the deepest level allowed
        value, path, level, put = waiting.pop()
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, bool) or value is None:
            put(value)
        elif isinstance(value, str):
            put(str.__str__(value))  # a subclass may say something else
        elif isinstance(value, int):
            put(int(value))
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise _no_json(f"{value!r} is not a number in JSON", path)
            put(float(value))
        elif level > NESTING_MAX and isinstance(value, Mapping | list | tuple):
            raise InvalidPattern(f"{_REFUSED}{TOO_DEEP}")
        elif isinstance(value, Mapping):
            object_: dict[str, object] = {}
            put(object_)
            for key in value:
                if not isinstance(key, str):
                    raise _no_json(f"the key {key!r} is not text", path)
                object_[key] = None  # the order is that of the pattern
            for key, inner in value.items():
                below = f"{path}.{key}" if path else key
                waiting.append((inner, below, level + 1, partial(object_.__setitem__, key)))
        elif isinstance(value, list | tuple):
            array: list[object] = [None] * len(value)
            put(array)
            for place, inner in enumerate(value):
                waiting.append((inner, path, level + 1, partial(array.__setitem__, place)))
        else:
            raise _no_json(f"a {type(value).__name__} has no form in JSON", path)
    return top[0]


def _no_json(complaint: str, path: str) -> InvalidPattern:
    where = f"at {path}, " if path else ""
    return InvalidPattern(
        "Event pattern is not valid.",
        f"It cannot be written as JSON: {where}{complaint}; use what a JSON reader returns.",
    )


# -------------------------------------------------------------------- text to tree


@dataclass(slots=True)
class _Frame:
    """An object or an `$or` array that is being read."""

    node: Group | Either
    is_step: bool  # whether its key belongs to the paths below
    inside_or: bool


class _Parser:
    """Builds the tree; the frames are the brackets that are open."""

    def __init__(self, text: str) -> None:
        self._reader = Reader(text)
        self._frames: list[_Frame] = []
        self._keys: list[str] = []

    def read(self) -> Group:
        """The whole pattern."""
        top = Group("")
        if self._reader.next() is not Token.START_OBJECT:
            self._reader.fail("Filter is not an object")
        self._frames.append(_Frame(top, False, False))
        while self._frames:
            frame = self._frames[-1]
            if isinstance(frame.node, Group):
                self._entry(frame, frame.node)
            else:
                self._branch(frame, frame.node)
        return top

    def _entry(self, frame: _Frame, group: Group) -> None:
        """The next key of an object, or its end."""
        reader = self._reader
        if reader.next() is Token.END_OBJECT:
            if not group.entries:
                reader.fail("Empty objects are not allowed")
            if self._frames.pop().is_step:
                self._keys.pop()
            return
        key = reader.text()
        if key == "$or":
            if reader.next() is not Token.START_ARRAY:
                reader.fail("It must be an Array followed with $or.")
            either = Either()
            group.entries.append(either)
            self._frames.append(_Frame(either, False, True))
            return
        if frame.inside_or and key in RESERVED:
            reader.fail(f"{key} is Ruler reserved fieldName which cannot be used inside $or.")
        token = reader.next()
        if token is Token.START_ARRAY:
            path = ".".join([*self._keys, key])
            group.entries.append(Field(key, path, self._conditions()))
        elif token is Token.START_OBJECT:
            inner = Group(key)
            group.entries.append(inner)
            self._frames.append(_Frame(inner, True, frame.inside_or))
            self._keys.append(key)
        else:
            reader.fail(f'"{key}" must be an object or an array')

    def _branch(self, frame: _Frame, either: Either) -> None:
        """The next object of an `$or`, or its end."""
        reader = self._reader
        token = reader.next()
        if token is Token.START_OBJECT:
            branch = Group("")
            either.branches.append(branch)
            self._frames.append(_Frame(branch, False, True))
        elif token is not Token.END_ARRAY:
            reader.fail("Only JSON object is allowed in array of $or relationship.")
        elif len(either.branches) < 2:
            reader.fail("There must have at least 2 Objects in $or relationship.")
        else:
            self._frames.pop()

    def _conditions(self) -> tuple[Condition, ...]:
        """The match values of a leaf array, whose bracket has been read."""
        reader = self._reader
        conditions = []
        while (token := reader.next()) is not Token.END_ARRAY:
            if token is Token.START_OBJECT:
                conditions.append(read_operator(reader))
            else:
                conditions.append(read_value(reader, token))
        if not conditions:
            reader.fail("Empty arrays are not allowed")
        return without_numbers_as_addresses(conditions)


# ---------------------------------------------------------------- tree to sub-rules

_Draft: TypeAlias = dict[str, tuple[Condition, ...]]


@dataclass(slots=True)
class _Choice:
    """An `$or` that is being folded: the drafts before it, and those its branches gave so far."""

    before: list[_Draft]
    branches: Iterator[Group]
    after: list[_Draft]


def _fold(tree: Group) -> list[_Draft]:
    """The sub-rules of a tree, in the order of the text."""
    drafts: list[_Draft] = [{}]
    work: list[Iterator[Node] | _Choice] = [iter(tree.entries)]
    while work:
        top = work[-1]
        if isinstance(top, _Choice):
            top.after += drafts
            if len(top.after) > SUBRULES_MAX:
                raise InvalidPattern(f"{_REFUSED}{_TOO_MANY}")
            branch = next(top.branches, None)
            if branch is None:
                drafts = top.after
                work.pop()
            else:
                drafts = [dict(draft) for draft in top.before]
                work.append(iter(branch.entries))
            continue
        entry = next(top, None)
        if entry is None:
            work.pop()
        elif isinstance(entry, Field):
            for draft in drafts:
                draft[entry.path] = entry.conditions
        elif isinstance(entry, Group):
            work.append(iter(entry.entries))
        else:
            work.append(_Choice(drafts, iter(entry.branches), []))
            drafts = []
    return drafts


_TOO_MANY: Final = f"Rule has more than {SUBRULES_MAX} combinations of $or branches"


def _is_too_complex(subrules: tuple[SubRule, ...]) -> bool:
    """Whether the wildcards of one path, in sub-rules that come to it the same way, are too many.

    AWS's engine reads the paths of a sub-rule in order and shares its automata between sub-rules that
    have the same paths before.
    """
    automata: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for subrule in subrules:
        if not any(one.wildcards for conditions in subrule.values() for one in conditions):
            continue
        paths = tuple(sorted(subrule))
        for index, path in enumerate(paths):
            groups = {one.wildcards for one in subrule[path] if one.wildcards}
            if groups:
                automata.setdefault(paths[: index + 1], set()).update(groups)
    return any(complexity(groups) > COMPLEXITY_MAX for groups in automata.values())
