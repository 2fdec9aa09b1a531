"""Schedule expressions: what is accepted, what is refused, what is meant."""

from __future__ import annotations

import contextlib
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.clock import SECOND
from simbridge.base.errors import InvalidSchedule, LanguageError
from simbridge.languages.schedule import (
    Cron,
    DayOfMonth,
    DayOfWeek,
    Rate,
    check,
    describe_schedule,
    parse,
    usage_hints,
)
from simbridge.languages.schedule.unix import unix_next_times

ANY_YEAR = (range(1970, 2**31),)

RATES = {
    "rate(1 minute)": 60,
    "rate(2 minutes)": 120,
    "rate(1 hour)": 3600,
    "rate(12 hours)": 12 * 3600,
    "rate(1 day)": 86400,
    "rate(7 days)": 7 * 86400,
    "rate(01 minute)": 60,
    "rate(02 minutes)": 120,
    "rate(2147483647 minutes)": 2147483647 * 60,
    "rate(2147483647 days)": 2147483647 * 86400,
}

REFUSED_RATES = [
    "rate(10 seconds)",
    "rate(10 years)",
    "rate(1 week)",
    "rate(1 minutes)",
    "rate(01 minutes)",
    "rate(10 minute)",
    "rate()",
    "rate(10)",
    "rate(10 minutess)",
    "rate(foo minutes)",
    "rate(0 minutes)",
    "rate(0 minute)",
    "rate(-10 minutes)",
    "rate(+1 minute)",
    "rate(1.5 minutes)",
    "rate(10 MINUTES)",
    "rate( 10 minutes )",
    " rate(10 minutes)",
    "rate(10 minutes) ",
    "rate(10 minutes)\n",
    "rate(10  minutes)",
    "rate(10\tminutes)",
    "rate(10\u00a0minutes)",
    "rate (10 minutes)",
    "RATE(10 minutes)",
    "rate(2147483648 minutes)",
    "rate(2147483648 days)",
    "rate(\u0661 minute)",
    f"rate({'9' * 5000} days)",
]

ACCEPTED_CRONS = [
    # recorded
    "0 2 ? * SAT *",
    "5,35 14 * * ? *",
    "15 10 ? * 6L 2002-2005",
    "0 2 ? * SAT#3 *",
    "* * ? * SAT#3 *",
    "0/5 5 ? JAN 1-5 2022",
    "0 8 1 * ? *",
    "0/10 * ? * MON-FRI *",
    "0/30 20-23 ? * MON-FRI *",
    # captured
    "0-30/10 8-17 ? * MON-FRI *",
    "0/30 20-2 ? * MON-FRI *",
    "50-10/5 * * * ? *",
    "0 0 1 NOV-FEB ? *",
    "0 0 ? * FRI-MON *",
    "0 0 28-3 * ? *",
    "0 0 ? JAN,FEB,MAR MON,WED,FRI *",
    "0 0 ? * 1,7 *",
    "0 0 ? * * *",
    "0 0 L * ? *",
    "0 0 ? * L *",
    "0 0 ? * FRIL *",
    "0 0 L-3 * ? *",
    "0 0 3W * ? *",
    "0 0 LW * ? *",
    "0 0 1-5W * ? *",
    "0 0 ? * MON#5 *",
    "0 0 1 1 ? 0",
    "0 0 1 1 ? 1969",
    "0 0 1 1 ? 2200",
    "0 0 1 1 ? 10000",
    "0 0 1 1 ? 2147483647",
    "0 0 1 1 ? 2027,2028-2032/2",
    "0 0 31 FEB ? *",
    "0 0 29 FEB ? 2027",
    "0/0 * * * ? *",
    "0/60 * * * ? *",
    "0/61 * * * ? *",
    "0 0 1/0 * ? *",
    "0 0 ? * 1/2 *",
    "0 0 ? jan mon *",
    "0x 0 * * ? *",
    "0 0 ? * MONDAY *",
    # reported
    "0/5, 9-18, ?, *, MON-FRI, *",
    "0 9,17, * * ? *",
    # believed
    "*/59 */23 */31 */12 ? *",
    "0 0 ? * */7 */100",
    ",0 0 L, * ? *",
    "0,,5 0 ? * 2#1, 2027,",
]

