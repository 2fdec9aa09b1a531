"""Computes when a cron expression fires, in whole microseconds.

There are only fourteen kinds of year (it begins on one of seven weekdays, and is leap or not), and only
twenty-eight kinds of month (it begins on one of seven weekdays and has 28 to 31 days). A cron expression is
therefore compiled once into a bit mask of days for each kind of month, and into a flag for each year up to
9999: the year is named, and one of the named months has a named day. The next firing is the next set bit:
of minutes, hours, days, months, years. For `cron(0 12 ? * 6L *)`, the last Friday:

    a month of 30 days that begins on Saturday    Fridays 7, 14, 21, 28    mask: bit 28
    from Friday 28, 12:00                         no higher bit is set, so the next month: its own mask

No step searches time, so the 29th of February of a distant year costs as much as the next minute, and an
expression that never fires says so at once. croniter and Quartz step through candidate dates instead.

Why not croniter (https://github.com/pallets-eco/croniter)? It was the first choice and is a reference in the
tests. But it reads another language (Sunday is 0, no `L-3`, no `LW`, no increment of 0), ends in the year
2099, keeps `31W` in months without a 31st, and computes in floats. It could only be used once AWS's
expression has been read into sets of numbers. From there to the next firing are the forty lines below,
exact in integers and many times faster (tests/bench/bench_schedules).

Quartz's CronExpression: https://www.quartz-scheduler.org/documentation/
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import product
from typing import final

from simbridge.base.clock import LATEST, SECOND
from simbridge.languages.schedule.syntax import Cron, DayOfMonth, DayOfWeek

__all__ = ["CronFirings", "RateFirings"]

_MINUTE = 60 * SECOND
_EPOCH = dt.date(1970, 1, 1).toordinal()
_LAST_YEAR = dt.MAXYEAR
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@final
class RateFirings:
    """Firings every `period_us` microseconds from an anchor that the rule keeps."""

    __slots__ = ("period_us",)

    def __init__(self, period_us: int) -> None:
        self.period_us = period_us

    def after(self, instant_us: int) -> int | None:
        """One period after a firing or the anchor; None past the year 9999."""
        following = instant_us + self.period_us
        return following if following <= LATEST else None


@final
class CronFirings:
    """The whole minutes that a cron expression means, in UTC."""

    __slots__ = ("_days", "_first", "_hours", "_minutes", "_months", "_years")

    def __init__(self, cron: Cron) -> None:
        self._minutes = _mask(cron.minutes)
        self._hours = _mask(cron.hours)
        self._months = _mask(cron.months)
        self._first = cron.hours[0] * 60 + cron.minutes[0]
        self._days = tuple(_days_of(cron.days, *divmod(kind, 4)) for kind in range(28))
        live = bytes(any(self._days[months[m - 1]] for m in cron.months) for months in _MONTH_KINDS)
        self._years = _years_of(cron.years, live)

    def after(self, instant_us: int) -> int | None:
        """The first firing strictly after an instant; None if there is none up to the year 9999."""
        day, minute = divmod(instant_us // _MINUTE + 1, 1440)
        ordinal = day + _EPOCH
        if ordinal > dt.date.max.toordinal():
            return None
        date = dt.date.fromordinal(ordinal)
        today = self._days_in(date.year, date.month) >> date.day & 1
        time = self._time_from(*divmod(minute, 60)) if today else None
        if time is None:
            following = self._day_after(date)
            if following is None:
                return None
            day, time = following - _EPOCH, self._first
        return (day * 1440 + time) * _MINUTE

    def _time_from(self, hour: int, minute: int) -> int | None:
        """The first minute of the day that is named, from this one on."""
        if self._hours >> hour & 1:
            rest = self._minutes >> minute
            if rest:
                return hour * 60 + minute + _lowest(rest)
        later = self._hours >> (hour + 1)
        return (hour + 1 + _lowest(later)) * 60 + self._first % 60 if later else None

    def _day_after(self, date: dt.date) -> int | None:
        """The ordinal of the next day that is named, after this one."""
        year, month, past = date.year, date.month, date.day
        while True:
            days = self._days_in(year, month) >> (past + 1)
            if days:
                return dt.date(year, month, past + 1 + _lowest(days)).toordinal()
            past = 0
            months = self._months >> (month + 1)
            if months and self._years[year]:
                month += 1 + _lowest(months)
                continue
            year = self._years.find(1, year + 1)
            if year < 0:
                return None
            month = _lowest(self._months)

    def _days_in(self, year: int, month: int) -> int:
        """The days of a month that are named, as bits; 0 when the month or the year is not."""
        if not (self._months >> month & 1 and self._years[year]):
            return 0
        return self._days[_MONTH_KINDS[_YEAR_KINDS[year % 400]][month - 1]]


def _lowest(mask: int) -> int:
    """The position of the lowest bit that is set."""
    return (mask & -mask).bit_length() - 1


def _mask(values: Iterable[int]) -> int:
    return sum(map((1).__lshift__, values))


def _days_of(days: DayOfMonth | DayOfWeek, first: int, extra: int) -> int:
    """The days that are named, as bits, in a month of 28 + `extra` days.

    Its 1st is weekday `first`, counted from Sunday = 0.
    """
    length, inside = 28 + extra, _DATES[extra]
    if isinstance(days, DayOfWeek):
        same = _SAME_WEEKDAY[first]
        if days.last is not None:
            return 1 << (same[days.last - 1] & inside).bit_length() - 1
        if days.nth is not None:
            weekday, nth = days.nth
            return same[weekday - 1] & inside & 0b1111111 << 7 * nth - 6
        return sum([same[weekday - 1] for weekday in days.days]) & inside
    named = _mask(days.days) & inside
    for day in days.nearest_weekdays:
        if day <= length:  # `31W` is not the last weekday of April: that month does not fire
            named |= 1 << _weekday_near(day, first, length)
    if days.before_last is not None and (day := length - days.before_last) >= 1:
        named |= 1 << (_weekday_near(day, first, length) if days.before_last_weekday else day)
    return named


def _weekday_near(day: int, first: int, length: int) -> int:
    """The Monday to Friday nearest to a day, within its month."""
    weekday = (first + day - 1) % 7
    if weekday == 6:  # Saturday
        return day - 1 if day > 1 else day + 2
    if weekday == 0:  # Sunday
        return day + 1 if day < length else day - 2
    return day


def _years_of(ranges: tuple[range, ...], live: bytes) -> bytes:
    """A flag for each year up to 9999: it is named, and of a kind (`live`) that has firings."""
    named = bytearray(_LAST_YEAR + 1)
    for years in set(ranges):
        found = len(range(years.start, min(years.stop, _LAST_YEAR + 1), years.step))
        if found:
            named[years.start : years.start + (found - 1) * years.step + 1 : years.step] = (
                b"\1" * found
            )
    cycle = _YEAR_KINDS.translate(live.ljust(256)) * (_LAST_YEAR // 400 + 1)
    return (int.from_bytes(named) & int.from_bytes(cycle)).to_bytes(len(named))


def _months_of(first: int, leap: bool) -> bytes:
    """The kinds of the twelve months of a year that starts on this weekday (0: Sunday)."""
    kinds = []
    for number, usual in enumerate(_LENGTHS):
        length = usual + (leap and number == 1)
        kinds.append(first % 7 * 4 + length - 28)
        first += length
    return bytes(kinds)


# The calendar repeats every 400 years, to the weekday. A kind of month is 4 * its first weekday + its
# length - 28; a kind of year is 2 * its first weekday + 1 if it is leap.
_YEAR_KINDS = bytes(
    dt.date(year, 1, 1).isoweekday() % 7 * 2 + (dt.date(year, 12, 31).timetuple().tm_yday == 366)
    for year in range(2000, 2400)
)
_MONTH_KINDS = tuple(_months_of(first, leap) for first, leap in product(range(7), (False, True)))

# The dates of a month of 28 to 31 days as bits; and those among them, in a month of 31 days that starts
# on the one weekday, that are the other.
_DATES = tuple(_mask(range(1, length + 1)) for length in range(28, 32))
_SAME_WEEKDAY = tuple(
    tuple(_mask(range(1 + (weekday - first) % 7, 32, 7)) for weekday in range(7))
    for first in range(7)
)
