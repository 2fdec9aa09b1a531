"""Files are replaced as a whole or stay as they were, and no line of them is held that is too long."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base import files
from simbridge.cli.main import main
from simbridge.scenario.runner import scenarios_in

PLAIN_USER = os.name == "posix" and os.getuid() != 0


def write(file: Path, *parts: bytes | BaseException) -> None:
    """Write these parts, and raise what is among them."""
    with files.replacing(file) as out:
        for part in parts:
            if isinstance(part, BaseException):
                raise part
            out.write(part)


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), SystemExit(1)], ids=repr)
@pytest.mark.parametrize("before", [None, b"good"])
def test_what_fails_leaves_the_earlier_file(
    tmp_path: Path, before: bytes | None, error: BaseException
) -> None:
    """Or none where there was none, and nothing beside it, whatever had been written."""
    file = tmp_path / "file"
    if before is not None:
        file.write_bytes(before)
    for parts in ((error,), (b"x", error), (b"x" * 100_000, error)):
        with pytest.raises(type(error)):
            write(file, *parts)
        assert [each.read_bytes() for each in tmp_path.iterdir()] == ([before] if before else [])
    write(file, b"new")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"new"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    """A new file has the usual permissions, one that is replaced those it had; a link stays one."""
    file, link, twice = tmp_path / "file", tmp_path / "link", tmp_path / "twice"
    write(file, b"1")
    usual = tmp_path / "usual"
    usual.touch()
    assert file.stat().st_mode == usual.stat().st_mode
    file.chmod(0o640)
    link.symlink_to("file")
    twice.symlink_to(link)
    for number, name in enumerate((file, link, twice)):
        write(name, b"%d" % number)
        assert file.read_bytes() == b"%d" % number
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        with pytest.raises(OSError, match="full"):
            write(name, b"x", OSError("full"))
        assert file.read_bytes() == b"%d" % number
    assert link.is_symlink() and twice.is_symlink()
    dangling = tmp_path / "dangling"
    dangling.symlink_to("later")
    write(dangling, b"there")
    assert (tmp_path / "later").read_bytes() == b"there" and dangling.is_symlink()
    round_, back = tmp_path / "round", tmp_path / "back"
    round_.symlink_to(back)
    back.symlink_to(round_)
    with pytest.raises(OSError):
        write(round_, b"x")


@pytest.mark.skipif(not PLAIN_USER, reason="root may write everywhere")
def test_what_may_not_be_written(tmp_path: Path) -> None:
    """A file that is read-only is not replaced; in a folder that is, a file is written directly."""
    file = tmp_path / "file"
    file.write_bytes(b"good")
    file.chmod(0o444)
    with pytest.raises(PermissionError):
        write(file, b"new")
    file.chmod(0o644)
    tmp_path.chmod(0o555)
    write(file, b"direct")
    tmp_path.chmod(0o755)
    assert file.read_bytes() == b"direct"


def test_a_fifo_is_written_to(tmp_path: Path) -> None:
    """It stays one, and its reader gets all of it; the check of `--trace` does not end it."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
    reader.start()
    scenario = tmp_path / "story.py"
    scenario.write_text(
        "import simbridge as sb\n\n\n@sb.scenario()\ndef story(w):\n    w.run(days=1)\n"
    )
    assert main(["run", str(scenario), "--trace", str(fifo)]) == 0
    reader.join(20)
    assert b'"End"' in got[0] and stat.S_ISFIFO(fifo.stat().st_mode)


TO_STDOUT = """
import sys
import simbridge as sb
world = sb.World()
world.client().create_event_bus(Name="b")
world.settle()
print("before", flush=True)
world.trace.to_jsonl(sys.argv[1])
print("after")
"""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_standard_output_is_written_to(tmp_path: Path, name: str) -> None:
    """Also where it is a file: what is printed later is in the same one."""
    if not os.path.exists(name):
        pytest.skip("the system has none")
    link = tmp_path / "link"
    link.symlink_to(name)
    with (tmp_path / "out").open("ab") as out:
        subprocess.run([sys.executable, "-c", TO_STDOUT, str(link)], stdout=out, check=True)
    text = (tmp_path / "out").read_text()
    assert text.count('"End"') == 1 and text.endswith("after\n")


LIMITED = """
import resource, signal, sys
import simbridge as sb
from simbridge.cli.main import main
from simbridge.scenario.runner import scenarios_in
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
kind, scenario, file = sys.argv[1:]
sys.exit(main([{"--trace": "run", "--report": "sweep"}[kind], scenario, kind, file]))
"""


@pytest.mark.parametrize("kind", ["--trace", "--report"])
def test_a_full_disk_leaves_the_earlier_file(tmp_path: Path, kind: str) -> None:
    """The command line says so and nothing else happens."""
    folder = tmp_path / "out"
    folder.mkdir()
    file = folder / "file"
    file.write_bytes(b"good")
    scenario = tmp_path / "story.py"
    scenario.write_text(
        "import simbridge as sb\n\n\n@sb.scenario()\ndef story(world):\n    client = world.client()\n"
        "    for n in range(40):\n        client.create_event_bus(Name=f'b{n}')\n    world.settle()\n"
    )
    words = [sys.executable, "-c", LIMITED, kind, str(scenario), str(file)]
    ended = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 2, ended.stderr
    assert f"cannot be written to {file}" in ended.stderr
    assert [each.read_bytes() for each in folder.iterdir()] == [b"good"]


