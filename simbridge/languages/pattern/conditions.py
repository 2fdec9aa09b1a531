"""One match value of a leaf array, compiled: what it says about every kind of JSON leaf.

A leaf of an event is a string, a number, true, false, null, or it is absent. A `Condition` says of
each kind what it accepts, in the form that the kind's index can use: a set of words if there is
one (a dictionary finds it), a test for other strings, spans of numbers (breakpoints find them), and
flags for the rest. `operators` makes conditions, `index` turns many of them into tables, `accepts`
asks one of them about one value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeAlias

from simbridge.base.json import to_text
from simbridge.languages.pattern.scalars import Scalar, comparable

__all__ = [
    "ANY_NUMBER",
    "EVERYTHING_ELSE",
    "Anchor",
    "Condition",
    "Prefilter",
    "Span",
    "as_json",
    "as_number",
    "made",
    "prefilter_in_any_case",
    "present",
    "without_numbers_as_addresses",
]

Span: TypeAlias = tuple[float, bool, float, bool]
"""Numbers from a bottom (open?) to a top (open?)."""

_INFINITY: Final = float("inf")

ANY_NUMBER: Final[tuple[Span, ...]] = ((-_INFINITY, False, _INFINITY, False),)
"""Every number that is not odd."""

EVERYTHING_ELSE: Final[frozenset[bool | None]] = frozenset({True, False, None})
"""The three JSON literals."""


class Anchor(NamedTuple):
    """A text that is fast to find in a string.

    `place`: where it is: "head", "tail", "word" (all of the string) or "inside" (anywhere).
    `view`: how the string is looked at: "" (as it is), "in lower case", or "as bits" (of an address).
    """

    place: str
    text: str
    view: str = ""


class Prefilter(NamedTuple):
    """What makes most tests of strings unnecessary, as literals do for regular expressions in code search.

    `anchors`: one or more groups. If a string lacks an anchor of every group, the test is known to be
    `default`. For `{"wildcard": "in/*.png"}` the one group is "in/" at the head and ".png" at the tail.

    https://swtch.com/~rsc/regexp/regexp4.html
    """

    anchors: tuple[tuple[Anchor, ...], ...]
    default: bool = False

    @classmethod
    def of(cls, place: str, texts: Iterable[str], default: bool = False) -> Prefilter:
        """A prefilter for texts of which one must be at a place."""
        return cls(tuple((Anchor(place, text),) for text in texts), default)


def prefilter_in_any_case(
    place: str, texts: Sequence[str], default: bool = False
) -> Prefilter | None:
    """A prefilter for texts in any case. There is none for letters beyond ASCII, whose cases are many."""
    if not all(text.isascii() for text in texts):
        return None
    return Prefilter(
        tuple((Anchor(place, text.lower(), "in lower case"),) for text in texts), default
    )


def _no_string(text: str) -> bool:
    """The test of a condition that accepts no string."""
    return False


@dataclass(frozen=True, slots=True)
class Condition:
    """A match value and what it accepts.

    - `text`: the match value as JSON, for people.
    - `operator`: its name; empty for a plain value.
    - `operand`: what followed the operator, as Python objects.
    - `string`: whether a string is accepted.
    - `words`: the accepted strings, if they are a finite set (`string` is then not called).
    - `prefilter`: what makes it unnecessary to call `string` for most strings, if there is one.
    - `spans`: the accepted numbers. `odd`: whether numbers no double can hold are accepted; a text:
      only the number spelled like this.
    - `literals`: which of true, false and null are accepted.
    - `absent`: whether a missing leaf is accepted.
    - `wildcards`: the wildcard texts in it, for the complexity rule.
    """

    text: str
    operator: str
    operand: object
    string: Callable[[str], bool] = _no_string
    words: frozenset[str] | None = None
    spans: tuple[Span, ...] = ()
    odd: bool | str = False
    literals: frozenset[bool | None] = field(default_factory=frozenset)
    absent: bool = False
    wildcards: tuple[str, ...] = ()
    prefilter: Prefilter | None = None

    @property
    def takes_strings(self) -> bool:
        """Whether there is any string to accept."""
        return self.words is not None or self.string is not _no_string

    def accepts(self, value: Scalar) -> bool:
        """Whether a leaf with this value satisfies the condition."""
        if type(value) is str:
            return value in self.words if self.words is not None else self.string(value)
        if value is None or value is True or value is False:
            return value in self.literals
        number = None if isinstance(value, str) else comparable(value)
        if number is None:
            return self.odd if isinstance(self.odd, bool) else self.odd == str(value)
        return any(_contains(span, number) for span in self.spans)


def made(
    operator: str,
    operand: object,
    *,
    string: Callable[[str], bool] = _no_string,
    words: frozenset[str] | None = None,
    spans: tuple[Span, ...] = (),
    odd: bool = False,
    literals: frozenset[bool | None] = frozenset(),
    absent: bool = False,
    wildcards: tuple[str, ...] = (),
    prefilter: Prefilter | None = None,
) -> Condition:
    """The condition of an operator; its text follows from the operand."""
    text = as_json({operator: operand})
    return Condition(
        text, operator, operand, string, words, spans, odd, literals, absent, wildcards, prefilter
    )


def present(
    operator: str,
    operand: object,
    string: Callable[[str], bool],
    wildcards: tuple[str, ...] = (),
    prefilter: Prefilter | None = None,
) -> Condition:
    """A condition that accepts everything but a missing leaf and some strings."""
    return made(
        operator,
        operand,
        string=string,
        spans=ANY_NUMBER,
        odd=True,
        literals=EVERYTHING_ELSE,
        wildcards=wildcards,
        prefilter=prefilter,
    )


def without_numbers_as_addresses(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """The match values of one array. Beside one that asks for numbers, `cidr` takes addresses only.

    The engine then reads numbers as numbers [ruler]; see `blocks`.
    """
    if any(_asks_for_numbers(one) for one in conditions):
        return tuple(
            replace(one, spans=()) if one.operator == "cidr" else one for one in conditions
        )
    return tuple(conditions)


def _asks_for_numbers(one: Condition) -> bool:
    """Whether a match value is made of numbers."""
    operands = one.operand if isinstance(one.operand, list) else [one.operand]
    return one.operator in ("", "numeric", "anything-but") and any(
        isinstance(operand, int | float) and not isinstance(operand, bool) for operand in operands
    )


def as_number(text: str) -> int | float:
    """The Python number that a JSON number spells."""
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def as_json(value: object) -> str:
    """A value as JSON text for people."""
    return to_text(value, ascii_only=False, allow_nan=True)  # a pattern has 1e999


_INTEGER: Final = re.compile(r"-?[0-9]{1,30}")


def _contains(span: Span, number: float) -> bool:
    bottom, bottom_open, top, top_open = span
    if number < bottom or number > top:
        return False
    return not ((bottom_open and number == bottom) or (top_open and number == top))
