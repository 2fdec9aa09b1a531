"""When schedules fire: against recorded cases, an exhaustive evaluation, and arithmetic."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path

import exhaustive_schedules as exhaustive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base import clock
from simbridge.base.clock import LATEST, SECOND
from simbridge.languages.schedule import firings

HERE = Path(__file__).parent
CASES = HERE.parents[3] / "shared" / "conformance" / "cron.json"


def times(expression: str, after: str, count: int) -> list[str]:
    """The next firings of a cron expression, to the minute, as text."""
    found = sb.next_times(f"cron({expression})", after=after, count=count)
    return [time.strftime("%Y-%m-%dT%H:%M") for time in found]


@pytest.mark.skipif(not CASES.is_file(), reason="no conformance cases beside this repository")
def test_the_conformance_cases() -> None:
    """Every case of the shared sample; fewer than six firings mean that 30 years have no more."""
    for case in json.loads(CASES.read_text(encoding="utf-8")):
        found = times(case["cron"], case["start"], 6)
        if len(case["next"]) < 6:
            end = str(int(case["start"][:4]) + 30)
            found = [time for time in found if time < end]
        assert found == case["next"], case


NEXT = {
    # the last day, counted back, through a leap year
    ("0 6 L * ? *", "2028-01-31T06:00:00Z"): ["2028-02-29T06:00", "2028-03-31T06:00"],
    ("0 6 L-28 * ? *", "2027-01-31T00:00:00Z"): ["2027-03-03T06:00", "2027-04-02T06:00"],
    ("0 6 L-28 2 ? *", "2027-01-31T00:00:00Z"): ["2028-02-01T06:00", "2032-02-01T06:00"],
    # the weekday nearest to a date never leaves its month
    ("0 0 1W * ? *", "2026-07-31T00:00:00Z"): ["2026-08-03T00:00", "2026-09-01T00:00"],
    ("0 0 31W * ? *", "2026-01-15T00:00:00Z"): ["2026-01-30T00:00", "2026-03-31T00:00"],
    ("0 0 30W * ? *", "2027-05-01T00:00:00Z"): ["2027-05-31T00:00", "2027-06-30T00:00"],
    ("0 0 LW * ? *", "2027-01-15T00:00:00Z"): ["2027-01-29T00:00", "2027-02-26T00:00"],
    ("0 0 L-2W * ? *", "2027-01-15T00:00:00Z"): ["2027-01-29T00:00", "2027-02-26T00:00"],
    # Sunday is 1
    ("0 12 ? * 1 *", "2026-01-01T00:00:00Z"): ["2026-01-04T12:00", "2026-01-11T12:00"],
    ("0 12 ? * L *", "2026-01-01T00:00:00Z"): ["2026-01-03T12:00", "2026-01-10T12:00"],
    ("0 12 ? * 6L *", "2026-01-01T00:00:00Z"): ["2026-01-30T12:00", "2026-02-27T12:00"],
    ("0 12 ? * 3#2 *", "2026-01-01T00:00:00Z"): ["2026-01-13T12:00", "2026-02-10T12:00"],
    ("0 12 ? * MON#5 *", "2026-01-01T00:00:00Z"): ["2026-03-30T12:00", "2026-06-29T12:00"],
    # what wraps, wraps in its own field: 20-2 on Mondays is Monday's night and Monday's evening
    ("0 20-2/3 ? * MON *", "2026-01-05T00:00:00Z"): ["2026-01-05T02:00", "2026-01-05T20:00"],
    # leap days over a century that has none
    ("0 0 29 2 ? *", "2096-03-01T00:00:00Z"): ["2104-02-29T00:00", "2108-02-29T00:00"],
    ("0 0 29 2 ? 2100/100", "2026-01-01T00:00:00Z"): ["2400-02-29T00:00", "2800-02-29T00:00"],
    ("59 23 31 12 ? 9999", "2026-01-01T00:00:00Z"): ["9999-12-31T23:59"],
    # strictly after
    ("0 12 * * ? *", "2026-01-01T12:00:00Z"): ["2026-01-02T12:00", "2026-01-03T12:00"],
    ("0 12 * * ? *", "2026-01-01T11:59:59.999999Z"): ["2026-01-01T12:00", "2026-01-02T12:00"],
    # before the epoch
    ("0 0 1 1 ? 1960/5", "1961-01-01T00:00:00Z"): ["1965-01-01T00:00", "1970-01-01T00:00"],
}


@pytest.mark.parametrize(("case", "following"), NEXT.items())
def test_the_next_two(case: tuple[str, str], following: list[str]) -> None:
    """Chosen dates that can be checked against a calendar."""
    assert times(*case, 2) == following


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 30 2 ? *",
        "0 0 29 2 ? 2027-2030/3",
        "0 0 29 2 ? 2100,2200,2300",
        "0 0 31 4,6,9,11 ? *",
        "0 0 1 1 ? 2002-2005",
        "0 0 1 1 ? 10000",
        "0 0 1 1 ? 0",
        "0 0 L-30 2 ? *",
        "0 0 ? 2 MON#5 2027",
    ],
)
def test_what_never_fires_says_so(expression: str) -> None:
    """There is an answer, an empty one, and no search for it."""
    assert sb.next_times(f"cron({expression})", after="2026-01-01T00:00:00Z") == []


def test_a_rate_is_counted_from_the_second() -> None:
    """The fraction of a second is left out, and the first firing is one period later."""
    found = sb.next_times("rate(90 minutes)", after="2026-01-01T00:00:07.9Z", count=3)
    assert [str(time) for time in found] == [
        "2026-01-01 01:30:07+00:00",
        "2026-01-01 03:00:07+00:00",
        "2026-01-01 04:30:07+00:00",
    ]


def test_time_ends_with_the_calendar() -> None:
    """A rate whose period is longer than what is left does not fire, nor does a cron in 9999's last minute."""
    after = "2026-01-01T00:00:00Z"
    assert sb.next_times("rate(2147483647 days)", after=after) == []
    assert len(sb.next_times("rate(500000 days)", after=after)) == 5
    assert firings("cron(* * * * ? *)").after(LATEST) is None
    assert firings("rate(1 minute)").after(LATEST) is None


