"""Chooses the library that runs a world's `async def` code, by name, and imports it on first use.

`engine` is what both libraries are stepped by and what they share; this module is above the two engines, and
the only one that names them. A world without async code imports neither.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, final

import anyio

from simbridge.base.clock import SECOND
from simbridge.base.errors import SimbridgeError
from simbridge.base.lazy import lazy_import
from simbridge.hosts import engine
from simbridge.hosts.engine import Engine, Raised
from simbridge.kernel import Kernel

__all__ = ["LazyEngine", "check_backend", "on_trio"]

BACKENDS = {"asyncio": "simbridge.hosts.asyncio", "trio": "simbridge.hosts.trio"}


@final
class LazyEngine:
    """The async host of a world: an engine that is made when the first coroutine is started."""

    def __init__(self, backend: str, kernel: Kernel) -> None:
        self.backend = backend
        self._kernel = kernel
        self._engine: Engine | None = None

    @property
    def busy(self) -> bool:
        """Whether a story or a handler is running."""
        return self._engine is not None and self._engine.busy

    def start(
        self,
        address: str,
        cause: int,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: Raised | None = None,
        within_us: int | None = None,
    ) -> None:
        """See `kernel.Host.start`."""
        if self._engine is None or self._engine.ended:
            self._engine = _make_engine(self.backend, self._kernel)
        if within_us is not None:
            function = partial(_within, self._kernel, within_us, function)
        self._engine.start(address, cause, function, done, raised)

    def deadline(self) -> int | None:
        """See `Engine.deadline`."""
        return self._engine.deadline() if self._engine is not None else None

    def wake(self) -> None:
        """See `Engine.wake`."""
        assert self._engine is not None
        self._engine.wake()

    def use(self, backend: str) -> None:
        """Run what is started from now on by this library; nothing may be running."""
        check_backend(backend)
        self.close_if_idle()
        self.backend = backend

    def close_if_idle(self) -> None:
        """Close the engine if nothing is running, as between two runs: it may hold files open."""
        if not self.busy:
            self.close()

    def close(self) -> None:
        """Cancel what is running."""
        stopped, self._engine = self._engine, None
        if stopped is not None:
            stopped.close()


def check_backend(backend: str) -> None:
    """Raise `SimbridgeError` for a backend that does not exist."""
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise SimbridgeError(f"unknown backend {backend!r}: use {' or '.join(sorted(BACKENDS))}")


def _make_engine(backend: str, kernel: Kernel) -> Engine:
    """The engine of this name; only the library in use is ever imported."""
    check_backend(backend)
    made: Engine = lazy_import(BACKENDS[backend]).make(kernel)
    return made


def on_trio() -> bool:
    """Whether trio runs the current code, be it a story, a handler or the user's own."""
    owner = engine.running()
    if owner is not None and isinstance(owner.kernel.host, LazyEngine):
        return owner.kernel.host.backend == "trio"
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_task()


async def _within(kernel: Kernel, limit_us: int, function: Callable[[], Any]) -> Any:
    """What an async function returns within `limit_us`; after that it is cancelled, and None returned."""
    end_us, result = kernel.now + limit_us, None
    with anyio.move_on_after(limit_us / SECOND):
        result = await function()
    return result if kernel.now < end_us else None
