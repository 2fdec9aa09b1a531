"""Wildcards: splits them at their stars, matches them, and counts how complex AWS finds them.

`*` matches any run of characters, `\\*` a star and `\\\\` a backslash. Nothing else may be escaped, and two
stars may not touch. A wildcard is split at its stars. The first piece must begin the value, the last one
must end it, and each piece between is looked for at its first occurrence after the one before:

    in/*2026*.png    in/2026/2026-03.png    "in/" at the start, "2026" at 3, ".png" at the end

The first occurrence is always right, because it leaves the most text for the pieces after it. So matching
is linear in the value and never backtracks. That greedy choice is the usual one for globs without brackets:
Russ Cox, "Glob Matching Can Be Simple And Fast Too", https://research.swtch.com/glob; Rob Pike's matcher in
"The Practice of Programming" backtracks instead: https://www.cs.princeton.edu/courses/archive/spr09/cos333/beautiful.html

event-ruler works differently (an automaton over bytes that can be in many states at once), and refuses
patterns that could occupy too many of them. `complexity` counts those states as the service does
(fidelity 4.8): over all inputs, the largest number of beginnings of patterns that one input can spell at the
same time. Beginnings include the opening quote, the stars count as characters, patterns with a common beginning
share it, and one `anything-but` counts as one pattern however many texts it holds.

https://github.com/aws/event-ruler
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simbridge.languages.pattern.conditions import Anchor, Prefilter
from simbridge.languages.pattern.json_text import Reader

__all__ = [
    "COMPLEXITY_MAX",
    "BadWildcard",
    "Wildcard",
    "checked_wildcard",
    "complexity",
    "split_wildcard",
    "wildcard_prefilter",
]

COMPLEXITY_MAX: Final = 10
"""More beginnings than this at one time and the pattern is refused [recorded]."""

_INPUTS_MAX: Final = 20_000
_STAR: Final = 256
_OTHER: Final = -1


class BadWildcard(ValueError):
    """A text with stars is not valid; the text is AWS's complaint."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A text cut at its stars."""

    pieces: tuple[str, ...]

    def matches(self, value: str) -> bool:
        """Whether a whole string fits."""
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return value == first
        at, end = len(first), len(value) - len(last)
        if at > end or not value.startswith(first) or not value.endswith(last):
            return False
        for piece in self.pieces[1:-1]:
            found = value.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True


def split_wildcard(text: str) -> Wildcard:
    """Cut a text at its stars.

    Raises `BadWildcard` with the position in UTF-8 bytes, the opening quote included.
    """
    pieces, piece, position = [], "", 1
    characters = iter(enumerate(text))
    for index, character in characters:
        following = text[index + 1 : index + 2]
        if character == "*":
            if following == "*":
                raise BadWildcard(f"Consecutive wildcard characters at pos {position}")
            pieces.append(piece)
            piece = ""
        elif character == "\\":
            if following not in ("*", "\\"):
                raise BadWildcard(f"Invalid escape character at pos {position}")
            piece += following
            position += 1
            next(characters)
        else:
            piece += character
        position += len(character.encode("utf-8", "replace"))
    return Wildcard((*pieces, piece))


def wildcard_prefilter(patterns: Iterable[Wildcard], default: bool = False) -> Prefilter | None:
    """A prefilter for strings that fit one of some texts; None if one of them has no letters at all."""
    groups = [tuple(_anchors(pattern.pieces)) for pattern in patterns]
    return Prefilter(tuple(groups), default) if all(groups) else None


def _anchors(pieces: tuple[str, ...]) -> Iterable[Anchor]:
    """What every string that fits contains."""
    if len(pieces) == 1:
        yield Anchor("word", pieces[0])
        return
    if pieces[0]:
        yield Anchor("head", pieces[0])
    if pieces[-1]:
        yield Anchor("tail", pieces[-1])
    for piece in pieces[1:-1]:
        yield Anchor("inside", piece)


def checked_wildcard(reader: Reader, text: str) -> Wildcard:
    """As `split_wildcard`, for the text that the reader has just read: refuses the pattern."""
    try:
        return split_wildcard(text)
    except BadWildcard as bad:
        reader.fail(str(bad))


def complexity(groups: Iterable[tuple[str, ...]]) -> int:
    """How many beginnings one input can spell at once; at most one more than `COMPLEXITY_MAX`.

    Each group is one pattern (several texts: an `anything-but` with a list). The search visits sets
    of beginnings, and gives up as "too complex" after a number of them that no pattern of a real size
    comes near.
    """
    tree = _Tree()
    for texts in groups:
        tree.add(texts)
    start = frozenset([0])
    seen, waiting, largest = {start}, [start], 0
    while waiting:
        here = waiting.pop()
        largest = max(largest, sum(tree.weight[node] for node in here))
        if largest > COMPLEXITY_MAX or len(seen) > _INPUTS_MAX:
            return COMPLEXITY_MAX + 1
        for byte in {byte for node in here for byte in tree.after[node]} - {_STAR} | {_OTHER}:
            there = tree.step(here, byte)
            if there and there not in seen:
                seen.add(there)
                waiting.append(there)
    return largest


class _Tree:
    """All beginnings of some patterns; a node is a beginning, its children go on by one symbol."""

    def __init__(self) -> None:
        self.after: list[dict[int, int]] = [{}]
        self.weight = [0]  # how many patterns begin like this
        self.starred: set[int] = set()  # beginnings whose last symbol is a star

    def add(self, texts: tuple[str, ...]) -> None:
        """Add one pattern."""
        passed: set[int] = set()
        for text in texts:
            node = 0
            for symbol in _symbols(text):
                following = self.after[node]
                if symbol not in following:
                    following[symbol] = len(self.after)
                    self.after.append({})
                    self.weight.append(0)
                node = following[symbol]
                passed.add(node)
                if symbol == _STAR:
                    self.starred.add(node)
        for node in passed:
            self.weight[node] += 1

    def step(self, here: frozenset[int], byte: int) -> frozenset[int]:
        """The beginnings spelled after one more byte. A star may match any number of bytes."""
        there = {self.after[node][byte] for node in here if byte in self.after[node]}
        there |= here & self.starred
        there |= {self.after[node][_STAR] for node in there if _STAR in self.after[node]}
        return frozenset(there)


def _symbols(text: str) -> Iterable[int]:
    """The bytes of a text with its quotes, and a symbol of its own for every star."""
    yield ord('"')
    for index, piece in enumerate(split_wildcard(text).pieces):
        if index:
            yield _STAR
        yield from piece.encode("utf-8", "replace")
    yield ord('"')
