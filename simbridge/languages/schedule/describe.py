"""Describes a schedule expression in English: "at 12:00 UTC on the first Monday of every month".

The sentence is made from what the expression means, not from how it is written, so it shows what AWS will
do with `2-6`, `FRI-MON` or `0/61`. Two expressions that differ in meaning never read the same: a short but
vague sentence would confirm the mistake that it is there to show.

Prior art: https://github.com/bradymholt/cron-expression-descriptor
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from simbridge.base.clock import SECOND
from simbridge.languages.schedule.parse import parse
from simbridge.languages.schedule.syntax import Cron, DayOfMonth, DayOfWeek, Rate

__all__ = ["WEEKDAYS", "describe_schedule", "listed", "ordinal"]

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""In AWS's order: number 1 is Sunday."""

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NTH = ("first", "second", "third", "fourth", "fifth")
_UNITS = (("day", 86400 * SECOND), ("hour", 3600 * SECOND), ("minute", 60 * SECOND))

_TIMES_MAX = 4  # so many times of day are written out; more are described
_END_OF_CALENDAR = 10_000


def describe_schedule(expression: str) -> str:
    """What a schedule expression means, in English; raises `InvalidSchedule`."""
    meaning = parse(expression)
    if isinstance(meaning, Rate):
        return (
            f"{_every(meaning)}, counted from when the rule is created, enabled or given this rate"
        )
    days = _days(meaning)
    whole_days = days == "every day" and len(meaning.hours) == 24
    parts = (_times(meaning), "" if whole_days else days, _years(meaning.years))
    return " ".join(part for part in parts if part)


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`, `11th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number // 10 % 10 == 1 else ending}"


def _every(rate: Rate) -> str:
    unit, size = next((unit, size) for unit, size in _UNITS if rate.period_us % size == 0)
    count = rate.period_us // size
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _times(cron: Cron) -> str:
    """The part of the sentence about minutes and hours."""
    hours, minutes = cron.hours, cron.minutes
    pace = _even_pace(minutes)
    if len(hours) == 24:
        return pace or f"at {_counted('minute', minutes)} of every hour"
    if len(hours) * len(minutes) <= _TIMES_MAX:
        return f"at {listed([_clock(hour, minute) for hour in hours for minute in minutes])} UTC"
    if pace:
        spans = [f"from {_clock(a, 0)} to {_clock(b, minutes[-1])}" for a, b in _runs(hours)]
        return f"{pace} {listed(spans)} UTC"
    step = _step(hours)
    if len(minutes) == 1 and step:
        what = "every hour" if step == 1 else f"every {step} hours"
        return f"{what} from {_clock(hours[0], *minutes)} to {_clock(hours[-1], *minutes)} UTC"
    return f"at {_counted('minute', minutes)} of {_counted('hour', hours, 'the ')} UTC"


def _even_pace(minutes: Sequence[int]) -> str:
    """`every 5 minutes`, where the minutes go on evenly from hour to hour."""
    count = len(minutes)
    if count == 60:
        return "every minute"
    if count > 1 and 60 % count == 0 and tuple(minutes) == tuple(range(0, 60, 60 // count)):
        return f"every {60 // count} minutes"
    return ""


def _counted(noun: str, values: Sequence[int], article: str = "") -> str:
    """`minute 5`, `minutes 5, 7 and 9 to 12`, `every 7th minute from 0 to 56`."""
    step = _step(values)
    if len(values) > _TIMES_MAX and step > 1:
        return f"every {ordinal(step)} {noun} from {values[0]} to {values[-1]}"
    return f"{article}{noun}{'s' * (len(values) > 1)} {listed(_spans(values, str))}"


def _days(cron: Cron) -> str:
    """The part of the sentence about days and months."""
    months = listed([_MONTHS[month - 1] for month in cron.months])
    inside = "" if len(cron.months) == 12 else f" in {months}"
    of_months = " of every month" if len(cron.months) == 12 else f" of {months}"
    days = cron.days
    if days.days == tuple(range(1, 8 if isinstance(days, DayOfWeek) else 32)):
        return f"every day{inside}"
    if isinstance(days, DayOfMonth):
        return f"on {listed(_dates(days))}{of_months}"
    if days.last is not None:
        return f"on the last {WEEKDAYS[days.last - 1]}{of_months}"
    if days.nth is not None:
        weekday, nth = days.nth
        return f"on the {_NTH[nth - 1]} {WEEKDAYS[weekday - 1]}{of_months}"
    return _weekdays(days.days) + inside


def _weekdays(days: Sequence[int]) -> str:
    """`on Mondays and Fridays`, `from Friday to Monday`."""
    for start in days if len(days) > 2 else ():
        round_trip = [(start - 1 + n) % 7 + 1 for n in range(len(days))]
        if sorted(round_trip) == list(days):
            return f"from {WEEKDAYS[start - 1]} to {WEEKDAYS[round_trip[-1] - 1]}"
    return f"on {listed([WEEKDAYS[day - 1] + 's' for day in days])}"


def _dates(days: DayOfMonth) -> list[str]:
    """`the 1st`, `the weekday nearest to the 15th`, `the last day`."""
    near = "the weekday (Monday to Friday) nearest to the"
    step = _step(days.days)
    if len(days.days) > _TIMES_MAX and step > 1:
        first, last = ordinal(days.days[0]), ordinal(days.days[-1])
        dates = [f"every {ordinal(step)} day from the {first} to the {last}"]
    else:
        dates = _spans(days.days, lambda day: f"the {ordinal(day)}")
    dates += [f"{near} {ordinal(day)}" for day in days.nearest_weekdays]
    if days.before_last is not None:
        back, near_it = days.before_last, days.before_last_weekday
        if back:
            before = f"{ordinal(back)} day before the last day"
            dates.append(f"{near} {before}" if near_it else f"the {before}")
        else:
            dates.append("the last weekday (Monday to Friday)" if near_it else "the last day")
    return dates


def _years(years: Sequence[range]) -> str:
    """`in 2027 and 2030`, `from 2027 to 2030`; nothing where every year from 1970 on is meant."""
    if range(1970, 2**31) in years and min(span.start for span in years) == 1970:
        return ""
    parts = []
    singles = sorted({span.start for span in years if len(span) == 1})
    if singles:
        parts.append(f"in {listed([str(year) for year in singles])}")
    for span in sorted({span for span in years if len(span) > 1}, key=lambda s: (s.start, s.stop)):
        pace = "" if span.step == 1 else f"every {span.step} years "
        end = "on" if span.stop > _END_OF_CALENDAR else f"to {span[-1]}"
        parts.append(f"{pace}from {span.start} {end}")
    return listed(parts)


def _clock(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


def _step(values: Sequence[int]) -> int:
    """The distance of two neighbours if it is the same for all, else 0."""
    steps = {b - a for a, b in pairwise(values)}
    return steps.pop() if len(steps) == 1 else 0


def _runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """The stretches of neighbouring numbers, as (first, last)."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def _spans(values: Sequence[int], name: Callable[[int], str]) -> list[str]:
    """Each value by name; stretches of three and more as `a to c`."""
    spans: list[str] = []
    for first, last in _runs(values):
        if last - first >= 2:
            spans.append(f"{name(first)} to {name(last)}")
        else:
            spans.extend(name(value) for value in range(first, last + 1))
    return spans
