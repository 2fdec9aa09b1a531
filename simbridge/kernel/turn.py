"""An actor, and the turn in which it handles one message."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from heapq import heappush
from typing import Any, Protocol, final

from simbridge.base import rng
from simbridge.base.errors import InvalidTime, SimbridgeError
from simbridge.kernel.event_queue import EventQueue
from simbridge.kernel.host import Host
from simbridge.kernel.interrupts import from_a_signal
from simbridge.kernel.records import OUTSIDE, Entry

__all__ = ["Actor", "Turn"]


class Actor(Protocol):
    """Something with an address that handles one message at a time, to completion."""

    def receive(self, message: Any, turn: Turn) -> None:
        """Handle one message. Whatever an actor does to others, it does through `turn`."""


class TurnKernel(Protocol):
    """What a turn needs from its kernel."""

    seed: int
    now: int
    sequence: int
    queue: EventQueue
    trace: list[Entry]
    actors: dict[str, Actor]
    host: Host | None
    coroutine_started: bool

    def send(self, sender: str, to: str, message: Any, *, after: int = 0, cause: int = 0) -> None:
        """See `Kernel.send`."""

    def random(self, address: str, purpose: str) -> random.Random:
        """See `Kernel.random`."""

    def fail(self, error: BaseException) -> None:
        """See `Kernel.fail`."""

    def broke(self, what: str, error: BaseException) -> None:
        """See `Kernel.broke`."""

    def undo(self, error: BaseException) -> None:
        """See `Kernel.undo`."""


@final
class Turn:
    """What an actor may do while it handles one message.

    There is one `Turn` for each kernel, refilled for each message: an actor must not keep it.
    """

    __slots__ = (
        "_calendar",
        "_kernel",
        "_ready",
        "_times",
        "address",
        "now",
        "sender",
        "sequence",
    )

    def __init__(self, kernel: TurnKernel) -> None:
        self._kernel = kernel
        self._ready = kernel.queue.ready
        self._times = kernel.queue.times
        self._calendar = kernel.queue.calendar
        self.now = kernel.now
        self.sequence = 0
        self.address = OUTSIDE
        self.sender = OUTSIDE

    def send(self, to: str, message: Any, after: int = 0) -> int:
        """Send a message, due `after` microseconds from now (0: at this instant).

        Returns its sequence number, with which it can be cancelled. Raises `InvalidTime` for a negative
        delay.
        """
        kernel = self._kernel
        sequence = kernel.sequence = kernel.sequence + 1
        if after:
            if after < 0:
                raise InvalidTime(
                    f"negative delay {after} µs: messages only travel forward in time"
                )
            time = self.now + after
            # `EventQueue.schedule` inlined: every retry passes here, and a call costs as much as the rest
            calendar = self._calendar
            entry = (time, sequence, self.sequence, self.address, to, message)
            others = calendar.get(time)
            if others is None:
                calendar[time] = entry
                heappush(self._times, time)
            elif type(others) is list:
                others.append(entry)
            else:
                calendar[time] = [others, entry]  # type: ignore[list-item]
        else:
            self._ready.append((self.now, sequence, self.sequence, self.address, to, message))
        return sequence

    def cancel(self, sequence: int) -> None:
        """Cancel a message that is not delivered yet, as if it had never been sent.

        For long timers. The search is linear in the number of pending messages, so an actor that
        would cancel a message in every turn should ignore the message on arrival instead.
        """
        self._kernel.queue.cancel(sequence)

    def reply(self, message: Any, after: int = 0) -> None:
        """Send a message back to the sender of the current one."""
        self.send(self.sender, message, after)

    def random(self, purpose: str) -> random.Random:
        """This actor's own stream of random numbers for one purpose (see `Kernel.random`)."""
        return self._kernel.random(self.address, purpose)

    def key(self, purpose: str, name: str) -> int:
        """A 64-bit key for this actor, purpose and name, the same at each call (`simbridge.base.rng`)."""
        return rng.key(self._kernel.seed, self.address, purpose, name)

    def sender_later(self) -> Callable[..., None]:
        """`Kernel.send`, for messages that are sent after this turn is over (a coroutine's answer)."""
        return self._kernel.send

    def clock(self) -> Callable[[], int]:
        """A function that returns the current instant, for use after this turn is over."""
        kernel = self._kernel
        return lambda: kernel.now

    def start(
        self,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: Callable[[BaseException], None],
        within_us: int | None = None,
    ) -> None:
        """Start a coroutine of this actor. It runs at once, up to its first wait.

        Call it last in a turn: what the coroutine raises here ends the run (`fail`).
        """
        host = self._kernel.host
        if host is None:
            raise SimbridgeError(
                f"{self.address} has an async handler, and this kernel has no async host: set Kernel.host"
            )
        self._kernel.coroutine_started = True
        try:
            host.start(self.address, self.sequence, function, done, raised, within_us)
        except BaseException as error:
            self.fail(error, "a start of async code" if from_a_signal(error) else "")

    def fail(self, error: BaseException, broken: str = "") -> None:
        """End the run with this error once this message has been handled.

        `broken` names what was interrupted half-way, if anything was; then the world cannot go on.
        """
        self._kernel.fail(error)
        if broken:
            self._kernel.broke(broken, error)

    def undo(self, error: BaseException, cause: BaseException | None = None) -> BaseException:
        """Return the error, to be raised by an actor that has not changed or sent anything yet.

        The message returns to the head of the queue, without a record, and is delivered again if the
        world goes on: `raise turn.undo(HandlerFailed(...), error) from error`. If the user's code that
        raised `cause` has called the world before, or was interrupted by a signal, nothing can be undone,
        and the world cannot go on.
        """
        kernel = self._kernel
        called = any(
            entries and entries[-1][2] == self.sequence for entries in (kernel.trace, self._ready)
        )
        if not called and not from_a_signal(cause or error):
            kernel.undo(error)
        return error

    def warn(self, warning: Warning) -> None:
        """Warn the user. If warnings are errors, that ends the run after this message."""
        try:
            warnings.warn(warning, stacklevel=2)
        except Warning as error:
            self.fail(error)

    def stop(self) -> None:
        """Deregister this actor."""
        self._kernel.actors.pop(self.address, None)
