"""trio in virtual time: a guest run that the kernel steps.

trio's guest mode hands each tick of its scheduler to a host, which is us: a tick runs when we call
it. Our clock never lets trio sleep. trio asks a clock how long it may sleep exactly when no task is
runnable, and tells it the next deadline: that is how we know that everything waits, and until when.

Two things in trio are left to chance, and both reach a trace:

- Equal deadlines expire in one go, ordered by the identity of objects. Our clock gives out instants
  that are floats with an exact microsecond, a rank and a sequence number, so no two deadlines are
  equal, and lets trio see just as much time as one sleeper needs to wake.
- The order of each batch of runnable tasks is a coin flip. trio has a switch for reproducible
  scheduling, which its hypothesis plugin uses. It is private, so it is touched here alone, for the
  length of a step, with a stream of the world's own seed; a test notices when it moves.

Between two steps, trio's thread-local state is put aside, so that several worlds, and a `trio.run`
of the user's own, can live in one thread.
"""

from __future__ import annotations

import atexit
import math
import sys
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, final

import anyio
import trio
from trio._core import _run as _trio_run
from trio.lowlevel import in_trio_task

from simbridge.clock import SECOND
from simbridge.errors import SimbridgeError
from simbridge.hosts import guest
from simbridge.kernel import Kernel

__all__ = ["TrioEngine", "make"]

STEPS_MAX = 1_000_000

_scheduler: Any = _trio_run
"""The one private module of trio that is touched, and only by `TrioEngine._step`."""

_NOW = 2
"""The rank of the present: by now, every deadline of this microsecond has come but the last ones."""

_open: weakref.WeakSet[TrioEngine] = weakref.WeakSet()


def make(kernel: Kernel) -> TrioEngine:
    """The engine of a kernel."""
    return TrioEngine(kernel)


@final
class TrioEngine:
    """Runs guests in a trio run that is stepped from outside."""

    def __init__(self, kernel: Kernel) -> None:
        self._clock = _VirtualClock(kernel)
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._ticks: deque[Callable[[], object]] = deque()
        self._ended: list[Any] = []
        self._failure: BaseException | None = None
        self._nursery: trio.Nursery | None = None
        self._luck = kernel.random("trio", "order of a batch")
        self._watch = guest.Watch()
        self._context: dict[str, Any] = {}
        self._hooks: Any = sys.get_asyncgen_hooks()
        self._step(self._begin)
        _open.add(self)

    @property
    def busy(self) -> bool:
        return bool(self._scopes)

    def start(
        self, address: str, cause: int, function: Callable[[], Any], done: Callable[[Any], None]
    ) -> None:
        nursery = self._nursery
        assert nursery is not None

        def spawn() -> None:
            nursery.start_soon(
                guest.play, address, cause, function, done, self._fail, self._scopes, name=address
            )
            self._settle()

        self._step(spawn)

    def deadline(self) -> int | None:
        return self._clock.due_us

    def wake(self) -> None:
        self._clock.let_through()
        self._step(self._settle)

    def close(self) -> None:
        _open.discard(self)
        if self._ended or self._nursery is None:
            return
        self._step(self._end)

    def _begin(self) -> None:
        trio.lowlevel.start_guest_run(
            self._main,
            run_sync_soon_threadsafe=self._ticks.append,
            done_callback=self._ended.append,
            clock=self._clock,
            host_uses_signal_set_wakeup_fd=True,
        )
        self._settle()
        self._context = _scheduler.GLOBAL_RUN_CONTEXT.__dict__.copy()
        self._hooks = sys.get_asyncgen_hooks()

    def _end(self) -> None:
        assert self._nursery is not None
        self._nursery.cancel_scope.cancel()
        while not self._ended:
            self._ticks.popleft()()

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await trio.sleep_forever()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error

    def _settle(self) -> None:
        for _ in range(STEPS_MAX):
            self._clock.idle = False
            self._ticks.popleft()()
            if self._clock.idle or self._ended:
                break
        else:
            raise SimbridgeError(
                f"async guests ran {STEPS_MAX:,} steps without waiting for time to pass: "
                "await anyio.sleep(seconds) in the loop"
            )
        if self._ended:
            self._ended[0].unwrap()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _step(self, work: Callable[[], None]) -> None:
        """Put this run in the place of whatever trio run the thread is in, while `work` runs it."""
        context = _scheduler.GLOBAL_RUN_CONTEXT.__dict__
        outer, hooks = context.copy(), sys.get_asyncgen_hooks()
        luck, switch = _scheduler._r, _scheduler._ALLOW_DETERMINISTIC_SCHEDULING
        context.clear()
        context.update(self._context)
        sys.set_asyncgen_hooks(*self._hooks)
        _scheduler._r, _scheduler._ALLOW_DETERMINISTIC_SCHEDULING = self._luck, True
        self._watch.begin()
        try:
            work()
            self._watch.end()
        finally:
            context.clear()
            context.update(outer)
            sys.set_asyncgen_hooks(*hooks)
            _scheduler._r, _scheduler._ALLOW_DETERMINISTIC_SCHEDULING = luck, switch


