"""The file of a trace has a header and an end: one that was cut, or lost lines, is an error."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.trace import file as trace_file
from simbridge.trace.file import FORMAT

ENTRY = {"Source": "shop", "DetailType": "Order", "Detail": '{"text": "\u00e9\u00e9"}'}


@pytest.fixture
def world() -> sb.World:
    """One event, delivered."""
    world = sb.World(seed=5)
    client, queue = world.client(), world.queue("q")
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    client.put_events(Entries=[ENTRY])
    world.settle()
    return world


def test_a_file_that_was_cut_anywhere_is_refused(world: sb.World, tmp_path: Path) -> None:
    """At a line or within one, at each byte; what is left can be read if that is asked for.

    Nothing can be read of a file that was cut within its header.
    """
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    whole = file.read_bytes()
    records = list(world.trace)
    ends = [n for n, byte in enumerate(whole) if byte == ord("\n")]
    for length in (0, 1, ends[0] - 1):
        file.write_bytes(whole[:length])
        for cut in False, True:
            with pytest.raises(sb.SimbridgeError, match="Write the trace again with to_jsonl"):
                sb.Trace.from_jsonl(file, cut=cut)
    inside = range(ends[0], len(whole) - 1, 7)
    for length in [*inside, *ends[:-1], *(end + 1 for end in ends[:-1])]:
        file.write_bytes(whole[:length])
        with pytest.raises(sb.SimbridgeError, match="cut") as caught:
            sb.Trace.from_jsonl(file)
        assert str(file) in str(caught.value) and "cut=True" in str(caught.value)
        part = list(sb.Trace.from_jsonl(file, cut=True))
        complete = max(whole[:length].count(b"\n") - 1, 0)
        assert len(part) - complete in (0, 1)
        assert part == records[: len(part)]
    file.write_bytes(whole[:-1])  # only the last newline is gone
    assert sb.Trace.from_jsonl(file) == world.trace
    file.write_bytes(whole)
    assert sb.Trace.from_jsonl(file, cut=True) == sb.Trace.from_jsonl(file) == world.trace


def test_records_that_are_missing_or_too_many_are_an_error(world: sb.World, tmp_path: Path) -> None:
    """The end says how many there are; nothing comes after it. Cut or not, this is asked."""
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    lines = file.read_text().splitlines(keepends=True)
    count = len(world.trace)
    for changed, words in {
        "".join([*lines[:-2], lines[-1]]): f"says {count} records, and there are {count - 1}",
        "".join([*lines, lines[1]]): f"line {count + 3} comes after the end",
        "".join([*lines, *lines]): f"line {count + 3} comes after the end",
        "".join([*lines[:3], lines[2], *lines[3:]]): "is there twice",
        "".join([*lines[:3], "[", *lines[3:]]): "line 4 is not a line of a trace",
    }.items():
        file.write_text(changed)
        for cut in False, True:
            with pytest.raises(sb.SimbridgeError, match=words):
                sb.Trace.from_jsonl(file, cut=cut)


def head(**fields: object) -> dict[str, object]:
    """The message of a first line."""
    return {"type": "Header", **fields}


def first_line(**fields: object) -> str:
    return json.dumps([0, 0, 0, "story", "story", head(**fields)]) + "\n"


def test_an_empty_trace_has_an_end_too(tmp_path: Path) -> None:
    """And an empty file is not a trace."""
    file = tmp_path / "trace.jsonl"
    sb.World().trace.to_jsonl(file)
    assert len(sb.Trace.from_jsonl(file)) == 0
    header, end = map(json.loads, file.read_text().splitlines())
    assert header == [
        0,
        0,
        0,
        "story",
        "story",
        head(trace_format=FORMAT, simbridge=sb.__version__),
    ]
    assert end[5] == {"type": "End", "records": 0}
    file.write_text("")
    with pytest.raises(sb.SimbridgeError, match="it is empty"):
        sb.Trace.from_jsonl(file)


@pytest.mark.parametrize("cut", [False, True])
def test_a_file_without_header_or_of_another_format_is_refused(
    world: sb.World, tmp_path: Path, cut: bool
) -> None:
    """The error names both formats and both versions; a later field of the header is no obstacle."""
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    header, *rest = file.read_text().splitlines(keepends=True)
    for first, words in {
        "": "line 1 is not the header of a trace",
        "{}\n": "line 1 is not the header of a trace",
        first_line(trace_format="1", simbridge="1.0"): "line 1 is not the header of a trace",
        first_line(trace_format=2, simbridge="9.1"): (
            f"format 2, written by simbridge 9.1; this is simbridge {sb.__version__}, "
            "which reads format 1. Read it with the version that wrote it"
        ),
        first_line(trace_format=0): "format 0, written by simbridge of unknown version",
    }.items():
        file.write_text("".join([first, *rest]))
        with pytest.raises(sb.SimbridgeError, match=re.escape(words)):
            sb.Trace.from_jsonl(file, cut=cut)
    file.write_text("".join([header.replace("}", ', "more": []}'), *rest]))
    assert sb.Trace.from_jsonl(file, cut=cut) == world.trace


def test_neither_header_nor_end_is_in_the_digest(world: sb.World, tmp_path: Path) -> None:
    """The digest is that of the lines between them: another version has the same digest."""
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    records = file.read_bytes().splitlines(keepends=True)[1:-1]
    assert hashlib.sha256(b"".join(records)).hexdigest() == world.trace.digest()


def test_a_record_too_long_to_be_read_is_not_written(
    world: sb.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading takes whatever was written; the earlier file stays."""
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    before = file.read_bytes()
    most = max(map(len, before.splitlines())) + 1
    monkeypatch.setattr(trace_file, "DOCUMENT_BYTES_MAX", most)
    world.trace.to_jsonl(file)
    assert sb.Trace.from_jsonl(file) == world.trace
    world.client().put_events(Entries=[ENTRY | {"DetailType": "x" * 70_000}])
    world.settle()
    with pytest.raises(sb.SimbridgeError, match="too long for a file"):
        world.trace.to_jsonl(file)
    assert file.read_bytes() == before
