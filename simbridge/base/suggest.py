"""What somebody may have did_you_mean by a name that does not exist.

An error that lists forty names is not read. It offers the few that are near; where none is, it lists
all of a short list, and of a long one it says where it stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["NEAR_MAX", "did_you_mean", "near"]

NEAR_MAX = 3
"""How many names are offered."""

_LISTED_MAX = 6
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")


def near(name: str, known: Iterable[str]) -> list[str]:
    """The names that look like this one, the nearest first, or else those that share words with it."""
    names = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), names, n=NEAR_MAX)
    if not close:
        words = {word.lower() for word in _WORD.findall(name)}
        shared = {one: sum(word in one for word in words) for one in names}
        alike = [one for one in names if shared[one]]
        close = sorted(alike, key=lambda one: -shared[one])[:NEAR_MAX]
    return [names[one] for one in close]


def did_you_mean(name: object, known: Iterable[str], where: str = "") -> str:
    """The second half of an error about a name: what was did_you_mean, or what there is to choose from.

    `where` is where all the names can be read; without it they are counted.
    """
    names = list(known)
    if close := near(str(name), names):
        return f"did you mean {', '.join(close)}?"
    if len(names) <= _LISTED_MAX:
        return f"there {'is' if len(names) < 2 else 'are'} {', '.join(sorted(names)) or 'none'}"
    return f"there are {len(names)}" + (f", listed in {where}" if where else "")
