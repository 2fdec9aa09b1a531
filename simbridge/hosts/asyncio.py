"""asyncio in virtual time: an event loop that is stepped by the kernel.

The loop implements asyncio's abstract interface without a selector: it has a deque of callbacks that are
ready, and timers (`hosts/timers`). `asyncio.sleep`, `asyncio.timeout`, tasks, events and everything that
anyio builds on them need no more. Real sockets, pipes, signals and threads cannot exist in virtual time;
their methods raise an error.

A function for a worker thread runs at once, in place: it takes no virtual time, and its order is
certain. asyncio has a method for that (`run_in_executor`). anyio starts its own threads, without a hook,
so during a step of this loop it uses a backend that starts none (`hosts/replaced`).

The loop can run inside another running loop (a notebook), or inside `trio.run`: during a step it is
installed as the running loop, as asyncio documents for implementers of loops:
https://docs.python.org/3/library/asyncio-extending.html
"""

# The interface is asyncio's: typeshed's variadic signatures, and the methods refused at the end of
# the file, are beyond what a type checker can follow.
# mypy: disable-error-code="override, abstract, misc, method-assign, attr-defined"

from __future__ import annotations

import asyncio
import contextvars
import math
import sys
import threading
import warnings
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from pkgutil import resolve_name
from typing import Any, NoReturn, final

import anyio
import anyio.to_thread

from simbridge.base import blocking
from simbridge.base.clock import SECOND
from simbridge.base.errors import Runaway, SimbridgeError
from simbridge.hosts import engine, private_names
from simbridge.hosts.replaced import Name, Replaced
from simbridge.hosts.timers import TimerQueue, busy, steps_max
from simbridge.kernel import Kernel
from simbridge.kernel.interrupts import from_a_signal

__all__ = ["AsyncioEngine", "make"]


