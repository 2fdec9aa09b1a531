"""Global endpoints (fidelity 10.1, 13.1, 13.2): create, update, delete, describe, list."""

from __future__ import annotations

import json

import pytest

from simbridge.api.reports import ReportInbox
from simbridge.kernel import Kernel
from simbridge.model.messages import Configure, Retire
from simbridge.model.state_messages import Progress

ACCOUNT, EAST, WEST = "123456789012", "us-east-1", "us-west-2"
ARN = f"arn:aws:events:{EAST}:{ACCOUNT}:endpoint/shop"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
CHECK = "arn:aws:route53:::healthcheck/shop"
INVALID, MISSING = "ValidationException", "ResourceNotFoundException"
TWO_REGIONS = "An event bus must be provided in both the primary and secondary regions"


def bus_arn(region, name="orders", account=ACCOUNT):
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"


BUSES = (bus_arn(EAST), bus_arn(WEST))


def asked(name="shop", route=WEST, buses=BUSES, **more):
    """A valid request, with changes."""
    primary, secondary = {"HealthCheck": CHECK}, {"Route": route}
    return {
        "Name": name,
        "RoutingConfig": {"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
        "EventBuses": [{"EventBusArn": arn} for arn in buses],
        "RoleArn": ROLE,
    } | more


def call(api, region, operation, **request):
    return api.plane.call(operation, request, account=ACCOUNT, region=region, sender="story")


def report(api, state, reason=None, name="shop"):
    """The endpoint reports that its change is over."""
    kernel = Kernel(7, api.kernel.now, lambda *_: ReportInbox(api.store, api.plane.stores))
    arn = f"arn:aws:events:{EAST}:{ACCOUNT}:endpoint/{name}"
    kernel.send(arn, f"api:{EAST}:{ACCOUNT}", Progress(state, reason))
    kernel.settle()


@pytest.fixture
def buses(api):
    """An API with a bus `orders` in two regions, with its messages read."""
    for region in (EAST, WEST):
        call(api, region, "CreateEventBus", Name="orders")
    api.news()
    return api


@pytest.fixture
def active(buses):
    """The same with a global endpoint, ACTIVE."""
    buses.create_endpoint(**asked())
    report(buses, "ACTIVE")
    buses.news()
    return buses


def rules(api, region):
    """The rules on the bus of a region."""
    return call(api, region, "ListRules", EventBusName="orders")["Rules"]


def test_create_answers_what_was_asked_for(buses):
    """Without id and URL, which come with DescribeEndpoint (model); replication is the default."""
    request = asked(Description="d")
    assert buses.create_endpoint(**request) == {
        "Name": "shop",
        "Arn": ARN,
        "RoutingConfig": request["RoutingConfig"],
        "ReplicationConfig": {"State": "ENABLED"},
        "EventBuses": request["EventBuses"],
        "RoleArn": ROLE,
        "State": "CREATING",
    }
    [configured] = [message for to, message in buses.news() if to == ARN]
    assert configured == Configure(buses.store.endpoints["shop"])


def test_describe_shows_id_and_url(active):
    """The id is the first part of the host name, as botocore makes it."""
    shown = active.describe_endpoint(Name="shop")
    assert shown["State"] == "ACTIVE"
    assert shown["EndpointUrl"] == f"https://{shown['EndpointId']}.endpoint.events.amazonaws.com"
    assert shown["CreationTime"] == shown["LastModifiedTime"]
    assert active.list_endpoints() == {"Endpoints": [shown]}


def test_the_home_region_can_be_named(active):
    """An endpoint is of its primary region, and is found from elsewhere by HomeRegion."""
    home = call(active, WEST, "DescribeEndpoint", Name="shop", HomeRegion=EAST)
    assert home["Name"] == "shop"
    assert call(active, WEST, "ListEndpoints", HomeRegion=EAST)["Endpoints"] == [home]
    assert call(active, WEST, "ListEndpoints") == {"Endpoints": []}
    assert call(active, WEST, "ListEndpoints", HomeRegion="eu-west-1") == {"Endpoints": []}
    active.region = WEST
    text = "Endpoint shop does not exist."
    assert active.refused("describe_endpoint", Name="shop") == (MISSING, text)


def test_lists_have_a_prefix_and_pages(buses):
    """Their limit is MaxResults; a token is good for another number of results."""
    for name in ("b", "a", "ab"):
        buses.create_endpoint(**asked(name))
    first = buses.list_endpoints(MaxResults=2)
    second = buses.list_endpoints(MaxResults=1, NextToken=first["NextToken"])
    found = [one["Name"] for page in (first, second) for one in page["Endpoints"]]
    assert found == ["a", "ab", "b"]
    assert [e["Name"] for e in buses.list_endpoints(NamePrefix="a")["Endpoints"]] == ["a", "ab"]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (asked(buses=(bus_arn(EAST), bus_arn(EAST))), TWO_REGIONS),
        (asked(route="eu-west-1"), TWO_REGIONS),
        (asked(route=EAST, buses=(bus_arn(EAST), bus_arn(EAST))), TWO_REGIONS),
        (asked(buses=(bus_arn("eu-west-1"), bus_arn(WEST))), TWO_REGIONS),
        (asked(buses=(bus_arn(EAST), bus_arn(WEST, account="210987654321"))), TWO_REGIONS),
        (
            asked(buses=(bus_arn(EAST), bus_arn(WEST, "other"))),
            "Event bus names must match in the primary and secondary regions",
        ),
        (asked(RoleArn=None), "When replication is enabled, role cannot be empty."),
    ],
)
def test_buses_and_role_are_checked(buses, request_, text):
    """One bus in each region, of one name and of this account; replication wants a role (lint)."""
    given = {name: value for name, value in request_.items() if value is not None}
    assert buses.refused("create_endpoint", **given) == (INVALID, text)


