"""How fast schedules are: firings through a rule to its target, `next_times`, a decade of many rules.

Run it alone: `python tests/bench/bench_schedules.py`. Peers are timed where they are installed: croniter
(one engine for many dialects of cron), cronsim (Debian's cron), aws-croniter (AWS's dialect). They are
given the same schedule in their own language; that the answers agree is checked before the clock starts.
simbridge remembers expressions it has read, as it does for its rules; "read anew" is without that.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from importlib import import_module

import simbridge as sb
from simbridge.languages import schedule
from simbridge.model.messages import Publish

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

# What it is, how AWS writes it, how croniter and cronsim write it.
SCHEDULES = (
    ("weekdays at noon", "0 12 ? * MON-FRI *", "0 12 * * 1-5"),
    ("last Friday of the month", "15 10 ? * 6L *", "15 10 * * {last}5"),
    ("leap days", "0 0 29 2 ? *", "0 0 29 2 *"),
)


def firings(days: int = 365) -> float:
    """Firings per second of one rule with one target, each delivered and in the trace."""
    world = sb.World()
    events = world.client("events")
    queue = world.queue("q")
    events.put_rule(Name="r", ScheduleExpression="rate(7 minutes)")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    began = time.perf_counter()
    world.run(days=days)
    spent = time.perf_counter() - began
    count = days * 24 * 60 // 7 + 1
    assert len(queue.messages) == count
    return count / spent


def decade(rules: int = 300) -> tuple[int, float]:
    """Ten years of rules that fire hourly to yearly: (firings, seconds)."""
    world = sb.World()
    events = world.client("events")
    queue = world.queue("q")
    for number in range(rules):
        expression = (
            f"cron({number % 60} {number % 24} * * ? *)",
            f"cron({number % 60} 3 ? * {number % 7 + 1} *)",
            f"cron({number % 60} 6 LW * ? *)",
            f"rate({number % 50 + 20} hours)",
            f"cron(0 0 {number % 28 + 1} {number % 12 + 1} ? *)",
        )[number % 5]
        events.put_rule(Name=f"r{number}", ScheduleExpression=expression)
        events.put_targets(Rule=f"r{number}", Targets=[{"Id": "1", "Arn": queue.arn}])
    began = time.perf_counter()
    world.run(until="2036-01-01T00:00:00Z")
    spent = time.perf_counter() - began
    count = sum(isinstance(record.message, Publish) for record in world.trace)
    assert count == len(queue.messages)
    return count, spent


def next_times(expression: str, count: int) -> list[dt.datetime]:
    """What `sb.next_times` answers."""
    return list(sb.next_times(f"cron({expression})", after=START, count=count))


def read_anew(expression: str, count: int) -> list[dt.datetime]:
    """The same without the memory of expressions."""
    schedule.firings.cache_clear()
    return next_times(expression, count)


def peers(aws: str, unix: str) -> Iterator[tuple[str, Callable[[int], list[dt.datetime]]]]:
    """The other libraries that are here, each as a function count -> instants."""
    if (croniter := _installed("croniter")) is not None:

        def by_croniter(count: int) -> list[dt.datetime]:
            times = croniter.croniter(unix.format(last="L"), START)
            return [times.get_next(dt.datetime) for _ in range(count)]

        yield "croniter", by_croniter
    if (cronsim := _installed("cronsim")) is not None:

        def by_cronsim(count: int) -> list[dt.datetime]:
            # It writes the last Friday 5L.
            times = cronsim.CronSim(unix.replace("{last}5", "5L"), START)
            return [next(times) for _ in range(count)]

        yield "cronsim", by_cronsim
    if (aws_croniter := _installed("aws_croniter")) is not None:

        def by_aws_croniter(count: int) -> list[dt.datetime]:
            schedule_read, at, found = aws_croniter.AwsCroniter(aws), START, []
            for _ in range(count):
                at = schedule_read.occurrence(at).next()
                found.append(at)
            return found

        yield "aws-croniter", by_aws_croniter


def per_second(ask: Callable[[int], list[dt.datetime]], count: int) -> float:
    """Instants per second, reading the expression included; repeated for a tenth of a second."""
    began, found = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < 0.1:
        found += len(ask(count))
    return found / spent


def _installed(name: str):
    try:
        return import_module(name)
    except ImportError:
        return None


def main() -> None:
    """Print one line for each figure."""
    print(f"{'firings/s, rate to a queue':44} {firings():12,.0f}")
    count, spent = decade()
    print(f"{'a decade of 300 rules':44} {spent:11.1f}s  {count:,} firings, {count / spent:,.0f}/s")
    for name, aws, unix in SCHEDULES:
        anew = per_second(lambda n, aws=aws: read_anew(aws, n), 1)
        print(f"{f'next_times/s, {name}, read anew':44} {anew:12,.0f}")
        for many in (1, 10):
            ours = per_second(lambda n, aws=aws: next_times(aws, n), many)
            print(f"{f'next_times/s, {name}, {many} a call':44} {ours:12,.0f}")
            for peer, ask in peers(aws, unix):
                if ask(many) != next_times(aws, many):
                    print(f"{f'  {peer}':44} {'other answers':>12}")
                    continue
                theirs = per_second(ask, many)
                print(f"{f'  {peer}':44} {theirs:12,.0f}  simbridge is {ours / theirs:.1f} x")


if __name__ == "__main__":
    main()
