"""One field of many rules, for strings: which rules does this one satisfy?

Exact words are a dictionary. Every other test runs once per distinct string, and the answer is kept in a
table of bounded size. If many tests share a field, most of them need not run at all: a test may have a
*prefilter*, anchors without which the answer is known: a text at the start, at the end or anywhere in the
string, or the leading bits of an address. Of several anchors
(a wildcard has a start, an end and pieces between) the one is taken that fewest other tests have. The
anchors are dictionaries by the length to cut off, so that a thousand prefixes cost as many lookups as
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
"""The value of a leaf that is not there."""

_REMEMBERED_MAX: Final = 2048
"""Distinct strings that a table keeps before it is emptied."""

_REMEMBERED_CHARACTERS_MAX: Final = 256
"""Longer strings are tested every time: they rarely come twice."""

_FEW_TESTS: Final = 4
"""So few tests run without prefilters."""

_REMEMBERED_FEW: Final = 1024
"""With few tests only so many strings are remembered, and then no more: asking again is cheaper than to
make room for values that never come twice."""

_INSIDE: Final = 4
"""Of a text that may be anywhere in a string, so many characters are looked for at once."""

_Test: TypeAlias = Callable[[str], bool]
_Candidate: TypeAlias = tuple[_Test, int, bool]
_Candidates: TypeAlias = dict[str, list[_Candidate]]
"""Tests by the text of their anchor, each with the bits of its rules and its prefilter's `default`."""


@final
class Strings(dict[object, int]):
    """The rules that each string (or `MISSING`) satisfies; an entry is made on the first lookup."""

    __slots__ = ("_always", "_exact", "_missing", "_prefilters", "_room", "_tests")

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
        defaulted = (
            0  # a rule may take part once in the tests that hold defaulted their prefilter applies
        )
        again: list[tuple[_Test, int]] = []
        for condition, bit in tests:
            if condition.prefilter is not None and condition.prefilter.default:
                if defaulted & bit:
                    again.append((condition.string, bit))
                    continue
                defaulted |= bit
            _, bits = grouped.get(condition.text, (condition, 0))
            grouped[condition.text] = condition, bits | bit
        few = len(grouped) <= _FEW_TESTS
        self._room = _REMEMBERED_FEW if few else _REMEMBERED_MAX
        self._prefilters = None if few else _Prefilters(grouped.values())
        self._tests = again + [
            (condition.string, bits)
            for condition, bits in grouped.values()
            if few or condition.prefilter is None
        ]

    def __missing__(self, value: str) -> int:
        rules = self._always
        if value in self._exact:
            rules |= self._exact[value]
        if self._prefilters is not None:
            rules |= self._prefilters.satisfied(value)
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
class _Prefilters:
    """The tests with prefilters. Of every group of anchors one is looked for, the rarest.

    The anchors are dictionaries: by how the string is viewed, by their place in it, and by their length.
    `_default`: the rules that hold unless a test fails.
    """

    __slots__ = ("_default", "_views")

    def __init__(self, tests: Iterable[tuple[Condition, int]]) -> None:
        """`tests`: conditions that have a prefilter, each with the bits of its rules."""
        self._default = 0
        self._views: dict[str, dict[tuple[str, int], _Candidates]] = {}
        filtered = [
            (
                test.string,
                bits,
                test.prefilter.default,
                [_choices(group) for group in test.prefilter.anchors],
            )
            for test, bits in tests
            if test.prefilter is not None
        ]
        frequency = Counter(
            anchor for *_, groups in filtered for choices in groups for anchor in choices
        )
        for test, bits, default, groups in filtered:
            if default:
                self._default |= bits
            for anchor in dict.fromkeys(_rarest(choices, frequency) for choices in groups):
                cut = anchor.place, 0 if anchor.place == "word" else len(anchor.text)
                candidates = self._views.setdefault(anchor.view, {}).setdefault(cut, {})
                candidates.setdefault(anchor.text, []).append((test, bits, default))

    def satisfied(self, value: str) -> int:
        """The rules that a string satisfies."""
        rules, excluded = 0, 0
        for view, cuts in self._views.items():
            seen = _VIEW[view](value)
            for (place, length), candidates in cuts.items():
                for test, bits, default in _FOUND[place](seen, length, candidates):
                    if test(value) is default:
                        continue
                    if default:
                        excluded |= bits
                    else:
                        rules |= bits
        return rules | self._default & ~excluded


def _choices(group: Sequence[Anchor]) -> Sequence[Anchor]:
    """The anchors of a group; instead of one that may be anywhere, all short pieces of it."""
    if len(group) == 1 and group[0].place != "inside":
        return group
    choices: dict[Anchor, None] = {}
    for anchor in group:
        if anchor.place != "inside":
            choices[anchor] = None
            continue
        for at in range(max(1, len(anchor.text) - _INSIDE + 1)):
            choices[Anchor("inside", anchor.text[at : at + _INSIDE])] = None
    return list(choices)


def _rarest(choices: Sequence[Anchor], frequency: Mapping[Anchor, int]) -> Anchor:
    """The anchor to look for: the first that few tests have, or the one that fewest have.

    Anchors at the ends come first: they are looked for in one place.
    """
    if len(choices) == 1:
        return choices[0]
    return min(choices, key=lambda anchor: max(_FEW_TESTS, frequency[anchor]))


def _anywhere(seen: str, length: int, candidates: _Candidates) -> list[_Candidate]:
    """The candidates whose texts are anywhere in a string."""
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
