"""Hints for expressions that are valid and mean something unexpected."""

from __future__ import annotations

import pytest

from simbridge.languages.schedule import usage_hints

RATE = "A rate is counted from when the rule is created or enabled, to the second; at a fixed time fires"
HINTS = {
    "rate(5 minutes)": [],
    "rate(1 day)": [f"{RATE} cron(0 12 * * ? *)."],
    "rate(6 hours)": [f"{RATE} cron(0 * * * ? *)."],
    "cron(0 12 ? * MON-FRI *)": [],
    "cron(* * * * ? *)": [],
    "cron(* 12 * * ? *)": ["Minutes: * fires 60 times in each hour it names; 0 fires once."],
    "cron(0 12 ? * 1-5 *)": [
        "Day of week: numbers count from Sunday = 1, so 1-5 is Sunday, Monday, Tuesday, Wednesday "
        "and Thursday."
    ],
    "cron(0 12 ? * SUN/2 *)": [],
    "cron(0 12 ? * MON#1 *)": [],
    "cron(0 12 ? * L *)": [
        "Day of week: L alone is every Saturday; the last Saturday of the month is 7L."
    ],
    "cron(0 12 ? * MON#5 *)": [
        "Day of week: months without a fifth Monday are skipped; the last one of every month is 2L."
    ],
    "cron(33x 12 * * ? *)": ["Minutes: 33X is read as 33."],
    "cron(0 12 1-31W * ? *)": ["Day of month: the W of 1-31W is ignored."],
    "cron(0/61 12 * * ? *)": ["Minutes: the increment of 0/61 leaves only its first value."],
    "cron(0 12 1/0 * ? *)": ["Day of month: the increment of 1/0 leaves only its first value."],
    "cron(0/15 * * * ? *)": [],
    "cron(0/7 * * * ? *)": ["Minutes: the increment of 0/7 starts again in each hour."],
    "cron(0 */5 * * ? *)": ["Hours: the increment of */5 starts again in each day."],
    "cron(0 12 1/2 * ? *)": ["Day of month: the increment of 1/2 starts again in each month."],
    "cron(0 12 31 * ? *)": [
        "Day of month: months without a 31st are skipped; the last day of every month is L."
    ],
    "cron(0 12 31 JAN,MAR ? *)": [],
    "cron(0 12 30 2 ? *)": ["It never fires: no day up to the year 9999 is one that it names."],
}


@pytest.mark.parametrize(("expression", "told"), HINTS.items())
def test_usage_hints(expression: str, told: list[str]) -> None:
    """Each trap has its sentence; an expression without a trap has none."""
    assert usage_hints(expression) == told
