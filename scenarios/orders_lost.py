"""A queue is created hours after the rule that fills it: which orders are lost until then?

AWS does not retry a delivery whose target does not exist. How much a dead-letter queue saves, over many
days of random orders:

    simbridge sweep scenarios/orders_lost.py --vary hours_missing=1,6 --vary kept=true,false --seeds 20
"""

import json
import random

import simbridge as sb

ORDERS_PER_HOUR = 6


@sb.scenario(seed=11, start="2026-03-01T08:00:00Z")
def orders_lost(world: sb.World, hours_missing: float = 2, kept: bool = True) -> None:
    """Orders come all day; their queue is created after `hours_missing`; `kept`: with a dead-letter queue."""
    events = world.client("events")
    target = {"Id": "billing", "Arn": "arn:aws:sqs:us-east-1:123456789012:billing"}
    if kept:
        target["DeadLetterConfig"] = {"Arn": world.queue("kept").arn}
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[target])

    chance = random.Random(world.seed)
    opened, passed = world.now, 0.0
    billing = None
    while passed < 10:
        passed += chance.expovariate(ORDERS_PER_HOUR)
        if billing is None and passed >= hours_missing:
            billing = world.queue("billing")
        world.run(until=opened.add(seconds=3600 * passed))
        detail = json.dumps({"total": chance.randint(10, 500)})
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}
        events.put_events(Entries=[entry])
    world.settle()

    assert not world.trace.deliveries(outcome="dropped")
