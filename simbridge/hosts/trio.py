"""trio in virtual time: a guest run that the kernel steps.

trio's guest mode hands each tick of its scheduler to a host, which is this module: a tick runs when it is
called (https://trio.readthedocs.io/en/stable/reference-lowlevel.html#trio.lowlevel.start_guest_run). Our
clock never lets trio sleep. trio asks a clock how long it may sleep exactly when no task is runnable:
then everything waits.

Four things in trio are random or depend on the real world, and would reach a trace or the system. trio has
no hook for them, so private names of trio are used (listed in `hosts/private_names`). What is replaced in
its modules is replaced during a step only (`hosts/replaced`), and a run in another thread, or of the
user's own, gets the original.

- Equal deadlines expire together, ordered by the identity of objects. Our run keeps its deadlines in
  `hosts/trio_clock`, which knows their order (`hosts/timers`) and lets one at a time expire.
- The order of each batch of runnable tasks is random. trio has a switch for reproducible scheduling,
  which its hypothesis plugin uses. During a step it is on, and `_BatchOrder` decides the order.
- Worker threads return at any time. During a step, a function for a worker thread runs at once, in place,
  and a callback from another thread is refused.
- Sockets become ready at any time, and waiting for them takes file descriptors. A run of this engine has none
  (`hosts/no_files`): a world that is dropped while its handlers run leaves nothing open.

Between two steps, trio's thread-local state is set aside, so that several worlds, and a `trio.run`
of the user's own, can run in one thread.
"""

from __future__ import annotations

import atexit
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any, final

import anyio
import outcome
import trio

from simbridge.base import blocking
from simbridge.hosts import engine, no_files, private_names
from simbridge.hosts.replaced import Name, Replaced
from simbridge.hosts.timers import TimerQueue, busy, steps_max
from simbridge.hosts.trio_clock import Deadlines, VirtualClock
from simbridge.kernel import Kernel

__all__ = ["TrioEngine", "make"]

private_names.check("trio")
_scheduler: Any = resolve_name("trio._core._run")
_threads: Any = resolve_name("trio._threads")

_open: dict[TrioEngine, None] = {}
"""Engines that are not closed yet, in the order in which they were made; they are closed at exit.

trio's tasks can clean up only in their run, so they are not left to the garbage collector.
"""


@final
class TrioEngine:
    """Runs stories and handlers in a trio run that is stepped from outside."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._timers: TimerQueue[trio.CancelScope] = TimerQueue(kernel)
        self._clock = VirtualClock(self._timers)
        self.deadline = self._timers.due
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._ticks: deque[Callable[[], object]] = deque()
        self._outcome: list[Any] = []
        self._broken = False
        self._failure: BaseException | None = None
        self._nursery: trio.Nursery | None = None
        self._order = kernel.random("trio", "order of a batch")
        self._steps = 0
        self._steps_max = steps_max(kernel)
        self._started = 0
        self._running: trio.lowlevel.Task | None = None
        self._context: dict[str, Any] = {}
        self._hooks: Any = sys.get_asyncgen_hooks()
        self._entries: Any = None
        self._step(self._begin)
        _open[self] = None

    @property
    def busy(self) -> bool:
        return bool(self._scopes)

    @property
    def ended(self) -> bool:
        return self._broken or bool(self._outcome)

    def start(
        self,
        address: str,
        cause: int,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: engine.Raised | None = None,
    ) -> None:
        nursery = self._nursery
        assert nursery is not None
        owner = engine.TaskOwner(self._kernel, address, cause)
        owner.started = self._started = self._started + 1
        context = engine.context_of(owner)

        def spawn() -> None:
            context.run(
                lambda: nursery.start_soon(
                    engine.run_to_end,
                    function,
                    done,
                    raised,
                    self._fail,
                    self._scopes,
                    name=address,
                )
            )
            self._settle()

        self._step(spawn)

    def wake(self) -> None:
        self._timers.check()
        self._clock.one_may_wake = True
        self._step(self._settle)

    def close(self) -> None:
        _open.pop(self, None)
        if not self.ended and self._nursery is not None:
            self._step(self._end)

    def _begin(self) -> None:
        with _no_handler_for_interrupts():
            trio.lowlevel.start_guest_run(
                self._main,
                run_sync_soon_threadsafe=self._ticks.append,
                done_callback=self._outcome.append,
                clock=self._clock,
                host_uses_signal_set_wakeup_fd=True,
            )
        runner = _scheduler.GLOBAL_RUN_CONTEXT.runner
        no_files.put_into(runner)
        runner.deadlines = Deadlines(self._timers, self._clock)
        runner.trio_token = trio.lowlevel.TrioToken._create(_EntryQueueGuard(runner.entry_queue))
        self._entries = runner.entry_queue
        self._settle()
        self._context = _scheduler.GLOBAL_RUN_CONTEXT.__dict__.copy()
        self._hooks = sys.get_asyncgen_hooks()

    def _end(self) -> None:
        """Cancel stories and handlers in the order in which they began, let them clean up, end the run."""
        for scope in list(self._scopes.values()):
            scope.cancel()
        try:
            self._settle()
        finally:
            if self._nursery is not None and not self.ended:
                self._nursery.cancel_scope.cancel()
            while not self.ended:
                self._ticks.popleft()()

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await trio.sleep_forever()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error

    def _lost(self) -> None:
        self._broken = True
        _open.pop(self, None)
        self._scopes.clear()
        self._timers.clear()

    def _settle(self) -> None:
        clock, entries, ticks = self._clock, self._entries, self._ticks
        for _ in range(self._steps_max):
            clock.idle = False
            try:
                ticks.popleft()()
            except BaseException as error:  # an interrupt that hit trio itself
                self._lost()
                self._kernel.broke("a step of async code", error)
                raise
            if self._outcome:
                self._lost()
                reason = _reason(self._outcome[0])
                self._kernel.broke("a step of async code", reason)
                raise reason
            if clock.idle and not entries.queue and not entries.idempotent_queue:
                break
        else:
            task = self._running
            raise busy(self._kernel, engine.owner_in(task.context) if task else None)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _step(self, work: Callable[[], None]) -> None:
        """Make this run the thread's current trio run while `work` steps it."""
        context = _scheduler.GLOBAL_RUN_CONTEXT.__dict__
        outer, hooks = context.copy(), sys.get_asyncgen_hooks()
        watch, outer_engine = blocking.of_thread(), _current.engine
        context.clear()
        context.update(self._context)
        sys.set_asyncgen_hooks(*self._hooks)
        _current.engine = self
        _replaced.begin()
        watch.begin()
        try:
            work()
        finally:
            blocked = watch.end("async code")
            _replaced.end()
            _current.engine = outer_engine
            context.clear()
            context.update(outer)
            sys.set_asyncgen_hooks(*hooks)
        if blocked is not None:
            warnings.warn(blocked, stacklevel=3)

    def order(self, batch: list[Any]) -> None:
        """Decide the order of the tasks that are about to run; trio takes them from the end.

        Stories and handlers run in the order in which they began to wait, which is when they last ran;
        new ones come after them, in the order in which they were started. The tasks that these have
        started themselves are shuffled, as in trio, in an order drawn from the world's seed.
        """
        nursery = self._nursery
        if len(batch) > 1:
            self._order.shuffle(batch)
            places = [n for n, task in enumerate(batch) if task.parent_nursery is nursery]
            if len(places) > 1:
                owned = sorted((batch[place] for place in places), key=_waiting_since)
                for place, task in zip(reversed(places), owned, strict=True):
                    batch[place] = task
        for task in reversed(batch):
            self._running = task
            if task.parent_nursery is nursery and (owner := engine.owner_in(task.context)):
                self._steps += 1
                owner.ran = self._steps


