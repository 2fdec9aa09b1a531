"""Many rules in one index: a match costs what the event's fields cost, not what the rules cost.

Two ideas, one inside the other.

*Exact values sort rules before anything else is looked at.* In a large set nearly every rule asks some
field for exact values. A `RuleIndex` picks the paths which tell its rules apart best and keeps one shelf
per value. An event then visits only the shelves of its own values. Tens of thousands of rules on exact
values become a few dictionary lookups and one or two rules that are asked by themselves.

*A rule is a bit.* Where more than a few rules remain, a `Pool` has for every path that any of them
names a `Table` from a value to the set of rules that are satisfied there. Matching an event is one
lookup per path and an AND of the answers, and stops when no bit is left.

Nothing is compiled before it is needed. A rule that is added to a compiled pool starts a small pool
beside it; pools are merged when the smaller one has grown to an eighth of its neighbour, so that every
rule is recompiled a few times in its life and one addition never waits for all the others. A removed
rule is masked out at once and swept out later.

Events with arrays of objects on a path that matters, or with dots in keys, are laid out first
(`events`), and `arrays` decides about the rules of a shelf.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias, final

from simbridge.languages.pattern.arrays import Only, satisfied
from simbridge.languages.pattern.conditions import Condition
from simbridge.languages.pattern.events import EventDict, Layout
from simbridge.languages.pattern.pool import (
    NOTHING,
    Entry,
    Pool,
    SingleRule,
    TestCache,
    descend,
    no_object,
    steps_to,
)
from simbridge.languages.pattern.scalars import comparable
from simbridge.languages.pattern.strings import MISSING
from simbridge.languages.pattern.tables import HasArrays

__all__ = ["RuleIndex", "search", "search_layout"]

_FEW_MAX: Final = 4  # so many rules are asked one by one
_SHELVES_MIN: Final = 6  # a pool of fewer rules is quicker than a dictionary and a pool
_WAYS_MAX: Final = 8
_DEPTH_MAX: Final = 6
_PLACES_MAX: Final = 8
_Key: TypeAlias = str | float


def search(shelf: RuleIndex, event: EventDict) -> list[str]:
    """The names of the rules on a shelf that an event satisfies, in no order, perhaps several times.

    Raises `HasArrays` if the event has to be laid out. This is the hot path, which is why the walk to a
    field one or two levels down is written out and not called, and why rules that look into the same
    object one after the other, `detail` above all, fetch it once.
    """
    if shelf.is_stale:
        shelf.prepare()
    found: list[str] = []
    lone = shelf.lone
    for way in shelf.ways:
        value = (descend(event, way.steps) if way.steps else event).get(way.key)
        if type(value) is str:
            leaf = way.leaves.get(value)
            if leaf is not None:
                lone = lone + leaf if lone else leaf
            elif value in way.shelves:
                found += way.visit(value, event)
        elif value is not None:
            for key in _keys(value):
                if key in way.shelves:
                    found += way.visit(key, event)
    node, inside = NOTHING, None  # the object that was gone into last, and its key
    for test, name, _ in lone:
        while test is not None:
            outer, alias, beyond, steps, key, words, table, test = test
            if outer is None:
                value = (event if steps is None else descend(event, steps)).get(key, MISSING)
            else:
                if alias in event:
                    raise HasArrays
                if outer != inside:
                    inner, inside = event.get(outer), outer
                    node = inner if type(inner) is dict else no_object(inner)
                if beyond is None:
                    value = node.get(key, MISSING)
                else:
                    beside, middle, below = beyond
                    if beside in event or below in node:
                        raise HasArrays
                    inner = node.get(middle)
                    if type(inner) is not dict:
                        inner = no_object(inner)
                    value = inner.get(key, MISSING)
            if not (words[value] if type(value) is str or value is MISSING else table.of(value)):
                break
        else:
            found.append(name)
    if shelf.pools:  # seldom, and even a loop over nothing takes an iterator
        for pool in shelf.pools:
            rules = pool.find(event)
            if rules:
                found += pool.names.get(rules) or pool.names_of(rules)
    return found


def search_layout(root: RuleIndex, layout: Layout) -> list[str]:
    """The same for an event that is laid out."""
    found: list[str] = []
    shelves: list[tuple[RuleIndex, Only]] = [(root, {})]
    for shelf, only in shelves:  # which grows as we go
        if shelf.is_stale:
            shelf.prepare()
        for way in shelf.ways:
            shelves += [(inner, {**here, **only}) for inner, here in way.visited(layout)]
        for _, name, questions in shelf.lone:
            if satisfied(questions.fields, 1, layout, only):
                found.append(name)
        for pool in shelf.pools:
            found += pool.names_of(satisfied(pool.fields, pool.live, layout, only))
    return found


@final
class RuleIndex:
    """A set of sub-rules: some sorted by exact values, the others asked one by one or in pools."""

    __slots__ = ("_cache", "_loose", "_settled", "_tried", "is_stale", "lone", "pools", "ways")

    def __init__(self, settled: frozenset[str], cache: TestCache) -> None:
        """`settled`: paths whose conditions hold for every event that comes here."""
        self._settled, self._cache = settled, cache
        self._loose: dict[Entry, None] = {}
        self._tried = 0
        self.ways: list[ExactBranch] = []
        self.lone: tuple[SingleRule, ...] = ()
        self.pools: list[Pool] = []
        self.is_stale = True

    def add(self, entry: Entry) -> None:
        """Take a sub-rule."""
        for way in self.ways:
            if way.add(entry, self._settled, self._cache):
                return
        self._loose[entry] = None
        self.is_stale = True
        if not self.pools:
            return
        if self.pools[-1].is_grown:
            self.pools.append(Pool([entry], self._settled))
        else:
            self.pools[-1].add([entry])
        while len(self.pools) > 1 and self.pools[-2].welcomes(self.pools[-1]):
            last = self.pools.pop()
            self.pools[-1].add(last.entries)

    def remove(self, entry: Entry) -> None:
        """Drop a sub-rule that was added."""
        for way in self.ways:
            if way.remove(entry, self._settled):
                return
        del self._loose[entry]
        self.is_stale = True
        for pool in self.pools:
            if entry in pool.entries:
                pool.remove(entry)
        self.pools = [pool for pool in self.pools if pool.entries]
        if len(self._loose) <= _FEW_MAX:
            self.pools = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left in it."""
        return not self._loose and not any(way.shelves for way in self.ways)

    def prepare(self) -> None:
        """Make everything ready that a search will use."""
        if len(self._loose) >= max(_SHELVES_MIN, 2 * self._tried):
            self._sort()
        if len(self._loose) <= _FEW_MAX:
            self.lone = tuple(self._cache.lone(entry, self._settled) for entry in self._loose)
        elif not self.pools:
            self.lone = ()
            self.pools = Pool.split(self._loose, self._settled)
        for pool in self.pools:
            pool.prepare()
        self.is_stale = False

    def _sort(self) -> None:
        """Move loose sub-rules to shelves, as long as that tells enough of them apart."""
        loose = list(self._loose)
        while len(self.ways) < _WAYS_MAX and len(loose) >= _SHELVES_MIN:
            path = _best_path(loose, self._settled) if len(self._settled) < _DEPTH_MAX else None
            if path is None:
                break
            way = ExactBranch(path)
            self.ways.append(way)
            loose = [entry for entry in loose if not way.add(entry, self._settled, self._cache)]
        self._loose, self._tried = dict.fromkeys(loose), len(loose)
        self.pools = []


