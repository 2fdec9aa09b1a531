"""The obvious way to evaluate a cron expression: look at every day and ask each field about it.

It shares nothing with simbridge but the language: it reads the text anew, day by day, through Python's
calendar, and is slow and plain. It knows the strict language only, without the leniency towards junk
and long names that `test_parse` holds.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator
from functools import lru_cache

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY = dt.timedelta(days=1)


def firings(expression: str, after: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """Every firing after one instant and up to another."""
    minutes, hours, dates, months, weekdays, years = expression.upper().split(" ")
    times = [
        dt.timedelta(minutes=minute)
        for minute in range(24 * 60)
        if holds(hours, minute // 60, 0, 23, ()) and holds(minutes, minute % 60, 0, 59, ())
    ]
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        if (
            holds(years, day.year, 1970, 9999, ())
            and holds(months, day.month, 1, 12, MONTHS)
            and (dates == "?" or date_holds(dates, day))
            and (weekdays == "?" or weekday_holds(weekdays, day))
        ):
            for time in times:
                if after < day + time <= until:
                    yield day + time
        day += DAY


@lru_cache(maxsize=10_000)
def holds(field: str, value: int, low: int, high: int, names: tuple[str, ...]) -> bool:
    """Whether a field of plain items names a value: walk each item from its start to its end."""

    def number(token: str) -> int:
        return names.index(token) + low if token in names else int(token)

    for item in field.split(","):
        span, slash, increment = item.partition("/")
        first, dash, last = span.partition("-")
        start = low if first == "*" else number(first)
        end = number(last) if dash else high if slash or first == "*" else start
        step = int(increment) if slash else 1
        at, steps = start, 0
        while True:
            if steps == 0 and at == value:
                return True
            if at == end or (step == 0 and at == start):
                break
            at = at + 1 if at < high else low
            steps = (steps + 1) % step
    return False


def date_holds(field: str, day: dt.datetime) -> bool:
    """Whether the day-of-month field names this day."""
    length = monthrange(day.year, day.month)[1]
    if field == "LW":
        return day.day == nearest_weekday(day, length)
    if field.startswith("L"):
        return day.day == length - int(field[2:] or 0)
    for item in field.split(","):
        if item.endswith("W"):
            wanted = int(item[:-1])
            if wanted <= length and day.day == nearest_weekday(day, wanted):
                return True
        elif holds(item, day.day, 1, 31, ()):
            return True
    return False


def weekday_holds(field: str, day: dt.datetime) -> bool:
    """Whether the day-of-week field names this day."""
    name = WEEKDAYS[(day.weekday() + 1) % 7]

    def same(token: str) -> bool:
        return name == (WEEKDAYS[int(token) - 1] if token.isdigit() else token)

    if field == "L":
        return name == "SAT"
    if field.endswith("L"):
        return same(field[:-1]) and (day + 7 * DAY).month != day.month
    if "#" in field:
        token, _, nth = field.partition("#")
        return same(token) and (day.day + 6) // 7 == int(nth)
    return holds(field, WEEKDAYS.index(name) + 1, 1, 7, WEEKDAYS)


def nearest_weekday(day: dt.datetime, wanted: int) -> int:
    """The Monday to Friday of this month with the smallest distance to a date; the earlier of two."""
    length = monthrange(day.year, day.month)[1]
    working = [n for n in range(1, length + 1) if day.replace(day=n).weekday() < 5]
    return min(working, key=lambda n: abs(n - wanted))
