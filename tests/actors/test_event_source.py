"""The timer of a partner event source (fidelity 7.2), in a world."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import simbridge as sb
from simbridge.actors.event_source import EXPIRED
from simbridge.base import clock
from simbridge.model.messages import Call
from simbridge.model.state_messages import Progress

CUSTOMER, PARTNER = "123456789012", "999999999999"
NAME = "aws.partner/example.com/shop/orders"


class Market:
    """A world in which a partner has offered an event source to the account of the world."""

    def __init__(self, **options: Any) -> None:
        self.world = sb.World(seed=7, start="2026-03-01T00:00:00Z", **options)
        self.partner = self.world.client(account=PARTNER)
        self.events = self.world.client()
        self.partner.create_partner_event_source(Name=NAME, Account=CUSTOMER)

    def states(self) -> list[str]:
        """The states of all event sources that the customer is offered."""
        return [one["State"] for one in self.events.list_event_sources()["EventSources"]]

    def expired(self) -> list[str]:
        """When it was deleted for having been PENDING for too long."""
        return [
            clock.iso_seconds(record.time)[5:-1].replace("T", " ")
            for record in self.world.trace
            if isinstance(record.message, Progress) and record.message.reason == EXPIRED
        ]


@pytest.fixture
def market() -> Any:
    """`market(**options of the world)`."""
    return Market


def test_two_weeks_to_the_second(market: Any) -> None:
    """PENDING until then; nothing of it is left for either side."""
    it = market()
    it.world.run(seconds=14 * 86_400 - 1)
    assert it.states() == ["PENDING"]
    it.world.run(seconds=1)
    assert it.states() == []
    assert it.expired() == ["03-15 00:00:00"]
    prefix = "aws.partner/example.com/"
    listed = it.partner.list_partner_event_sources(NamePrefix=prefix)["PartnerEventSources"]
    assert listed == []


def test_a_bus_stops_the_timer_and_deactivating_starts_it_anew(market: Any) -> None:
    """The two weeks count from the deactivation."""
    it = market()
    it.world.run(days=13)
    it.events.create_event_bus(Name=NAME, EventSourceName=NAME)
    it.world.run(days=30)
    assert it.states() == ["ACTIVE"]
    it.events.deactivate_event_source(Name=NAME)
    it.world.run(days=13)
    it.events.activate_event_source(Name=NAME)
    it.events.deactivate_event_source(Name=NAME)
    it.world.run(days=13)
    assert it.states() == ["PENDING"]
    it.world.run(days=1)
    assert it.states() == ["DELETED"]
    assert it.expired() == ["05-10 00:00:00"]


def test_a_source_that_is_deleted_has_no_timer(market: Any) -> None:
    """Its partner may offer it again, with two weeks of its own."""
    it = market()
    it.world.run(days=10)
    it.partner.delete_partner_event_source(Name=NAME, Account=CUSTOMER)
    it.world.run(days=1)
    it.partner.create_partner_event_source(Name=NAME, Account=CUSTOMER)
    it.world.run(days=13)
    assert it.states() == ["PENDING"]
    it.world.run(days=1)
    assert it.expired() == ["03-26 00:00:00"]


def test_a_handler_at_the_instant_of_the_timer_comes_too_late(market: Any) -> None:
    """Two weeks are over when they are over: the source is gone before its rule has invoked anything."""
    it = market(limits={"event_source_days": 1})
    late = it.world.function(
        "late", lambda _: it.world.client().create_event_bus(Name=NAME, EventSourceName=NAME)
    )
    it.events.put_rule(Name="daily", ScheduleExpression="cron(0 0 * * ? *)")
    it.events.put_targets(Rule="daily", Targets=[{"Id": "1", "Arn": late.arn}])
    it.world.run(days=1)
    called = [record.message for record in it.world.trace if isinstance(record.message, Call)]
    (created,) = [call for call in called if call.operation == "CreateEventBus"]
    assert created.error == "ResourceNotFoundException"
    assert it.states() == []


def test_a_fork_and_a_pickled_world_have_the_timer(market: Any) -> None:
    """Each deletes the source on its own."""
    it = market()
    it.world.run(days=7)
    fork, loaded = it.world.fork(), pickle.loads(pickle.dumps(it.world))
    for world in (it.world, fork, loaded):
        world.run(days=7)
        assert world.client().list_event_sources()["EventSources"] == []
    assert it.world.trace.digest() == fork.trace.digest() == loaded.trace.digest()


def test_a_late_bus_does_not_delay_the_states(market: Any) -> None:
    """With `profile="aws"` a new bus takes effect late; its source is ACTIVE at once."""
    it = market(profile="aws")
    it.events.create_event_bus(Name=NAME, EventSourceName=NAME)
    assert it.states() == ["ACTIVE"]
    it.world.run(days=20)
    assert it.states() == ["ACTIVE"]
    assert it.expired() == []
