"""One thread at a time in a world.

A world is plain state that one thread changes. Whatever changes it (a run, a call of a client, a handle
that is told something) holds the world's lock meanwhile, and so does whatever reads what grows. A second
thread that comes while the world *runs* is refused: it would act at whatever virtual time the first thread
happens to have reached, so no two runs would be equal. One that comes while the world rests waits for the
call of the other to end.

Whoever holds a world in the main thread also defers signals (`interrupts`).
"""

from __future__ import annotations

import threading
from typing import final

from simbridge.base.errors import SimbridgeError
from simbridge.kernel.interrupts import Interrupts, Post

__all__ = ["Exclusive"]


@final
class Exclusive:
    """The lock of one world, for `with`; re-entrant, as a handler calls clients while the world runs.

    `post` is asked to have a signal acted upon after the message in hand.
    """

    def __init__(self, post: Post) -> None:
        self._interrupts = Interrupts(post)
        self._lock = threading.RLock()
        self._depth = 0
        self._runner: int | None = None

    def __enter__(self) -> None:
        # First the signals: once they are deferred, nothing below can be broken off half-way.
        mine = self._interrupts.begin()
        if not self._lock.acquire(blocking=False):
            try:
                self.check()
            except SimbridgeError:
                if mine:
                    self._interrupts.end()
                raise
            self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth = depth = self._depth - 1
        self._lock.release()
        if not depth:
            self._interrupts.end()

    def begin_run(self) -> None:
        """The world runs from now on, in this thread, which holds it."""
        self._runner = threading.get_ident()
        self._interrupts.repost()

    def end_run(self) -> None:
        """The world runs no more."""
        self._runner = None

    def check(self) -> None:
        """Raise `SimbridgeError` in a thread in which the world does not run, while it runs."""
        if self._runner not in (None, threading.get_ident()):
            raise SimbridgeError(
                "this world is running in another thread: at which virtual time a call from here "
                "would come is not certain. Use a world in one thread: let the other thread hand "
                "over what it has through a queue.Queue, and put it between two runs; a handler calls "
                "from its own thread, and await anyio.to_thread.run_sync(function) runs there, too"
            )
