"""The page about schedules: its tables are true (its examples run in `tests/docs`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.languages.schedule import check
from simbridge.languages.schedule.syntax import FIELDS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "schedules.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(cron\([^`]*\))` \| (.*) \| (.*) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize(("expression", "reading", "fires"), ROWS)
def test_the_table_of_firings(expression: str, reading: str, fires: str) -> None:
    """What it reads and when it fires, after the beginning of 2026."""
    times = sb.next_times(expression, after="2026-01-01T00:00:00Z", count=3)
    assert sb.describe_schedule(expression) == reading
    assert (", ".join(f"{time:%Y-%m-%d %H:%M}" for time in times) or "never") == fires


def test_the_bounds_of_the_fields() -> None:
    """The first table of cron has the bounds that the parser has, in its order."""
    for field, row in zip(
        FIELDS, re.findall(r"^\| (.*) \| (.*) \| `, - .*\|$", TEXT, re.M), strict=True
    ):
        title, values = row
        assert title == field.title.lower()
        assert f"{field.low}-{field.high}" in values


@pytest.mark.parametrize(
    "refused", re.findall(r"`(rate\([^`]*)`", TEXT.partition("is refused:")[2])[:4]
)
def test_what_is_refused_is(refused: str) -> None:
    """The examples of refused rates."""
    with pytest.raises(sb.InvalidSchedule):
        check(refused)


@pytest.mark.parametrize(
    ("written", "proposed"),
    re.findall(r"^\| `(.*)` \| (`[^|]*`) \|$", TEXT.partition("| you write |")[2], re.MULTILINE),
)
def test_the_table_of_proposals(written: str, proposed: str) -> None:
    """Alternatives are joined by or, rules that are needed together by and."""
    with pytest.raises(sb.InvalidSchedule) as caught:
        check(written)
    joint = " and " if caught.value.together else " or "
    assert joint.join(f"`{one}`" for one in caught.value.proposals) == proposed
