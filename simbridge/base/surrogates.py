"""Half of a surrogate pair: JSON can spell it (`"\\ud800"`), and no text in UTF-8 can hold it.

EventBridge is a Java service. Java's strings take such a half, and Java writes it as a question mark when
it makes bytes of a string: that is how event-ruler, AWS's matcher, compares values (its source: both sides
go through `String.getBytes(UTF_8)`). So here a half is read as a question mark, wherever it comes from: in
an event, in a pattern, in a detail that is put, in a line of a file. What PutEvents answers to one, and
what a target is then sent, is not known; that a valid JSON text is refused for it is the less likely.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_json", "replace_lone_surrogates"]

_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})(?:\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2}))?"
    r"|u(?P<alone>[dD][c-fC-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_MAY_BE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def replace_lone_surrogates(text: str) -> str:
    """The text with its pairs joined and a question mark for every half."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return whole.encode("utf-8", "replace").decode()


def in_json(text: str | bytes) -> str | None:
    """The same JSON text without halves, written out or escaped; None where it has none.

    Bytes that are no UTF-8 are left to whoever reads them.
    """
    try:
        written = text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        return None
    if not _MAY_BE.search(written):
        return None
    mended = replace_lone_surrogates(_ESCAPE.sub(_whole, written))
    return mended if mended != written else None


def _whole(found: re.Match[str]) -> str:
    if found["alone"] or (found["high"] and not found["low"]):
        return "?"
    return found[0]
