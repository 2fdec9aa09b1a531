"""The interface between the kernel and an async library: what runs coroutines for it (`simbridge.hosts`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Host"]


class Host(Protocol):
    """Runs coroutines for the kernel."""

    def start(
        self,
        address: str,
        cause: int,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: Callable[[BaseException], None] | None = None,
        within_us: int | None = None,
    ) -> None:
        """Run `await function()` until it waits; call `done(result)` when it has returned.

        `raised` is called with what the function raises. Without `raised`, the engine raises it; it
        always raises a cancellation that is not its own. If the function has not returned within
        `within_us`, it is cancelled, and `done(None)` is called.
        """

    def deadline(self) -> int | None:
        """When the next timer is due, in microseconds since the epoch; None without a timer."""

    def wake(self) -> None:
        """Resume exactly one coroutine whose deadline has come, and run it until it waits again."""
