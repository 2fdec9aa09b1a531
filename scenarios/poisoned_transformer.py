"""A customer orders two things at once: why does billing never receive the order?

The target's input template has the items between quotation marks. One item is a string and renders as
intended; two are a list, whose own quotation marks break the JSON. Such a delivery is not attempted,
because retrying would not help; the dead-letter queue keeps the invalid text as it was rendered.
"""

import json

import simbridge as sb

ORDERS = ["bread", ["bread", "wine"], "soap"]


@sb.scenario(seed=4, start="2026-03-01T00:00:00Z")
def poisoned_transformer(world: sb.World) -> None:
    """Three orders; the items of one of them break the template."""
    events = world.client("events")
    billing, kept = world.queue("billing"), world.queue("kept")
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    transformer = {
        "InputPathsMap": {"order": "$.detail.order", "items": "$.detail.items"},
        "InputTemplate": '{"order": <order>, "text": "for <items>"}',
    }
    target = {
        "Id": "billing",
        "Arn": billing.arn,
        "InputTransformer": transformer,
        "DeadLetterConfig": {"Arn": kept.arn},
    }
    events.put_targets(Rule="orders", Targets=[target])

    def place(order: int, items: object) -> None:
        detail = json.dumps({"order": order, "items": items})
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}
        events.put_events(Entries=[entry])
        world.run(hours=25)

    for order, items in enumerate(ORDERS):
        place(order, items)

    assert [message["order"] for message in billing.received] == [0, 2]
    (letter,) = kept.receive()
    assert letter.body == '{"order": 1, "text": "for ["bread","wine"]"}'
    assert letter.attributes["ERROR_CODE"] == "INVALID_JSON"
    assert letter.attributes["ERROR_MESSAGE"] == "Invalid input for target."
    assert "RETRY_ATTEMPTS" not in letter.attributes
    (poisoned,) = world.trace.deliveries(outcome="dead-lettered")
    assert poisoned.attempt_count == 0

    # Without quotation marks around it, the value keeps its type.
    transformer["InputTemplate"] = '{"order": <order>, "items": <items>}'
    events.put_targets(Rule="orders", Targets=[target])
    place(3, ["bread", "wine"])
    assert billing.received[-1] == {"order": 3, "items": ["bread", "wine"]}