REFUSED_CRONS = [
    # recorded
    "0 1 * * * *",
    "71 8 1 * ? *",
    "0 8 1 NOT ? *",
    "0 8 ? * dummy *",
    # captured
    "0 0 ? * ? *",
    "0 0 1 * MON *",
    "0 0 ? * MON#6 *",
    "0 0 ? * MON#0 *",
    "0 0 ? * 3#1,6#3 *",
    "0 0 1 1 ? 2030-2027",
    "0 0 1 1 ? -1",
    "0 0 1 1 ? 2147483648",
    "0 12 * * ?",
    "0 0 12 * * ? *",
    "60 0 * * ? *",
    "0 24 * * ? *",
    "0 0 0 * ? *",
    "0 0 32 * ? *",
    "0 0 1 0 ? *",
    "0 0 1 13 ? *",
    "0 0 ? * 0 *",
    "0 0 ? * 8 *",
    "0 0 0W * ? *",
    "0 0 32W * ? *",
    "? 0 * * ? *",
    "0/-1 * * * ? *",
    # reported of minutes, believed of the others: after * the increment is at most the top
    "*/60 * * * ? *",
    "0,*/61 * * * ? *",
    "0 */24 * * ? *",
    "0 0 */32 * ? *",
    "0 0 1 */13 ? *",
    "0 0 ? * */8 *",
    "0  0 * * ? *",
    "0\t0 * * ? *",
    "0\n0 * * ? *",
    "0\u20030 * * ? *",
    " 0 0 * * ? * ",
    # believed
    "",
    "0 0 * * ? ",
    "33\t 0 * * ? *",
    "0 0 * ? ? *",
    "0 0 * * ? ?",
    ", 0 * * ? *",
    ",, 0 * * ? *",
    "0 0 , * ? *",
    "0 0 1 1 ? ,",
    "/5 0 * * ? *",
    "5/ 0 * * ? *",
    "5- 0 * * ? *",
    "-5 0 * * ? *",
    "1-2-3 0 * * ? *",
    "5-x 0 * * ? *",
    "*5 0 * * ? *",
    "*-5 0 * * ? *",
    "0/99999999999 0 * * ? *",
    "JAN 0 * * ? *",
    "5L 0 * * ? *",
    "0 5W * * ? *",
    "0 5#2 * * ? *",
    "0 0 L-31 * ? *",
    "0 0 L-99999999999 * ? *",
    "0 0 L,15 * ? *",
    "0 0 15,L * ? *",
    "0 0 15L * ? *",
    "0 0 ?,5 * ? *",
    "0 0 1#2 * ? *",
    "0 0 ? * 6L,2 *",
    "0 0 ? * 2,FRIL *",
    "0 0 ? * 2,L *",
    "0 0 ? * 15W *",
    "0 0 ? * MON,3#1 *",
    "0 0 ? * 3# *",
    "0 0 ? * 9L *",
    "0 0 ? * MO *",
]

REFUSED_OTHERS = [
    "",
    "cron",
    "cron()",
    "rate",
    "CRON(0 0 * * ? *)",
    "cron (0 0 * * ? *)",
    " cron(0 0 * * ? *)",
    "cron(0 0 * * ? *) ",
    "cron(0 0 * * ? *",
    "at(2028-01-01T00:00:00)",
    "every day",
]

# One field each: the expression, and the values it means.
MINUTES = {
    "*": tuple(range(60)),
    "7": (7,),
    "007": (7,),
    "5,35": (5, 35),
    "35,5,5": (5, 35),
    "33x": (33,),
    "33x-40": (33,),
    "1-3x": (1, 2, 3),
    "58-1": (0, 1, 58, 59),
    "50-10/5": (0, 5, 10, 50, 55),
    "0/20": (0, 20, 40),
    "*/25": (0, 25, 50),
    "*/0": (0,),
    "33/0": (33,),
    "33/61": (33,),
    "5-10/0": (5,),
    "0-30/10": (0, 10, 20, 30),
    "0-30/10x": (0, 10, 20, 30),
    "1-2,50": (1, 2, 50),
    "1,*": tuple(range(60)),
}

