"""`anything-but`: the one operator with many forms.

It excludes some strings, or some numbers, or strings that another operator takes. What it does not
exclude it accepts, of whatever kind: `{"anything-but": "x"}` is true of 7 and of null [recorded],
and false only of "x" and of a field that is missing. An empty list is refused in the words for a mixed
one [captured]. An empty list behind an inner operator is valid and accepts nothing at all [ruler]; the
service answers to it with an internal failure [captured], as `api.patterns` does.

Inside a list the service wraps one complaint in another, so that the place is named twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final

from simbridge.languages.pattern.conditions import (
    EVERYTHING_ELSE,
    Condition,
    Prefilter,
    as_number,
    made,
    prefilter_in_any_case,
    present,
)
from simbridge.languages.pattern.json_text import Reader, Token
from simbridge.languages.pattern.scalars import equals_without_case, letters, written_number
from simbridge.languages.pattern.wildcards import (
    checked_wildcard,
    split_wildcard,
    wildcard_prefilter,
)

__all__ = ["read_anything_but"]

_INFINITY: Final = float("inf")
_TOO_MANY: Final = "Too many elements in numeric expression"


def read_anything_but(reader: Reader) -> Condition:
    """`anything-but` and its forms; see `_EXCEPT` for those with an inner operator."""
    token, inner = reader.next(), ""
    if token is Token.START_OBJECT:
        reader.expect(Token.NAME, "Anything-But expression name not found")
        inner = reader.text()
        if inner not in _EXCEPT:
            reader.fail(f"Unsupported anything-but pattern: {inner}")
        token = reader.next()
    if token not in (Token.START_ARRAY, Token.TEXT, Token.NUMBER):
        reader.fail("Value of anything-but must be an array or single string/number value.")
    if inner:
        condition = _like(reader, token, inner)
        reader.expect(Token.END_OBJECT, _TOO_MANY)
    else:
        condition = _values(reader, token)
    reader.expect(Token.END_OBJECT, _TOO_MANY)
    return condition


def _values(reader: Reader, token: Token) -> Condition:
    """Everything but some strings, or everything but some numbers."""
    text = reader.text() if token is not Token.START_ARRAY else ""
    if token is Token.TEXT:
        return _excluding_words(text, [text])
    if token is Token.NUMBER:
        if written_number(text) is None:
            reader.fail_without_place(f"Cannot compare number : {text}")
        return _excluding_numbers(as_number(text), [text])
    words, numbers = _listed(reader)
    if bool(words) == bool(numbers):
        reader.fail(
            "Inside anything but list, either all values are number or string, "
            "mixed type is not supported"
        )
    if words:
        return _excluding_words(words, words)
    return _excluding_numbers([as_number(text) for text in numbers], numbers)


def _listed(reader: Reader) -> tuple[list[str], list[str]]:
    """The strings and the numbers of a list."""
    words: list[str] = []
    numbers: list[str] = []
    with reader.doubled():
        while (token := reader.next()) is not Token.END_ARRAY:
            if token is Token.TEXT:
                words.append(reader.text())
            elif token is Token.NUMBER:
                text = reader.text()
                if written_number(text) is None:
                    reader.fail(f"Cannot compare number : {text}", once=True)
                numbers.append(text)
            else:
                reader.fail("Inside anything but list, start|null|boolean is not supported.")
    return words, numbers


def _excluding_words(operand: object, words: list[str]) -> Condition:
    excluded = frozenset(words)
    prefilter = Prefilter.of("word", words, default=True)
    return present(
        "anything-but", operand, lambda value: value not in excluded, prefilter=prefilter
    )


def _excluding_numbers(operand: object, texts: list[str]) -> Condition:
    points = sorted({number for text in texts if (number := written_number(text)) is not None})
    edges = [-_INFINITY, *points, _INFINITY]
    return made(
        "anything-but",
        operand,
        string=lambda value: True,
        spans=tuple((low, True, high, True) for low, high in pairwise(edges)),
        odd=True,
        literals=EVERYTHING_ELSE,
    )


# ------------------------------------------------------- with an operator inside


@dataclass(frozen=True, slots=True)
class _Except:
    """An inner operator: its complaint, the test that a text excludes by, whether "" is a text."""

    complaint: str
    test: Callable[[str], Callable[[str], bool]]
    empty: bool
    prefilter: Callable[[list[str]], Prefilter | None]


def _like(reader: Reader, token: Token, inner: str) -> Condition:
    """Everything but strings that the inner operator takes, with one text or a list of them."""
    rule = _EXCEPT[inner]
    texts: list[str] = []
    operand: object = texts
    if token is Token.START_ARRAY:
        with reader.doubled():
            while (token := reader.next()) is not Token.END_ARRAY:
                texts.append(_text(reader, token, rule))
    else:
        operand = _text(reader, token, rule)
        texts.append(reader.text())
    if inner == "wildcard":
        for text in texts:
            checked_wildcard(reader, text)
    if not texts:
        return made("anything-but", {inner: texts})
    tests = [rule.test(text) for text in texts]
    return present(
        "anything-but",
        {inner: operand},
        lambda value: not any(test(value) for test in tests),
        wildcards=tuple(texts) if inner == "wildcard" else (),
        prefilter=rule.prefilter(texts),
    )


def _text(reader: Reader, token: Token, rule: _Except) -> str:
    if token is not Token.TEXT:
        reader.fail(rule.complaint)
    text = reader.text()
    if not text and not rule.empty:
        reader.fail("Null prefix/suffix not allowed")
    return text


_AFFIX: Final = "prefix/suffix match pattern must be a string"
_EXCEPT: Final = {
    "prefix": _Except(
        _AFFIX,
        lambda text: lambda value: value.startswith(text),
        False,
        lambda texts: Prefilter.of("head", texts, True),
    ),
    "suffix": _Except(
        _AFFIX,
        lambda text: lambda value: value.endswith(text),
        False,
        lambda texts: Prefilter.of("tail", texts, True),
    ),
    "equals-ignore-case": _Except(
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        lambda text: partial(equals_without_case, letters(text)),
        True,
        lambda texts: prefilter_in_any_case("word", texts, True),
    ),
    "wildcard": _Except(
        "wildcard match pattern must be a string",
        lambda text: split_wildcard(text).matches,
        True,
        lambda texts: wildcard_prefilter(map(split_wildcard, texts), True),
    ),
}