@final
class ExactBranch:
    """A path, and a shelf for each exact value that some rule asks for there.

    `leaves`: the rules of the shelves that hold lone rules and nothing else, as far as they were visited.
    """

    __slots__ = ("key", "leaves", "path", "shelves", "steps")

    def __init__(self, path: str) -> None:
        self.path = path
        self.steps, self.key = steps_to(path)
        self.shelves: dict[_Key, RuleIndex] = {}
        self.leaves: dict[_Key, tuple[SingleRule, ...]] = {}

    def add(self, entry: Entry, settled: frozenset[str], cache: TestCache) -> bool:
        """Take a sub-rule, if it asks for exact values at the path."""
        keys = _exact_keys(entry.fields.get(self.path, ()), settled)
        for key in keys:
            shelf = self.shelves.get(key)
            if shelf is None:
                shelf = self.shelves[key] = RuleIndex(settled | {self.path}, cache)
            shelf.add(entry)
            self.leaves.pop(key, None)
        return bool(keys)

    def remove(self, entry: Entry, settled: frozenset[str]) -> bool:
        """Drop a sub-rule, if it stands here, and the shelves that become empty."""
        keys = _exact_keys(entry.fields.get(self.path, ()), settled)
        for key in keys:
            shelf = self.shelves[key]
            shelf.remove(entry)
            self.leaves.pop(key, None)
            if shelf.is_empty:
                del self.shelves[key]
        return bool(keys)

    def visit(self, key: _Key, event: EventDict) -> list[str]:
        """Search the shelf of a value."""
        shelf = self.shelves[key]
        found = search(shelf, event)
        if not shelf.ways and not shelf.pools:
            self.leaves[key] = shelf.lone
        return found

    def visited(self, layout: Layout) -> list[tuple[RuleIndex, dict[int, list[int]]]]:
        """The shelves of an event's values, and the only elements of arrays in which each stands."""
        places: dict[_Key, dict[int, None]] = {}
        for value, element in layout.values.get(self.path, ()):
            key = _key(value)
            if key is not None and key in self.shelves:
                places.setdefault(key, {})[element] = None
        return [
            (self.shelves[key], _around(elements, layout) if len(elements) <= _PLACES_MAX else {})
            for key, elements in places.items()
        ]


