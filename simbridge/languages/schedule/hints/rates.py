"""What a text that speaks of a number and a unit means as a rate.

AWS takes `rate(90 minutes)` and refuses `rate(1.5 hours)`, `rate(90 min)` and `every 90 minutes`, which all
mean it (fidelity 3.2). The texts here are read with good will; what they mean is written as AWS wants it.
"""

from __future__ import annotations

import difflib
import re
from fractions import Fraction

from simbridge.base.errors import Hint

__all__ = ["is_period", "rate_hint"]

_COUNT_MAX = 2**31 - 1
_SECONDS = {
    "second": Fraction(1),
    "minute": Fraction(60),
    "hour": Fraction(3600),
    "day": Fraction(86400),
    "week": Fraction(604800),
    "millisecond": Fraction(1, 10**3),
    "microsecond": Fraction(1, 10**6),
    "nanosecond": Fraction(1, 10**9),
    "picosecond": Fraction(1, 10**12),
}
_SHORT = {
    "ms": "millisecond", "msec": "millisecond", "millis": "millisecond", "milli": "millisecond",
    "us": "microsecond", "usec": "microsecond", "micros": "microsecond", "micro": "microsecond",
    "\u00b5s": "microsecond", "\u03bcs": "microsecond", "msecond": "millisecond",
    "usecond": "microsecond", "nsecond": "nanosecond", "ps": "picosecond",
    "ns": "nanosecond", "nsec": "nanosecond", "nanos": "nanosecond", "nano": "nanosecond",
    "s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "hr": "hour",
    "d": "day", "w": "week", "wk": "week", "mo": "month", "mon": "month", "y": "year", "yr": "year",
    "hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year",
}  # fmt: skip
_UNITS = (*_SECONDS, "month", "year")
_QUANTITY = r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})? ?[-_]? ?(?P<unit>[a-z\u00b5\u03bc]{1,20})"
_QUANTITIES = re.compile(
    rf"\+?(?:every )?((?:{re.sub('[?]P<[a-z]+>', '?:', _QUANTITY)}[, ]*(?:and )?)+)"
)
_NUMBER = re.compile(r"[0-9]{1,12}")
_BOUNDS = f"The value of a rate is 1 to {_COUNT_MAX}"
_UNITS_ARE = "The units of a rate are minute(s), hour(s) and day(s)"
_CALENDAR = (
    f"{_UNITS_ARE}: a week is rate(7 days), a month cron(0 0 1 * ? *), a year cron(0 0 1 1 ? *)."
)
_FORM = "A rate is a whole number, one space and a unit in lower case, as in rate(5 minutes)."


def is_period(text: str) -> bool:
    """Whether a text speaks of numbers and units of time and of nothing else."""
    return bool(_periods(text))


def rate_hint(body: str) -> Hint:
    """The hint for the content of a refused `rate(...)`."""
    text = " ".join(body.split()).lower()
    if _NUMBER.fullmatch(text) and 0 < int(text) <= _COUNT_MAX:
        found = tuple(_rate(int(text), unit) for unit in ("minute", "hour", "day"))
        return Hint(f"The unit is missing: write {found[0]}, {found[1]} or {found[2]}.", found)
    periods = _periods(text)
    if not periods:
        return Hint(_FORM)
    if any(unit in ("month", "year") for _, unit in periods):
        return _calendar(periods)
    total = sum((number * _SECONDS[unit] for number, unit in periods), Fraction(0))
    number, unit = _best(total, periods)
    if not 1 <= number <= _COUNT_MAX and total % 60 == 0:
        return Hint(f"{_BOUNDS}.{' The most frequent is rate(1 minute).' * (total == 0)}")
    if number.denominator != 1:
        return Hint("The smallest unit of a rate is the minute.")
    meant = _rate(int(number), unit)
    return Hint(f"Write {meant}{_reason(body, int(number), unit)}", (meant,))


def _periods(text: str) -> list[tuple[Fraction, str]]:
    """The numbers and units of a text; empty if there is anything else."""
    text = " ".join(text.split()).lower()
    match = _QUANTITIES.fullmatch(text) if len(text) <= 100 else None
    found = [
        (Fraction(part["number"] or 1), _unit(part["unit"], bool(part["number"])))
        for part in re.finditer(_QUANTITY, match[1] if match else "")
        if part["unit"] != "and"
    ]
    return [] if any(not unit for _, unit in found) else [(n, unit) for n, unit in found]


def _unit(word: str, counted: bool) -> str:
    """The unit that a word means; without a number it has to be a singular."""
    if word in _SHORT:
        return _SHORT[word]
    singular = word.rstrip("s") if counted else word
    # A single letter takes no plural: ms is not several m.
    if singular in _UNITS or (singular in _SHORT and len(singular) > 1):
        return _SHORT.get(singular, singular)
    close = difflib.get_close_matches(singular, _UNITS, n=1, cutoff=0.75) if counted else []
    return close[0] if close else ""


def _best(total: Fraction, periods: list[tuple[Fraction, str]]) -> tuple[Fraction, str]:
    """A period in the unit in which it was written if that will do, else in the largest that will."""
    if len(periods) == 1:
        number, unit = periods[0]
        if number.denominator == 1 and unit in ("minute", "hour", "day"):
            return number, unit
    for unit in ("day", "hour"):
        if total and total % _SECONDS[unit] == 0:
            return total / _SECONDS[unit], unit
    return total / 60, "minute"


def _calendar(periods: list[tuple[Fraction, str]]) -> Hint:
    """Months and years are not a fixed number of seconds: a cron fires once in each."""
    number, unit = periods[0]
    if len(periods) > 1 or number.denominator != 1 or number < 1:
        return Hint(_CALENDAR)
    if unit == "month" and 12 % int(number) == 0:
        month = "*" if number == 1 else "1" if number == 12 else f"*/{number}"
        meant = f"cron(0 0 1 {month} ? *)"
    elif unit == "year" and number <= 1000:
        meant = f"cron(0 0 1 1 ? {'*' if number == 1 else f'*/{number}'})"
    else:
        return Hint(_CALENDAR)
    return Hint(f"{_UNITS_ARE}. Write {meant}.", (meant,))


def _rate(count: int, unit: str) -> str:
    return f"rate({count} {unit}{'' if count == 1 else 's'})"


def _reason(text: str, number: int, unit: str) -> str:
    if text.lstrip("0") in (f"{number} {unit}", f"{number} {unit}s"):
        return f": {'1 takes the singular' if number == 1 else f'{number} takes the plural'}."
    return ": a whole number, one space, and minute(s), hour(s) or day(s)."
