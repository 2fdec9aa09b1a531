"""What each operator of the pattern language demands, and what it means.

`OPERATORS` is the language's vocabulary: one entry per operator, and the function there both checks
the operand and says what a value must be like. To look an operator up, or to add one, one reads one
function. It takes the operand from the `Reader` and not from a finished tree, because a complaint
names the place the reader had reached when the operand turned out to be wrong; reading all of it
first would put every error at the wrong column.

What comes out is a `Condition`: a value it equals (such conditions end up in a dictionary), or a
test (evaluated once per distinct value), or the wish that the field be absent. The literals of a
leaf array (`"running"`, `300`, `null`) become conditions as well, in `literal`.

The rules of the house that are easy to get wrong:

- A number never equals a text, `True` never equals 1.
- Numbers are doubles. A literal no double spells (2**53 + 1) equals itself and has no order.
- Ignoring case goes character by character, upper and lower as Java does it: `İ` is also the two
  characters `i̇`, and `ß` is also `SS`, but a character outside the basic plane has no case.
- Addresses are compared as addresses: `::1` equals `0:0:0:0:0:0:0:1`.
- Wildcards match by segments, each found once from the left: no backtracking, linear time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NoReturn, TypeAlias

from simbridge.pattern.json_text import Reader, Token

__all__ = ["OPERATORS", "Condition", "Scalar", "Test", "literal"]

Scalar: TypeAlias = str | int | float | bool | None
Test: TypeAlias = Callable[[Scalar], bool]
TextTest: TypeAlias = Callable[[str], bool]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Condition:
    """One element of a leaf array: equal to a value, passing a test, or the field being absent."""

    equal: tuple[Scalar] | None = None
    test: Test | None = None
    absent: bool = False


# ---------------------------------------------------------------------- literals


def literal(reader: Reader, token: Token) -> list[Condition]:
    """The conditions of a plain value; refuses what is neither a scalar nor an object."""
    if token is Token.TEXT:
        text = reader.text()
        address = _address(text)
        if address is None:
            return [Condition(equal=(text,))]
        return [Condition(equal=(text,)), Condition(test=_of_text(_is_address(address)))]
    if token is Token.NUMBER:
        return [Condition(equal=(_number(reader.text()),))]
    if token in _WORDS:
        return [Condition(equal=(_WORDS[token],))]
    reader.fail("Match value must be String, number, true, false, or null")


_WORDS: Final[dict[Token, Scalar]] = {Token.TRUE: True, Token.FALSE: False, Token.NULL: None}


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _ordered(reader: Reader) -> float:
    text = reader.text()
    number = float(text)
    if abs(number) == float("inf") or Decimal(text) != Decimal(repr(number)):
        reader.fail(f"Cannot compare number : {text}")
    return number


def _double(value: Scalar) -> float | None:
    if type(value) is float:
        return value
    if type(value) is not int:
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if Decimal(repr(number)) == value else None


# ------------------------------------------------------------------------- texts


def _of_text(test: TextTest) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _text_operand(reader: Reader, token: Token, complaint: str) -> str:
    if token is not Token.TEXT:
        reader.fail(complaint)
    return reader.text()


def _exactly(reader: Reader) -> Condition:
    text = _text_operand(reader, reader.next(), "exact match pattern must be a string")
    return Condition(equal=(text,))


def _starts(text: str) -> TextTest:
    return lambda value: value.startswith(text)


def _ends(text: str) -> TextTest:
    return lambda value: value.endswith(text)


def _prefix(reader: Reader) -> Condition:
    return _edge(reader, "prefix", _starts, _starts_any_case)


def _suffix(reader: Reader) -> Condition:
    return _edge(reader, "suffix", _ends, _ends_any_case)


def _edge(
    reader: Reader,
    name: str,
    plain: Callable[[str], TextTest],
    any_case: Callable[[str], TextTest],
) -> Condition:
    token = reader.next()
    if token is not Token.START_OBJECT:
        text = _text_operand(reader, token, f"{name} match pattern must be a string")
        return Condition(test=_of_text(plain(text)))
    if reader.next() is not Token.NAME:
        reader.fail(f"{name.capitalize()} expression name not found")
    inner = reader.text()
    if inner != "equals-ignore-case":
        reader.fail(f"Unsupported {name} pattern: {inner}")
    complaint = "equals-ignore-case match pattern must be a string"
    text = _text_operand(reader, reader.next(), complaint)
    _close(reader)
    return Condition(test=_of_text(any_case(text)))


def _close(reader: Reader) -> None:
    if reader.next() is not Token.END_OBJECT:
        reader.fail("Only one key allowed in match expression")


def _equals_ignore_case(reader: Reader) -> Condition:
    complaint = "equals-ignore-case match pattern must be a string"
    text = _text_operand(reader, reader.next(), complaint)
    return Condition(test=_of_text(_same_any_case(text)))


def _spellings(text: str) -> list[tuple[str, ...]]:
    return [
        (character,)
        if ord(character) > 0xFFFF
        else tuple(sorted({character.lower(), character.upper()}))
        for character in text
    ]


def _reach(spellings: list[tuple[str, ...]], value: str) -> set[int]:
    places = {0}
    for ways in spellings:
        places = {at + len(way) for at in places for way in ways if value.startswith(way, at)}
        if not places:
            break
    return places


def _same_any_case(text: str) -> TextTest:
    spellings = _spellings(text)
    return lambda value: len(value) in _reach(spellings, value)


def _starts_any_case(text: str) -> TextTest:
    spellings = _spellings(text)
    return lambda value: bool(_reach(spellings, value))


def _ends_any_case(text: str) -> TextTest:
    spellings = [tuple(way[::-1] for way in ways) for ways in reversed(_spellings(text))]
    return lambda value: bool(_reach(spellings, value[::-1]))


def _wildcard(reader: Reader) -> Condition:
    text = _text_operand(reader, reader.next(), "wildcard match pattern must be a string")
    return Condition(test=_of_text(_glob(reader, text)))


def _segments(reader: Reader, text: str) -> list[str]:
    segments = [""]
    at = 0
    while at < len(text):
        character = text[at]
        if character == "*":
            if text[at + 1 : at + 2] == "*":
                reader.fail(f"Consecutive wildcard characters at pos {_byte(text, at)}")
            segments.append("")
        elif character == "\\":
            at += 1
            if text[at : at + 1] not in ("*", "\\"):
                reader.fail(f"Invalid escape character at pos {_byte(text, at - 1)}")
            segments[-1] += text[at]
        else:
            segments[-1] += character
        at += 1
    return segments


def _byte(text: str, at: int) -> int:
    return len(text[:at].encode("utf-8", "surrogatepass")) + 1


def _glob(reader: Reader, text: str) -> TextTest:
    first, *rest = _segments(reader, text)
    if not rest:
        return lambda value: value == first
    *middle, last = rest

    def matches(value: str) -> bool:
        end = len(value) - len(last)
        if end < len(first) or not (value.startswith(first) and value.endswith(last)):
            return False
        at = len(first)
        for segment in middle:
            found = value.find(segment, at, end)
            if found < 0:
                return False
            at = found + len(segment)
        return True

    return matches


# ------------------------------------------------------------------ anything-but


def _anything_but(reader: Reader) -> Condition:
    token = reader.next()
    if token is Token.START_OBJECT:
        return _anything_but_object(reader)
    if token is Token.START_ARRAY:
        with reader.doubled():
            excluded = _excluded_list(reader)
        if len({isinstance(value, str) for value in excluded}) != 1:
            reader.fail(
                "Inside anything but list, either all values are number or string, "
                "mixed type is not supported"
            )
    elif token is Token.TEXT:
        excluded = [reader.text()]
    elif token is Token.NUMBER:
        excluded = [_number(reader.text())]
    else:
        reader.fail("Value of anything-but must be an array or single string/number value.")
    values = frozenset(excluded)
    return Condition(test=lambda value: isinstance(value, bool) or value not in values)


def _excluded_list(reader: Reader) -> list[str | int | float]:
    excluded: list[str | int | float] = []
    while (token := reader.next()) is not Token.END_ARRAY:
        if token is Token.TEXT:
            excluded.append(reader.text())
        elif token is Token.NUMBER:
            excluded.append(_number(reader.text()))
        else:
            reader.fail("Inside anything but list, start|null|boolean is not supported.")
    return excluded


def _anything_but_object(reader: Reader) -> Condition:
    if reader.next() is not Token.NAME:
        reader.fail("Anything-But expression name not found")
    name = reader.text()
    if name not in _BUT_TESTS:
        reader.fail(f"Unsupported anything-but pattern: {name}")
    make, complaint = _BUT_TESTS[name]
    token = reader.next()
    tests: list[TextTest] = []
    if token is Token.START_ARRAY:
        with reader.doubled():
            while (token := reader.next()) is not Token.END_ARRAY:
                tests.append(make(reader, _text_operand(reader, token, complaint)))
        if not tests:
            reader.fail(complaint)
    else:
        tests.append(make(reader, _text_operand(reader, token, complaint)))
    _close(reader)
    return Condition(
        test=lambda value: not (isinstance(value, str) and any(test(value) for test in tests))
    )


def _not_empty(make: Callable[[str], TextTest]) -> Callable[[Reader, str], TextTest]:
    def checked(reader: Reader, text: str) -> TextTest:
        if not text:
            reader.fail("Null prefix/suffix not allowed")
        return make(text)

    return checked


_EDGE_COMPLAINT: Final = "prefix/suffix match pattern must be a string"
_BUT_TESTS: Final[dict[str, tuple[Callable[[Reader, str], TextTest], str]]] = {
    "prefix": (_not_empty(_starts), _EDGE_COMPLAINT),
    "suffix": (_not_empty(_ends), _EDGE_COMPLAINT),
    "equals-ignore-case": (
        lambda reader, text: _same_any_case(text),
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    ),
    "wildcard": (_glob, "wildcard match pattern must be a string"),
}


# ----------------------------------------------------------------------- numbers


def _numeric(reader: Reader) -> Condition:
    if reader.next() is not Token.START_ARRAY:
        reader.fail("Value of numeric must be an array.")
    if reader.next() is not Token.TEXT:
        reader.fail(f"Invalid member in numeric match: {reader.text()}")
    operator = reader.text()
    token = reader.next()
    if operator not in _COMPARISONS:
        reader.fail(f"Unrecognized numeric range operator: {operator}")
    number = _bound(reader, token, "equals" if operator == "=" else operator)
    first = _COMPARISONS[operator](number)
    token = reader.next()
    if token is Token.END_ARRAY:
        return Condition(test=first)
    if operator not in (">", ">="):
        reader.fail("Too many elements in numeric expression")
    second = _upper_bound(reader, token, number)
    return Condition(test=lambda value: first(value) and second(value))


def _upper_bound(reader: Reader, token: Token, bottom: float) -> Test:
    if token is not Token.TEXT:
        reader.fail(f"Bad value in numeric range: {reader.text()}")
    operator = reader.text()
    token = reader.next()
    if operator not in ("<", "<="):
        reader.fail(f"Bad numeric range operator: {operator}")
    top = _bound(reader, token, operator)
    if reader.next() is not Token.END_ARRAY:
        reader.fail("Too many terms in numeric range expression")
    if bottom >= top:
        reader.fail("Bottom must be less than top")
    return _COMPARISONS[operator](top)


def _bound(reader: Reader, token: Token, operator: str) -> float:
    if token is not Token.NUMBER:
        reader.fail(f"Value of {operator} must be numeric")
    return _ordered(reader)


def _comparing(compare: Callable[[float, float], bool]) -> Callable[[float], Test]:
    def against(bound: float) -> Test:
        def test(value: Scalar) -> bool:
            number = _double(value)
            return number is not None and compare(number, bound)

        return test

    return against


_COMPARISONS: Final[dict[str, Callable[[float], Test]]] = {
    "=": _comparing(lambda number, bound: number == bound),
    "<": _comparing(lambda number, bound: number < bound),
    "<=": _comparing(lambda number, bound: number <= bound),
    ">": _comparing(lambda number, bound: number > bound),
    ">=": _comparing(lambda number, bound: number >= bound),
}


# --------------------------------------------------------------------- addresses

_QUAD: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_COLON_HEX: Final = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*")


def _address(text: str) -> Address | None:
    if len(text) > 39 or not (_QUAD.fullmatch(text) or _COLON_HEX.fullmatch(text)):
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_address(wanted: Address) -> TextTest:
    return lambda value: _address(value) == wanted


def _cidr(reader: Reader) -> Condition:
    text = _text_operand(reader, reader.next(), "prefix match pattern must be a string")
    base, *masks = text.split("/")
    if len(masks) != 1:
        reader.fail_without_place("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", masks[0]):
        reader.fail_without_place("Malformed CIDR, mask bits must be an integer")
    bits = int(masks[0])
    if bits < 0:
        reader.fail_without_place("Malformed CIDR, mask bits must not be negative")
    address = _address(base)
    if address is None:
        _not_an_address(reader, base)
    width = address.max_prefixlen
    if bits >= width:
        reader.fail_without_place(f"IPv{address.version} mask bits must be < {width}")
    shift = width - bits
    wanted = int(address) >> shift

    def inside(value: str) -> bool:
        found = _address(value)
        if found is None or found.version != address.version:
            return False
        return int(found) >> shift == wanted

    return Condition(test=_of_text(inside))


def _not_an_address(reader: Reader, base: str) -> NoReturn:
    reader.fail_without_place(f"Nonstandard IP address: {base}")


# ------------------------------------------------------------------------ exists


def _exists(reader: Reader) -> Condition:
    token = reader.next()
    if token is Token.TRUE:
        return Condition(test=lambda value: True)
    if token is Token.FALSE:
        return Condition(absent=True)
    reader.fail("exists match pattern must be either true or false.")


OPERATORS: Final[dict[str, Callable[[Reader], Condition]]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
"""Every operator by its name: reads the operand behind the name, and says what it means."""
