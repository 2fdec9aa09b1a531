"""A poller asks a partner every ten minutes and is switched off for a maintenance window.

When it is switched on again it does not return to its old cadence: a rate is counted from when the rule
is enabled. A poller with a cron expression keeps to the clock, whenever it is switched on.
"""

import simbridge as sb


@sb.scenario(seed=6, start="2026-03-01T08:03:00Z")
def rate_switched_off(world: sb.World) -> None:
    """Two pollers, the same pause, two cadences afterwards."""
    events = world.client("events")
    for name, expression in (("rate", "rate(10 minutes)"), ("cron", "cron(3/10 * * * ? *)")):
        events.put_rule(Name=name, ScheduleExpression=expression)
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": world.queue(name).arn}])

    world.run(until="2026-03-01T08:30:00Z")
    for name in ("rate", "cron"):
        events.disable_rule(Name=name)
    world.run(until="2026-03-01T09:17:00Z")
    for name in ("rate", "cron"):
        events.enable_rule(Name=name)
        # Putting the same rule again changes nothing: the cadence goes on.
        events.put_rule(**expression_of(events, name))
    world.run(until="2026-03-01T09:40:00Z")

    assert received_at(world, "rate") == ["08:03", "08:13", "08:23", "09:17", "09:27", "09:37"]
    assert received_at(world, "cron") == ["08:13", "08:23", "09:23", "09:33"]


def expression_of(events, name: str) -> dict[str, str]:
    """A rule as PutRule takes it."""
    rule = events.describe_rule(Name=name)
    return {key: rule[key] for key in ("Name", "ScheduleExpression", "State")}


def received_at(world: sb.World, name: str) -> list[str]:
    """The minutes at which a queue received an event."""
    return [event["time"][11:16] for event in world.queue(name).received]