def test_the_order_of_buses_does_not_matter(buses):
    """The primary region is the one that is called."""
    buses.create_endpoint(**asked(buses=(bus_arn(WEST), bus_arn(EAST))))
    endpoint = buses.store.endpoints["shop"]
    assert (endpoint.primary, endpoint.secondary) == (EAST, WEST)
    assert endpoint.bus_arn(WEST) == bus_arn(WEST)


def test_a_role_is_of_the_own_account(buses):
    """As for rules and targets."""
    request = asked(RoleArn="arn:aws:iam::210987654321:role/replication")
    code, _ = buses.refused("create_endpoint", **request)
    assert code == "AccessDeniedException"


def test_a_name_is_taken_once_and_the_number_is_limited(buses, api_with):
    """Both before anything is created."""
    buses.create_endpoint(**asked())
    taken = ("ResourceAlreadyExistsException", "Endpoint shop already exists.")
    assert buses.refused("create_endpoint", **asked()) == taken
    full = api_with(endpoints=0)
    assert full.refused("create_endpoint", **asked())[0] == "LimitExceededException"


def test_replication_is_a_managed_rule_on_each_bus(active):
    """It takes what was put in its own region by no service of AWS, and sends it to the other bus."""
    for here, there in ((EAST, WEST), (WEST, EAST)):
        [rule] = rules(active, here)
        assert rule["Name"].startswith("GlobalEndpointManagedRule-")
        assert rule["ManagedBy"] == "events.amazonaws.com"
        pattern = {"source": [{"anything-but": {"prefix": "aws."}}], "region": [here]}
        assert json.loads(rule["EventPattern"]) == pattern
        targets = call(active, here, "ListTargetsByRule", Rule=rule["Name"], EventBusName="orders")[
            "Targets"
        ]
        assert targets == [{"Id": rule["Name"], "Arn": bus_arn(there), "RoleArn": ROLE}]
        request = {"Name": rule["Name"], "EventBusName": "orders"}
        active.region = here
        active.store = active.plane.store(ACCOUNT, here)
        assert active.refused("disable_rule", **request)[0] == "ManagedRuleException"


def test_without_replication_there_are_no_rules(buses):
    """And no role is needed."""
    request = asked(ReplicationConfig={"State": "DISABLED"})
    del request["RoleArn"]
    answer = buses.create_endpoint(**request)
    assert answer["ReplicationConfig"] == {"State": "DISABLED"}
    assert "RoleArn" not in answer
    assert rules(buses, EAST) == rules(buses, WEST) == []


def test_the_rules_count_for_the_quota_of_their_bus(api_with):
    """In either region; nothing is created then."""
    api = api_with(rules_per_bus=1)
    for region in (EAST, WEST):
        call(api, region, "CreateEventBus", Name="orders")
    call(api, WEST, "PutRule", Name="r", EventBusName="orders", EventPattern='{"source":["a"]}')
    assert api.refused("create_endpoint", **asked())[0] == "LimitExceededException"


