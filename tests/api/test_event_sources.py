"""Partner event sources on the customer's side (fidelity 7.1, 7.2)."""

from __future__ import annotations

import pytest

from simbridge.actors.event_source import EXPIRED
from simbridge.api.reports import ReportInbox
from simbridge.base.clock import SECOND
from simbridge.kernel import Kernel
from simbridge.model.messages import Configure, Retire
from simbridge.model.state_messages import Progress

CUSTOMER, PARTNER = "123456789012", "999999999999"
NAME = "aws.partner/example.com/shop/orders"
ARN = f"arn:aws:events:us-east-1::event-source/{NAME}"
BUS = f"arn:aws:events:us-east-1:{CUSTOMER}:event-bus/{NAME}"
MISSING = ("ResourceNotFoundException", f"Event source {NAME} does not exist.")
WRONG_STATE = (
    "InvalidStateException",
    f"Event source {NAME} is not in a valid state for this operation.",
)
DAY = 86_400


def as_partner(api, operation, **request):
    """One call of the partner."""
    return api.plane.call(operation, request, account=PARTNER, region=api.region, sender="story")


@pytest.fixture
def offered(api):
    """An API whose account is offered an event source, with its messages read."""
    as_partner(api, "CreatePartnerEventSource", Name=NAME, Account=CUSTOMER)
    api.news()
    return api


@pytest.fixture
def matched(offered):
    """The same with a matching event bus."""
    offered.create_event_bus(Name=NAME, EventSourceName=NAME)
    offered.news()
    return offered


def state(api):
    return api.describe_event_source(Name=NAME)["State"]


def expire(api, at_us):
    """The timer of the event source reports."""
    kernel = Kernel(7, at_us, lambda *_: ReportInbox(api.store, api.plane.stores))
    kernel.send(ARN, f"api:us-east-1:{CUSTOMER}", Progress("DELETED", EXPIRED))
    kernel.settle()


def test_an_offered_source_is_pending_and_expires_in_two_weeks(offered):
    """DescribeEventSource and ListEventSources show the same; the creator is the partner's name."""
    created = offered.store.event_sources[NAME].created_us // 1000 / 1000
    described = {
        "Arn": ARN,
        "CreatedBy": "aws.partner/example.com",
        "Name": NAME,
        "CreationTime": created,
        "State": "PENDING",
        "ExpirationTime": created + 14 * DAY,
    }
    assert offered.describe_event_source(Name=NAME) == described
    assert offered.list_event_sources() == {"EventSources": [described]}


def test_lists_have_a_prefix_and_pages(api):
    """Sorted by name."""
    names = [f"aws.partner/example.com/shop/{name}" for name in "bac"]
    for name in names:
        as_partner(api, "CreatePartnerEventSource", Name=name, Account=CUSTOMER)
    first = api.list_event_sources(Limit=2)
    second = api.list_event_sources(Limit=2, NextToken=first["NextToken"])
    found = [one["Name"] for page in (first, second) for one in page["EventSources"]]
    assert found == sorted(names)
    prefix = "aws.partner/example.com/shop/b"
    assert [s["Name"] for s in api.list_event_sources(NamePrefix=prefix)["EventSources"]] == [
        prefix
    ]


def test_a_matching_bus_makes_it_active(offered):
    """The source gets a message that stops its timer, and the bus one of its own."""
    assert offered.create_event_bus(Name=NAME, EventSourceName=NAME) == {"EventBusArn": BUS}
    news = dict(offered.news())
    assert set(news) == {ARN, BUS}
    assert news[ARN].resource.expires_us is None
    shown = offered.describe_event_source(Name=NAME)
    assert shown["State"] == "ACTIVE"
    assert "ExpirationTime" not in shown


def test_a_bus_needs_a_pending_source_of_its_name(api):
    """One that does not exist, or whose bus exists already."""
    assert api.refused("create_event_bus", Name=NAME, EventSourceName=NAME) == MISSING
    as_partner(api, "CreatePartnerEventSource", Name=NAME, Account=CUSTOMER)
    api.create_event_bus(Name=NAME, EventSourceName=NAME)
    taken = ("ResourceAlreadyExistsException", f"Event bus {NAME} already exists.")
    assert api.refused("create_event_bus", Name=NAME, EventSourceName=NAME) == taken