@final
class _Instant(float):
    """Seconds since the world began, exact to the microsecond; no two deadlines are equal."""

    __slots__ = ("clock", "key")

    clock: _VirtualClock
    key: tuple[int, int, int]
    """Microseconds since the world began, rank, sequence."""

    def __add__(self, seconds: float) -> float:
        if not math.isfinite(seconds):
            return float(self) + seconds
        micros = round(seconds * SECOND)
        return self.clock.later(self.key[0] + micros, guest.rank(last=seconds > 0 == micros))

    __radd__ = __add__

    def __lt__(self, other: float) -> bool:
        return self.key < other.key if type(other) is _Instant else float(self) < other

    def __le__(self, other: float) -> bool:
        return self.key <= other.key if type(other) is _Instant else float(self) <= other

    def __gt__(self, other: float) -> bool:
        return self.key > other.key if type(other) is _Instant else float(self) > other

    def __ge__(self, other: float) -> bool:
        return self.key >= other.key if type(other) is _Instant else float(self) >= other

    def __eq__(self, other: object) -> bool:
        if type(other) is _Instant:
            return self.key is other.key  # each instant has a key of its own
        return float(self) == other

    def __hash__(self) -> int:
        return float.__hash__(self)


@final
class _VirtualClock(trio.abc.Clock):
    """The kernel's clock, as trio sees it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._epoch = kernel.now
        self._sequence = 0
        self._next: float = math.inf
        self._horizon: float = -math.inf
        self._now = self._instant(0, _NOW, 0)
        self.idle = False
        self.due_us: int | None = None
        """The next deadline, microseconds since the Unix epoch."""

    def start_clock(self) -> None:
        """Nothing to start: the kernel moves time."""

    def current_time(self) -> float:
        """To a task: now. To the scheduler: how much time it may see, which is once one sleeper's."""
        if in_trio_task():
            micros = self._kernel.now - self._epoch
            if self._now.key[0] != micros:
                self._now = self._instant(micros, _NOW, 0)
            return self._now
        horizon, self._horizon = self._horizon, -math.inf
        return horizon

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Asked exactly when no task is runnable. We never let trio sleep."""
        self.idle = True
        self._next = deadline
        if deadline == math.inf:
            self.due_us = None
        else:
            exact = deadline.key[0] if type(deadline) is _Instant else round(deadline * SECOND)
            self.due_us = self._epoch + exact
        return 0

    def later(self, micros: int, rank: int) -> _Instant:
        """A deadline after every other that was given out for the same microsecond and rank."""
        self._sequence += 1
        return self._instant(micros, rank, self._sequence)

    def _instant(self, micros: int, rank: int, sequence: int) -> _Instant:
        made = _Instant(micros / SECOND)
        made.clock = self
        made.key = (micros, rank, sequence)
        return made

    def let_through(self) -> None:
        """Let the scheduler see the next deadline, and nothing after it."""
        self._horizon = self._next


@atexit.register
def _close_all() -> None:
    for engine in list(_open):
        engine.close()
