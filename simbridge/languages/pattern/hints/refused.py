"""Hints for an event pattern that is refused: the corrected pattern.

AWS's error says where its parser stopped. The pattern itself mostly shows what was meant: a value without
its array, an operator in the place of a field, an operator by another name:

    {"source": "shop"}                          {"source": ["shop"]}
    {"detail": {"n": {"numeric": [">", 5]}}}    {"detail": {"n": [{"numeric": [">", 5]}]}}
    {"source": [{"startsWith": "sh"}]}          {"source": [{"prefix": "sh"}]}

The pattern is corrected as a JSON value. The result is proposed only if the parser accepts all of it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Final, TypeGuard

from simbridge.base.errors import Hint
from simbridge.base.json import (
    InvalidJson,
    decode,
    has_repeated_key,
    replace_lone_surrogates,
    to_text,
)
from simbridge.languages.pattern.conditions import as_json
from simbridge.languages.pattern.hints.operators import (
    NESTING_MAX,
    is_operator_name,
    is_pattern_parameter,
    match_values,
    nesting_of,
    operator_meant,
    spelled_out,
)
from simbridge.languages.pattern.operators import OPERATORS, RESERVED

__all__ = ["hint"]

_LENGTH_MAX: Final = 4096  # what PutRule accepts; longer patterns get no hint
_SHOWN_MAX: Final = 3
_EVERYTHING: Final[dict[str, object]] = {"source": [{"prefix": ""}]}


class _Unclear(Exception):
    """What was meant is unclear; the text says why."""


def hint(text: str, accepts: Callable[[str], bool]) -> Hint:
    """The hint for a refused pattern; `accepts` says whether the parser accepts a text."""
    found = _corrected(text, accepts)
    return Hint(
        replace_lone_surrogates(found.detail), tuple(map(replace_lone_surrogates, found.proposals))
    )


def _corrected(text: str, accepts: Callable[[str], bool]) -> Hint:
    if len(text) > _LENGTH_MAX or nesting_of(text) > NESTING_MAX:
        return Hint("")
    try:
        value, said = _value_of(text)
        corrector = _Corrector()
        corrected = corrector.whole(value)
    except _Unclear as unclear:
        return Hint(str(unclear))
    found = as_json(corrected)
    if not accepts(found):
        return Hint(said or _operand(corrected, accepts))
    shown = list(dict.fromkeys(corrector.reasons))[:_SHOWN_MAX]
    if not shown:
        return Hint(f"{said} Write {found}.".strip(), (found,))
    return Hint(" ".join(filter(None, [said, *shown])), (found,))


def _operand(pattern: object, accepts: Callable[[str], bool]) -> str:
    """What an operator takes, for the one whose operand is refused."""
    waiting = [pattern]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value[::-1]
        elif isinstance(value, dict):
            waiting += [one for one in value.values() if isinstance(one, dict | list)][::-1]
            name = next(iter(value), "")
            if len(value) == 1 and name in OPERATORS and not accepts(as_json({"a": [value]})):
                return _takes(name) + "."
    return ""


def _takes(name: str) -> str:
    return f'"{name}" takes {OPERATORS[name].operand.replace("`", "")}'


def _value_of(text: str) -> tuple[object, str]:
    """The value of a text, and what is wrong with the text if it is nearly JSON."""
    try:
        return _decoded(text), ""
    except InvalidJson:
        pass
    try:  # JSON with a trailing comma, or a Python literal
        tree = ast.parse("" if "\\" in text else text.strip(), mode="eval")
        value = ast.literal_eval(_Words().visit(tree))
        return decode(to_text(value), lone_surrogates="replace"), _NEARLY_JSON
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _Unclear("") from None


class _Words(ast.NodeTransformer):
    """JSON's true, false and null as Python has them; a duplicate key is unclear."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace true, false and null."""
        return ast.Constant(_WORDS[node.id]) if node.id in _WORDS else node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """Refuse duplicate keys."""
        if len({ast.dump(key) for key in node.keys if key}) < len(node.keys):
            raise _Unclear("")
        return self.generic_visit(node)


