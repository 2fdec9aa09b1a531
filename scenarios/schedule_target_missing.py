"""The nightly report's queue is deployed a day after the rule: what happened to the events of the first day?

A schedule does not wait for its target. Each hour's event is emitted, fails because no queue exists at the
ARN, and is dropped, because a missing target is not retried. None of these events is delivered when the
queue appears. The same rule has a second target with a dead-letter queue, which keeps the whole day.
"""

import simbridge as sb

LATE = "arn:aws:sqs:us-east-1:123456789012:late"


@sb.scenario(seed=8, start="2026-03-01T00:30:00Z")
def schedule_target_missing(world: sb.World) -> None:
    """Hourly events, a day without the queue, a day with it."""
    events = world.client("events")
    kept = world.queue("kept")
    events.put_rule(Name="hourly", ScheduleExpression="cron(0 * * * ? *)")
    careful = {"Id": "careful", "Arn": LATE, "DeadLetterConfig": {"Arn": kept.arn}}
    events.put_targets(Rule="hourly", Targets=[{"Id": "careless", "Arn": LATE}, careful])

    world.run(days=1)
    first_day = [f"2026-03-01T{hour:02}:00:00Z" for hour in range(1, 24)] + ["2026-03-02T00:00:00Z"]
    late = world.stand_in(LATE)
    world.run(days=1)
    second_day = [time.replace("-02T", "-03T").replace("-01T", "-02T") for time in first_day]

    assert [event["time"] for event in kept.received] == first_day
    assert [event["time"] for event in late.received] == sorted(second_day * 2)
    outcomes = {
        (target, outcome): len(world.trace.deliveries(target=target, outcome=outcome))
        for target in ("careless", "careful")
        for outcome in ("delivered", "dropped", "dead-lettered", "pending")
    }
    assert {ended: count for ended, count in outcomes.items() if count} == {
        ("careless", "dropped"): 24,
        ("careless", "delivered"): 24,
        ("careful", "dead-lettered"): 24,
        ("careful", "delivered"): 24,
    }
    assert {lost.error_code for lost in world.trace.deliveries(outcome="dropped")} == {
        "NO_RESOURCE"
    }
