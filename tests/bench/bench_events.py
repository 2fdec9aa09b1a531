"""Events from the put to the target: one of ten rules matches, a queue receives, all is recorded.

There are three places to put an event, and each costs what lies behind it:

- `Publish` to the bus: the data plane alone. The events have been decoded before;
- PutEvents in the control plane: the request is validated, measured, its details decoded;
- `put_events` of a boto3 client: botocore serialises the request and parses the answer, too.

The first runs all its events in one go; the others run the world after each request of ten.

moto does the same in process: its PutEvents matches the event against the ten rules and puts it into
a queue of its own SQS. Each of its measurements begins with an empty queue and is short, because
moto's queues grow slower with every message they hold: it is shown at its best.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import measure
import moto
import peers

import simbridge as sb
from simbridge.model.messages import Event, Publish

ACCOUNT, REGION = "123456789012", "us-east-1"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
EVENTS = 20_000
MOTO_EVENTS = 100
ENTRY = {"Source": "s7", "DetailType": "OrderPlaced", "Detail": '{"order": 17, "total": 12.5}'}
UNWANTED = {**ENTRY, "Source": "nobody's"}


def ten_rules(events: Any, target_arn: str) -> None:
    """Ten rules, each for another source, all with the same target."""
    for number in range(10):
        events.put_rule(Name=f"r{number}", EventPattern=json.dumps({"source": [f"s{number}"]}))
        events.put_targets(Rule=f"r{number}", Targets=[{"Id": "1", "Arn": target_arn}])


def ten_ruled_world() -> tuple[sb.World, sb.StandInHandle]:
    """A world with the ten rules and their queue."""
    world = sb.World(account=ACCOUNT, region=REGION, limits={"messages_per_instant": 10 * EVENTS})
    queue = world.queue("q")
    ten_rules(world.client(), queue.arn)
    world.settle()
    return world, queue


START_US = 1_767_225_600_000_000  # when a world starts: an event that is older expires


def decoded_events(count: int) -> list[Publish]:
    """Events as PutEvents hands them to the bus."""
    made = []
    for number in range(count):
        envelope = {
            "version": "0",
            "id": str(number),
            "detail-type": "OrderPlaced",
            "source": "s7",
            "account": ACCOUNT,
            "time": "2026-01-01T00:00:00Z",
            "region": REGION,
            "resources": [],
            "detail": {"order": 17, "total": 12.5},
        }
        made.append(Publish(Event(BUS, envelope, START_US, 100)))
    return made


def _delivered(world: sb.World, queue: sb.StandInHandle, work: Callable[[], None]) -> float:
    figure = measure.per_second(EVENTS, work)
    assert len(queue.messages) == EVENTS
    assert len(world.trace.deliveries(outcome="delivered")) == EVENTS
    return figure


def from_publish() -> float:
    """Events per second from `Publish` to the queue; the events are made beforehand."""
    world, queue = ten_ruled_world()
    send, messages = world._kernel.send, decoded_events(EVENTS)

    def work() -> None:
        for message in messages:
            send("load", BUS, message)
        world.settle()

    return _delivered(world, queue, work)


def from_plane() -> float:
    """Events per second from PutEvents with ten entries in the control plane to the queue."""
    world, queue = ten_ruled_world()
    call = world._plane.call

    def work() -> None:
        for _ in range(EVENTS // 10):
            request = {"Entries": [dict(ENTRY) for _ in range(10)]}
            call("PutEvents", request, account=ACCOUNT, region=REGION, sender="story")
            world.settle()

    return _delivered(world, queue, work)


def plane_only() -> float:
    """Entries per second that PutEvents takes; nothing is run."""
    world, _ = ten_ruled_world()
    call = world._plane.call
    requests = [{"Entries": [dict(UNWANTED) for _ in range(10)]} for _ in range(EVENTS // 10)]

    def work() -> None:
        for request in requests:
            call("PutEvents", request, account=ACCOUNT, region=REGION, sender="story")

    return measure.per_second(EVENTS, work)


def from_client() -> float:
    """Events per second from `put_events` of a boto3 client, ten entries a call, to the queue."""
    world, queue = ten_ruled_world()
    client = world.client()

    def work() -> None:
        for _ in range(EVENTS // 10):
            client.put_events(Entries=[ENTRY] * 10)
            world.settle()

    return _delivered(world, queue, work)


def client_only() -> float:
    """Entries per second through `put_events` of a boto3 client; nothing is run."""
    world, _ = ten_ruled_world()
    client = world.client()

    def work() -> None:
        for _ in range(EVENTS // 10):
            client.put_events(Entries=[UNWANTED] * 10)

    return measure.per_second(EVENTS, work)


class Moto:
    """moto's EventBridge and SQS, mocked in this process, with the same ten rules."""

    def __init__(self) -> None:
        self.events = boto3.client("events", region_name=REGION)
        self.sqs = boto3.client("sqs", region_name=REGION)
        ten_rules(self.events, f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")

    def delivered(self) -> float:
        """Events per second from moto's `put_events`, ten entries a call, to the queue."""
        return self._put(ENTRY, MOTO_EVENTS)

    def put(self) -> float:
        """The same with entries that no rule matches."""
        return self._put(UNWANTED, 0)

    def _put(self, entry: dict[str, str], wanted: int) -> float:
        url = self.sqs.create_queue(QueueName="q")["QueueUrl"]

        def work() -> None:
            for _ in range(MOTO_EVENTS // 10):
                self.events.put_events(Entries=[entry] * 10)

        figure = measure.per_second(MOTO_EVENTS, work)
        queue = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert int(queue["ApproximateNumberOfMessages"]) == wanted
        self.sqs.delete_queue(QueueUrl=url)
        return figure


@contextmanager
def mocked() -> Iterator[Moto]:
    """moto in place of AWS for the length of a block; nobody's credentials are read."""
    os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
    with moto.mock_aws():
        yield Moto()


def main() -> None:
    """Print the tables."""
    store = "SimPy Store messages/s"
    measure.title("Put, match one of 10 rules, deliver to a queue; the whole trace kept")
    ours = {"Publish": from_publish, "PutEvents": from_plane, "the boto3 client": from_client}
    measure.row(
        "events/s, from Publish", measure.beside(from_publish, peers.simpy_store), store, 0.6
    )
    measure.row("events/s, from PutEvents", measure.beside(from_plane, peers.simpy_store), store)
    with mocked() as peer:
        for place, measurement in ours.items():
            pair = measure.beside(measurement, peer.delivered)
            aim = None if measurement is from_client else 500
            measure.row(f"events/s, from {place}", pair, "moto put_events to SQS", aim)

        measure.title("PutEvents, ten entries a call, no rule matches")
        pair = measure.beside(client_only, peer.put)
        measure.row("events/s, through the boto3 client", pair, "moto put_events")
    measure.alone("events/s, in the control plane", measure.median(plane_only))


if __name__ == "__main__":
    main()
