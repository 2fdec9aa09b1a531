"""The operators of the pattern language: what each accepts and what it means, side by side.

Every function here reads one match value from the pattern text, complains in AWS's words when it is
wrong, and returns its `Condition`. `OPERATORS` lists them; the parser looks an operator
up there, and the reference page and its tests are made from the same rows. A new operator is one
function and one row.

The order of the checks, and the place at which a complaint points, are part of the language: a client
sees them (fidelity 4.9). That is why the functions read tokens one by one and do not
receive a finished value. Some complaints look odd (a `cidr` that is not a string gets the error of `prefix`);
they are what the service answers. `anything-but` has forms enough for a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, NamedTuple, TypeAlias

from simbridge.languages.pattern.anything_but import read_anything_but
from simbridge.languages.pattern.blocks import ONE_KEY, block_prefilter, read_cidr
from simbridge.languages.pattern.conditions import (
    Condition,
    Prefilter,
    Span,
    as_json,
    as_number,
    made,
    prefilter_in_any_case,
    present,
)
from simbridge.languages.pattern.json_text import Reader, Token
from simbridge.languages.pattern.scalars import (
    address,
    ends_without_case,
    equals_without_case,
    in_block,
    letters,
    starts_without_case,
    written_number,
)
from simbridge.languages.pattern.wildcards import checked_wildcard, wildcard_prefilter

__all__ = ["OPERATORS", "RESERVED", "Example", "Operator", "read_operator", "read_value"]

_TOO_MANY: Final = "Too many elements in numeric expression"
_CASELESS: Final = "equals-ignore-case match pattern must be a string"
_INFINITY: Final = float("inf")
_Read: TypeAlias = Callable[[Reader], Condition]


class Example(NamedTuple):
    """A leaf array, and JSON values that it matches and does not match; "" is a field that is missing."""

    leaf: str
    takes: tuple[str, ...]
    refuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """A row of the table.

    `read` reads the operand and the closing brace. `operand` and `meaning` are for the reference page,
    and so are the examples, each of which a test tries.
    """

    name: str
    read: _Read
    operand: str
    meaning: str
    examples: tuple[Example, ...]


# ------------------------------------------------------------------ plain values


def read_value(reader: Reader, token: Token) -> Condition:
    """A string, number, true, false or null standing for itself.

    A string that is an address matches every spelling of the address [ruler].
    """
    text = reader.text()
    if token is Token.TEXT:
        return _itself(text)
    if token is Token.NUMBER:
        number = written_number(text)
        if number is None:
            return Condition(text, "", as_number(text), odd=text)
        return Condition(text, "", as_number(text), spans=((number, False, number, False),))
    if token in _LITERALS:
        value = _LITERALS[token]
        return Condition(text, "", value, literals=frozenset([value]))
    reader.fail("Match value must be String, number, true, false, or null")


@lru_cache(maxsize=4096)
def _itself(text: str) -> Condition:
    """A string standing for itself; rules share those that come often, like the source."""
    place = address(text)
    if place is not None:
        prefilter = block_prefilter(place, 8 * len(place))
        return Condition(
            as_json(text), "", text, partial(in_block, place, place), prefilter=prefilter
        )
    return Condition(as_json(text), "", text, words=frozenset([text]))


_LITERALS: Final = {Token.TRUE: True, Token.FALSE: False, Token.NULL: None}


def read_operator(reader: Reader) -> Condition:
    """A match object, whose opening brace has been read: one operator and its operand."""
    reader.expect(Token.NAME, "Match expression name not found")
    name = reader.text()
    if name not in OPERATORS:
        reader.fail(f"Unrecognized match type {name}")
    return OPERATORS[name].read(reader)


# ----------------------------------------------------------------------- strings


def _exactly(reader: Reader) -> Condition:
    reader.expect(Token.TEXT, "exact match pattern must be a string")
    text = reader.text()
    reader.expect(Token.END_OBJECT, ONE_KEY)
    return made("exactly", text, words=frozenset([text]))


def _prefix(reader: Reader) -> Condition:
    if reader.next() is Token.START_OBJECT:
        text = _without_case(reader, "Prefix")
        pattern = letters(text)
        return made(
            "prefix",
            {"equals-ignore-case": text},
            string=lambda value: starts_without_case(pattern, value) >= 0,
            prefilter=prefilter_in_any_case("head", [text]),
        )
    text = _affix(reader, "prefix")
    prefilter = Prefilter.of("head", [text])
    return made("prefix", text, string=lambda value: value.startswith(text), prefilter=prefilter)


def _suffix(reader: Reader) -> Condition:
    if reader.next() is Token.START_OBJECT:
        text = _without_case(reader, "Suffix")
        pattern = letters(text)
        return made(
            "suffix",
            {"equals-ignore-case": text},
            string=partial(ends_without_case, pattern),
            prefilter=prefilter_in_any_case("tail", [text]),
        )
    text = _affix(reader, "suffix")
    prefilter = Prefilter.of("tail", [text])
    return made("suffix", text, string=lambda value: value.endswith(text), prefilter=prefilter)


def _affix(reader: Reader, operator: str) -> str:
    """The text of `{"prefix": text}`, whose token has been read."""
    if reader.token is not Token.TEXT:
        reader.fail(f"{operator} match pattern must be a string")
    text = reader.text()
    reader.expect(Token.END_OBJECT, ONE_KEY)
    return text


def _without_case(reader: Reader, operator: str) -> str:
    """The text of `{"prefix": {"equals-ignore-case": text}}`, after the inner brace."""
    reader.expect(Token.NAME, f"{operator} expression name not found")
    if (name := reader.text()) != "equals-ignore-case":
        reader.fail(f"Unsupported {operator.lower()} pattern: {name}")
    reader.expect(Token.TEXT, _CASELESS)
    text = reader.text()
    reader.expect(Token.END_OBJECT, ONE_KEY)
    reader.expect(Token.END_OBJECT, ONE_KEY)
    return text


def _equals_ignore_case(reader: Reader) -> Condition:
    reader.expect(Token.TEXT, _CASELESS)
    text = reader.text()
    reader.expect(Token.END_OBJECT, ONE_KEY)
    return made(
        "equals-ignore-case",
        text,
        string=partial(equals_without_case, letters(text)),
        prefilter=prefilter_in_any_case("word", [text]),
    )


def _wildcard(reader: Reader) -> Condition:
    reader.expect(Token.TEXT, "wildcard match pattern must be a string")
    text = reader.text()
    pattern = checked_wildcard(reader, text)
    reader.expect(Token.END_OBJECT, ONE_KEY)
    prefilter = wildcard_prefilter([pattern])
    return made("wildcard", text, string=pattern.matches, wildcards=(text,), prefilter=prefilter)


# ----------------------------------------------------------------------- numbers


def _numeric(reader: Reader) -> Condition:
    reader.expect(Token.START_ARRAY, "Value of numeric must be an array.")
    if reader.next() is not Token.TEXT:
        reader.fail(f"Invalid member in numeric match: {reader.text()}")
    relation, token = reader.text(), reader.next()
    if relation not in ("=", ">=", ">", "<=", "<"):
        reader.fail(f"Unrecognized numeric range operator: {relation}")
    if token is not Token.NUMBER:
        reader.fail(f"Value of {'equals' if relation == '=' else relation} must be numeric")
    operand: list[object] = [relation, as_number(reader.text())]
    if relation in (">=", ">"):
        span = _from_bottom(reader, relation == ">", operand)
    else:
        text = reader.text()
        reader.expect(Token.END_ARRAY, _TOO_MANY)
        number = _number(reader, text)
        bottom = number if relation == "=" else -_INFINITY
        span = (bottom, False, number, relation == "<")
    reader.expect(Token.END_OBJECT, _TOO_MANY)
    return made("numeric", operand, spans=(span,))


def _from_bottom(reader: Reader, bottom_open: bool, operand: list[object]) -> Span:
    """The rest of a range that begins with a lower bound."""
    bottom, token = reader.text(), reader.next()
    if token is Token.END_ARRAY:
        return (_number(reader, bottom), bottom_open, _INFINITY, False)
    if token is not Token.TEXT:
        reader.fail(f"Bad value in numeric range: {reader.text()}")
    relation = reader.text()
    if relation not in ("<", "<="):
        reader.fail(f"Bad numeric range operator: {relation}")
    reader.expect(Token.NUMBER, f"Value of {relation} must be numeric")
    top = reader.text()
    operand += [relation, as_number(top)]
    reader.expect(Token.END_ARRAY, "Too many terms in numeric range expression")
    low, high = _number(reader, bottom), _number(reader, top)
    if low >= high:
        reader.fail("Bottom must be less than top")
    return (low, bottom_open, high, relation == "<")


def _number(reader: Reader, text: str) -> float:
    number = written_number(text)
    if number is None:
        reader.fail(f"Cannot compare number : {text}")
    return number


# ----------------------------------------------------------------------- presence


# Only values are present: an object and an empty array are not (fidelity 4.6).
def _exists(reader: Reader) -> Condition:
    token = reader.next()
    if token not in (Token.TRUE, Token.FALSE):
        reader.fail("exists match pattern must be either true or false.")
    reader.expect(Token.END_OBJECT, ONE_KEY)
    if token is Token.FALSE:
        return made("exists", False, absent=True)
    return present("exists", True, lambda value: True)


# ---------------------------------------------------------------------- the table

_ROWS: Final = (
    Operator(
        "exactly", _exactly, "a string", "The value is this string.",
        (Example('[{"exactly": "running"}]', ('"running"',), ('"Running"', "null")),),
    ),
    Operator(
        "prefix", _prefix, 'a string, or `{"equals-ignore-case": string}`',
        "The value is a string that begins with this one.",
        (
            Example('[{"prefix": "aws."}]', ('"aws.ec2"', '"aws."'), ('"AWS.ec2"', '"my.aws."')),
            Example('[{"prefix": {"equals-ignore-case": "aws."}}]', ('"AWS.ec2"',), ('"my.app"',)),
            Example('[{"prefix": ""}]', ('""', '"anything"'), ("1", "null", "")),
        ),
    ),
    Operator(
        "suffix", _suffix, 'a string, or `{"equals-ignore-case": string}`',
        "The value is a string that ends with this one.",
        (
            Example('[{"suffix": ".png"}]', ('"image.png"',), ('"image.PNG"', '"image.png.bak"')),
            Example('[{"suffix": {"equals-ignore-case": ".png"}}]', ('"image.PNG"',), ('"png"',)),
        ),
    ),
    Operator(
        "equals-ignore-case", _equals_ignore_case, "a string",
        "The value is this string, each letter in lower or upper case.",
        (Example('[{"equals-ignore-case": "straße"}]', ('"STRASSE"', '"Straße"'), ('"strasse"',)),),
    ),
    Operator(
        "wildcard", _wildcard, r"a string in which `*` stands for any characters; `\*` and `\\` escape",
        "The value is a string that fits.",
        (
            Example('[{"wildcard": "/log/*.txt"}]', ('"/log/a/b.txt"', '"/log/.txt"'), ('"/log/a.md"',)),
            Example(r'[{"wildcard": "5 \\* 4"}]', ('"5 * 4"',), ('"5 x 4"',)),
        ),
    ),
    Operator(
        "anything-but", read_anything_but,
        "a string, a number, or a list of strings or of numbers; or an object with `prefix`, `suffix`, "
        "`equals-ignore-case` or `wildcard`, each with a string or a list of strings",
        "The value is there and is none of these, or no string like these. Other kinds of values match.",
        (
            Example('[{"anything-but": "stopped"}]', ('"running"', "null", "7"), ('"stopped"', "")),
            Example('[{"anything-but": [100, 200]}]', ("300", '"100"'), ("100", "2e2")),
            Example('[{"anything-but": {"prefix": ["tmp", "test"]}}]', ('"x"', "1"), ('"tmp1"',)),
            Example('[{"anything-but": {"suffix": ".txt"}}]', ('"a.txt.bak"',), ('"a.txt"',)),
            Example('[{"anything-but": {"equals-ignore-case": "dev"}}]', ('"prod"',), ('"DEV"',)),
            Example('[{"anything-but": {"wildcard": "*/lib/*"}}]', ('"/bin/a"',), ('"/lib/a"',)),
        ),
    ),
    Operator(
        "numeric", _numeric, '`[relation, number]`, or `[">" or ">=", number, "<" or "<=", number]`',
        "The value is a number in this range. The relations are `=`, `<`, `<=`, `>` and `>=`.",
        (
            Example('[{"numeric": [">", 0, "<=", 5]}]', ("5", "0.5"), ("0", '"5"', "null")),
            Example('[{"numeric": ["=", 300]}]', ("300", "3.0e2"), ("301",)),
        ),
    ),
    Operator(
        "cidr", read_cidr, "a block of IPv4 or IPv6 addresses",
        "The value is a string with an address of this block. `/0` takes numbers from 1 up, too.",
        (
            Example('[{"cidr": "10.0.0.0/24"}]', ('"10.0.0.255"',), ('"10.0.1.0"', '"10.0.0.256"', "10")),
            Example('[{"cidr": "2001:db8::/64"}]', ('"2001:0db8:0:0:1::"',), ('"2001:db8:0:1::"',)),
            Example('[{"cidr": "0.0.0.0/0"}]', ('"10.0.0.1"', "1"), ('"x"', "0", "null")),
        ),
    ),
    Operator(
        "exists", _exists, "`true` or `false`",
        "The field has a value (null is one; an object and an empty array are none), or it has not.",
        (
            Example('[{"exists": true}]', ('"x"', "null"), ("{}", "[]", "")),
            Example('[{"exists": false}]', ("", "{}", "[]"), ('"x"', "null")),
        ),
    ),
)  # fmt: skip

OPERATORS: Final[dict[str, Operator]] = {row.name: row for row in _ROWS}
"""The operators by name (fidelity 4.2)."""

RESERVED: Final[frozenset[str]] = frozenset(OPERATORS) | frozenset(
    [
        "=",
        "<",
        "<=",
        ">",
        ">=",
        "regex",
        "not-wildcard",
        "not-equals-ignore-case",
        "date-after",
        "date-on-or-after",
        "date-before",
        "date-on-or-before",
        "in-date-range",
        "ip-address-in-range",
        "ip-address-not-in-range",
    ]
)
"""Words that no key inside `$or` may be (fidelity 4.9)."""
