"""Many rules in one index: a match costs what the event's fields cost, not what the rules cost.

Two ideas, one inside the other.

*A rule is a bit.* A `Pool` holds some sub-rules. For every path that any of them names it has a
`Table` from a value to the set of sub-rules that are satisfied there. Matching an event is one lookup
per path and an AND of the answers, and stops when no bit is left.

*Exact values sort rules before any bit is looked at.* In a large set nearly every rule asks some field
for exact values. A `Shelf` picks the paths which tell its rules apart best and keeps one shelf per
value. An event then visits only the shelves of its own values. Tens of thousands of rules on exact
values become a few dictionary lookups and a pool of two or three rules.

Nothing is compiled before it is needed. A rule that is added to a compiled pool starts a small pool
beside it; pools are merged when the smaller one has grown to an eighth of its neighbour, so that every
rule is recompiled a few times in its life and one addition never waits for all the others. A removed
rule is masked out at once and swept out later.

Events with arrays of objects on a path that matters, or with dots in keys, are laid out flat first
(`events`). The tables then propose rules as if every element stood alone, and `arrays` confirms each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from simbridge.pattern.arrays import holds
from simbridge.pattern.conditions import Condition
from simbridge.pattern.events import EventDict, Flat
from simbridge.pattern.scalars import comparable
from simbridge.pattern.tables import MISSING, HasArrays, Table

__all__ = ["Entry", "Shelf"]

_SHELVES_MIN: Final = 12  # a pool of fewer rules is quicker than a dictionary and a pool
_WAYS_MAX: Final = 8
_DEPTH_MAX: Final = 6
_YOUNG_MAX: Final = 16
_MERGE_RATIO: Final = 8
_REMEMBERED_MAX: Final = 1024
_NOTHING: Final[EventDict] = {}
_Key = str | float


class Entry:
    """One sub-rule of a named rule. Two entries are never equal."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, tuple[Condition, ...]]) -> None:
        self.name, self.fields = name, fields


