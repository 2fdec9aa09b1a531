"""English readings of schedule expressions."""

from __future__ import annotations

import pytest

import simbridge as sb
from simbridge.languages.schedule import firings, usage_hints

COUNTED = "counted from when the rule is created, enabled or given this rate"
WEEKDAY = "the weekday (Monday to Friday)"
READINGS = {
    "rate(1 minute)": f"every minute, {COUNTED}",
    "rate(5 minutes)": f"every 5 minutes, {COUNTED}",
    "rate(90 minutes)": f"every 90 minutes, {COUNTED}",
    "rate(60 minutes)": f"every hour, {COUNTED}",
    "rate(7 days)": f"every 7 days, {COUNTED}",
    "cron(0 12 ? * 2#1 *)": "at 12:00 UTC on the first Monday of every month",
    "cron(0 12 * * ? *)": "at 12:00 UTC every day",
    "cron(0 12 ? * MON-FRI *)": "at 12:00 UTC from Monday to Friday",
    "cron(0 12 ? * FRI-MON *)": "at 12:00 UTC from Friday to Monday",
    "cron(0 12 ? * 1-5 *)": "at 12:00 UTC from Sunday to Thursday",
    "cron(0 12 ? * 1,7 *)": "at 12:00 UTC on Sundays and Saturdays",
    "cron(0 12 ? * MON,WED,FRI *)": "at 12:00 UTC on Mondays, Wednesdays and Fridays",
    "cron(0 12 ? * L *)": "at 12:00 UTC on Saturdays",
    "cron(0 12 ? * 6L *)": "at 12:00 UTC on the last Friday of every month",
    "cron(0 12 ? JAN-MAR 6L *)": "at 12:00 UTC on the last Friday of January, February and March",
    "cron(0 12 ? 2 MON *)": "at 12:00 UTC on Mondays in February",
    "cron(5,35 14 L * ? *)": "at 14:05 and 14:35 UTC on the last day of every month",
    "cron(0 0 L-3 * ? *)": "at 00:00 UTC on the 3rd day before the last day of every month",
    "cron(0 0 LW * ? *)": "at 00:00 UTC on the last weekday (Monday to Friday) of every month",
    "cron(0 0 L-2W * ? *)": f"at 00:00 UTC on {WEEKDAY} nearest to the 2nd day before the last day "
    "of every month",
    "cron(0 0 15W * ? *)": f"at 00:00 UTC on {WEEKDAY} nearest to the 15th of every month",
    "cron(0 0 1,11,22,23 * ? *)": "at 00:00 UTC on the 1st, the 11th, the 22nd and the 23rd "
    "of every month",
    "cron(0 0 28-3 * ? *)": "at 00:00 UTC on the 1st to the 3rd and the 28th to the 31st "
    "of every month",
    "cron(0 0 1/7 6 ? *)": "at 00:00 UTC on every 7th day from the 1st to the 29th of June",
    "cron(0 0 * 1,6 ? *)": "at 00:00 UTC every day in January and June",
    "cron(* * * * ? *)": "every minute",
    "cron(* 12 * * ? *)": "every minute from 12:00 to 12:59 UTC every day",
    "cron(0/15 * * * ? *)": "every 15 minutes",
    "cron(*/7 * * * ? *)": "at every 7th minute from 0 to 56 of every hour",
    "cron(42 * * * ? *)": "at minute 42 of every hour",
    "cron(0/5 8-17 ? * MON-FRI *)": "every 5 minutes from 08:00 to 17:55 UTC from Monday to Friday",
    "cron(0/30 20-2 * * ? *)": "every 30 minutes from 00:00 to 02:30 and from 20:00 to 23:30 UTC "
    "every day",
    "cron(0 8-17 * * ? *)": "every hour from 08:00 to 17:00 UTC every day",
    "cron(5 0/3 * * ? *)": "every 3 hours from 00:05 to 21:05 UTC every day",
    "cron(5 0,3,7,9,11 * * ? *)": "at minute 5 of the hours 0, 3, 7, 9 and 11 UTC every day",
    "cron(0 12 1 1 ? 2027)": "at 12:00 UTC on the 1st of January in 2027",
    "cron(0 12 1 1 ? 2027,2030-2032,2040/2)": "at 12:00 UTC on the 1st of January in 2027, from 2030 "
    "to 2032 and every 2 years from 2040 on",
    "cron(0 12 1 1 ? *,1960)": "at 12:00 UTC on the 1st of January in 1960 and from 1970 on",
    "cron(0 12 1 1 ? *,2030)": "at 12:00 UTC on the 1st of January",
    "cron(0 12 * * ? 2027-2030)": "at 12:00 UTC every day from 2027 to 2030",
}


