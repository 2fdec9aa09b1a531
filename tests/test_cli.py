"""`simbridge run`, used as a user would."""

from __future__ import annotations

from pathlib import Path

import pytest

import simbridge as sb
from simbridge.cli import main

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.py")), ids=lambda path: path.stem)
def test_every_scenario_holds(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, a timeline and a digest."""
    assert main(["run", str(path)]) == 0
    assert "digest" in capsys.readouterr().out


def test_one_digest_whatever_backend(capsys: pytest.CaptureFixture[str]) -> None:
    """The backend runs the async handlers; the trace is the same."""
    printed = set()
    for backend in ("sync", "asyncio", "trio"):
        assert main(["run", str(SCENARIOS / "order_fan_out.py"), "--backend", backend]) == 0
        printed.add(capsys.readouterr().out)
    assert len(printed) == 1


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 with the seed for a failed assertion, 2 for a file that is missing or has no scenario."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import simbridge as sb\n@sb.scenario(seed=9)\ndef f(w):\n    assert False\n")
    assert main(["run", str(wrong)]) == 1
    assert "seed=9" in capsys.readouterr().err
    assert main(["run", str(tmp_path / "none.py")]) == 2
    assert "no file" in capsys.readouterr().err
    wrong.write_text("x = 1\n")
    assert main(["run", str(wrong)]) == 2
    assert "@simbridge.scenario()" in capsys.readouterr().err


def test_the_trace_is_kept(tmp_path: Path) -> None:
    """`--trace` writes what `Trace.from_jsonl` reads."""
    out = tmp_path / "out.jsonl"
    assert main(["run", str(SCENARIOS / "dead_letter.py"), "--trace", str(out)]) == 0
    assert {d.outcome for d in sb.Trace.from_jsonl(out).deliveries()} == {
        "dropped",
        "dead-lettered",
    }
