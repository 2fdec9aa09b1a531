"""The timer queue: order and cancellation."""

from __future__ import annotations

from simbridge.hosts.timers import TimerQueue
from simbridge.kernel import Kernel


def test_cancelled_timers_are_removed() -> None:
    """Timers that are cancelled before they are due do not accumulate, and the others keep their order."""
    kernel = Kernel(1, 0, lambda address, message: None)
    timers: TimerQueue[int] = TimerQueue(kernel)
    for number in range(10_000):
        timer = timers.after(1000 - number % 7, number)
        if number % 1000:
            timers.cancel(timer)
    assert len(timers._heap) < 200
    woken = []
    while timers.due() is not None:
        woken.append(timers.next())
    assert woken == sorted(range(0, 10_000, 1000), key=lambda number: (-(number % 7), number))
