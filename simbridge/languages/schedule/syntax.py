"""Reads schedule expressions: `rate(5 minutes)` and `cron(0 12 ? * MON-FRI *)`.

An expression is read once into a frozen record that says *which* instants it means, not which comes
next: `Rate` is a period, `Cron` is a set of values for each field. `cron` computes firings.

AWS reads `rate` strictly and `cron` leniently, and both habits matter, because schedules that
AWS accepts by accident are running in real accounts. What we know of the leniency (fidelity 3.3; its page
explains the tags):

- a number may trail junk: `33x` is 33, `1-31W` is 1-31 (captured);
- a name counts with its first three letters: `TUESDAY` is TUE (captured);
- ranges wrap around, except years: `20-2`, `NOV-FEB`, `FRI-MON` (captured);
- an increment of 0, or one larger than the field, leaves the start value alone after a number
  (captured); after `*` an increment above the top of the field is refused: `*/60` (public reports of
  the service's answer for minutes; believed for the other fields, as in Quartz), years have no top;
- an empty item of a list is dropped: `9,17,` is 9 and 17 (AWS staff, in a public report);
- years are any int32 from 0 on, although 1970-2199 is documented (captured);
- `L` in the day of the week is Saturday, `6L` and `FRIL` are the last Friday (captured).

The shape resembles the expressions of the Quartz scheduler, so if AWS has not been observed we
follow what Quartz documents: `L` does not mix with other days, `W` may stand in a list, and `L`,
`W`, `#` in a field that does not know them are refused and not ignored as junk (believed).
A field without any item, a bare `/5`, and `*` followed by anything but an increment are refused
(believed).

AWS has one sentence for every mistake: the `text` of the `InvalidSchedule`. `read` adds what is wrong
in a field; `parse` adds what `hints` knows to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, final

import msgspec

from simbridge.base.clock import SECOND
from simbridge.base.errors import InvalidSchedule

__all__ = [
    "FIELDS",
    "ITEM",
    "REFUSED",
    "Cron",
    "DayOfMonth",
    "DayOfWeek",
    "Field",
    "Rate",
    "fields_of",
    "read",
]


@final
class Rate(msgspec.Struct, frozen=True):
    """A firing every `period_us` microseconds, counted from when the rule was made."""

    period_us: int


@final
class DayOfMonth(msgspec.Struct, frozen=True):
    """The days of a month that a cron expression names by number.

    A month fires on all of `days` that it has, on the weekday (Monday to Friday) nearest to each of
    `nearest_weekdays` without leaving the month, and, unless `before_last` is None, on the day that
    many days before its last one (moved to the nearest weekday if `before_last_weekday`).
    """

    days: tuple[int, ...] = ()
    nearest_weekdays: tuple[int, ...] = ()
    before_last: int | None = None
    before_last_weekday: bool = False


@final
class DayOfWeek(msgspec.Struct, frozen=True):
    """The days that a cron expression names by weekday; 1 is Sunday, 7 is Saturday (docs).

    Exactly one of the three is set: every one of `days`, the `last` such weekday of the month, or
    the `nth` = (weekday, n) of the month. A month without a fifth such weekday does not fire.
    """

    days: tuple[int, ...] = ()
    last: int | None = None
    nth: tuple[int, int] | None = None


@final
class Cron(msgspec.Struct, frozen=True):
    """The minutes (UTC) at which a cron expression fires: those that satisfy all five fields.

    Tuples are sorted and without repetition. AWS wants `?` in exactly one of the two day fields
    (recorded), so one rule for the days is all there is. `years` stay ranges: they may be endless
    (up to int32), and a year is meant if it is in any of them.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DayOfMonth | DayOfWeek
    months: tuple[int, ...]
    years: tuple[range, ...]


def read(expression: str) -> Rate | Cron:
    """As `parse`, but the error only says what is wrong in a field, and nothing about the shape."""
    if match := _RATE.fullmatch(expression):
        return _rate(match["value"], match["unit"], bool(match["plural"]))
    if expression.startswith("cron(") and expression.endswith(")"):
        return _cron(expression)
    raise _invalid("")


