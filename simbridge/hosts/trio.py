"""trio in virtual time: a guest run that the kernel steps.

trio's guest mode hands each tick of its scheduler to a host, which is us: a tick runs when we call
it. Our clock never lets trio sleep. trio asks a clock how long it may sleep exactly when no task is
runnable: that is how we know that everything waits.

Four things in trio are left to chance or to the real world, and reach a trace or the system. trio has
no hook for them, so private names of its are touched (`hosts/private_names` lists them). What is replaced
in its modules is replaced for the length of a step (`hosts/replaced`), and a run of another thread, or
of the user's own, passes through to trio.

- Equal deadlines expire in one go, ordered by the identity of objects. Our run keeps its deadlines
  in a container of ours, which knows their order (`hosts/timers`) and ends one at a time.
- The order of each batch of runnable tasks is a coin flip. trio has a switch for reproducible
  scheduling, which its hypothesis plugin uses. In a step of ours it is on, and trio's dice are a
  `_BatchOrder` of ours.
- Worker threads come back when they like. In a step of ours, what would go to one runs at once, in
  place; and a thread of somebody else's is refused when it calls back.
- Sockets become ready when they like, and waiting for them takes file descriptors. A run of ours has
  none (`hosts/no_files`): a world that is dropped while guests are under way leaves nothing open.

Between two steps, trio's thread-local state is put aside, so that several worlds, and a `trio.run`
of the user's own, can live in one thread.
"""

from __future__ import annotations

import atexit
import math
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
from simbridge.kernel import Kernel

__all__ = ["TrioEngine", "make"]

private_names.check("trio")
_scheduler: Any = resolve_name("trio._core._run")
_threads: Any = resolve_name("trio._threads")

_open: dict[TrioEngine, None] = {}
"""Engines that nobody has closed, in the order in which they were made; they are closed at exit.

trio's tasks can clean up only in their run, so they are not left to the garbage collector.
"""


