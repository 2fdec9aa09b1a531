"""The file of a trace has an end: one that was cut, or thinned out, is told as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.trace import file as trace_file

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
    """At a line or within one, at each byte; what is left can be read where that is asked for."""
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    whole = file.read_bytes()
    records = list(world.trace)
    ends = [n for n, byte in enumerate(whole) if byte == ord("\n")]
    for length in [*range(0, len(whole) - 1, 7), *ends[:-1], *(end + 1 for end in ends[:-1])]:
        file.write_bytes(whole[:length])
        with pytest.raises(sb.SimbridgeError, match="cut") as told:
            sb.Trace.from_jsonl(file)
        assert str(file) in str(told.value) and "cut=True" in str(told.value)
        part = list(sb.Trace.from_jsonl(file, cut=True))
        complete = whole[:length].count(b"\n")
        assert len(part) - complete in (0, 1)
        assert part == records[: len(part)]
    file.write_bytes(whole[:-1])  # only the last newline is gone
    assert sb.Trace.from_jsonl(file) == world.trace
    file.write_bytes(whole)
    assert sb.Trace.from_jsonl(file, cut=True) == sb.Trace.from_jsonl(file) == world.trace


def test_records_that_are_missing_or_too_many_are_told(world: sb.World, tmp_path: Path) -> None:
    """The end says how many there are; nothing comes after it. Cut or not, this is asked."""
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    lines = file.read_text().splitlines(keepends=True)
    count = len(world.trace)
    for changed, words in {
        "".join([*lines[:-2], lines[-1]]): f"says {count} records, and there are {count - 1}",
        "".join([*lines, lines[0]]): f"line {count + 2} comes after the end",
        "".join([*lines, *lines]): f"line {count + 2} comes after the end",
        "".join([*lines[:3], lines[2], *lines[3:]]): "is there twice",
        "".join([*lines[:3], "[", *lines[3:]]): "line 4 is not a line of a trace",
    }.items():
        file.write_text(changed)
        for cut in False, True:
            with pytest.raises(sb.SimbridgeError, match=words):
                sb.Trace.from_jsonl(file, cut=cut)


def test_an_empty_trace_has_an_end_too(tmp_path: Path) -> None:
    """And an empty file is no trace."""
    file = tmp_path / "trace.jsonl"
    sb.World().trace.to_jsonl(file)
    assert len(sb.Trace.from_jsonl(file)) == 0
    assert json.loads(file.read_text())[5] == {"type": "End", "records": 0}
    file.write_text("")
    with pytest.raises(sb.SimbridgeError, match="its end is missing"):
        sb.Trace.from_jsonl(file)


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
