"""The kernel alone: order, causes, time, forks and pickles."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base import clock
from simbridge.base.errors import InvalidTime, SimbridgeError
from simbridge.kernel import Kernel, Turn


class Plan:
    """An actor that sends, for each message (a tuple of plans), one message per plan in it."""

    def receive(self, message: Any, turn: Turn) -> None:
        """A plan is (delay, to, what to send on)."""
        for delay, to, then in message:
            turn.send(to, then, after=delay)


def kernel_of(**options: Any) -> Kernel:
    """Three such actors, at time 0."""
    kernel = Kernel(options.pop("seed", 1), 0, lambda address, message: None, **options)
    kernel.actors |= {name: Plan() for name in "abc"}
    return kernel


plans = st.recursive(
    st.just(()),
    lambda inner: st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from("abc"), inner), max_size=4
    ).map(tuple),
    max_leaves=30,
)


@given(plans)
def test_order_and_causes(plan: Any) -> None:
    """Delivered in the order (time, sequence), each after its cause, at the time it was sent for."""
    kernel = kernel_of()
    kernel.send("story", "a", plan)
    kernel.run(1000)
    order = [(entry[0], entry[1]) for entry in kernel.trace]
    assert order == sorted(order)
    by_sequence = {entry[1]: entry for entry in kernel.trace}
    for time, sequence, cause, sender, to, message in kernel.trace:
        if cause:
            assert cause < sequence
            before = by_sequence[cause]
            assert before[4] == sender
            assert (time - before[0], to, message) in before[5]
    assert kernel.now == 1000


def steps(kernel: Kernel) -> None:
    """Run one step at a time."""
    while kernel.step() is not None:
        pass


def pieces(kernel: Kernel) -> None:
    """Run in pieces."""
    for until in range(101):
        kernel.run(until)


def forks(kernel: Kernel) -> None:
    """Run a fork of a fork, and take over what it has recorded."""
    kernel.run(1)
    fork = kernel.fork(kernel.create_actor).fork(kernel.create_actor)
    fork.run(100)
    kernel.trace[:] = fork.trace


def pickled(kernel: Kernel) -> None:
    """Run what comes back from a pickle."""
    kernel.run(2)
    kernel.create_actor = None  # type: ignore[assignment]
    fork = pickle.loads(pickle.dumps(kernel))
    fork.run(100)
    kernel.trace[:] = fork.trace


@pytest.mark.parametrize("way", [steps, pieces, forks, pickled])
@given(plan=plans)
def test_there_is_one_history(way: Callable[[Kernel], None], plan: Any) -> None:
    """However time is made to pass, the records are the same."""
    kernel, other = kernel_of(), kernel_of()
    for one in (kernel, other):
        one.send("story", "a", plan)
    kernel.run(100)
    way(other)
    assert other.trace == kernel.trace


def test_a_fork_goes_its_own_way() -> None:
    """What happens in one is unknown to the other."""
    kernel = kernel_of()
    kernel.send("story", "a", (), after=5)
    fork = kernel.fork(kernel.create_actor)
    fork.send("story", "b", ())
    fork.run(10)
    assert (len(fork.trace), len(kernel.trace), kernel.now) == (2, 0, 0)


class Sleeper:
    """A host with one coroutine, that sleeps to the given times and sends a message at each."""

    def __init__(self, kernel: Kernel, *times: int) -> None:
        self.kernel, self.times = kernel, list(times)

    def start(self, *_: Any) -> None:
        """Nothing is started here."""

    def deadline(self) -> int | None:
        """The next time."""
        return self.times[0] if self.times else None

    def wake(self) -> None:
        """It wakes, sends, and sleeps again."""
        assert self.kernel.now == self.times.pop(0)
        self.kernel.send("coroutine", "a", ())


def test_a_step_resumes_coroutines_that_are_due() -> None:
    """A coroutine is resumed after the messages of its instant and before later ones."""
    kernel = kernel_of()
    kernel.host = Sleeper(kernel, 3, 5, 9)
    kernel.send("story", "b", (), after=5)
    kernel.send("story", "b", (), after=7)
    taken = []
    while (record := kernel.step()) is not None:
        taken.append((record.time, record.sender))
    assert taken == [
        (3, "coroutine"),
        (5, "story"),
        (5, "coroutine"),
        (7, "story"),
        (9, "coroutine"),
    ]
    ran = kernel_of()
    ran.host = Sleeper(ran, 3, 5, 9)
    ran.send("story", "b", (), after=5)
    ran.send("story", "b", (), after=7)
    ran.run(10)
    assert ran.trace == kernel.trace


def test_time_only_moves_forward_and_ends_with_the_calendar() -> None:
    """Neither before now nor past the year 9999."""
    kernel = kernel_of()
    kernel.run(5)
    for until in (4, clock.LATEST + 1):
        with pytest.raises(InvalidTime):
            kernel.run(until)
    with pytest.raises(InvalidTime):
        kernel.send("story", "a", (), after=-1)
    with pytest.raises(InvalidTime):
        kernel.send("story", "a", ((-1, "b", ()),))
        kernel.settle()
    kernel = kernel_of()
    with pytest.raises(SimbridgeError, match="no actor is registered at this address"):
        kernel.send("story", "z", ())
        kernel.settle()
