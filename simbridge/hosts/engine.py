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

import sys
from collections.abc import AsyncGenerator, Callable
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any, NoReturn, Protocol, final

import anyio
import msgspec

from simbridge.base import clock
from simbridge.base.clock import SECOND
from simbridge.base.errors import InvalidTime, SimbridgeError, Stalled
from simbridge.base.lazy import lazy_import
from simbridge.base.nesting import with_deeper_recursion
from simbridge.base.printable import printable
from simbridge.kernel import OUTSIDE, Kernel

__all__ = [
    "Engine",
    "KeptOpen",
    "LazyEngine",
    "TaskOwner",
    "check_backend",
    "context_of",
    "current",
    "decoded",
    "guest_in",
    "impossible",
    "make_engine",
    "on_trio",
    "refuse_inside",
    "run_to_end",
    "running",
    "settled",
    "stalled",
]

Raised = Callable[[BaseException], None]
"""Who is told that a guest has raised, before that ends the run."""

BACKENDS = {"asyncio": "simbridge.hosts.asyncio", "trio": "simbridge.hosts.trio"}


@final
class TaskOwner:
    """A story or a handler that is under way; its tasks carry it in their context."""

    __slots__ = ("address", "cause", "is_story", "kernel", "ran", "zero_sleeps", "zero_slept_at")

    def __init__(self, kernel: Kernel, address: str, cause: int) -> None:
        self.kernel = kernel
        self.address = address
        self.cause = cause
        self.is_story = address == OUTSIDE
        self.zero_sleeps = 0
        """How often it went to sleep for no time at all, at the instant `zero_slept_at`."""
        self.zero_slept_at = -1
        self.ran = 0
        """Which step of the engine was its last, where the engine counts them."""

    def __str__(self) -> str:
        return "the story" if self.is_story else f"the handler of {printable(self.address)}"


_current: ContextVar[TaskOwner | None] = ContextVar("simbridge_guest", default=None)


class Engine(Protocol):
    """An async runtime that is stepped from outside (a `kernel.Host` with an end)."""

    @property
    def busy(self) -> bool:
        """Whether any guest is under way."""

    @property
    def ended(self) -> bool:
        """Whether it has been closed, or broken by an interrupt, and runs nothing any more."""

    def start(
        self,
        address: str,
        cause: int,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: Raised | None = None,
    ) -> None:
        """See `kernel.Host.start`."""

    def deadline(self) -> int | None:
        """When the next sleeper wants to be woken, microseconds since the epoch."""

    def wake(self) -> None:
        """Wake the sleeper of that deadline and run until everything waits again."""

    def close(self) -> None:
        """Cancel what is under way and let it clean up."""


