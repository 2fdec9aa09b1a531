"""Global endpoints in a world (fidelity 13.1, 13.2, 13.3): states, replication, failover."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

import simbridge as sb
from simbridge.model.state_messages import Progress

ACCOUNT, EAST, WEST = "123456789012", "us-east-1", "us-west-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"


class Regions:
    """A world with a global endpoint `shop` over buses `orders`; a queue in each region sees all events."""

    def __init__(self, *, replicates: bool = True, wait: bool = True, **options: Any) -> None:
        self.world = sb.World(seed=7, start="2026-03-01T00:00:00Z", **options)
        self.check = self.world.health_check("shop")
        self.queues: dict[str, Any] = {}
        for region in (EAST, WEST):
            events = self.world.client(region=region)
            events.create_event_bus(Name="orders")
            queue = self.world.stand_in(f"arn:aws:sqs:{region}:{ACCOUNT}:seen")
            events.put_rule(Name="see", EventBusName="orders", EventPattern='{"source": ["shop"]}')
            events.put_targets(
                Rule="see", EventBusName="orders", Targets=[{"Id": "q", "Arn": queue.arn}]
            )
            self.queues[region] = queue
        self.events = self.world.client()
        primary, secondary = {"HealthCheck": self.check.arn}, {"Route": WEST}
        self.events.create_endpoint(
            Name="shop",
            RoutingConfig={"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
            ReplicationConfig={"State": "ENABLED" if replicates else "DISABLED"},
            EventBuses=[{"EventBusArn": self.bus(region)} for region in (EAST, WEST)],
            RoleArn=ROLE,
        )
        if wait:
            self.world.run(seconds=60)

    def bus(self, region: str) -> str:
        return f"arn:aws:events:{region}:{ACCOUNT}:event-bus/orders"

    def put(self, world: Any = None, **entry: Any) -> str:
        """One event through the endpoint, delivered; its id."""
        world = world or self.world
        events = world.client()
        endpoint_id = events.describe_endpoint(Name="shop")["EndpointId"]
        answer = events.put_events(
            EndpointId=endpoint_id,
            Entries=[
                {
                    "Source": "shop",
                    "DetailType": "paid",
                    "Detail": "{}",
                    "EventBusName": "orders",
                    **entry,
                }
            ],
        )
        world.settle()
        event_id: str = answer["Entries"][0]["EventId"]
        return event_id

    def seen(self, region: str) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.queues[region].messages]

    def counts(self) -> list[int]:
        """How many events each region has seen."""
        return [len(self.queues[region].messages) for region in (EAST, WEST)]


@pytest.fixture
def regions() -> Any:
    """`regions(replicates=True, wait=True, **options of the world)`."""
    return Regions


def test_a_change_takes_its_time(regions: Any) -> None:
    """CREATING, then ACTIVE after `endpoint_change_s`; likewise UPDATING and DELETING."""
    it = regions(wait=False, limits={"endpoint_change_s": 10})
    for operation, during, after in (
        (None, "CREATING", "ACTIVE"),
        ("update_endpoint", "UPDATING", "ACTIVE"),
        ("delete_endpoint", "DELETING", None),
    ):
        if operation is not None:
            getattr(it.events, operation)(Name="shop")
        it.world.run(seconds=9)
        assert it.events.describe_endpoint(Name="shop")["State"] == during
        it.world.run(seconds=1)
        listed = it.events.list_endpoints()["Endpoints"]
        assert [one["State"] for one in listed] == ([after] if after else [])
    reports = [r.message.state for r in it.world.trace if isinstance(r.message, Progress)]
    assert reports == ["ACTIVE", "ACTIVE", "DELETED"]


def test_a_name_can_be_used_again(regions: Any) -> None:
    """The endpoint is another one: it has another id."""
    it = regions()
    first = it.events.describe_endpoint(Name="shop")["EndpointId"]
    it.events.delete_endpoint(Name="shop")
    it.world.run(seconds=60)
    primary, secondary = {"HealthCheck": it.check.arn}, {"Route": WEST}
    it.events.create_endpoint(
        Name="shop",
        RoutingConfig={"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
        EventBuses=[{"EventBusArn": it.bus(region)} for region in (EAST, WEST)],
        RoleArn=ROLE,
    )
    it.world.run(seconds=60)
    shown = it.events.describe_endpoint(Name="shop")
    assert shown["State"] == "ACTIVE"
    assert shown["EndpointId"] != first
    it.put()
    assert it.counts() == [1, 1]


def test_a_copy_has_the_endpoint_among_its_resources(regions: Any) -> None:
    """A new id and time, and the region that it comes from (user guide); the original is unchanged."""
    it = regions()
    event_id = it.put(Resources=["arn:one"], Time="2026-01-02T03:04:05Z")
    [original], [copy] = it.seen(EAST), it.seen(WEST)
    assert original["id"] == event_id
    assert original["resources"] == ["arn:one"]
    endpoint_arn = f"arn:aws:events:{EAST}:{ACCOUNT}:endpoint/shop"
    changed = {
        "id": copy["id"],
        "time": "2026-03-01T00:01:00Z",
        "resources": ["arn:one", endpoint_arn],
    }
    assert copy == original | changed
    assert copy["id"] != event_id
    assert copy["region"] == EAST


def test_every_custom_event_of_the_buses_is_copied_once(regions: Any) -> None:
    """Also one that does not come through the endpoint; a copy is not copied back."""
    it = regions()
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}", "EventBusName": "orders"}
    for number, region in enumerate((EAST, WEST), 1):
        it.world.client(region=region).put_events(Entries=[entry])
        it.world.run(hours=1)
        assert it.counts() == [number, number]
    assert it.world.trace.deliveries(outcome="dropped") == []


def test_without_replication_there_is_no_copy(regions: Any) -> None:
    """An event is in one region."""
    it = regions(replicates=False)
    it.put()
    assert it.counts() == [1, 0]


def test_events_follow_the_health_check(regions: Any) -> None:
    """To the secondary region at once with the ideal profile, and back when the window is over."""
    it = regions()
    it.check.fails(for_="10m")
    it.put()
    assert it.seen(WEST)[0]["region"] == WEST
    it.world.run(minutes=10)
    it.put()
    assert [event["region"] for event in it.seen(EAST)] == [WEST, EAST]


def test_failover_takes_six_minutes_on_aws(regions: Any) -> None:
    """In either direction (user guide: 360 seconds)."""
    it = regions(profile="aws")
    it.world.run(minutes=1)
    it.check.fails(for_="30m")
    ingested = []
    for minutes in (0, 5, 1, 29, 1, 1):
        it.world.run(minutes=minutes)
        it.put()
        ingested.append([r.to for r in it.world.trace if type(r.message).__name__ == "Call"][-1])
    served = [address.split(":")[1] for address in ingested]
    assert served == [EAST, EAST, WEST, WEST, EAST, EAST]


def test_without_replication_a_reset_leads_back(regions: Any) -> None:
    """The health check alone does not (user guide)."""
    it = regions(replicates=False)
    it.check.fails(for_="10m")
    it.world.run(days=1)
    assert it.check.healthy
    it.put()
    assert it.counts() == [0, 1]
    it.check.recovers()
    it.put()
    assert it.counts() == [1, 1]


def test_a_copy_is_retried_and_dead_lettered_as_any_delivery(regions: Any) -> None:
    """The other bus has a policy that refuses: the copy is dropped, since the rule has no queue."""
    it = regions()
    it.world.client(region=WEST).put_permission(
        EventBusName="orders",
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "no",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "events:PutEvents",
                        "Resource": it.bus(WEST),
                    }
                ],
            }
        ),
    )
    it.put()
    [lost] = it.world.trace.deliveries(outcome="dropped")
    assert lost.rule.startswith("GlobalEndpointManagedRule-")
    assert lost.error_code == "NO_PERMISSIONS"


def test_a_fork_and_a_pickled_world_fail_over_on_their_own(regions: Any) -> None:
    """What happens in one leaves the others alone; the same goes the same way."""
    it = regions()
    it.check.fails(from_="2026-03-01T01:00:00Z", for_="1h")
    worlds = [it.world, it.world.fork(), pickle.loads(pickle.dumps(it.world))]
    for world in worlds:
        world.run(until="2026-03-01T01:30:00Z")
        it.put(world)
    assert len({world.trace.digest() for world in worlds}) == 1
    worlds[1].health_check("shop").recovers()
    assert [world.health_check("shop").healthy for world in worlds] == [False, True, False]
