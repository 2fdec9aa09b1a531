"""Compiled rules: tested one by one, or many at once as bits.

See `index` for the idea. Both forms reach the values of an event by `Step`s: the objects on the way to a
field, each with the keys that would spell several steps at once. An array on the way, or such a
key, cannot be handled like this; `HasArrays` says so, and the event is laid out and searched again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, final
from weakref import WeakValueDictionary

from simbridge.languages.pattern.arrays import Fields
from simbridge.languages.pattern.conditions import Condition
from simbridge.languages.pattern.events import EventDict, path_order
from simbridge.languages.pattern.strings import MISSING
from simbridge.languages.pattern.tables import HasArrays, Table

__all__ = [
    "NOTHING",
    "POOL_SIZE_MAX",
    "Entry",
    "Pool",
    "SingleRule",
    "Step",
    "TestCache",
    "descend",
    "no_object",
    "reach",
]

Step: TypeAlias = tuple[str, tuple[str, ...] | None]
"""An object on the way to a field: its key, and the keys with dots that begin with it and go on.

None instead of these keys, on a long way: any key with a dot may be one of them.
"""

NOTHING: Final[EventDict] = {}
"""In the place of an object that is not there."""

POOL_SIZE_MAX: Final = 1024
"""Rules in a pool. A set of rules is an int of so many bits, so larger pools make every AND slower."""

_SPELLED_STEPS_MAX: Final = 8  # the keys with dots of longer ways are too many to be listed
_NEW_MAX: Final = 16
_MERGE_RATIO: Final = 8
_REMEMBERED_MAX: Final = 1024

_Texts: TypeAlias = tuple[str, ...]
_Key: TypeAlias = tuple[tuple[str, _Texts], ...]
_Words: TypeAlias = Mapping[object, int]
_Test: TypeAlias = tuple[str, _Words, Table]
_Beyond: TypeAlias = tuple[str, str, str]
_Reach: TypeAlias = tuple[str | None, str, _Beyond | None, tuple[Step, ...] | None, str]

Test: TypeAlias = tuple[
    str | None,
    str,
    _Beyond | None,
    tuple[Step, ...] | None,
    str,
    _Words,
    Table,
    "Test | None",
]
"""How to reach a field (see `reach`), what it must be, and the next test of the rule, if there is one.

A chain, not a tuple of tests: a loop over a tuple takes an iterator for each rule and each event.
"""

SingleRule: TypeAlias = "tuple[Test | None, str, CompiledTests]"
"""A sub-rule that is tested by itself: its tests, its name, its `CompiledTests`. Unpacking a plain tuple takes a
third of the time of a named one, and this is done for every event."""


def steps_to(path: str) -> tuple[tuple[Step, ...], str]:
    """The way to a field: the objects to go through, and the key to look up at last."""
    segments = path.split(".")
    if len(segments) > _SPELLED_STEPS_MAX:
        return tuple((segment, None) for segment in segments[:-1]), segments[-1]
    return tuple(
        (segment, tuple(".".join(segments[at:end]) for end in range(at + 2, len(segments) + 1)))
        for at, segment in enumerate(segments[:-1])
    ), segments[-1]


def descend(node: EventDict, steps: Iterable[Step]) -> EventDict:
    """The object at the end of some steps, `NOTHING` if it is not there. Raises `HasArrays`."""
    for key, aliases in steps:
        if aliases is None:
            refuse_dots(node)
        else:
            for alias in aliases:
                if alias in node:
                    raise HasArrays
        inner = node.get(key)
        if type(inner) is not dict:
            return no_object(inner)
        node = inner
    return node


def refuse_dots(node: EventDict) -> None:
    """Raise `HasArrays` for an object with a dot in a key."""
    for key in node:
        if "." in key:
            raise HasArrays


def no_object(value: object) -> EventDict:
    """The object in the place of a value that is not a plain object. Raises `HasArrays`."""
    if isinstance(value, (list, dict)) and value:
        raise HasArrays
    return NOTHING


def reach(path: str) -> _Reach:
    """How the test of a rule reaches a field.

    Most fields lie one or two objects below the event. For them: the key of the first object, the key
    of the event that would spell the whole path, and for the second object the key of the event that
    would spell both, its own key, and the key of the first object that would spell the rest. For all
    others: the steps, if it takes any. Then, for all, the key to look up at last.
    """
    steps, key = steps_to(path)
    match steps:
        case ((outer, _),):
            return outer, path, None, None, key
        case ((outer, (beside, _)), (middle, (below,))):
            return outer, path, (beside, middle, below), None, key
    return None, "", None, steps or None, key


@final
class Entry:
    """One sub-rule of a named rule. Two entries are never equal."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, tuple[Condition, ...]]) -> None:
        self.name, self.fields = name, fields


