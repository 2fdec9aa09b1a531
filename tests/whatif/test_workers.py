"""The processes of a sweep: what they are sent, what they raise, how they end."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

import pytest

import simbridge as sb

ROOT = Path(__file__).parents[2]
GRID = {"orders": [1, 5], "kept": [True, False]}


def columns(result: object, *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in result.rows]


@sb.scenario(seed=3)
def shop(world: sb.World, orders: int = 2, kept: bool = True) -> None:
    """Orders for a queue that does not exist, perhaps with a dead-letter queue."""
    events = world.client("events")
    target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:gone"}
    if kept:
        target["DeadLetterConfig"] = {"Arn": world.queue("kept").arn}
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[target])
    for _ in range(orders + world.seed):
        events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    assert not world.trace.deliveries(outcome="dropped"), "lost"


def leaves(world: sb.World, how: str) -> None:
    """Ends as after Ctrl-C."""
    raise KeyboardInterrupt


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
    """Your own executor gives the same rows, and can be used again afterwards."""
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


def test_the_first_error_in_the_grid_is_reported() -> None:
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


def test_what_cannot_be_sent_is_reported() -> None:
    """A lock, say, that the scenario holds; in this process it is no obstacle."""
    lock = threading.Lock()

    def story(world: sb.World) -> None:
        with lock:
            pass

    with pytest.raises(sb.SimbridgeError, match=r"cannot pickle .*lock.*\n?.*workers=1"):
        sb.sweep(story, seeds=range(2), workers=2)
    assert len(sb.sweep(story, seeds=range(2), workers=1).rows) == 2


@pytest.mark.parametrize("make", [lambda: nullcontext(2), threads, spawned])
def test_an_interrupt_raised_in_a_worker_is_reported(make) -> None:
    """Workers ignore Ctrl-C, so the scenario has raised it; in this process it ends everything."""
    with (
        make() as workers,
        pytest.raises(sb.RunFailed, match="how=interrupt seed=0: KeyboardInterrupt"),
    ):
        sb.sweep(leaves, vary={"how": ["interrupt"]}, seeds=range(3), workers=workers)
    with pytest.raises(KeyboardInterrupt):
        sb.sweep(leaves, vary={"how": ["interrupt"]}, seeds=[0], workers=1)


def test_a_process_that_is_killed_is_reported() -> None:
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
    """Ctrl-C, which a terminal sends to every process: one KeyboardInterrupt, and no process remains."""
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
