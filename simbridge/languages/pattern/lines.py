"""Renders an explanation: its rows, and the line of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from simbridge.base.printable import printable
from simbridge.languages.pattern.hints.values import Proposal
from simbridge.languages.pattern.syntax import Either, Field, Group, Node

__all__ = ["ExplanationRow", "blame", "elements", "line", "mark", "rows_of"]

_LISTED_MAX: Final = 3


@final
@dataclass(frozen=True, slots=True)
class ExplanationRow:
    """A line of an explanation.

    `kind`: "group", "field", "or", "branch" or "array". `parent`: the number of the row it is below (-1).
    `matched`: None for a field that a later one of the same path replaces. `taken`: whether it belongs to
    the sub-rule that is explained. For a field: `wanted` are its match values as JSON, each with whether
    it holds; `seen` the values in the event as JSON. `hint`: what may be wrong, or what is special. `proposals`:
    the match values that it proposes, each of which holds for the event.
    """

    kind: str
    label: str
    path: str
    parent: int
    depth: int
    matched: bool | None = True
    taken: bool = True
    wanted: tuple[tuple[str, bool], ...] = ()
    seen: tuple[str, ...] = ()
    hint: str = ""
    proposals: tuple[Proposal, ...] = ()


def rows_of(tree: Group) -> Iterable[tuple[ExplanationRow, Node]]:
    """A row for each node of a pattern, in the order of the text."""
    waiting: list[tuple[Node, str, str, int, int]] = [
        (node, "", "", -1, 0) for node in reversed(tree.entries)
    ]
    count = 0
    while waiting:
        node, label, prefix, parent, depth = waiting.pop()
        following: list[tuple[Node, str, str, int, int]] = []
        if isinstance(node, Field):
            yield ExplanationRow("field", node.key, node.path, parent, depth), node
        elif isinstance(node, Either):
            yield ExplanationRow("or", "$or", prefix.removesuffix("."), parent, depth), node
            following = [
                (branch, f"branch {number}", prefix, count, depth + 1)
                for number, branch in enumerate(node.branches, 1)
            ]
        else:
            inner = prefix if label else f"{prefix}{node.key}."
            kind = "branch" if label else "group"
            yield (
                ExplanationRow(kind, label or node.key, inner.removesuffix("."), parent, depth),
                node,
            )
            following = [(entry, "", inner, count, depth + 1) for entry in node.entries]
        waiting += reversed(following)
        count += 1


def line(row: ExplanationRow, colour: bool) -> str:
    """A row as a line (two, with a hint)."""
    row = _printable(row)
    text = row.label
    if row.kind == "field":
        text = f"{row.label}: {_seen(row)}, wanted {_wanted(row)}" if row.wanted else row.label
    elif row.kind == "branch" and row.taken:
        text += " (taken)" if row.matched else " (nearest)"
    if row.hint and row.kind == "array":
        text = row.hint
    elif row.hint:
        text += f"\n{'  ' * (row.depth + 2)}  {row.hint}"
    return "  " * (row.depth + 1) + mark(row.matched, text, colour)


def mark(matched: bool | None, text: str, colour: bool) -> str:
    """A text behind a tick, a cross or a dash."""
    sign, code = _SIGNS[matched]
    return f"\x1b[{code}m{sign}\x1b[0m {text}" if colour else f"{sign} {text}"


_SIGNS: Final = {True: ("✓", 32), False: ("✗", 31), None: ("–", 2)}


def blame(row: ExplanationRow) -> str:
    """What a row that did not hold is blamed for, in one line."""
    row = _printable(row)
    if row.kind == "array":
        return row.hint
    text = f"{row.path} is {_seen(row)}, wanted {_wanted(row)}"
    return f"{text}: {row.hint}" if row.hint else text


def _printable(row: ExplanationRow) -> ExplanationRow:
    """A row whose texts are fit to be shown."""
    return replace(
        row,
        label=printable(row.label),
        path=printable(row.path),
        wanted=tuple((printable(text), holds) for text, holds in row.wanted),
        seen=tuple(map(printable, row.seen)),
        hint=printable(row.hint),
    )


def _seen(row: ExplanationRow) -> str:
    return _listed(row.seen, " and ") if row.seen else "missing"


def _wanted(row: ExplanationRow) -> str:
    texts = [text for text, holds in row.wanted if holds] or [text for text, _ in row.wanted]
    return _listed(texts, " or ")


def elements(numbers: list[int]) -> str:
    """The elements of an array, by number."""
    return f"element{'s' * (len(numbers) > 1)} {_listed(list(map(str, numbers)), ' and ')}"


def _listed(texts: Sequence[str], last: str) -> str:
    """Some texts, the first of them spelled out."""
    if len(texts) <= _LISTED_MAX:
        return last.join(texts)
    return f"{', '.join(texts[:_LISTED_MAX])}{last}{len(texts) - _LISTED_MAX:,} more"
