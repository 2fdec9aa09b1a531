"""The kernel alone: order, causes, the calendar, forks, chance, and what it does against loops."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base import clock
from simbridge.base.errors import InvalidTime, Runaway, SimbridgeError
from simbridge.kernel import Kernel, TraceFilter, Turn, uuid_from


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
    twin = kernel.fork(kernel.populate).fork(kernel.populate)
    twin.run(100)
    kernel.trace[:] = twin.trace


def pickled(kernel: Kernel) -> None:
    """Run what comes back from a pickle."""
    kernel.run(2)
    kernel.populate = None  # type: ignore[assignment]
    twin = pickle.loads(pickle.dumps(kernel))
    twin.run(100)
    kernel.trace[:] = twin.trace


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
    twin = kernel.fork(kernel.populate)
    twin.send("story", "b", ())
    twin.run(10)
    assert (len(twin.trace), len(kernel.trace), kernel.now) == (2, 0, 0)


class Sleeper:
    """A host with one coroutine, that sleeps to the given times and sends a message at each."""

    def __init__(self, kernel: Kernel, *times: int) -> None:
        self.kernel, self.times = kernel, list(times)

    def start(self, *_: Any) -> None:
        """Nobody starts anything."""

    def deadline(self) -> int | None:
        """The next time."""
        return self.times[0] if self.times else None

    def wake(self) -> None:
        """It wakes, sends, and sleeps again."""
        assert self.kernel.now == self.times.pop(0)
        self.kernel.send("guest", "a", ())


def test_a_step_wakes_who_sleeps() -> None:
    """TimerQueue wake in their turn: after the messages of their instant, before later ones."""
    kernel = kernel_of()
    kernel.host = Sleeper(kernel, 3, 5, 9)
    kernel.send("story", "b", (), after=5)
    kernel.send("story", "b", (), after=7)
    taken = []
    while (record := kernel.step()) is not None:
        taken.append((record.time, record.sender))
    assert taken == [(3, "guest"), (5, "story"), (5, "guest"), (7, "story"), (9, "guest")]
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
    with pytest.raises(SimbridgeError, match="nobody lives"):
        kernel.send("story", "z", ())
        kernel.settle()


def test_streams_do_not_know_of_each_other() -> None:
    """Another address, or purpose, draws from its own stream, whoever draws first."""
    alone, busy = kernel_of(), kernel_of()
    for n in range(50):
        busy.random("b", f"purpose {n}").random()
        busy.random("a", "another").random()
    first = [alone.random("a", "jitter").random() for _ in range(5)]
    assert [busy.random("a", "jitter").random() for _ in range(5)] == first
    assert kernel_of(seed=2).random("a", "jitter").random() != first[0]
    twin = alone.fork(alone.populate)
    assert twin.random("a", "jitter").random() == alone.random("a", "jitter").random()
    assert [len(part) for part in uuid_from(alone.random("a", "id")).split("-")] == [8, 4, 4, 4, 12]


# -- instants that do not end ---------------------------------------------------------------------


class Echo:
    """Sends each message on, to as many as it says, and so do they."""

    def __init__(self, *to: str, hops: float = float("inf")) -> None:
        self.to, self.hops = to, hops

    def receive(self, message: Any, turn: Turn) -> None:
        """The message is how many hops lie behind it."""
        if message < self.hops:
            for to in self.to:
                turn.send(to, message + 1)


def stopped_after(kernel: Kernel) -> int:
    """How many messages it takes to stop it."""
    with pytest.raises(Runaway):
        kernel.settle()
    return len(kernel.trace)


@pytest.mark.parametrize("loops", [1, 10, 100])
@pytest.mark.parametrize("to", [("b",), ("b", "b"), ("b", "c", "c")])
def test_a_circle_is_stopped_however_wide(loops: int, to: tuple[str, ...]) -> None:
    """One circle or many at once, and circles that multiply: not long after `burst`, and named."""
    kernel = kernel_of(burst=10_000)
    kernel.actors |= {"a": Echo(*to), "b": Echo("a"), "c": Echo()}
    for _ in range(loops):
        kernel.send("story", "a", 0)
    most = 10_000 + 10 * loops + 3 * 500
    with pytest.raises(Runaway, match=r"(?s)(a -> b: int.*b -> a|b -> a: int.*a -> b): int"):
        kernel.settle()
    assert len(kernel.trace) < (most if len(to) == 1 else 2 * most)


def test_a_circle_is_found_in_a_thinned_trace() -> None:
    """What the trace leaves out, the guard sees."""
    kernel = kernel_of(
        burst=1000, trace_filter=TraceFilter(frozenset(), lambda write: lambda entry: None)
    )
    kernel.actors["a"] = Echo("a")
    kernel.send("story", "a", 0)
    with pytest.raises(Runaway, match="a -> a: int"):
        kernel.settle()
    assert not kernel.trace


def test_calls_before_a_circle_do_not_prolong_it() -> None:
    """A call grants what it sends, and nothing when it sends nothing."""
    counts = set()
    for calls in (0, 100, 4000):
        kernel = kernel_of(burst=1000)
        kernel.actors["a"] = Echo("a")
        for _ in range(calls):
            kernel.draw()
        kernel.send_all("story", [("a", 0)], cause=kernel.draw())
        counts.add(stopped_after(kernel))
    assert len(counts) == 1


def test_wide_loads_are_no_circles() -> None:
    """Many messages at one instant, from outside or due, each fanned out and sent on."""
    kernel = kernel_of(burst=1000)
    kernel.actors |= {"a": Echo("b", "b", "b"), "b": Echo("c", "c"), "c": Echo()}
    for _ in range(100):
        kernel.send_all("story", [("a", 0)] * 100, cause=kernel.draw())
    kernel.settle()
    for _ in range(10_000):
        kernel.send("story", "a", 0, after=5)
    kernel.run(5)
    assert len(kernel.trace) == 2 * 10_000 * (1 + 3 + 6)


def test_a_long_chain_is_no_endless_one() -> None:
    """A thousand hops through one actor end by themselves."""
    kernel = kernel_of()
    kernel.actors["a"] = Echo("a", hops=1000)
    kernel.send("story", "a", 0)
    kernel.settle()
    assert len(kernel.trace) == 1001


def test_too_many_messages_for_one_are_stopped_in_any_case() -> None:
    """Without any circle: actors that make ever new addresses."""

    class Fresh:
        def receive(self, message: Any, turn: Turn) -> None:
            turn.send(f"n{message}", message + 1)

    kernel = Kernel(1, 0, lambda address, message: Fresh(), burst=1000)
    kernel.send("story", "n", 0)
    assert stopped_after(kernel) <= 4000 + 100 + 50
