"""Kernel messages per second with the trace on, beside SimPy's Store where SimPy is installed.

Run with `make bench`. Only the ratio of one run means anything: machines differ and drift.
"""

from __future__ import annotations

import importlib
import importlib.util
import time

import msgspec

import simbridge as sb
from simbridge.kernel import Kernel, Turn
from simbridge.messages import Event, Publish


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


def kernel_messages(count: int = 300_000) -> float:
    """Messages per second between two actors."""
    kernel = Kernel(0, 0, lambda address, message: None, burst=10 * count)
    kernel.actors.update(a=Player("b"), b=Player("a"))
    kernel.send("x", "a", Ball(count))
    began = time.perf_counter()
    kernel.settle()
    return count / (time.perf_counter() - began)


def simpy_messages(count: int = 100_000) -> float | None:
    """Messages per second through a SimPy Store."""
    if importlib.util.find_spec("simpy") is None:
        return None
    simpy = importlib.import_module("simpy")
    env = simpy.Environment()
    store = simpy.Store(env)

    def produce():
        for number in range(count):
            yield store.put(number)

    def consume():
        for _ in range(count):
            yield store.get()

    env.process(produce())
    env.process(consume())
    began = time.perf_counter()
    env.run()
    return count / (time.perf_counter() - began)


def deliveries(count: int = 30_000) -> float:
    """Events per second: onto the bus, matched by one of ten rules, delivered, full trace."""
    world = sb.World(limits={"messages_per_instant": 10 * count})
    queue, events = world.queue("q"), world.client()
    for number in range(10):
        events.put_rule(Name=f"r{number}", EventPattern=f'{{"source": ["s{number}"]}}')
        events.put_targets(Rule=f"r{number}", Targets=[{"Id": "1", "Arn": queue.arn}])
    world.settle()
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    began = time.perf_counter()
    for number in range(count):
        envelope = {
            "version": "0",
            "id": str(number),
            "detail-type": "t",
            "source": "s7",
            "account": "123456789012",
            "time": "2026-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": {"n": number},
        }
        world._kernel.send("load", bus, Publish(Event(bus, envelope, 0, 100)))
    world.settle()
    spent = time.perf_counter() - began
    assert len(world.trace.deliveries(outcome="delivered")) == count
    return count / spent


def client_puts(calls: int = 300) -> float:
    """Events per second through the real client, ten entries a call."""
    world = sb.World()
    events = world.client()
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    began = time.perf_counter()
    for _ in range(calls):
        events.put_events(Entries=[entry] * 10)
    return 10 * calls / (time.perf_counter() - began)


if __name__ == "__main__":
    peer = simpy_messages()
    for name, figure in (
        ("kernel messages/s, trace on", kernel_messages()),
        ("events/s, put, match 1 of 10 rules, deliver", deliveries()),
        ("events/s through the boto3 client, 10 a call", client_puts()),
    ):
        beside = f"  {figure / peer:6.2f} x SimPy Store messages/s" if peer else ""
        print(f"{name:46} {figure:12,.0f}{beside}")
