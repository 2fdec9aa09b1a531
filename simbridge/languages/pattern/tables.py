"""One field of many rules: from a value to the set of rules it satisfies.

A set of rules is an int with a bit per rule. A `Table` knows, for one path, the rules that name it and
those that do not (these are satisfied by anything), and answers for any JSON leaf:

- strings: see `strings`;
- numbers: the ranges of all rules cut the number line at their ends; the set is worked out for every
  cut and every gap in one sweep, and found by bisection;
- true, false, null, a missing leaf: one set each.

`table.words[value]` is the hot path: a dictionary lookup for a string or `MISSING`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import TypeAlias, final

from simbridge.base.errors import SimbridgeError
from simbridge.languages.pattern.conditions import Condition, Span
from simbridge.languages.pattern.scalars import EXACT_INT_MAX, Digits, Scalar, comparable
from simbridge.languages.pattern.strings import MISSING, Strings

__all__ = ["HasArrays", "Table"]

_Named: TypeAlias = Iterable[tuple[int, tuple[Condition, ...]]]


class HasArrays(Exception):
    """The event has to be laid out: an array of objects, a dot in a key, or a duplicate key.

    Never leaves the package.
    """


@final
class Table:
    """The conditions of many rules on one path.

    `absent`: the rules that a missing leaf satisfies. `named`: the rules that name the path.
    """

    __slots__ = ("__weakref__", "_cuts", "_gaps", "_literals", "_odd", "_odd_words", "absent",
                 "named", "words")  # fmt: skip

    def __init__(self, named: _Named, others: int = 0) -> None:
        """`named`: a bit and the match values of each rule that names the path; `others`: the rest."""
        exact: dict[str, int] = {}
        tests: list[tuple[Condition, int]] = []
        spans: list[tuple[int, list[Span]]] = []
        self._literals: dict[bool | None, int] = {True: others, False: others, None: others}
        self._odd, self._odd_words, self.absent = others, dict[str, int](), others
        self.named = 0
        for bit, conditions in named:
            self.named |= bit
            spans.append((bit, [span for one in conditions for span in one.spans]))
            for one in conditions:
                for word in one.words or ():
                    exact[word] = exact.get(word, 0) | bit
                if one.words is None and one.takes_strings:
                    tests.append((one, bit))
                for literal in one.literals:
                    self._literals[literal] |= bit
                if isinstance(one.odd, str):
                    self._odd_words[one.odd] = self._odd_words.get(one.odd, 0) | bit
                elif one.odd:
                    self._odd |= bit
                if one.absent:
                    self.absent |= bit
        self.words = Strings(exact, tests, others, self.absent)
        self._cuts, self._gaps = _sweep(spans, others)

    def of(self, value: object) -> int:
        """The rules that a value at the path satisfies; an array offers each of its elements.

        Raises `HasArrays` for an array in an array, and `SimbridgeError` for what JSON does not have.
        """
        kind = type(value)
        if (kind is int or kind is float) and -EXACT_INT_MAX <= value <= EXACT_INT_MAX:  # type: ignore[operator]
            number: float = value  # type: ignore[assignment]
            return self._gaps[bisect_left(self._cuts, number) + bisect_right(self._cuts, number)]
        if kind is list:
            return self._of_array(value)  # type: ignore[arg-type]
        if value is MISSING or kind is dict:
            return self.absent
        return self.of_leaf(value)  # type: ignore[arg-type]

    def of_leaf(self, value: Scalar) -> int:
        """The rules that a single leaf satisfies."""
        if type(value) is str:
            return self.words[value]
        if value is None or value is True or value is False:
            return self._literals[value]
        if isinstance(value, (int, float)):
            number = comparable(value)
            if number is not None:
                return self._gaps[
                    bisect_left(self._cuts, number) + bisect_right(self._cuts, number)
                ]
        elif isinstance(value, dict):  # with a duplicate key, else its type would be exactly dict
            raise HasArrays
        elif not isinstance(value, Digits):
            raise SimbridgeError(
                f"the event holds a {type(value).__name__}: use what a JSON reader returns"
            )
        return self._odd | self._odd_words.get(str(value), 0)

    def _of_array(self, values: list[Scalar | list[object] | dict[str, object]]) -> int:
        rules, leaves = 0, False
        for value in values:
            if isinstance(value, list):
                raise HasArrays
            if not isinstance(value, dict):
                rules |= self.of_leaf(value)
                leaves = True
        return rules if leaves else self.absent


def _sweep(spans: list[tuple[int, list[Span]]], others: int) -> tuple[list[float], list[int]]:
    """The ends of all spans in order, and the sets of rules: below, on the first end, above it, ..."""
    cuts = sorted({end for _, own in spans for span in own for end in (span[0], span[2])})
    place = {cut: 2 * index + 1 for index, cut in enumerate(cuts)}
    starts = [0] * (2 * len(cuts) + 2)
    for bit, own in spans:
        reached = 0
        pairs = sorted((place[low] + low_open, place[high] + 1 - high_open)
                       for low, low_open, high, high_open in own)  # fmt: skip
        for start, stop in pairs:
            start = max(start, reached)
            if start < stop:
                starts[start] ^= bit
                starts[stop] ^= bit
                reached = stop
    gaps, rules = [], others
    for change in starts:
        rules ^= change
        gaps.append(rules)
    return cuts, gaps
