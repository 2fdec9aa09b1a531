"""A Region fails for half an hour: does a global endpoint lose, double or misplace any order?

A shop puts an order a minute through a global endpoint. Its health check is unhealthy for half an hour;
routing follows six minutes later, in both directions. With replication each order reaches both Regions, in
the second one as a copy with another id: the number of the order tells them apart, its id does not. Without
replication an order is in one Region only, and the endpoint does not come back by itself.
"""

import json

import simbridge as sb

ACCOUNT, PRIMARY, SECONDARY = "123456789012", "us-east-1", "us-west-2"


@sb.scenario(seed=8, start="2026-03-01T12:00:00Z", limits={"endpoint_failover_s": 360})
def failover_and_back(world: sb.World) -> None:
    """Two endpoints through the same outage: one that replicates, and one that does not."""
    health = world.health_check("primary-region")
    for region in (PRIMARY, SECONDARY):
        for bus in ("copied", "single"):
            listen(world, region, bus)
    copied = endpoint(world, health.arn, "copied", "ENABLED")
    single = endpoint(world, health.arn, "single", "DISABLED")
    world.run(minutes=1)

    health.fails(from_="2026-03-01T12:10:00Z", for_="30m")
    for number in range(60):
        put(world, copied, "copied", number)
        put(world, single, "single", number)
        world.run(minutes=1)

    everything = list(range(60))
    for region in (PRIMARY, SECONDARY):
        assert orders(world, region, "copied") == everything
    ids = [event["id"] for r in (PRIMARY, SECONDARY) for event in seen(world, r, "copied")]
    assert len(set(ids)) == 120
    moved = [event for event in seen(world, PRIMARY, "copied") if event["region"] == SECONDARY]
    assert [event["detail"]["order"] for event in moved] == list(range(15, 45))
    assert all(event["resources"] == [arn("endpoint/copied")] for event in moved)

    assert orders(world, PRIMARY, "single") == list(range(15))
    assert orders(world, SECONDARY, "single") == list(range(15, 60))
    health.recovers()
    world.run(minutes=6)
    put(world, single, "single", 60)
    world.settle()
    assert orders(world, PRIMARY, "single")[-1] == 60
    assert not world.trace.deliveries(outcome="dropped")


def arn(resource: str, region: str = PRIMARY, service: str = "events") -> str:
    """An ARN of the shop."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def listen(world: sb.World, region: str, bus: str) -> None:
    """A bus in a Region, with a queue that gets every order on it."""
    events = world.client(region=region)
    queue = world.stand_in(arn(bus, region, "sqs"))
    events.create_event_bus(Name=bus)
    events.put_rule(Name="orders", EventBusName=bus, EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue.arn}])


def endpoint(world: sb.World, health_check: str, bus: str, replication: str) -> str:
    """A global endpoint with the name of its buses; its id."""
    events = world.client(region=PRIMARY)
    failover = {"Primary": {"HealthCheck": health_check}, "Secondary": {"Route": SECONDARY}}
    buses = [arn(f"event-bus/{bus}", region) for region in (PRIMARY, SECONDARY)]
    events.create_endpoint(
        Name=bus,
        RoutingConfig={"FailoverConfig": failover},
        ReplicationConfig={"State": replication},
        EventBuses=[{"EventBusArn": one} for one in buses],
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/replication",
    )
    return events.describe_endpoint(Name=bus)["EndpointId"]


def put(world: sb.World, endpoint_id: str, bus: str, number: int) -> None:
    """One order; the client does not know in which Region it is served."""
    entry = {
        "Source": "shop",
        "DetailType": "OrderPlaced",
        "Detail": json.dumps({"order": number}),
        "EventBusName": bus,
    }
    world.client().put_events(EndpointId=endpoint_id, Entries=[entry])


def seen(world: sb.World, region: str, bus: str) -> list[dict]:
    """The events that a queue has received."""
    return world.stand_in(arn(bus, region, "sqs")).received


def orders(world: sb.World, region: str, bus: str) -> list[int]:
    """The numbers of the orders that a queue has received."""
    return [event["detail"]["order"] for event in seen(world, region, bus)]
