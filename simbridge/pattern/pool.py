"""Rules ready to be asked: one by one, or many at once as bits.

See `index` for the idea. Both forms come to the values of an event by a `Way`: the objects on the way
to a field, each with the keys that would spell several steps at once. An array on the way, or such a
key, cannot be handled like this; `HasArrays` says so, and the event is laid out and searched again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias, final
from weakref import WeakValueDictionary

from simbridge.pattern.arrays import Fields
from simbridge.pattern.conditions import Condition
from simbridge.pattern.events import EventDict, path_order
from simbridge.pattern.strings import MISSING
from simbridge.pattern.tables import HasArrays, Table

__all__ = ["NOTHING", "Entry", "Lone", "Pool", "Step", "TableStock", "descend", "steps_to"]

Step: TypeAlias = tuple[str, tuple[str, ...]]
"""An object on the way to a field: its key, and the keys with dots that begin with it and go on."""

TableStock: TypeAlias = WeakValueDictionary[tuple[str, ...], Table]
"""The tables of single rules by the texts of their conditions: equal conditions share one."""

NOTHING: Final[EventDict] = {}
"""Stands for an object that is not there."""

_SIZE_MAX: Final = 1024
_YOUNG_MAX: Final = 16
_MERGE_RATIO: Final = 8
_REMEMBERED_MAX: Final = 1024

_Words: TypeAlias = Mapping[object, int]
_Test: TypeAlias = tuple[str, _Words, Table]


def steps_to(path: str) -> tuple[tuple[Step, ...], str]:
    """The way to a field: the objects to go through, and the key to look up at last."""
    segments = path.split(".")
    return tuple(
        (segment, tuple(".".join(segments[at:end]) for end in range(at + 2, len(segments) + 1)))
        for at, segment in enumerate(segments[:-1])
    ), segments[-1]


def descend(node: EventDict, steps: Iterable[Step]) -> EventDict:
    """The object at the end of some steps, `NOTHING` if it is not there. Raises `HasArrays`."""
    for key, aliases in steps:
        for alias in aliases:
            if alias in node:
                raise HasArrays
        inner = node.get(key)
        if type(inner) is not dict:
            if type(inner) is list and inner:
                raise HasArrays
            return NOTHING
        node = inner
    return node


@final
class Entry:
    """One sub-rule of a named rule. Two entries are never equal."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, tuple[Condition, ...]]) -> None:
        self.name, self.fields = name, fields


@final
class Lone(NamedTuple):
    """A sub-rule that is asked by itself: what its fields must be.

    `top`: the fields of the event itself, by key. `deep`: the others; a field one level down by its
    object, the key with a dot that would spell both, and no steps; any other by its steps. Then the
    key. `fields`: all of them.
    """

    top: tuple[_Test, ...]
    deep: tuple[tuple[str, str, tuple[Step, ...], str, _Words, Table], ...]
    name: str
    fields: Fields

    @classmethod
    def of(cls, entry: Entry, settled: frozenset[str], stock: TableStock) -> Lone:
        """A sub-rule whose fields are asked, except those that are settled."""
        fields = []
        for path in sorted(entry.fields.keys() - settled, key=path_order):
            texts = tuple(one.text for one in entry.fields[path])
            table = stock.get(texts)
            if table is None:
                table = stock[texts] = Table([(1, entry.fields[path])])
            fields.append((path, table))
        ways = [(path, *steps_to(path), table) for path, table in fields]
        return cls(
            tuple((key, table.words, table) for _, steps, key, table in ways if not steps),
            tuple(
                (steps[0][0], path, steps if len(steps) > 1 else (), key, table.words, table)
                for path, steps, key, table in ways
                if steps
            ),
            entry.name,
            tuple(fields),
        )


