"""`simbridge run`, used as a user would."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import simbridge as sb
from simbridge import cli
from simbridge.cli.main import COMMANDS, main
from simbridge.scenario.runner import scenarios_in

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.py")), ids=lambda path: path.stem)
def test_every_scenario_holds(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, what the scenario is about, a timeline and a digest."""
    assert main(["run", str(path)]) == 0
    printed = capsys.readouterr().out
    ((name, story),) = scenarios_in(path).items()
    about = (story.__doc__ or "").partition("\n")[0]
    assert about
    assert printed.startswith(f"{name}: {about}\n\n")
    assert "digest" in printed


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.py")), ids=lambda path: path.stem)
def test_a_scenario_holds_with_another_seed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its assertions do not depend on its own seed."""
    assert main(["run", str(path), "--seed", "0"]) == 0, capsys.readouterr().err


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


FAILS = """
import simbridge as sb

@sb.scenario(seed=9)
def first(world):
    events = world.client("events")
    for number in range(30):
        events.put_rule(Name=f"r{number}", EventPattern='{"source": ["shop"]}')
    assert world.now.hour == 1

@sb.scenario(seed=9)
async def second(world):
    raise KeyError("total")
"""


def test_a_failure_shows_what_happened_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The end of the timeline, the lines of the scenario and none of simbridge, seed and time."""
    file = tmp_path / "fails.py"
    file.write_text(FAILS)
    assert main(["run", str(file)]) == 1
    first, second = capsys.readouterr().err.split("AssertionError")
    assert "calls PutRule r29" in first and "10 lines before" in first
    assert "calls PutRule r9\n" not in first
    assert first.count('  File "') == 1 and "in first\n    assert world.now.hour == 1" in first
    assert "seed=9, virtual time 2026-01-01T00:00:00" in second
    assert second.count('  File "') == 1 and "KeyError: 'total'" in second


