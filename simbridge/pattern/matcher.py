"""Many patterns, one index.

Every sub-rule is a bit. For each path that any sub-rule names there is a table: a value that stands
in a pattern is looked up in a dictionary, every other condition is asked once for each distinct
value and the answer remembered. A match is the AND of the masks over the paths, given up as soon as
nothing is left, so the cost grows with the paths that are named and not with the rules.

Arrays need care: the fields of one rule that lie below the same array must hold in the same element
(behaviour reference 4.4). Only rules that survive the mask and name several paths are looked at
again, and only when the event has an array of objects: there is a search for one leaf for each path
such that their memberships agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, final

import msgspec

from simbridge.errors import SimbridgeError
from simbridge.pattern.conditions import Condition
from simbridge.pattern.scalars import Scalar
from simbridge.pattern.syntax import SubRule, parse

__all__ = ["Matcher", "match"]

MEMO_MAX: Final = 4096
"""Distinct values remembered for each path."""

Key: TypeAlias = tuple[type, Scalar]
Membership: TypeAlias = tuple[tuple[str, int], ...]
Leaf: TypeAlias = tuple[Scalar, Membership]


def match(pattern: str | Mapping[str, Any], event: Mapping[str, Any] | str | bytes) -> bool:
    """Whether an event matches a pattern. Raises `InvalidPattern` with AWS's words."""
    return bool(Matcher({"": pattern}).match(event))


@final
class Matcher:
    """Patterns by name, and which of them an event matches."""

    def __init__(self, patterns: Mapping[str, str | Mapping[str, Any]] | None = None) -> None:
        self._texts: dict[str, str] = {}
        self._subrules: dict[int, tuple[str, SubRule]] = {}
        self._bits: dict[str, list[int]] = {}
        self._fields: dict[str, _Field] = {}
        self._next_bit = 0
        self._all = 0
        for name, pattern in (patterns or {}).items():
            self.add(name, pattern)

    def add(self, name: str, pattern: str | Mapping[str, Any]) -> None:
        """Add a pattern, or replace the one of this name. Raises `InvalidPattern`."""
        parsed = parse(pattern)
        if name in self._texts:
            self.remove(name)
        self._texts[name] = parsed.text
        bits = self._bits[name] = []
        for subrule in parsed.subrules:
            number, self._next_bit = self._next_bit, self._next_bit + 1
            bits.append(number)
            self._subrules[number] = (name, subrule)
            self._all |= 1 << number
            for path, conditions in subrule.items():
                self._fields.setdefault(path, _Field()).add(1 << number, conditions)

    def remove(self, name: str) -> None:
        """Remove the pattern of this name. Raises `SimbridgeError` if there is none."""
        if name not in self._texts:
            raise SimbridgeError(f"there is no pattern {name!r} to remove")
        del self._texts[name]
        for number in self._bits.pop(name):
            _, subrule = self._subrules.pop(number)
            self._all &= ~(1 << number)
            for path, conditions in subrule.items():
                field = self._fields[path]
                field.remove(1 << number, conditions)
                if not field.named:
                    del self._fields[path]

    def match(self, event: Mapping[str, Any] | str | bytes) -> list[str]:
        """The names of the patterns that match, sorted. `event` is JSON text or a mapping."""
        if isinstance(event, str | bytes):
            try:
                event = msgspec.json.decode(event)
            except (msgspec.DecodeError, RecursionError) as error:
                raise SimbridgeError(f"the event is not JSON: {error}") from error
        if not isinstance(event, Mapping):
            raise SimbridgeError("an event is a JSON object: pass a mapping or its JSON text")
        return self.match_parsed(dict(event))

    def match_parsed(self, event: dict[str, Any]) -> list[str]:
        """The names of the patterns that match an event that is parsed already, sorted."""
        alive = self._all
        if not alive:
            return []
        leaves, arrays = _flatten(event, self._fields)
        for path, field in self._fields.items():
            found = leaves.get(path)
            if found is None:
                alive &= ~field.named | field.absent
            else:
                holds = 0
                for value, _ in found:
                    holds |= field.holds(value)
                alive &= ~field.named | holds
            if not alive:
                return []
        names = set()
        while alive:
            low = alive & -alive
            alive ^= low
            name, subrule = self._subrules[low.bit_length() - 1]
            if not arrays or len(subrule) < 2 or _consistent(subrule, leaves):
                names.add(name)
        return sorted(names)

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __reduce__(self) -> tuple[type[Matcher], tuple[dict[str, str]]]:
        return Matcher, (dict(self._texts),)


