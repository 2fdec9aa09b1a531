"""A queue is deleted by mistake: what does a dead-letter queue keep, and what is lost without one?"""

import simbridge as sb


@sb.scenario(seed=5)
def dead_letter(world: sb.World) -> None:
    """Two targets point at a deleted queue; one of them has a dead-letter queue."""
    events = world.client("events")
    kept = world.queue("kept")
    gone = "arn:aws:sqs:us-east-1:123456789012:gone"
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(
        Rule="orders",
        Targets=[
            {"Id": "careless", "Arn": gone},
            {"Id": "careful", "Arn": gone, "DeadLetterConfig": {"Arn": kept.arn}},
        ],
    )
    entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
    events.put_events(Entries=[entry])
    world.run(hours=26)

    outcomes = {d.target: d.outcome for d in world.trace.deliveries()}
    assert outcomes == {"careful": "dead-lettered", "careless": "dropped"}
    assert [event["detail"] for event in kept.received] == [{"order": 1}]
