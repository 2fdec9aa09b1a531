"""Why an event is on no bus, and `trace.why` of the events of partners."""

from __future__ import annotations

import pytest

import simbridge as sb

CUSTOMER, PARTNER = "123456789012", "999999999999"
NAME = "aws.partner/example.com/shop/orders"


class Market:
    """A partner and its customer; `put` is one event of the partner, not delivered yet."""

    def __init__(self) -> None:
        self.world = sb.World(seed=7, start="2026-03-01T00:00:00Z")
        self.partner = self.world.client(account=PARTNER)
        self.events = self.world.client()
        self.partner.create_partner_event_source(Name=NAME, Account=CUSTOMER)

    def put(self) -> str:
        entry = {"Source": NAME, "DetailType": "OrderPlaced", "Detail": "{}"}
        answer = self.partner.put_partner_events(Entries=[entry])
        event_id: str = answer["Entries"][0]["EventId"]
        return event_id

    def unknown(self, event_id: str) -> str:
        """What is said of an event that is on no bus."""
        with pytest.raises(sb.SimbridgeError) as refusal:
            self.world.trace.why(event_id)
        return str(refusal.value)


def test_an_event_of_a_pending_source_was_dropped() -> None:
    """The state it had then is told, whatever it is now."""
    it = Market()
    lost = it.put()
    it.events.create_event_bus(Name=NAME, EventSourceName=NAME)
    it.put()
    it.world.settle()
    assert it.unknown(lost) == (
        f"event {lost} was accepted and dropped: its event source was PENDING, and only an ACTIVE one "
        "delivers"
    )


def test_an_event_that_is_under_way_was_not_dropped() -> None:
    """Nothing has run since."""
    it = Market()
    it.events.create_event_bus(Name=NAME, EventSourceName=NAME)
    event_id = it.put()
    assert it.unknown(event_id) == (
        f"event {event_id} was accepted and has not arrived on a bus: no time has passed since; call "
        "world.settle()"
    )


def test_the_rules_of_the_partner_bus_are_shown() -> None:
    """And a rule of another bus that would have matched: the usual mistake is the default bus."""
    it = Market()
    it.events.create_event_bus(Name=NAME, EventSourceName=NAME)
    pattern = '{"detail-type": ["OrderPlaced"]}'
    it.events.put_rule(Name="forgotten", EventPattern=pattern)
    it.events.put_rule(Name="seen", EventBusName=NAME, EventPattern=pattern)
    event_id = it.put()
    it.world.settle()
    why = it.world.trace.why(event_id)
    (bus,) = why.buses
    assert (bus.bus, [(rule.rule, rule.matched) for rule in bus.rules]) == (NAME, [("seen", True)])
    assert why.hints == (f"rule forgotten on default would match; the event is on {NAME}",)


def test_the_names_of_partner_buses_are_known_to_questions() -> None:
    """Deliveries can be asked for by the bus, whose name has slashes."""
    it = Market()
    it.events.create_event_bus(Name=NAME, EventSourceName=NAME)
    queue = it.world.queue("orders")
    it.events.put_rule(Name="r", EventBusName=NAME, EventPattern='{"account": ["123456789012"]}')
    it.events.put_targets(Rule="r", EventBusName=NAME, Targets=[{"Id": "q", "Arn": queue.arn}])
    event_id = it.put()
    it.world.settle()
    (delivery,) = it.world.trace.deliveries(bus=NAME, rule="r")
    assert (delivery.event.id, delivery.outcome) == (event_id, "delivered")
    series = it.world.metrics("MatchedEvents", rule="r", bus=NAME)
    assert series.sum == 1
