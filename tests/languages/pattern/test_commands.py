"""`simbridge match` and `simbridge explain`, used as from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simbridge.cli.main import main

PATTERN = '{"source": ["shop"]}'
HIT, MISS = '{"source": "shop"}', '{"source": "Shop"}'


def test_match_says_it_with_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """0 for a match, 1 for none."""
    assert main(["match", PATTERN, HIT]) == 0
    assert main(["match", PATTERN, MISS]) == 1
    assert capsys.readouterr().out == "match\nno match\n"


def test_files_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An argument that is no JSON is the name of a file."""
    (tmp_path / "pattern.json").write_text("\n" + PATTERN + "\n", encoding="utf-8-sig")
    (tmp_path / "event.json").write_text(HIT, encoding="utf-8")
    assert main(["match", str(tmp_path / "pattern.json"), str(tmp_path / "event.json")]) == 0
    assert main(["explain", str(tmp_path / "pattern.json"), MISS]) == 1
    assert "only the case differs" in capsys.readouterr().out


def test_explain_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints what `to_dict` gives."""
    assert main(["explain", "--json", PATTERN, HIT]) == 0
    assert json.loads(capsys.readouterr().out)["matched"] is True


@pytest.mark.parametrize("command", ["match", "explain"])
@pytest.mark.parametrize(
    ("pattern", "event", "message"),
    [
        ('{"a": "x"}', HIT, '"a" must be an object or an array'),
        ('{"a": "x"}', HIT, "Match values belong in an array: write"),
        ("[]", HIT, "Filter is not an object"),
        (PATTERN, "[1]", "the event is not a JSON object"),
        (PATTERN, '{"source"', "the event is invalid JSON"),
        ("no-such-file.json", HIT, "'no-such-file.json' is neither a file nor a JSON object"),
        (PATTERN, "x" * 5000, "cannot be read"),
        (".", HIT, "cannot be read"),
        ("", HIT, "cannot be read"),
    ],
)
def test_invalid_input(
    command: str, pattern: str, event: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and a message on standard error that says what is wrong."""
    assert main([command, pattern, event]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.startswith("simbridge: ") and not printed.out