@final
class Pool:
    """Sub-rules as bits, and a table for each path that they name. Call `prepare` before a search.

    `live`: the rules in it. `names`: what `names_of` answered. `top`: the tests of the top fields.
    `nodes`: the objects to go into, each with the number of its parent (0 is the event, the first
    node 1), its step and its tests.
    """

    __slots__ = (
        "_bits", "_in_order", "_settled", "entries", "fields", "is_ready", "live", "names", "nodes",
        "top",
    )  # fmt: skip

    def __init__(self, entries: Iterable[Entry], settled: frozenset[str]) -> None:
        """`settled`: paths whose conditions need not be asked."""
        self._settled = settled
        self.entries = dict.fromkeys(entries)
        self._in_order: list[Entry] = []
        self._bits: dict[Entry, int] = {}
        self.fields: Fields = ()
        self.top: list[_Test] = []
        self.nodes: list[tuple[int, str, frozenset[str], list[_Test]]] = []
        self.names: dict[int, tuple[str, ...]] = {}
        self.live = 0
        self.is_ready = False

    @classmethod
    def split(cls, entries: Iterable[Entry], settled: frozenset[str]) -> list[Pool]:
        """Pools for many sub-rules. A set of rules is as long as a pool is large, so none is huge."""
        every = list(entries)
        return [cls(every[i : i + _SIZE_MAX], settled) for i in range(0, len(every), _SIZE_MAX)]

    @property
    def is_grown(self) -> bool:
        """Whether it is better to leave this pool alone and start another."""
        size = len(self.entries)
        return size >= _SIZE_MAX or (self.is_ready and size >= _YOUNG_MAX)

    def welcomes(self, other: Pool) -> bool:
        """Whether it is time to take the sub-rules of a younger pool."""
        mine, more = len(self.entries), len(other.entries)
        return more * _MERGE_RATIO >= mine and mine + more <= _SIZE_MAX

    def add(self, entries: Iterable[Entry]) -> None:
        """Take sub-rules."""
        self.entries.update(dict.fromkeys(entries))
        self.is_ready = False

    def remove(self, entry: Entry) -> None:
        """Drop a sub-rule."""
        del self.entries[entry]
        if self.is_ready:
            self.live &= ~self._bits.pop(entry)
            if 2 * len(self.entries) < len(self._in_order):
                self.is_ready = False

    def prepare(self) -> None:
        """Compile the tables, unless they are ready."""
        if self.is_ready:
            return
        self._in_order = list(self.entries)
        self._bits = {entry: 1 << index for index, entry in enumerate(self._in_order)}
        self.live = everything = (1 << len(self._in_order)) - 1
        named: dict[str, list[tuple[int, tuple[Condition, ...]]]] = {}
        for entry, bit in self._bits.items():
            for path, conditions in entry.fields.items():
                if path not in self._settled:
                    named.setdefault(path, []).append((bit, conditions))
        tables: dict[str, Table] = {}
        for path in sorted(named, key=path_order):
            tables[path] = Table(named[path], everything ^ sum(bit for bit, _ in named[path]))
        self.fields = list(tables.items())
        self._plan({path: tables[path] for path in sorted(named, key=lambda p: _cost(p, named[p]))})
        self.names = {}
        self.is_ready = True

    def find(self, event: EventDict) -> int:
        """The rules that an event satisfies. Raises `HasArrays`."""
        alive = self.live
        objects = [event]
        for key, words, table in self.top:
            value = event.get(key, MISSING)
            alive &= words[value] if type(value) is str or value is MISSING else table.of(value)
            if not alive:
                return 0
        for parent, key, aliases, tests in self.nodes:
            outer = objects[parent]
            if not outer.keys().isdisjoint(aliases):
                raise HasArrays
            inner = outer.get(key)
            if type(inner) is not dict:
                if type(inner) is list and inner:
                    raise HasArrays
                inner = NOTHING
            objects.append(inner)
            for name, words, table in tests:
                value = inner.get(name, MISSING)
                alive &= words[value] if type(value) is str or value is MISSING else table.of(value)
                if not alive:
                    return 0
        return alive

    def names_of(self, rules: int) -> tuple[str, ...]:
        """The names of a set of rules; remembered in `names`."""
        found, left = [], rules
        while left:
            highest = left.bit_length() - 1
            found.append(self._in_order[highest].name)
            left ^= 1 << highest
        names = tuple(found)
        if len(self.names) >= _REMEMBERED_MAX:
            self.names.clear()
        self.names[rules] = names
        return names

    def _plan(self, tables: Mapping[str, Table]) -> None:
        """How to come to the values: each object is fetched once."""
        places: dict[tuple[str, ...], int] = {(): 0}
        aliases: dict[tuple[str, ...], set[str]] = {}
        self.top = []
        tests: dict[tuple[str, ...], list[_Test]] = {(): self.top}
        for path, table in tables.items():
            steps, last = steps_to(path)
            place: tuple[str, ...] = ()
            for segment, spelled in steps:
                place = (*place, segment)
                places.setdefault(place, len(places))
                aliases.setdefault(place, set()).update(spelled)
            tests.setdefault(place, []).append((last, table.words, table))
        self.nodes = [
            (places[place[:-1]], place[-1], frozenset(aliases[place]), tests.get(place, []))
            for place in places
            if place
        ]


def _cost(path: str, named: list[tuple[int, tuple[Condition, ...]]]) -> tuple[bool, int, str]:
    """A key that puts paths first which are quick to ask and tell many rules apart."""
    slow = any(one.words is None and one.takes_strings for _, own in named for one in own)
    return slow, -len(named), path