def fields_of(expression: str) -> list[str]:
    """The fields of `cron(...)` in upper case, without the empty items of their lists.

    `0/5,` is `0/5`; a field of nothing but commas is empty.
    """
    fields = expression[len("cron(") : -1].upper().split(" ")
    return [",".join(filter(None, field.split(","))) if "," in field else field for field in fields]


class Field(NamedTuple):
    """One of the six fields of a cron expression: its values, their names, how ranges behave."""

    title: str
    low: int
    high: int
    names: str = ""  # of the values from `low` on, three letters each
    star_low: int | None = None  # where `*` starts, if not at `low`
    wraps: bool = True


_INT32_MAX = 2**31 - 1  # the largest number AWS takes anywhere in an expression (captured)

_UNITS_US = {"minute": 60 * SECOND, "hour": 3600 * SECOND, "day": 86400 * SECOND}

_MINUTES = Field("Minutes", 0, 59)
_HOURS = Field("Hours", 0, 23)
_DAYS = Field("Day of month", 1, 31)
_MONTHS = Field("Month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
_WEEKDAYS = Field("Day of week", 1, 7, "SUN MON TUE WED THU FRI SAT")
_YEARS = Field("Year", 0, _INT32_MAX, star_low=1970, wraps=False)

FIELDS = (_MINUTES, _HOURS, _DAYS, _MONTHS, _WEEKDAYS, _YEARS)
"""In the order in which they stand in an expression."""

_RATE = re.compile(r"rate\((?P<value>[0-9]+) (?P<unit>minute|hour|day)(?P<plural>s?)\)")

# A name swallows the letters after its third, but not an L there: `FRIL` is a last Friday.
_VALUE = r"[0-9]+|[A-Z]{3}(?:[A-KM-Z][A-Z]*)?"
ITEM = re.compile(
    rf"(?P<first>\*|{_VALUE})(?:-(?P<last>{_VALUE}))?(?:/(?P<step>[0-9]+))?(?P<rest>.*)"
)
_FROM_LAST_DAY = re.compile(r"L(?:-(?P<before>[0-9]+))?(?P<weekday>W?)")
_NEAREST_WEEKDAY = re.compile(r"(?P<day>[0-9]+)W")
_LAST_WEEKDAY = re.compile(rf"(?P<weekday>{_VALUE})L.*")
_NTH_WEEKDAY = re.compile(rf"(?P<weekday>{_VALUE})#(?P<nth>[0-9]+)")

_BEFORE_LAST_MAX = 30
_NTH_MAX = 5  # captured: MON#5 is accepted, MON#6 is not


def _rate(value: str, unit: str, plural: bool) -> Rate:
    count = _int32(value)
    if count is None or count < 1:
        raise _invalid(f"The value of a rate is 1 to {_INT32_MAX}.")
    if plural == (count == 1):
        raise _invalid("")
    return Rate(count * _UNITS_US[unit])


def _cron(expression: str) -> Cron:
    if not (expression.isascii() and expression.isprintable()):
        raise _invalid("cron() holds nothing but ordinary characters and single spaces.")
    fields = fields_of(expression)
    if len(fields) != 6:
        raise _invalid("")
    for field, text in zip(FIELDS, fields, strict=True):
        if not text:
            raise _invalid(
                f"{field.title}: the field is empty; write * for every value, and one space "
                "between two fields."
            )
    minutes, hours, day_of_month, months, day_of_week, years = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise _invalid("")
    return Cron(
        minutes=_values(_MINUTES, minutes.split(",")),
        hours=_values(_HOURS, hours.split(",")),
        days=_day_of_month(day_of_month) if day_of_week == "?" else _day_of_week(day_of_week),
        months=_values(_MONTHS, months.split(",")),
        years=tuple(_span(_YEARS, item) for item in years.split(",")),
    )


def _day_of_month(text: str) -> DayOfMonth:
    if match := _FROM_LAST_DAY.fullmatch(text):
        before = _int32(match["before"] or "0")
        if before is None or before > _BEFORE_LAST_MAX:
            raise _invalid(f"Day of month: {text} is more than {_BEFORE_LAST_MAX} days back.")
        return DayOfMonth(before_last=before, before_last_weekday=bool(match["weekday"]))
    plain: list[str] = []
    nearest: set[int] = set()
    for item in text.split(","):
        if match := _NEAREST_WEEKDAY.match(item):
            nearest.add(_value(_DAYS, match["day"]))
        else:
            plain.append(item)
    return DayOfMonth(_values(_DAYS, plain), tuple(sorted(nearest)))


def _day_of_week(text: str) -> DayOfWeek:
    if text == "L":
        return DayOfWeek(days=(_WEEKDAYS.high,))
    if "," not in text and (match := _LAST_WEEKDAY.fullmatch(text)):
        return DayOfWeek(last=_value(_WEEKDAYS, match["weekday"]))
    if match := _NTH_WEEKDAY.fullmatch(text):
        nth = _int32(match["nth"])
        if nth is None or not 1 <= nth <= _NTH_MAX:
            raise _invalid(f"Day of week: the number after # is 1 to {_NTH_MAX}, not as in {text}.")
        return DayOfWeek(nth=(_value(_WEEKDAYS, match["weekday"]), nth))
    return DayOfWeek(days=_values(_WEEKDAYS, text.split(",")))


def _values(field: Field, items: Iterable[str]) -> tuple[int, ...]:
    """All values that the items of a list mean, with wrapping ranges folded back into the field."""
    size = field.high - field.low + 1
    spans = (_span(field, item) for item in items)
    return tuple(sorted({field.low + (n - field.low) % size for span in spans for n in span}))


def _span(field: Field, item: str) -> range:
    """What one item means; the end of a wrapping range lies beyond the field by one round."""
    match = ITEM.fullmatch(item)
    if match is None:
        raise _invalid(f"{field.title}: {item!r} is not a value, range or increment{_alone(item)}.")
    first, last, step, rest = match.group("first", "last", "step", "rest")
    if rest and (rest[0] in "-/" or first == "*" or (rest[0] in "LW#" and not (last or step))):
        raise _invalid(f"{field.title}: {rest!r} cannot follow in {item!r}{_alone(rest)}.")
    if first == "*" and last:
        raise _invalid(f"{field.title}: * has no range in {item!r}.")
    if first == "*":  # noqa: SIM108 - two thoughts, two lines
        start = field.low if field.star_low is None else field.star_low
    else:
        start = _value(field, first)
    end = field.high if first == "*" or (step and not last) else _value(field, last or first)
    if end < start:
        if not field.wraps:
            raise _invalid(f"{field.title}: {item!r} runs backwards, and years do not wrap.")
        end += field.high - field.low + 1
    by = _int32(step or "1")
    if by is None:
        raise _invalid(f"{field.title}: the increment of {item!r} is too large.")
    if first == "*" and by > field.high:
        raise _invalid(
            f"{field.title}: the increment of {item!r} is above {field.high}; write {field.low} for "
            "the first value alone."
        )
    return range(start, end + 1, by) if by else range(start, start + 1)


def _value(field: Field, token: str) -> int:
    """The number that a token means: digits, or a name with at least its first three letters."""
    if token[:3] in field.names.split():
        return field.low + field.names.split().index(token[:3])
    number = _int32(token) if token.isdigit() else None
    if number is None or not field.low <= number <= field.high:
        raise _invalid(f"{field.title}: {token} is not in {_bounds(field)}.")
    return number


def _bounds(field: Field) -> str:
    names = field.names.split()
    return f"{field.low}-{field.high}" + (f" or {names[0]}-{names[-1]}" if names else "")


def _alone(text: str) -> str:
    """What to add for a special sign that is not alone, or in a field that does not have it."""
    if text.startswith("L"):
        return "; L must be alone, and in a field of days"
    if text.startswith("#"):
        return "; # takes one weekday and one number, such as 2#1, and must be alone"
    return "; W belongs to the day of month, as in 15W" if text.startswith("W") else ""


def _int32(digits: str) -> int | None:
    """The number, or None if it does not fit; no work on absurdly long ones."""
    significant = digits.lstrip("0") or "0"
    if len(significant) > len(str(_INT32_MAX)) or int(significant) > _INT32_MAX:
        return None
    return int(significant)


def _invalid(detail: str) -> InvalidSchedule:
    return InvalidSchedule(REFUSED, detail)


REFUSED = "Parameter ScheduleExpression is not valid."  # recorded
