"""Room for deep nesting: msgspec's coders recurse, and how deep they can go depends on who calls them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["with_deeper_recursion"]

Result = TypeVar("Result")

_LEVELS = 2000  # twice what PutEvents takes


def with_deeper_recursion(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a coder of msgspec; for what is nested deeply, again with room on the stack.

    How deep it can go depends on the stack it is called from; what can be put and archived must not.
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
