"""PutEvents through a global endpoint (fidelity 13.2): which bus gets an event, and what is refused."""

from __future__ import annotations

import pytest

from simbridge.api.reports import ReportInbox
from simbridge.base.errors import ServiceError, SimbridgeError
from simbridge.kernel import Kernel
from simbridge.model.messages import Call, Publish
from simbridge.model.state_messages import Health, Progress

ACCOUNT, EAST, WEST = "123456789012", "us-east-1", "us-west-2"
CHECK = "arn:aws:route53:::healthcheck/shop"
ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}
FOR_EVER = 10**18


def bus_arn(region, name="orders"):
    return f"arn:aws:events:{region}:{ACCOUNT}:event-bus/{name}"


def call(api, region, operation, account=ACCOUNT, **request):
    return api.plane.call(operation, request, account=account, region=region, sender="story")


def create(api, name="orders"):
    """A global endpoint over the buses of this name; it reports that it is ACTIVE."""
    for region in (EAST, WEST):
        if name != "default":
            call(api, region, "CreateEventBus", Name=name)
        api.plane.store(ACCOUNT, region)
    primary, secondary = {"HealthCheck": CHECK}, {"Route": WEST}
    api.create_endpoint(
        Name="shop",
        RoutingConfig={"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
        EventBuses=[{"EventBusArn": bus_arn(region, name)} for region in (EAST, WEST)],
        ReplicationConfig={"State": "DISABLED"},
    )
    api.news()


@pytest.fixture
def routed(api):
    """An API with an endpoint, ACTIVE."""
    create(api)
    activate(api)
    return api


def activate(api):
    kernel = Kernel(7, api.kernel.now, lambda *_: ReportInbox(api.store, api.plane.stores))
    kernel.send(
        f"arn:aws:events:{EAST}:{ACCOUNT}:endpoint/shop",
        f"api:{EAST}:{ACCOUNT}",
        Progress("ACTIVE"),
    )
    kernel.settle()


def put(api, region=EAST, **entry):
    endpoint_id = api.store.endpoints["shop"].id
    return call(api, region, "PutEvents", EndpointId=endpoint_id, Entries=[{**ENTRY, **entry}])


def published(api):
    return [(to, message.event) for to, message in api.news() if isinstance(message, Publish)]


def fail(api):
    api.plane.set_health(CHECK, Health(0, FOR_EVER), "story", 0)


@pytest.mark.parametrize("given", ["orders", bus_arn(EAST), bus_arn(WEST)])
@pytest.mark.parametrize("client", [EAST, WEST, "eu-west-1"])
def test_the_health_check_decides_and_not_the_client(routed, given, client):
    """The bus may be named by its name or by its ARN in either region (API reference)."""
    put(routed, client, EventBusName=given)
    [(to, event)] = published(routed)
    assert (to, event.envelope["region"]) == (bus_arn(EAST), EAST)
    fail(routed)
    put(routed, client, EventBusName=given)
    [(to, event)] = published(routed)
    assert (to, event.envelope["region"]) == (bus_arn(WEST), WEST)
    assert event.envelope["account"] == ACCOUNT


def test_a_call_is_recorded_where_it_was_served(routed):
    """With a note if that is the secondary region."""
    put(routed, EventBusName="orders")
    fail(routed)
    put(routed, EventBusName="orders")
    put(routed, EventBusName="orders", Source="")
    calls = [entry for entry in routed.kernel.trace if isinstance(entry[5], Call)][-3:]
    assert [to for *_, to, _ in calls] == [f"api:{EAST}:{ACCOUNT}"] + [f"api:{WEST}:{ACCOUNT}"] * 2
    note = "endpoint shop routes to its secondary Region us-west-2"
    first, second, third = (record[5].detail for record in calls)
    assert (first, second) == (None, note)
    assert third.startswith(f"{note}; entry 1: InvalidArgument")


def test_the_default_bus_needs_no_name(api):
    """If it is the default buses that the endpoint routes to."""
    create(api, "default")
    activate(api)
    put(api)
    assert [to for to, _ in published(api)] == [bus_arn(EAST, "default")]


@pytest.mark.parametrize("given", [None, "other", bus_arn(EAST, "other"), bus_arn("eu-west-1")])
def test_another_bus_is_refused(routed, given):
    """Also one that exists; the whole request (AWS's text is not known)."""
    call(routed, EAST, "CreateEventBus", Name="other")
    entry = {} if given is None else {"EventBusName": given}
    with pytest.raises(ServiceError) as refusal:
        put(routed, **entry)
    assert refusal.value.code == "ValidationException"
    assert refusal.value.message == (
        f"Parameter EventBusName is not valid. Reason: Event bus {given or 'default'} is not an event "
        "bus of endpoint shop."
    )
    assert published(routed) == []


def test_another_account_needs_a_policy(routed):
    """An endpoint changes the way, not the permissions."""
    endpoint_id = routed.store.endpoints["shop"].id
    request = {"EndpointId": endpoint_id, "Entries": [{**ENTRY, "EventBusName": bus_arn(WEST)}]}
    with pytest.raises(ServiceError, match="not authorized to perform: events:PutEvents"):
        call(routed, WEST, "PutEvents", account="210987654321", **request)
    call(
        routed,
        EAST,
        "PutPermission",
        EventBusName="orders",
        Action="events:PutEvents",
        Principal="210987654321",
        StatementId="s",
    )
    call(routed, WEST, "PutEvents", account="210987654321", **request)
    [(to, event)] = published(routed)
    assert (to, event.envelope["account"]) == (bus_arn(EAST), "210987654321")


def test_a_quota_is_that_of_the_region_that_serves(api_with):
    """A throttled primary region does not throttle the secondary one."""
    api = api_with(put_events_per_second=1)
    create(api)
    activate(api)
    put(api, EventBusName="orders")
    with pytest.raises(ServiceError, match="Rate exceeded"):
        put(api, EventBusName="orders")
    fail(api)
    put(api, EventBusName="orders")


def test_an_endpoint_that_cannot_be_reached(api):
    """Its host name is not in DNS: no request gets to AWS, so the error is for the author of the test."""
    with pytest.raises(SimbridgeError, match=r"has the id 'abcde\.veo'.*from describe_endpoint"):
        api.put_events(Entries=[ENTRY], EndpointId="abcde.veo")
    create(api)
    with pytest.raises(SimbridgeError, match=r"shop is CREATING.*until describe_endpoint says"):
        put(api, EventBusName="orders")
    assert api.news() == []
    code, text = api.refused("put_events", Entries=[ENTRY], EndpointId="a b")
    assert code == "ValidationException"
    assert "at 'endpointId' failed to satisfy constraint" in text
