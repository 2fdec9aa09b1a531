"""All fields of a rule below one array have to hold in the same element of it.

That is array consistency (behaviour reference 4.4). Where an event holds no array of objects it is
nothing but "every field holds". Where it does, this file chooses elements.

Theory of operation. AWS's engine takes the fields of a rule in the order of their paths, tries every
leaf for each, and remembers which elements it has entered; a field that has to be missing is looked
for in the elements entered so far, and in all elements of arrays not entered yet. Trying is slow: two
arrays of a thousand objects are a million pairs. But arrays that do not contain each other do not
care about each other's choice, and in the order of paths the fields below one array stand together. So
each array can be settled on its own, from the outside in:

- its first fields, as long as they may be missing and are missing in the whole array, are settled;
- the next field has to be found in an element. That element is entered, the remaining fields have to
  hold inside it, and some element has to be so.

Every element is looked at once per rule. The steps are generators driven by a loop (`_drive`), so that
arrays nested in arrays a thousand deep need no deep Python stack.

One kind of event breaks the independence: keys with dots that spell the path of an array in two ways
(`{"a": [..], "a.b": [..]}`). For it we do what the engine does (`_try_all`), up to a limit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any, Final, TypeAlias

from simbridge.errors import SimbridgeError
from simbridge.pattern.conditions import Condition
from simbridge.pattern.events import Flat

__all__ = ["holds", "path_order"]

_TRIES_MAX: Final = 200_000
_Step: TypeAlias = Generator[Any, bool, bool]


def path_order(path: str) -> bytes:
    """A key that sorts paths as Java sorts strings, by UTF-16 units."""
    return path.encode("utf-16-be", "surrogatepass")


def holds(subrule: Mapping[str, tuple[Condition, ...]], flat: Flat) -> bool:
    """Whether an event (laid out along at least the paths of the sub-rule) satisfies a sub-rule."""
    fields = _Fields(subrule, flat)
    if not flat.element_of:
        return fields.hold_without_arrays()
    if not all(fields.may_hold):
        return False
    search = _Search(fields, flat)
    if search.is_ambiguous:
        return _try_all(fields, flat)
    return _drive(search.element(0, (1 << len(fields.paths)) - 1, -1))


class _Fields:
    """The fields of a sub-rule in the order of their paths, and the leaves each of them finds.

    Sets of fields are ints, field i being bit i. `good[e]`, `there[e]`: the fields that have an
    accepted leaf, or any leaf, directly in element e.
    """

    def __init__(self, subrule: Mapping[str, tuple[Condition, ...]], flat: Flat) -> None:
        self.paths = sorted(subrule, key=path_order)
        self.optional = [any(one.absent for one in subrule[path]) for path in self.paths]
        self.leaves: list[list[tuple[bool, int]]] = []
        self.good = [0] * len(flat.array_of)
        self.there = [0] * len(flat.array_of)
        self.may_hold: list[bool] = []
        for index, path in enumerate(self.paths):
            conditions = subrule[path]
            leaves = [
                (any(one.accepts(value) for one in conditions), element)
                for value, element in flat.leaves.get(path, ())
            ]
            self.leaves.append(leaves)
            for accepted, element in leaves:
                self.there[element] |= 1 << index
                self.good[element] |= accepted << index
            self.may_hold.append(self.optional[index] or any(accepted for accepted, _ in leaves))

    def hold_without_arrays(self) -> bool:
        """Whether every field holds, for an event without arrays of objects."""
        return all(
            may and (bool(self.good[0] >> index & 1) or not leaves)
            for index, (may, leaves) in enumerate(zip(self.may_hold, self.leaves, strict=True))
        )


class _Search:
    """The choice of elements for one sub-rule and one event."""

    def __init__(self, fields: _Fields, flat: Flat) -> None:
        self._fields = fields
        self._known: dict[tuple[int, int, int], bool] = {}
        count = len(flat.element_of)
        self._elements: list[list[int]] = [[] for _ in range(count)]
        for element, array in enumerate(flat.array_of):
            if array >= 0:
                self._elements[array].append(element)
        below = {path: _below(path, fields.paths) for path in set(flat.array_path)}
        self._scope = [below[path] for path in flat.array_path]  # the fields at or below an array
        self._own = [below[path] & _at(path, fields.paths) for path in flat.array_path]
        self._inside = list(
            fields.there
        )  # per element: the fields with any leaf at any depth in it
        self._within = [0] * count  # the same per array
        self._arrays: dict[int, list[int]] = {}
        for array in reversed(range(count)):
            for element in self._elements[array]:
                self._within[array] |= self._inside[element]
            outer = flat.element_of[array]
            self._inside[outer] |= self._within[array]
            if self._within[array]:
                self._arrays.setdefault(outer, []).append(array)
        self.is_ambiguous = any(map(self._overlaps, self._arrays))

    def _overlaps(self, element: int) -> bool:
        """Whether a field could be found by two ways inside an element."""
        taken = 0
        for array in self._arrays[element]:
            scope = self._scope[array]
            if scope & taken or self._fields.there[element] & scope & ~self._own[array]:
                return True
            taken |= scope
        return False

    def element(self, element: int, wanted: int, first: int) -> _Step:
        """Whether the wanted fields hold in an element that is entered; `first` must be found."""
        good, there = self._fields.good[element], self._fields.there[element]
        for array in self._arrays.get(element, ()):
            scope = self._scope[array] & wanted
            if not self._within[array] & scope:
                continue
            wanted &= ~scope
            own = self._own[array] & scope
            found = False
            if own & good:  # a leaf directly in the array serves, and enters no element
                rest_first = -1 if first >= 0 and own >> first & 1 else first
                found = yield self._array(array, scope & ~own, rest_first)
            if not found and (not own & there or own & self._within[array]):
                found = yield self._array(array, scope, first)
            if not found:
                return False
        for index in _bits(wanted & ~good):
            if there >> index & 1 or index == first or not self._fields.optional[index]:
                return False
        return True

    def _array(self, array: int, scope: int, first: int) -> _Step:
        """Whether the fields of a scope hold in an array that is not entered yet."""
        key = (array, scope, first)
        if key in self._known:
            return self._known[key]
        needed = first >= 0 and bool(scope >> first & 1)
        within = self._within[array]
        answer = not needed
        for index in _bits(scope):
            if self._fields.optional[index] and not within >> index & 1:
                scope &= ~(1 << index)
                continue
            answer = not needed or index == first
            if answer:
                answer = yield self._some_element(array, scope, index)
            break
        self._known[key] = answer
        return answer

    def _some_element(self, array: int, scope: int, first: int) -> _Step:
        for element in self._elements[array]:
            if self._inside[element] >> first & 1 and (yield self.element(element, scope, first)):
                return True
        return False


def _drive(step: _Step) -> bool:
    """Run a step and the steps it asks for."""
    stack, answer, fresh = [step], False, True
    while stack:
        try:
            following = next(stack[-1]) if fresh else stack[-1].send(answer)
        except StopIteration as stop:
            stack.pop()
            answer, fresh = stop.value, False
        else:
            stack.append(following)
            fresh = True
    return answer


def _try_all(fields: _Fields, flat: Flat) -> bool:
    """The engine's own way: leaf by leaf, field by field.

    Raises `SimbridgeError` when that takes too long.
    """
    entered = [_entered(element, flat) for element in range(len(flat.array_of))]
    waiting: list[tuple[int, dict[int, int]]] = [(0, {})]
    seen: set[tuple[int, frozenset[tuple[int, int]]]] = set()
    tries = 0
    while waiting:
        index, chosen = waiting.pop()
        state = (index, frozenset(chosen.items()))
        if state in seen:
            continue
        seen.add(state)
        if index == len(fields.paths):
            return True
        missing = True
        for accepted, element in fields.leaves[index]:
            tries += 1
            if all(chosen.get(array, one) == one for array, one in entered[element].items()):
                missing = False
                if accepted:
                    waiting.append((index + 1, chosen | entered[element]))
        if missing and fields.optional[index]:
            waiting.append((index + 1, chosen))
        if tries > _TRIES_MAX:
            raise SimbridgeError(
                "the event spells the path of an array in several ways (a dot in a key) and has too "
                "many elements to try them all: use nested objects instead of dotted keys"
            )
    return False


def _entered(element: int, flat: Flat) -> dict[int, int]:
    """The arrays around an element, and the element entered in each."""
    chosen = {}
    while (array := flat.array_of[element]) >= 0:
        chosen[array] = element
        element = flat.element_of[array]
    return chosen


def _below(prefix: str, paths: list[str]) -> int:
    start = prefix + "."
    return sum(1 << i for i, path in enumerate(paths) if path == prefix or path.startswith(start))


def _at(path: str, paths: list[str]) -> int:
    return sum(1 << index for index, one in enumerate(paths) if one == path)


def _bits(number: int) -> Iterable[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
