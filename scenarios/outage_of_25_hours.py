"""A ledger is down for 25 hours: what is lost, and what does a dead-letter queue keep of it?

EventBridge retries for 24 hours or 185 times, whichever ends first. Events of the first hour of the outage
are always given up; of the next few hours, those that use up their retries too early. The others arrive
late. The dead-letter queue keeps each event as it would have been delivered, and its attributes name the
rule, the target, the error and the limit.
"""

import json

import simbridge as sb


@sb.scenario(seed=2, start="2026-03-01T00:00:00Z")
def outage_of_25_hours(world: sb.World) -> None:
    """An event every half hour, to one target without and one with a dead-letter queue."""
    events = world.client("events")
    ledger, kept = world.queue("ledger"), world.queue("kept")
    ledger.fails("INTERNAL_ERROR", for_="25h", text="The ledger is closed.")
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    careless = {"Id": "careless", "Arn": ledger.arn, "InputPath": "$.detail"}
    careful = {**careless, "Id": "careful", "DeadLetterConfig": {"Arn": kept.arn}}
    events.put_targets(Rule="orders", Targets=[careless, careful])

    for order in range(52):
        detail = json.dumps({"order": order})
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}
        events.put_events(Entries=[entry])
        world.run(minutes=30)
    world.run(hours=24)

    dropped = world.trace.deliveries(target="careless", outcome="dropped")
    dead = world.trace.deliveries(target="careful", outcome="dead-lettered")
    for ends in (dropped, dead):
        limits = {end.event.envelope["detail"]["order"]: end.exhausted for end in ends}
        assert {0, 1} <= limits.keys() <= set(range(10))
        assert all(limits[order] == "MaximumRetryAttempts" for order in limits if order > 2)
    late = world.trace.deliveries(outcome="delivered")
    assert len(late) + len(dropped) + len(dead) == 2 * 52
    assert all(delivery.latency < 24 * 3600 for delivery in late)

    letters = {json.loads(letter.body)["order"]: letter.attributes for letter in kept.receive()}
    assert len(letters) == len(dead)
    for end in dead:
        assert letters[end.event.envelope["detail"]["order"]] == {
            "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/orders",
            "TARGET_ARN": ledger.arn,
            "ERROR_CODE": "INTERNAL_ERROR",
            "ERROR_MESSAGE": "The ledger is closed.",
            "EXHAUSTED_RETRY_CONDITION": end.exhausted,
            "RETRY_ATTEMPTS": str(end.attempt_count - 1),
        }
