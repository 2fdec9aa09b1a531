"""Writes compact JSON, and finds where a text stops being JSON.

`emit` writes a value the way EventBridge delivers it (compact, keys in order, nothing escaped without
need). `fault` says whether a text is JSON and, if not, at which character the error starts, which AWS
reports in its answers.

msgspec does both quickly and is tried first. But it recurses, it refuses numbers and surrogates that it
cannot represent, and it expects one value in a text. If it fails, a plain loop with a list for a stack
decides: linear, without recursion, and right about everything that msgspec refuses. The loop also knows
positions. The `json` module is not used: it accepts
`NaN`, recurses too, and reports other positions.

Several values in one text are valid if `Roots.MANY` says so: a template may consist of several
quoted lines, and AWS delivers them (recorded), so its check reads value after value.
"""

from __future__ import annotations

import enum
import re
from typing import final

import msgspec

from simbridge.base.json import to_text

__all__ = ["Roots", "emit", "fault", "well_formed", "where"]


@final
class Roots(enum.Enum):
    """How many JSON values a text may hold."""

    ONE = enum.auto()  # exactly one
    FIRST = enum.auto()  # at least one; whatever follows is not looked at
    MANY = enum.auto()  # at least one, one after the other


def emit(value: object) -> str:
    """The value as compact JSON. Takes what a JSON parser can produce, however deep."""
    try:
        return _ENCODER.encode(value).decode()
    except (RecursionError, UnicodeEncodeError):
        return _emit_by_hand(value)


def well_formed(text: str, roots: Roots) -> bool:
    """Whether the text is JSON throughout."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return fault(text, roots) is None
    return True


def fault(text: str, roots: Roots) -> int | None:
    """Where the first token that does not belong starts (the end, if one is missing), or None."""
    open_containers: list[str] = []
    state = "value"
    offset = 0
    while True:
        match = _TOKEN.match(text, offset)
        assert match is not None
        token = match["mark"] or match.lastgroup or ""
        if token == "end" and state in ("done", "more"):
            return None
        following = _GRAMMAR[state].get(token)
        if following is None:
            return match.start(token if match["mark"] is None else "mark")
        if token in ("{", "["):
            open_containers.append(token)
        elif token in ("}", "]"):
            open_containers.pop()
        if following != "complete":
            state = following
        elif open_containers:
            state = open_containers[-1]
        elif roots is Roots.FIRST:
            return None
        else:
            state = "done" if roots is Roots.ONE else "more"
        offset = match.end()


def where(text: str, offset: int) -> str:
    """A position the way AWS writes it: the text, then line and column, both from 1 (captured).

    Long texts are cut after 500 characters, as the JSON parser that AWS uses does (believed).
    """
    before = text[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    cut = f"[truncated {len(text) - _SHOWN_MAX} chars]" if len(text) > _SHOWN_MAX else ""
    return f'[Source: (String)"{text[:_SHOWN_MAX]}"{cut}; line: {line}, column: {column}]'


_SHOWN_MAX = 500
_ENCODER = msgspec.json.Encoder(decimal_format="number")

# Quantifiers are possessive (`++`): the match never goes back over what it has read.
_TOKEN = re.compile(
    r"""[ \t\r\n]*+ (?:
        (?P<string> " (?: [^"\\\x00-\x1f]++ | \\(?:["\\/bfnrt] | u[0-9A-Fa-f]{4}) )*+ " )
      | (?P<scalar>
            (?: -?(?:0|[1-9][0-9]*+) (?:\.[0-9]++)? (?:[eE][+-]?[0-9]++)? | true | false | null )
            (?![0-9A-Za-z_.+-]) )
      | (?P<mark> [\[\]{}:,] )
      | (?P<end> \Z )
      | (?P<wrong> . )
    )""",
    re.VERBOSE,
)

# state -> token -> state. A complete value leads back into its container ("{", "["),
# or, outside of all, to "done" or "more".
_VALUE = {"string": "complete", "scalar": "complete", "{": "first key", "[": "first item"}
_GRAMMAR: dict[str, dict[str, str]] = {
    "value": _VALUE,
    "first item": {**_VALUE, "]": "complete"},
    "first key": {"string": "colon", "}": "complete"},
    "key": {"string": "colon"},
    "colon": {":": "value"},
    "{": {",": "key", "}": "complete"},
    "[": {",": "value", "]": "complete"},
    "more": _VALUE,
    "done": {},
}


class _Text(str):
    """Text that is JSON already, among values that are still to be written."""

    __slots__ = ()


def _emit_by_hand(value: object) -> str:
    written: list[str] = []
    todo: list[object] = [value]  # a stack, so what comes first in the text is pushed last
    while todo:
        item = todo.pop()
        if isinstance(item, _Text):
            written.append(item)
        elif isinstance(item, dict):
            todo.append(_Text("}"))
            for behind, (key, child) in enumerate(reversed(item.items())):
                todo += [_Text("," if behind else ""), child, _Text(":"), key]
            todo.append(_Text("{"))
        elif isinstance(item, list):
            todo.append(_Text("]"))
            for behind, child in enumerate(reversed(item)):
                todo += [_Text("," if behind else ""), child]
            todo.append(_Text("["))
        else:
            written.append(_emit_leaf(item))
    return "".join(written)


def _emit_leaf(value: object) -> str:
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8 form, but JSON can escape it
        return to_text(value)
