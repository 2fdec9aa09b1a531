"""`simbridge sweep`, used as at a shell."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.cli.main import main
from simbridge.scenario.runner import scenarios_in

ROOT = Path(__file__).parents[2]


FILE = """
'''A file with a neighbour.'''
import simbridge as sb
from beside_sweep import entry

@sb.scenario(seed=9)
def story(world, n=1, word="x", fails=False):
    '''Puts n events.'''
    world.client().put_events(Entries=[entry(word)] * n)
    assert not fails

@sb.scenario()
def other(world):
    raise KeyError("total")
"""


BESIDE = "def entry(word):\n    return {'Source': word, 'DetailType': 'd', 'Detail': '{}'}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "story.py").write_text(FILE)
    (tmp_path / "beside_sweep.py").write_text(BESIDE)
    monkeypatch.delitem(sys.modules, "beside_sweep", raising=False)
    monkeypatch.chdir(tmp_path)
    return "story.py"


def test_the_command_prints_the_table(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0; what lies beside the file can be imported in every process."""
    words = ["sweep", file, "--scenario", "story", "--vary", "n=1,3", "--vary", "word=a,b"]
    assert main([*words, "--seeds", "2", "--workers", "2"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    assert lines[0].split()[:3] == ["n", "word", "accepted"]
    assert [line.split()[:3] for line in lines[2:6]] == [
        ["1", "a", "1"],
        ["1", "b", "1"],
        ["3", "a", "3"],
        ["3", "b", "3"],
    ]


def test_the_search_path_is_as_before(file: str) -> None:
    """Threads of this process find what lies beside the file, and leave nothing behind."""
    story = scenarios_in(Path(file))["story"]
    sys.modules.pop("beside_sweep")
    before = list(sys.path)
    with ThreadPoolExecutor(3) as executor:
        result = sb.sweep(story, vary={"n": [2]}, seeds=range(3), workers=executor)
    assert [row["accepted"] for row in result.rows] == [2, 2, 2]
    assert sys.path == before


def test_rows_as_json_and_csv(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows in both forms; `--seeds 7-9` is these three."""
    words = [
        "sweep",
        file,
        "--scenario",
        "story",
        "--vary",
        "n=2",
        "--seeds",
        "7-9",
        "--workers",
        "1",
    ]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["seed"] for row in rows] == [7, 8, 9]
    assert main([*words, "--csv"]) == 0
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == listed


def test_a_failed_run_can_be_looked_at(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 with the values and the seed; `run --set` plays that run again."""
    words = ["--scenario", "story", "--vary", "fails=true,false", "--seeds", "2", "--workers", "1"]
    assert main(["sweep", file, *words]) == 1
    assert "first with fails=True seed=0: story.py:10: assert not fails" in capsys.readouterr().out
    Path(file).write_text(FILE.partition("@sb.scenario()")[0])
    assert main(["run", file, "--seed", "0", "--set", "fails=true"]) == 1
    assert "assert not fails" in capsys.readouterr().err
    assert main(["run", file, "--seed", "0", "--set", "n=2"]) == 0
    assert "PutEvents 2 events" in capsys.readouterr().out


def test_the_command_of_a_report_repeats_it(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the page says under "how to repeat it", typed into a shell, writes the same page."""
    options = ["--vary", 'word=["a,b","1"]', "--vary", "n=1,2", "--seeds", "3-4", "--workers", "1"]
    words = ["sweep", file, "--scenario", "story", *options]
    assert main([*words, "--report", "first.html"]) == 0
    page = (tmp_path / "first.html").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if line.startswith("simbridge sweep"))
    command = command.removesuffix("</pre>").replace("&#x27;", "'").replace("&quot;", '"')
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert main([*shown[1:], "--workers", "1", "--report", "second.html"]) == 0
    assert (tmp_path / "second.html").read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--vary", "m=1"], "story has no argument 'm'; it takes n, word, fails"),
        (["--vary", "n"], "--vary takes NAME=VALUE, not 'n'"),
        (["--vary", "n=1", "--vary", "n=2"], "--vary n occurs twice"),
        (["--vary", "n=1,1"], "the variant n=1 occurs twice"),
        (["--seeds", "few"], "--seeds is a number of seeds or FIRST-LAST, not 'few'"),
        (["--seeds", "0"], "at least one seed"),
        (["--seeds", "5-3"], "--seeds 5-3 ends before it begins"),
        (["--seeds", "99999999999"], "more than 1,000,000 seeds"),
        (["--seeds", "-1"], "--seeds is a number of seeds or FIRST-LAST, not '-1'"),
        (["--workers", "0"], "--workers is a number of processes from 1 to 1,024, not 0"),
        (["--workers", "-2"], "not -2"),
        (["--workers", "1000000"], "not 1,000,000"),
        (["--report", "missing/out.html"], "no folder missing"),
    ],
)
def test_bad_input_is_reported_in_one_line(
    words: list[str], says: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, nothing has run."""
    assert main(["sweep", file, "--scenario", "story", *words]) == 2
    printed = capsys.readouterr()
    assert says in printed.err and printed.err.count("\n") == 1 and not printed.out


def test_which_scenario_and_which_argument(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with two scenarios wants a name; `run` checks its arguments as well."""
    for words in (["sweep", file], ["sweep", file, "--scenario", "third"]):
        assert main(words) == 2
        assert "with --scenario: story, other" in capsys.readouterr().err
    for given, says in {
        "m=1": "has no argument 'm'",
        "n=1,2": "--set n takes one value, not 2",
    }.items():
        assert main(["run", file, "--set", given]) == 2
        assert says in capsys.readouterr().err


def test_a_scenario_with_a_bug_is_no_bad_input(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, as `simbridge run` does, with what it raised and where."""
    assert main(["sweep", file, "--scenario", "other", "--workers", "1"]) == 1
    error = capsys.readouterr().err
    assert "other with seed=0: KeyError: 'total'" in error and 'raise KeyError("total")' in error


REFUSES = """
import sys
import simbridge as sb

@sb.scenario()
def refuses(world, age="1h", n=1):
    world.queue("q").fails("TIMEOUT", for_=age)
    for _ in range(n):
        pass
    if n == 7:
        sys.exit(0)
"""


@pytest.mark.parametrize(
    ("vary", "says", "line"),
    [
        ("age=1h,soon", "age=soon seed=0: InvalidTime: 'soon' is not a duration", "fails("),
        ("n=few", "n=few seed=0: TypeError: 'str' object cannot be", "for _ in range(n):"),
        ("n=NaN", "n=NaN seed=0: TypeError: 'str' object cannot be", "for _ in range(n):"),
        ("n=1,7", "n=7 seed=0: SystemExit: 0", "sys.exit(0)"),
    ],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_value_that_a_scenario_refuses_is_bad_input(
    vary: str,
    says: str,
    line: str,
    workers: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 2 and two lines: which run and what it raised, and where; no traceback."""
    file = tmp_path / "refuses.py"
    file.write_text(REFUSES)
    assert main(["sweep", str(file), "--vary", vary, "--seeds", "3", "--workers", workers]) == 2
    printed = capsys.readouterr()
    first, second = printed.err.splitlines()
    assert first.startswith("simbridge: refuses with ") and says in first
    assert second.startswith("  refuses.py:") and line in second and not printed.out


def test_a_report_that_cannot_be_written_is_reported(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where that shows only at the end: the disk is full."""
    words = ["--scenario", "story", "--seeds", "1", "--workers", "1", "--report", "/dev/full"]
    assert main(["sweep", file, *words]) == 2
    assert capsys.readouterr().err.startswith("simbridge: a report cannot be written to /dev/full")


def test_the_scenario_of_the_how_to() -> None:
    """Every order is accounted for; without a dead-letter queue some are lost."""
    words = [sys.executable, "-c", "from simbridge.cli.main import main; raise SystemExit(main())"]
    options = "--vary hours_missing=1,6 --vary kept=true,false --seeds 3 --workers 1 --json"
    done = subprocess.run(
        [*words, "sweep", "scenarios/orders_lost.py", *options.split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, textwrap.indent(done.stderr, "  ")
    for row in json.loads(done.stdout):
        lost = row["dead_lettered"] if row["kept"] else row["dropped"]
        assert row["delivered"] + lost == row["deliveries"] == row["accepted"]
        assert (row["outcome"] == "failed") == (row["dropped"] > 0)
