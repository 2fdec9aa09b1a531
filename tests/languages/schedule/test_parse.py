"""The detail of a refusal says which field is wrong, and what to write."""

from __future__ import annotations

import pytest

from simbridge.base.errors import InvalidSchedule
from simbridge.languages.schedule import check

FIVE = (
    "cron() has six fields with one space between, not 5. Unix cron has five, AWS adds the year. "
)
DAYS = "Exactly one of day of month and day of week is ?."
DETAILS = {
    "cron(0 24 * * ? *)": "Hours: 24 is not in 0-23. Write cron(0 0 * * ? *).",
    "cron(0 8 1 NOT ? *)": "Month: NOT is not in 1-12 or JAN-DEC.",
    "cron(0 0 ? * 2,L *)": "Day of week: 'L' is not a value, range or increment; "
    "L must be alone, and in a field of days. "
    "Write cron(0 0 ? * 2 *) and cron(0 0 ? * L *).",
    "cron(0 12 * * * *)": f"{DAYS} Write cron(0 12 * * ? *). "
    "If the first field was seconds, it is cron(12 * * * ? *).",
    "cron(0 12 * * mon *)": f"{DAYS} Write cron(0 12 ? * MON *).",
    "cron(0 0 1 * MON *)": f"{DAYS} Days of both kinds take two rules. "
    "Write cron(0 0 1 * ? *) and cron(0 0 ? * MON *).",
    "cron(0 12 * * 1-5)": f"{FIVE}{DAYS} Unix cron counts weekdays from Sunday = 0, "
    "EventBridge from Sunday = 1: 1-5 is MON-FRI. Write cron(0 12 ? * MON-FRI *).",
    "cron(0 0 12 * * ? *)": "cron() has six fields with one space between, not 7: "
    "it has no seconds. Write cron(0 12 * * ? *).",
    "cron(0  0 * * ? *)": "cron() has six fields with one space between, not 7: "
    "there is a space too many. Write cron(0 0 * * ? *).",
    "cron(* *)": "cron() has six fields with one space between, not 2: "
    "minutes, hours, day of month, month, day of week, year.",
    "rate(1 minutes)": "Write rate(1 minute): 1 takes the singular.",
    "rate(10 minute)": "Write rate(10 minutes): 10 takes the plural.",
    "rate(30 seconds)": "The smallest unit of a rate is the minute.",
    "rate(0 minutes)": "The value of a rate is 1 to 2147483647. The most frequent is rate(1 minute).",
    "rate(2 weeks)": "Write rate(14 days): a whole number, one space, and minute(s), hour(s) or day(s).",
    "rate(5 months)": "The units of a rate are minute(s), hour(s) and day(s): a week is rate(7 days), "
    "a month cron(0 0 1 * ? *), a year cron(0 0 1 1 ? *).",
    "Rate(1 minute)": "rate and cron are written in lower case. Write rate(1 minute).",
    "at(2027-12-24T09:00:00)": "A rule takes no at(...): write one instant as "
    "cron(0 9 24 12 ? 2027). at(...) belongs to EventBridge Scheduler.",
    "0 12 * * ? *": "The fields belong in cron(...). Write cron(0 12 * * ? *).",
    "@daily": "EventBridge has no @daily. Write cron(0 0 * * ? *).",
    "whenever": "A schedule is written like rate(5 minutes) or cron(0 12 * * ? *).",
}


@pytest.mark.parametrize(("text", "detail"), DETAILS.items())
def test_the_detail_says_what_to_write(text: str, detail: str) -> None:
    """It is for people: which field, what was read, and the expression that was meant."""
    with pytest.raises(InvalidSchedule) as caught:
        check(text)
    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("*/60 0 * * ? *", "Minutes: the increment of '*/60' is above 59; write 0 for the first"),
        ("0 0 1 */13 ? *", "Month: the increment of '*/13' is above 12; write 1 for the first"),
        (", 0 * * ? *", "Minutes: the field is empty; write * for every value"),
    ],
)
def test_what_to_write_instead(text: str, advice: str) -> None:
    """The detail of a refusal names the field and what is accepted."""
    with pytest.raises(InvalidSchedule) as caught:
        check(f"cron({text})")
    assert caught.value.detail.startswith(advice)
