"""A genuine client and `EndpointId`: botocore would sign the request with a package that need not be there."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.compat import HAS_CRT
from botocore.exceptions import MissingDependencyException

import simbridge as sb

ACCOUNT, EAST, WEST = "123456789012", "us-east-1", "us-west-2"
ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}", "EventBusName": "orders"}


@pytest.fixture
def world() -> sb.World:
    """A world with a global endpoint `shop` over the buses `orders`, ACTIVE."""
    it = sb.World(seed=7)
    for region in (EAST, WEST):
        it.client(region=region).create_event_bus(Name="orders")
    primary, secondary = {"HealthCheck": it.health_check("a").arn}, {"Route": WEST}
    it.client().create_endpoint(
        Name="shop",
        RoutingConfig={"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
        EventBuses=[
            {"EventBusArn": f"arn:aws:events:{region}:{ACCOUNT}:event-bus/orders"}
            for region in (EAST, WEST)
        ],
        ReplicationConfig={"State": "DISABLED"},
    )
    it.run(minutes=1)
    return it


def endpoint_id(world: sb.World) -> str:
    found: str = world.client().describe_endpoint(Name="shop")["EndpointId"]
    return found


def put(client: Any, world: sb.World) -> dict[str, Any]:
    answer: dict[str, Any] = client.put_events(EndpointId=endpoint_id(world), Entries=[ENTRY])
    return answer


def test_a_client_of_the_world_signs_nothing(world: sb.World) -> None:
    """So it needs no awscrt; its requests go to the host name of the endpoint."""
    client = world.client()
    assert client.meta.config.signature_version is UNSIGNED
    urls = []
    client.meta.events.register(
        "before-call.eventbridge.PutEvents", lambda params, **_: urls.append(params["url"])
    )
    answer = put(client, world)
    assert answer["FailedEntryCount"] == 0
    assert urls == [f"https://{endpoint_id(world)}.endpoint.events.amazonaws.com/"]


@pytest.mark.skipif(HAS_CRT, reason="awscrt is installed")
@pytest.mark.usefixtures("botocore_state")
def test_a_client_of_your_own_needs_what_it_needs_on_aws(world: sb.World) -> None:
    """botocore refuses before it sends, as it would in production: nothing reaches the world."""
    with world.intercept():
        own = boto3.client("events", region_name=EAST)
        with pytest.raises(MissingDependencyException, match="botocore"):
            put(own, world)


@pytest.mark.usefixtures("botocore_state")
def test_a_client_of_your_own_that_does_not_sign_is_served(world: sb.World) -> None:
    """As one with awscrt would be; the Region of the client does not matter."""
    config = boto3.session.Config(signature_version=UNSIGNED)
    with world.intercept():
        own = boto3.client("events", region_name="eu-west-1", config=config)
        assert put(own, world)["FailedEntryCount"] == 0
    world.settle()
    (bus,) = {record.to for record in world.trace if hasattr(record.message, "only")}
    assert bus == f"arn:aws:events:{EAST}:{ACCOUNT}:event-bus/orders"
