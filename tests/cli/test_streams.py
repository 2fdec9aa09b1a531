"""The command line with a closed standard stream or without its reader; mistyped names; the version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.cli.main import main

SCENARIO = """
import simbridge as sb

@sb.scenario(seed=1)
def story(world, *, n=1, holds=True, wait="1h"):
    world.queue("q").slow(median=wait)
    events = world.client()
    for number in range(n):
        events.put_rule(Name=f"r{number}", EventPattern='{"source": ["shop"]}')
    assert holds
"""

EVENT = {
    "id": "1", "source": "shop", "detail-type": "d", "time": "2026-01-01T00:00:00Z", "detail": {},
    "account": "123456789012", "region": "us-east-1", "version": "0", "resources": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("story.py").write_text(SCENARIO)
    Path("events.jsonl").write_text((json.dumps(EVENT) + "\n") * 3)
    rule = {"Name": "r", "EventPattern": '{"source": ["shop"]}'}
    Path("rules.json").write_text(json.dumps([rule]))


COMMANDS = {
    "next": ("next 'rate(1 minute)' --after 2026-01-01T00:00:00Z --count 20000", 0),
    "match": ("""match '{"a": ["b"]}' '{"a": "b"}'""", 0),
    "no match": ("""match '{"a": ["b"]}' '{"a": "c"}'""", 1),
    "explain": ("""explain '{"a": ["b"]}' '{"a": "c"}' --json""", 1),
    "run": ("run story.py --set n=300", 0),
    "narrated": ("run story.py --set n=300 --log console", 0),
    "assertion": ("run story.py --set n=300 --set holds=false", 1),
    "sweep": ("sweep story.py --seeds 2 --workers 1", 0),
    "sweep fails": ("sweep story.py --seeds 2 --workers 1 --vary holds=false", 1),
    "match-rules": ("match-rules rules.json events.jsonl", 0),
    "bad input": ("run none.py", 2),
    "bad option": ("next --wrong", 2),
    "help": ("sweep --help", 0),
    "version": ("--version", 0),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("streams", [">&- 2>&-", "| true", "2>&1 | true"])
def test_whatever_the_streams_the_code_says_what_was_found(name: str, streams: str) -> None:
    """Closed streams, readers that have gone: no traceback, and the exit code of any other day."""
    words, code = COMMANDS[name]
    shell = f"{sys.executable} -m simbridge {words} {streams}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=100)
    assert done.returncode == code, done.stderr
    said = done.stdout + done.stderr
    assert "Exception ignored" not in said and "BrokenPipe" not in said
    assert "Traceback" not in said or name == "assertion"


@pytest.mark.parametrize("name", ["match", "run", "match-rules", "help", "version"])
def test_a_full_disk_is_reported(name: str) -> None:
    """Also where argparse prints."""
    shell = f"{sys.executable} -m simbridge {COMMANDS[name][0]} >/dev/full"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=100)
    assert done.returncode == 2
    assert done.stderr == "simbridge: [Errno 28] No space left on device\n"


def test_streams_are_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    """Who calls `main` has the same streams afterwards."""
    before = sys.stdout, sys.stderr
    assert main(["match", '{"a": [1]}', '{"a": 1}']) == 0
    assert (sys.stdout, sys.stderr) == before


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """One number: of the package, on the command line, and in a report."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"simbridge {sb.__version__}\n"
    assert main(["sweep", "story.py", "--seeds", "1", "--workers", "1", "--report", "r.html"]) == 0
    assert f"<p>simbridge {sb.__version__}." in Path("r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("nxt", "there is no command 'nxt'; did you mean next?"),
        ("match-rule rules.json", "there is no command 'match-rule'; did you mean match-rules"),
        ("frobnicate", "there are explain, match, match-rules, next, run, sweep"),
        ("--versoin", "did you mean --version?"),
        ("next rate(1day) --cuont 5", "unrecognized arguments: --cuont 5; did you mean --count"),
        ("run story.py --sed=7", "did you mean --seed"),
        ("sweep story.py --wokers 2 --jsn", "did you mean --workers?"),
        ("match-rules rules.json events.jsonl --exmples 1", "did you mean --examples"),
        ("explain {} {} --qqq", "error: unrecognized arguments: --qqq\n"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_mistyped_names(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What may have been meant by a command or an option; exit code 2."""
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("n=x", "story with n=x seed=1: TypeError: 'str' object cannot be interpreted"),
        ("wait=3parsecs", "seed=1: InvalidTime: '3parsecs' is not a duration"),
        ("wait=[1,2]", "--set wait takes one value, not 2"),
        ("m=1", "story has no argument 'm'; it takes n, holds, wait"),
        ("n", "--set takes NAME=VALUE, not 'n'"),
    ],
)
def test_a_bad_value_is_reported_as_in_a_sweep(
    value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, the line of the scenario below it, exit code 2; no traceback."""
    assert main(["run", "story.py", "--set", value]) == 2
    said = capsys.readouterr().err
    assert said.startswith("simbridge: ") and says in said and "Traceback" not in said
    if "seed=1" in says:
        assert main(["sweep", "story.py", "--vary", value, "--seeds", "1-1", "--workers", "1"]) == 2
        assert capsys.readouterr().err == said
