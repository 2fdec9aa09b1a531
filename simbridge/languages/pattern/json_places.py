"""Writes characters and positions of a JSON text as Jackson does, AWS's JSON parser.

Lines and columns count from one, columns count UTF-16 units, and only the first 500 characters of the text
are quoted (captured).

>>> where('{"a": x}', 7)
'[Source: (String)"{"a": x}"; line: 1, column: 8]'
>>> describe("x")
"'x' (code 120)"

Jackson: https://github.com/FasterXML/jackson-core
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["describe", "where"]

_QUOTED_CHARACTERS_MAX: Final = 500
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def where(source: str, at: int) -> str:
    """A position in a text: the beginning of the text, the line and the column."""
    before = _BREAK.split(source[:at])
    column = _utf16_units(before[-1]) + 1
    return f"[Source: (String){_quoted(source)}; line: {len(before)}, column: {column}]"


def describe(character: str) -> str:
    """A character and its code; of a pair of surrogates the code of the first."""
    code = ord(character) if ord(character) < 0x10000 else 0xD7C0 + (ord(character) >> 10)
    if code < 32 or 127 <= code < 160:
        return f"(CTRL-CHAR, code {code})"
    if code > 255:
        return f"'{character}' (code {code} / 0x{code:x})"
    return f"'{character}' (code {code})"


def _quoted(source: str) -> str:
    units = _utf16_units(source)
    head = source[:_QUOTED_CHARACTERS_MAX]
    if units > _QUOTED_CHARACTERS_MAX:
        head = _first_utf16_units(head, _QUOTED_CHARACTERS_MAX)
    quoted = f'"{_CONTROLS.sub(_escaped, head)}"'
    if units > _QUOTED_CHARACTERS_MAX:
        quoted += f"[truncated {units - _QUOTED_CHARACTERS_MAX} chars]"
    return quoted


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04X}"


def _utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _first_utf16_units(text: str, count: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: 2 * count].decode("utf-16-le", "replace")