DAYS_OF_MONTH = {
    "*": DayOfMonth(days=tuple(range(1, 32))),
    "28-3": DayOfMonth(days=(1, 2, 3, 28, 29, 30, 31)),
    "28-4/2": DayOfMonth(days=(1, 3, 28, 30)),
    "1-31W": DayOfMonth(days=tuple(range(1, 32))),
    "15W": DayOfMonth(nearest_weekdays=(15,)),
    "15w": DayOfMonth(nearest_weekdays=(15,)),
    "15W,1,3W": DayOfMonth(days=(1,), nearest_weekdays=(3, 15)),
    "L": DayOfMonth(before_last=0),
    "L-15": DayOfMonth(before_last=15),
    "L-30": DayOfMonth(before_last=30),
    "LW": DayOfMonth(before_last=0, before_last_weekday=True),
    "L-2W": DayOfMonth(before_last=2, before_last_weekday=True),
}

DAYS_OF_WEEK = {
    "*": DayOfWeek(days=(1, 2, 3, 4, 5, 6, 7)),
    "SUN": DayOfWeek(days=(1,)),
    "MON-FRI": DayOfWeek(days=(2, 3, 4, 5, 6)),
    "MON-7,3,3-THU": DayOfWeek(days=(2, 3, 4, 5, 6, 7)),
    "FRI-MON": DayOfWeek(days=(1, 2, 6, 7)),
    "1/2": DayOfWeek(days=(1, 3, 5, 7)),
    "MONDAY": DayOfWeek(days=(2,)),
    "Tuesday-Thursday": DayOfWeek(days=(3, 4, 5)),
    "L": DayOfWeek(days=(7,)),
    "6L": DayOfWeek(last=6),
    "6l": DayOfWeek(last=6),
    "FRIL": DayOfWeek(last=6),
    "3#2": DayOfWeek(nth=(3, 2)),
    "SAT#5": DayOfWeek(nth=(7, 5)),
}

MONTHS = {
    "*": tuple(range(1, 13)),
    "NOV-FEB": (1, 2, 11, 12),
    "jan,DEC": (1, 12),
    "8,JUN-6,8": (6, 8),
    "APRIL": (4,),
    "11/4": (11,),
    "*/5": (1, 6, 11),
}

YEARS = {
    "*": ANY_YEAR,
    "0": (range(0, 1),),
    "2027,2030": (range(2027, 2028), range(2030, 2031)),
    "2027-2030": (range(2027, 2031),),
    "2028-2032/2": (range(2028, 2033, 2),),
    "2027/3": (range(2027, 2**31, 3),),
    "*/10": (range(1970, 2**31, 10),),
}


def cron(text: str) -> Cron:
    """The Cron of six fields."""
    meaning = parse(f"cron({text})")
    assert isinstance(meaning, Cron)
    return meaning


@pytest.mark.parametrize(("text", "seconds"), RATES.items())
def test_a_rate_is_a_period(text: str, seconds: int) -> None:
    """A rate is read as a period in microseconds, up to the largest int32."""
    assert parse(text) == Rate(seconds * SECOND)


@pytest.mark.parametrize("text", ACCEPTED_CRONS)
def test_aws_accepts_these_crons(text: str) -> None:
    """Every cron expression that AWS has been seen to accept is accepted."""
    check(f"cron({text})")


@pytest.mark.parametrize(
    "text", [*REFUSED_RATES, *(f"cron({text})" for text in REFUSED_CRONS), *REFUSED_OTHERS]
)
def test_refusals_carry_one_text_and_a_detail(text: str) -> None:
    """What is refused is refused with AWS's one sentence; a second one says what is wrong in it."""
    with pytest.raises(InvalidSchedule) as caught:
        check(text)
    assert caught.value.text == "Parameter ScheduleExpression is not valid."
    assert caught.value.detail.endswith(".")
    assert str(caught.value) == f"{caught.value.text} {caught.value.detail}"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.text, again.detail) == (caught.value.text, caught.value.detail)


