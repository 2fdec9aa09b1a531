"""What `at(...)`, which only EventBridge Scheduler has, means as the expression of a rule."""

from __future__ import annotations

import datetime as dt
import re

from simbridge.base.errors import Hint

__all__ = ["AT", "instant_hint"]

AT = re.compile(r"at\(?\s*(?P<time>[0-9T:. -]+?)\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?\s*\)?", re.I)

_NONE = "A rule takes no at(...), which belongs to EventBridge Scheduler"
_FORM = "write one instant as cron() with its minute, hour, day, month, ? and year, in UTC"


def instant_hint(text: str) -> Hint:
    """About `at(...)` with a date and a time, in UTC or with an offset from it."""
    match = AT.fullmatch(text)
    if match is None:
        return Hint(f"{_NONE}: {_FORM}.")
    try:
        time = dt.datetime.fromisoformat(match["time"].strip() + (match["zone"] or "Z").upper())
        time = time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return Hint(f"{_NONE}, and {match['time'].strip()} is not a date and time: {_FORM}.")
    if time.second or time.microsecond:
        return Hint(f"{_NONE}, and a cron(...) fires at full minutes.")
    found = f"cron({time.minute} {time.hour} {time.day} {time.month} ? {time.year})"
    return Hint(
        f"A rule takes no at(...): write one instant as {found}. at(...) belongs to EventBridge "
        "Scheduler.",
        (found,),
    )
