"""Functions of the async libraries that are replaced for the length of a step, and of no other code.

A library that has no hook for what a host must decide is given a function of ours, which asks whose
code is running and passes on what is not a world's. It stands in the library's module while any thread
is in a step; the last step to end puts the library's own back. Meanwhile runs of the library in other
threads may meet it, and may keep it a moment longer than the step: it goes on to pass them on.

Only the dictionaries of modules are written to, never a class: one that changes loses, with every step,
what the interpreter has cached of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, final

__all__ = ["Name", "Replaced"]


@final
class Name:
    """A name in a module, and what makes the object to put there of the one that is there."""

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

    Every step passes here twice, so the loops call nothing.
    """

    def __init__(self, *names: Name) -> None:
        self._names = names
        self._lock = threading.Lock()
        self._steps = 0

    def begin(self) -> None:
        """A step begins; `end` must follow in any case.

        Where others have put theirs there since the last one, ours passes on to those.
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
        """A step has ended; where somebody has replaced ours meanwhile, that stays."""
        with self._lock:
            self._steps -= 1
            if not self._steps:
                for one in self._names:
                    if one.namespace[one.name] is one.ours:
                        one.namespace[one.name] = one.theirs
