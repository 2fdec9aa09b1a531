"""`cidr`: a block of addresses, and what the service takes for an address of it.

An address is compared by its bits, also with one of the other version (captured), and the first address of
a block is as written, not masked [ruler].
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from simbridge.languages.pattern.conditions import Anchor, Condition, Prefilter, Span, made
from simbridge.languages.pattern.json_text import Reader, Token
from simbridge.languages.pattern.scalars import address, address_bits, in_block

__all__ = ["ONE_KEY", "block_prefilter", "read_cidr"]

ONE_KEY: Final = "Only one key allowed in match expression"
"""What the service says of a match object that goes on where it should end."""


def read_cidr(reader: Reader) -> Condition:
    """The operand of `cidr` and the closing brace."""
    reader.expect(Token.TEXT, "prefix match pattern must be a string")
    text = reader.text()
    bottom, top, mask = _block(reader, text)
    reader.expect(Token.END_OBJECT, ONE_KEY)
    prefilter = block_prefilter(bottom, mask)
    return made(
        "cidr",
        text,
        string=partial(in_block, bottom, top),
        spans=_numbers(bottom, top),
        prefilter=prefilter,
    )


def block_prefilter(bottom: bytes, mask: int) -> Prefilter:
    """An address between the first and last of a block has their leading bits, of whatever version."""
    return Prefilter(((Anchor("head", address_bits(bottom)[:mask], "as bits"),),))


def _block(reader: Reader, text: str) -> tuple[bytes, bytes, int]:
    """The first and last address of a block, and its mask. The first is as written, not masked [ruler].

    As in Java, slashes at the end do not count.
    """
    parts = text.rstrip("/").split("/")
    if len(parts) != 2:
        reader.fail_without_place("Malformed CIDR, one '/' required")
    if not _MASK.fullmatch(parts[1]) or not -(2**31) <= int(parts[1]) < 2**31:
        reader.fail_without_place("Malformed CIDR, mask bits must be an integer")
    mask = int(parts[1])
    if mask < 0:
        reader.fail_without_place("Malformed CIDR, mask bits must not be negative")
    bottom = address(parts[0])
    if bottom is None:
        kind = "Invalid" if _ADDRESS_LIKE.fullmatch(parts[0]) else "Nonstandard"
        reader.fail_without_place(f"{kind} IP address: {parts[0]}")
    version, bits = (4, 32) if len(bottom) == 4 else (6, 128)
    if mask >= bits:
        reader.fail_without_place(f"IPv{version} mask bits must be < {bits}")
    top = int.from_bytes(bottom) | (1 << (bits - mask)) - 1
    return bottom, top.to_bytes(len(bottom)), mask


_MASK: Final = re.compile(r"[+-]?[0-9]{1,40}")
_ADDRESS_LIKE: Final = re.compile(r"[0-9]+(\.[0-9]+){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*")


def _numbers(bottom: bytes, top: bytes) -> tuple[Span, ...]:
    """The numbers that a block between two addresses takes for addresses, as spans (open at the top).

    The engine compares the digits of a number as they are written with the hexadecimal digits of the
    block and stops at the first that lies between. So `0.0.0.0/0` takes every number that begins with
    1 to 9 (captured for the number 1); 10.0.0.0/8, which is 0A.., takes none.
    """
    prefixes: list[str] = []
    low, high = bottom.hex().upper(), top.hex().upper()
    fork = next((at for at in range(len(low)) if low[at] != high[at]), len(low))
    prefixes += _between(low[:fork], low[fork : fork + 1] or "9", high[fork : fork + 1] or "0")
    for at in range(fork + 1, len(low)):
        prefixes += _between(low[:at], low[at], "G") + _between(high[:at], "/", high[at])
    prefixes += [low, high]
    spans: list[tuple[int, int]] = []
    for prefix in prefixes:
        if prefix.isdigit() and prefix[0] != "0":
            for zeros in range(_WRITTEN_DIGITS_MAX - len(prefix) + 1):
                spans.append((int(prefix) * 10**zeros, (int(prefix) + 1) * 10**zeros))
    return tuple((float(start), False, float(stop), True) for start, stop in _joined(spans))


def _between(prefix: str, low: str, high: str) -> list[str]:
    """The decimal digits strictly between two characters, behind a prefix."""
    return [prefix + digit for digit in "0123456789" if low < digit < high]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined


_WRITTEN_DIGITS_MAX: Final = 20
"""So many digits are written out before numbers are usually written with an exponent."""
