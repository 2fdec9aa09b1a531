"""Deep nesting: gives msgspec's recursive coders more stack when they run out of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["with_deeper_recursion"]

Result = TypeVar("Result")

_LEVELS = 2000  # twice what PutEvents accepts


def with_deeper_recursion(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a recursive function; if it raises `RecursionError`, once more with a higher limit.

    How deep msgspec can go depends on the stack of its caller. Which events are accepted must not.
    """
    try:
        return function(*arguments)
    except RecursionError:
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(usual + _LEVELS)
        try:
            return function(*arguments)
        finally:
            sys.setrecursionlimit(usual)
