"""Finds the operator and the operand that were meant by a match object that is refused.

The names that people write come from other languages (SQL, MongoDB, SNS filter policies, regular
expressions) or are misspelled. Nothing here is certain to be valid; the parser decides (`refused`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from simbridge.base import json
from simbridge.languages.pattern.operators import OPERATORS

__all__ = [
    "NESTING_MAX",
    "glob_of",
    "is_operator_name",
    "is_pattern_parameter",
    "match_values",
    "nesting_of",
    "one_star",
    "operator_meant",
    "spelled_out",
]

_ALIASES: Final = {
    "prefix": "startswith startwith beginswith beginwith begins starts stringstartswith head",
    "suffix": "endswith endwith ends stringendswith tail",
    "wildcard": "like glob pattern match matches stringlike wild wildcards",
    "equals-ignore-case": "ignorecase equalsic iequals caseinsensitive equalsignorecase ieq",
    "anything-but": "not notequals notequal ne neq nin notin != <> anythingexcept except isnot",
    "exactly": "equals equal eq is exact == in anyof oneof stringequals",
    "exists": "exist present isset ispresent defined",
    "numeric": "number num numbers between range numericrange",
    "cidr": "ip ipaddress iprange subnet network inet",
    "contains": "includes include substring has containing",
    "regex": "regexp matchesregex rx re",
}
_NAMES: Final = {alias: name for name, all_ in _ALIASES.items() for alias in [name, *all_.split()]}
_UNMISTAKABLE: Final = {name.replace("-", "") for name in OPERATORS} | {
    *("startswith", "beginswith", "endswith", "notequals", "greaterthan", "lessthan"),
}
_RELATIONS: Final = {
    ">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "=", "==": "=", "=>": ">=", "=<": "<=",
    "gt": ">", "gte": ">=", "ge": ">=", "lt": "<", "lte": "<=", "le": "<=", "eq": "=",
    "greaterthan": ">", "lessthan": "<", "equals": "=", "≥": ">=", "≤": "<=",
}  # fmt: skip
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")
_COMPARISON: Final = re.compile(r"\s*(>=|<=|=>|=<|==|=|>|<)\s*(-?[0-9.]+)\s*")
_SPELLED: Final = re.compile(
    r"[\"']?(?P<name>[\w-]{2,40})[\"']?\s*[:=(]\s*(?P<operand>.*)", re.DOTALL
)
_SPACED: Final = re.compile(rf"(?P<name>{'|'.join(OPERATORS)})\s+(?P<operand>.*)", re.DOTALL)
_ADDRESS: Final = re.compile(r"[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*")
_YES_AND_NO: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_STRINGS: Final = ("prefix", "suffix", "exactly", "equals-ignore-case", "wildcard")
_ENVELOPE: Final = frozenset({"source", "detail-type", "detail", "account", "region", "resources"})
_LENGTH_MAX: Final = 40
NESTING_MAX: Final = 50
"""Deeper nesting is not corrected."""


def nesting_of(text: str) -> int:
    """How deep the brackets of a text nest, an upper bound of the stack that parsing it needs."""
    depths = accumulate({"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}.get(c, 0) for c in text)
    return max(depths, default=0)


def operator_meant(name: str) -> str:
    """The operator that a name was meant for; empty if none is near."""
    if name in OPERATORS:
        return name
    plain = _plain(name)
    if plain in _RELATIONS and plain not in ("eq", "equals", "=", "=="):
        return "numeric"
    known = {_plain(one): one for one in OPERATORS} | _NAMES
    if plain in known:
        return known[plain]
    spelled = sorted(_UNMISTAKABLE)  # `status` is a field and not nearly `starts`
    close = difflib.get_close_matches(plain[:_LENGTH_MAX], spelled, n=1, cutoff=0.75)
    return known[close[0]] if close and len(plain) > 2 else ""


def is_operator_name(name: str) -> bool:
    """Whether a name is an operator's but for hyphens and case, or can hardly be a field's."""
    return _plain(name) in _UNMISTAKABLE


def is_pattern_parameter(name: str, fields: Iterable[str]) -> bool:
    """Whether a field with these fields below it was meant as the parameter that holds a pattern."""
    plain = _plain(name)
    return plain == "eventpattern" or (plain == "pattern" and not _ENVELOPE.isdisjoint(fields))


def match_values(operators: dict[str, object]) -> list[object]:
    """The match values that a match object was meant to be; empty if that is unclear."""
    if len(operators) > 1:
        return _several(operators)
    for name, operand in operators.items():
        meant = operator_meant(name)
        if meant == "numeric" and _plain(name) in _RELATIONS:
            return _numeric([_RELATIONS[_plain(name)], operand])
        return _OPERANDS[meant](operand) if meant else []
    return []


def glob_of(expression: str) -> str:
    """The wildcard that says the same as a simple regular expression; empty if there is none."""
    text = expression
    if len(text) > 2 and text[0] == text[-1] == "/":
        text = text[1:-1]
    head, tail = not text.startswith("^"), not text.endswith("$")
    text = text.removeprefix("^").removesuffix("$")
    text = re.sub(r"(?<!\\)\.[*+]\??", "*", text)
    if re.search(r"(?<!\\)[\[\](){}|+?^$]|\\[A-Za-z0-9]", text):
        return ""
    text = re.sub(r"\\(.)", r"\1", text)
    return one_star(f"{'*' * head}{text}{'*' * tail}")


def one_star(text: str) -> str:
    """A wildcard without two stars in a row, which are refused."""
    return re.sub(r"\*{2,}", "*", text)


def spelled_out(text: str) -> list[object]:
    """The match values that a string spells: `prefix:a`, `{"prefix": "a"}`, `> 5`, `!a`."""
    text = text.strip()
    if text[:1] in ("{", "["):
        if nesting_of(text) > NESTING_MAX or "\\u" in text:  # which may be half a surrogate pair
            return []
        try:
            read = json.decode(text if '"' in text else text.replace("'", '"'))
        except json.InvalidJson:
            return spelled_out(text.strip("[{}] "))  # {prefix: Ann}
        values = read if isinstance(read, list) else [read]
        return [one for value in values for one in _spelled(value)]
    if comparisons := _comparisons(text):
        return _numeric(comparisons)
    if text.startswith("!") and len(text) > 1:
        return [{"anything-but": text.removeprefix("!").removeprefix("=").strip()}]
    match = _SPELLED.fullmatch(text) or _SPACED.fullmatch(text)
    meant = operator_meant(match["name"]) if match else ""
    operand = match["operand"].removesuffix(")").strip("\"' ") if match else ""
    return _OPERANDS[meant](operand) if meant and operand else []


def _spelled(value: object) -> list[object]:
    if isinstance(value, dict):
        return match_values(value)
    return [] if isinstance(value, list) else [value]


def _plain(name: str) -> str:
    """A name without case, hyphens, underscores and the like."""
    return re.sub(r"[-_\s$.]", "", name).lower()


def _several(operators: dict[str, object]) -> list[object]:
    """A range of two relations; a beginning and an end."""
    names = {_plain(name): operand for name, operand in operators.items()}
    if len(names) == len(operators) and all(name in _RELATIONS for name in names):
        return _numeric([part for name, one in names.items() for part in (_RELATIONS[name], one)])
    meant = {operator_meant(name): operand for name, operand in operators.items()}
    head, tail = meant.get("prefix"), meant.get("suffix")
    if len(meant) == 2 and isinstance(head, str) and isinstance(tail, str):
        return [{"wildcard": f"{_escaped(head)}*{_escaped(tail)}"}]
    return []


def _escaped(text: str) -> str:
    """A text as a part of a wildcard."""
    return text.replace("\\", "\\\\").replace("*", "\\*")


def _list(operand: object) -> list[object]:
    return operand if isinstance(operand, list) else [operand]


def _text(operand: object) -> object:
    """A number or a literal as a string; what is not a scalar stays."""
    if isinstance(operand, bool | int | float):
        return json.to_text(operand)
    return operand


def _strings(operator: str) -> Callable[[object], list[object]]:
    def read(operand: object) -> list[object]:
        if isinstance(operand, dict) and operator in ("prefix", "suffix"):
            return [{operator: {"equals-ignore-case": one}} for one in operand.values()]
        return [{operator: _text(one)} for one in _list(operand)]

    return read


def _wildcard(operand: object) -> list[object]:
    texts = [_text(one) for one in _list(operand)]
    return [
        {"wildcard": re.sub(r"\\(?![*\\])", r"\\\\", one_star(text))}
        for text in texts
        if isinstance(text, str)
    ]


def _contains(operand: object) -> list[object]:
    return [{"wildcard": f"*{_escaped(str(_text(one)))}*"} for one in _list(operand)]


def _regex(operand: object) -> list[object]:
    globs = [glob_of(one) if isinstance(one, str) else "" for one in _list(operand)]
    return [{"wildcard": glob} for glob in globs] if all(globs) else []


def _exactly(operand: object) -> list[object]:
    return [one for one in _list(operand) if not isinstance(one, list | dict)]


def _exists(operand: object) -> list[object]:
    operand = operand[0] if isinstance(operand, list) and len(operand) == 1 else operand
    if isinstance(operand, str | int):
        said = _YES_AND_NO.get(str(operand).strip().lower())
        return [] if said is None else [{"exists": said}]
    return []


def _cidr(operand: object) -> list[object]:
    return [_block(one) if isinstance(one, str) else {"cidr": one} for one in _list(operand)]


def _block(text: str) -> object:
    """A block of addresses; the smallest block is written as its one address."""
    address, _, bits = text.strip().partition("/")
    whole = not bits or bits == ("128" if ":" in address else "32")
    return address if whole and _ADDRESS.fullmatch(address) else {"cidr": text.strip()}


def _anything_but(operand: object) -> list[object]:
    if isinstance(operand, dict):
        return _but_like(*next(iter(operand.items()))) if len(operand) == 1 else []
    values = _list(operand)
    while any(isinstance(one, list) for one in values):
        values = [inner for one in values for inner in _list(one)]
    meant = values if operand == values else _alone(values)
    return [{"anything-but": meant}] if values else []


def _but_like(name: str, operand: object) -> list[object]:
    """`anything-but` with an inner operator."""
    meant = operator_meant(name)
    inner = _alone(_list(operand))
    if meant == "exists":
        return [{"exists": not one["exists"]} for one in _exists(inner) if isinstance(one, dict)]
    if meant in ("exactly", "anything-but"):
        return [{"anything-but": inner}]
    if meant not in _STRINGS:
        return []
    values = [one[meant] for one in _OPERANDS[meant](operand) if isinstance(one, dict)]
    return [{"anything-but": {meant: _alone(values)}}] if values else []


def _alone(values: list[object]) -> object:
    return values[0] if len(values) == 1 else values


def _comparisons(text: str) -> list[object]:
    """`> 5`, `>=0,<10`, as the parts of a numeric range."""
    parts = re.split(r",|&&|\band\b", text) if len(text) <= 100 else []
    tokens = [match.groups() for match in map(_COMPARISON.fullmatch, parts) if match]
    return [token for pair in tokens for token in pair] if len(tokens) == len(parts) else []


def _numeric(operand: object) -> list[object]:
    if isinstance(operand, dict):
        return _several(operand) if len(operand) > 1 else match_values(operand)
    parts: list[object] = []
    for one in _list(operand):
        if isinstance(one, str) and _plain(one) in ("between", "range", "from", "to", "and"):
            continue  # ["between", 1, 200], ["from", 1, "to", 200]
        parts += _comparisons(one) or [one] if isinstance(one, str) else [one]
    read = [_part(one) for one in parts]
    if len(read) == 1:
        read = ["=", *read]
    elif len(read) == 2 and not any(isinstance(one, str) for one in read):
        read = [">=", read[0], "<=", read[1]]
    if read[:1] == ["!="] and len(read) == 2:
        return [{"anything-but": read[1]}]
    if len(read) == 4 and isinstance(read[0], str) and read[0].startswith("<"):
        read = [*read[2:], *read[:2]]
    return [{"numeric": read}]


def _part(one: object) -> object:
    if isinstance(one, str):
        if _NUMBER.fullmatch(one.strip()):
            return json.decode(one)
        return _RELATIONS.get(_plain(one), one)
    return one


_OPERANDS: Final[dict[str, Callable[[object], list[object]]]] = {
    "prefix": _strings("prefix"),
    "suffix": _strings("suffix"),
    "equals-ignore-case": _strings("equals-ignore-case"),
    "exactly": _exactly,
    "wildcard": _wildcard,
    "contains": _contains,
    "regex": _regex,
    "exists": _exists,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
