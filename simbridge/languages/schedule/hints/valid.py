"""Hints for a valid schedule expression that most likely does something else than its author meant.

Each function of the table `_HINTS` knows one trap of a valid cron expression: it says what will happen and
what to write instead, or yields nothing. Hints are for people (`simbridge next`, the documentation) and
change nothing about what a schedule does.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence

from simbridge.base.clock import EARLIEST
from simbridge.languages.schedule.describe import WEEKDAYS, listed, ordinal
from simbridge.languages.schedule.firings import firings
from simbridge.languages.schedule.parse import parse
from simbridge.languages.schedule.syntax import (
    FIELDS,
    ITEM,
    Cron,
    DayOfMonth,
    DayOfWeek,
    fields_of,
)

__all__ = ["usage_hints"]

Fields = Sequence[str]

# A field whose increment starts anew with every round, and how many values a round has.
_ROUNDS = {"Minutes": (60, "hour"), "Hours": (24, "day"), "Month": (12, "year")}


def usage_hints(expression: str) -> list[str]:
    """The hints for a valid expression, a sentence each; raises `InvalidSchedule`."""
    meaning = parse(expression)
    if not isinstance(meaning, Cron):
        return list(_on_rate(expression))
    if firings(expression).after(EARLIEST) is None:
        return ["It never fires: no day up to the year 9999 is one that it names."]
    fields = fields_of(expression)
    return [text for find in _HINTS for text in find(fields, meaning)]


def _on_rate(expression: str) -> Iterator[str]:
    for unit, fixed in (("day", "cron(0 12 * * ? *)"), ("hour", "cron(0 * * * ? *)")):
        if unit in expression:
            yield (
                "A rate is counted from when the rule is created or enabled, to the second; "
                f"at a fixed time fires {fixed}."
            )


def _every_minute(fields: Fields, cron: Cron) -> Iterator[str]:
    if len(cron.minutes) == 60 and len(cron.hours) < 24:
        yield f"Minutes: {fields[0]} fires 60 times in each hour it names; 0 fires once."


def _weekday_numbers(fields: Fields, cron: Cron) -> Iterator[str]:
    days = cron.days
    numbers = re.search(r"[0-9]", re.sub(r"[/#][0-9]+", "", fields[4]))
    if isinstance(days, DayOfWeek) and numbers and 0 < len(days.days) < 7:
        names = listed([WEEKDAYS[day - 1] for day in days.days])
        yield f"Day of week: numbers count from Sunday = 1, so {fields[4]} is {names}."


def _every_saturday(fields: Fields, cron: Cron) -> Iterator[str]:
    if fields[4] == "L":
        yield "Day of week: L alone is every Saturday; the last Saturday of the month is 7L."


def _junk(fields: Fields, cron: Cron) -> Iterator[str]:
    for field, text in zip(FIELDS, fields, strict=True):
        for item in text.split(","):
            match = ITEM.fullmatch(item)
            rest = match["rest"] if match else ""
            if rest and rest[0] not in "LW#":
                yield f"{field.title}: {item} is read as {item[: -len(rest)]}."
            elif rest and match and (match["last"] or match["step"]):
                yield f"{field.title}: the {rest} of {item} is ignored."


def _increments(fields: Fields, cron: Cron) -> Iterator[str]:
    for field, text in zip(FIELDS, fields, strict=True):
        for item in text.split(","):
            match = ITEM.fullmatch(item)
            if not match or not match["step"]:
                continue
            step = int(match["step"])
            if step == 0 or step > field.high:
                yield f"{field.title}: the increment of {item} leaves only its first value."
            elif field.title in _ROUNDS and not match["last"]:
                size, round_ = _ROUNDS[field.title]
                if size % step:
                    yield f"{field.title}: the increment of {item} starts again in each {round_}."
            elif field.title == "Day of month" and step > 1 and not match["last"]:
                yield f"Day of month: the increment of {item} starts again in each month."


def _days_that_some_months_lack(fields: Fields, cron: Cron) -> Iterator[str]:
    if isinstance(cron.days, DayOfMonth):
        named = cron.days.days + cron.days.nearest_weekdays
        if len(named) == 1 and any(named[0] > monthrange(2027, month)[1] for month in cron.months):
            yield (
                f"Day of month: months without a {ordinal(named[0])} are skipped; "
                "the last day of every month is L."
            )
    elif cron.days.nth is not None and cron.days.nth[1] == 5:
        weekday = cron.days.nth[0]
        yield (
            f"Day of week: months without a fifth {WEEKDAYS[weekday - 1]} are skipped; "
            f"the last one of every month is {weekday}L."
        )


_HINTS: tuple[Callable[[Fields, Cron], Iterator[str]], ...] = (
    _every_minute,
    _weekday_numbers,
    _every_saturday,
    _junk,
    _increments,
    _days_that_some_months_lack,
)
