"""One scenario over varied values and seeds: the grid, the processes, what goes wrong, the command."""

from __future__ import annotations

import csv
import fcntl
import importlib.util
import io
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

import anyio
import pytest

import simbridge as sb
from simbridge.cli.main import main
from simbridge.scenario.runner import scenarios_in

ROOT = Path(__file__).parents[2]
GONE = "arn:aws:sqs:us-east-1:123456789012:gone"
ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}


def world_of_orders(world: sb.World, kept: bool) -> object:
    """A rule with a target that is missing, and perhaps a dead-letter queue."""
    events = world.client("events")
    target = {"Id": "1", "Arn": GONE}
    if kept:
        target["DeadLetterConfig"] = {"Arn": world.queue("kept").arn}
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[target])
    return events


@sb.scenario(seed=3)
def shop(world: sb.World, orders: int = 2, kept: bool = True) -> None:
    """Orders for a queue that is missing.

    A seed adds up to three orders more.
    """
    events = world_of_orders(world, kept)
    for _ in range(orders + world.seed % 4):
        events.put_events(Entries=[ENTRY])
    world.settle()
    assert not world.trace.deliveries(outcome="dropped"), "lost"


GRID = {"orders": [1, 5], "kept": [True, False]}


def columns(result: object, *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in result.rows]


def test_every_combination_is_played_with_every_seed() -> None:
    """The rows stand in the order of the grid, the last value varying fastest, seeds within."""
    result = sb.sweep(shop, vary=GRID, seeds=[4, 1], workers=1)
    expected = [(o, k, s) for o in (1, 5) for k in (True, False) for s in (4, 1)]
    assert columns(result, "orders", "kept", "seed") == expected
    assert [row["accepted"] for row in result.rows] == [o + s % 4 for o, _, s in expected]
    assert [row["dead_lettered"] for row in result.rows] == [
        (o + s % 4) * k for o, k, s in expected
    ]


def test_variants_may_be_picked_by_hand() -> None:
    """What a variant does not name is the scenario's default."""
    result = sb.sweep(shop, [{"orders": 0}, {"kept": False}], seeds=[0], workers=1)
    assert [row["accepted"] for row in result.rows] == [0, 2]
    assert str(result.table()).splitlines()[2].split()[:2] == ["0", "–"]


def test_seeds_alone_are_a_sweep_too() -> None:
    """Nothing varied: one variant; a story need not be marked as a scenario."""
    result = sb.sweep(lambda world: world.run(hours=1), seeds=range(3), workers=1)
    assert columns(result, "seed", "outcome") == [(n, "passed") for n in range(3)]
    assert len(result.table()) == 1


def test_all_variants_meet_the_same_luck() -> None:
    """Common random numbers: under one seed, the ids of the events are those of the other variant."""
    result = sb.sweep(shop, vary={"kept": [True, False]}, seeds=[7], workers=1)
    ids = [
        [delivery.event.id for delivery in result.repeat(row).trace.deliveries()]
        for row in result.rows
    ]
    assert ids[0] == ids[1] != []


@pytest.fixture(scope="module")
def alone() -> object:
    return sb.sweep(shop, vary=GRID, seeds=range(3), workers=1)


def threads() -> Executor:
    return ThreadPoolExecutor(3)


def spawned() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def test_processes_change_nothing(alone, tmp_path: Path) -> None:
    """Rows, table and report of two processes are those of none, byte for byte."""
    result = sb.sweep(shop, vary=GRID, seeds=range(3), workers=2)
    assert result.rows == alone.rows
    assert str(result.table()) == str(alone.table())
    alone.report(tmp_path / "1.html")
    result.report(tmp_path / "2.html")
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes()


@pytest.mark.parametrize("make", [threads, spawned], ids=lambda make: make.__name__)
def test_any_executor_does(alone, make) -> None:
    """An executor of yours gives the same rows, and can be used again afterwards."""
    with make() as executor:
        assert sb.sweep(shop, vary=GRID, seeds=range(3), workers=executor).rows == alone.rows
        assert executor.submit(len, "abc").result() == 3


class Backwards(Executor):
    """Runs everything when asked for the first result, the last submitted first."""

    def __init__(self) -> None:
        self.waiting: list = []

    def submit(self, function, /, *arguments):  # type: ignore[no-untyped-def]
        future: Future = Future()
        self.waiting.append((future, function, arguments))
        if len(self.waiting) == 12:
            threading.Thread(target=self.work).start()
        return future

    def work(self) -> None:
        for future, function, arguments in reversed(self.waiting):
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(*arguments))
                except Exception as error:
                    future.set_exception(error)


