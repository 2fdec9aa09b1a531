"""Random partners, health checks and events; then everything is counted, and nothing may be left over.

An event that was accepted through a global endpoint with replication is seen exactly once in each of its two
regions, whatever its health check does. An event of a partner is seen exactly once on the partner's bus if its
source was ACTIVE, and nowhere if it was not. The same plan has the same digest, in a fork too.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb

CUSTOMER, PARTNER = "123456789012", "999999999999"
EAST, WEST = "us-east-1", "us-west-2"
SOURCES = tuple(f"aws.partner/example.com/shop/{name}" for name in ("a", "b"))
CHANGES = ("create", "delete", "match", "match", "unmatch", "activate", "deactivate", "deactivate")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from(["endpoint", EAST, WEST])),
        st.tuples(st.just("ticket"), st.sampled_from(SOURCES)),
        st.tuples(
            st.just("source"),
            st.sampled_from(SOURCES),
            st.sampled_from(CHANGES),
        ),
        st.tuples(st.just("fail"), st.integers(0, 600), st.integers(0, 1200)),
        st.tuples(st.just("recover")),
        st.tuples(st.just("wait"), st.integers(1, 900) | st.integers(1, 15 * 86_400)),
    ),
    min_size=3,
    max_size=25,
)
plans = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 3),
        "limits": st.sampled_from(
            [
                {},
                {"endpoint_failover_s": 360},
                {"delivery_latency_median_us": 50_000, "delivery_latency_p99_us": 130_000},
                {"event_source_days": 1},
            ]
        ),
        "steps": steps,
    }
)


class Regions:
    """A plan that is being carried out."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.world = sb.World(plan["seed"], "2026-03-01T00:00:00Z", limits=plan["limits"])
        self.orders: list[int] = []
        self.tickets: dict[int, str] = {}
        for region in (EAST, WEST):
            self.world.client(region=region).create_event_bus(Name="orders")
            self.watch(region, "orders", '{"source": ["shop"]}')
        failover = {
            "Primary": {"HealthCheck": self.world.health_check("shop").arn},
            "Secondary": {"Route": WEST},
        }
        self.world.client().create_endpoint(
            Name="shop",
            RoutingConfig={"FailoverConfig": failover},
            EventBuses=[
                {"EventBusArn": f"arn:aws:events:{region}:{CUSTOMER}:event-bus/orders"}
                for region in (EAST, WEST)
            ],
            RoleArn=f"arn:aws:iam::{CUSTOMER}:role/replication",
        )
        for source in SOURCES:
            self.change(source, "create")
        self.change(SOURCES[0], "match")
        self.world.run(minutes=1)

    def watch(self, region: str, bus: str, pattern: str) -> None:
        """A rule that sends what a bus gets to a queue of its name."""
        events = self.world.client(region=region)
        events.put_rule(Name="watch", EventBusName=bus, EventPattern=pattern)
        arn = self.queue(region, bus).arn
        events.put_targets(Rule="watch", EventBusName=bus, Targets=[{"Id": "q", "Arn": arn}])

    def queue(self, region: str, bus: str) -> Any:
        name = bus.rpartition("/")[2]
        return self.world.stand_in(f"arn:aws:sqs:{region}:{CUSTOMER}:{name}")

    def seen(self, region: str, bus: str) -> Counter[int]:
        """How often each number was seen on a bus."""
        received = self.queue(region, bus).messages
        return Counter(json.loads(text)["detail"]["n"] for text in received)

    def act(self, number: int, step: tuple[Any, ...]) -> None:
        check = self.world.health_check("shop")
        match step:
            case "order", way:
                self.order(number, way)
            case "ticket", source:
                self.ticket(number, source)
            case "source", source, change:
                self.change(source, change)
            case "fail", after, seconds:
                begin = self.world.now.add(seconds=after)
                check.fails(from_=begin, for_=f"{seconds}s")
            case ("recover",):
                check.recovers()
            case "wait", seconds:
                self.world.run(seconds=seconds)

    def order(self, number: int, way: str) -> None:
        entry = {
            "Source": "shop",
            "DetailType": "d",
            "Detail": json.dumps({"n": number}),
            "EventBusName": "orders",
        }
        request: dict[str, Any] = {"Entries": [entry]}
        if way == "endpoint":
            shown = self.world.client().describe_endpoint(Name="shop")
            request["EndpointId"] = shown["EndpointId"]
        client = self.world.client(region=EAST if way == "endpoint" else way)
        assert client.put_events(**request)["FailedEntryCount"] == 0
        self.orders.append(number)

    def ticket(self, number: int, source: str) -> None:
        state = self.state(source)
        entry = {"Source": source, "DetailType": "d", "Detail": json.dumps({"n": number})}
        answer = self.world.client(account=PARTNER).put_partner_events(Entries=[entry])
        assert (answer["FailedEntryCount"] == 0) == (state in ("PENDING", "ACTIVE"))
        if state == "ACTIVE":
            self.tickets[number] = source

    def state(self, source: str) -> str | None:
        """The state that the customer sees."""
        listed = self.world.client().list_event_sources(NamePrefix=source)["EventSources"]
        return listed[0]["State"] if listed else None

    def change(self, source: str, change: str) -> None:
        """One change by one of the two; what is refused in this state changes nothing."""
        partner, events = self.world.client(account=PARTNER), self.world.client()
        before = self.state(source)
        try:
            match change:
                case "create":
                    partner.create_partner_event_source(Name=source, Account=CUSTOMER)
                case "delete":
                    partner.delete_partner_event_source(Name=source, Account=CUSTOMER)
                case "match":
                    events.create_event_bus(Name=source, EventSourceName=source)
                    self.watch(EAST, source, json.dumps({"source": [source]}))
                case "unmatch":
                    self.unmatch(source)
                case "activate":
                    events.activate_event_source(Name=source)
                case "deactivate":
                    events.deactivate_event_source(Name=source)
        except events.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in (
                "InvalidStateException",
                "ResourceAlreadyExistsException",
                "ResourceNotFoundException",
            )
            assert self.state(source) == before

    def unmatch(self, source: str) -> None:
        """Delete the bus with its rule, after what is under way has arrived."""
        events = self.world.client()
        self.world.run(seconds=10)
        if source in [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]:
            events.remove_targets(Rule="watch", EventBusName=source, Ids=["q"])
            events.delete_rule(Name="watch", EventBusName=source)
            events.delete_event_bus(Name=source)

    def play(self, plan: dict[str, Any]) -> str:
        """All steps, and time for everything to arrive; the digest."""
        for number, step in enumerate(plan["steps"]):
            self.act(number, step)
        self.world.run(hours=1)
        return self.world.trace.digest()


@given(plan=plans)
@settings(max_examples=60, deadline=None)
def test_every_event_is_where_it_belongs(plan: dict[str, Any]) -> None:
    """Once in each region, once on the bus of its source, and nowhere else; twice the same."""
    it = Regions(plan)
    digest = it.play(plan)
    for region in (EAST, WEST):
        assert it.seen(region, "orders") == Counter(it.orders)
    for source in SOURCES:
        expected = [number for number, its in it.tickets.items() if its == source]
        assert it.seen(EAST, source) == Counter(expected)
    assert not it.world.trace.deliveries(outcome="dropped")
    assert Regions(plan).play(plan) == digest


@given(plan=plans, at=st.integers(0, 24))
@settings(max_examples=20, deadline=None)
def test_a_fork_has_the_same_future(plan: dict[str, Any], at: int) -> None:
    """Sources, endpoints and health checks go along."""
    it = Regions(plan)
    for number, step in enumerate(plan["steps"][:at]):
        it.act(number, step)
    fork = it.world.fork()
    for world in (it.world, fork):
        world.run(days=16)
        world.client().list_event_sources()
    assert it.world.trace.digest() == fork.trace.digest()
