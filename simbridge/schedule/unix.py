"""What a Unix cron would make of the same fields: croniter's door.

An expression that was carried over from a crontab is often accepted by AWS and means something else:
weekday 1 is Sunday here and Monday there. croniter reads as Unix crons do, so where it fires at other
times, somebody should be told. It is no engine of ours: `firings` says why.
"""

from __future__ import annotations

import datetime as dt
from itertools import islice

from croniter import CroniterError, croniter  # type: ignore[import-untyped]

from simbridge import clock
from simbridge.clock import DateTime, Instant
from simbridge.errors import SimbridgeError
from simbridge.schedule.parse import fields_of

__all__ = ["unix_next_times"]


def unix_next_times(expression: str, after: Instant, count: int = 5) -> list[DateTime] | None:
    """The next firings of a Unix cron with these fields, in UTC.

    None where there is no such cron: for a rate, for years, for what a Unix cron cannot read. Raises
    `InvalidTime` for an `after` that is no instant.
    """
    begin = clock.moment(clock.instant(after))
    if not (expression.startswith("cron(") and expression.endswith(")")):
        return None
    *fields, year = fields_of(expression)
    if year != "*" or len(fields) != 5:
        return None
    try:
        times = croniter(" ".join(fields).replace("?", "*"), begin, ret_type=dt.datetime)
        return [clock.moment(clock.instant(time)) for time in islice(times, count)]
    except (CroniterError, SimbridgeError):
        return None
