"""One field of many rules, for strings: which rules does this one satisfy?

Exact words are a dictionary. Every other test is asked once per distinct string, and the answer is
remembered in a table of bounded size. Where many tests share a field, most of them need not even be
asked: a test may name a *sieve*, some texts of which one has to stand at the start or at the end of the
string (or be the string), or else the answer is known. The texts of all sieves are dictionaries by
the length to cut off, so that a thousand prefixes cost as many lookups as they have lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, final

from simbridge.pattern.conditions import Condition

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

_Test: TypeAlias = Callable[[str], bool]


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
        unless = 0  # a rule may take part once in the tests that hold unless their sieve applies
        again: list[tuple[_Test, int]] = []
        for condition, bit in tests:
            if condition.sieve is not None and condition.sieve.otherwise:
                if unless & bit:
                    again.append((condition.string, bit))
                    continue
                unless |= bit
            _, bits = grouped.get(condition.text, (condition, 0))
            grouped[condition.text] = condition, bits | bit
        few = len(grouped) <= _FEW_TESTS
        self._room = _REMEMBERED_FEW if few else _REMEMBERED_MAX
        self._tests = again
        self._sieves = None if few else _Sieves()
        for condition, bits in grouped.values():
            if self._sieves is None or condition.sieve is None:
                self._tests.append((condition.string, bits))
            else:
                self._sieves.add(condition, bits)

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
    """The tests with sieves. `cuts`: how to cut a text off a string, and the tests by such texts."""

    __slots__ = ("_otherwise", "cuts")

    def __init__(self) -> None:
        self._otherwise = 0
        self.cuts: dict[tuple[str, int], dict[str, list[tuple[_Test, int, bool]]]] = {}

    def add(self, condition: Condition, bits: int) -> None:
        """Take a test of some rules."""
        sieve = condition.sieve
        assert sieve is not None
        if sieve.otherwise:
            self._otherwise |= bits
        for text in dict.fromkeys(sieve.texts):
            cut = (sieve.place, 0 if sieve.place in _WHOLE else len(text))
            tests = self.cuts.setdefault(cut, {}).setdefault(text, [])
            tests.append((condition.string, bits, sieve.otherwise))

    def satisfied(self, value: str) -> int:
        """The rules that a string satisfies."""
        rules, excluded = 0, 0
        for (place, length), tests in self.cuts.items():
            for test, bits, otherwise in tests.get(_CUT[place](value, length), ()):
                if test(value) is otherwise:
                    continue
                if otherwise:
                    excluded |= bits
                else:
                    rules |= bits
        return rules | self._otherwise & ~excluded


_CUT: Final[dict[str, Callable[[str, int], str]]] = {
    "head": lambda value, length: value[:length],
    "tail": lambda value, length: value[max(0, len(value) - length) :],
    "word": lambda value, length: value,
    "head in any case": lambda value, length: value[:length].lower(),
    "tail in any case": lambda value, length: value[max(0, len(value) - length) :].lower(),
    "word in any case": lambda value, length: value.lower(),
}
_WHOLE: Final = ("word", "word in any case")
