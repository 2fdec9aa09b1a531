"""What may have gone wrong where a field did not hold: the slips that people make.

Each rule here looks at one thing that is nearly right and says what to change, in one sentence. They are
guesses for people; no verdict depends on them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from simbridge.pattern.conditions import Condition, as_json
from simbridge.pattern.events import EventDict
from simbridge.pattern.scalars import (
    Scalar,
    address,
    ends_without_case,
    letters,
    starts_without_case,
)

__all__ = ["shown", "slip_of_a_missing_field", "slip_of_a_value"]

_VALUES_MAX: Final = 20
_CONDITIONS_MAX: Final = 50
_SHOWN_CHARACTERS_MAX: Final = 60
_NODES_MAX: Final = 1000
_KEYS_MAX: Final = 100


def shown(value: object) -> str:
    """A value as JSON, cut to a readable length; an object or an array by its kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = as_json(value)
    if len(text) <= _SHOWN_CHARACTERS_MAX:
        return text
    return f"{text[: _SHOWN_CHARACTERS_MAX - 2]}… ({len(text):,} characters)"


# ------------------------------------------------------------ a value that is not taken


def slip_of_a_value(conditions: Sequence[Condition], values: Sequence[Scalar]) -> str:
    """Why a value may not be what the pattern says; empty if nothing comes to mind."""
    for slip in _SLIPS:
        for condition in conditions[:_CONDITIONS_MAX]:
            for value in values[:_VALUES_MAX]:
                text = slip(condition, value)
                if text:
                    return text
    return ""


def _kind(condition: Condition, value: Scalar) -> str:
    """A number for a string of digits, true for "true", and the other way round."""
    wanted = condition.operand
    if condition.operator == "numeric" and isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return ""
        return f"numeric takes JSON numbers only, and the event has the string {shown(value)}"
    if condition.operator or isinstance(wanted, str) == isinstance(value, str):
        return ""
    if (wanted if isinstance(wanted, str) else as_json(wanted)) == (
        value if isinstance(value, str) else as_json(value)
    ):
        return f"the pattern wants {_a(wanted)}, the event has {_a(value)}"
    return ""


def _a(value: object) -> str:
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if value is None or isinstance(value, bool):
        return f"the literal {as_json(value)}"
    return f"the number {shown(value)}"


def _case(condition: Condition, value: Scalar) -> str:
    text = condition.operand
    if not isinstance(text, str) or not isinstance(value, str):
        return ""
    pattern, operator = letters(text), condition.operator
    if operator in ("", "exactly") and text.casefold() == value.casefold():
        return f'only the case differs: use {{"equals-ignore-case": {shown(text)}}}'
    if operator == "prefix" and starts_without_case(pattern, value) >= 0:
        return f'only the case differs: use {{"prefix": {{"equals-ignore-case": {shown(text)}}}}}'
    if operator == "suffix" and ends_without_case(pattern, value):
        return f'only the case differs: use {{"suffix": {{"equals-ignore-case": {shown(text)}}}}}'
    return ""


def _space(condition: Condition, value: Scalar) -> str:
    text = condition.operand
    if isinstance(text, str) and isinstance(value, str) and text.strip() == value.strip():
        return "only the space at an end differs"
    return ""


def _star(condition: Condition, value: Scalar) -> str:
    text = condition.operand
    if not isinstance(text, str) or not isinstance(value, str) or "*" not in text:
        return ""
    if condition.operator not in ("", "exactly", "prefix", "suffix"):
        return ""
    return f'a * is an ordinary character here: use {{"wildcard": {shown(text)}}}'


def _part(condition: Condition, value: Scalar) -> str:
    text = condition.operand
    if condition.operator or not isinstance(text, str) or not isinstance(value, str) or not text:
        return ""
    if value.startswith(text):
        return f'the value only begins with it: use {{"prefix": {shown(text)}}}'
    if value.endswith(text):
        return f'the value only ends with it: use {{"suffix": {shown(text)}}}'
    return ""


def _no_address(condition: Condition, value: Scalar) -> str:
    if condition.operator == "cidr" and not (isinstance(value, str) and address(value)):
        return f"{shown(value)} is not an IP address"
    return ""


def _present(condition: Condition, value: Scalar) -> str:
    return "the field must be missing, and it is there" if condition.absent else ""


_SLIPS: Final[Sequence[Callable[[Condition, Scalar], str]]] = (
    _case, _kind, _space, _star, _part, _no_address, _present,
)  # fmt: skip


# ---------------------------------------------------------------- a field that is missing

_Nodes: TypeAlias = list[object]


def slip_of_a_missing_field(path: str, event: EventDict) -> str:
    """Why a field may be missing from an event; empty if nothing comes to mind."""
    segments = path.split(".")
    nodes: _Nodes = [event]
    for index, segment in enumerate(segments):
        objects = [node for node in nodes if isinstance(node, dict)]
        if not objects:
            return _no_object(".".join(segments[:index]), nodes)
        following = [one[segment] for one in objects if segment in one]
        if not following:
            here = ".".join(segments[:index])
            return _misplaced(path, event) or _misspelled(here, segment, objects)
        nodes = _flat(following)
    if not nodes:
        return "it is an empty array, which has no values"
    names = [str(key) for node in nodes if isinstance(node, dict) for key in node]
    fields = ", ".join(dict.fromkeys(names[:5]))
    return f"it is an object, which has no value of its own: name a field of it ({fields})"


def _no_object(here: str, nodes: _Nodes) -> str:
    if not nodes:
        return f"{here} is an empty array"
    value = nodes[0]
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        return f"{here} is a string that holds JSON, which is not looked into: send an object"
    return f"{here} is {shown(value)} and not an object"


def _misplaced(path: str, event: EventDict) -> str:
    """Below `detail` in one of the two and not in the other."""
    if _has(f"detail.{path}", event):
        return f"the event has it below detail: detail.{path}"
    rest = path.removeprefix("detail.")
    if rest != path and _has(rest, event):
        return f"the event has {rest} at the top and not below detail"
    return ""


def _misspelled(here: str, segment: str, objects: Sequence[EventDict]) -> str:
    keys = list(dict.fromkeys(key for one in objects for key in one))
    prefix = f"{here}." if here else ""
    for key in keys:
        if key.casefold() == segment.casefold():
            return f"the event spells it {prefix}{key}"
    short = [key for key in keys[:_KEYS_MAX] if len(key) <= _SHOWN_CHARACTERS_MAX]
    close = difflib.get_close_matches(segment[:_SHOWN_CHARACTERS_MAX], short, n=1, cutoff=0.75)
    return f"the event has {prefix}{close[0]}" if close else ""


def _has(path: str, event: EventDict) -> bool:
    nodes: _Nodes = [event]
    for segment in path.split("."):
        nodes = _flat(one[segment] for one in nodes if isinstance(one, dict) and segment in one)
    return bool(nodes)


def _flat(values: Iterable[object]) -> _Nodes:
    """Values, and instead of an array what is in it; so many as are worth a look."""
    nodes: _Nodes = []
    waiting = list(values)[::-1]
    while waiting and len(nodes) < _NODES_MAX:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value[:_NODES_MAX][::-1]
        else:
            nodes.append(value)
    return nodes
