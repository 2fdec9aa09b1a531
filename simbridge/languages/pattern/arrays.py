"""All fields of a rule below one array have to hold in the same element of it.

That is array consistency (fidelity 4.4). Where an event holds no array of objects it is
nothing but "every field holds". Where it does, this file chooses elements, for all rules of a set at
once.

Theory of operation. AWS's engine takes the fields of a rule in the order of their paths, tries every
leaf for each, and remembers which elements it has entered; a field that has to be missing is looked
for in the elements entered so far, and in all elements of arrays not entered yet. Trying is slow: two
arrays of a thousand objects are a million pairs. But arrays that do not contain each other do not
care about each other's choice, and in the order of paths the fields below one array are adjacent. So
each array can be settled on its own, from the inside out:

- the first fields of a rule below the array, as long as they may be missing and are missing in the
  whole array, are settled;
- the next field of the rule, its *leader*, has to be found in an element. That element is entered, and
  the remaining fields of the rule have to hold inside it, in this one or in another.

Fields that hold in an element are an AND over tables, elements are an OR, and a rule is a bit: every
element is looked at once, for a thousand rules as for one.

A leaf directly in an array enters no element. So a rule may take it for the array's own path
and go into any element for the others; each array has a second answer for that case, in which its own
path counts as settled.

One kind of event breaks the independence: keys with dots that spell the path of an array in two ways
(`{"a": [..], "a.b": [..]}`). For it we do what the engine does (`_try_all`), up to a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, final

from simbridge.base.errors import SimbridgeError
from simbridge.languages.pattern.events import Array, Element, Layout, Paths
from simbridge.languages.pattern.scalars import Scalar
from simbridge.languages.pattern.tables import Table

__all__ = ["Fields", "Only", "satisfied"]

Fields: TypeAlias = Sequence[tuple[str, Table]]
"""The paths that a set of rules names and their tables, in `path_order`."""

Only: TypeAlias = Mapping[int, Sequence[int]]
"""Arrays of which only some elements have to be looked at."""

_EVERYWHERE: Final[Only] = {}
_TRIES_MAX: Final = 100_000


def satisfied(fields: Fields, rules: int, layout: Layout, only: Only = _EVERYWHERE) -> int:
    """Which of some rules an event satisfies that is laid out along (at least) the rules' paths.

    Raises `SimbridgeError` if an ambiguous event has too many elements to try them all.
    """
    if layout.is_ambiguous:
        return _try_all(fields, rules, layout)
    return _Search(fields, rules, layout).run(only)


@final
class _Search:
    """The choice of elements for one set of rules and one event. Sets of paths are ints as well."""

    def __init__(self, fields: Fields, rules: int, layout: Layout) -> None:
        self._rules = rules
        self._elements, self._arrays = layout.elements, layout.arrays
        self._tables = {  # a path that only removed rules name is not laid out, and holds for the rest
            node: table for path, table in fields if (node := layout.paths.below(path)) is not None
        }
        self._wanted = sum(node.bit for node in self._tables)
        self._missing: dict[int, int] = {0: rules}
        self._leaders: dict[tuple[Paths, int, bool], tuple[int, list[tuple[int, int]]]] = {}
        self._answers: dict[int, tuple[int, int]] = {}

    def run(self, only: Only) -> int:
        """Which of the rules are satisfied."""
        waiting = [0]
        for number in waiting:  # which grows as we go
            for one in self._elements[number].arrays:
                if self._arrays[one].inside & self._wanted:
                    waiting += only.get(one, self._arrays[one].elements)
        for number in reversed(waiting):
            element = self._elements[number]
            if element.array >= 0:
                self._offer(element)
        return self._holds(self._elements[0], self._wanted)

    def _offer(self, element: Element) -> None:
        """Add what holds in an element to the answers of its array."""
        array = self._arrays[element.array]
        scope = array.node.scope & self._wanted
        own = scope & array.node.bit
        found, settled = self._answer(element.array)
        if found != self._rules:
            found |= self._holds(element, scope) & self._led(array, False, element.inside)
        if not own:
            settled = found
        elif settled != self._rules:
            settled |= self._holds(element, scope ^ own) & self._led(array, True, element.inside)
        self._answers[element.array] = found, settled

    def _answer(self, number: int) -> tuple[int, int]:
        """The rules that hold in an array so far, and those that do if its own path is settled."""
        if number not in self._answers:
            array = self._arrays[number]
            self._answers[number] = self._leads(array, False)[0], self._leads(array, True)[0]
        return self._answers[number]

    def _holds(self, element: Element, scope: int) -> int:
        """The rules whose fields in a scope hold in an element that is entered."""
        rules = self._rules
        handled = 0
        for number in element.arrays:
            array = self._arrays[number]
            if array.inside & self._wanted and array.node.scope & scope:
                handled |= array.node.scope
                rules &= self._holds_array(element, number, array, scope)
        for node, values in element.leaves.items():
            if node.bit & scope & ~handled:
                rules &= self._accepted(node, values)
        return rules & self._absent(scope & ~handled & ~element.own)

    def _holds_array(self, element: Element, number: int, array: Array, scope: int) -> int:
        """The rules whose fields in a scope hold in an array of an element."""
        found, settled = self._answer(number)
        own = array.node.bit & self._wanted
        if own & ~scope:
            return settled
        if own & element.own:
            accepted = self._accepted(array.node, element.leaves[array.node]) & settled
            return accepted | found if own & array.inside else accepted
        return found

    def _leads(self, array: Array, own_settled: bool) -> tuple[int, list[tuple[int, int]]]:
        """The rules that are settled without an element, and the others by their leaders."""
        key = (array.node, array.inside, own_settled)
        if key not in self._leaders:
            rules, leaders = self._rules, []
            for node, table in self._tables.items():
                if not node.bit & array.node.scope or (own_settled and node is array.node):
                    continue
                if node.bit & array.inside:
                    led = table.named & rules
                    leaders.append((node.bit, led))
                    rules ^= led
                else:
                    rules &= table.absent
            self._leaders[key] = rules, leaders
        return self._leaders[key]

    def _led(self, array: Array, own_settled: bool, inside: int) -> int:
        """The rules whose leader has a leaf inside an element, given what is inside."""
        rules = 0
        for bit, led in self._leads(array, own_settled)[1]:
            if bit & inside:
                rules |= led
        return rules

    def _accepted(self, node: Paths, values: Sequence[Scalar]) -> int:
        table = self._tables[node]
        if len(values) == 1:
            return table.of_leaf(values[0])
        rules = 0
        for value in values:
            rules |= table.of_leaf(value)
        return rules

    def _absent(self, paths: int) -> int:
        """The rules that do not mind if these paths are missing."""
        if paths not in self._missing:
            rules = self._rules
            for node, table in self._tables.items():
                if node.bit & paths:
                    rules &= table.absent
            self._missing[paths] = rules
        return self._missing[paths]


def _try_all(fields: Fields, rules: int, layout: Layout) -> int:
    """The engine's own way: rule by rule, field by field, leaf by leaf."""
    entered = [layout.entered(number) for number in range(len(layout.elements))]
    found = tries = 0
    while rules:
        rule = rules & -rules
        rules ^= rule
        own = [(table, layout.values.get(path, ())) for path, table in fields if table.named & rule]
        if not all(
            table.absent & rule or any(table.of_leaf(value) & rule for value, _ in leaves)
            for table, leaves in own
        ):
            continue
        waiting: list[tuple[int, dict[int, int]]] = [(0, {})]
        while waiting:
            index, chosen = waiting.pop()
            if index == len(own):
                found |= rule
                break
            table, leaves = own[index]
            missing = True
            for value, element in leaves:
                around = entered[element]
                if all(chosen.get(array, one) == one for array, one in around.items()):
                    missing = False
                    if table.of_leaf(value) & rule:
                        waiting.append((index + 1, chosen | around))
            if missing and table.absent & rule:
                waiting.append((index + 1, chosen))
            tries += len(leaves) + 1
            if tries > _TRIES_MAX:
                raise SimbridgeError(
                    "the event spells the path of an array in several ways (a dot in a key) and has "
                    "too many elements to try them all: use nested objects instead of dotted keys"
                )
    return found