@final
class TrioEngine:
    """Runs guests in a trio run that is stepped from outside."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._sleepers: TimerQueue[trio.CancelScope] = TimerQueue(kernel)
        self._clock = _VirtualClock(self._sleepers)
        self.deadline = self._sleepers.due
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._ticks: deque[Callable[[], object]] = deque()
        self._outcome: list[Any] = []
        self._broken = False
        self._failure: BaseException | None = None
        self._nursery: trio.Nursery | None = None
        self._order = kernel.random("trio", "order of a batch")
        self._steps = 0
        self._steps_max = steps_max(kernel)
        self._at_work: trio.lowlevel.Task | None = None
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
        context = engine.context_of(engine.TaskOwner(self._kernel, address, cause))

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
        self._sleepers.check()
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
        runner.deadlines = _Deadlines(self._sleepers, self._clock)
        runner.trio_token = trio.lowlevel.TrioToken._create(_EntryQueueGuard(runner.entry_queue))
        self._entries = runner.entry_queue
        self._settle()
        self._context = _scheduler.GLOBAL_RUN_CONTEXT.__dict__.copy()
        self._hooks = sys.get_asyncgen_hooks()

    def _end(self) -> None:
        """Cancel the guests, in the order in which they began, let them clean up, end the run."""
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
        self._sleepers.clear()

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
            at_work = self._at_work
            raise busy(self._kernel, engine.guest_in(at_work.context) if at_work else None)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _step(self, work: Callable[[], None]) -> None:
        """Put this run in the place of whatever trio run the thread is in, while `work` runs it."""
        context = _scheduler.GLOBAL_RUN_CONTEXT.__dict__
        outer, hooks = context.copy(), sys.get_asyncgen_hooks()
        look, within = blocking.of_thread(), _current.engine
        context.clear()
        context.update(self._context)
        sys.set_asyncgen_hooks(*self._hooks)
        _current.engine = self
        _replaced.begin()
        look.begin()
        try:
            work()
        finally:
            blocked = look.end("async code")
            _replaced.end()
            _current.engine = within
            context.clear()
            context.update(outer)
            sys.set_asyncgen_hooks(*hooks)
        if blocked is not None:
            warnings.warn(blocked, stacklevel=3)

    def order(self, batch: list[Any]) -> None:
        """Decide the order of the tasks that are about to run; trio takes them from the end.

        Guests run in the order in which they began to wait, which is when they last ran, those that
        are new after them, in the order in which they were started. The tasks that guests have
        started themselves are shuffled, as trio does, in an order drawn from the world's seed.
        """
        nursery = self._nursery
        if len(batch) > 1:
            self._order.shuffle(batch)
            places = [n for n, task in enumerate(batch) if task.parent_nursery is nursery]
            if len(places) > 1:
                guests = sorted((batch[place] for place in places), key=self._since)
                for place, task in zip(reversed(places), guests, strict=True):
                    batch[place] = task
        for task in reversed(batch):
            self._at_work = task
            if task.parent_nursery is nursery and (who := engine.guest_in(task.context)):
                self._steps += 1
                who.ran = self._steps

    def _since(self, task: Any) -> tuple[int, int]:
        """Since when a guest waits; one that has not run yet is the youngest."""
        who = engine.guest_in(task.context)
        ran = who.ran if who is not None else 0
        return ran or self._steps + 1, task._counter


make = TrioEngine


class _Current(threading.local):
    engine: TrioEngine | None = None
    """The engine that this thread is in a step of."""


_current = _Current()


@final
class _BatchOrder:
    """What trio draws the order of a batch with: in a step of ours the engine says it."""

    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def shuffle(self, batch: list[Any]) -> None:
        """trio asks for the order of a batch."""
        if _current.engine is not None:
            _current.engine.order(batch)
        else:
            self._theirs.shuffle(batch)

    def __getattr__(self, name: str) -> Any:
        """Whatever else trio draws, in the runs of other threads: where a clock of its own begins."""
        return getattr(self._theirs, name)


def _starting_in_place(theirs: Callable[..., None]) -> Callable[..., None]:
    """What trio starts worker threads with: in a step of ours the function runs here and now."""

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
class _VirtualClock(trio.abc.Clock):
    """The kernel's clock, as trio sees it."""

    def __init__(self, sleepers: TimerQueue[trio.CancelScope]) -> None:
        self._sleepers = sleepers
        self.idle = False
        self.one_may_wake = False

    def start_clock(self) -> None:
        """Nothing to start: the kernel moves time."""

    def current_time(self) -> float:
        """Now."""
        return self._sleepers.now()

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Asked exactly when no task is runnable. We never let trio sleep."""
        self.idle = True
        return 0


@final
class _Deadlines:
    """The deadlines of one trio run, in the place of trio's own container."""

    def __init__(self, sleepers: TimerQueue[trio.CancelScope], clock: _VirtualClock) -> None:
        self._sleepers = sleepers
        self._clock = clock
        self._numbers: dict[trio.CancelScope, int] = {}

    def add(self, deadline: float, cancel_scope: trio.CancelScope) -> None:
        """A scope has a deadline from now on."""
        if deadline == -math.inf:
            deadline = self._clock.current_time()
        self._numbers[cancel_scope] = self._sleepers.until(deadline, cancel_scope)

    def remove(self, deadline: float, cancel_scope: trio.CancelScope) -> None:
        """A scope has this deadline no more."""
        self._sleepers.cancel(self._numbers.pop(cancel_scope))

    def next_deadline(self) -> float:
        """trio compares it, and hands it to our clock, which knows better."""
        return math.inf

    def expire(self, now: float) -> bool:
        """End the scope whose turn it is, if the kernel has said so; nobody else's."""
        if not self._clock.one_may_wake:
            return False
        self._clock.one_may_wake = False
        self._sleepers.next().cancel()
        return True


@final
class _EntryQueueGuard:
    """The queue of calls into a trio run, closed to other threads."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._engine = _current.engine

    def run_sync_soon(self, function: Any, *args: Any, idempotent: bool = False) -> None:
        """Queue a call."""
        if _current.engine is not self._engine:
            engine.impossible("a callback from another thread")
        self._queue.run_sync_soon(function, *args, idempotent=idempotent)


@contextmanager
def _no_handler_for_interrupts() -> Iterator[None]:
    """Keep trio from putting its handler of SIGINT in the place of Python's.

    It would stay there between steps, and while the world rests. Python's raises where the code is.
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
    """Why a run has ended that nobody has closed: an interrupt, if one was behind it."""
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
    for one in list(_open):
        one.close()
