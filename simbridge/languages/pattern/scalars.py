"""What single values are, to the pattern language: numbers, addresses, letters without case.

Three of the language's rules are about values and not about operators, and they are the ones that
other implementations get wrong.

Numbers compare as doubles, but only those whose shortest decimal spelling is the one that was
written (fidelity 4.3). A number with more digits than a double keeps is *odd*: it
equals its own spelling and nothing else. An odd number in an event arrives as an `int`, or as
`Digits` where `events` has decoded the text.

Addresses compare as four bytes or sixteen. The engine behind the service compares from the left and
stops as soon as it is sure, so the range of an IPv4 block also takes IPv6 addresses that begin with such
bytes. That is a surprise, but it is what AWS's engine answers.

Case is ignored letter by letter: a letter of the pattern matches its lower and its upper form, each
of which may be several letters (`ß` is `ß` or `SS`), and nothing else (`ς` is not `σ`). The
engine does this on Java's 16-bit units, which have no case outside the basic plane and turn into
question marks there; so a 𝒳 of the pattern matches `??`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Final, TypeAlias

__all__ = [
    "EXACT_INT_MAX",
    "Digits",
    "Letters",
    "Scalar",
    "address",
    "address_bits",
    "comparable",
    "ends_without_case",
    "equals_without_case",
    "in_block",
    "letters",
    "starts_without_case",
    "written_number",
]

EXACT_INT_MAX: Final = 2**53
"""Up to here a double holds every whole number."""

_IPV4: Final = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)")
_IPV4_CHARACTERS_MAX: Final = 15
_IPV6_CHARACTERS_MAX: Final = 200
_IPV6: Final = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


class Digits(str):
    """A number of an event that a double cannot hold as it was written."""

    __slots__ = ()


Scalar: TypeAlias = str | int | float | bool | None
"""A leaf of an event (`Digits` is among the `str`)."""

Letters: TypeAlias = Sequence[tuple[str, str]]
"""For each letter of a pattern its lower and upper form."""


# --------------------------------------------------------------------- numbers


def comparable(number: int | float) -> float | None:
    """The double of a number of an event, or None if the number is odd."""
    if type(number) is float:
        return number if -_INFINITY < number < _INFINITY else None
    if -EXACT_INT_MAX <= number <= EXACT_INT_MAX:
        return float(number)
    try:
        double = float(number)
    except OverflowError:
        return None
    return double if Decimal(repr(double)) == number else None


def written_number(text: str) -> float | None:
    """The double that a JSON number spells, or None if it is odd."""
    double = float(text)
    if not -_INFINITY < double < _INFINITY:
        return None
    try:
        same = Decimal(repr(double)) == Decimal(text)
    except DecimalException:
        return None
    return double + 0.0 if same else None


_INFINITY: Final = float("inf")


# ------------------------------------------------------------------- addresses


@lru_cache(maxsize=16384)
def address(text: str) -> bytes | None:
    """The bytes (4 or 16) of an address, or None for anything else."""
    if len(text) <= _IPV4_CHARACTERS_MAX and (parts := _IPV4.fullmatch(text)):
        numbers = tuple(map(int, parts.groups()))
        return bytes(numbers) if max(numbers) < 256 else None
    if len(text) > _IPV6_CHARACTERS_MAX or not _IPV6.fullmatch(text):
        return None
    groups = [group.lstrip("0") or group[:1] for group in text.split(":")]
    try:
        found = ipaddress.IPv6Address(":".join(groups))
    except ValueError:
        return None
    return (found.ipv4_mapped or found).packed


def address_bits(found: bytes) -> str:
    """The bits of an address, as a text of zeros and ones."""
    return f"{int.from_bytes(found):0{8 * len(found)}b}"


def in_block(bottom: bytes, top: bytes, text: str) -> bool:
    """Whether a text is an address between two others, decided on the leading bytes they share."""
    found = address(text)
    if found is None:
        return False
    if len(found) == len(bottom):
        return bottom <= found <= top
    if len(found) > len(bottom):
        return bottom <= found[: len(bottom)] <= top
    return bottom[: len(found)] < found < top[: len(found)]


# ------------------------------------------------------------------------ case


def letters(text: str) -> Letters:
    """The forms that each letter of a pattern matches."""
    return [
        (letter.lower(), letter.upper()) if letter < "\U00010000" else ("??", "??")
        for letter in text
    ]


def starts_without_case(pattern: Letters, text: str) -> int:
    """How many characters of the text the pattern takes up from the start; -1 if it does not fit.

    No letter's one form begins with its other form, so there is never a choice.
    """
    at = 0
    for lower, upper in pattern:
        if text.startswith(lower, at):
            at += len(lower)
        elif text.startswith(upper, at):
            at += len(upper)
        else:
            return -1
    return at


def equals_without_case(pattern: Letters, text: str) -> bool:
    """Whether the whole text fits the pattern."""
    return starts_without_case(pattern, text) == len(text)


def ends_without_case(pattern: Letters, text: str) -> bool:
    """Whether the end of the text fits the pattern."""
    end = len(text)
    for lower, upper in reversed(pattern):
        if text.endswith(lower, 0, end):
            end -= len(lower)
        elif text.endswith(upper, 0, end):
            end -= len(upper)
        else:
            return False
    return True
