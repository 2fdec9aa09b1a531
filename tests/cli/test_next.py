"""`simbridge next`, used as at a shell."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from simbridge.cli.main import main

AFTER = ["--after", "2026-01-01T00:00:00Z"]


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """What it means, what to beware of, and each firing with its weekday and distance."""
    assert main(["next", "cron(0 12 ? * 2-6 2026)", *AFTER, "--count", "3"]) == 0
    assert capsys.readouterr().out == (
        "cron(0 12 ? * 2-6 2026): at 12:00 UTC from Monday to Friday in 2026\n"
        "note: Day of week: numbers count from Sunday = 1, so 2-6 is Monday, Tuesday, Wednesday, "
        "Thursday and Friday.\n"
        "\n"
        "after      2026-01-01T00:00:00Z\n"
        "   1  Thu  2026-01-01T12:00:00Z  +12h00m00s\n"
        "   2  Fri  2026-01-02T12:00:00Z  +1d00h00m\n"
        "   3  Mon  2026-01-05T12:00:00Z  +3d00h00m\n"
    )


@pytest.mark.parametrize(
    ("expression", "ending"),
    [
        ("cron(0 12 30 2 ? *)", "after      2026-01-01T00:00:00Z\n      never\n"),
        ("cron(0 12 31 12 ? 2026)", "+364d12h00m\n      then never again\n"),
        ("rate(1 day)", "+1d00h00m\n"),
    ],
)
def test_the_end_is_said(expression: str, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A table that is shorter than asked for says that there is no more."""
    assert main(["next", expression, *AFTER]) == 0
    assert capsys.readouterr().out.endswith(ending)


def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The same, to be read by others."""
    assert main(["next", "rate(7 minutes)", *AFTER, "--count", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "expression": "rate(7 minutes)",
        "words": "every 7 minutes, counted from when the rule is created, enabled or given this rate",
        "notes": [],
        "after": "2026-01-01T00:00:00Z",
        "times": ["2026-01-01T00:07:00Z", "2026-01-01T00:14:00Z"],
    }


def test_without_after_it_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    """At a shell, next means next from now."""
    assert main(["next", "rate(1 minute)", "--count", "1", "--json"]) == 0
    after = dt.datetime.fromisoformat(json.loads(capsys.readouterr().out)["after"])
    assert abs(dt.datetime.now(dt.UTC) - after) < dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rate(1 minutes)"], "simbridge: Parameter ScheduleExpression is not valid. Write rate(1"),
        (["cron(0 12 * * * *)", "--json"], "Write cron(0 12 * * ? *)."),
        (["rate(1 minute)", "--after", "yesterday"], "write ISO 8601"),
        (["rate(1 minute)", "--after", ""], "write ISO 8601"),
        (
            ["rate(1 minute)", "--count", "-1"],
            "--count is a whole number from 0 to 100,000, not -1",
        ),
        (["rate(1 minute)", "--count", "1" + "0" * 30], "--count is a whole number from 0 to"),
    ],
)
def test_bad_input_exits_with_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """AWS's sentence and what to write instead go to standard error."""
    assert main(["next", *arguments]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.out == ""


def test_a_unix_cron_that_differs_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Weekday 1 is Sunday here and Monday there; names are the same everywhere."""
    assert main(["next", "cron(0 12 ? * 1-5 *)", "--after", "2026-01-01T00:00:00Z"]) == 0
    said = capsys.readouterr().out
    assert "a Unix cron reads these fields otherwise: it would fire on Fri 2026-01-02T12" in said
    for same in ("cron(0 12 ? * MON-FRI *)", "cron(0 12 L * ? *)", "rate(5 minutes)"):
        assert main(["next", same, "--after", "2026-01-01T00:00:00Z"]) == 0
        assert "Unix" not in capsys.readouterr().out
