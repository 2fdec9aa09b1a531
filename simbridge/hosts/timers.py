"""The timer queue: one order of deadlines, the same under every async library.

A deadline is a float of seconds in the libraries' interfaces. A float of seconds cannot distinguish
microseconds after some hundred years, and does not say which task it belongs to. So the clocks return
`ExactSeconds`, floats that know their microsecond, and the order is decided when a timer is set: the
smallest (microsecond, rank, sequence) is first. An object's identity never decides.

The rank is 0 for a handler and 1 for the story, so that the story sees what the handlers of its instant
have done. A timer of `world.settled()` is due now, after everything else: it adds 2. For example, of three
timers that were set for the same microsecond in the order story, handler, handler, the queue returns the
two handlers' in that order, then the story's.
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

    They are compared, with each other and with plain numbers, by their microseconds. So a deadline has
    passed at the instant it was meant for, however its float was rounded:

    >>> century = ExactSeconds.of(100 * 365 * 86400 * SECOND)
    >>> (century + 0.000001) > century
    True
    >>> float(century) * 100 + 0.000001 > float(century) * 100
    False
    """

    __slots__ = ("key", "last", "micros")

    micros: int
    last: bool
    """Whether it is less than half a microsecond ahead: after everything else that is due then."""
    key: int
    """What is compared: twice the microseconds, and one more if it is `last`."""

    @classmethod
    def of(cls, micros: int, last: bool = False) -> ExactSeconds:
        """The instant of this many microseconds since the world began."""
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
    """The pending timers of one engine, each with its thing to resume, and the order among them.

    A cancelled timer stays in the heap until it is first, or until more than half of the heap is cancelled.
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
        """Set a timer for a finite instant; returns its number, for `cancel`."""
        if type(when) is ExactSeconds:
            return self._add(when.micros, when.last, thing)
        now, micros = self._kernel.now - self._epoch, round(when * SECOND)
        return self._add(micros, micros == now and when > now / SECOND, thing)

    def after(self, seconds: float, thing: Thing) -> int:
        """Set a timer of a finite number of seconds; returns its number, for `cancel`."""
        micros = round(seconds * SECOND)
        now = self._kernel.now - self._epoch
        if micros <= 0:
            return self._add(now, seconds > 0, thing)
        owner = engine.running()
        number = self._sequence = self._sequence + 1
        self._live[number] = thing, owner
        is_story = owner is not None and owner.is_story
        heappush(self._heap, (now + micros, int(is_story), number))
        return number

    def _add(self, micros: int, last: bool, thing: Thing) -> int:
        """Set a timer, and count it if it is due now. `last`: after all others (`settled`)."""
        owner = engine.running()
        now = self._kernel.now - self._epoch
        if micros <= now:
            micros = now
            if owner is not None:
                owner.zero_sleeps = owner.zero_sleeps + 1 if owner.zero_slept_at == now else 1
                owner.zero_slept_at = now
        rank = (owner is not None and owner.is_story) + 2 * last
        number = self._sequence = self._sequence + 1
        self._live[number] = thing, owner
        heappush(self._heap, (micros, rank, number))
        return number

    def cancel(self, number: int) -> None:
        """Cancel a timer; nothing happens if it has expired."""
        live, heap = self._live, self._heap
        if live.pop(number, None) is not None and len(heap) > 2 * len(live) + 64:
            heap[:] = [entry for entry in heap if entry[2] in live]
            heapify(heap)

    def due(self) -> int | None:
        """When the next timer is due, in microseconds since the Unix epoch; None without a timer."""
        heap, live = self._heap, self._live
        while heap and heap[0][2] not in live:
            heappop(heap)
        return heap[0][0] + self._epoch if heap else None

    def check(self) -> None:
        """Raise `Runaway` if the owner of the next timer has set too many at one instant."""
        _, owner = self._live[self._heap[0][2]]
        if owner is not None and owner.zero_sleeps > self._zero_sleeps_max:
            owner.zero_sleeps = 0
            raise Runaway(
                f"{owner} slept and woke {self._zero_sleeps_max:,} times at one instant, "
                f"{clock.iso_micros(self._kernel.now)} (seed {self._kernel.seed}): time does not pass "
                "in its loop. Let it: await anyio.sleep(seconds), or wait for an anyio.Event; or raise "
                'the bound, ten times this, with World(limits={"messages_per_instant": ...}).'
            )

    def next(self) -> Thing:
        """Remove the next timer and return its thing. Call `due` first. See `check`."""
        thing, owner = self._live[self._heap[0][2]]
        if owner is not None and owner.zero_sleeps > self._zero_sleeps_max:
            self.check()
        del self._live[heappop(self._heap)[2]]
        return thing

    def clear(self) -> None:
        """Remove all timers."""
        self._heap.clear()
        self._live.clear()


def busy(kernel: Kernel, owner: engine.TaskOwner | None) -> Runaway:
    """The error for a story or a handler that runs on without ever waiting."""
    return Runaway(
        f"{owner or 'async code'} ran {steps_max(kernel):,} steps at one instant, "
        f"{clock.iso_micros(kernel.now)} (seed {kernel.seed}), without waiting for time to pass. Let "
        "time pass in its loop: await anyio.sleep(seconds); or raise the bound with "
        'World(limits={"messages_per_instant": ...}).'
    )


def steps_max(kernel: Kernel) -> int:
    """How many steps async code may take before it must wait for time to pass."""
    return max(kernel.burst, 100_000)