def test_the_order_of_the_grid_whatever_ends_first(alone) -> None:
    """Results come back in the order in which they were asked for."""
    assert sb.sweep(shop, vary=GRID, seeds=range(3), workers=Backwards()).rows == alone.rows


def test_the_first_error_in_the_grid_is_told() -> None:
    """Although a later one was noticed before it."""

    def bad(world: sb.World, number: int) -> None:
        if number in (0, 3):
            raise KeyError(number)

    with pytest.raises(sb.RunFailed, match="bad with number=0 seed=0: KeyError: 0"):
        sb.sweep(bad, vary={"number": range(12)}, seeds=[0], workers=Backwards())


SCRIPT = """
import simbridge as sb
import beside

class Shop:
    name = beside.NAME

@sb.scenario()
def story(world, n):
    assert Shop.name == "shop" and beside.twice(n) == 2 * n
    world.client().put_events(Entries=[{"Source": Shop.name, "DetailType": "d", "Detail": "{}"}] * n)

result = sb.sweep(story, vary={"n": [1, 2]}, seeds=range(2), workers=2,
                  measures={"double": lambda world: beside.twice(len(world.trace))})
print([row["accepted"] for row in result.rows], [row["double"] > 0 for row in result.rows])
"""


@pytest.mark.parametrize("how", ["script", "stdin", "exec"])
def test_a_scenario_reaches_the_processes_from_anywhere(how: str, tmp_path: Path) -> None:
    """A script that guards nothing, standard input, code as a notebook's cell runs it."""
    (tmp_path / "beside.py").write_text("NAME = 'shop'\ndef twice(n):\n    return 2 * n\n")
    file = tmp_path / "story.py"
    file.write_text(SCRIPT)
    words = {"script": [str(file)], "stdin": ["-"], "exec": ["-c", f"exec({SCRIPT!r})"]}[how]
    done = subprocess.run(
        [sys.executable, *words],
        input=SCRIPT if how == "stdin" else "",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[1, 1, 2, 2] [True, True, True, True]\n", "")


def test_a_module_that_another_process_would_not_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pytest imports tests, from a path that no search leads to: it goes along by value."""
    file = tmp_path / "off_the_path.py"
    file.write_text(
        "def story(world, n):\n    assert twice(n) == 2\ndef twice(n):\n    return 2 * n\n"
    )
    spec = importlib.util.spec_from_file_location("off_the_path", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "off_the_path", module)
    spec.loader.exec_module(module)
    with spawned() as executor:
        result = sb.sweep(module.story, vary={"n": [1, 2]}, seeds=[0], workers=executor)
    assert columns(result, "outcome") == [("passed",), ("failed",)]


def test_what_cannot_be_sent_is_told() -> None:
    """A lock, say, that the scenario holds; in this process it is no obstacle."""
    lock = threading.Lock()

    def story(world: sb.World) -> None:
        with lock:
            pass

    with pytest.raises(sb.SimbridgeError, match=r"cannot pickle .*lock.*\n?.*workers=1"):
        sb.sweep(story, seeds=range(2), workers=2)
    assert len(sb.sweep(story, seeds=range(2), workers=1).rows) == 2


def test_a_measure_that_raises_is_told_by_its_name() -> None:
    """Beside the run in which it did."""
    with pytest.raises(
        sb.SimbridgeError, match=r"seed=0: .*measure 'share' raised ZeroDivisionError"
    ):
        sb.sweep(shop, seeds=range(1), workers=1, measures={"share": lambda world: 1 / 0})


def test_a_run_in_which_an_assertion_does_not_hold_is_a_row() -> None:
    """With its seed, where it stands and what it says; it is measured as it stood."""
    result = sb.sweep(shop, vary={"kept": [True, False]}, seeds=range(2), workers=1)
    assert columns(result, "outcome") == [("passed",), ("passed",), ("failed",), ("failed",)]
    row = result.failed[1]
    assert row["failure"].startswith("test_sweep.py:") and row["failure"].endswith(": lost")
    assert (row["seed"], row["dropped"]) == (1, 3)
    assert 'assert not world.trace.deliveries(outcome="dropped"), "lost"' in row["failure"]
    assert "in 2 runs, first with kept=False seed=0" in str(result.table())
    assert result.summary()[1]["failed"] == 2


def in_a_handler(world: sb.World) -> None:
    def handler(event: dict) -> None:
        assert event["detail"], "empty"

    events = world.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    arn = world.function("f", handler).arn
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[ENTRY])
    world.settle()


async def in_tasks(world: sb.World) -> None:
    async def customer() -> None:
        await anyio.sleep(60)
        assert not world, "empty"

    async with anyio.create_task_group() as group:
        group.start_soon(customer)
        group.start_soon(customer)


@pytest.mark.parametrize("story", [in_a_handler, in_tasks])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_assertions_in_handlers_and_tasks_count(story, backend: str) -> None:
    """Wherever it was raised, it is the scenario's check."""
    (row,) = sb.sweep(story, seeds=[5], workers=1, backend=backend).rows
    assert row["outcome"] == "failed" and row["failure"].endswith(": empty")


def broken(world: sb.World, total: int) -> None:
    """Not an assertion."""
    world.run(seconds=total)
    if total == 2:
        raise KeyError("total")


@pytest.mark.parametrize("workers", [1, 2])
def test_anything_else_ends_the_sweep_and_names_the_run(workers: int) -> None:
    """Variant and seed, and the traceback of the process it happened in."""
    with pytest.raises(
        sb.RunFailed, match="broken with total=2 seed=8: KeyError: 'total'"
    ) as caught:
        sb.sweep(broken, vary={"total": [1, 2]}, seeds=[8, 9], workers=workers)
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError) or 'raise KeyError("total")' in str(cause)


