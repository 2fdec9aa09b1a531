"""The page about schedules: its examples run, its tables are true."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.cli import main
from simbridge.schedule import check
from simbridge.schedule.parse import FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "schedules.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(cron\([^`]*\))` \| (.*) \| (.*) \|$", TEXT, re.MULTILINE)


def test_the_examples_run() -> None:
    """Every line after >>> gives what stands under it."""
    failed, run = doctest.testfile(str(PAGE), module_relative=False)
    assert (failed, run > 10) == (0, True)


@pytest.mark.parametrize(("expression", "reading", "fires"), ROWS)
def test_the_table_of_firings(expression: str, reading: str, fires: str) -> None:
    """What it reads and when it fires, after the beginning of 2026."""
    times = sb.next_times(expression, after="2026-01-01T00:00:00Z", count=3)
    assert sb.schedule_in_words(expression) == reading
    assert (", ".join(f"{time:%Y-%m-%d %H:%M}" for time in times) or "never") == fires


def test_the_command_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The transcript of `simbridge next`."""
    block = re.search(r"^    \$ simbridge (.*)\n((?:(?:    .*)?\n)+?)(?=^\S)", TEXT, re.MULTILINE)
    assert block is not None
    assert main(shlex.split(block[1])) == 0
    shown = re.sub(r"^    ", "", block[2], flags=re.MULTILINE)
    assert capsys.readouterr().out == shown.rstrip("\n") + "\n"


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
