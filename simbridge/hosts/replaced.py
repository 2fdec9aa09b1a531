"""Replaces functions of the async libraries during a step, and only then.

If a library has no hook for what a host must decide, one of its functions is replaced. The replacement
checks which code is running, and calls the original for code that is not a world's. It is in the library's
module while any thread is in a step; the last step to end restores the original. Meanwhile runs of the
library in other threads may call it, and may keep a reference to it: it calls the original for them, too.

Only the dictionaries of modules are written to, never those of classes: a class that changes loses what the
interpreter has cached of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, final

__all__ = ["Name", "Replaced"]


@final
class Name:
    """A name in a module, and a function that makes the replacement from the original."""

    __slots__ = ("make", "name", "namespace", "ours", "theirs")

    def __init__(self, module: ModuleType, name: str, make: Callable[[Any], Any]) -> None:
        self.namespace = vars(module)
        self.name = name
        self.make = make
        self.theirs = self.namespace[name]
        self.ours = make(self.theirs)


@final
class Replaced:
    """Names that are replaced from the first of overlapping steps, of any thread, to the last.

    Every step passes here twice, so the loops make no calls.
    """

    def __init__(self, *names: Name) -> None:
        self._names = names
        self._lock = threading.Lock()
        self._steps = 0

    def begin(self) -> None:
        """A step begins; `end` must follow in any case.

        If other code has replaced the original since the last step, ours calls that.
        """
        with self._lock:
            if not self._steps:
                for one in self._names:
                    theirs = one.namespace[one.name]
                    if theirs is not one.theirs:
                        one.theirs, one.ours = theirs, one.make(theirs)
                    one.namespace[one.name] = one.ours
            self._steps += 1

    def end(self) -> None:
        """A step has ended. What other code has put in its place meanwhile stays."""
        with self._lock:
            self._steps -= 1
            if not self._steps:
                for one in self._names:
                    if one.namespace[one.name] is one.ours:
                        one.namespace[one.name] = one.theirs