def leaves(world: sb.World, how: str) -> None:
    """Ends in ways that are no exceptions of the usual kind."""
    if how == "exit":
        sys.exit(3)
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "group":
        raise BaseExceptionGroup("tasks", [SystemExit(3), ValueError("x")])


@pytest.mark.parametrize(("how", "says"), [("exit", "SystemExit: 3"), ("group", "tasks")])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_exits_is_told(how: str, says: str, workers: int) -> None:
    """`sys.exit` in a scenario ends the sweep like any exception, with variant, seed and place."""
    with pytest.raises(sb.RunFailed, match=rf"leaves with how={how} seed=8: .*{says}") as caught:
        sb.sweep(leaves, vary={"how": [how]}, seeds=[8, 9], workers=workers)
    assert caught.value.raised in ("SystemExit", "BaseExceptionGroup")
    assert any(note.startswith("test_sweep.py:") for note in caught.value.__notes__)


@pytest.mark.parametrize("make", [lambda: nullcontext(2), threads, spawned])
def test_an_interrupt_raised_in_a_worker_is_told(make) -> None:
    """Nobody interrupts a worker, so the scenario has raised it; in this process it ends everything."""
    with (
        make() as workers,
        pytest.raises(sb.RunFailed, match="how=interrupt seed=0: KeyboardInterrupt"),
    ):
        sb.sweep(leaves, vary={"how": ["interrupt"]}, seeds=range(3), workers=workers)
    with pytest.raises(KeyboardInterrupt):
        sb.sweep(leaves, vary={"how": ["interrupt"]}, seeds=[0], workers=1)


def test_a_mixed_group_of_errors_is_no_failed_assertion() -> None:
    """Where one task had a bug, the run is broken."""

    async def mixed(world: sb.World) -> None:
        raise ExceptionGroup("both", [AssertionError("no"), KeyError("bug")])

    with pytest.raises(sb.RunFailed, match="both"):
        sb.sweep(mixed, seeds=[0], workers=1)


def test_a_process_that_is_killed_is_told() -> None:
    """Not waited for, and not a success."""

    def dies(world: sb.World) -> None:
        if world.seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(sb.RunFailed, match=r"a worker process died before dies with seed=\d"):
        sb.sweep(dies, seeds=range(3), workers=2)


INTERRUPTED = """
import os, sys, time
import simbridge as sb

def slow(world):
    os.write(1, b"%d\\n" % os.getpid())  # in one piece: two processes write here
    time.sleep(60)

try:
    sb.sweep(slow, seeds=range(40), workers=2)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupt_ends_all_processes() -> None:
    """Ctrl-C, which a terminal sends to every process: one KeyboardInterrupt, nobody left behind."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        workers = [int(process.stdout.readline()) for _ in range(2)]
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    deadline = time.monotonic() + 10
    while any(map(alive, workers)):
        assert time.monotonic() < deadline, "a worker goes on"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def strict(world: sb.World, orders: int, *, kept: bool = True) -> None:
    """An argument without a default."""


