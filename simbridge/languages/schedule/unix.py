"""Reads five fields as Unix cron does, with croniter, and finds the expressions that fire alike.

An expression that was copied from a crontab means something else to AWS, or nothing at all: weekday 1 is
Sunday here and Monday there, and two fields of days are joined by *or*. croniter reads as Unix crons do.
It does not decide when a schedule of EventBridge fires (`cron` says why). It is the reference for what a
crontab means: what is proposed instead of its fields has to fire exactly when it does.

croniter: https://github.com/pallets-eco/croniter
crontab(5): https://man7.org/linux/man-pages/man5/crontab.5.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any

from simbridge.base import clock
from simbridge.base.clock import DateTime, Instant
from simbridge.base.errors import InvalidSchedule, SimbridgeError
from simbridge.base.lazy import lazy_import
from simbridge.languages.schedule.cron import CronFirings
from simbridge.languages.schedule.hints.fields import corrected
from simbridge.languages.schedule.syntax import FIELDS, Cron, fields_of, read

__all__ = ["from_unix", "unix_next_times", "weekdays_of_unix"]

_MONTHS = FIELDS[3].names.split()
_WEEKDAYS = FIELDS[4].names.split()

_BEGIN = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
_END = dt.datetime(2060, 1, 1, tzinfo=dt.UTC)
_SIGNS = re.compile(r"[A-Z0-9*,/#-]+")
_SPAN = re.compile(r"(?P<first>[A-Z]{3}|[0-7])(?:-(?P<last>[A-Z]{3}|[0-7]))?(?P<step>/[0-9]+)?")
_LAST_OR_NTH = re.compile(
    r"(?:L|(?=.L))(?P<last>[0-7])L?|(?P<nth>[A-Z]{3}|[0-7])#(?P<number>[1-5])"
)


def _croniter() -> Any:
    """croniter's module. Importing it takes longer than simbridge does, and only hints need it."""
    return lazy_import("croniter")


def unix_next_times(expression: str, after: Instant, count: int = 5) -> list[DateTime] | None:
    """The next firings of a Unix cron with these fields, in UTC.

    None if there is no such cron: for a rate, for years, for what a Unix cron cannot read. Raises
    `InvalidTime` for an `after` that is not an instant.
    """
    begin = clock.moment(clock.instant(after))
    if not (expression.startswith("cron(") and expression.endswith(")")):
        return None
    *fields, year = fields_of(expression)
    if year != "*" or len(fields) != 5:
        return None
    library = _croniter()
    try:
        times = library.croniter(" ".join(fields).replace("?", "*"), begin, ret_type=dt.datetime)
        return [clock.moment(clock.instant(time)) for time in islice(times, count)]
    except (library.CroniterError, SimbridgeError):
        return None


def from_unix(fields: Sequence[str]) -> list[str] | None:
    """The expressions that together fire exactly when a Unix cron with five fields would.

    Several where the one for the day of month and the one for the day of week are joined by *or*. None
    if Unix cron cannot read the fields, empty if EventBridge has no expression that fires as it does.
    """
    unix = [_plain(text.replace("?", "*")) for text in fields]
    if len(unix) != 5 or not all(map(_is_known, unix)):
        return None
    library = _croniter()
    try:
        expanded = library.croniter(" ".join(unix), _BEGIN).expanded
    except library.CroniterError:
        return None
    listed = [_listed(number, values) for number, values in enumerate(expanded)]
    written = [corrected(number, text) for number, text in enumerate(unix[:4])]
    for one in ([*written, weekdays_of_unix(unix[4])], listed):
        minutes, hours, day, month, weekday = one
        by_day = [minutes, hours, day, month, "?", "*"]
        by_weekday = [minutes, hours, "?", month, weekday, "*"]
        alone = [by_day, by_weekday] if weekday == "*" else [by_weekday, by_day]
        for rules in ([alone[0]], [alone[1]], [by_day, by_weekday]):
            if _fire_alike(unix, rules):
                return [f"cron({' '.join(rule)})" for rule in rules]
    return []