def _around(elements: Iterable[int], layout: Layout) -> dict[int, list[int]]:
    """The arrays that hold all of some elements, and which of their elements do."""
    chains = [layout.entered(element) for element in elements]
    return {
        array: list(dict.fromkeys(chain[array] for chain in chains))
        for array in chains[0]
        if all(array in chain for chain in chains)
    }


def _key(value: object) -> _Key | None:
    """What a value of an event is called on the shelves."""
    if type(value) is str:
        return value
    return comparable(value) if type(value) is int or type(value) is float else None


def _keys(value: object) -> list[_Key]:
    """The same for a value that is no string, or for the elements of an array, each once.

    Raises `HasArrays` for an array in an array.
    """
    keys: dict[_Key, None] = {}
    for item in value if isinstance(value, list) else (value,):
        if type(item) is list:
            raise HasArrays
        key = _key(item)
        if key is not None:
            keys[key] = None
    return list(keys)


def _exact_keys(conditions: tuple[Condition, ...], settled: frozenset[str]) -> set[_Key]:
    """The values that some match values ask for, if they are a finite set of strings and numbers.

    Inside a shelf only a single value counts: otherwise a rule with several lists of values would
    stand in as many places as there are combinations.
    """
    keys: set[_Key] = set()
    for one in conditions:
        if one.literals or one.absent or one.odd or (one.words is None and one.takes_strings):
            return set()
        keys.update(one.words or ())
        for bottom, _, top, _ in one.spans:
            if bottom != top:
                return set()
            keys.add(bottom)
    return keys if len(keys) == 1 or not settled else set()


def _best_path(entries: Iterable[Entry], settled: frozenset[str]) -> str | None:
    """The path whose exact values tell the most sub-rules apart, if there is a good one."""
    count = 0
    covered: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    values: dict[str, set[_Key]] = {}
    for entry in entries:
        count += 1
        for path, conditions in entry.fields.items():
            if path not in settled and (keys := _exact_keys(conditions, settled)):
                covered[path] += 1
                placed[path] += len(keys)
                values.setdefault(path, set()).update(keys)
    gain = {path: covered[path] - placed[path] / len(values[path]) for path in covered}
    best = max(gain, key=lambda path: (gain[path], -path.count("."), path), default=None)
    enough = max(_SHELVES_MIN / 2, count / 8)
    return best if best is not None and gain[best] >= enough else None