def test_the_trace_of_a_failure_is_kept(tmp_path: Path) -> None:
    """`--trace` is written when an assertion has failed: then it is needed most."""
    file, out = tmp_path / "fails.py", tmp_path / "out.jsonl"
    file.write_text(FAILS.partition("@sb.scenario(seed=9)\nasync")[0])
    assert main(["run", str(file), "--trace", str(out)]) == 1
    assert len(sb.Trace.from_jsonl(out)) == 30


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("import nonesuch", [], "No module named 'nonesuch'"),
        ("def (", [], "SyntaxError"),
        ("import simbridge as sb\n@sb.scenario(sed=1)\ndef f(w): pass", [], "no option 'sed'"),
        ("import sys; sys.exit(0)", [], "cannot be run: SystemExit: 0"),
        ("import simbridge as sb\n@sb.scenario\ndef f(w): pass", [], "write @sb.scenario()"),
        (
            "import simbridge as sb\n@sb.scenario()\ndef f(): pass",
            [],
            "takes a world: def f(world)",
        ),
        ("import simbridge as sb\n@sb.scenario()\ndef f(w): pass", ["--trace", "."], "a directory"),
        (
            "import simbridge as sb\n@sb.scenario()\nasync def f(w): pass",
            ["--backend", "sync"],
            "needs backend trio or asyncio",
        ),
        (
            "import simbridge as sb\n@sb.scenario()\ndef f(w): pass",
            ["--trace", "missing/out.jsonl"],
            "no folder missing",
        ),
        (
            "import simbridge as sb\n@sb.scenario()\ndef f(w): pass\n@sb.scenario()\ndef g(w): pass",
            ["--trace", "out.jsonl"],
            "--trace writes one trace",
        ),
    ],
)
def test_bad_input_is_reported_in_one_line(
    text: str,
    options: list[str],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 2 and what to change; nothing has run."""
    file = tmp_path / "bad.py"
    file.write_text(text)
    assert main(["run", str(file), *options]) == 2
    printed = capsys.readouterr()
    assert says in printed.err and printed.err.count("\n") == 1
    assert not printed.out


def test_a_scenario_imports_what_lies_beside_it(tmp_path: Path) -> None:
    """As any script may; the search path is as before afterwards."""
    (tmp_path / "beside_it.py").write_text("HOURS = 3\n")
    file = tmp_path / "story.py"
    file.write_text(
        "import simbridge as sb\nfrom beside_it import HOURS\n"
        "@sb.scenario()\ndef story(world):\n    world.run(hours=HOURS)\n"
    )
    before = list(sys.path)
    assert main(["run", str(file)]) == 0
    assert sys.path == before


def test_the_trace_is_kept(tmp_path: Path) -> None:
    """`--trace` writes what `Trace.from_jsonl` reads."""
    out = tmp_path / "out.jsonl"
    assert main(["run", str(SCENARIOS / "dead_letter.py"), "--trace", str(out)]) == 0
    assert {d.outcome for d in sb.Trace.from_jsonl(out).deliveries()} == {
        "dropped",
        "dead-lettered",
    }


def test_a_scenario_that_exits_has_not_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever code it exits with; the scenarios after it run all the same."""
    file = tmp_path / "exits.py"
    file.write_text(
        "import sys\nimport simbridge as sb\n"
        "@sb.scenario()\ndef first(world):\n    sys.exit(0)\n"
        "@sb.scenario()\ndef second(world):\n    print('second has run')\n"
    )
    assert main(["run", str(file)]) == 1
    printed = capsys.readouterr()
    assert "second has run" in printed.out and "SystemExit: 0" in printed.err


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_where_nothing_can_be_written_nothing_is_run(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before, in one line; the check leaves no file behind and an old one as it was."""
    file = tmp_path / "story.py"
    file.write_text(
        "import simbridge as sb\n@sb.scenario()\ndef story(world):\n    print('has run')\n"
    )
    option = "--trace" if command == "run" else "--report"
    assert main([command, str(file), option, str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "cannot be written" in printed.err and printed.err.count("\n") == 1
    assert not printed.out
    old = tmp_path / "old"
    old.write_text("as it was")
    assert main([command, str(tmp_path / "none.py"), option, str(old)]) == 2
    assert main([command, str(tmp_path / "none.py"), option, str(tmp_path / "new")]) == 2
    assert old.read_text() == "as it was" and not (tmp_path / "new").exists()


@pytest.mark.parametrize("program", [["-m", "simbridge"], ["-c", "import simbridge.__main__"]])
def test_the_module_is_the_command(program: list[str]) -> None:
    """`python -m simbridge`, on a terminal without letters for ticks and arrows; an import is none."""
    done = subprocess.run(
        [sys.executable, *program, "run", str(SCENARIOS / "dead_letter.py")],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (b"? story calls PutRule" in done.stdout) == (program[0] == "-m")
    assert done.stdout.isascii()


COMMAND = [sys.executable, "-m", "simbridge"]


@pytest.mark.parametrize("out", ["/dev/full", "pipe"])
@pytest.mark.parametrize("lines", ["1", "90000"])
def test_where_the_output_goes_nowhere(out: str, lines: str) -> None:
    """A full disk is an error in one line; a reader that stops early is none. Never a traceback."""
    command = [*COMMAND, "next", "rate(1 minute)", "--after", "2026-01-01", "--count", lines]
    if out == "pipe":
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open(out, os.O_WRONLY)
    with open(writing, "wb") as stdout:
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, timeout=60)
    said = (0, b"") if out == "pipe" else (2, b"simbridge: [Errno 28] No space left on device\n")
    assert (done.returncode, done.stderr) == said


WAITS = """
import simbridge as sb, anyio, time

def wait():
    print("waiting", flush=True)
    time.sleep(60)

@sb.scenario()
def plain(world):
    wait()

@sb.scenario()
async def tasks(world):
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 5)
        wait()
"""


@pytest.mark.parametrize("scenario", ["plain", "tasks"])
@pytest.mark.parametrize("command", ["run", "sweep --workers 1", "sweep --workers 2"])
def test_an_interrupt_ends_a_command(command: str, scenario: str, tmp_path: Path) -> None:
    """Ctrl-C: exit code 130 and one line, whatever was under way."""
    file = tmp_path / "waits.py"
    head, plain, tasks = WAITS.split("@sb.scenario()")
    file.write_text(f"{head}@sb.scenario(){plain if scenario == 'plain' else tasks}")
    name, *options = command.split()
    words = [*COMMAND, name, str(file), *options]
    with subprocess.Popen(
        ["env", "PYTHONWARNINGS=ignore", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "waiting\n":
            pass
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "simbridge: interrupted\n")


def test_tasks_that_exit_have_not_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`sys.exit` in a task of an async scenario is reported like one in the scenario."""
    file = tmp_path / "exits.py"
    file.write_text(
        "import sys, anyio\nimport simbridge as sb\n"
        "@sb.scenario()\nasync def first(world):\n"
        "    async with anyio.create_task_group() as group:\n        sys.exit(0)\n"
        "@sb.scenario()\ndef second(world):\n    print('second has run')\n"
    )
    assert main(["run", str(file)]) == 1
    printed = capsys.readouterr()
    assert "second has run" in printed.out and "SystemExit: 0" in printed.err


@pytest.mark.parametrize("command", ["run", "sweep", "match-rules"])
def test_files_that_are_none(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a name that is too long for a file, nothing at all: one line says so."""
    rules = tmp_path / "rules.json"
    rules.write_text('{"Rules": []}')
    words = [str(rules)] if command == "match-rules" else []
    for name, says in ((str(tmp_path), ", but a folder"), ("x" * 5000, "too long"), ("", "folder")):
        assert main([command, *words, name]) == 2
        printed = capsys.readouterr()
        assert says in printed.err and printed.err.count("\n") == 1 and not printed.out


def test_where_a_file_fails_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line of the file, of whatever else was called."""
    file = tmp_path / "fails.py"
    file.write_text("import json\n\n\njson.loads('x')\n")
    assert main(["run", str(file)]) == 2
    assert capsys.readouterr().err.endswith("(char 0) (line 4)\n")


def test_every_argument_is_explained() -> None:
    """`--help` of a command says something about each of its arguments and options."""
    commands = argparse.ArgumentParser().add_subparsers()
    for command in COMMANDS:
        command.add(commands)
    unexplained = [
        (name, action.dest)
        for name, parser in commands.choices.items()
        for action in parser._actions
        if not action.help
    ]
    assert not unexplained and len(commands.choices) == len(COMMANDS)


def test_no_command_is_forgotten() -> None:
    """Every module of the folder that adds a command is in the list of commands."""
    names = [module.name for module in pkgutil.iter_modules(cli.__path__, "simbridge.cli.")]
    adding = [module for module in map(importlib.import_module, names) if hasattr(module, "add")]
    assert sorted(COMMANDS, key=str) == sorted(adding, key=str)
