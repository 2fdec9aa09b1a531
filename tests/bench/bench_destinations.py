"""A backlog at an API destination: 100,000 events, which it may send at 300 a second, for 332 seconds.

Each event is matched, waits for its turn, becomes an HTTP request with the credentials of its connection, and
is answered. One figure is for that: the events have been put, and have not arrived on their bus yet. The other
is with `put_events` of a boto3 client, ten entries a call.

The peer is a SimPy process for each event at a resource of capacity 1 that each holds for 1/300 s: the same
queue without events, rules, requests or a trace.

Each side runs in a process of its own, which reports its own peak of memory. Seconds are those of the
processor, so that a machine with more to do does not count.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import measure
import simpy

import simbridge as sb

EVENTS, RATE, BATCH = 100_000, 300, 10
AIM_PER_SECOND = 40_000
URL = "https://api.example.com/orders"
ROLE = "arn:aws:iam::123456789012:role/r"


def backlog(events: int) -> dict[str, float]:
    """Events to a destination with a user and a password; what it took."""
    world = sb.World(seed=1, trace="outcomes", limits={"messages_per_instant": 10 * EVENTS})
    client, endpoint = world.client(), world.http(URL)
    credentials = {"BasicAuthParameters": {"Username": "shop", "Password": "hush"}}
    connection = client.create_connection(
        Name="partner", AuthorizationType="BASIC", AuthParameters=credentials
    )
    destination = client.create_api_destination(
        Name="partner",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=URL,
        HttpMethod="POST",
        InvocationRateLimitPerSecond=RATE,
    )
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "1", "Arn": destination["ApiDestinationArn"], "RoleArn": ROLE}
    client.put_targets(Rule="r", Targets=[target])
    world.settle()
    empty = _peak_bytes()
    began = time.process_time()
    entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 17}'}
    for _ in range(events // BATCH):
        client.put_events(Entries=[entry] * BATCH)
    gc.collect()
    put = time.process_time()
    world.run(minutes=10)
    done = time.process_time()
    size = _peak_bytes()
    assert len(endpoint.requests) == events
    deliveries = world.trace.deliveries(outcome="delivered")
    assert len(deliveries) == events
    last = max(delivery.latency or 0 for delivery in deliveries)
    assert abs(last - (events - RATE) / RATE) < 0.001
    return {
        "run": done - put,
        "with puts": done - began,
        "bytes": size - empty,
        "peak": size,
    }


def simpy_backlog(events: int) -> dict[str, float]:
    """The queue alone, in SimPy."""
    env = simpy.Environment()
    gate = simpy.Resource(env, capacity=1)
    sent = []

    def event() -> Iterator[Any]:
        with gate.request() as turn:
            yield turn
            yield env.timeout(1 / RATE)
        sent.append(env.now)

    empty = _peak_bytes()
    began = time.process_time()
    for _ in range(events):
        env.process(event())
    env.run()
    assert len(sent) == events
    seconds = time.process_time() - began
    return {"run": seconds, "bytes": _peak_bytes() - empty}


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


SIDES = {"simbridge": backlog, "simpy": simpy_backlog}


def measured(side: str) -> dict[str, float]:
    """One side in a process of its own."""
    command = [sys.executable, __file__, side]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Print the table."""
    ours, theirs = measured("simbridge"), measured("simpy")
    measure.title(f"{EVENTS:,} events to an API destination limited to {RATE}/s, trace='outcomes'")
    figure, peer = EVENTS / ours["run"], EVENTS / theirs["run"]
    pair = measure.Pair(figure, peer, figure / peer)
    measure.row("events/s of one processor", pair, "SimPy Resource, the queue alone")
    measure.alone("events/s, with put_events of a boto3 client", EVENTS / ours["with puts"])
    memory = measure.Pair(
        ours["bytes"] / EVENTS, theirs["bytes"] / EVENTS, theirs["bytes"] / ours["bytes"]
    )
    measure.row("bytes of memory for each event, at the peak", memory, "SimPy Resource")
    measure.alone("peak memory of the process, MB", ours["peak"] / 1e6)
    met = "met" if figure >= AIM_PER_SECOND else "MISSED"
    print(f"aim: at least {AIM_PER_SECOND:,} events/s of one processor: {met}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in SIDES:
        print(json.dumps(SIDES[sys.argv[1]](EVENTS)))
    else:
        main()