@pytest.mark.parametrize(
    ("vary", "options", "says"),
    [
        ({"order": [1]}, {}, "strict takes no 'order'; it takes orders, kept"),
        ({"world": [1]}, {}, "strict takes no 'world'"),
        ({"kept": [True]}, {}, "strict needs a value for orders"),
        ({"orders": "12"}, {}, r"vary\['orders'\] is a list of values, not '12'"),
        ({"orders": 12}, {}, "is a list of values, not 12"),
        ({"orders": []}, {}, "nothing to play"),
        ([], {}, "nothing to play"),
        ([3], {}, "a variant maps arguments to values; 3 does not"),
        ({"orders": [1, 1]}, {}, "the variant orders=1 is there twice"),
        ({"orders": [1]}, {"seeds": 5}, r"range\(5\) for 5 seeds, \[5\] for one"),
        ({"orders": [1]}, {"seeds": []}, "at least one seed"),
        ({"orders": [1]}, {"seeds": [1, 1]}, "none of them twice"),
        ({"orders": [1]}, {"seeds": ["1"]}, "whole number, not '1'"),
        ({"orders": [1]}, {"workers": 0}, "number of processes or an executor, not 0"),
        ({"orders": [1]}, {"workers": "two"}, "not 'two'"),
        ({"orders": [1]}, {"measures": {"dropped": len}}, "'dropped' is a column of every sweep"),
        ({"orders": [1]}, {"measures": {"kept:x": len}}, "'kept:x' has a colon"),
        ({"orders": [1]}, {"measures": {"cost": 3}}, "measure 'cost' is a function of a world"),
        ({"orders": [1]}, {"prices": {"custom_event": 1}}, "did you mean custom_events"),
        ({"orders": [1]}, {"prices": {"custom_events": "1"}}, "a number of dollars, not '1'"),
    ],
)
def test_what_cannot_be_swept_is_told_before_anything_runs(vary, options: dict, says: str) -> None:
    """The message names what to change."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.sweep(strict, vary, **options)


def test_an_argument_with_the_name_of_a_column_is_refused() -> None:
    """Two columns of one name could not be told apart."""

    def story(world: sb.World, seed: int = 0) -> None:
        """An argument called seed."""

    with pytest.raises(sb.SimbridgeError, match="'seed' is a column of every sweep"):
        sb.sweep(story, vary={"seed": [1]})


def test_a_scenario_may_take_anything() -> None:
    """`**options` takes every name."""

    def story(world: sb.World, **options: int) -> None:
        assert options == {"depth": 2}

    assert not sb.sweep(story, vary={"depth": [2]}, seeds=[0], workers=1).failed


def test_a_bar_is_for_terminals(capfd: pytest.CaptureFixture[str]) -> None:
    """Piped there is none, unless it is asked for; on a terminal there is one, unless it is not wanted."""
    for progress, wanted in ((None, False), (True, True)):
        sb.sweep(shop, seeds=range(2), workers=1, progress=progress)
        assert ("shop" in capfd.readouterr().err) == wanted
    program = "import simbridge as sb; sb.sweep(lambda world: None, seeds=[1], workers=1{})"
    assert "0/1" in on_a_terminal(program.format(""))
    assert on_a_terminal(program.format(", progress=False")) == ""


def on_a_terminal(program: str) -> str:
    """What a program writes to a terminal of 24 lines that is its stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], stderr=theirs, env=environment, check=True)
    os.write(theirs, b"END")
    text = b""
    while not text.endswith(b"END"):
        text += os.read(ours, 4096)
    os.close(theirs)
    os.close(ours)
    return text.removesuffix(b"END").decode()


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
    with threads() as executor:
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
        (["--vary", "m=1"], "story takes no 'm'; it takes n, word, fails"),
        (["--vary", "n"], "--vary takes NAME=VALUE, not 'n'"),
        (["--vary", "n=1", "--vary", "n=2"], "--vary n is there twice"),
        (["--vary", "n=1,1"], "the variant n=1 is there twice"),
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
def test_bad_input_is_told_in_one_line(
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
        assert "--scenario story, other" in capsys.readouterr().err
    for given, says in {"m=1": "takes no 'm'", "n=1,2": "--set n takes one value, not 2"}.items():
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


def test_a_report_that_cannot_be_written_is_told(
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
