"""A rule missed half of yesterday's orders: the bug is fixed, and yesterday is replayed into that rule only.

The pattern of billing's rule wants the country "DE" and never matched orders in lower case. Shipping's rule
is correct and must not receive anything a second time.
"""

import json

import simbridge as sb

COUNTRIES = ["DE", "de", "DE", "FR", "de", "DE"]


def rule(events, name: str, pattern: dict, target: str) -> None:
    """A rule with one target."""
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])


@sb.scenario(seed=6, start="2026-03-01T08:00:00Z")
def replay_after_a_fix(world: sb.World) -> None:
    """Archive a day, correct the pattern, replay with FilterArns."""
    events = world.client("events")
    billing, shipping = world.queue("billing"), world.queue("shipping")
    bus = events.describe_event_bus()["Arn"]
    archive = events.create_archive(ArchiveName="orders", EventSourceArn=bus)["ArchiveArn"]
    rule(events, "billing", {"detail": {"country": ["DE"]}}, billing.arn)
    rule(events, "shipping", {"detail": {"country": [{"exists": True}]}}, shipping.arn)
    for order, country in enumerate(COUNTRIES):
        detail = json.dumps({"order": order, "country": country})
        events.put_events(
            Entries=[{"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}]
        )
        world.run(hours=1)
    assert [event["detail"]["order"] for event in billing.received] == [0, 2, 5]

    # Only what was missed: the orders that the old pattern matched have been billed.
    rule(events, "billing", {"detail": {"country": ["de"]}}, billing.arn)
    fixed = events.describe_rule(Name="billing")["Arn"]
    events.start_replay(
        ReplayName="missed-orders",
        EventSourceArn=archive,
        EventStartTime="2026-03-01T08:00:00Z",
        EventEndTime="2026-03-01T14:00:00Z",
        Destination={"Arn": bus, "FilterArns": [fixed]},
    )
    world.run(minutes=10)

    assert events.describe_replay(ReplayName="missed-orders")["State"] == "COMPLETED"
    assert [event["detail"]["order"] for event in billing.received] == [0, 2, 5, 1, 4]
    assert [event.get("replay-name") for event in billing.received[3:]] == ["missed-orders"] * 2
    assert len(shipping.received) == len(COUNTRIES)
