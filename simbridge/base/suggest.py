"""Suggestions for a name that does not exist: the similar names, or all of a short list.

>>> did_you_mean("retry_attempt", ["retry_attempts", "event_age_s"])
'did you mean retry_attempts?'
>>> did_you_mean("x", ["asyncio", "trio"])
'there are asyncio, trio'
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["NEAR_MAX", "did_you_mean", "near"]

NEAR_MAX = 3
"""How many names are suggested, at most."""

_LISTED_MAX = 6
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")


def near(name: str, known: Iterable[str]) -> list[str]:
    """The names that are spelled like this one, the most similar first; if none is, those that share words."""
    names = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), names, n=NEAR_MAX)
    if not close:
        words = {word.lower() for word in _WORD.findall(name)}
        shared = {one: sum(word in one for word in words) for one in names}
        alike = [one for one in names if shared[one]]
        close = sorted(alike, key=lambda one: -shared[one])[:NEAR_MAX]
    return [names[one] for one in close]


def did_you_mean(name: object, known: Iterable[str], where: str = "") -> str:
    """The second half of an error about a name: similar names, or the names there are.

    A long list is only counted; `where` says where it can be read.
    """
    names = list(known)
    if close := near(str(name), names):
        return f"did you mean {', '.join(close)}?"
    if len(names) <= _LISTED_MAX:
        return f"there {'is' if len(names) < 2 else 'are'} {', '.join(sorted(names)) or 'none'}"
    return f"there are {len(names)}" + (f", listed in {where}" if where else "")