@given(
    st.lists(st.sampled_from([b"", b"a", b"\n", b"ab" * 40_000, b"c" * 65_535, b"d" * 65_536])),
    st.sampled_from([0, 65_536, 80_000, 1 << 30]),
)
def test_lines_are_those_of_the_file(parts: list[bytes], most: int) -> None:
    """Each with its end; of those that are too long the length."""
    text = b"".join(parts)
    wanted = text.splitlines(keepends=True)
    found = list(files.lines(io.BytesIO(text), lambda _: most))
    assert len(found) == len(wanted)
    for line, whole in zip(found, wanted, strict=True):
        if isinstance(line, files.TooLong):
            assert line.size == len(whole) > most
            assert whole.startswith(line.start)
        else:
            assert line == whole


MEASURED = """
import sys
import simbridge as sb
from simbridge.cli.main import main
from simbridge.scenario.runner import scenarios_in
what, file = sys.argv[1:]
try:
    if what == "read_events":
        sb.read_events(file)
    elif what == "from_jsonl":
        sb.Trace.from_jsonl(file)
    else:
        main([*what.split(), file, "{}"] if what == "match" else [*what.split(), file])
except sb.SimbridgeError as error:
    print(error, file=sys.stderr)
status = open("/proc/self/status").read()  # not `ru_maxrss`, which is that of the parent, too
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def _sparse(file: Path) -> None:
    with file.open("wb") as out:
        out.truncate(250_000_000)


def _second_line(file: Path) -> None:
    with file.open("wb") as out:
        out.write(b"{}\n")
        out.truncate(250_000_000)


def _document(file: Path) -> None:
    with file.open("wb") as out:
        out.write(b'{"Records": [')
        out.truncate(250_000_000)


def _packed(file: Path) -> None:
    with gzip.open(file, "wb", 1) as out:
        for _ in range(250):
            out.write(b"\0" * 1_000_000)


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("read_events", _second_line),
        ("read_events", _document),
        ("read_events", _packed),
        ("from_jsonl", _sparse),
        ("match", _sparse),
        ("match-rules", _sparse),
    ],
)
def test_what_is_too_long_is_not_held(
    tmp_path: Path, what: str, make: Callable[[Path], Any]
) -> None:
    """It is refused with its size, in little memory, wherever a file of the user's is read."""
    file = tmp_path / "events"
    make(file)
    words = [sys.executable, "-c", MEASURED, what, str(file)]
    if what == "match-rules":
        words[3] = f"match-rules {file}"
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert int(ended.stdout) < 200, ended.stderr
    assert any(size in ended.stderr for size in ("250,000,000", "249,999,997")), ended.stderr


def test_a_document_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits is read whole; what does not is refused, also where the size is not known before."""
    monkeypatch.setattr(files, "DOCUMENT_BYTES_MAX", 10)
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    assert files.content(file) == b"0123456789"
    file.write_bytes(b"0123456789A")
    with pytest.raises(sb.SimbridgeError, match="has 11 bytes"):
        files.content(file)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes(b"0123456789A"), daemon=True)
    writer.start()
    with pytest.raises(sb.SimbridgeError, match="more than 10 bytes"):
        files.content(fifo)
    writer.join(20)


def test_what_is_read_once_may_be_a_fifo(tmp_path: Path) -> None:
    """A trace and events; a scenario, which Python reads more than once, is a regular file."""
    world = sb.World(start="2026-01-01T00:00:00Z")
    events = world.client()
    events.create_archive(ArchiveName="a", EventSourceArn=events.describe_event_bus()["Arn"])
    world.trace.to_jsonl(tmp_path / "trace.jsonl")
    envelope = {"id": "1", "detail-type": "d", "source": "s", "account": "123456789012"}
    envelope |= {"time": "2025-12-31T00:00:00Z", "region": "us-east-1"}
    line = json.dumps({**envelope, "detail": {}}).encode()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def fed(data: bytes, read: Callable[[Path], Any]) -> Any:
        writer = threading.Thread(target=lambda: fifo.write_bytes(data), daemon=True)
        writer.start()
        found = read(fifo)
        writer.join(20)
        return found

    trace = fed((tmp_path / "trace.jsonl").read_bytes(), sb.Trace.from_jsonl)
    assert trace.digest() == world.trace.digest()
    assert [event["id"] for event in fed(line, sb.read_events)] == ["1"]
    assert fed(line, world.archive("a").load).kept == 1
    with pytest.raises(sb.SimbridgeError, match="fifo is not a regular file: copy"):
        scenarios_in(fifo)
    assert list(sb.read_events("/dev/null")) == []


def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, and cannot be read: the error does not say that it is missing."""
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for read in (sb.read_events, sb.Trace.from_jsonl, sb.World().emit):
            with pytest.raises(
                sb.SimbridgeError, match=r"^socket is neither a regular file nor a FIFO"
            ):
                read("socket")
