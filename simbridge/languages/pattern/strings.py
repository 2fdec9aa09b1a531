"""One field of many rules, for strings: which rules does this one satisfy?

Exact words are a dictionary. Every other test is asked once per distinct string, and the answer is
remembered in a table of bounded size. Where many tests share a field, most of them need not even be
asked: a test may name a *prefilter*, marks without which the answer is known: a text that has to stand at
the start, at the end or anywhere in the string, or the leading bits of an address. Of several marks
(a wildcard has a start, an end and pieces between) the one is taken that fewest other tests have. The
marks are dictionaries by the length to cut off, so that a thousand prefixes cost as many lookups as
they have lengths, and a thousand pieces one lookup for each character of the string.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias, final

from simbridge.languages.pattern.conditions import Anchor, Condition
from simbridge.languages.pattern.scalars import address, address_bits

__all__ = ["MISSING", "Strings"]

MISSING: Final = object()
"""Stands for a leaf that is not there."""

_REMEMBERED_MAX: Final = 2048
"""How many distinct strings a table remembers before it starts afresh."""

_REMEMBERED_CHARACTERS_MAX: Final = 256
"""Longer strings are worked out every time: they rarely come twice."""

_FEW_TESTS: Final = 4
"""So few tests are asked without sieves."""

_REMEMBERED_FEW: Final = 1024
"""With few tests only so many strings are remembered, and then no more: asking again is cheaper than to
make room for values that never come twice."""

_INSIDE: Final = 4
"""Of a text that may stand anywhere in a string, so many characters are looked for at once."""

_Test: TypeAlias = Callable[[str], bool]
_Candidate: TypeAlias = tuple[_Test, int, bool]
_Candidates: TypeAlias = dict[str, list[_Candidate]]
"""Tests by the text of their mark, each with the bits of its rules and its prefilter's `otherwise`."""


@final
class Strings(dict[object, int]):
    """Strings (and `MISSING`) and the rules each satisfies, filled as they are asked for."""

    __slots__ = ("_always", "_exact", "_missing", "_room", "_sieves", "_tests")

    def __init__(
        self,
        exact: dict[str, int],
        tests: Iterable[tuple[Condition, int]],
        always: int,
        missing: int,
    ) -> None:
        """`exact`: rules by word. `tests`: conditions, each with the bit of its rule.

        `always`, `missing`: the rules that any string and a missing leaf satisfies.
        """
        super().__init__({MISSING: missing})
        self._exact, self._always, self._missing = exact, always, missing
        grouped: dict[str, tuple[Condition, int]] = {}
        unless = (
            0  # a rule may take part once in the tests that hold unless their prefilter applies
        )
        again: list[tuple[_Test, int]] = []
        for condition, bit in tests:
            if condition.prefilter is not None and condition.prefilter.default:
                if unless & bit:
                    again.append((condition.string, bit))
                    continue
                unless |= bit
            _, bits = grouped.get(condition.text, (condition, 0))
            grouped[condition.text] = condition, bits | bit
        few = len(grouped) <= _FEW_TESTS
        self._room = _REMEMBERED_FEW if few else _REMEMBERED_MAX
        self._sieves = None if few else _Sieves(grouped.values())
        self._tests = again + [
            (condition.string, bits)
            for condition, bits in grouped.values()
            if few or condition.prefilter is None
        ]

    def __missing__(self, value: str) -> int:
        rules = self._always
        if value in self._exact:
            rules |= self._exact[value]
        if self._sieves is not None:
            rules |= self._sieves.satisfied(value)
        for test, bits in self._tests:
            if bits & ~rules and test(value):
                rules |= bits
        if len(self) < self._room and len(value) <= _REMEMBERED_CHARACTERS_MAX:
            self[value] = rules
            if len(self) == _REMEMBERED_MAX:
                self.clear()
                self[MISSING] = self._missing
        return rules


@final
class _Sieves:
    """The tests with sieves. Of every group of marks only one is looked for, and that is a rare one.

    The marks to look for are dictionaries: by how the string is viewed, by where in it they stand, and
    by their length. `_otherwise`: the rules that hold unless a test says no.
    """

    __slots__ = ("_otherwise", "_views")

    def __init__(self, tests: Iterable[tuple[Condition, int]]) -> None:
        """`tests`: conditions that have a prefilter, each with the bits of its rules."""
        self._otherwise = 0
        self._views: dict[str, dict[tuple[str, int], _Candidates]] = {}
        sieved = [
            (
                test.string,
                bits,
                test.prefilter.default,
                [_choices(group) for group in test.prefilter.marks],
            )
            for test, bits in tests
            if test.prefilter is not None
        ]
        usual = Counter(mark for *_, groups in sieved for choices in groups for mark in choices)
        for test, bits, otherwise, groups in sieved:
            if otherwise:
                self._otherwise |= bits
            for mark in dict.fromkeys(_rarest(choices, usual) for choices in groups):
                cut = mark.place, 0 if mark.place == "word" else len(mark.text)
                candidates = self._views.setdefault(mark.view, {}).setdefault(cut, {})
                candidates.setdefault(mark.text, []).append((test, bits, otherwise))

    def satisfied(self, value: str) -> int:
        """The rules that a string satisfies."""
        rules, excluded = 0, 0
        for view, cuts in self._views.items():
            seen = _VIEW[view](value)
            for (place, length), candidates in cuts.items():
                for test, bits, otherwise in _FOUND[place](seen, length, candidates):
                    if test(value) is otherwise:
                        continue
                    if otherwise:
                        excluded |= bits
                    else:
                        rules |= bits
        return rules | self._otherwise & ~excluded


def _choices(group: Sequence[Anchor]) -> Sequence[Anchor]:
    """The marks of a group; in the place of one that may stand anywhere all short pieces of it."""
    if len(group) == 1 and group[0].place != "inside":
        return group
    choices: dict[Anchor, None] = {}
    for mark in group:
        if mark.place != "inside":
            choices[mark] = None
            continue
        for at in range(max(1, len(mark.text) - _INSIDE + 1)):
            choices[Anchor("inside", mark.text[at : at + _INSIDE])] = None
    return list(choices)


def _rarest(choices: Sequence[Anchor], usual: Mapping[Anchor, int]) -> Anchor:
    """The mark to look for: the first that few tests have, or the one that fewest have.

    Those at the ends come first, which are looked for in one place.
    """
    if len(choices) == 1:
        return choices[0]
    return min(choices, key=lambda mark: max(_FEW_TESTS, usual[mark]))


def _anywhere(seen: str, length: int, candidates: _Candidates) -> list[_Candidate]:
    """The candidates whose texts stand anywhere in a string."""
    pieces = (seen[at : at + length] for at in range(len(seen) - length + 1))
    there = dict.fromkeys(piece for piece in pieces if piece in candidates)
    return [candidate for piece in there for candidate in candidates[piece]]


def _bits_of_address(value: str) -> str:
    found = address(value)
    return "" if found is None else address_bits(found)


_VIEW: Final[dict[str, Callable[[str], str]]] = {
    "": str,
    "in lower case": str.lower,
    "as bits": _bits_of_address,
}

_FOUND: Final[dict[str, Callable[[str, int, _Candidates], Sequence[_Candidate]]]] = {
    "head": lambda seen, length, candidates: candidates.get(seen[:length], ()),
    "tail": lambda seen, length, candidates: candidates.get(seen[max(0, len(seen) - length) :], ()),
    "word": lambda seen, length, candidates: candidates.get(seen, ()),
    "inside": _anywhere,
}
