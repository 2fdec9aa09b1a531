"""What to tell somebody whose schedule expression has the wrong shape, and what to write instead.

AWS says the same sentence for everything. Most refused expressions are good expressions of something
else: Unix cron, EventBridge Scheduler, English. These functions recognise them and answer with the
expression that was meant. They only look at text; whether it is refused is decided in `parse`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["on_days", "on_field_count", "on_shape"]

_SHAPES = (
    (r"\s.*|.*\s", "It begins or ends with white space."),
    (
        r"at\(.*",
        "A rule takes no at(...): write one instant as cron(0 9 24 12 ? 2027). "
        "at(...) belongs to EventBridge Scheduler.",
    ),
    (r"(?!rate|cron)(?i:rate|cron).*", "rate and cron are written in lower case."),
    (r"(rate|cron) +\(.*", "No space stands before the bracket."),
    (
        r"rate\([0-9]+ seconds?\)",
        "The smallest unit of a rate is the minute.",
    ),
    (
        r"rate\([0-9]+ (week|month|year)s?\)",
        "The units of a rate are minute(s), hour(s) and day(s): a week is rate(7 days), "
        "a month cron(0 0 1 * ? *), a year cron(0 0 1 1 ? *).",
    ),
    (r"rate\(.*", "Write rate(5 minutes): a whole number, one space, a unit in lower case."),
    (r"cron\(.*", "The closing bracket is missing."),
    (r"\S+( \S+){4,5}", "Write it inside cron(...)."),
)


def on_shape(expression: str) -> str:
    """About text that is neither `rate(number unit)` nor `cron(...)`."""
    for shape, hint in _SHAPES:
        if re.fullmatch(shape, expression, re.DOTALL):
            return hint
    return "Write rate(5 minutes) or cron(0 12 * * ? *)."


def on_field_count(fields: Sequence[str]) -> str:
    """About a cron() that has not six fields with one space between."""
    rule = f"cron() has six fields with one space between, not {len(fields)}"
    if "" in fields and len(fields) > 1:
        return f"{rule}: there is a space too many."
    if len(fields) == 5:
        return f"{rule}. Unix cron has five, AWS adds the year. {on_days([*fields, '*'])}"
    if len(fields) == 7:
        return f"{rule}: it has no seconds."
    return f"{rule}: minutes, hours, day of month, month, day of week, year."


def on_days(fields: Sequence[str]) -> str:
    """About six fields without a `?`, or with two, where the days stand."""
    rule = "Exactly one of day of month and day of week is ?"
    minutes, hours, day_of_month, month, day_of_week, year = fields
    meant = _one_question_mark(fields)
    if meant.count("?") == 1:
        return f"{rule}: write {_cron(*meant)}."
    first = _cron(minutes, hours, day_of_month, month, "?", year)
    second = _cron(minutes, hours, "?", month, day_of_week, year)
    return f"{rule}. Days of both kinds take two rules: {first} and {second}."


def _one_question_mark(fields: Sequence[str]) -> list[str]:
    """The fields with `?` in one field of days, unless both name particular days."""
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if day_of_week in ("*", "?"):
        day_of_month = "*" if day_of_month == "?" else day_of_month
        day_of_week = "?"
    elif day_of_month == "*":
        day_of_month = "?"
    return [minutes, hours, day_of_month, month, day_of_week, year]


def _cron(*fields: str) -> str:
    return f"cron({' '.join(fields)})"
