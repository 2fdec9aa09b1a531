"""Why a pattern matches an event, or why not.

The verdict is the matcher's. Everything else is said about one sub-rule: the one that matched, or the
*nearest* of those that did not, which is the one with the fewest fields that do not hold. A pattern
without `$or` has only one; with `$or`, the branches of that sub-rule are the ones taken.

A field may hold by itself and the pattern fail all the same, when the fields below an array hold in
different elements of it. Then a line of its own says which field holds where.

The tree is a list of rows in the order of the text, each with its depth and its parent, so that a pattern
nested a thousand deep is explained like any other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, final

from simbridge.base.json import decode
from simbridge.base.printable import printable
from simbridge.languages.pattern.arrays import satisfied
from simbridge.languages.pattern.conditions import Condition
from simbridge.languages.pattern.events import EventDict, Layout, Paths, lay_out, read_event
from simbridge.languages.pattern.hints.missing import missing_field_hint
from simbridge.languages.pattern.hints.values import NO_HINT, FieldHint, shown, value_hint
from simbridge.languages.pattern.lines import ExplanationRow, blame, elements, line, mark, rows_of
from simbridge.languages.pattern.pool import Entry, Pool
from simbridge.languages.pattern.scalars import Scalar
from simbridge.languages.pattern.syntax import Field, Node, Pattern, SubRule, parse

__all__ = ["Explanation", "RulesExplanation", "explain", "explain_rules"]

_VALUES_MAX: Final = 1000
_HINTS_MAX: Final = 100


def explain(
    pattern: str | Mapping[str, object], event: Mapping[str, object] | str | bytes
) -> Explanation:
    """Why a pattern matches an event, or why not.

    Raises `InvalidPattern` and `SimbridgeError` as `match` does.
    """
    return _Explainer(parse(pattern), read_event(event)).explanation()


def explain_rules(
    patterns: Mapping[str, Pattern], event: Mapping[str, object] | str | bytes
) -> RulesExplanation:
    """The same for many patterns by name. Raises `SimbridgeError` for an invalid event."""
    parsed = read_event(event)
    return RulesExplanation(
        {name: _Explainer(pattern, parsed).explanation() for name, pattern in patterns.items()}
    )


@final
@dataclass(frozen=True, slots=True)
class Explanation:
    """Truthy if the pattern matches. `str()` is a tree; `rows` are its lines, `missed` the lines to blame."""

    matched: bool
    rows: tuple[ExplanationRow, ...]
    missed: tuple[ExplanationRow, ...] = field(repr=False)

    def __bool__(self) -> bool:
        return self.matched

    @property
    def summary(self) -> str:
        """One line: that it matches, or the field that did not and why."""
        if self.matched:
            return "matches"
        row = self.missed[0]
        more = f" (and {len(self.missed) - 1} more)" if len(self.missed) > 1 else ""
        return blame(row) + more

    @property
    def distance(self) -> tuple[int, int]:
        """How near a miss is: fewer fields to blame are nearer; of as many, more that hold."""
        held = sum(row.kind == "field" and row.taken and bool(row.matched) for row in self.rows)
        return len(self.missed), -held

    def to_dict(self) -> dict[str, object]:
        """The explanation as plain data: `matched`, `summary` and `rows`, a mapping for each line."""
        return {
            "matched": self.matched,
            "summary": self.summary,
            "rows": [
                {
                    "kind": row.kind,
                    "path": row.path,
                    "depth": row.depth,
                    "matched": row.matched,
                    "taken": row.taken,
                    "wanted": [{"value": text, "matched": holds} for text, holds in row.wanted],
                    "seen": list(row.seen),
                    "hint": row.hint,
                    "proposals": [
                        {"path": one.path, "match_values": decode(one.leaf)}
                        for one in row.proposals
                    ],
                }
                for row in self.rows
            ],
        }

    def text(self, *, colour: bool = False) -> str:
        """The tree for people, with ticks and crosses."""
        head = mark(self.matched, "matches" if self.matched else "does not match", colour)
        return "\n".join([head, *(line(row, colour) for row in self.rows)])

    def __str__(self) -> str:
        return self.text(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)


@final
@dataclass(frozen=True, slots=True)
class RulesExplanation:
    """What many rules say about one event. Truthy if any matches."""

    rules: Mapping[str, Explanation]

    @property
    def matched(self) -> list[str]:
        """The names of the rules that match, sorted."""
        return sorted(name for name, one in self.rules.items() if one)

    @property
    def nearest(self) -> str | None:
        """The rule that did not match with the least to blame; of several the first by name."""
        missed = [name for name, one in self.rules.items() if not one]
        return min(missed, key=lambda name: (self.rules[name].distance, name), default=None)

    def __bool__(self) -> bool:
        return any(self.rules.values())

    def to_dict(self) -> dict[str, object]:
        """As plain data: `matched`, `nearest`, and `rules`, an explanation for each name."""
        return {
            "matched": self.matched,
            "nearest": self.nearest,
            "rules": {name: self.rules[name].to_dict() for name in sorted(self.rules)},
        }

    def text(self, *, colour: bool = False) -> str:
        """A line for each rule, and the tree of the nearest miss."""
        lines = []
        for name in sorted(self.rules):
            one = self.rules[name]
            lines.append(mark(one.matched, f"{printable(name)}: {one.summary}", colour))
        nearest = self.nearest
        if nearest is not None:
            lines += [
                "",
                f"nearest miss: {printable(nearest)}",
                self.rules[nearest].text(colour=colour),
            ]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)


# --------------------------------------------------------------------- finding out


@final
class _Explainer:
    """One pattern and one event."""

    def __init__(self, pattern: Pattern, event: EventDict) -> None:
        self._tree, self._event = pattern.tree, event
        subrules = pattern.subrules
        paths = Paths.of({path for subrule in subrules for path in subrule})
        self._layout = lay_out(event, paths)
        pool = Pool([Entry("", subrule) for subrule in subrules], frozenset())
        pool.prepare()
        holding = satisfied(pool.fields, pool.live, self._layout)
        self._matched = holding != 0
        self._known: dict[int, ExplanationRow] = {}
        self._hints: dict[int, FieldHint] = {}
        self._chosen = (
            subrules[(holding & -holding).bit_length() - 1] if holding else self._nearest(subrules)
        )
        self._used = {id(conditions) for subrule in subrules for conditions in subrule.values()}

    def explanation(self) -> Explanation:
        """The rows, judged."""
        rows = [self._judged(row, node) for row, node in rows_of(self._tree)]
        children: dict[int, list[ExplanationRow]] = {}
        for index in range(len(rows) - 1, -1, -1):
            if rows[index].kind != "field":
                rows[index] = _summed_up(rows[index], children.get(index, []))
            children.setdefault(rows[index].parent, []).append(rows[index])
        missed = [row for row in rows if row.kind == "field" and row.taken and row.matched is False]
        if not self._matched and not missed:
            missed = [_scattered(self._chosen, self._layout)]
            _put_in_place(missed[0], rows)
        return Explanation(self._matched, tuple(rows), tuple(missed))

    def _nearest(self, subrules: Sequence[SubRule]) -> SubRule:
        """The sub-rule with the fewest fields that fail; of several the one that has hints."""
        failed = [
            [path for path in subrule if not self._field(path, subrule[path]).matched]
            for subrule in subrules
        ]
        ranks = [
            (len(paths), -len(subrule)) for paths, subrule in zip(failed, subrules, strict=True)
        ]
        least = min(ranks)
        nearest = [index for index, rank in enumerate(ranks) if rank == least]

        def unexplained(index: int) -> int:
            return sum(not self._hint(path, subrules[index][path]).text for path in failed[index])

        return subrules[min(nearest, key=unexplained)]

    def _judged(self, row: ExplanationRow, node: Node) -> ExplanationRow:
        if not isinstance(node, Field):
            return row
        if id(node.conditions) not in self._used:
            return replace(row, matched=None, hint="a later array for the same path replaces it")
        found = self._field(node.path, node.conditions)
        taken = self._chosen.get(node.path) is node.conditions
        matched = found.matched or (taken and self._matched)
        hint = NO_HINT if matched else self._hint(node.path, node.conditions)
        return replace(
            row,
            matched=matched,
            taken=taken,
            wanted=found.wanted,
            seen=found.seen,
            hint=hint.text,
            proposals=hint.proposals,
        )

    def _hint(self, path: str, conditions: tuple[Condition, ...]) -> FieldHint:
        """The hint for a field that does not hold; at most `_HINTS_MAX` of them."""
        if id(conditions) not in self._hints:
            if len(self._hints) >= _HINTS_MAX:
                return NO_HINT
            values = self._values(path)
            self._hints[id(conditions)] = (
                value_hint(path, conditions, values)
                if values
                else missing_field_hint(path, conditions, self._event)
            )
        return self._hints[id(conditions)]

    def _values(self, path: str) -> list[Scalar]:
        """The distinct values at a path, in the order of the event."""
        leaves = sorted(self._layout.values.get(path, ()), key=lambda leaf: leaf[1])
        return list({(type(value), value): value for value, _ in leaves}.values())[:_VALUES_MAX]

    def _field(self, path: str, conditions: tuple[Condition, ...]) -> ExplanationRow:
        """What can be said about a field alone."""
        if id(conditions) not in self._known:
            values = self._values(path)
            missing = not any(element == 0 for _, element in self._layout.values.get(path, ()))
            wanted = tuple(
                (one.text, any(map(one.accepts, values)) or (one.absent and missing))
                for one in conditions
            )
            holds = any(holds for _, holds in wanted)
            seen = tuple(map(shown, values))
            row = ExplanationRow("field", path, path, -1, 0, holds, wanted=wanted, seen=seen)
            self._known[id(conditions)] = row
        return self._known[id(conditions)]


def _summed_up(row: ExplanationRow, children: Iterable[ExplanationRow]) -> ExplanationRow:
    some = [child for child in children if child.matched is not None]
    over = any if row.kind == "or" else all
    return replace(
        row,
        matched=over(bool(child.matched) for child in some),
        taken=over(child.taken for child in some),
    )


def _scattered(subrule: SubRule, layout: Layout) -> ExplanationRow:
    """The line for fields that hold, but in different elements of an array."""
    holding: dict[str, list[dict[int, int]]] = {}
    for path, conditions in subrule.items():
        leaves = layout.values.get(path, ())
        holding[path] = [
            layout.entered(element)
            for value, element in leaves
            if any(one.accepts(value) for one in conditions)
        ]
    for number, array in enumerate(layout.arrays):
        places: dict[str, list[int]] = {}
        for path, chains in holding.items():
            entered = {chain[number] for chain in chains if number in chain}
            if entered:
                places[path] = [i for i, one in enumerate(array.elements) if one in entered]
        if len(places) > 1 and not set.intersection(*map(set, places.values())):
            path = array.node.path
            where = ", ".join(
                f"{name.removeprefix(path + '.')} holds in {elements(found)}"
                for name, found in places.items()
            )
            hint = f"no element of {path} satisfies all fields below it: {where}"
            return ExplanationRow("array", path, path, -1, 0, False, True, hint=hint)
    return ExplanationRow(
        "array", "arrays", "", -1, 0, False, True,
        hint="every field holds, but not all of them in the same elements of the arrays",
    )  # fmt: skip


def _put_in_place(scattered: ExplanationRow, rows: list[ExplanationRow]) -> None:
    """Say it at the group of the array, where the pattern has one, and else at the end."""
    for index, row in enumerate(rows):
        if row.kind == "group" and row.path == scattered.path:
            rows[index] = replace(row, hint=scattered.hint)
            while index >= 0:
                rows[index] = replace(rows[index], matched=False)
                index = rows[index].parent
            return
    rows.append(scattered)
