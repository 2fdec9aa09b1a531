"""Hints for a field that the event does not have: misspelled, misplaced, or an operator.

As in `values`, hints are guesses and change no verdict.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias, TypeGuard

from simbridge.languages.pattern.conditions import Condition, as_json
from simbridge.languages.pattern.events import EventDict
from simbridge.languages.pattern.hints.operators import (
    is_operator_name,
    is_pattern_parameter,
    match_values,
)
from simbridge.languages.pattern.hints.values import FieldHint, Proposal, conditions_of, shown
from simbridge.languages.pattern.operators import RESERVED
from simbridge.languages.pattern.scalars import Scalar

__all__ = ["missing_field_hint"]

_NODES_MAX: Final = 1000
_KEYS_MAX: Final = 100
_SHOWN_CHARACTERS_MAX: Final = 60

_Nodes: TypeAlias = list[object]


def missing_field_hint(path: str, conditions: Sequence[Condition], event: EventDict) -> FieldHint:
    """The hint for a field that is missing from an event."""
    segments = path.split(".")
    found = _parameter_as_field(segments, conditions, event)
    found = found or _operator_as_field(segments, conditions, event)
    if found:
        return found
    nodes: _Nodes = [event]
    for index, segment in enumerate(segments):
        objects = [node for node in nodes if isinstance(node, dict)]
        if not objects:
            return FieldHint(_no_object(".".join(segments[:index]), nodes))
        following = [one[segment] for one in objects if segment in one]
        if not following:
            text, other = _misplaced(path, event)
            if not text:
                text, other = _misspelled(segments, index, objects)
            return FieldHint(text, _if_it_holds(other, conditions, event))
        nodes = _flat(following)
    if not nodes:
        return FieldHint("it is an empty array, which has no values")
    names = [str(key) for node in nodes if isinstance(node, dict) for key in node]
    fields = ", ".join(dict.fromkeys(names[:5]))
    return FieldHint(
        f"it is an object, which has no value of its own: name a field of it ({fields})"
    )


def _parameter_as_field(
    segments: Sequence[str], conditions: Sequence[Condition], event: EventDict
) -> FieldHint | None:
    """`{"EventPattern": {"source": ["a"]}}`, where the inner object was meant."""
    name, *below = segments
    if not below or name in event or not is_pattern_parameter(name, below[:1]):
        return None
    inner = ".".join(below)
    proposals = _if_it_holds(inner, conditions, event)
    pattern = _leaf_of(conditions)
    for segment in reversed(below):
        pattern = f"{{{as_json(segment)}: {pattern}}}"
    text = f"{name} is a parameter, not a field: write {pattern}"
    return FieldHint(text if proposals else text + _NOT_EITHER, proposals)


def _operator_as_field(
    segments: Sequence[str], conditions: Sequence[Condition], event: EventDict
) -> FieldHint | None:
    """`{"f": {"prefix": ["a"]}}` or `{"prefix": {"f": ["a"]}}` for `{"f": [{"prefix": "a"}]}`."""
    first = next((i for i, one in enumerate(segments) if _is_operator(one)), len(segments))
    if first == len(segments) or _has(".".join(segments[: first + 1]), event):
        return None
    name, *below = segments[first:]
    fields = [one for one in below if not _is_operator(one)]
    here = ".".join([*segments[:first], *fields])
    operand: object = [
        {one.operator: one.operand} if one.operator else one.operand for one in conditions
    ]
    for segment in reversed(below):
        operand = operand if segment in fields else {segment: operand}
    meant = match_values({name: operand})
    wanted = conditions_of(meant)
    if not wanted:
        return None
    text = f"{name} is an operator, not a field: "
    for path, values in _candidates(here, event):
        if _holds(wanted, values) and (path == here or all(map(_is_telling, wanted))):
            proposal = Proposal(path, as_json(meant))
            leaf = f"{as_json(path.split('.')[-1])}: {proposal.leaf}"
            return FieldHint(f"{text}write {leaf}", (proposal,))
    if not here or any(isinstance(node, dict) for node in _at(here, event)):
        return FieldHint(f"{text}it belongs in the array of a field")
    leaf = f"{as_json(here.split('.')[-1])}: {as_json(meant)}"
    return FieldHint(f"{text}write {leaf}{_NOT_EITHER}")


_NOT_EITHER: Final = ", which would not match this event either"


def _is_telling(condition: Condition) -> bool:
    """Whether a match value identifies the field that was meant: nearly every field satisfies the others."""
    return condition.operator not in ("exists", "anything-but")


def _is_operator(segment: str) -> bool:
    return segment in RESERVED or is_operator_name(segment)


def _candidates(path: str, event: EventDict) -> Iterator[tuple[str, _Nodes]]:
    """A field and the fields of the objects at it, each with its values."""
    nodes = _at(path, event)
    objects = [node for node in nodes if isinstance(node, dict)]
    if path not in ("", "detail"):  # objects, which have no value
        yield path, [node for node in nodes if not isinstance(node, dict)]
    for key in list(dict.fromkeys(key for one in objects for key in one))[:_KEYS_MAX]:
        below = f"{path}.{key}" if path else key
        values = [node for node in _at(below, event) if not isinstance(node, dict)]
        if values:
            yield below, values


def _holds(conditions: Sequence[Condition], values: Sequence[object]) -> bool:
    """Whether a field with these scalars, or with none, satisfies one of some conditions."""
    return any(
        one.accepts(value) for one in conditions for value in values if _is_scalar(value)
    ) or (not values and any(one.absent for one in conditions))


def _is_scalar(value: object) -> TypeGuard[Scalar]:
    return value is None or isinstance(value, str | int | float)


def _if_it_holds(
    path: str, conditions: Sequence[Condition], event: EventDict
) -> tuple[Proposal, ...]:
    """The same match values at another path, if they hold there."""
    if path and _holds(conditions, _at(path, event)):
        return (Proposal(path, _leaf_of(conditions)),)
    return ()


def _leaf_of(conditions: Sequence[Condition]) -> str:
    return f"[{', '.join(one.text for one in conditions)}]"


def _no_object(here: str, nodes: _Nodes) -> str:
    if not nodes:
        return f"{here} is an empty array"
    value = nodes[0]
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        return f"{here} is a string that holds JSON, which a pattern cannot see: send an object"
    return f"{here} is {shown(value)}, not an object"


def _misplaced(path: str, event: EventDict) -> tuple[str, str]:
    """Below `detail` in the pattern or in the event, and not in the other: the text, and the right path."""
    if _has(f"detail.{path}", event):
        return f"the event has it below detail: detail.{path}", f"detail.{path}"
    rest = path.removeprefix("detail.")
    if rest != path and _has(rest, event):
        return f"the event has {rest} at the top, not below detail", rest
    return "", ""


def _misspelled(
    segments: Sequence[str], index: int, objects: Sequence[EventDict]
) -> tuple[str, str]:
    """A key with a similar spelling: the text, and the right path."""
    keys = list(dict.fromkeys(key for one in objects for key in one))
    segment = segments[index]
    here, below = [*segments[:index]], segments[index + 1 :]
    for key in keys:
        if _plain(key) == _plain(segment):
            text = f"the event spells it {'.'.join([*here, key])}"
            return text, ".".join([*here, key, *below])
    short = [key for key in keys[:_KEYS_MAX] if len(key) <= _SHOWN_CHARACTERS_MAX]
    close = difflib.get_close_matches(segment[:_SHOWN_CHARACTERS_MAX], short, n=1, cutoff=0.75)
    if not close:
        return "", ""
    return f"the event has {'.'.join([*here, *close])}", ".".join([*here, *close, *below])


def _plain(key: str) -> str:
    """A key without case, hyphens and underscores: `detailType` and `detail-type` are one."""
    return key.replace("-", "").replace("_", "").casefold()


def _has(path: str, event: EventDict) -> bool:
    return bool(_at(path, event))


def _at(path: str, event: EventDict) -> _Nodes:
    """What an event has at a path, without arrays."""
    nodes: _Nodes = [event]
    for segment in path.split(".") if path else ():
        nodes = _flat(one[segment] for one in nodes if isinstance(one, dict) and segment in one)
    return nodes


def _flat(values: Iterable[object]) -> _Nodes:
    """Values, each array replaced by its elements; at most `_NODES_MAX`."""
    nodes: _Nodes = []
    waiting = list(values)[::-1]
    while waiting and len(nodes) < _NODES_MAX:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value[:_NODES_MAX][::-1]
        else:
            nodes.append(value)
    return nodes
