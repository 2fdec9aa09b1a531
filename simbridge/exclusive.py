"""One thread at a time in a world, and interrupts only between two messages.

A world is plain state that one thread changes. Whatever changes it (a run, a call of a client, a handle
that is told something) holds the world's lock meanwhile. A second thread that comes while the world
*runs* is refused: it would act at whatever virtual time the first thread happens to have reached, so no
two runs would be equal. One that comes while the world rests waits for the call of the other to end.

An interrupt (Ctrl-C, a notebook's stop button) may hit any bytecode, and would leave a message half
handled. So while a world is held in the main thread, SIGINT is deferred: it is noted, and acts once the
message in hand has been handled, or the call answered. The state is then one that an uninterrupted run
passes through, and the world can go on. Your own code may take long, or wait for ever: where it does not
return within `GRACE_S` the interrupt is repeated, and a repeated interrupt acts at once, as a second
Ctrl-C does. trio defers interrupts to its checkpoints in the same spirit.

The clock of the machine decides here when an interrupt is repeated, and nothing else.
"""

from __future__ import annotations

# What `signal` wraps: its conversions to enums cost more than a short run of a world.
import _signal  # type: ignore[import-not-found]
import _thread
import signal
import threading
from collections.abc import Callable
from typing import Any, final

from simbridge import watch
from simbridge.errors import SimbridgeError

__all__ = ["GRACE_S", "Exclusive"]

GRACE_S = 1.0
"""Seconds that your code may go on after an interrupt before it is broken off."""

_MAIN = threading.main_thread()


@final
class Exclusive:
    """The lock of one world, for `with`; re-entrant, as a handler calls clients while the world runs.

    `post` is asked to have the interrupt raised after the message in hand; `running` tells whether
    the world runs.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], running: Callable[[], bool]
    ) -> None:
        self._post = post
        self._running = running
        self._lock = threading.RLock()
        self._depth = 0
        self._interrupt: _Interrupt | None = None

    def __enter__(self) -> None:
        # First the handler: once it is there, nothing below can be broken off half-way.
        mine = self._defer() if threading.get_ident() == _MAIN.ident else None
        if not self._lock.acquire(blocking=False):
            if self._running():
                if mine is not None:
                    self._restore()
                raise SimbridgeError(
                    "this world is running in another thread: at which virtual time a call from here "
                    "would come is not certain. Use a world in one thread: let the other thread hand "
                    "over what it has through a queue.Queue, and put it between two runs; a handler calls "
                    "from its own thread, and await anyio.to_thread.run_sync(function) runs there, too"
                )
            self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth = depth = self._depth - 1
        self._lock.release()
        if not depth and threading.get_ident() == _MAIN.ident:
            self._restore()

    def repost(self) -> None:
        """A run begins in a world that is held already: what has come meanwhile is due now."""
        if self._interrupt is not None:
            self._interrupt.repost()

    def _defer(self) -> _Interrupt | None:
        """Put our handler of SIGINT in the place of Python's, or the user's, if it is not there yet."""
        if self._interrupt is not None:
            return None
        previous = _signal.getsignal(signal.SIGINT)
        if not callable(previous):
            return None
        mine = _Interrupt(previous, self._post)
        _signal.signal(signal.SIGINT, mine)
        self._interrupt = mine
        return mine

    def _restore(self) -> None:
        """Put the other handler back, and let it act if there was an interrupt."""
        mine, self._interrupt = self._interrupt, None
        if mine is None:
            return
        if _signal.getsignal(signal.SIGINT) is mine:  # else your code has set its own meanwhile
            _signal.signal(signal.SIGINT, mine.previous)
        mine.act()


@final
class _Interrupt:
    """The handler of SIGINT while a world is held: notes the first one, passes on the second."""

    __slots__ = ("_pending", "_post", "_watch", "previous")

    def __init__(self, previous: Any, post: Callable[[Callable[[], None]], None]) -> None:
        self.previous = previous
        self._post = post
        self._pending = False
        self._watch: watch.Watch | None = None

    def __call__(self, number: int, frame: Any) -> None:
        if self._pending:
            self._pending = False
            self.previous(number, frame)
            return
        self._pending = True
        self._watch = watch.of_thread()
        self._post(self.act)
        self._repeat_later()

    def act(self) -> None:
        """Raise what was deferred, if anything was: what Python's own handler of SIGINT raises."""
        if self._pending:
            self._pending = False
            self.previous(signal.SIGINT, None)

    def repost(self) -> None:
        """Have it acted upon again between two messages, if it is still to come."""
        if self._pending:
            self._post(self.act)

    def _repeat_later(self) -> None:
        timer = threading.Timer(GRACE_S, self._repeat)
        timer.daemon = True
        timer.start()

    def _repeat(self) -> None:
        """In a thread of its own: break off user code that has not returned."""
        if not self._pending:
            return
        if self._watch is None or not self._watch.depth:
            self._repeat_later()  # simbridge is at work itself, and will be done
        elif hasattr(signal, "pthread_kill") and _MAIN.ident is not None:
            signal.pthread_kill(_MAIN.ident, signal.SIGINT)  # wakes a thread that waits in C, too
        else:
            _thread.interrupt_main()