@final
class AsyncioEngine:
    """Runs stories and handlers on a virtual asyncio loop."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._loop = _VirtualLoop(kernel)
        self.deadline = self._loop.timers.due
        self.wake = self._loop.wake
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._scopes)

    @property
    def ended(self) -> bool:
        return self._loop.is_closed()

    def start(
        self,
        address: str,
        cause: int,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: engine.Raised | None = None,
    ) -> None:
        owner = engine.TaskOwner(self._kernel, address, cause)
        coroutine = engine.run_to_end(function, done, raised, self._loop.fail, self._scopes)
        context = engine.context_of(owner)
        if _sniffio:  # a library that runs around the world may have left its name here
            context.run(_sniffio.current_async_library_cvar.set, "asyncio")
        task = self._loop.create_task(coroutine, name=address, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._loop.settle()

    def close(self) -> None:
        try:
            for scope in list(self._scopes.values()):
                self._loop.call_soon(scope.cancel)
            self._loop.settle()
            self._loop.finish_asyncgens()
        finally:
            self._loop.close()


make = AsyncioEngine

_sniffio: Any = sys.modules.get("sniffio")
"""How anyio knows which library runs, if it is installed; anyio, imported above, has imported it."""

for _library in ("asyncio", "anyio", *(["sniffio"] if _sniffio else [])):
    private_names.check(_library)


@final
class _Timer(asyncio.TimerHandle):
    """A timer that knows its number in the timer queue."""

    __slots__ = ("number",)
    number: int


@final
class _VirtualLoop(asyncio.AbstractEventLoop):
    """An event loop whose time is the kernel's."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._epoch = kernel.now
        self.timers: TimerQueue[_Timer] = TimerQueue(kernel)
        self._ready: deque[asyncio.Handle] = deque()
        self._asyncgens: weakref.WeakValueDictionary[int, AsyncGenerator[Any, Any]]
        self._asyncgens = weakref.WeakValueDictionary()
        self._born = 0
        self._hooks = self._asyncgen_born, self._asyncgen_dropped
        self._closed = False
        self._stepping = False
        self._thread = threading.get_ident()
        self._watch = blocking.of_thread()
        self._failure: BaseException | None = None
        self._debug = False
        self._steps_max = steps_max(kernel)

    # -- stepping ---------------------------------------------------------------------------

    def settle(self) -> None:
        """Run callbacks until none is ready; then raise what a task owner has raised, if any did.

        Meanwhile this loop is installed in the place of the async library that runs in this thread.
        """
        outer, hooks = asyncio._get_running_loop(), sys.get_asyncgen_hooks()
        library = _sniffio.thread_local.name if _sniffio else None
        if library is not None:
            _sniffio.thread_local.name = "asyncio"
        if self._thread != (thread := threading.get_ident()):
            self._thread, self._watch = thread, blocking.of_thread()
        watch = self._watch
        asyncio._set_running_loop(self)
        sys.set_asyncgen_hooks(*self._hooks)
        self._stepping = True
        _replaced.begin()
        watch.begin()
        try:
            self._run_ready()
        except BaseException as error:
            if not isinstance(error, Runaway):
                self._kernel.broke("a step of async code", error)
            raise
        finally:
            blocked = watch.end("async code")
            _replaced.end()
            self._stepping = False
            if library is not None:
                _sniffio.thread_local.name = library
            sys.set_asyncgen_hooks(*hooks)
            asyncio._set_running_loop(outer)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if blocked is not None:
            warnings.warn(blocked, stacklevel=3)

    def _run_ready(self) -> None:
        ready = self._ready
        for _ in range(self._steps_max):
            if not ready:
                return
            handle = ready.popleft()
            if not handle.cancelled():
                try:
                    handle._run()
                except BaseException as error:  # tasks let interrupts and exits through at once
                    self.fail(error)
        raise busy(self._kernel, engine.owner_in(_context_of(handle)))

    def fail(self, error: BaseException) -> None:
        """A story or a handler has raised: the step ends with it."""
        if from_a_signal(error):
            self._kernel.broke("a step of async code", error)
        self._failure = self._failure or error

    def wake(self) -> None:
        """Let the first timer fire, and no other, and settle."""
        timer = self.timers.next()
        timer.number = 0
        self._ready.append(timer)
        self.settle()

    # -- asyncio's interface ----------------------------------------------------------------

    def time(self) -> float:
        return self.timers.now()

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        if not self._closed and not (self._stepping and self._thread == threading.get_ident()):
            engine.impossible("a callback from another thread")
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(
            (self._kernel.now - self._epoch) / SECOND + delay, callback, args, self, context
        )
        timer.number = self.timers.after(delay, timer) if delay != math.inf else 0
        return timer

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(when, callback, args, self, context)
        timer.number = self.timers.until(when, timer) if when != math.inf else 0
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        assert isinstance(handle, _Timer)
        if handle.number:
            self.timers.cancel(handle.number)

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
        self.timers.clear()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception") or SimbridgeError(context["message"])
        if not self._closed:
            self.fail(error)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        self.call_exception_handler(context)

    # -- async generators: the `finally` of one that is dropped half-way still runs on this loop -----

    def _asyncgen_born(self, generator: AsyncGenerator[Any, Any]) -> None:
        self._born += 1
        self._asyncgens[self._born] = generator

    def _asyncgen_dropped(self, generator: AsyncGenerator[Any, Any]) -> None:
        if not self._closed:
            self.call_soon(self.create_task, generator.aclose())

    def finish_asyncgens(self) -> None:
        """Close those that have not been dropped, in the order in which they began.

        Time does not pass any more, so one that waits while it cleans up is cancelled.
        """
        half_way = [generator for _, generator in sorted(self._asyncgens.items())]
        tasks = [self.create_task(generator.aclose()) for generator in half_way]
        if tasks:
            self.settle()
            for task in tasks:
                task.cancel()
            self.settle()

    async def shutdown_asyncgens(self) -> None:
        """Nothing to do: `finish_asyncgens` does it."""

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """Run the function at once, in place: it takes no virtual time, and its order is certain."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def _context_of(handle: asyncio.Handle) -> contextvars.Context:
    if sys.version_info >= (3, 12):
        return handle.get_context()
    context: contextvars.Context = handle._context
    return context


_AsyncIOBackend: Any = resolve_name("anyio._backends._asyncio.AsyncIOBackend")


@final
class _InPlace(_AsyncIOBackend):
    """anyio's backend for asyncio without threads: a function for a thread runs at once, in place."""

    @classmethod
    async def run_sync_in_worker_thread(
        cls, func: Any, args: Any, *rest: Any, **options: Any
    ) -> Any:
        """Run the function in place; called by `anyio.to_thread.run_sync`."""
        await cls.checkpoint()
        return contextvars.copy_context().run(func, *args)


def _without_threads(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """A replacement of `get_async_backend`: on a virtual loop it returns the backend without threads.

    The virtual loop may be the running one while another library runs: a `trio.run` in a handler.
    """

    def get_async_backend(*args: Any, **options: Any) -> Any:
        backend = theirs(*args, **options)
        is_virtual = isinstance(asyncio._get_running_loop(), _VirtualLoop)
        return _InPlace if is_virtual and backend is _AsyncIOBackend else backend

    return get_async_backend


_replaced = Replaced(Name(anyio.to_thread, "get_async_backend", _without_threads))


def _refused(name: str) -> Callable[..., NoReturn]:
    def refuse(self: _VirtualLoop, *args: Any, **kwargs: Any) -> NoReturn:
        engine.impossible(name)

    return refuse


# Everything else in asyncio's interface needs real files, processes or threads.
for _name in sorted(asyncio.AbstractEventLoop.__dict__.keys() - _VirtualLoop.__dict__.keys()):
    if not _name.startswith("_"):
        setattr(_VirtualLoop, _name, _refused(_name))
