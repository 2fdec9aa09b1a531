"""What more than one benchmark measures of the peers."""

from __future__ import annotations

from collections.abc import Iterator

import measure
import simpy

SIMPY_MESSAGES = 100_000


def simpy_store() -> float:
    """Messages per second from one SimPy process to another through a `Store`, nothing recorded."""
    env = simpy.Environment()
    store = simpy.Store(env)
    received = []

    def produce() -> Iterator[simpy.Event]:
        for number in range(SIMPY_MESSAGES):
            yield store.put(number)

    def consume() -> Iterator[simpy.Event]:
        for _ in range(SIMPY_MESSAGES):
            received.append((yield store.get()))

    env.process(produce())
    env.process(consume())
    figure = measure.per_second(SIMPY_MESSAGES, env.run)
    assert len(received) == SIMPY_MESSAGES
    return figure
