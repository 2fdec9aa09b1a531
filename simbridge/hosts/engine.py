"""The interface of an engine: an async library that is stepped by the kernel.

The kernel stays in charge. An engine can be stepped from outside: start a coroutine and run it until
everything waits, return the time of the next timer, resume exactly the task of that timer. So the same
kernel loop serves a plain script, a notebook cell with an event loop already running, asyncio and trio.
No coroutine can run while an actor is half-way through a message, except the one that this actor has
just started.

The order of tasks whose timers are due at the same instant: handlers before the story, and among these
the timer that was set first. They are resumed one at a time, each when no message is left at the instant.

trio's guest mode is made for the same purpose, with another event loop in the place of the kernel:
https://trio.readthedocs.io/en/stable/reference-lowlevel.html#using-guest-mode-to-run-trio-on-top-of-other-event-loops
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextvars import Context, ContextVar, copy_context
from typing import Any, NoReturn, Protocol, final

import anyio

from simbridge.base import clock, json
from simbridge.base.errors import InvalidTime, SimbridgeError, Stalled
from simbridge.base.printable import printable
from simbridge.kernel import OUTSIDE, Kernel

__all__ = [
    "Engine",
    "KeptOpen",
    "TaskOwner",
    "context_of",
    "current",
    "decoded",
    "impossible",
    "owner_in",
    "refuse_inside",
    "run_to_end",
    "running",
    "settled",
    "stalled",
]

Raised = Callable[[BaseException], None]
"""Called with what a story or a handler has raised, before that ends the run."""


@final
class TaskOwner:
    """A story or a handler that is running. Its tasks carry it in their context."""

    __slots__ = (
        "address",
        "cause",
        "is_story",
        "kernel",
        "ran",
        "started",
        "zero_sleeps",
        "zero_slept_at",
    )

    def __init__(self, kernel: Kernel, address: str, cause: int) -> None:
        self.kernel = kernel
        self.address = address
        self.cause = cause
        self.is_story = address == OUTSIDE
        self.zero_sleeps = 0
        """How many timers of no duration it has set at the instant `zero_slept_at`."""
        self.zero_slept_at = -1
        self.started = 0
        """Its number among those that the engine has started, if the engine counts them."""
        self.ran = 0
        """The number of the engine's step that ran it last, if the engine counts them."""

    def __str__(self) -> str:
        return "the story" if self.is_story else f"the handler of {printable(self.address)}"


_current: ContextVar[TaskOwner | None] = ContextVar("simbridge_task_owner", default=None)


class Engine(Protocol):
    """An async library that is stepped from outside (a `kernel.Host` that can be closed)."""

    @property
    def busy(self) -> bool:
        """Whether a story or a handler is running."""

    @property
    def ended(self) -> bool:
        """Whether it has been closed, or stopped by an interrupt, and runs nothing any more."""

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
        """When the next timer is due, in microseconds since the epoch; None without a timer."""

    def wake(self) -> None:
        """Resume the task of that timer, and run until everything waits again."""

    def close(self) -> None:
        """Cancel what is running and let it clean up."""


def current(kernel: Kernel) -> tuple[str, int] | None:
    """(address, cause) of the story or handler of this kernel whose code is running; None outside."""
    owner = _current.get()
    return (owner.address, owner.cause) if owner is not None and owner.kernel is kernel else None


running = _current.get
"""The owner of the running task, of whichever kernel; None outside of stories and handlers."""


def owner_in(context: Context) -> TaskOwner | None:
    """The owner of a task with this context."""
    return context.get(_current)


def context_of(owner: TaskOwner) -> Context:
    """The context of the tasks of this owner: a copy of the present one, with the owner in it."""
    context = copy_context()
    context.run(_current.set, owner)
    return context


async def run_to_end(
    function: Callable[[], Any],
    done: Callable[[Any], None],
    raised: Raised | None,
    failed: Callable[[BaseException], None],
    scopes: dict[int, anyio.CancelScope],
) -> None:
    """Run one story or handler to its end, the same under every engine.

    Whatever it raises ends the step: an interrupt, `sys.exit` and `pytest.fail` as well. `close` cancels
    the scope; a cancellation that does not come from the scope is a failure.
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


async def settled(kernel: Kernel) -> None:
    """Wait until everything due at this instant has happened; time does not move.

    Raises `SimbridgeError` in code that this kernel does not run: it would wait for nothing.
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
    """An async generator with one `yield`, kept open there by one task until `end` is called.

    One task, because a task group or a cancel scope must be left by the task that entered it.
    """

    def __init__(self, generator: AsyncGenerator[Any, None]) -> None:
        self._generator = generator
        self._may_end: anyio.Event
        self._ended: anyio.Event
        self.yielded: list[Any] = []

    async def hold(self) -> None:
        """Run up to the `yield`, keep what it yields, wait for `end`, run to the end."""
        # Made here, where the engine's library runs; another may be running around the world.
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
        """Let the generator run to its end, and wait for that."""
        self._may_end.set()
        await self._ended.wait()


def stalled(kernel: Kernel) -> SimbridgeError:
    """The error for a story that waits when no message and no timer is left."""
    if kernel.host is not None and kernel.host.deadline() is not None:
        return InvalidTime(
            "async code sleeps until after the year 9999, the end of the calendar, and nothing else "
            "is due: sleep for a shorter time, or wait with anyio.sleep_forever() until cancelled"
        )
    return Stalled(
        f"deadlock at {clock.iso_micros(kernel.now)}: the story waits, no message is due and no task has a "
        "timer. Wait for something that happens in this world: real threads, sockets and other worlds do "
        "not exist in virtual time"
    )


def impossible(what: str) -> NoReturn:
    """Raise `SimbridgeError` for something that needs a real world around it."""
    raise SimbridgeError(f"{what} cannot exist in virtual time; time passes with anyio.sleep")


def decoded(text: str) -> Any:
    """A body as a Python object; text that is not JSON stays text."""
    try:
        return json.decode(text)
    except json.InvalidJson:
        return text
