"""Many rules in one index: a match costs what the event's fields cost, not what the rules cost.

Two ideas, one inside the other.

*Exact values sort rules before anything else is evaluated.* In a large set nearly every rule names exact
values for some field. A `RuleIndex` picks the paths that separate its rules best, and keeps an index of
its own for each value. An event then visits only the indexes of its values:

    {"source": ["shop"], "detail": {"id": ["a"]}}      source = shop -> detail.id = a -> this rule
    {"source": ["shop"], "detail": {"id": ["b"]}}                    -> detail.id = b -> this rule
    {"source": ["bank"]}                               source = bank -> this rule

Tens of thousands of rules on exact values become a few dictionary lookups and one or two rules that are
tested one by one.

*A rule is a bit.* If more than a few rules remain, a `Pool` has a `Table` for every path that any of them
names, from a value to the set of rules that are satisfied there. Matching an event is one lookup per path
and an AND of the answers, and stops when no bit is left.

*When a path is worth a branch.* A pool costs an event about the same for ten rules and for a thousand. So
at the top a branch that leaves rules for a pool saves nothing: it is made if it takes four fifths of the
rules, or if more than one pool is left. Measured in processor time against a branch wherever it separates
an eighth of the rules, with mixed rules of which 70 % name one of 200 sources: 500 rules 4 microseconds an
event instead of 8, 2,000 rules 10 instead of 16, and half the time for the first 2,000 events, in which
tables are compiled. 8,000 such rules are slower, 44 instead of 34; a bus of EventBridge has 300 unless its
quota is raised. Rules that all name exact values are as fast as before: 0.9 for 2,000.

Nothing is compiled before it is needed. A rule that is added to a compiled pool starts a small pool beside
it. Pools are merged when the smaller one has grown to an eighth of its neighbour, so that every rule is
recompiled a few times in its life and one addition never waits for all the others. This is the logarithmic
method of Bentley and Saxe (https://doi.org/10.1016/0196-6774(80)90015-2). A removed rule is masked out at
once and dropped from the tables later.

Events with arrays of objects on a path that matters, or with dots in keys, are laid out first (`events`),
and `arrays` decides about the rules of an index.

event-ruler, AWS's engine, compiles all rules into one automaton and has no branches or pools:
https://github.com/aws/event-ruler
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
    POOL_SIZE_MAX,
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

_FEW_MAX: Final = 4  # so many rules are tested one by one
_BRANCH_MIN: Final = 6  # a pool of fewer rules is quicker than a dictionary and a pool
_BRANCHES_MAX: Final = 8
_DEPTH_MAX: Final = 6
_PLACES_MAX: Final = 8
_Key: TypeAlias = str | float


def search(index: RuleIndex, event: EventDict) -> list[str]:
    """The names of the rules in an index that an event satisfies, in no order, perhaps several times.

    Raises `HasArrays` if the event has to be laid out. This is the hot path, so the walk to a
    field one or two levels down is written out and not called, and consecutive rules that look into the
    same object, mostly `detail`, fetch it once.
    """
    if index.is_stale:
        index.prepare()
    found: list[str] = []
    singles = index.singles
    for branch in index.branches:
        value = (descend(event, branch.steps) if branch.steps else event).get(branch.key)
        if type(value) is str:
            leaf = branch.leaves.get(value)
            if leaf is not None:
                singles = singles + leaf if singles else leaf
            elif value in branch.children:
                found += branch.visit(value, event)
        elif value is not None:
            for key in _keys(value):
                if key in branch.children:
                    found += branch.visit(key, event)
    node, inside = NOTHING, None  # the object that was entered last, and its key
    for test, name, _ in singles:
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
    if index.pools:  # rare, and even a loop over nothing takes an iterator
        for pool in index.pools:
            rules = pool.find(event)
            if rules:
                found += pool.names.get(rules) or pool.names_of(rules)
    return found


def search_layout(root: RuleIndex, layout: Layout) -> list[str]:
    """The same for an event that is laid out."""
    found: list[str] = []
    indexes: list[tuple[RuleIndex, Only]] = [(root, {})]
    for index, only in indexes:  # which grows as we go
        if index.is_stale:
            index.prepare()
        for branch in index.branches:
            indexes += [(inner, {**here, **only}) for inner, here in branch.visited(layout)]
        for _, name, compiled in index.singles:
            if satisfied(compiled.fields, 1, layout, only):
                found.append(name)
        for pool in index.pools:
            found += pool.names_of(satisfied(pool.fields, pool.live, layout, only))
    return found


@final
class RuleIndex:
    """A set of sub-rules: some sorted by exact values, the others tested one by one or in pools."""

    __slots__ = (
        "_cache",
        "_rest",
        "_settled",
        "_tried",
        "branches",
        "is_stale",
        "pools",
        "singles",
    )

    def __init__(self, settled: frozenset[str], cache: TestCache) -> None:
        """`settled`: paths whose conditions hold for every event that comes here."""
        self._settled, self._cache = settled, cache
        self._rest: dict[Entry, None] = {}
        self._tried = 0
        self.branches: list[ExactBranch] = []
        self.singles: tuple[SingleRule, ...] = ()
        self.pools: list[Pool] = []
        self.is_stale = True

    def add(self, entry: Entry) -> None:
        """Take a sub-rule."""
        for branch in self.branches:
            if branch.add(entry, self._settled, self._cache):
                return
        self._rest[entry] = None
        self.is_stale = True
        if not self.pools:
            return
        if self.pools[-1].is_full:
            self.pools.append(Pool([entry], self._settled))
        else:
            self.pools[-1].add([entry])
        while len(self.pools) > 1 and self.pools[-2].should_absorb(self.pools[-1]):
            last = self.pools.pop()
            self.pools[-1].add(last.entries)

    def remove(self, entry: Entry) -> None:
        """Drop a sub-rule that was added."""
        for branch in self.branches:
            if branch.remove(entry, self._settled):
                return
        del self._rest[entry]
        self.is_stale = True
        for pool in self.pools:
            if entry in pool.entries:
                pool.remove(entry)
        self.pools = [pool for pool in self.pools if pool.entries]
        if len(self._rest) <= _FEW_MAX:
            self.pools = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left in it."""
        return not self._rest and not any(branch.children for branch in self.branches)

    def prepare(self) -> None:
        """Make everything ready that a search will use."""
        if len(self._rest) >= max(_BRANCH_MIN, 2 * self._tried):
            self._sort()
        if len(self._rest) <= _FEW_MAX:
            self.singles = tuple(
                self._cache.single_rule(entry, self._settled) for entry in self._rest
            )
        elif not self.pools:
            self.singles = ()
            self.pools = Pool.split(self._rest, self._settled)
        for pool in self.pools:
            pool.prepare()
        self.is_stale = False

    def _sort(self) -> None:
        """Move sub-rules to branches, as long as a path is worth one."""
        rest = list(self._rest)
        while len(self.branches) < _BRANCHES_MAX and len(rest) >= _BRANCH_MIN:
            path = _best_path(rest, self._settled) if len(self._settled) < _DEPTH_MAX else None
            if path is None:
                break
            branch = ExactBranch(path)
            self.branches.append(branch)
            rest = [entry for entry in rest if not branch.add(entry, self._settled, self._cache)]
        self._rest, self._tried = dict.fromkeys(rest), len(rest)
        self.pools = []


