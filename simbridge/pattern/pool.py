"""A pool: some sub-rules as bits, and a table for each path that they name.

See `index` for the idea. This file knows how to come to the values: the top fields of an event are
looked up directly, the others object by object, each object fetched once. An array on the way, or a
key that spells two steps of a path at once, cannot be handled like this; `HasArrays` says so, and the
whole event is laid out and searched again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simbridge.pattern.arrays import holds
from simbridge.pattern.conditions import Condition
from simbridge.pattern.events import EventDict, Flat
from simbridge.pattern.tables import MISSING, HasArrays, Table

__all__ = ["Entry", "Pool", "aliases_of"]

_YOUNG_MAX: Final = 16
_REMEMBERED_MAX: Final = 1024

_Test = tuple[str, Mapping[object, int], Table]


class Entry:
    """One sub-rule of a named rule. Two entries are never equal."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, tuple[Condition, ...]]) -> None:
        self.name, self.fields = name, fields


class Pool:
    """Sub-rules as bits. Call `prepare` before a search."""

    __slots__ = (
        "_bits", "_in_order", "_ready", "_settled", "_tables", "entries", "live", "names", "nodes",
        "top",
    )  # fmt: skip

    def __init__(self, settled: frozenset[str]) -> None:
        """`settled`: paths whose conditions need not be asked."""
        self._settled = settled
        self.entries: dict[Entry, None] = {}
        self._forget()

    @property
    def is_grown(self) -> bool:
        """Whether it is better to leave this pool alone and start another."""
        return self._ready and len(self.entries) >= _YOUNG_MAX

    def add(self, entry: Entry) -> None:
        """Take a sub-rule."""
        self.entries[entry] = None
        self._forget()

    def remove(self, entry: Entry) -> None:
        """Drop a sub-rule."""
        del self.entries[entry]
        if self._ready:
            self.live &= ~self._bits.pop(entry)
            if 2 * len(self.entries) < len(self._in_order):
                self._forget()

    def prepare(self) -> None:
        """Compile the tables, unless they are ready."""
        if self._ready:
            return
        self._in_order = list(self.entries)
        self._bits = {entry: 1 << index for index, entry in enumerate(self._in_order)}
        self.live = everything = (1 << len(self._in_order)) - 1
        named: dict[str, list[tuple[int, tuple[Condition, ...]]]] = {}
        for entry, bit in self._bits.items():
            for path, conditions in entry.fields.items():
                if path not in self._settled:
                    named.setdefault(path, []).append((bit, conditions))
        for path in sorted(named, key=lambda path: (-len(named[path]), path)):
            others = everything
            for bit, _ in named[path]:
                others ^= bit
            self._tables.append((path, Table(named[path], others)))
        self._plan()
        self._ready = True

    def look_inside(self, event: EventDict, alive: int) -> int:
        """Which of the rules still alive satisfy their nested fields too. Raises `HasArrays`."""
        objects = [event]
        for parent, key, aliases, tests in self.nodes:
            outer = objects[parent]
            if not outer.keys().isdisjoint(aliases):
                raise HasArrays
            inner = outer.get(key)
            if type(inner) is not dict:
                if type(inner) is list and inner:
                    raise HasArrays
                inner = _NOTHING
            objects.append(inner)
            for name, words, table in tests:
                value = inner.get(name, MISSING)
                if type(value) is str or value is MISSING:
                    alive &= words[value]
                else:
                    alive &= table.of(value)
                if not alive:
                    return 0
        return alive

    def find_flat(self, flat: Flat) -> tuple[str, ...]:
        """The names for an event that is laid out: the tables propose, `holds` confirms."""
        alive = self.live
        for path, table in self._tables:
            leaves = flat.leaves.get(path, ())
            rules = table.absent if not leaves or flat.element_of else 0
            for _, value in {(type(value), value) for value, _ in leaves}:
                rules |= table.of_leaf(value)
            alive &= rules
        return tuple(entry.name for entry in self._entries_of(alive) if holds(entry.fields, flat))

    def names_of(self, rules: int) -> tuple[str, ...]:
        """The names of a set of rules, sorted; remembered in `names`."""
        names = tuple(sorted({entry.name for entry in self._entries_of(rules)}))
        if len(self.names) >= _REMEMBERED_MAX:
            self.names.clear()
        self.names[rules] = names
        return names

    def _forget(self) -> None:
        self._ready = False
        self.live = 0
        self._in_order: list[Entry] = []
        self._bits: dict[Entry, int] = {}
        self._tables: list[tuple[str, Table]] = []
        self.names: dict[int, tuple[str, ...]] = {}
        self.top: list[_Test] = []
        self.nodes: list[tuple[int, str, frozenset[str], list[_Test]]] = []

    def _plan(self) -> None:
        """How to come to the values: the top fields, and objects by the number of their parent."""
        places: dict[tuple[str, ...], int] = {(): 0}
        aliases: dict[tuple[str, ...], set[str]] = {}
        tests: dict[tuple[str, ...], list[_Test]] = {(): self.top}
        for path, table in self._tables:
            segments = path.split(".")
            for depth in range(1, len(segments)):
                place = tuple(segments[:depth])
                places.setdefault(place, len(places))
                tests.setdefault(place, [])
                aliases.setdefault(place, set()).update(aliases_of(segments[depth - 1 :]))
            tests[tuple(segments[:-1])].append((segments[-1], table.words, table))
        self.nodes = [
            (places[place[:-1]], place[-1], frozenset(aliases[place]), tests[place])
            for place in places
            if place
        ]

    def _entries_of(self, rules: int) -> list[Entry]:
        found = []
        while rules:
            highest = rules.bit_length() - 1
            found.append(self._in_order[highest])
            rules ^= 1 << highest
        return found


_NOTHING: Final[EventDict] = {}


def aliases_of(segments: list[str]) -> frozenset[str]:
    """Keys with dots that spell the next segments of a path at once."""
    return frozenset(".".join(segments[:count]) for count in range(2, len(segments) + 1))
