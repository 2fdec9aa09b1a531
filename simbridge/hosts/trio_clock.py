"""trio's clock and deadlines in virtual time.

trio asks its clock how long it may sleep exactly when no task is runnable. The clock here answers zero, and
remembers that everything waits. A deadline expires only after `wake`, one for each call, in the order of the
timer queue (`hosts/timers`).
"""

from __future__ import annotations

import math
from typing import final

import trio

from simbridge.hosts.timers import TimerQueue

__all__ = ["Deadlines", "VirtualClock"]


@final
class VirtualClock(trio.abc.Clock):
    """The kernel's clock, as trio sees it."""

    def __init__(self, timers: TimerQueue[trio.CancelScope]) -> None:
        self._timers = timers
        self.idle = False
        self.one_may_wake = False

    def start_clock(self) -> None:
        """Do nothing: the kernel moves time."""

    def current_time(self) -> float:
        """The kernel's time, in seconds since the world began."""
        return self._timers.now()

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Never let trio sleep; called exactly when no task is runnable."""
        self.idle = True
        return 0


@final
class Deadlines:
    """The deadlines of one trio run; replaces trio's own container."""

    def __init__(self, timers: TimerQueue[trio.CancelScope], clock: VirtualClock) -> None:
        self._timers = timers
        self._clock = clock
        self._numbers: dict[trio.CancelScope, int] = {}

    def add(self, deadline: float, cancel_scope: trio.CancelScope) -> None:
        """Set a timer for the deadline of a scope."""
        if deadline == -math.inf:
            deadline = self._clock.current_time()
        self._numbers[cancel_scope] = self._timers.until(deadline, cancel_scope)

    def remove(self, deadline: float, cancel_scope: trio.CancelScope) -> None:
        """Cancel the timer of a scope."""
        self._timers.cancel(self._numbers.pop(cancel_scope))

    def next_deadline(self) -> float:
        """Infinity: trio only compares it, and passes it to our clock, which ignores it."""
        return math.inf

    def expire(self, now: float) -> bool:
        """Cancel the scope of the next timer, once after each `wake`; no other."""
        if not self._clock.one_may_wake:
            return False
        self._clock.one_may_wake = False
        self._timers.next().cancel()
        return True