@pytest.mark.parametrize(("expression", "reading"), READINGS.items())
def test_readings(expression: str, reading: str) -> None:
    """One sentence says what the expression means, not how it is written."""
    assert sb.describe_schedule(expression) == reading


def test_words_for_what_is_refused() -> None:
    """There is no reading of an invalid expression."""
    for read in (sb.describe_schedule, usage_hints):
        with pytest.raises(sb.InvalidSchedule):
            read("cron(0 12 * * * *)")


TIMES = "* 0 5 59 0/5 */10 0/7 1/3 0,30 0,20,40 1-4 3,4,5 2-6/2 1,5 1-3,5 20-22 20-2 0-30/10"
HOURS = "* 0 5 23 0/6 */5 1/3 0,12 1-4 3,4,5 2-6/2 1,5 1-3,5 20-22 20-2 8-17 0-23/2"
DATES = "* 1 1-3 1,2 1,2,3,4 28-3 15W 15W,3 1W,2W L L-2 LW L-2W 1/5 5/5 31 1,8,15,22 1/7"
WEEKDAYS = "* 2 MON-FRI 2-6 FRI-MON 2,4 2,3,4 L 2L 6L 2#1 3#1 2#5 1/2 1/3 SAT,SUN 3-5"
MONTHS = "* 2 1-3 1,2,3 1,6 NOV-FEB 1/2 */5"
YEARS = "* 2027 2027,2029 2027-2029 2027/2 2027-2031/2 */3 2027,2027-2029 2027/2,2028/2 2027/1"
EXPRESSIONS = [
    *(
        f"cron({m} {h} {days} *)"
        for m in TIMES.split()
        for h in HOURS.split()
        for days in ("* * ?", "? * 2-6")
    ),
    *(
        f"cron(0 {h} {date} {month} ? *)"
        for h in "*5"
        for date in DATES.split()
        for month in MONTHS.split()
    ),
    *(
        f"cron(0 {h} ? {month} {day} *)"
        for h in "*5"
        for day in WEEKDAYS.split()
        for month in MONTHS.split()
    ),
    *(f"cron(0 {h} {date} 3 ? {years})" for h in "*5" for date in "*1" for years in YEARS.split()),
]


def test_one_reading_has_one_meaning() -> None:
    """Of more than a thousand expressions, those that read the same fire at the same instants."""
    meanings: dict[str, set[tuple[int | None, ...]]] = {}
    for expression in EXPRESSIONS:
        at: int | None = 0
        instants: list[int | None] = []
        while len(instants) < 300 and at is not None:
            at = firings(expression).after(at)
            instants.append(at)
        meanings.setdefault(sb.describe_schedule(expression), set()).add(tuple(instants))
    assert {reading: len(found) for reading, found in meanings.items() if len(found) > 1} == {}
    assert 500 < len(meanings) < len(EXPRESSIONS)


def test_usage_hints_are_sentences() -> None:
    """Whatever is valid can be looked at for traps."""
    for expression in EXPRESSIONS:
        assert all(told[-1] == "." and "  " not in told for told in usage_hints(expression))
