"""A warning for user code that waits in real time, in which virtual time cannot pass.

This reads the machine's clocks to warn, and for nothing else: none of its figures reaches a trace.
"""

from __future__ import annotations

import threading
import time
from typing import final

from simbridge.base.errors import BlockingCallWarning

try:
    import resource
except ImportError:  # Windows: only processor time is available
    resource = None  # type: ignore[assignment]

__all__ = ["BlockingWatch", "of_thread"]

BLOCKED_S = 1.0
_PREEMPTED_S = 0.1
"""How long one involuntary context switch may keep a thread from the processor."""


@final
class BlockingWatch:
    """Detects that a step of code has waited for more than a second of real time.

    Waiting is real time less processor time, and a thread that waits has made a voluntary context
    switch; one that computes on a busy machine has made involuntary ones. If other threads of the process
    compute meanwhile, a thread that waits for Python's lock looks the same, so there is no warning then.
    These figures are system calls, as costly as a good part of a step. So they are not read again before a
    tenth of the bound has passed: a wait is noticed a tenth later at most.
    """

    def __init__(self) -> None:
        self.depth = 0
        """How many steps of user code the thread is in: one may run another world."""
        self._began = self._asked = time.perf_counter()
        self._worked, self._all_worked = time.thread_time(), time.process_time()
        self._switches = _switches()

    def begin(self) -> None:
        """A step begins; `end` or `abandon` ends it."""
        self.depth += 1
        self._began = time.perf_counter()
        if self._began - self._asked > BLOCKED_S / 10:
            self._asked, self._worked = self._began, time.thread_time()
            self._all_worked = time.process_time()
            self._switches = _switches()

    def end(self, what: str) -> BlockingCallWarning | None:
        """The step of `what` has ended; returns a warning if it waited."""
        self.depth -= 1
        spent = time.perf_counter() - self._began
        if spent <= BLOCKED_S:
            return None
        worked = time.thread_time() - self._worked
        others = time.process_time() - self._all_worked - worked
        idle = spent - worked
        if idle <= BLOCKED_S or others > spent / 20 or not self._waited(idle):
            return None
        return BlockingCallWarning(
            f"{what} held the thread for {idle:.1f} s of real time (time.sleep, a socket?); "
            "virtual time cannot pass meanwhile: in async code, await anyio.sleep(seconds)"
        )

    def abandon(self) -> None:
        """The step has ended with an exception."""
        self.depth -= 1

    def _waited(self, idle: float) -> bool:
        before, now = self._switches, _switches()
        if before is None or now is None:
            return True
        return now[0] > before[0] and idle > _PREEMPTED_S * (now[1] - before[1])


def _switches() -> tuple[int, int] | None:
    """The voluntary and the involuntary context switches of this thread, if the system counts them."""
    if resource is None or not hasattr(resource, "RUSAGE_THREAD"):
        return None
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_nvcsw, usage.ru_nivcsw


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.watch = BlockingWatch()


_local = _OfThread()


def of_thread() -> BlockingWatch:
    """The watch of the current thread."""
    return _local.watch
