"""The part of a handle that sends faults to the actor of a stand-in.

A fault is sent as a message (`Behave`), so it is ordered and recorded like any other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from simbridge import targets
from simbridge.actors.function import UserFunction
from simbridge.kernel import Kernel
from simbridge.model.faults import AllFaultMethods, Behaviour, Fault
from simbridge.model.messages import Behave

__all__ = ["Caller", "Handle"]

Caller = Callable[[], tuple[str, int]]
"""The address whose code is running, and the sequence number of the message that made it run."""


class Handle(AllFaultMethods):
    """The handle of the stand-in at an address: an ARN or a URL."""

    def __init__(self, kernel: Kernel, caller: Caller, address: str) -> None:
        self._kernel = kernel
        self._caller = caller
        self._address = address

    @property
    @abstractmethod
    def _functions(self) -> list[UserFunction]:
        """The functions that decide about attempts, which the actor holds."""

    def _now_us(self) -> int:
        return self._kernel.now

    def _send(self, *faults: Fault) -> None:
        for fault in faults:
            assert isinstance(fault, Behaviour), f"{fault!r} is not in simbridge.model.faults"
            with self._kernel.hold():
                sender, cause = self._caller()
                self._kernel.send(sender, self._address, Behave(fault), cause=cause)

    def _check_error(self, error: str) -> None:
        targets.checked_error(self._address, error)

    def _keep(self, function: Callable[..., Any]) -> int:
        functions = self._functions
        functions.append(UserFunction(function))
        return len(functions) - 1
