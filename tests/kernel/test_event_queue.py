"""Cancelling: a message that is cancelled was never sent, whether it is due now or later."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simbridge.kernel import Kernel, Turn


class Sender:
    """Sends numbers from 0 on to `to`, and cancels some of them on request."""

    def __init__(self, delays: tuple[int, ...], cancelled: tuple[int, ...]) -> None:
        self.delays, self.cancelled = delays, cancelled
        self.sent: list[int] = []

    def receive(self, message: Any, turn: Turn) -> None:
        """`send` sends, anything else cancels."""
        if message == "send":
            self.sent = [turn.send("to", n, after=delay) for n, delay in enumerate(self.delays)]
        else:
            for number in self.cancelled:
                turn.cancel(self.sent[number])


class Receiver:
    """Remembers nothing: the trace does."""

    def receive(self, message: Any, turn: Turn) -> None:
        """Take anything."""


def kernel_with(delays: tuple[int, ...], cancelled: tuple[int, ...]) -> Kernel:
    """A sender and a receiver at time 0."""
    kernel = Kernel(1, 0, lambda address, message: None)
    kernel.actors |= {"from": Sender(delays, cancelled), "to": Receiver()}
    return kernel


def arrived(kernel: Kernel) -> list[tuple[int, Any]]:
    """When what was received."""
    return [(entry[0], entry[5]) for entry in kernel.trace if entry[4] == "to"]


@given(
    st.lists(st.tuples(st.sampled_from([0, 3]) | st.integers(1, 99), st.booleans()), max_size=20)
)
def test_what_is_cancelled_is_not_delivered(messages: list[tuple[int, bool]]) -> None:
    """Everything else arrives as if it had been alone, in the order (time, sequence)."""
    delays = tuple(delay for delay, _ in messages)
    cancelled = tuple(n for n, (_, gone) in enumerate(messages) if gone)
    kernel = kernel_with(delays, cancelled)
    kernel.send("story", "from", "send")
    kernel.send("story", "from", "cancel")
    kernel.run(100)
    assert arrived(kernel) == sorted(
        (delays[n], n) for n, (_, gone) in enumerate(messages) if not gone
    )


def test_a_message_that_has_arrived_stays() -> None:
    """Cancelling too late changes nothing, nor does cancelling twice."""
    kernel = kernel_with((0, 5, 9, 9, 9), (0, 1, 1))
    kernel.send("story", "from", "send")
    kernel.run(6)
    kernel.send("story", "from", "cancel")
    kernel.run(20)
    assert arrived(kernel) == [(0, 0), (5, 1), (9, 2), (9, 3), (9, 4)]


def test_a_cancelled_message_does_not_move_time() -> None:
    """The next step goes to what is left, and to nothing when nothing is."""
    kernel = kernel_with((5, 9, 30, 30, 30), (0, 1, 2, 3, 4))
    kernel.send("story", "from", "send")
    kernel.send("story", "from", "cancel")
    assert kernel.step() and kernel.step()
    assert kernel.step() is None
    assert kernel.now == 0
