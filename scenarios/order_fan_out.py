"""An order is placed: which targets receive it, and what happens to a target that does not exist?

Billing and the warehouse receive every order, the fraud desk only large ones. The next day an auditor's
queue that was never created is added as a target: what is sent to it is dropped, and the timeline says
why.
"""

import json

import simbridge as sb


@sb.scenario(seed=7, start="2026-03-01T00:00:00Z")
def order_fan_out(world: sb.World) -> None:
    """Billing and the warehouse receive every order, the fraud desk only large ones."""
    events = world.client("events")
    billing = world.queue("billing")

    async def reserve(event: dict) -> dict:
        return {"reserved": event["detail"]["order"]}

    warehouse = world.function("warehouse", reserve)
    desk = world.queue("fraud-desk")

    events.create_event_bus(Name="shop")
    placed = {"source": ["shop"], "detail-type": ["OrderPlaced"]}
    events.put_rule(Name="orders", EventBusName="shop", EventPattern=json.dumps(placed))
    events.put_targets(
        Rule="orders",
        EventBusName="shop",
        Targets=[{"Id": "billing", "Arn": billing.arn}, {"Id": "warehouse", "Arn": warehouse.arn}],
    )
    large = {**placed, "detail": {"total": [{"numeric": [">=", 1000]}]}}
    events.put_rule(Name="large-orders", EventBusName="shop", EventPattern=json.dumps(large))
    events.put_targets(
        Rule="large-orders", EventBusName="shop", Targets=[{"Id": "desk", "Arn": desk.arn}]
    )

    place(events, order=1, total=40)
    world.run(hours=26)
    assert [event["detail"]["order"] for event in billing.received] == [1]
    assert not desk.received

    audit = "arn:aws:sqs:us-east-1:123456789012:audit"
    events.put_targets(
        Rule="large-orders", EventBusName="shop", Targets=[{"Id": "audit", "Arn": audit}]
    )
    place(events, order=2, total=4000)
    world.settle()
    assert [event["detail"]["order"] for event in desk.received] == [2]
    assert [lost.error_code for lost in world.trace.deliveries(outcome="dropped")] == [
        "NO_RESOURCE"
    ]


def place(events, *, order: int, total: int) -> None:
    """Put one OrderPlaced event."""
    detail = json.dumps({"order": order, "total": total})
    events.put_events(
        Entries=[
            {
                "Source": "shop",
                "DetailType": "OrderPlaced",
                "Detail": detail,
                "EventBusName": "shop",
            }
        ]
    )
