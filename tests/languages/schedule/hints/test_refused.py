"""What a refusal proposes is accepted, and fires exactly when the refused text was meant to fire."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterator
from itertools import islice, product, takewhile

import pytest
from croniter import CroniterError, croniter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.clock import SECOND
from simbridge.languages.schedule import Rate, parse

BEGIN = dt.datetime(2027, 9, 1, tzinfo=dt.UTC)
END = dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
COUNT = 500

TIMES = ["0 9", "*/15 8-17", "30 20-2", "0 */6", "5,35 0", "0/20 12", "* *", "*/60 6", "0 */24"]
DAYS_OF_MONTH = ["*", "1", "1,15", "*/2", "10-20", "28-31", "29", "L", "?", "1-31", "15W", "1-9/4"]
MONTHS = ["*", "2", "JAN,jul", "*/3", "NOV-FEB", "1-6", "february", "?"]
DAYS_OF_WEEK = [
    *("*", "0", "7", "1", "6", "1-5", "0-4", "5-7", "0-6", "1-7", "6-1", "0,6", "1,3,5", "*/2"),
    *("1/2", "0/3", "1-5/2", "sun", "MON-FRI", "fri-mon", "Tuesday", "MON,5", "1#1", "fri#3", "L5"),
    *("?", "0-7", "7-2", "2-4,6"),
]


def refusal(expression: str) -> sb.InvalidSchedule:
    """The refusal of an expression, whose proposals stand in its detail and are accepted."""
    with pytest.raises(sb.InvalidSchedule) as caught:
        parse(expression)
    for proposal in caught.value.proposals:
        assert proposal in caught.value.detail
        parse(proposal)
    return caught.value


def unix(text: str, seconds: bool = False) -> list[dt.datetime]:
    """The first firings of a Unix cron."""
    times = croniter(text, BEGIN, ret_type=dt.datetime, second_at_beginning=seconds)

    def firings() -> Iterator[dt.datetime]:
        while True:
            try:
                yield times.get_next()
            except CroniterError:
                return

    return list(islice(takewhile(END.__gt__, firings()), COUNT))


def fires(expressions: tuple[str, ...]) -> list[dt.datetime]:
    """The first firings of rules taken together."""
    found = {time for one in expressions for time in sb.next_times(one, BEGIN, COUNT) if time < END}
    return sorted(found)[:COUNT]


def readable(text: str) -> bool:
    """Whether croniter reads five fields."""
    try:
        croniter(text, BEGIN)
    except CroniterError:
        return False
    return True


def plain(fields: tuple[str, ...]) -> str:
    """The same fields for croniter, which knows no ? in months and no long names."""
    text = " ".join(fields).lower()
    return text.replace("?", "*").replace("february", "feb").replace("tuesday", "tue")


FIVE = sorted(
    {
        *((time, "*", "*", weekday) for time, weekday in product(TIMES[:3], DAYS_OF_WEEK)),
        *((time, day, "*", "*") for time, day in product(TIMES[:5], DAYS_OF_MONTH)),
        *((time, "*", month, "*") for time, month in product(TIMES, MONTHS)),
        *(("0 9", "*", month, weekday) for month, weekday in product(MONTHS, DAYS_OF_WEEK[::3])),
        *(("0 9", day, "*", day2) for day, day2 in product(DAYS_OF_MONTH, DAYS_OF_WEEK[::2])),
    }
)


@pytest.mark.parametrize("part", range(4))
def test_five_fields_fire_as_unix_cron_fires(part: int) -> None:
    """Of the fields of a crontab: 500 firings, over leap days and leaps of the weekdays."""
    assert len(FIVE) >= 300
    for fields in FIVE[part::4]:
        text = " ".join(fields)
        told = refusal(f"cron({text})")
        wanted = unix(plain(fields))
        if not told.proposals:  # croniter's reading of such a mixture is its own
            assert fields[1] not in "*?" and ({*fields[3]} & {*"L#"} or "W" in fields[1])
            assert "No expression of EventBridge was found" in told.detail
            continue
        assert fires(told.proposals) == wanted, (text, told.proposals)
        assert len(told.proposals) == 1 or told.together


@pytest.mark.parametrize("shape", ["{}", " CRON( {})", "cron  {}", "cron({}", "'cron({})'"])
def test_brackets_change_nothing(shape: str) -> None:
    """Without or with odd brackets the proposal is the same."""
    for text in ("0 9 * * 1-5", "0 9 1 * 1", "0 0 9 * * FRI", "* ? * * * *"):
        assert refusal(shape.format(text)).proposals == refusal(f"cron({text})").proposals != ()


@pytest.mark.parametrize("weekday", DAYS_OF_WEEK)
def test_seconds_first_and_no_year(weekday: str) -> None:
    """Six fields that begin with a second and end with a weekday are read as Spring reads them."""
    told = refusal(f"cron(0 30 9 * * {weekday})")
    text = plain(("0 30 9 * *", weekday))
    assert fires(told.proposals) == unix(text, True)


@pytest.mark.parametrize(
    ("text", "proposals"),
    [
        ("0 9 ? * 0 *", ["0 9 ? * SUN *"]),
        ("0 9 ? * 0-4 *", ["0 9 ? * SUN-THU *"]),
        ("0 9 * * 0,6 2027", ["0 9 ? * SUN,SAT 2027"]),
        ("0 9 * * 1-5 *", ["0 9 ? * SUN-THU *", "0 9 ? * MON-FRI *"]),
        ("0 9 * * 7 2028", ["0 9 ? * SAT 2028", "0 9 ? * SUN 2028"]),
        ("0 9 * * MON-FRI *", ["0 9 ? * MON-FRI *"]),
        ("0 9 1 * 2 *", ["0 9 1 * ? *", "0 9 ? * MON *"]),
        ("* ? * * * *", ["* * * * ? *"]),
        ("? ? * ? * ?", ["* * * * ? *"]),
        ("0 9 ? ? MON *", ["0 9 ? * MON *"]),
        ("0 9 ? * ? *", ["0 9 * * ? *"]),
        ("0 0 9 ? * MON-FRI", ["0 9 ? * MON-FRI *"]),
        ("0 0 9 ? * 2-6", ["0 9 ? * 2-6 *"]),  # Quartz, where Sunday is 1
        ("0 0 12 * * ?", ["0 12 * * ? *"]),
        ("0 0 12 ? * 6L 2027", ["0 12 ? * 6L 2027"]),
        ("0 0 12 1 * * 2027", ["0 12 1 * ? 2027"]),
        ("30 0 12 * * ? *", []),  # half a minute is nothing that a rule can wait for
        ("*/10 * * * * ?", []),
        ("0 9 * * 8", []),
        ("60 * * * *", []),
        ("30 9 * * * ?", ["30 9 * * ? *"]),
        ("0 9 1 * 0 *", ["0 9 1 * ? *", "0 9 ? * SUN *"]),
        ("*/60 * * * ? *", ["0 * * * ? *"]),
        ("0 */24 1 * ? *", ["0 0 1 * ? *"]),
        ("0 0 */32 * ? *", ["0 0 1 * ? *"]),
        ("/5 * * * ? *", ["*/5 * * * ? *"]),
        ("*5 9 * * * *", ["*/5 9 * * ? *"]),
        ("0 24 * * ? *", ["0 0 * * ? *"]),
        ("0 24 ? * FRI *", []),  # is that the night to Friday or to Saturday?
        ("60 * * * ? *", []),
        ("0 0 ? * MO,TU *", ["0 0 ? * MON,TUE *"]),
        ("0 0 1 JU ? *", []),
        ("0 0 L,15 * ? *", ["0 0 15 * ? *", "0 0 L * ? *"]),
        ("0 0 ? * MON,6L *", ["0 0 ? * MON *", "0 0 ? * 6L *"]),
        ("0 0 ? * 3#1,6#3 *", ["0 0 ? * 3#1 *", "0 0 ? * 6#3 *"]),
        ("0/5, 9-18, *, *, MON-FRI, *", ["0/5 9-18 ? * MON-FRI *"]),
        (",, 0 * * ? *", ["* 0 * * ? *"]),
        ("0 0 1 1 ? 2030-2027", []),
        ("0 9 LW * *", ["0 9 LW * ? *"]),
        ("0 0 9 * * *", ["0 9 * * ? *", "0 0 9 * ? *"]),
        ("0 0 12 * * *", ["0 12 * * ? *", "0 0 12 * ? *"]),
        ("0 15 * * * *", ["0 15 * * ? *", "15 * * * ? *"]),
        ("0 0 9 1 * *", ["0 9 1 * ? *", "0 0 9 1 ? *"]),
        ("0 */5 * * * *", ["*/5 * * * ? *", "0 */5 * * ? *"]),
        ("00 30 * * * *", ["30 * * * ? *"]),  # no hour is the 30th
        ("0 0 9 1 1 *", ["0 9 1 1 ? *"]),  # less likely: the 9th and Sundays
        ("*/30 * * * * *", ["*/30 * * * ? *"]),
        ("30 0 9 * * *", ["30 0 9 * ? *"]),
        ("0 0 9 * * 2027", ["0 0 9 * ? 2027"]),
        ("0 9 * * ? * *", ["0 9 * * ? *"]),
        ("*/5 * * * ? * *", ["*/5 * * * ? *"]),
        ("0 9 ? * MON-FRI * *", ["0 9 ? * MON-FRI *"]),
        ("30 9 * * ? * 2027", ["30 9 * * ? 2027"]),
        ("0 0 9 * ? * *", ["0 0 9 * ? *", "0 9 * * ? *"]),
        ("0 0 9 ? * MON *", ["0 9 ? * MON *"]),
        ("0 9 * ? * * *", ["9 * ? * * *"]),  # Quartz reads it: once an hour
        ("0 9 ? * 1,3#1", ["0 9 ? * MON *", "0 9 ? * WED#1 *"]),
        ("0 9 * * 5L", ["0 9 ? * FRIL *"]),
        ("0 9 * * 5L *", ["0 9 ? * THUL *", "0 9 ? * FRIL *"]),
        ("R R * * *", []),  # croniter would draw lots
        ("@weekly", ["0 0 ? * SUN *"]),
        ("* *", []),
        ("", []),
    ],
)
def test_other_crons(text: str, proposals: list[str]) -> None:
    """Question marks, seconds, Quartz, increments, lists, names."""
    told = refusal(f"cron({text})")
    assert list(told.proposals) == [f"cron({one})" for one in proposals]
    assert told.detail.endswith(".")


@pytest.mark.parametrize(
    "text", ["*/30 * * * * *", "30 0 9 * * *", "* * * * * *", "*/10 * * * * ?"]
)
def test_seconds_have_no_equal(text: str) -> None:
    """Whether or not there is another reading, the smallest unit is said to be the minute."""
    assert "smallest unit is the minute" in refusal(f"cron({text})").detail


ALIASES = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]


@pytest.mark.parametrize("alias", ALIASES)
def test_names_of_unix_cron(alias: str) -> None:
    """`@daily` and its like are proposed as what croniter takes them for."""
    told = refusal(alias)
    assert fires(told.proposals) == unix(alias)
    assert refusal(alias.upper()).proposals == refusal(f"cron({alias})").proposals


SPELLINGS = ["rate({n} {u})", "rate({n}{u})", "RATE({n} {u})", "rate( {n}  {u} )", "every {n} {u}"]
SPELLINGS += [
    "{n} {u}",
    "rate ({n} {u})",
    "rate({n} {u}",
    "rate({n}-{u})",
    "@every {n}{u}",
    "'{n} {u}'",
]
UNITS = {"minute": 60, "min": 60, "Mins": 60, "hour": 3600, "hrs": 3600, "HOURS": 3600, "h": 3600}
UNITS |= {"day": 86400, "d": 86400, "dayss": 86400, "week": 604800, "weeks": 604800, "seconds": 1}
NUMBERS = ["1", "2", "5", "05", "24", "60", "120", "1.5", "0.5", ".25", "0"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_periods_in_all_spellings(spelling: str) -> None:
    """Whatever the number, the unit and the brackets: the rate is as long as what was written."""
    for number, unit in product(NUMBERS, UNITS):
        text = spelling.format(n=number, u=unit)
        try:
            meaning = parse(text)
        except sb.InvalidSchedule:
            told = refusal(text)
        else:
            assert isinstance(meaning, Rate)
            continue
        seconds = float(number) * UNITS[unit]
        possible = seconds >= 60 and seconds % 60 == 0
        assert len(told.proposals) == possible, (text, told.detail)
        if possible:
            assert parse(told.proposals[0]) == Rate(int(seconds) * SECOND), text


@pytest.mark.parametrize(
    ("text", "proposals"),
    [
        ("rate(1 minutes)", ["rate(1 minute)"]),
        ("rate(5 minute)", ["rate(5 minutes)"]),
        ("rate(24 hour)", ["rate(24 hours)"]),
        ("rate(1.5 hours)", ["rate(90 minutes)"]),
        ("rate(1 hour 30 minutes)", ["rate(90 minutes)"]),
        ("rate(1 day and 12 hours)", ["rate(36 hours)"]),
        ("@every 1h30m", ["rate(90 minutes)"]),
        ("rate(0 minutes)", []),
        ("rate(90 seconds)", []),
        ("rate(5)", ["rate(5 minutes)", "rate(5 hours)", "rate(5 days)"]),
        ("rate(hour)", ["rate(1 hour)"]),
        ("rate(minutes)", []),
        ("rate(120000 ms)", ["rate(2 minutes)"]),
        ("rate(3 months)", ["cron(0 0 1 */3 ? *)"]),
        ("rate(1 year)", ["cron(0 0 1 1 ? *)"]),
        ("rate(5 months)", []),
        ("rate(2147483648 minutes)", []),
        ("hourly", ["rate(1 hour)"]),
        ("at(2027-12-24T09:00:00)", ["cron(0 9 24 12 ? 2027)"]),
        ("at(2028-02-29T23:59)", ["cron(59 23 29 2 ? 2028)"]),
        ("at(2027-12-24T09:00:30)", []),
        ("cron 0 12 * * ? *", ["cron(0 12 * * ? *)"]),
        ('"cron(0 12 * * ? *)"', ["cron(0 12 * * ? *)"]),
        ("cron(0 12 * * ? *))", ["cron(0 12 * * ? *)"]),
        ("cron(0\t12  * * ? *)", ["cron(0 12 * * ? *)"]),
        ("0 12 ? * MON *", ["cron(0 12 ? * MON *)"]),
        ("@reboot", []),
        ("whenever", []),
    ],
)
def test_other_texts(text: str, proposals: list[str]) -> None:
    """Rates, instants and brackets."""
    assert list(refusal(text).proposals) == proposals


@pytest.mark.parametrize(
    ("text", "said", "proposals"),
    [
        ("cron(0 9 * * ? *) UTC", "UTC", ["cron(0 9 * * ? *)"]),
        ("cron(0 9 ? * MON-FRI *) # nightly", "# nightly", ["cron(0 9 ? * MON-FRI *)"]),
        ("rate(5 minutes) # comment", "# comment", ["rate(5 minutes)"]),
        ("0 9 * * * # at nine", "# at nine", ["cron(0 9 * * ? *)"]),
        ("cron(0 9 * * ? *) daily", "bracket: daily", ["cron(0 9 * * ? *)"]),
        ("rate(5 minutes))", "bracket: )", ["rate(5 minutes)"]),
        ("Schedule: rate(5 minutes)", "expression: Schedule:", ["rate(5 minutes)"]),
        ("cron(0 25 * * ? *) UTC", "Hours: 25", []),
        ("cron(0 9 * * ? *)\u200b", "U+200B", ["cron(0 9 * * ? *)"]),
        ("\ufeffrate(5 minutes)", "U+FEFF", ["rate(5 minutes)"]),
        ("\u201ccron(0 9 * * ? *)\u201d", "U+201C", ["cron(0 9 * * ? *)"]),
        ("cron(0 9 * * \uff1f \uff0a)", "U+FF1F", ["cron(0 9 * * ? *)"]),
        ("cron(0 9 ? * MON\u2013FRI *)", "U+2013", ["cron(0 9 ? * MON-FRI *)"]),
        ("rate(5\u00a0minutes)", "U+00A0", ["rate(5 minutes)"]),
        ("'rate(5 minutes)'", "Remove the quotes", ["rate(5 minutes)"]),
        ("CRON_TZ=UTC 0 9 * * *", "in UTC", ["cron(0 9 * * ? *)"]),
        ("TZ=UTC 0 9 * * 1-5", "in UTC", ["cron(0 9 ? * MON-FRI *)"]),
        ("cron(TZ=UTC 0 9 * * ? *)", "in UTC", ["cron(0 9 * * ? *)"]),
        ("CRON_TZ=Europe/Berlin 0 9 * * *", "Europe/Berlin cannot be set", []),
        ("cron(0 9 * * ? *) America/New_York", "America/New_York cannot be set", []),
        ("cron(0 9 * * ? * UTC)", "in UTC", ["cron(0 9 * * ? *)"]),
        ("cron(0 9 * * ? *) (UTC)", "in UTC", ["cron(0 9 * * ? *)"]),
        ("0 9 * * MON Europe/Berlin", "Europe/Berlin cannot be set", []),
        ("rate(5 minutes) CEST", "remove CEST", ["rate(5 minutes)"]),
        ("TZ=Asia/Tokyo rate(5 minutes)", "remove Asia/Tokyo", ["rate(5 minutes)"]),
        ("cron(0 12 * * MON#6 *)", "MON#6", []),
        ("cron(*/15 24 1,15 JAN-JUN/2 TUES */2)", "Hours: 24", []),
        ("cron(61 25 * * ? *)", "Hours: 25", []),
        ("at(2028-05-01T10:00:00+02:00)", "Scheduler", ["cron(0 8 1 5 ? 2028)"]),
        ("at(2028-01-01T00:30:00-0530)", "", ["cron(0 6 1 1 ? 2028)"]),
        ("at(2028-05-01T10:00:00Z)", "", ["cron(0 10 1 5 ? 2028)"]),
        ("at(now)", "minute, hour, day", []),
        ("at(2027-02-30T09:00:00)", "not a date", []),
        ("at(0001-01-01T00:00:00+02:00)", "not a date", []),
    ],
)
def test_what_is_too_much_or_wrong_is_named(text: str, said: str, proposals: list[str]) -> None:
    """Comments, characters, quotes, zones, instants: the fault is said, and what is left is proposed."""
    told = refusal(text)
    assert list(told.proposals) == proposals
    assert said in told.detail
    assert "bracket is missing" not in told.detail


UNITS_BELOW_A_SECOND = [
    "ms",
    "MS",
    "msec",
    "msecs",
    "millis",
    "milliseconds",
    "milisecond",
    "mseconds",
]
UNITS_BELOW_A_SECOND += [
    "us",
    "\u00b5s",
    "\u03bcs",
    "usec",
    "microseconds",
    "ns",
    "nanosecond",
    "ps",
]


@pytest.mark.parametrize("unit", UNITS_BELOW_A_SECOND)
def test_units_below_a_second(unit: str) -> None:
    """They are no minutes: nothing is as frequent."""
    for text in (f"rate(500 {unit})", f"every 200 {unit}", f"rate(5{unit})", f"@every 90{unit}"):
        told = refusal(text)
        assert told.proposals == ()
        assert "The smallest unit of a rate is the minute" in told.detail, text


def test_several_expressions_take_several_rules() -> None:
    """None of them is lost; if one is refused, nothing is proposed."""
    told = refusal("cron(0 9 * * ? *), rate(5 minutes)")
    assert told.proposals == ("cron(0 9 * * ? *)", "rate(5 minutes)")
    assert told.together and "several rules" in told.detail
    assert refusal("cron(0 9 * * ? *) cron(0 25 * * ? *)").proposals == ()


@pytest.mark.parametrize("unit", ["ds", "hs", "mss", "ys"])
def test_a_single_letter_has_no_plural(unit: str) -> None:
    """`ds` may be many things, so nothing is proposed."""
    assert refusal(f"rate(5 {unit})").proposals == ()


def test_a_refusal_can_be_pickled() -> None:
    """With its proposals, and with the word that they belong together."""
    told = refusal("cron(0 9 1 * 1)")
    again = pickle.loads(pickle.dumps(told))
    assert (again.detail, again.proposals) == (told.detail, told.proposals)
    assert again.together and told.together and not refusal("cron(0 9 * * 1)").together


ITEM = st.sampled_from(
    [*"0123456789*?L", "*/2", "*/5", "1-5", "0-6", "5-7", "MON", "FRI-MON", "JAN"]
)
FIELDS = st.lists(st.lists(ITEM, min_size=1, max_size=2).map(",".join), min_size=5, max_size=5)


@settings(max_examples=80, deadline=None)
@given(FIELDS)
def test_any_five_fields(fields: list[str]) -> None:
    """Where Unix cron reads five fields and something is proposed, it fires when Unix cron does."""
    told = refusal(f"cron({' '.join(fields)})")
    text = plain(tuple(fields))
    if told.proposals and readable(text):
        assert fires(told.proposals) == unix(text)


PIECES = st.lists(
    st.sampled_from(
        [*" ()*?,-/#LW@.", "cron(", "rate(", "0", "5", "MON", "minutes", "hour", "at("]
    ),
    max_size=14,
).map("".join)


@settings(deadline=None)
@given(st.text() | PIECES)
def test_any_text(text: str) -> None:
    """What is refused never proposes what is refused."""
    try:
        parse(text)
    except sb.InvalidSchedule:
        assert refusal(text).detail.endswith(".")
