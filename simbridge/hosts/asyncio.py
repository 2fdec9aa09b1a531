"""asyncio in virtual time: an event loop that is stepped by the kernel.

The loop implements asyncio's abstract interface and nothing of its own selector machinery: there is
a deque of callbacks that are ready, and a heap of timers ordered by (microsecond, rank, sequence).
`asyncio.sleep`, `asyncio.timeout`, tasks, events and everything that anyio builds on them need no
more. Real sockets, pipes, signals and threads cannot exist in virtual time and say so.

It can run inside another running loop (a notebook): for the length of a step it takes that loop's
place, the way asyncio documents for implementers of loops.
"""

# The interface is asyncio's: typeshed's variadic signatures, and the methods refused at the end of
# the file, are beyond what a type checker can follow.
# mypy: disable-error-code="override, abstract, misc"

from __future__ import annotations

import asyncio
import contextvars
import math
from collections import deque
from collections.abc import Callable, Coroutine
from heapq import heappop, heappush
from typing import Any, NoReturn, final

import anyio

from simbridge.clock import SECOND
from simbridge.errors import SimbridgeError
from simbridge.hosts import guest
from simbridge.kernel import Kernel

__all__ = ["AsyncioEngine", "make"]

STEPS_MAX = 1_000_000


def make(kernel: Kernel) -> AsyncioEngine:
    """The engine of a kernel."""
    return AsyncioEngine(kernel)


@final
class AsyncioEngine:
    """Runs guests on a virtual asyncio loop."""

    def __init__(self, kernel: Kernel) -> None:
        self._loop = _VirtualLoop(kernel)
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._scopes)

    def start(
        self, address: str, cause: int, function: Callable[[], Any], done: Callable[[Any], None]
    ) -> None:
        life = guest.play(address, cause, function, done, self._loop.fail, self._scopes)
        task = self._loop.create_task(life, name=address)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._loop.settle()

    def deadline(self) -> int | None:
        return self._loop.deadline()

    def wake(self) -> None:
        self._loop.expire()
        self._loop.settle()

    def close(self) -> None:
        for scope in list(self._scopes.values()):
            self._loop.call_soon(scope.cancel)
        self._loop.settle()
        self._loop.close()


@final
class _VirtualLoop(asyncio.AbstractEventLoop):
    """An event loop whose time is the kernel's."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._epoch = kernel.now
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[int, int, int, asyncio.TimerHandle]] = []
        self._sequence = 0
        self._closed = False
        self._stepping = False
        self._failure: BaseException | None = None
        self._debug = False
        self._watch = guest.Watch()

    # -- stepping ---------------------------------------------------------------------------

    def settle(self) -> None:
        """Run callbacks until none is ready; then raise what a guest has raised, if one did."""
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        asyncio._set_running_loop(self)
        self._stepping = True
        self._watch.begin()
        try:
            self._run_ready()
            self._watch.end()
        finally:
            self._stepping = False
            asyncio._set_running_loop(outer)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _run_ready(self) -> None:
        for _ in range(STEPS_MAX):
            if not self._ready:
                return
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()
        raise SimbridgeError(
            f"async guests ran {STEPS_MAX:,} steps without waiting for time to pass: "
            "await anyio.sleep(seconds) in the loop"
        )

    def fail(self, error: BaseException) -> None:
        """A guest has raised: the step ends with it."""
        self._failure = self._failure or error

    def deadline(self) -> int | None:
        timers = self._timers
        while timers and timers[0][3].cancelled():
            heappop(timers)
        return timers[0][0] if timers else None

    def expire(self) -> None:
        """Let the first timer fire; nobody else's."""
        self._ready.append(heappop(self._timers)[3])

    # -- asyncio's interface ----------------------------------------------------------------

    def time(self) -> float:
        return (self._kernel.now - self._epoch) / SECOND

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        if not self._stepping and asyncio._get_running_loop() is None and not self._closed:
            _impossible("a callback from another thread")
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self._call_at_us(self._kernel.now, delay, callback, args, context)

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self._call_at_us(self._epoch, when, callback, args, context)

    def _call_at_us(
        self, base: int, seconds: float, callback: Any, args: Any, context: Any
    ) -> asyncio.TimerHandle:
        if seconds == math.inf:  # a timer that never fires needs no place in the heap
            return asyncio.TimerHandle(math.inf, callback, args, self, context)
        delay = round(seconds * SECOND)
        micros = max(self._kernel.now, base + delay)
        when = (micros - self._epoch) / SECOND
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._sequence += 1
        rank = guest.rank(last=seconds > 0 == delay)
        heappush(self._timers, (micros, rank, self._sequence, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are skipped when they come up."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Any = None
    ) -> asyncio.Task[Any]:
        return asyncio.Task(
            coro, loop=self, name=name, context=context or contextvars.copy_context()
        )

    def get_task_factory(self) -> None:
        return None

    def get_debug(self) -> bool:
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        self._debug = enabled

    def is_running(self) -> bool:
        return self._stepping

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True
        self._ready.clear()
        self._timers.clear()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception") or SimbridgeError(context["message"])
        if not self._closed:
            self.fail(error)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        self.call_exception_handler(context)

    async def shutdown_asyncgens(self) -> None:
        """Nothing to do: async generators are closed by whoever drops them."""

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """Run the function here and now: it takes no virtual time, and its order is certain."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def _impossible(what: str) -> NoReturn:
    raise SimbridgeError(f"{what} cannot exist in virtual time; time passes with anyio.sleep")


def _refused(name: str) -> Callable[..., NoReturn]:
    def refuse(self: _VirtualLoop, *args: Any, **kwargs: Any) -> NoReturn:
        _impossible(name)

    return refuse


# Everything else that asyncio's interface names needs a real world around it.
for _name in sorted(asyncio.AbstractEventLoop.__dict__.keys() - _VirtualLoop.__dict__.keys()):
    if not _name.startswith("_"):
        setattr(_VirtualLoop, _name, _refused(_name))
