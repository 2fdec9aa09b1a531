"""Half of a surrogate pair, which JSON can spell and UTF-8 cannot: a question mark, wherever it comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.json import replace_lone_surrogates, without_lone_surrogates
from simbridge.cli.main import main

HALF = "\ud800"
ANY_TEXT = st.text(st.characters() | st.sampled_from('\ud800\udbff\udc00\udfff\\"u?'))
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"
ENVELOPE = {
    "version": "0", "id": "1", "detail-type": "d", "source": "shop", "account": "123456789012",
    "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail": {"a": HALF},
}  # fmt: skip


@given(ANY_TEXT, st.booleans(), st.booleans())
def test_a_json_text_is_read_without_its_halves(text: str, escaped: bool, as_bytes: bool) -> None:
    """Escaped or written out, it reads as the text with question marks; pairs are whole characters."""
    written = json.dumps({text: [text]}, ensure_ascii=escaped)
    expected = {replace_lone_surrogates(text): [replace_lone_surrogates(text)]}
    mended = without_lone_surrogates(written.encode() if as_bytes and escaped else written)
    assert msgspec.json.decode(written if mended is None else mended) == expected
    assert (mended is None) == (expected == {text: [text]})


@given(ANY_TEXT)
def test_the_text_is_like_java_s_bytes_of_it(text: str) -> None:
    """One question mark for each half, and nothing else is changed."""
    halves = [one for one in utf16_units(text) if "\ud800" <= one <= "\udfff"]
    found = replace_lone_surrogates(text)
    found.encode()
    assert found.count("?") == text.count("?") + len(halves)
    assert replace_lone_surrogates(found) == found


def utf16_units(text: str) -> str:
    """The text with its pairs joined."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize(
    ("event", "holds"),
    [
        ('{"a": "\\ud800"}', True),
        ('{"a": "\\uDFFF"}', True),
        (b'{"a": "\\ud800"}', True),
        ('{"a": "\ud800"}', True),
        ({"a": HALF}, True),
        ({"a": HALF, "b": None}, True),
        ('{"a": "?"}', True),
        ('{"a": "\\ud83d\\ude00"}', False),
        ('{"a": "\\\\ud800"}', False),
        ('{"a": "\\ud800\\ud800"}', False),
    ],
)
def test_a_half_in_an_event_is_a_question_mark(event: Any, holds: bool) -> None:
    """In text, in bytes, in Python objects; an escaped backslash before it makes it plain text."""
    for pattern in ('{"a": ["\\ud800"]}', {"a": ["\udfff"]}, {"a": [{"prefix": "?"}, "?"]}):
        if not holds and "prefix" in str(pattern):
            continue
        assert sb.match(pattern, event) is holds
        assert bool(sb.explain(pattern, event)) is holds


def test_what_is_no_json_besides_is_still_refused() -> None:
    """A half excuses nothing."""
    for event in ('{"a": "\\ud800"', '{"a": "\\ud800", "b": NaN}', '{"a": "\\ud80"}'):
        with pytest.raises(sb.SimbridgeError, match="the event is invalid JSON"):
            sb.match({"a": ["x"]}, event)
    with pytest.raises(sb.SimbridgeError, match="the event is invalid JSON"):
        sb.match({"a": ["x"]}, {"a": HALF, "b": float("nan")})


def test_a_half_in_a_detail_is_put_matched_and_delivered() -> None:
    """PutEvents takes the escape; the target is sent a question mark. Also a thousand levels deep."""
    world = sb.World(seed=1)
    events, queue = world.client(), world.queue("q")
    events.put_rule(Name="r", EventPattern='{"detail": {"a": ["\\udfff"]}}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn, "InputPath": "$.detail.a"}])
    entry = {"Source": "shop", "DetailType": "d"}
    deep = '{"a": "\\ud800", "b": ' + "[" * 990 + "]" * 990 + "}"
    for detail, failed in (('{"a": "\\ud800"}', 0), (deep, 0), ('{"a": "\\ud800"', 1)):
        answer = events.put_events(Entries=[{**entry, "Detail": detail}])
        assert answer["FailedEntryCount"] == failed
    world.settle()
    assert queue.received == ["?", "?"]


def test_a_pattern_can_be_tried_on_a_half() -> None:
    """TestEventPattern reads the event as PutEvents does."""
    answer = (
        sb.World()
        .client()
        .test_event_pattern(
            EventPattern='{"detail": {"a": ["\\ud800"]}}', Event=json.dumps(ENVELOPE)
        )
    )
    assert answer["Result"] is True


def test_a_half_in_a_file_of_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is an event like any other: read, loaded into an archive, matched from a shell."""
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(ENVELOPE) + "\n")
    assert sb.read_events(file)[0]["detail"] == {"a": "?"}
    world = sb.World()
    world.client().create_archive(ArchiveName="a", EventSourceArn=BUS)
    assert world.archive("a").load(file).kept == 1
    assert main(["match", '{"detail": {"a": ["\\udc00"]}}', str(file)]) == 0
    assert capsys.readouterr().out == "match\n"
