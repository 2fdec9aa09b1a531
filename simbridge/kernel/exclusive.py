"""One thread at a time in a world.

A world is plain state that one thread at a time changes. A run, a call of a client and a method of a
handle hold the world's lock while they change it, and so does a read of what grows. A second thread is
refused while the world *runs*: it would act at whatever virtual time the first thread has reached, so no
two runs would be equal. While no run is in progress, it waits until the call of the other thread has ended.

In the main thread, holding the lock also defers signals (`interrupts`).
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

    `post(act)` has `act`, which handles a signal, called after the current message.
    """

    def __init__(self, post: Post) -> None:
        self._interrupts = Interrupts(post)
        self._lock = threading.RLock()
        self._depth = 0
        self._runner: int | None = None

    def __enter__(self) -> None:
        # First the signals: once they are deferred, nothing below can be interrupted half-way.
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
        """A run begins, in this thread, which holds the lock."""
        self._runner = threading.get_ident()
        self._interrupts.repost()

    def end_run(self) -> None:
        """The run has ended."""
        self._runner = None

    def check(self) -> None:
        """Raise `SimbridgeError` while the world runs in another thread."""
        if self._runner not in (None, threading.get_ident()):
            raise SimbridgeError(
                "this world is running in another thread: the virtual time of a call from this thread "
                "would not be certain. Use a world in one thread: pass data of other threads through a "
                "queue.Queue, and put it between two runs. A handler runs in the world's thread, and "
                "await anyio.to_thread.run_sync(function) runs there, too"
            )
