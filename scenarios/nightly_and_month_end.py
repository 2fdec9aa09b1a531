"""A shop backs up every night and closes its books on the last working day of every month.

The accountant asks for three years in advance: is any night left out, does a month end fall on a
Sunday, and what happens in the leap year 2028? Two more rules show common mistakes: a job on the 31st
is left out in five months of the year, and one on the 29th of February runs once.
"""

import datetime as dt

import simbridge as sb

JOBS = {
    "backup": "cron(30 2 * * ? *)",
    "close-books": "cron(0 18 LW * ? *)",
    "invoice": "cron(0 6 31 * ? *)",
    "leap-day": "cron(0 0 29 2 ? *)",
}
FIRST, END = dt.date(2026, 1, 1), dt.date(2029, 1, 1)


@sb.scenario(seed=4, start="2026-01-01T00:00:00Z")
def nightly_and_month_end(world: sb.World) -> None:
    """Let three years pass and compare every firing with the calendar."""
    events = world.client("events")
    for name, expression in JOBS.items():
        events.put_rule(Name=name, ScheduleExpression=expression)
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": world.function(name).arn}])
    world.run(until="2029-01-01T00:00:00Z")

    days = [FIRST + dt.timedelta(days=n) for n in range((END - FIRST).days)]
    month_ends = [day for day in days if (day + dt.timedelta(days=1)).day == 1]
    assert len(days) == 1096
    assert len(month_ends) == 36

    assert ran(world, "backup") == [f"{day}T02:30:00Z" for day in days]
    assert ran(world, "close-books") == [f"{working_day(day)}T18:00:00Z" for day in month_ends]
    assert ran(world, "invoice") == [f"{day}T06:00:00Z" for day in month_ends if day.day == 31]
    assert ran(world, "leap-day") == ["2028-02-29T00:00:00Z"]
    assert sum(working_day(day) != day for day in month_ends) == 11
    assert not world.trace.deliveries(outcome="dropped")


def ran(world: sb.World, job: str) -> list[str]:
    """The times of the events that started a job."""
    return [event["time"] for event in world.function(job).received]


def working_day(day: dt.date) -> dt.date:
    """The day itself or the Friday before it."""
    return day - dt.timedelta(days=max(0, day.weekday() - 4))
