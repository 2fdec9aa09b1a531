"""What ends a run, and what a run that has ended badly leaves behind.

An error that ends the run, or a signal, must not act in the middle of a message. It is put at the head
of the queue instead, as a control message. That is not part of the simulation: it draws no sequence number
and leaves no record.

When the handling of a message raises by itself, there are two cases. The actor says that it has changed
nothing (`Turn.undo`): the message returns to the queue, and the world can go on. Or its state may be
half-changed: then the world is broken, and every later use of it is refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, final

from simbridge.base.errors import SimbridgeError
from simbridge.kernel.records import OUTSIDE, Entry
from simbridge.kernel.turn import Turn

__all__ = ["ControlMessage", "RunControl"]


@final
class ControlMessage(NamedTuple):
    """Call `act` before the next message; it usually raises what ends the run."""

    act: Callable[[], None]


@final
class RunControl:
    """The actor that receives the control messages of one kernel, and what it knows of errors."""

    def __init__(self, ready: deque[Entry]) -> None:
        self._ready = ready
        self._undone: BaseException | None = None
        self._ended: BaseException | None = None
        self._broken = ""

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_undone": None, "_ended": None}

    def receive(self, message: ControlMessage, turn: Turn) -> None:
        """Call `act`; what it raises ends the run in an orderly way."""
        try:
            message.act()
        except BaseException as error:
            self._ended = error
            raise

    def post(self, now: int, act: Callable[[], None]) -> None:
        """Have `act` called before the next message."""
        self._ready.appendleft((now, 0, 0, OUTSIDE, "", ControlMessage(act)))

    def act(self) -> None:
        """Call what was posted during the last message of a run."""
        if self._ready and type(self._ready[0][5]) is ControlMessage:
            self._ready.popleft()[5].act()

    def discard(self) -> None:
        """Remove the control messages that are left: one error ends a run, not the next one too."""
        while self._ready and type(self._ready[0][5]) is ControlMessage:
            self._ready.popleft()

    def undo(self, error: BaseException) -> None:
        """The actor that is about to raise this error has changed nothing."""
        self._undone = error

    def broke(self, what: str, error: BaseException) -> None:
        """See `Kernel.broke`."""
        self._broken = self._broken or f"{what} was broken off by {type(error).__name__}"

    def check(self) -> None:
        """See `Kernel.check`."""
        if self._broken:
            raise SimbridgeError(
                f"this world cannot go on: {self._broken}, so its state is half-changed. Its trace can "
                "still be read. Run the scenario again in a new world, or go on from a fork that was "
                "made before"
            )

    def stopped(self, entry: Entry | None, error: BaseException, trace: list[Entry]) -> None:
        """The handling of `entry` has raised: undo it, or mark the world as broken."""
        ended, self._ended = self._ended, None
        if error is ended:
            return
        undone, self._undone = self._undone, None
        if entry is None or error is not undone:
            what = f"the handling of {type(entry[5]).__name__} at {entry[4]}" if entry else "a step"
            self.broke(what, error)
            return
        if trace and trace[-1] is entry:
            trace.pop()
        self._ready.appendleft(entry)
