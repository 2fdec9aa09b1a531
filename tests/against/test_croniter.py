"""croniter as a judge: where its language and AWS's mean the same, the instants are the same.

Left out is what it reads differently: weekday numbers (it has Sunday as 0; names are shared), `L-n`,
`LW`, increments of 0, `nW` beyond the shortest month, `5-5` (everything, to croniter 7), and years
after 2099.
"""

from __future__ import annotations

import datetime as dt

from croniter import CroniterBadDateError, croniter
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb

NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """Values, rising ranges and increments of one field."""
    value = st.integers(low, high)
    pair = st.lists(value, min_size=2, max_size=2, unique=True).map(sorted)
    step = st.integers(1, high)
    item = st.one_of(
        value.map(str),
        pair.map("{0[0]}-{0[1]}".format),
        st.builds(lambda span, n: f"{span[0]}-{span[1]}/{n}", pair, step),
        step.map("*/{}".format),
    )
    return st.just("*") | st.lists(item, min_size=1, max_size=3).map(",".join)


DATES = field(1, 31) | st.just("L") | st.integers(1, 28).map("{}W".format)
# The same day of the week as AWS writes it and as croniter does.
WEEKDAYS = st.one_of(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(
        lambda names: (",".join(names),) * 2
    ),
    st.integers(0, 6).map(lambda day: (f"{day + 1}L", f"L{day}")),
    st.tuples(st.integers(0, 6), st.integers(1, 5)).map(
        lambda both: (f"{both[0] + 1}#{both[1]}", f"{both[0]}#{both[1]}")
    ),
)
DAYS = DATES.map(lambda date: ((date, "?"), (date, "*"))) | WEEKDAYS.map(
    lambda both: (("?", both[0]), ("*", both[1]))
)
STARTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1), timezones=st.just(dt.UTC))


@settings(max_examples=200, deadline=None)
@given(field(0, 59), field(0, 23), DAYS, field(1, 12), STARTS)
def test_croniter_finds_the_same_instants(
    minutes: str,
    hours: str,
    days: tuple[tuple[str, str], tuple[str, str]],
    months: str,
    start: dt.datetime,
) -> None:
    """Eight firings after any start, or as few as there are."""
    (date, weekday), (their_date, their_weekday) = days
    found = sb.next_times(
        f"cron({minutes} {hours} {date} {months} {weekday} *)", after=start, count=8
    )
    theirs = croniter(f"{minutes} {hours} {their_date} {months} {their_weekday}", start)
    expected: list[dt.datetime] = []
    try:
        while len(expected) < 8:
            expected.append(theirs.get_next(dt.datetime))
    except CroniterBadDateError:
        # It gives up where it finds nothing within some fifty years.
        horizon = (expected[-1] if expected else start) + dt.timedelta(days=45 * 365)
        found = [time for time in found if time < horizon]
    assert found == expected