def test_next_times_takes_what_other_instants_take() -> None:
    """Text, aware datetimes; it answers pendulum's in UTC, and nothing for a count of 0."""
    zone = dt.timezone(dt.timedelta(hours=2))
    (found,) = sb.next_times("cron(0 12 * * ? *)", dt.datetime(2026, 1, 1, 14, tzinfo=zone), 1)
    assert isinstance(found, clock.DateTime)
    assert found.isoformat() == "2026-01-02T12:00:00+00:00"
    assert sb.next_times("rate(1 day)", after="2026-01-01", count=0) == []
    with pytest.raises(sb.InvalidTime, match="naive"):
        sb.next_times("rate(1 day)", after=dt.datetime(2026, 1, 1))
    with pytest.raises(sb.InvalidSchedule, match=r"not valid\. Write rate\(1 day\)"):
        sb.next_times("rate(1 days)", after="2026-01-01")
    with pytest.raises(sb.SimbridgeError, match="count"):
        sb.next_times("rate(1 day)", after="2026-01-01", count=-1)


# -- generated expressions ----------------------------------------------------------------------


def values(low: int, high: int, names: Sequence[str]) -> st.SearchStrategy[str]:
    """A number or, where there are any, a name."""
    numbers = st.integers(low, high)
    return numbers.map(str) | (st.sampled_from(names) if names else numbers.map(str))


def items(low: int, high: int, names: Sequence[str] = ()) -> st.SearchStrategy[str]:
    """A value, a range (also one that wraps), an increment, or everything."""
    value, step = values(low, high, names), st.integers(0, high + 2)
    return st.one_of(
        value,
        value,
        st.just("*"),
        st.builds("{}-{}".format, value, value),
        st.builds("{}/{}".format, value, step),
        st.integers(0, high).map("*/{}".format),
        st.builds("{}-{}/{}".format, value, value, step),
    )


def lists(item: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One item or a few."""
    return item | st.lists(item, min_size=1, max_size=3).map(",".join)


NEAR = st.integers(1, 31).map("{}W".format)
DATES = st.one_of(
    st.just("*"),
    lists(items(1, 31)),
    lists(items(1, 31) | NEAR),
    NEAR,
    st.sampled_from(["L", "LW", "31", "29"]),
    st.integers(0, 30).map("L-{}".format),
)
WEEKDAYS = st.one_of(
    lists(items(1, 7, exhaustive.WEEKDAYS)),
    st.just("L"),
    values(1, 7, exhaustive.WEEKDAYS).map("{}L".format),
    st.builds("{}#{}".format, values(1, 7, exhaustive.WEEKDAYS), st.integers(1, 5)),
)
YEAR = st.integers(1990, 2110)
YEARS = st.just("*") | lists(
    st.one_of(
        YEAR.map(str),
        st.builds(lambda a, b: f"{min(a, b)}-{max(a, b)}", YEAR, YEAR),
        st.builds("{}/{}".format, YEAR, st.integers(0, 50)),
        st.builds(lambda a, b, n: f"{min(a, b)}-{max(a, b)}/{n}", YEAR, YEAR, st.integers(0, 9)),
    )
)
MINUTES, HOURS = lists(items(0, 59)), lists(items(0, 23))
MONTHS = st.just("*") | lists(items(1, 12, exhaustive.MONTHS))
EXPRESSIONS = st.builds(
    lambda minutes, hours, days, months, years: (
        f"{minutes} {hours} {days[0]} {months} {days[1]} {years}"
    ),
    MINUTES,
    HOURS,
    st.tuples(DATES, st.just("?")) | st.tuples(st.just("?"), WEEKDAYS),
    MONTHS,
    YEARS,
)
STARTS = st.datetimes(dt.datetime(1994, 1, 1), dt.datetime(2105, 1, 1), timezones=st.just(dt.UTC))


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS, STARTS)
def test_firings_equal_an_exhaustive_evaluation(expression: str, start: dt.datetime) -> None:
    """Looking at every day of nine years finds the same instants in the same order."""
    end = start + dt.timedelta(days=9 * 366)
    expected = list(islice(exhaustive.firings(expression, start, end), 40))
    found = sb.next_times(f"cron({expression})", after=start, count=len(expected) + 1)
    if len(expected) < 40:
        found = [time for time in found if time <= end]
    assert found[: len(expected)] == expected
    assert len(expected) == 40 or len(found) == len(expected)


@settings(deadline=None)
@given(EXPRESSIONS, STARTS)
def test_firings_are_whole_minutes_and_increase(expression: str, start: dt.datetime) -> None:
    """Each firing is later than the one before; asking from just before it finds it again."""
    fires = firings(f"cron({expression})")
    at: int | None = clock.instant(start)
    found = []
    while len(found) < 20 and at is not None and (at := fires.after(at)) is not None:
        found.append(at)
    assert all(a < b for a, b in pairwise(found))
    for instant in found:
        assert instant % (60 * SECOND) == 0
        assert fires.after(instant - 1) == instant
