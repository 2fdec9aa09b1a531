"""A trio run without sockets and pipes, which do not exist in virtual time.

trio opens five file descriptors for each run: to wait for sockets, and to be woken from that by other
threads. A run that the kernel steps never waits. So both are closed as soon as the run has begun, and
replaced by the classes here. Private names of trio are used here as in `hosts/trio`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, final

import trio

from simbridge.hosts import engine

__all__ = ["NoFiles", "Wakeup", "put_into"]


def put_into(runner: Any) -> None:
    """Close the files of a run and replace them, before any of its tasks has waited for one."""
    wakeup = Wakeup()
    runner.io_manager.close()
    runner.io_manager = NoFiles(wakeup)
    runner.entry_queue.wakeup.close()
    runner.entry_queue.wakeup = wakeup


@final
class Wakeup:
    """Wakes the task that runs the entry queue of a run; replaces trio's pair of sockets."""

    def __init__(self) -> None:
        self._waiting: trio.lowlevel.Task | None = None
        self._woken = False

    @property
    def due(self) -> bool:
        """Whether the task waits and has been woken."""
        return self._woken and self._waiting is not None

    async def wait_woken(self) -> None:
        """Wait until a call is queued."""

        def abort(_: Any) -> trio.lowlevel.Abort:
            self._waiting = None
            return trio.lowlevel.Abort.SUCCEEDED

        self._waiting = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(abort)

    def wakeup_thread_and_signal_safe(self) -> None:
        """A call was queued, perhaps by the garbage collector, at any time and in any thread."""
        self._woken = True

    def wake(self) -> None:
        """Let the task run."""
        task, self._waiting, self._woken = self._waiting, None, False
        assert task is not None
        trio.lowlevel.reschedule(task)

    def close(self) -> None:
        """Nothing is open."""


@final
class NoFiles:
    """Replaces trio's manager of sockets and pipes in a run that can have none."""

    def __init__(self, wakeup: Wakeup) -> None:
        self._wakeup = wakeup

    def get_events(self, timeout: float) -> bool:
        """Whether there is anything to process; we never let trio wait for it."""
        return self._wakeup.due

    def process_events(self, events: bool) -> None:
        """Wake the task that `get_events` has seen."""
        if events and self._wakeup.due:
            self._wakeup.wake()

    def force_wakeup(self) -> None:
        """trio never sleeps here."""

    def close(self) -> None:
        """Nothing is open."""

    def statistics(self) -> Any:
        """What `trio.lowlevel.current_statistics` shows."""
        return SimpleNamespace(backend="simbridge")

    async def wait_readable(self, fd: object) -> None:
        """Refuse to wait for a socket or a pipe."""
        engine.impossible("a socket or a pipe")

    wait_writable = wait_readable

    def notify_closing(self, fd: object) -> None:
        """No task waits for it."""
