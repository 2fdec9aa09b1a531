"""Guests: `async def` stories and handlers, and what an engine that runs them must offer.

The kernel stays in charge. An engine is an async runtime that can be stepped from outside: start a
coroutine and run it until everything waits, say when the next sleeper is due, wake exactly that one.
So the same kernel loop serves a plain script, a notebook cell with an event loop already running,
asyncio and trio; and no coroutine can ever run while an actor is half-way through a message, except
the one that this actor has just started.

Order: guests that sleep until the same instant are woken one at a time, in the order in which they
went to sleep, handlers before the story, each only once the instant has gone quiet again.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import AsyncGenerator, Callable
from contextvars import ContextVar
from typing import Any, Protocol, final

import anyio
import msgspec

from simbridge import clock
from simbridge.errors import BlockedThread, SimbridgeError, Stalled
from simbridge.kernel import OUTSIDE, Kernel

__all__ = [
    "Engine",
    "KeptOpen",
    "OnDemand",
    "Watch",
    "check_backend",
    "current",
    "decoded",
    "make_engine",
    "play",
    "rank",
    "settled",
    "stalled",
]

BACKENDS = {"asyncio": "simbridge.hosts.asyncio", "trio": "simbridge.hosts.trio"}

BLOCKED_S = 1.0

_current: ContextVar[tuple[str, int] | None] = ContextVar("simbridge_guest", default=None)


class Engine(Protocol):
    """An async runtime that is stepped from outside (a `kernel.Host` with an end)."""

    @property
    def busy(self) -> bool:
        """Whether any guest is under way."""

    def start(
        self, address: str, cause: int, function: Callable[[], Any], done: Callable[[Any], None]
    ) -> None:
        """Run `await function()` until it waits; call `done(result)` when it has returned."""

    def deadline(self) -> int | None:
        """When the next sleeper wants to be woken, microseconds since the epoch."""

    def wake(self) -> None:
        """Wake the sleeper of that deadline and run until everything waits again."""

    def close(self) -> None:
        """Cancel what is under way and let it clean up."""


@final
class OnDemand:
    """The async host of a world: an engine that is made when the first coroutine is started."""

    def __init__(self, backend: str, kernel: Kernel) -> None:
        self._backend = backend
        self._kernel = kernel
        self._engine: Engine | None = None

    @property
    def busy(self) -> bool:
        """Whether any guest is under way."""
        return self._engine is not None and self._engine.busy

    def start(
        self, address: str, cause: int, function: Callable[[], Any], done: Callable[[Any], None]
    ) -> None:
        """See `Engine.start`."""
        if self._engine is None:
            self._engine = make_engine(self._backend, self._kernel)
        self._engine.start(address, cause, function, done)

    def deadline(self) -> int | None:
        """See `Engine.deadline`."""
        return self._engine.deadline() if self._engine is not None else None

    def wake(self) -> None:
        """See `Engine.wake`."""
        assert self._engine is not None
        self._engine.wake()

    def rest(self) -> None:
        """Between two runs an engine without guests is put away: it may hold files open."""
        if not self.busy:
            self.close()

    def close(self) -> None:
        """Cancel what is under way."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def check_backend(backend: str) -> None:
    """Raise `SimbridgeError` for a backend that does not exist."""
    if backend not in BACKENDS:
        raise SimbridgeError(f"unknown backend {backend!r}: use {' or '.join(sorted(BACKENDS))}")


def make_engine(backend: str, kernel: Kernel) -> Engine:
    """The engine of this name; only the library in use is ever imported."""
    check_backend(backend)
    engine: Engine = importlib.import_module(BACKENDS[backend]).make(kernel)
    return engine


def current() -> tuple[str, int] | None:
    """(address, cause) of the guest whose code is running, None outside of guests."""
    return _current.get()


async def play(
    address: str,
    cause: int,
    function: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[BaseException], None],
    scopes: dict[int, anyio.CancelScope],
) -> None:
    """The life of one guest, the same under every engine."""
    _current.set((address, cause))
    with anyio.CancelScope() as scope:
        scopes[id(scope)] = scope
        try:
            done(await function())
        except Exception as error:
            failed(error)
        finally:
            del scopes[id(scope)]


async def settled() -> None:
    """Wait until everything due at this instant has happened; time does not move."""
    await anyio.sleep(1e-7)  # less than a microsecond: due now, after everything else that is


class KeptOpen:
    """An async generator with one `yield`, held open there by one task until it may end.

    One task, because task groups and cancel scopes must be left by the task that entered them.
    """

    def __init__(self, generator: AsyncGenerator[Any, None]) -> None:
        self._generator = generator
        self._may_end = anyio.Event()
        self._ended = anyio.Event()
        self.yielded: list[Any] = []

    async def hold(self) -> None:
        """Run up to the `yield`, note what it gave, wait, run on to the end."""
        try:
            self.yielded.append(await anext(self._generator))
            await self._may_end.wait()
            async for _ in self._generator:
                raise SimbridgeError("an async generator fixture yields once")
        finally:
            self._ended.set()

    async def end(self) -> None:
        """Let it run on to its end, and wait for that."""
        self._may_end.set()
        await self._ended.wait()


@final
class Watch:
    """Warns when a step of async code spends real time waiting, which virtual time cannot know.

    Waiting is real time less processor time. Asking for processor time is a call of the operating
    system, as costly as a good part of a step, so it is not asked again before a tenth of the bound
    has passed: a wait is noticed a tenth later at most.
    """

    def __init__(self) -> None:
        self._began = self._asked = time.perf_counter()
        self._worked = time.thread_time()

    def begin(self) -> None:
        """A step begins."""
        self._began = time.perf_counter()
        if self._began - self._asked > BLOCKED_S / 10:
            self._asked, self._worked = self._began, time.thread_time()

    def end(self) -> None:
        """The step is over."""
        spent = time.perf_counter() - self._began
        if spent > BLOCKED_S and (idle := spent - (time.thread_time() - self._worked)) > BLOCKED_S:
            warnings.warn(
                f"async code held the thread for {idle:.1f} s of real time (time.sleep, a socket?); "
                "virtual time cannot pass meanwhile: await anyio.sleep(seconds) instead",
                BlockedThread,
                stacklevel=3,
            )


def rank(last: bool) -> int:
    """Who wakes first of those that sleep until one instant.

    The story wakes after the handlers; whoever sleeps for less than a microsecond (`settled`) wakes
    `last`, after everything else that was due.
    """
    who = _current.get()
    return (who is not None and who[0] == OUTSIDE) + 2 * last


def stalled(kernel: Kernel) -> Stalled:
    """The story waits, and nothing will ever happen again."""
    return Stalled(
        f"the story waits for something that will never happen: at {clock.iso_micros(kernel.now)} "
        "no message is due and nobody sleeps. (Real threads, sockets and other worlds do not exist "
        "in virtual time.)"
    )


def decoded(text: str) -> Any:
    """A body as a Python object; text that is not JSON stays text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