def _plain(text: str) -> str:
    """A field without empty items and with names of three letters, which croniter wants."""
    return re.sub(r"[A-Z]{4,}", _short, ",".join(filter(None, text.split(","))))


def _short(match: re.Match[str]) -> str:
    name = match[0][:3]
    return name if name in _MONTHS or name in _WEEKDAYS else match[0]


def _is_known(text: str) -> bool:
    """Whether a field has Unix cron's signs only; croniter takes an R for a random number."""
    known = {*_MONTHS, *_WEEKDAYS, "L", "W"}
    return bool(_SIGNS.fullmatch(text)) and set(re.findall("[A-Z]+", text)) <= known


def weekdays_of_unix(text: str) -> str:
    """A day of week of Unix cron, where Sunday is 0 or 7, in names; what is not known stays."""
    return ",".join(map(_weekday_of_unix, text.split(",")))


def _weekday_of_unix(item: str) -> str:
    if match := _LAST_OR_NTH.fullmatch(item):
        if match["last"]:
            return f"{_name(match['last'])}L"
        return f"{_name(match['nth'])}#{match['number']}"
    match = _SPAN.fullmatch(item)
    if match is None:
        return item
    first, last, step = match.group("first", "last", "step")
    if not step and (first, last) in (("0", "6"), ("1", "7"), ("0", "7")):
        return "*"
    return _name(first) + (f"-{_name(last)}" if last else "") + (step or "")


def _name(weekday: str) -> str:
    return _WEEKDAYS[int(weekday) % 7] if weekday.isdigit() else weekday


def _listed(number: int, values: Sequence[int | str]) -> str:
    """What croniter has read in a field, value by value."""
    if number == 4:
        return ",".join(_name(str(value)) for value in values)
    return ",".join(str(value).upper() for value in values)


# --------------------------------------------------------------------- the comparison


def _fire_alike(unix: Sequence[str], rules: Sequence[Sequence[str]]) -> bool:
    """Whether rules fire, taken together, exactly when a Unix cron does.

    A firing is a minute, an hour and a day that are named, in both languages; so each of the three is
    compared by itself, over years.
    """
    return all(
        _times([part(rule) for rule in rules], count) == _unix_times(" ".join(part(unix)), count)
        for part, count in ((_minutes, 120), (_hours, 48), (_days, 600))
    )


def _minutes(fields: Sequence[str]) -> list[str]:
    """The minutes of the first hour of every day."""
    return [fields[0], "0", *_EVERY_DAY[len(fields)]]


def _hours(fields: Sequence[str]) -> list[str]:
    """The hours of every day."""
    return ["0", fields[1], *_EVERY_DAY[len(fields)]]


def _days(fields: Sequence[str]) -> list[str]:
    """The first minute of each day."""
    return ["0", "0", *fields[2:]]


_EVERY_DAY = {5: "***", 6: "**?*"}
"""The other fields for Unix cron, which has five, and for EventBridge."""


@lru_cache(maxsize=256)
def _unix_times(text: str, count: int) -> list[dt.datetime]:
    return list(islice(takewhile(_END.__gt__, _unix_firings(text)), count))


def _unix_firings(text: str) -> Iterator[dt.datetime]:
    library = _croniter()
    times = library.croniter(text, _BEGIN, ret_type=dt.datetime)
    while True:
        try:
            yield times.get_next()
        except library.CroniterError:  # it never fires again
            return


def _times(rules: Sequence[Sequence[str]], count: int) -> list[dt.datetime] | None:
    """The first firings of rules taken together; None if one of them is refused."""
    found: set[dt.datetime] = set()
    for rule in rules:
        try:
            meaning = read(f"cron({' '.join(rule)})")
        except InvalidSchedule:
            return None
        assert isinstance(meaning, Cron)
        found.update(islice(takewhile(_END.__gt__, _firings(meaning)), count))
    return sorted(found)[:count]


def _firings(meaning: Cron) -> Iterator[dt.datetime]:
    fires = CronFirings(meaning)
    at = fires.after(clock.instant(_BEGIN))
    while at is not None:
        yield dt.datetime.fromtimestamp(at // clock.SECOND, dt.UTC)
        at = fires.after(at)
