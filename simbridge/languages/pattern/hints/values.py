"""Hints for a value of the event that no match value accepts: the common mistakes.

Each rule looks for one mistake and says what to change, in one sentence: `"aws.*"` was meant as a wildcard,
`"5"` is a string and the event has a number. Hints are guesses and change no verdict. A rule's match values
are a proposal only if they accept the value of the event; otherwise the sentence says that they do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from simbridge.base.errors import InvalidPattern
from simbridge.languages.pattern.conditions import Condition, as_json
from simbridge.languages.pattern.hints.operators import glob_of, one_star, spelled_out
from simbridge.languages.pattern.operators import OPERATORS
from simbridge.languages.pattern.scalars import Scalar, address
from simbridge.languages.pattern.syntax import Field, read

__all__ = ["NO_HINT", "FieldHint", "Proposal", "conditions_of", "shown", "value_hint"]

_VALUES_MAX: Final = 20
_CONDITIONS_MAX: Final = 50
_SHOWN_CHARACTERS_MAX: Final = 60
_LENGTH_MAX: Final = 1000


class Proposal(NamedTuple):
    """Match values, as the JSON of their array, that hold for the event at a dotted path."""

    path: str
    leaf: str


class FieldHint(NamedTuple):
    """What may be wrong, and what to write instead; empty if no rule applies."""

    text: str = ""
    proposals: tuple[Proposal, ...] = ()


NO_HINT: Final = FieldHint()


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


def conditions_of(match_values: Sequence[object]) -> tuple[Condition, ...]:
    """The conditions of an array of match values; none if it is refused."""
    try:
        entry = read(as_json({"x": match_values})).tree.entries[0]
    except InvalidPattern:
        return ()
    return entry.conditions if isinstance(entry, Field) else ()


class _Guess(NamedTuple):
    """Why a value is not accepted, and the match values that may have been meant, the likeliest first."""

    reason: str
    meant: Sequence[Sequence[object]] = ()
    doubtful: bool = False  # then there is no hint if none of them accepts the value


def value_hint(path: str, conditions: Sequence[Condition], values: Sequence[Scalar]) -> FieldHint:
    """The hint for the values at a path, none of which satisfies the conditions."""
    for rule in _RULES:
        for condition in conditions[:_CONDITIONS_MAX]:
            for value in values[:_VALUES_MAX]:
                for guess in rule(condition, value):
                    hint = _hint(path, guess, value)
                    if hint.text:
                        return hint
    return NO_HINT


def _hint(path: str, guess: _Guess, value: Scalar) -> FieldHint:
    if not guess.meant:
        return FieldHint(guess.reason)
    for meant in guess.meant:
        if any(one.accepts(value) for one in conditions_of(meant)):
            text = ", ".join(map(as_json, meant))
            return FieldHint(f"{guess.reason}: use {text}", (Proposal(path, as_json(meant)),))
    if guess.doubtful:
        return NO_HINT
    first = ", ".join(map(as_json, guess.meant[0]))
    if conditions_of(guess.meant[0]):
        return FieldHint(f"{guess.reason}; {first} would not match this value either")
    return FieldHint(guess.reason)


def _kind(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    """A number for a string of digits, true for "true", and the other way round."""
    wanted = condition.operand
    if condition.operator == "numeric" and isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return
        text = f"numeric takes JSON numbers only, and the event has the string {shown(value)}"
        yield _Guess(text)
    elif (
        not condition.operator
        and isinstance(wanted, str) != isinstance(value, str)
        and _bare(wanted) == _bare(value)
    ):
        yield _Guess(f"the pattern wants {_a(wanted)}, the event has {_a(value)}", [[value]])


def _bare(value: object) -> str:
    return value if isinstance(value, str) else as_json(value)


def _a(value: object) -> str:
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if value is None or isinstance(value, bool):
        return f"the literal {as_json(value)}"
    return f"the number {shown(value)}"


def _case(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    text, operator = condition.operand, condition.operator
    if not isinstance(text, str) or not isinstance(value, str):
        return
    without_case: dict[str, object] = {"equals-ignore-case": text}
    if operator in ("", "exactly"):
        yield _Guess("only the case differs", [[without_case]], doubtful=True)
    elif operator in ("prefix", "suffix"):
        yield _Guess("only the case differs", [[{operator: without_case}]], doubtful=True)


def _space(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    text = condition.operand
    if isinstance(text, str) and isinstance(value, str) and text.strip() == value.strip():
        yield _Guess("only the space at an end differs", [[value]])


def _operator_as_text(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    """`"{\\"prefix\\": \\"a\\"}"`, `"prefix:a"`, `"> 5"`: a string that spells an operator."""
    text = condition.operand
    if condition.operator or not isinstance(text, str) or len(text) > _LENGTH_MAX:
        return
    meant = spelled_out(text)
    if meant:
        certain = text.lstrip()[:1] in ("{", "[") or _BEGINS_AS_OPERATOR.match(text)
        reason = "the operator is written as a string: write it without quotes"
        yield _Guess(reason, [meant], doubtful=not certain)
    if isinstance(value, str) and "/" in text and address(value):
        yield _Guess("a block of addresses needs its operator", [[{"cidr": text}]], doubtful=True)


_BEGINS_AS_OPERATOR: Final = re.compile(
    rf"\s*(?:(?:{'|'.join(OPERATORS)})\s*[:=(<>]|[<>]=?\s*-?[0-9])"
)


def _glob(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    """`aws.*` with the value `aws.s3`: a wildcard, although it could be a regular expression."""
    for guess in _star(condition, value):
        yield guess._replace(doubtful=True)


def _star(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    text, operator = condition.operand, condition.operator
    if not isinstance(text, str) or not isinstance(value, str) or "*" not in text:
        return
    if operator not in ("", "exactly", "prefix", "suffix") or len(text) > _LENGTH_MAX:
        return
    whole = f"{'*' * (operator == 'suffix')}{text}{'*' * (operator == 'prefix')}"
    glob = one_star(whole.replace("\\", "\\\\"))
    yield _Guess("a * is an ordinary character here", [[{"wildcard": glob}]])


def _expression(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    """A regular expression, in an array or in a wildcard."""
    text = condition.operand
    if condition.operator not in ("", "exactly", "wildcard") or not isinstance(text, str):
        return
    if not isinstance(value, str) or len(text) > _LENGTH_MAX or text.startswith("*"):
        return
    if not _EXPRESSION.search(text):
        return
    inner = text[1:-1] if len(text) > 2 and text[0] == text[-1] == "/" else text
    head, tail = inner.startswith("^"), inner.endswith("$")
    plain = inner.removeprefix("^").removesuffix("$")
    meant: list[list[object]] = []
    if not re.search(r"[*.+?\[\](){}|\\^$]", plain):
        meant.append([_anchored(plain, head, tail)])
    elif glob := glob_of(text):
        trimmed = glob.removeprefix("*" * (not head)).removesuffix("*" * (not tail))
        meant += [[{"wildcard": trimmed}], [{"wildcard": glob}]]
    elif re.fullmatch(r"\(?[^*.+?\[\](){}\\^$]+\)?", plain):
        texts = plain.strip("()").split("|")
        meant += [[*texts], [_anchored(one, head, tail) for one in texts]]
    if meant:
        yield _Guess(_NO_EXPRESSIONS, meant, doubtful=True)
    if condition.operator != "wildcard" and _CERTAINLY.search(text):
        yield _Guess(f"{_NO_EXPRESSIONS}: each character is literal")


def _anchored(text: str, head: bool, tail: bool) -> object:
    """The match value for a text between the anchors that it has."""
    if head and tail:
        return text
    if head or tail:
        return {"prefix" if head else "suffix": text}
    return {"wildcard": f"*{text}*"}


_NO_EXPRESSIONS: Final = "a pattern has no regular expressions"
_CERTAINLY: Final = re.compile(r"\.[*+]|^\^|\$$|\\[dwsDWS]|\[[^\]]+\]")
_EXPRESSION: Final = re.compile(r"\.[*+]|^\^|\$$|\\[dwsDWSb.]|\[[^\]]+\][*+]?|^/.+/$|[^|]\|[^|]")


def _part(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    text = condition.operand
    if condition.operator or not isinstance(text, str) or not isinstance(value, str) or not text:
        return
    if value.startswith(text):
        yield _Guess("the value only begins with it", [[{"prefix": text}]])
    elif value.endswith(text):
        yield _Guess("the value only ends with it", [[{"suffix": text}]])
    elif text in value:
        inner = text.replace("\\", "\\\\").replace("*", "\\*")
        yield _Guess("the value only contains it", [[{"wildcard": f"*{inner}*"}]])


def _no_address(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    if condition.operator == "cidr" and not (isinstance(value, str) and address(value)):
        yield _Guess(f"{shown(value)} is not an IP address")


def _present(condition: Condition, value: Scalar) -> Iterator[_Guess]:
    if condition.absent:
        yield _Guess("the field must be missing, and it is there")


_RULES: Final[Sequence[Callable[[Condition, Scalar], Iterator[_Guess]]]] = (
    _case, _kind, _space, _operator_as_text, _glob, _expression, _star, _part, _no_address,
    _present,
)  # fmt: skip