def test_deactivating_starts_two_weeks_and_activating_ends_them(matched):
    """Each is a message to the timer, and each is refused in any other state."""
    assert matched.refused("activate_event_source", Name=NAME) == WRONG_STATE
    assert matched.deactivate_event_source(Name=NAME) == {}
    until = matched.kernel.now + 14 * DAY * SECOND
    [(to, message)] = matched.news()
    assert (to, type(message), message.resource.expires_us) == (ARN, Configure, until)
    assert state(matched) == "PENDING"
    assert matched.refused("deactivate_event_source", Name=NAME) == WRONG_STATE
    assert matched.activate_event_source(Name=NAME) == {}
    assert state(matched) == "ACTIVE"


def test_a_source_that_no_bus_matches_cannot_be_activated(offered):
    """ActivateEventSource is for a source that was deactivated."""
    assert offered.refused("activate_event_source", Name=NAME) == WRONG_STATE
    assert offered.refused("deactivate_event_source", Name=NAME) == WRONG_STATE


@pytest.mark.parametrize(
    "operation", ["activate_event_source", "deactivate_event_source", "describe_event_source"]
)
def test_an_unknown_source(api, operation):
    """The text is the one that CreateEventBus has for it."""
    assert api.refused(operation, Name=NAME) == MISSING


def test_deleting_the_bus_makes_it_pending_again(matched):
    """With two new weeks; of a source that is PENDING already the clock goes on."""
    matched.delete_event_bus(Name=NAME)
    until = matched.store.event_sources[NAME].expires_us
    assert (state(matched), until) == ("PENDING", matched.kernel.now + 14 * DAY * SECOND)

    matched.create_event_bus(Name=NAME, EventSourceName=NAME)
    matched.deactivate_event_source(Name=NAME)
    until = matched.store.event_sources[NAME].expires_us
    matched.news()
    matched.delete_event_bus(Name=NAME)
    assert matched.store.event_sources[NAME].expires_us == until


def test_a_source_that_expires_is_gone_for_both_sides(offered):
    """Nobody has created a bus for it."""
    expire(offered, offered.store.event_sources[NAME].expires_us)
    assert offered.list_event_sources() == {"EventSources": []}
    assert offered.plane.stores[PARTNER, "us-east-1"].partner_sources == {}


def test_a_source_that_expires_with_its_bus_is_deleted(matched):
    """The customer sees that until the bus is deleted; the bus itself remains."""
    matched.deactivate_event_source(Name=NAME)
    expire(matched, matched.store.event_sources[NAME].expires_us)
    assert state(matched) == "DELETED"
    assert "ExpirationTime" not in matched.describe_event_source(Name=NAME)
    for operation in ("activate_event_source", "deactivate_event_source"):
        assert matched.refused(operation, Name=NAME) == WRONG_STATE
    matched.delete_event_bus(Name=NAME)
    assert matched.list_event_sources() == {"EventSources": []}


def test_a_timer_that_was_overtaken_deletes_nothing(offered):
    """The source was activated, or deactivated anew, at the instant at which the timer was due."""
    due_us = offered.store.event_sources[NAME].expires_us
    offered.create_event_bus(Name=NAME, EventSourceName=NAME)
    expire(offered, due_us)
    assert state(offered) == "ACTIVE"
    offered.deactivate_event_source(Name=NAME)
    expire(offered, due_us)
    assert state(offered) == "PENDING"


def test_how_long_a_source_is_pending_can_be_set(api_with):
    """`event_source_days`; what lies after the last instant there is ends there."""
    for days, seconds in ((1, DAY), (0, 0)):
        api = api_with(event_source_days=days)
        as_partner(api, "CreatePartnerEventSource", Name=NAME, Account=CUSTOMER)
        source = api.store.event_sources[NAME]
        assert source.expires_us == source.created_us + seconds * SECOND
    api = api_with(event_source_days=10**9)
    as_partner(api, "CreatePartnerEventSource", Name=NAME, Account=CUSTOMER)
    assert api.describe_event_source(Name=NAME)["ExpirationTime"] < 10**12


def test_a_source_that_the_partner_deletes(matched):
    """With a bus it is DELETED, and its timer is stopped."""
    as_partner(matched, "DeletePartnerEventSource", Name=NAME, Account=CUSTOMER)
    assert matched.news() == [(ARN, Retire(ARN))]
    assert state(matched) == "DELETED"