@pytest.mark.parametrize(("text", "values"), MINUTES.items())
def test_lists_ranges_and_increments(text: str, values: tuple[int, ...]) -> None:
    """A field is the sorted set of what its items mean; ranges wrap, junk is ignored."""
    assert cron(f"{text} 0 * * ? *").minutes == values


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("0/5, 9-18, ?, *, MON-FRI, *", "0/5 9-18 ? * MON-FRI *"),
        ("0 9,17, * * ? *", "0 9,17 * * ? *"),
        (",,0,,5, 0 L, * ? *", "0,5 0 L * ? *"),
        ("0 0 ?, * 2#1, 2027,,2028", "0 0 ? * 2#1 2027,2028"),
        ("0 0 ,15W,1 JAN, ? *", "0 0 15W,1 JAN ? *"),
    ],
)
def test_empty_items_of_a_list_are_dropped(text: str, same: str) -> None:
    """A comma with nothing on one side means nothing, in every field; words and warnings agree."""
    assert cron(text) == cron(same)
    assert describe_schedule(f"cron({text})") == describe_schedule(f"cron({same})")
    assert usage_hints(f"cron({text})") == usage_hints(f"cron({same})")
    after = "2026-01-01T00:00:00Z"
    assert unix_next_times(f"cron({text})", after) == unix_next_times(f"cron({same})", after)


@pytest.mark.parametrize(("text", "rule"), DAYS_OF_MONTH.items())
def test_day_of_month(text: str, rule: DayOfMonth) -> None:
    """The day of the month takes L, L-n, LW and nW beside numbers."""
    assert cron(f"0 0 {text} * ? *").days == rule


@pytest.mark.parametrize(("text", "rule"), DAYS_OF_WEEK.items())
def test_day_of_week(text: str, rule: DayOfWeek) -> None:
    """The day of the week takes names, L, nL and n#m; 1 is Sunday."""
    assert cron(f"0 0 ? * {text} *").days == rule


@pytest.mark.parametrize(("text", "values"), MONTHS.items())
def test_months(text: str, values: tuple[int, ...]) -> None:
    """Months have numbers and names of at least three letters, in any case."""
    assert cron(f"0 0 1 {text} ? *").months == values


@pytest.mark.parametrize(("text", "ranges"), YEARS.items())
def test_years(text: str, ranges: tuple[range, ...]) -> None:
    """Years stay ranges, because they may go on up to int32."""
    assert cron(f"0 0 1 1 ? {text}").years == ranges


def test_hours_wrap_past_midnight() -> None:
    """`20-2` is the evening and the night."""
    assert cron("0 20-2 * * ? *").hours == (0, 1, 2, 20, 21, 22, 23)


@pytest.mark.parametrize("text", ["rate(5 minutes)", "cron(0 2 LW * ? 2027/2)"])
def test_records_are_data(text: str) -> None:
    """A schedule can be pickled, compared and hashed."""
    meaning = parse(text)
    assert pickle.loads(pickle.dumps(meaning)) == meaning
    assert hash(meaning) == hash(parse(text))


FIELD = st.text("0123456789*?/-,LW#MONJAN x", max_size=8)


@given(st.text() | st.builds("cron({})".format, st.lists(FIELD, max_size=8).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text, the outcome is a schedule or InvalidSchedule."""
    try:
        meaning = parse(text)
    except LanguageError:
        return
    assert isinstance(meaning, Rate | Cron)


@given(st.lists(FIELD, min_size=6, max_size=6))
def test_values_lie_within_their_fields(fields: list[str]) -> None:
    """What is accepted never means a minute 60 or a month 0, and never means nothing."""
    try:
        meaning = cron(" ".join(fields))
    except InvalidSchedule:
        return
    assert meaning.minutes and set(meaning.minutes) <= set(range(60))
    assert meaning.hours and set(meaning.hours) <= set(range(24))
    assert meaning.months and set(meaning.months) <= set(range(1, 13))
    assert all(meaning.years)


@pytest.mark.parametrize(
    "text",
    [
        f"cron({'9' * 300_000} 0 * * ? *)",
        f"cron({'0,' * 300_000}0 0 * * ? *)",
        f"cron(0 0 ? * MON{'L' * 300_000},1 *)",
        f"cron(0 0 ? * {'L' * 300_000} *)",
        f"cron(0 0 1 JAN{'A' * 300_000}- ? *)",
        f"cron(0 0 1 1 ? {'0-2147483647,' * 30_000}1)",
        f"cron({'(' * 300_000})",
    ],
)
def test_long_texts_take_linear_time(text: str) -> None:
    """No expression, however long, makes the parser go back and forth."""
    start = time.process_time()
    with contextlib.suppress(InvalidSchedule):
        parse(text)
    assert time.process_time() - start < 5
