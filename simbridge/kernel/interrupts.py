"""Signals act between two messages of a world, not in the middle of one.

An interrupt (Ctrl-C, a notebook's stop button) or an alarm (a test runner's time-out) may occur at any
bytecode, and would leave a message half handled. So while a world is held in the main thread, signals
that have a handler in Python are deferred: a signal is recorded, and its handler is called when the current
message has been handled, or the call answered. The state is then one that an undisturbed run passes
through, and the world can go on. trio defers interrupts to its checkpoints for the same reason:
https://vorpus.org/blog/control-c-handling-in-python-and-trio/

User code may take long, or wait for ever. If it does not return within `GRACE_S`, the signal is repeated,
and a repeated signal acts at once, as a second Ctrl-C does. What it interrupts is left half-done, so the
world cannot go on (`from_a_signal` distinguishes such an error from one that user code raised).

The machine's clock decides when a signal is repeated, and nothing else. Signals of profilers are not
deferred: their handlers look at the code that they interrupt.
"""

from __future__ import annotations

# What `signal` wraps: its conversions to enums cost more than a short run of a world.
import _signal  # type: ignore[import-not-found]
import _thread
import signal
import threading
from collections.abc import Callable
from typing import Any, final

from simbridge.base import blocking

__all__ = ["GRACE_S", "Interrupts", "from_a_signal"]

GRACE_S = 1.0
"""Seconds that user code may go on after a signal before it is interrupted."""

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")
_DEFERRED = tuple(int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name))

_MAIN = threading.main_thread()

Post = Callable[[Callable[[], None]], None]


@final
class Interrupts:
    """Defers signals while one world is held; `post(act)` has `act` called between two messages."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._deferred: list[_Deferred] | None = None

    def begin(self) -> bool:
        """Replace the handlers of signals by ours; returns whether this call has done so."""
        if self._deferred is not None or threading.get_ident() != _MAIN.ident:
            return False
        deferred: list[_Deferred] = []
        try:
            for number in _DEFERRED:
                theirs = _signal.getsignal(number)
                if callable(theirs):
                    deferred.append(ours := _Deferred(number, theirs, self._post))
                    _signal.signal(number, ours)
        except BaseException:  # a signal whose handler is not replaced yet has come
            _restore(deferred)
            raise
        self._deferred = deferred
        return True

    def end(self) -> None:
        """Restore the handlers, and call those whose signals have come."""
        if threading.get_ident() != _MAIN.ident:
            return
        deferred, self._deferred = self._deferred or [], None
        _restore(deferred)
        for ours in deferred:
            ours.act()

    def repost(self) -> None:
        """A run begins in a world that is held already: signals that have come meanwhile are due now."""
        for ours in self._deferred or ():
            ours.repost()


@final
class _Deferred:
    """The handler of a signal while a world is held: records the first signal, passes on the second."""

    __slots__ = ("_pending", "_post", "_watch", "number", "theirs")

    def __init__(self, number: int, theirs: Any, post: Post) -> None:
        self.number = number
        self.theirs = theirs
        self._post = post
        self._pending = False
        self._watch: blocking.BlockingWatch | None = None

    def __call__(self, number: int, frame: Any) -> None:
        if self._pending:
            self._pending = False
            self.theirs(number, frame)
            return
        self._pending = True
        self._watch = blocking.of_thread()
        self._post(self.act)
        self._repeat_later()

    def act(self) -> None:
        """Call the handler, if its signal has come; Python's own of SIGINT raises KeyboardInterrupt."""
        if self._pending:
            self._pending = False
            self.theirs(self.number, None)

    def repost(self) -> None:
        """Have the handler called between two messages, if it is still pending."""
        if self._pending:
            self._post(self.act)

    def _repeat_later(self) -> None:
        timer = threading.Timer(GRACE_S, self._repeat)
        timer.daemon = True
        timer.start()

    def _repeat(self) -> None:
        """Interrupt user code that has not returned; runs in its own thread."""
        if not self._pending:
            return
        if self._watch is None or not self._watch.depth:
            self._repeat_later()  # simbridge's own code runs, and will return
        elif hasattr(signal, "pthread_kill") and _MAIN.ident is not None:
            signal.pthread_kill(_MAIN.ident, self.number)  # wakes a thread that waits in C, too
        else:
            _thread.interrupt_main()


def _restore(deferred: list[_Deferred]) -> None:
    """Restore the handlers, except where user code has set others meanwhile."""
    for ours in deferred:
        if _signal.getsignal(ours.number) is ours:
            _signal.signal(ours.number, ours.theirs)


def from_a_signal(error: BaseException) -> bool:
    """Whether the handler of a signal has raised an error, and not the code that was running."""
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_code is _Deferred.__call__.__code__:
            return True
        at = at.tb_next
    return False
