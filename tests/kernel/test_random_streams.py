"""Streams of random numbers are independent of each other."""

from __future__ import annotations

from simbridge.kernel import Kernel, uuid_from


def kernel_of(seed: int = 1) -> Kernel:
    """An empty kernel at time 0."""
    return Kernel(seed, 0, lambda address, message: None)


def test_streams_are_independent() -> None:
    """Another address, or purpose, has its own stream, in whichever order they draw."""
    alone, busy = kernel_of(), kernel_of()
    for n in range(50):
        busy.random("b", f"purpose {n}").random()
        busy.random("a", "another").random()
    first = [alone.random("a", "jitter").random() for _ in range(5)]
    assert [busy.random("a", "jitter").random() for _ in range(5)] == first
    assert kernel_of(seed=2).random("a", "jitter").random() != first[0]
    fork = alone.fork(alone.create_actor)
    assert fork.random("a", "jitter").random() == alone.random("a", "jitter").random()
    assert [len(part) for part in uuid_from(alone.random("a", "id")).split("-")] == [8, 4, 4, 4, 12]
