"""Who sleeps until when: the one order of deadlines, the same under every async library.

A deadline is a float of seconds, because that is what the libraries' interfaces are made of. A float
of seconds cannot tell microseconds apart after some hundred years, and says nothing about whose it
is. So the clocks give out `ExactSeconds`s, floats that know their microsecond, and the order is decided
when a deadline is set: (microsecond, rank, sequence). It never falls back to an object's identity.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar, final

from simbridge.base import clock
from simbridge.base.clock import SECOND
from simbridge.base.errors import Runaway
from simbridge.hosts import engine
from simbridge.kernel import Kernel

__all__ = ["ExactSeconds", "TimerQueue", "busy", "steps_max"]

Thing = TypeVar("Thing")


@final
class ExactSeconds(float):
    """Seconds since the world began, exact to the microsecond, also in sums.

    Moments, and a moment and a plain number, are ordered by their microseconds, so that a deadline
    has been reached by the moment it was meant for, however its float was rounded.
    """

    __slots__ = ("key", "last", "micros")

    micros: int
    last: bool
    """Whether it lies less than half a microsecond ahead: after everything else that is due then."""
    key: int
    """What decides the order: twice the microseconds, and one more where it is `last`."""

    @classmethod
    def of(cls, micros: int, last: bool = False) -> ExactSeconds:
        """The moment of so many microseconds since the world began."""
        made = cls(micros / SECOND)
        made.micros, made.last, made.key = micros, last, 2 * micros + last
        return made

    def __add__(self, seconds: float) -> float:
        if not math.isfinite(seconds):
            return float(self) + seconds
        micros = round(seconds * SECOND)
        return ExactSeconds.of(self.micros + micros, last=seconds > 0 == micros)

    __radd__ = __add__

    def __lt__(self, other: float) -> bool:
        return self.key < (other.key if type(other) is ExactSeconds else _key(other))

    def __le__(self, other: float) -> bool:
        return self.key <= (other.key if type(other) is ExactSeconds else _key(other))

    def __gt__(self, other: float) -> bool:
        return self.key > (other.key if type(other) is ExactSeconds else _key(other))

    def __ge__(self, other: float) -> bool:
        return self.key >= (other.key if type(other) is ExactSeconds else _key(other))


def _key(seconds: float) -> float:
    return 2 * round(seconds * SECOND) if math.isfinite(seconds) else seconds


@final
class TimerQueue(Generic[Thing]):
    """Everything that waits for a moment, and which of it is next.

    One that is taken back stays in the heap until it comes up, or until half of the heap is such.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._epoch = kernel.now
        self._heap: list[tuple[int, int, int]] = []
        self._live: dict[int, tuple[Thing, engine.TaskOwner | None]] = {}
        self._sequence = 0
        self._now = ExactSeconds.of(0)
        self._zero_sleeps_max = max(kernel.burst // 10, 100)

    def now(self) -> ExactSeconds:
        """The present."""
        micros = self._kernel.now - self._epoch
        if self._now.micros != micros:
            self._now = ExactSeconds.of(micros)
        return self._now

    def until(self, when: float, thing: Thing) -> int:
        """Wake `thing` at a finite moment; returns the number by which it is taken back."""
        if type(when) is ExactSeconds:
            return self._add(when.micros, when.last, thing)
        now, micros = self._kernel.now - self._epoch, round(when * SECOND)
        return self._add(micros, micros == now and when > now / SECOND, thing)

    def after(self, seconds: float, thing: Thing) -> int:
        """Wake `thing` after a finite number of seconds."""
        micros = round(seconds * SECOND)
        now = self._kernel.now - self._epoch
        if micros <= 0:
            return self._add(now, seconds > 0, thing)
        who = engine.running()
        number = self._sequence = self._sequence + 1
        self._live[number] = thing, who
        is_story = who is not None and who.is_story
        heappush(self._heap, (now + micros, int(is_story), number))
        return number

    def _add(self, micros: int, last: bool, thing: Thing) -> int:
        """The story wakes after the handlers, and whoever zero_sleeps (`settled`) after all others."""
        who = engine.running()
        now = self._kernel.now - self._epoch
        if micros <= now:
            micros = now
            if who is not None:
                who.zero_sleeps = who.zero_sleeps + 1 if who.zero_slept_at == now else 1
                who.zero_slept_at = now
        rank = (who is not None and who.is_story) + 2 * last
        number = self._sequence = self._sequence + 1
        self._live[number] = thing, who
        heappush(self._heap, (micros, rank, number))
        return number

    def cancel(self, number: int) -> None:
        """It shall not be woken any more; nothing happens if it was."""
        live, heap = self._live, self._heap
        if live.pop(number, None) is not None and len(heap) > 2 * len(live) + 64:
            heap[:] = [entry for entry in heap if entry[2] in live]
            heapify(heap)

    def due(self) -> int | None:
        """When the next one wants to be woken, microseconds since the Unix epoch."""
        heap, live = self._heap, self._live
        while heap and heap[0][2] not in live:
            heappop(heap)
        return heap[0][0] + self._epoch if heap else None

    def check(self) -> None:
        """Raise `Runaway` when the guest whose turn it is has been woken too often at one instant."""
        _, who = self._live[self._heap[0][2]]
        if who is not None and who.zero_sleeps > self._zero_sleeps_max:
            who.zero_sleeps = 0
            raise Runaway(
                f"{who} slept and woke {self._zero_sleeps_max:,} times at one instant, "
                f"{clock.iso_micros(self._kernel.now)} (seed {self._kernel.seed}): time does not pass "
                "in its loop. Let it: await anyio.sleep(seconds), or wait for an anyio.Event; or raise "
                'the bound, ten times this, with World(limits={"messages_per_instant": ...}).'
            )

    def next(self) -> Thing:
        """The one whose turn it is (`due` has just told when); it sleeps no more. See `check`."""
        thing, who = self._live[self._heap[0][2]]
        if who is not None and who.zero_sleeps > self._zero_sleeps_max:
            self.check()
        del self._live[heappop(self._heap)[2]]
        return thing

    def clear(self) -> None:
        """Forget everybody."""
        self._heap.clear()
        self._live.clear()


def busy(kernel: Kernel, who: engine.TaskOwner | None) -> Runaway:
    """The error for a guest that keeps on running without ever waiting."""
    return Runaway(
        f"{who or 'async code'} ran {steps_max(kernel):,} steps at one instant, "
        f"{clock.iso_micros(kernel.now)} (seed {kernel.seed}), without waiting for time to pass. Let "
        "time pass in its loop: await anyio.sleep(seconds); or raise the bound with "
        'World(limits={"messages_per_instant": ...}).'
    )


def steps_max(kernel: Kernel) -> int:
    """How many steps async code may take before it must wait for time to pass."""
    return max(kernel.burst, 100_000)
