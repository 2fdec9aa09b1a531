"""The kernel alone: messages per second with the trace on, beside SimPy's `Store`."""

from __future__ import annotations

from collections.abc import Iterator

import measure
import msgspec
import peers
import simpy

from simbridge.base.clock import SECOND
from simbridge.kernel import Kernel, Turn

MESSAGES = 300_000
WAITERS, WAITS = 1000, 200


class Ball(msgspec.Struct, frozen=True, gc=False):
    """What two players throw to each other."""

    left: int


class Player:
    """Throws the ball back until nothing is left."""

    def __init__(self, other: str) -> None:
        self.other = other

    def receive(self, message: Ball, turn: Turn) -> None:
        """Throw it back."""
        if message.left:
            turn.send(self.other, Ball(message.left - 1))


class Waiter:
    """Sends itself one message after another, each a second later."""

    def receive(self, message: Ball, turn: Turn) -> None:
        """Wait again."""
        if message.left:
            turn.send(turn.address, Ball(message.left - 1), after=SECOND)


def _kernel() -> Kernel:
    return Kernel(0, 0, lambda address, message: None, burst=10 * MESSAGES)


def messages() -> float:
    """Messages per second between two actors, all at one instant."""
    kernel = _kernel()
    kernel.actors.update(a=Player("b"), b=Player("a"))
    kernel.send("x", "a", Ball(MESSAGES - 1))
    figure = measure.per_second(MESSAGES, kernel.settle)
    assert len(kernel.trace) == MESSAGES
    return figure


def timers() -> float:
    """Messages per second of a thousand actors that each wait a second for their next one."""
    kernel = _kernel()
    for number in range(WAITERS):
        kernel.actors[str(number)] = Waiter()
        kernel.send("x", str(number), Ball(WAITS - 1), after=number + 1)
    figure = measure.per_second(WAITS * WAITERS, lambda: kernel.run(WAITS * SECOND))
    assert len(kernel.trace) == WAITS * WAITERS
    return figure


def simpy_timeouts() -> float:
    """Timeouts per second of a thousand SimPy processes that each wait a second again and again."""
    env = simpy.Environment()

    def wait(first: float) -> Iterator[simpy.Event]:
        yield env.timeout(first)
        for _ in range(WAITS - 1):
            yield env.timeout(1)

    for number in range(WAITERS):
        env.process(wait(number / 1_000_000))
    return measure.per_second(WAITS * WAITERS, env.run)


def main() -> None:
    """Print the table."""
    measure.title("Kernel, every message recorded")
    pair = measure.beside(messages, peers.simpy_store)
    measure.row("messages/s, at one instant", pair, "SimPy Store messages/s", 2)
    pair = measure.beside(timers, simpy_timeouts)
    measure.row("messages/s, each at its own instant", pair, "SimPy timeouts/s")


if __name__ == "__main__":
    main()
