"""A payment service is down for 25 hours: which orders are lost?

Orders come all day, the service fails from ten o'clock on, and the target's dead-letter queue keeps what
is given up. How many retries are needed, over many days of random orders:

    simbridge sweep scenarios/payment_outage.py --vary max_attempts=0,5,185 --vary outage=1h,25h
"""

import json
import random

import simbridge as sb

ORDERS = 48


@sb.scenario(seed=1, start="2026-03-01T08:00:00Z")
def payment_outage(world: sb.World, max_attempts: int = 185, outage: str = "25h") -> None:
    """A payment service is down for 25 hours: which orders are lost?"""
    events = world.client("events")
    pay, kept = world.function("pay"), world.queue("kept")
    pay.fails("INTERNAL_ERROR", from_="2026-03-01T10:00:00Z", for_=outage)
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    target = {
        "Id": "pay",
        "Arn": pay.arn,
        "RetryPolicy": {"MaximumRetryAttempts": max_attempts},
        "DeadLetterConfig": {"Arn": kept.arn},
    }
    events.put_targets(Rule="orders", Targets=[target])

    chance = random.Random(world.seed)
    opened = world.now
    for number, hours in enumerate(sorted(chance.uniform(0, 12) for _ in range(ORDERS))):
        world.run(until=opened.add(seconds=3600 * hours))
        detail = json.dumps({"order": number})
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}
        events.put_events(Entries=[entry])
    world.run(until=opened.add(days=2))

    assert len(pay.received) + len(kept.received) == ORDERS
    assert not world.trace.deliveries(outcome="dropped")