def test_a_missing_bus_fails_the_change(api):
    """The call is answered; the endpoint reports later (CREATE_FAILED is in the model)."""
    call(api, EAST, "CreateEventBus", Name="orders")
    assert api.create_endpoint(**asked())["State"] == "CREATING"
    assert rules(api, EAST) == []
    reason = f"Event bus {bus_arn(WEST)} does not exist."
    assert api.store.endpoints["shop"].failure == reason
    report(api, "CREATE_FAILED", reason)
    shown = api.describe_endpoint(Name="shop")
    assert (shown["State"], shown["StateReason"]) == ("CREATE_FAILED", reason)

    call(api, WEST, "CreateEventBus", Name="orders")
    assert api.update_endpoint(Name="shop")["State"] == "UPDATING"
    report(api, "ACTIVE")
    assert "StateReason" not in api.describe_endpoint(Name="shop")
    assert len(rules(api, EAST)) == len(rules(api, WEST)) == 1


def test_update_keeps_what_it_does_not_name(active):
    """Its answer has id and URL too; the time of the change is shown."""
    before = active.describe_endpoint(Name="shop")
    answer = active.update_endpoint(Name="shop", Description="new")
    assert answer["State"] == "UPDATING"
    assert answer["EndpointId"] == before["EndpointId"]
    report(active, "ACTIVE")
    after = active.describe_endpoint(Name="shop")
    assert after["LastModifiedTime"] > before["LastModifiedTime"]
    changed = {"Description": "new", "LastModifiedTime": after["LastModifiedTime"]}
    assert after == before | changed


def test_update_can_end_replication_and_begin_it_again(active):
    """The rules come and go; an update that leaves it alone sends no `Retire`."""
    active.update_endpoint(Name="shop", ReplicationConfig={"State": "DISABLED"})
    assert rules(active, EAST) == rules(active, WEST) == []
    assert [type(message) for to, message in active.news() if to != ARN] == [Retire, Retire]
    report(active, "ACTIVE")
    active.update_endpoint(Name="shop", ReplicationConfig={"State": "ENABLED"})
    assert len(rules(active, EAST)) == len(rules(active, WEST)) == 1
    report(active, "ACTIVE")
    active.news()
    active.update_endpoint(Name="shop", Description="d")
    assert Retire not in [type(message) for _, message in active.news()]


def test_update_can_move_to_other_buses(active):
    """The rules go with them."""
    for region in (EAST, WEST):
        call(active, region, "CreateEventBus", Name="sales")
    buses = [{"EventBusArn": bus_arn(region, "sales")} for region in (EAST, WEST)]
    active.update_endpoint(Name="shop", EventBuses=buses)
    assert rules(active, EAST) == []
    assert len(call(active, WEST, "ListRules", EventBusName="sales")["Rules"]) == 1


def test_an_update_that_fails_changes_nothing(active):
    """UPDATE_FAILED says why; routing and rules are as before."""
    before = active.describe_endpoint(Name="shop")
    buses = [{"EventBusArn": bus_arn(region, "missing")} for region in (EAST, WEST)]
    active.update_endpoint(Name="shop", EventBuses=buses)
    reason = f"Event bus {bus_arn(EAST, 'missing')} does not exist."
    assert active.store.endpoints["shop"].failure == reason
    report(active, "UPDATE_FAILED", reason)
    after = active.describe_endpoint(Name="shop")
    assert after["EventBuses"] == before["EventBuses"]
    assert len(rules(active, EAST)) == len(rules(active, WEST)) == 1


def test_a_change_excludes_another(buses):
    """Until the first one is over; the text is the one of connections."""
    buses.create_endpoint(**asked())
    busy = ("ConcurrentModificationException", "Endpoint shop was modified concurrently.")
    assert buses.refused("update_endpoint", Name="shop") == busy
    assert buses.refused("delete_endpoint", Name="shop") == busy
    report(buses, "ACTIVE")
    buses.delete_endpoint(Name="shop")
    assert buses.refused("delete_endpoint", Name="shop") == busy


def test_delete_removes_the_rules_and_later_the_endpoint(active):
    """It is DELETING until it reports."""
    assert active.delete_endpoint(Name="shop") == {}
    assert rules(active, EAST) == rules(active, WEST) == []
    assert active.describe_endpoint(Name="shop")["State"] == "DELETING"
    report(active, "DELETED")
    text = "Endpoint shop does not exist."
    for operation in ("describe_endpoint", "delete_endpoint", "update_endpoint"):
        assert active.refused(operation, Name="shop") == (MISSING, text)


def test_a_bus_with_replication_is_not_deleted(active):
    """Its managed rule is a rule."""
    text = "EventBus can't be deleted since it has rules."
    assert active.refused("delete_event_bus", Name="orders") == (INVALID, text)
