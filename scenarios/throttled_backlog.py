"""A sale puts 600 orders at once on a service that takes five a second: how long until all are through?

Throttled attempts are retried, so nothing is lost. But a retry comes when its backoff is over and not when
the service has capacity: the backlog takes longer than the two minutes that the rate allows, and the last
order waits much longer than most.
"""

import json

import simbridge as sb

ORDERS, PER_SECOND = 600, 5


@sb.scenario(seed=3, start="2026-03-01T12:00:00Z")
def throttled_backlog(world: sb.World) -> None:
    """A burst, a limit, and a backlog that drains."""
    events = world.client("events")
    pay = world.function("pay")
    pay.limit(per_second=PER_SECOND)
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[{"Id": "pay", "Arn": pay.arn}])
    for start in range(0, ORDERS, 10):
        entries = [
            {"Source": "shop", "DetailType": "OrderPlaced", "Detail": json.dumps({"order": order})}
            for order in range(start, start + 10)
        ]
        events.put_events(Entries=entries)

    world.settle()
    assert len(pay.received) == PER_SECOND
    world.run(minutes=2)
    halfway = len(pay.received)
    assert ORDERS / 4 < halfway < ORDERS  # faster is not allowed, and not all of it was used
    world.run(hours=2)
    assert len(pay.received) == ORDERS

    delivered = world.trace.deliveries(outcome="delivered")
    latencies = sorted(delivery.latency for delivery in delivered)
    assert latencies[-1] > ORDERS / PER_SECOND
    assert latencies[-1] > 1.5 * latencies[ORDERS * 9 // 10]
    throttled = {attempt.error_code for delivery in delivered for attempt in delivery.attempts}
    assert throttled == {None, "THROTTLING"}
    per_second: dict[object, int] = {}
    for delivery in delivered:
        moment = delivery.attempts[-1].time
        per_second[moment] = per_second.get(moment, 0) + 1
    assert max(per_second.values()) <= PER_SECOND