_WORDS: Final = {"true": True, "false": False, "null": None}
_NEARLY_JSON: Final = (
    "JSON has double quotes, true, false and null, and no comma after the last entry."
)


def _decoded(text: str) -> object:
    """The value of a JSON text. Raises `InvalidJson`, and `_Unclear` for a duplicate key."""
    value = decode(text, lone_surrogates="replace")
    if isinstance(value, dict) and has_repeated_key(text, value):
        raise _Unclear("")  # a corrected pattern would lose one of the two
    return value


class _Corrector:
    """Corrects one pattern and keeps the reasons."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._inside_or = False

    def whole(self, value: object) -> object:
        """A whole pattern."""
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            self.reasons.append("A pattern is one object; alternatives belong in $or.")
            value = value[0] if len(value) == 1 else {"$or": value}
        if not isinstance(value, dict):
            raise _Unclear('A pattern is an object of fields, such as {"source": ["shop"]}.')
        for key, inner in value.items():
            if (wrapped := _wrapped(key, inner)) is not None:
                self.reasons.append(
                    f'"{key}" is a parameter, not a field: the pattern is its value.'
                )
                return self.whole(wrapped)
        return self._fields(value, top=True)

    def _fields(self, fields: Mapping[str, object], *, top: bool = False) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in fields.items():
            if self._inside_or and key in RESERVED:
                raise _Unclear(f'Inside $or no field may be called like the operator "{key}".')
            if key.lstrip("$").lower() == "or" and (isinstance(value, dict) or _are_objects(value)):
                found |= self._either(key, value, top)
            elif not (top and key == "detail"):
                found[key] = self._field(key, value)
            elif detail := self._detail(value):
                found[key] = detail
        if not found and top:
            self.reasons.append(f"A pattern for every event is {as_json(_EVERYTHING)}.")
            return _EVERYTHING
        return found

    def _either(self, key: str, value: object, top: bool) -> dict[str, object]:
        branches = (
            [{name: one} for name, one in value.items()] if isinstance(value, dict) else value
        )
        assert isinstance(branches, list)
        if len(branches) == 1:
            self.reasons.append("$or takes two patterns or more; write one without it.")
            return self._fields(branches[0], top=top)
        if key != "$or" or branches is not value:
            self.reasons.append('Alternatives are written as "$or": [{...}, {...}].')
        before, self._inside_or = self._inside_or, True
        found = [self._fields(branch, top=top) for branch in branches]
        self._inside_or = before
        return {"$or": found}

    def _detail(self, value: object) -> dict[str, object]:
        """The fields of the event's `detail`, an object without a value of its own; none for any."""
        if isinstance(value, str) and (inner := _json_in(value)) is not None:
            self.reasons.append("A pattern is JSON, not a string.")
            return self._detail(inner)
        if isinstance(value, list) and _is_empty(value):
            value = {}
        if _are_objects(value) and not any(map(_is_operator, value)):
            value = self._objects("detail", value)
        if not isinstance(value, dict):
            raise _Unclear(f"detail has no value of its own: {_A_DETAIL}.")
        if not value:
            self.reasons.append("detail has no value of its own: for any event leave it out.")
            return {}
        return self._fields(value)

    def _field(self, key: str, value: object) -> object:
        if isinstance(value, str) and (inner := _json_in(value)) is not None:
            self.reasons.append("A pattern is JSON, not a string.")
            return self._field(key, inner)
        if _are_objects(value) and all(map(_is_of_fields, value)):
            value = self._objects(key, value)
        elif isinstance(value, dict) and value and _is_operator(value):
            found = match_values(value)
            if not found:
                raise _Unclear(_no_and(key, value))
            name = next(iter(value))
            return self._write(f'"{name}" is an operator and belongs in an array', key, found)
        if isinstance(value, dict):
            if value:
                return self._fields(value)
            return self._write("An empty object names no field. For any value", key, _PRESENT)
        if not isinstance(value, list):
            return self._write("Match values belong in an array", key, _spelled(value))
        if _is_empty(value) and {} not in value:
            return self._write("An empty array names no value. For any value", key, _PRESENT)
        return self._leaf(key, value)

    def _objects(self, key: str, objects: list[dict[str, object]]) -> dict[str, object]:
        """The fields that were written as objects in an array."""
        self.reasons.append(f"The fields of {as_json(key)} belong in an object, not in an array.")
        return objects[0] if len(objects) == 1 else {"$or": objects}

    def _leaf(self, key: str, values: list[object]) -> object:
        found: list[object] = []
        for value in values:
            if isinstance(value, list):
                inner = self._leaf(key, value)
                assert isinstance(inner, list)
                found += inner
            elif isinstance(value, dict):
                found += self._match_object(key, value)
            else:
                found.append(value)
        if as_json(found) == as_json(values):  # 0 is not false
            return values
        return self._write(_reason(values), key, found)

    @staticmethod
    def _match_object(key: str, value: dict[str, object]) -> list[object]:
        found = match_values(value) if value else _PRESENT
        if found:
            return found
        raise _Unclear(_no_and(key, value))

    def _write(self, reason: str, key: str, leaf: list[object]) -> object:
        self.reasons.append(f"{reason}: write {as_json(key)}: {as_json(leaf)}.")
        return leaf