class Shelf:
    """A set of sub-rules: some sorted by exact values, the others in pools."""

    __slots__ = ("_loose", "_pools", "_settled", "_tried", "_ways")

    def __init__(self, settled: frozenset[str] = frozenset()) -> None:
        """`settled`: paths whose conditions hold for every event that comes here."""
        self._settled = settled
        self._ways: list[_Way] = []
        self._pools: list[Pool] = []
        self._loose = self._tried = 0

    def add(self, entry: Entry) -> None:
        """Take a sub-rule."""
        for way in self._ways:
            keys = exact_keys(entry.fields.get(way.path, ()))
            if keys:
                for key in keys:
                    way.at(key, self._settled).add(entry)
                return
        self._loose += 1
        if not self._pools or self._pools[-1].is_settled:
            self._pools.append(Pool(self._settled))
        self._pools[-1].add(entry)
        self._merge()

    def remove(self, entry: Entry) -> None:
        """Drop a sub-rule that was added."""
        for way in self._ways:
            keys = exact_keys(entry.fields.get(way.path, ()))
            if keys:
                for key in keys:
                    way.remove(key, entry)
                return
        self._loose -= 1
        for pool in self._pools:
            if entry in pool.entries:
                pool.remove(entry)
        self._pools = [pool for pool in self._pools if pool.entries]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left in it."""
        return not self._pools and all(way.is_empty for way in self._ways)

    def find(self, event: EventDict, found: set[str]) -> None:
        """Add the names of the rules that an event satisfies. Raises `HasArrays`."""
        if self._loose >= _SHELVES_MIN and self._loose >= 2 * self._tried:
            self._sort()
        for way in self._ways:
            way.find(event, found)
        for pool in self._pools:
            pool.find(event, found)

    def find_flat(self, flat: Flat, found: set[str]) -> None:
        """The same for an event that is laid out."""
        for way in self._ways:
            for shelf in way.shelves_for(flat.leaves.get(way.path, ())):
                shelf.find_flat(flat, found)
        for pool in self._pools:
            pool.find_flat(flat, found)

    def _merge(self) -> None:
        pools = self._pools
        while len(pools) > 1 and len(pools[-1].entries) * _MERGE_RATIO >= len(pools[-2].entries):
            last = pools.pop()
            for entry in last.entries:
                pools[-1].add(entry)

    def _sort(self) -> None:
        """Move rules from the pools to shelves, as long as that tells enough of them apart."""
        entries = [entry for pool in self._pools for entry in pool.entries]
        self._pools, self._loose = [], len(entries)
        while len(self._ways) < _WAYS_MAX and self._loose >= _SHELVES_MIN:
            path = None if len(self._settled) >= _DEPTH_MAX else best_path(entries, self._settled)
            if path is None:
                break
            self._ways.append(_Way(path))
            rest = []
            for entry in entries:
                keys = exact_keys(entry.fields.get(path, ()))
                for key in keys:
                    self._ways[-1].at(key, self._settled).add(entry)
                if not keys:
                    rest.append(entry)
            entries, self._loose = rest, len(rest)
        self._tried = self._loose
        self._loose = 0
        for entry in entries:
            self.add(entry)


class _Way:
    """A path, and a shelf for each exact value that some rule asks for there."""

    __slots__ = ("_last", "_shelves", "_steps", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._shelves: dict[_Key, Shelf] = {}
        segments = path.split(".")
        self._last = segments[-1]
        self._steps = [(key, _aliases(segments[index:])) for index, key in enumerate(segments[:-1])]

    def at(self, key: _Key, settled: frozenset[str]) -> Shelf:
        """The shelf of a value."""
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = Shelf(settled | {self.path})
        return shelf

    def remove(self, key: _Key, entry: Entry) -> None:
        """Drop a sub-rule from the shelf of a value, and the shelf if it was the last."""
        shelf = self._shelves[key]
        shelf.remove(entry)
        if shelf.is_empty:
            del self._shelves[key]

    @property
    def is_empty(self) -> bool:
        """Whether no shelf is left."""
        return not self._shelves

    def find(self, event: EventDict, found: set[str]) -> None:
        """Search the shelves of the values that an event has at the path."""
        node = event
        for key, aliases in self._steps:
            for alias in aliases:
                if alias in node:
                    raise HasArrays
            following = node.get(key)
            if type(following) is not dict:
                if type(following) is list and following:
                    raise HasArrays
                return
            node = following
        value = node.get(self._last)
        if type(value) is str:
            shelf = self._shelves.get(value)
            if shelf is not None:
                shelf.find(event, found)
        elif type(value) is list:
            for item in value:
                if type(item) is list:
                    raise HasArrays
            for shelf in self.shelves_for((item, 0) for item in value):
                shelf.find(event, found)
        elif type(value) is int or type(value) is float:
            for shelf in self.shelves_for(((value, 0),)):
                shelf.find(event, found)

    def shelves_for(self, leaves: Iterable[tuple[object, int]]) -> Iterable[Shelf]:
        """The shelves of some values, each once."""
        keys: dict[_Key, None] = {}
        for value, _ in leaves:
            if type(value) is str:
                keys[value] = None
            elif type(value) is int or type(value) is float:
                number = comparable(value)
                if number is not None:
                    keys[number] = None
        return [self._shelves[key] for key in keys if key in self._shelves]


class Pool:
    """Sub-rules as bits, compiled when the first event comes."""

    __slots__ = (
        "_aliases", "_bits", "_compiled", "_in_order", "_live", "_names", "_nodes", "_settled",
        "_tables", "_tests", "entries",
    )  # fmt: skip

    def __init__(self, settled: frozenset[str]) -> None:
        self._settled = settled
        self.entries: dict[Entry, None] = {}
        self._forget()

    @property
    def is_settled(self) -> bool:
        """Whether it is better to leave this pool alone and start another."""
        return self._compiled and len(self.entries) >= _YOUNG_MAX

    def add(self, entry: Entry) -> None:
        """Take a sub-rule; compile again before the next match."""
        self.entries[entry] = None
        self._forget()

    def remove(self, entry: Entry) -> None:
        """Drop a sub-rule."""
        del self.entries[entry]
        if self._compiled:
            self._live &= ~self._bits.pop(entry)
            if 2 * len(self.entries) < len(self._in_order):
                self._forget()

    def find(self, event: EventDict, found: set[str]) -> None:
        """Add the names of the rules that an event satisfies. Raises `HasArrays`."""
        if not self._compiled:
            self._compile()
        if self._aliases and not event.keys().isdisjoint(self._aliases):
            raise HasArrays
        objects = [event]
        for parent, key, aliases in self._nodes:
            value = objects[parent].get(key)
            if type(value) is dict:
                if aliases and not value.keys().isdisjoint(aliases):
                    raise HasArrays
                objects.append(value)
            elif type(value) is list and value:
                raise HasArrays
            else:
                objects.append(_NOTHING)
        alive = self._live
        for node, key, words, table in self._tests:
            value = objects[node].get(key, MISSING)
            if type(value) is str or value is MISSING:
                alive &= words[value]
            else:
                alive &= table.of(value)
            if not alive:
                return
        names = self._names.get(alive)
        found.update(self._names_of(alive) if names is None else names)

    def find_flat(self, flat: Flat, found: set[str]) -> None:
        """The same for an event that is laid out: the tables propose, `holds` confirms."""
        if not self._compiled:
            self._compile()
        alive = self._live
        for path, table in self._tables:
            leaves = flat.leaves.get(path, ())
            rules = table.absent if not leaves or flat.element_of else 0
            for _, value in {(type(value), value) for value, _ in leaves}:
                rules |= table.of_leaf(value)
            alive &= rules
        for entry in self._entries_of(alive):
            if entry.name not in found and holds(entry.fields, flat):
                found.add(entry.name)

    def _forget(self) -> None:
        self._compiled = False
        self._live = 0
        self._in_order: list[Entry] = []
        self._bits: dict[Entry, int] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._aliases: frozenset[str] = frozenset()
        self._nodes: list[tuple[int, str, frozenset[str]]] = []
        self._tests: list[tuple[int, str, Mapping[object, int], Table]] = []
        self._tables: list[tuple[str, Table]] = []

    def _compile(self) -> None:
        self._in_order = list(self.entries)
        self._bits = {entry: 1 << index for index, entry in enumerate(self._in_order)}
        self._live = everything = (1 << len(self._in_order)) - 1
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
        self._plan([path for path, _ in self._tables])
        self._compiled = True

    def _plan(self, paths: list[str]) -> None:
        """How to come to the values of the paths: objects to fetch, and a key in one of them."""
        places: dict[tuple[str, ...], int] = {(): 0}
        aliases: list[set[str]] = [set()]
        nodes: list[tuple[int, str]] = []
        for (path, table), segments in zip(
            self._tables, (p.split(".") for p in paths), strict=True
        ):
            for depth in range(len(segments) - 1):
                here, there = tuple(segments[:depth]), tuple(segments[: depth + 1])
                aliases[places[here]].update(_aliases(segments[depth:]))
                if there not in places:
                    places[there] = len(aliases)
                    aliases.append(set())
                    nodes.append((places[here], segments[depth]))
            self._tests.append((places[tuple(segments[:-1])], segments[-1], table.words, table))
        self._aliases = frozenset(aliases[0])
        self._nodes = [
            (parent, key, frozenset(own))
            for (parent, key), own in zip(nodes, aliases[1:], strict=True)
        ]

    def _entries_of(self, rules: int) -> list[Entry]:
        found = []
        while rules:
            highest = rules.bit_length() - 1
            found.append(self._in_order[highest])
            rules ^= 1 << highest
        return found

    def _names_of(self, rules: int) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(entry.name for entry in self._entries_of(rules)))
        if len(self._names) >= _REMEMBERED_MAX:
            self._names.clear()
        self._names[rules] = names
        return names


def exact_keys(conditions: tuple[Condition, ...]) -> set[_Key]:
    """The values that some match values ask for, if they are a finite set of strings and numbers."""
    keys: set[_Key] = set()
    for one in conditions:
        if one.literals or one.absent or one.odd or (one.words is None and one.takes_strings):
            return set()
        keys.update(one.words or ())
        for bottom, _, top, _ in one.spans:
            if bottom != top:
                return set()
            keys.add(bottom)
    return keys


def best_path(entries: Iterable[Entry], settled: frozenset[str]) -> str | None:
    """The path whose exact values tell the most sub-rules apart, if there is a good one."""
    count = 0
    covered: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    values: dict[str, set[_Key]] = {}
    for entry in entries:
        count += 1
        for path, conditions in entry.fields.items():
            if path not in settled and (keys := exact_keys(conditions)):
                covered[path] += 1
                placed[path] += len(keys)
                values.setdefault(path, set()).update(keys)
    gain = {path: covered[path] - placed[path] / len(values[path]) for path in covered}
    best = max(gain, key=lambda path: (gain[path], -path.count("."), path), default=None)
    enough = max(_SHELVES_MIN / 2, count / 8)
    return best if best is not None and gain[best] >= enough else None


def _aliases(segments: list[str]) -> frozenset[str]:
    """Keys with dots that spell the next segments of a path at once."""
    return frozenset(".".join(segments[:count]) for count in range(2, len(segments) + 1))