@final
class ExactBranch:
    """A path, and an index for each exact value that some rule names there (`children`).

    `leaves`: the rules of those visited indexes that hold single rules and nothing else.
    """

    __slots__ = ("children", "key", "leaves", "path", "steps")

    def __init__(self, path: str) -> None:
        self.path = path
        self.steps, self.key = steps_to(path)
        self.children: dict[_Key, RuleIndex] = {}
        self.leaves: dict[_Key, tuple[SingleRule, ...]] = {}

    def add(self, entry: Entry, settled: frozenset[str], cache: TestCache) -> bool:
        """Take a sub-rule, if it names exact values at the path."""
        keys = _exact_keys(entry.fields.get(self.path, ()), settled)
        for key in keys:
            index = self.children.get(key)
            if index is None:
                index = self.children[key] = RuleIndex(settled | {self.path}, cache)
            index.add(entry)
            self.leaves.pop(key, None)
        return bool(keys)

    def remove(self, entry: Entry, settled: frozenset[str]) -> bool:
        """Drop a sub-rule, if it is here, and the indexes that become empty."""
        keys = _exact_keys(entry.fields.get(self.path, ()), settled)
        for key in keys:
            index = self.children[key]
            index.remove(entry)
            self.leaves.pop(key, None)
            if index.is_empty:
                del self.children[key]
        return bool(keys)

    def visit(self, key: _Key, event: EventDict) -> list[str]:
        """Search the index of a value."""
        index = self.children[key]
        found = search(index, event)
        if not index.branches and not index.pools:
            self.leaves[key] = index.singles
        return found

    def visited(self, layout: Layout) -> list[tuple[RuleIndex, dict[int, list[int]]]]:
        """The indexes of an event's values, and the only elements of arrays that hold each value."""
        places: dict[_Key, dict[int, None]] = {}
        for value, element in layout.values.get(self.path, ()):
            key = _key(value)
            if key is not None and key in self.children:
                places.setdefault(key, {})[element] = None
        return [
            (self.children[key], _around(elements, layout) if len(elements) <= _PLACES_MAX else {})
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
    """The key of a value of an event."""
    if type(value) is str:
        return value
    return comparable(value) if type(value) is int or type(value) is float else None


def _keys(value: object) -> list[_Key]:
    """The same for a value that is not a string, or for the elements of an array, each once.

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
    """The values that some match values name, if they are a finite set of strings and numbers.

    Below a branch only a single value counts: otherwise a rule with several lists of values would be in as
    many places as there are combinations.
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
    """The path whose exact values separate the most sub-rules, if it is worth a branch."""
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
    enough = max(_BRANCH_MIN / 2, count / 8)
    if best is None or gain[best] < enough:
        return None
    rest = count - covered[best]
    return best if settled or rest <= count / 5 or rest > POOL_SIZE_MAX else None