make = TrioEngine


def _waiting_since(task: trio.lowlevel.Task) -> tuple[bool, int, int]:
    """The order of stories and handlers: by their last step; those that have not run yet are last."""
    owner = engine.owner_in(task.context)
    assert owner is not None, "only `TrioEngine.start` starts tasks in the engine's nursery"
    return not owner.ran, owner.ran, owner.started


class _Current(threading.local):
    engine: TrioEngine | None = None
    """The engine whose step this thread is in."""


_current = _Current()


@final
class _BatchOrder:
    """Replaces trio's random numbers: during a step the engine decides the order of a batch."""

    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def shuffle(self, batch: list[Any]) -> None:
        """Put a batch in order; called by trio."""
        if _current.engine is not None:
            _current.engine.order(batch)
        else:
            self._theirs.shuffle(batch)

    def __getattr__(self, name: str) -> Any:
        """What else trio draws, in runs of other threads: the start of a clock, for example."""
        return getattr(self._theirs, name)


def _starting_in_place(theirs: Callable[..., None]) -> Callable[..., None]:
    """A replacement of `start_thread_soon`: during a step the function runs at once, in place."""

    def start_thread_soon(function: Any, deliver: Any, *rest: Any, **options: Any) -> None:
        if _current.engine is None:
            theirs(function, deliver, *rest, **options)
        else:
            deliver(outcome.capture(function))

    return start_thread_soon


_replaced = Replaced(
    Name(_scheduler, "_r", _BatchOrder),
    Name(_scheduler, "_ALLOW_DETERMINISTIC_SCHEDULING", lambda theirs: True),
    Name(_threads, "start_thread_soon", _starting_in_place),
)


@final
class _EntryQueueGuard:
    """The entry queue of a trio run, which refuses calls from other threads."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._engine = _current.engine

    def run_sync_soon(self, function: Any, *args: Any, idempotent: bool = False) -> None:
        """Queue a call. Raises `SimbridgeError` outside of a step of this run."""
        if _current.engine is not self._engine:
            engine.impossible("a callback from another thread")
        self._queue.run_sync_soon(function, *args, idempotent=idempotent)


@contextmanager
def _no_handler_for_interrupts() -> Iterator[None]:
    """Prevent trio from replacing Python's handler of SIGINT by its own.

    It would stay between steps, and while no world runs. Python's raises where the code is.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return
    signal.signal(signal.SIGINT, lambda number, frame: signal.default_int_handler(number, frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _reason(ended: Any) -> BaseException:
    """Why a run has ended before it was closed: the interrupt, if one was the cause."""
    error: BaseException | None = ended.error
    assert error is not None
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, KeyboardInterrupt | SystemExit):
            return at
        at = at.__cause__ or at.__context__
    return error


@atexit.register
def _close_all() -> None:
    for each in list(_open):
        each.close()