@final
class CompiledTests:
    """The tests of a sub-rule, one object for all sub-rules with the same tests.

    `tests`: for the index. `fields`: for an event that is laid out.
    """

    __slots__ = ("__weakref__", "fields", "tests")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.tests: Test | None = None
        outermost_first = sorted(fields, key=lambda field: field[0].count("."))
        for path, table in reversed(outermost_first):
            self.tests = (*reach(path), table.words, table, self.tests)


@final
class TestCache:
    """What single rules share, as long as one of them needs it (weak references).

    Equal conditions share a table, equal sub-rules all their tests. Thousands of rules that differ in
    what a branch has settled then read the same few objects, which stay in the processor's cache.
    """

    __slots__ = ("_compiled", "_tables")

    def __init__(self) -> None:
        self._compiled: WeakValueDictionary[_Key, CompiledTests] = WeakValueDictionary()
        self._tables: WeakValueDictionary[_Texts, Table] = WeakValueDictionary()

    def single_rule(self, entry: Entry, settled: frozenset[str]) -> SingleRule:
        """A sub-rule with tests for its fields, except those that are settled."""
        fields = entry.fields
        key = tuple(
            (path, tuple(one.text for one in fields[path]))
            for path in sorted(fields.keys() - settled, key=path_order)
        )
        compiled = self._compiled.get(key)
        if compiled is None:
            found = [(path, self._table(texts, fields[path])) for path, texts in key]
            compiled = self._compiled[key] = CompiledTests(found)
        return compiled.tests, entry.name, compiled

    def _table(self, texts: _Texts, conditions: tuple[Condition, ...]) -> Table:
        table = self._tables.get(texts)
        if table is None:
            table = self._tables[texts] = Table([(1, conditions)])
        return table


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
        """`settled`: paths whose conditions need no test."""
        self._settled = settled
        self.entries = dict.fromkeys(entries)
        self._in_order: list[Entry] = []
        self._bits: dict[Entry, int] = {}
        self.fields: Fields = ()
        self.top: list[_Test] = []
        self.nodes: list[tuple[int, str, frozenset[str] | None, list[_Test]]] = []
        self.names: dict[int, tuple[str, ...]] = {}
        self.live = 0
        self.is_ready = False

    @classmethod
    def split(cls, entries: Iterable[Entry], settled: frozenset[str]) -> list[Pool]:
        """Pools for many sub-rules. A set of rules is as long as a pool is large, so none is huge."""
        every = list(entries)
        return [
            cls(every[i : i + POOL_SIZE_MAX], settled) for i in range(0, len(every), POOL_SIZE_MAX)
        ]

    @property
    def is_full(self) -> bool:
        """Whether the next rule starts another pool."""
        size = len(self.entries)
        return size >= POOL_SIZE_MAX or (self.is_ready and size >= _NEW_MAX)

    def should_absorb(self, other: Pool) -> bool:
        """Whether the sub-rules of a newer pool are to be merged into this one."""
        mine, more = len(self.entries), len(other.entries)
        return more * _MERGE_RATIO >= mine and mine + more <= POOL_SIZE_MAX

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
            if aliases is None:
                refuse_dots(outer)
            elif not outer.keys().isdisjoint(aliases):
                raise HasArrays
            inner = outer.get(key)
            if type(inner) is not dict:
                inner = no_object(inner)
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
        """Plan the lookups so that each object is fetched once."""
        places: dict[tuple[int, str], int] = {}
        aliases: list[frozenset[str] | None] = [frozenset()]
        self.top = []
        tests: list[list[_Test]] = [self.top]
        for path, table in tables.items():
            steps, last = steps_to(path)
            place = 0
            for segment, spelled in steps:
                step = place, segment
                place = places.setdefault(step, len(tests))
                if place == len(tests):
                    tests.append([])
                    aliases.append(frozenset())
                known = aliases[place]
                aliases[place] = None if known is None or spelled is None else known | {*spelled}
            tests[place].append((last, table.words, table))
        self.nodes = [
            (parent, segment, aliases[place], tests[place])
            for (parent, segment), place in places.items()
        ]


def _cost(path: str, named: list[tuple[int, tuple[Condition, ...]]]) -> tuple[bool, int, str]:
    """A sort key: first the paths that are fast to test and separate many rules."""
    slow = any(one.words is None and one.takes_strings for _, own in named for one in own)
    return slow, -len(named), path
