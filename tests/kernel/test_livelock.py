"""Livelock detection: circles are stopped and named, wide loads and long chains are not."""

from __future__ import annotations

from typing import Any

import pytest

from simbridge.base.errors import Runaway
from simbridge.kernel import Kernel, TraceFilter, Turn


def kernel_of(**options: Any) -> Kernel:
    """An empty kernel at time 0."""
    return Kernel(1, 0, lambda address, message: None, **options)


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
    """The detector sees what the trace leaves out."""
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


def test_a_long_finite_chain_is_not_stopped() -> None:
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