_PRESENT: Final[list[object]] = [{"exists": True}]


def _is_operator(value: Mapping[str, object]) -> bool:
    """Whether an object in the place of fields was meant as an operator; its name may be a field's."""
    return all(name in RESERVED for name in value) or (
        len(value) == 1
        and all(
            is_operator_name(name) and not isinstance(one, dict | list)
            for name, one in value.items()
        )
    )


def _are_objects(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _is_of_fields(value: dict[str, object]) -> bool:
    """Whether an object in an array was meant as fields: none of them is near an operator's name."""
    return bool(value) and all(
        not operator_meant(name) and isinstance(one, dict | list) for name, one in value.items()
    )


def _is_empty(value: object) -> bool:
    """Whether there is nothing in an array but empty arrays and objects."""
    return value == {} or (isinstance(value, list) and all(map(_is_empty, value)))


def _json_in(text: str) -> object:
    """The object or array in a JSON text; None if there is none."""
    if text.lstrip()[:1] not in ("{", "[") or nesting_of(text) > NESTING_MAX:
        return None
    try:
        return _decoded(text)
    except InvalidJson:
        return None


def _spelled(value: object) -> list[object]:
    """A match value without its array, which may be an operator in a string."""
    in_braces = isinstance(value, str) and value.lstrip()[:1] in ("{", "[")
    return (in_braces and spelled_out(str(value))) or [value]


def _wrapped(key: str, value: object) -> object:
    """The pattern in a parameter of PutRule or a property of a template; None if it is a field."""
    inner = _json_in(value) if isinstance(value, str) else value
    return inner if isinstance(inner, dict) and is_pattern_parameter(key, inner) else None


_A_DETAIL: Final = 'it is an object of fields, such as "detail": {"status": ["done"]}'


def _reason(values: list[object]) -> str:
    for value in values:
        if isinstance(value, list):
            return "Match values belong in one array"
        if value == {}:
            return "An empty object is not an operator. For any value"
        if isinstance(value, dict) and len(value) > 1 and operator_meant(next(iter(value))):
            return "A match value has one operator"
        for name in value if isinstance(value, dict) else ():
            if name not in OPERATORS:
                return f'There is no operator "{name}"'
    return next((_takes(name) for one in values if isinstance(one, dict) for name in one), "")


def _no_and(key: str, value: Mapping[str, object]) -> str:
    """Why an object of operators has no match value that means it."""
    name = next(iter(value))
    if len(value) > 1:
        return f"{as_json(key)}: a match value has one operator; one field cannot be joined by and."
    if not operator_meant(name):
        return f'There is no operator "{name}"; there are {", ".join(OPERATORS)}.'
    return f'{as_json(key)}: "{name}" does not take {as_json(value[name])[:60]}.'