@final
class LazyEngine:
    """The async host of a world: an engine that is made when the first coroutine is started."""

    def __init__(self, backend: str, kernel: Kernel) -> None:
        self.backend = backend
        self._kernel = kernel
        self._engine: Engine | None = None

    @property
    def busy(self) -> bool:
        """Whether any guest is under way."""
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
            self._engine = make_engine(self.backend, self._kernel)
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
        """Run what is started from now on by this library; no guest may be under way."""
        check_backend(backend)
        self.close_if_idle()
        self.backend = backend

    def close_if_idle(self) -> None:
        """Between two runs an engine without guests is put away: it may hold files open."""
        if not self.busy:
            self.close()

    def close(self) -> None:
        """Cancel what is under way."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


def check_backend(backend: str) -> None:
    """Raise `SimbridgeError` for a backend that does not exist."""
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise SimbridgeError(f"unknown backend {backend!r}: use {' or '.join(sorted(BACKENDS))}")


def make_engine(backend: str, kernel: Kernel) -> Engine:
    """The engine of this name; only the library in use is ever imported."""
    check_backend(backend)
    engine: Engine = lazy_import(BACKENDS[backend]).make(kernel)
    return engine


def current(kernel: Kernel) -> tuple[str, int] | None:
    """(address, cause) of the guest of this kernel whose code is running, None outside of them."""
    who = _current.get()
    return (who.address, who.cause) if who is not None and who.kernel is kernel else None


running = _current.get
"""The guest, of whichever kernel, whose code is running; None outside of all."""


def on_trio() -> bool:
    """Whether the running code, a guest's or the user's own, is run by trio."""
    who = _current.get()
    if who is not None and isinstance(who.kernel.host, LazyEngine):
        return who.kernel.host.backend == "trio"
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_task()


def guest_in(context: Context) -> TaskOwner | None:
    """The guest that a task with this context belongs to."""
    return context.get(_current)


def context_of(who: TaskOwner) -> Context:
    """The context that the code of a guest runs in: a copy of the present one."""
    context = copy_context()
    context.run(_current.set, who)
    return context


async def run_to_end(
    function: Callable[[], Any],
    done: Callable[[Any], None],
    raised: Raised | None,
    failed: Callable[[BaseException], None],
    scopes: dict[int, anyio.CancelScope],
) -> None:
    """The life of one guest, the same under every engine.

    Whatever it raises ends the step: an interrupt, `sys.exit` and `pytest.fail` as well. Inside the
    scope lies what `close` cancels, and what the scope does not take for its own has failed.
    """
    scope = anyio.CancelScope()
    scopes[id(scope)] = scope
    try:
        with scope:
            done(await function())
    except GeneratorExit:
        raise
    except BaseException as error:
        cancelled = isinstance(error, anyio.get_cancelled_exc_class())
        if raised is None or cancelled:
            failed(error)
        else:
            raised(error)
        if cancelled:
            raise
    finally:
        del scopes[id(scope)]


async def _within(kernel: Kernel, limit_us: int, function: Callable[[], Any]) -> Any:
    """What an async function returns before so much time has passed; else it is cancelled, and None."""
    end_us, result = kernel.now + limit_us, None
    with anyio.move_on_after(limit_us / SECOND):
        result = await function()
    return result if kernel.now < end_us else None


async def settled(kernel: Kernel) -> None:
    """Wait until everything due at this instant has happened; time does not move.

    Raises `SimbridgeError` in code that this kernel does not run: it would not wait for anything.
    """
    if current(kernel) is None:
        raise SimbridgeError(
            "await world.settled() is for async stories and handlers of that world; elsewhere, "
            "also in a notebook: world.settle()"
        )
    await anyio.sleep(1e-7)  # less than a microsecond: due now, after everything else that is


def refuse_inside(kernel: Kernel) -> None:
    """Raise `SimbridgeError` in async code that this kernel runs: there time passes by waiting."""
    if current(kernel) is not None:
        raise SimbridgeError(
            "world.run and world.settle are for synchronous code; in an async story or handler "
            "time passes with: await anyio.sleep(seconds), and what is due now happens with: "
            "await world.settled()"
        )


class KeptOpen:
    """An async generator with one `yield`, held open there by one task until it may end.

    One task, because task groups and cancel scopes must be left by the task that entered them.
    """

    def __init__(self, generator: AsyncGenerator[Any, None]) -> None:
        self._generator = generator
        self._may_end: anyio.Event
        self._ended: anyio.Event
        self.yielded: list[Any] = []

    async def hold(self) -> None:
        """Run up to the `yield`, note what it gave, wait, run on to the end."""
        # Made here, where the guests' library runs; another may be running around the world.
        self._may_end, self._ended = anyio.Event(), anyio.Event()
        try:
            self.yielded.append(await anext(self._generator))
            await self._may_end.wait()
            async for _ in self._generator:
                raise SimbridgeError("an async generator fixture yields once")
        finally:
            try:  # here, where it was begun: a task group in it cannot be left by another task
                await self._generator.aclose()
            finally:
                self._ended.set()

    async def end(self) -> None:
        """Let it run on to its end, and wait for that."""
        self._may_end.set()
        await self._ended.wait()


def stalled(kernel: Kernel) -> SimbridgeError:
    """The story waits, and nothing will ever happen again."""
    if kernel.host is not None and kernel.host.deadline() is not None:
        return InvalidTime(
            "async code sleeps until after the year 9999, the end of the calendar, and nothing else "
            "is due: sleep for a shorter time, or wait with anyio.sleep_forever() to be cancelled"
        )
    return Stalled(
        f"the story waits for something that will never happen: at {clock.iso_micros(kernel.now)} "
        "no message is due and nobody sleeps. (Real threads, sockets and other worlds do not exist "
        "in virtual time.)"
    )


def impossible(what: str) -> NoReturn:
    """Raise `SimbridgeError` for something that needs a real world around it."""
    raise SimbridgeError(f"{what} cannot exist in virtual time; time passes with anyio.sleep")


def decoded(text: str) -> Any:
    """A body as a Python object; text that is not JSON stays text."""
    try:
        return with_deeper_recursion(msgspec.json.decode, text)
    except (msgspec.DecodeError, RecursionError):
        return text
