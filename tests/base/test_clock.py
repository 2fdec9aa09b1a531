"""Time as people write it, and as an int."""

from __future__ import annotations

import datetime as dt

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base import clock
from simbridge.base.errors import InvalidTime

INSTANTS = st.integers(clock.EARLIEST, clock.LATEST)


@given(INSTANTS)
def test_an_instant_survives_every_form(micros: int) -> None:
    """Exactly, as a datetime and as text, from the year 1 to 9999."""
    moment = clock.moment(micros)
    assert clock.instant(moment) == micros
    assert clock.instant(clock.iso_micros(micros)) == micros
    assert isinstance(moment, pendulum.DateTime)
    assert moment.utcoffset() == dt.timedelta(0)


@given(INSTANTS)
def test_seconds_are_cut_off_not_rounded(micros: int) -> None:
    """As AWS does it with the `time` of an event."""
    assert clock.instant(clock.iso_seconds(micros)) == micros // clock.SECOND * clock.SECOND


@given(st.datetimes(min_value=dt.datetime(2, 1, 1), max_value=dt.datetime(9998, 1, 1)))
def test_zones_are_honoured(naive: dt.datetime) -> None:
    """An instant is the same in whichever zone it is written; without a zone it is refused."""
    here = naive.replace(tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    assert clock.instant(here) == clock.instant(here.isoformat())
    assert clock.instant(here) == clock.instant(here.astimezone(dt.UTC))
    with pytest.raises(InvalidTime, match="zone"):
        clock.instant(naive)


def test_a_date_is_its_first_instant() -> None:
    """A time of day alone is none: it would be another one each day (below)."""
    assert clock.instant("2026-03-01") == clock.instant("2026-03-01T00:00:00Z")


@pytest.mark.parametrize("wrong", ["tomorrow", "10:30", "P1D", "2026-13-01", 5, None])
def test_what_is_no_instant(wrong: object) -> None:
    """The error shows how one is written."""
    with pytest.raises(InvalidTime, match=r"ISO 8601|write date and time"):
        clock.instant(wrong)  # type: ignore[arg-type]


@given(st.integers(0, 10**15))
def test_a_duration_survives_every_form(micros: int) -> None:
    """As a timedelta, as text in one unit, and as text in several."""
    assert clock.duration(dt.timedelta(microseconds=micros)) == micros
    assert clock.duration(f"{micros}us") == micros
    seconds, rest = divmod(micros, clock.SECOND)
    assert clock.duration(f"{seconds}s{rest}us") == micros
    assert clock.duration(f"{seconds}.{rest:06d}s") == micros


@pytest.mark.parametrize("wrong", ["", "5", "s", "5 s", "5w", "-5s", "1h-1m", 5, 5.0, None])
def test_what_is_no_duration(wrong: object) -> None:
    """Numbers without a unit, unknown units, and what would run backwards."""
    with pytest.raises(InvalidTime):
        clock.duration(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidTime, match="forward"):
        clock.duration(dt.timedelta(seconds=-1))


def test_spans_add_up() -> None:
    """The numbers that `World.run` takes."""
    assert clock.span(days=1, hours=1, minutes=1, seconds=0.000001) == 90_060_000_001
    with pytest.raises(InvalidTime, match="hours=-1"):
        clock.span(hours=-1)
    with pytest.raises(InvalidTime):
        clock.span(seconds=float("nan"))
    for wrong in (float("inf"), 10**30):
        with pytest.raises(InvalidTime, match=r"hours=\S+ is too long a duration: the calendar"):
            clock.span(hours=wrong)
    with pytest.raises(InvalidTime, match="minutes is a number, not '5'"):
        clock.span(minutes="5")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (200_000, "200ms"),
        (1_500_000, "1.5s"),
        (7_200 * clock.SECOND, "2h00m00s"),
        (90 * clock.SECOND, "1m30s"),
        (3 * 86400 * clock.SECOND + 7_500 * clock.SECOND, "3d02h05m"),
    ],
)
def test_durations_for_people(micros: int, text: str) -> None:
    """Short, and in the unit that fits."""
    assert clock.elapsed(micros) == text


def test_beyond_the_calendar() -> None:
    """No datetime can hold it."""
    for micros in (clock.EARLIEST - 1, clock.LATEST + 1):
        with pytest.raises(InvalidTime, match="9999"):
            clock.moment(micros)
