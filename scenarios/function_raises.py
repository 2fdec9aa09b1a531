"""A Lambda function raises on every tenth order: why are EventBridge's metrics green, and where are the orders?

Lambda accepts an event before it runs the function. For EventBridge the delivery has then succeeded: it
does not retry, and the rule's dead-letter queue stays empty. Lambda runs the function again after one and
two minutes, and then sends a record to the function's own on-failure destination.
"""

import json

import simbridge as sb


@sb.scenario(seed=5, start="2026-03-01T00:00:00Z")
def function_raises(world: sb.World) -> None:
    """Thirty orders, three of which the function can never process."""
    events = world.client("events")
    kept, failures = world.queue("kept"), world.queue("failures")
    runs: list[tuple[int, str]] = []

    def pay(event: dict) -> dict:
        order = event["detail"]["order"]
        runs.append((order, f"{world.now:%H:%M}"))
        if order % 10 == 9:
            raise ValueError(f"no price for order {order}")
        return {"paid": order}

    function = world.function("pay", pay, on_failure=failures.arn)
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    target = {"Id": "pay", "Arn": function.arn, "DeadLetterConfig": {"Arn": kept.arn}}
    events.put_targets(Rule="orders", Targets=[target])
    for order in range(30):
        detail = json.dumps({"order": order})
        events.put_events(
            Entries=[{"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}]
        )
    world.run(hours=1)

    assert len(world.trace.deliveries(outcome="delivered")) == 30
    assert not kept.received
    assert not world.metrics("FailedInvocations", rule="orders").points
    assert [time for order, time in runs if order == 9] == ["00:00", "00:01", "00:03"]

    records = failures.received
    assert [record["requestPayload"]["detail"]["order"] for record in records] == [9, 19, 29]
    assert records[0]["requestContext"]["condition"] == "RetriesExhausted"
    assert records[0]["requestContext"]["approximateInvokeCount"] == 3
    assert records[0]["responsePayload"] == {
        "errorMessage": "no price for order 9",
        "errorType": "ValueError",
    }
