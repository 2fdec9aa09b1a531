"""Lone surrogates: JSON can escape half of a pair (`"\\ud800"`), and UTF-8 cannot encode it.

EventBridge is a Java service. Java's strings can hold a lone surrogate, and Java encodes it as a question
mark: event-ruler, AWS's matcher, compares values this way (both sides go through `String.getBytes(UTF_8)`).
So a lone surrogate is read as a question mark here, in events, patterns, details and lines of a file.
What PutEvents answers to one, and what a target then receives, is not known; it is unlikely that valid
JSON is refused.

RFC 8259, section 8.2, warns of such texts: https://www.rfc-editor.org/rfc/rfc8259#section-8.2
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["replace_lone_surrogates", "without_lone_surrogates"]

_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})(?:\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2}))?"
    r"|u(?P<alone>[dD][c-fC-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_CANDIDATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def replace_lone_surrogates(text: str) -> str:
    """The text with its pairs joined and a question mark for each lone surrogate."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode("utf-8", "replace").decode()


def without_lone_surrogates(text: str | bytes) -> str | None:
    """The JSON text with a question mark for each lone surrogate, escaped or not; None if it has none.

    Also None for bytes that are not UTF-8: their decoder reports the error.
    """
    try:
        original = text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        return None
    if not _CANDIDATE.search(original):
        return None
    replaced = replace_lone_surrogates(_ESCAPE.sub(_replacement, original))
    return replaced if replaced != original else None


def _replacement(found: re.Match[str]) -> str:
    if found["alone"] or (found["high"] and not found["low"]):
        return "?"
    return found[0]