@final
class _Field:
    """What the sub-rules say about one path. Masks: `named` by whom, `absent` is fine with whom."""

    __slots__ = ("absent", "equal", "memo", "named", "tests")

    def __init__(self) -> None:
        self.named = 0
        self.absent = 0
        self.equal: dict[str, int] = {}
        self.tests: dict[int, list[Condition]] = {}
        self.memo: dict[Key, int] = {}

    def add(self, bit: int, conditions: tuple[Condition, ...]) -> None:
        self.named |= bit
        self.memo.clear()
        for condition in conditions:
            if condition.absent:
                self.absent |= bit
            words = _words(condition)
            for word in words or ():
                self.equal[word] = self.equal.get(word, 0) | bit
            if words is None:
                self.tests.setdefault(bit, []).append(condition)

    def remove(self, bit: int, conditions: tuple[Condition, ...]) -> None:
        self.named &= ~bit
        self.absent &= ~bit
        self.memo.clear()
        self.tests.pop(bit, None)
        for condition in conditions:
            for word in _words(condition) or ():
                left = self.equal.get(word, 0) & ~bit
                if left:
                    self.equal[word] = left
                else:
                    self.equal.pop(word, None)

    def holds(self, value: Scalar) -> int:
        """The sub-rules that this value satisfies."""
        exact = self.equal.get(value, 0) if type(value) is str else 0
        if not self.tests:
            return exact
        key = (type(value), value)  # True == 1 == 1.0 in Python, but not in JSON
        tested = self.memo.get(key)
        if tested is None:
            tested = 0
            for bit, conditions in self.tests.items():
                if any(one.accepts(value) for one in conditions):
                    tested |= bit
            if len(self.memo) >= MEMO_MAX:
                self.memo.clear()
            self.memo[key] = tested
        return exact | tested


def _words(condition: Condition) -> frozenset[str] | None:
    """The strings a condition accepts, if they are all that it accepts."""
    if condition.spans or condition.odd or condition.literals or condition.absent:
        return None
    return condition.words


def _flatten(
    event: dict[str, Any], wanted: Mapping[str, _Field]
) -> tuple[dict[str, list[Leaf]], bool]:
    """The leaves at the wanted paths, and whether any lies in an array of objects.

    Walks with a stack of its own, so depth is no matter of Python's recursion. A dotted key and
    nested objects lead to the same path (recorded).
    """
    leaves: dict[str, list[Leaf]] = {}
    arrays = False
    prefixes = {path[: at + 1] for path in wanted for at in range(len(path)) if path[at] == "."}
    stack: list[tuple[str, Any, Membership]] = [
        (key, value, ()) for key, value in reversed(event.items())
    ]
    while stack:
        path, value, member = stack.pop()
        if isinstance(value, dict):
            below = f"{path}."
            if below in prefixes:
                stack.extend((below + key, inner, member) for key, inner in reversed(value.items()))
        elif isinstance(value, list):
            objects = any(isinstance(item, dict | list) for item in value)
            arrays = arrays or objects
            stack.extend(
                (path, item, (*member, (f"{path}@{len(member)}", index)) if objects else member)
                for index, item in reversed(list(enumerate(value)))
            )
        elif path in wanted:
            leaves.setdefault(path, []).append((value, member))
    return leaves, arrays


def _consistent(subrule: SubRule, leaves: dict[str, list[Leaf]]) -> bool:
    """Whether one leaf can be chosen for each path so that shared arrays agree on the element."""
    chosen: set[Membership] = {()}
    for path, conditions in subrule.items():
        found = leaves.get(path)
        if found is None:
            continue  # the mask has seen that absence is fine
        members = {member for value, member in found if any(c.accepts(value) for c in conditions)}
        chosen = {
            joined
            for before in chosen
            for member in members
            if (joined := _joined(before, member)) is not None
        }
        if not chosen:
            return False
    return True


def _joined(one: Membership, other: Membership) -> Membership | None:
    """Both memberships together; None where they name different elements of one array."""
    places = dict(one)
    for array, index in other:
        if places.setdefault(array, index) != index:
            return None
    return tuple(sorted(places.items()))
