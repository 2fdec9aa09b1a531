"""Time is an int: microseconds since the Unix epoch, UTC. So is every duration.

Integers order events exactly and add up exactly; a float would do neither after a few simulated
weeks. Everything that people write (ISO 8601 text, aware datetimes, `"90s"`, timedeltas) is converted
to an int here and nowhere else, and is shown as a `pendulum.DateTime` in UTC.

>>> instant("2026-03-01T00:00:00+01:00")
1772319600000000
>>> iso_micros(instant("2026-03-01") + duration("1h30m"))
'2026-03-01T01:30:00.000000Z'
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

import pendulum

from simbridge.base.errors import InvalidTime

__all__ = [
    "EARLIEST",
    "LATEST",
    "SECOND",
    "DateTime",
    "Duration",
    "Instant",
    "duration",
    "elapsed",
    "event_time",
    "instant",
    "iso_micros",
    "iso_seconds",
    "moment",
    "span",
]

DateTime = pendulum.DateTime

# What users may pass. (`pendulum.Duration` is a timedelta, `pendulum.DateTime` a datetime.)
Instant = str | dt.datetime
Duration = str | dt.timedelta

SECOND = 1_000_000
_UNITS = {
    "us": 1,
    "ms": 1_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86400 * SECOND,
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_EVENT_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_TERM = re.compile(r"(\d+)(?:\.(\d+))?(us|ms|s|m|h|d)")

_DIGITS_MAX = 100
_CALENDAR = "the calendar has the years 1 to 9999"

EARLIEST = (dt.datetime(1, 1, 1, tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
LATEST = (dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
"""The last microsecond that a datetime can hold; no world runs past it."""


def instant(value: Instant) -> int:
    """An instant as microseconds since the epoch.

    Takes ISO 8601 text (read as UTC if it has no offset) or an aware datetime. Raises `InvalidTime` for
    a naive datetime, whose instant would depend on the machine it runs on.
    """
    if isinstance(value, str):
        try:
            # Without `exact`, a time of day would become an instant of the day it is run on.
            parsed: object = pendulum.parse(value, tz="UTC", strict=True, exact=True)
        except ValueError as error:
            raise InvalidTime(
                f"{value!r} is not an instant: write ISO 8601, for example '2026-03-01T00:00:00Z'"
            ) from error
        # For a time without a date, or "now", pendulum takes the date from the machine.
        if not isinstance(parsed, dt.date) or value == "now":
            raise InvalidTime(
                f"{value!r} is not an instant: write date and time, for example '2026-03-01T00:00:00Z'"
            )
        midnight = dt.datetime(parsed.year, parsed.month, parsed.day, tzinfo=dt.UTC)
        value = parsed if isinstance(parsed, dt.datetime) else midnight
    if not isinstance(value, dt.datetime):
        raise InvalidTime(f"{value!r} is not an instant: pass ISO 8601 text or an aware datetime")
    if value.tzinfo is None:
        raise InvalidTime(
            f"naive datetime {value.isoformat()}: give it a zone, "
            "for example datetime(..., tzinfo=timezone.utc) or ISO 8601 text ending in 'Z'"
        )
    utc = value.astimezone(dt.UTC)
    # A pendulum.DateTime subtracts in floats, which are a microsecond off after the year 2242.
    plain = dt.datetime(*utc.timetuple()[:6], utc.microsecond, tzinfo=dt.UTC)
    return (plain - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def event_time(text: str) -> int:
    """The `time` of an event in microseconds since the epoch. Raises `InvalidTime`.

    AWS writes `2026-03-01T00:00:00Z`; this form is parsed many times faster than others.
    """
    if _EVENT_TIME.fullmatch(text):
        try:
            return (dt.datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
        except ValueError:
            pass  # no such day: `instant` raises the error
    return instant(text)


def duration(value: Duration) -> int:
    """A duration in microseconds.

    Takes `"90s"`, `"5m"`, `"2h"`, `"1d"`, `"200ms"`, sums such as `"1h30m"`, a timedelta or a
    pendulum duration. Raises `InvalidTime` for anything else and for negative durations.
    """
    if isinstance(value, dt.timedelta):
        micros = _micros(value)
    elif isinstance(value, str):
        micros = _parse_duration(value)
    else:
        raise InvalidTime(
            f"{value!r} is not a duration: write '90s', '5m', '2h' or '1d', or pass a timedelta"
        )
    if micros < 0:
        raise InvalidTime(f"negative duration {value!r}: time only moves forward")
    return micros


@lru_cache(maxsize=256)
def _parse_duration(text: str) -> int:
    terms = list(_TERM.finditer(text))
    if not terms or "".join(term[0] for term in terms) != text:
        hint = (
            "time only moves forward" if text.startswith("-") else "write '90s', '5m', '2h' or '1d'"
        )
        raise InvalidTime(f"{text!r} is not a duration: {hint}")
    total = 0
    if any(len(term[0]) > _DIGITS_MAX for term in terms):
        raise InvalidTime(f"{text[:_DIGITS_MAX]!r}... is too long a duration: {_CALENDAR}")
    for term in terms:
        whole, fraction, unit = term.groups()
        total += int(whole) * _UNITS[unit]
        if fraction:
            total += int(fraction) * _UNITS[unit] // 10 ** len(fraction)
    if total > LATEST - EARLIEST:
        raise InvalidTime(f"{text!r} is too long a duration: {_CALENDAR}")
    return total


def span(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> int:
    """A duration in microseconds from numbers, as `World.run` takes them."""
    given = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
    for name, number in given.items():
        if not isinstance(number, int | float) or number != number:  # NaN is not itself
            raise InvalidTime(f"{name} is a number, not {number!r}")
    try:
        micros = _micros(dt.timedelta(**given))
    except OverflowError as error:
        raise InvalidTime(f"{_shown(given)} is too long a duration: {_CALENDAR}") from error
    if micros < 0:
        raise InvalidTime(f"negative duration {_shown(given)}: time only moves forward")
    return micros


def _shown(arguments: dict[str, float]) -> str:
    return ", ".join(f"{name}={number}" for name, number in arguments.items() if number)


def moment(micros: int) -> DateTime:
    """The instant as a `pendulum.DateTime` in UTC."""
    plain = _datetime(micros)
    # Ten times as fast as `pendulum.instance`, which first finds out what it was given.
    return DateTime(*plain.timetuple()[:6], plain.microsecond, tzinfo=pendulum.UTC)


@lru_cache(maxsize=1024)
def _iso_second(second: int) -> str:
    return _datetime(second * SECOND).replace(tzinfo=None).isoformat() + "Z"


def iso_seconds(micros: int) -> str:
    """`2026-03-01T00:00:00Z`: the form of an event's `time`, fractions cut off (recorded)."""
    return _iso_second(micros // SECOND)


def iso_micros(micros: int) -> str:
    """`2026-03-01T00:00:00.000000Z`, exact."""
    return f"{_iso_second(micros // SECOND)[:-1]}.{micros % SECOND:06d}Z"


def elapsed(micros: int) -> str:
    """A duration as it is shown: `200ms`, `1.5s`, `2h00m00s`, `3d02h05m`."""
    if micros < SECOND:
        return f"{micros / 1000:g}ms"
    if micros < 60 * SECOND:
        return f"{micros / SECOND:g}s"
    minutes, seconds = divmod(micros // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02d}h{minutes:02d}m"
    if hours:
        return f"{hours}h{minutes:02d}m{seconds:02d}s"
    return f"{minutes}m{seconds:02d}s"


def _micros(delta: dt.timedelta) -> int:
    # pendulum's subclasses of timedelta overload division; the three plain fields they leave alone.
    plain = dt.timedelta(delta.days, delta.seconds, delta.microseconds)
    return plain // _MICROSECOND


def _datetime(micros: int) -> dt.datetime:
    if not EARLIEST <= micros <= LATEST:
        raise InvalidTime(f"{micros} microseconds is beyond the calendar (years 1 to 9999)")
    return _EPOCH + micros * _MICROSECOND
