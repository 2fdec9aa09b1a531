"""Files of real events: envelopes, CloudTrail records, gzip; what is wrong, with its place."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import simbridge as sb

ENVELOPE = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "OrderPlaced",
    "source": "shop",
    "account": "123456789012",
    "time": "2026-02-28T10:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:s3:::b"],
    "detail": {"order": 1},
}
RECORD = {
    "eventVersion": "1.09",
    "userIdentity": {"type": "IAMUser", "accountId": "111122223333"},
    "eventTime": "2026-02-28T10:00:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "StopInstances",
    "awsRegion": "eu-west-1",
    "eventID": "28c5b6bb-d1f4-4d55-b1f2-4dbf3d8bd5f0",
    "eventType": "AwsApiCall",
    "recipientAccountId": "123456789012",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def lines(*items: Any) -> str:
    """JSON Lines; text stays as it is."""
    return "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items)


def test_a_line_is_an_envelope(file: Path) -> None:
    """In the order of the file, with AWS's order of keys; what may be left out is filled in."""
    plain = {name: ENVELOPE[name] for name in reversed(ENVELOPE)}
    short = {n: v for n, v in ENVELOPE.items() if n not in ("version", "resources")}
    more = ENVELOPE | {"replay-name": "r", "extra": [1]}
    file.write_text("\n" + lines(plain, "", short) + lines(more).rstrip())
    events = sb.read_events(file)
    assert len(events) == 3
    assert events[0] == ENVELOPE
    assert list(events[0]) == list(ENVELOPE)
    assert events[1] == ENVELOPE | {"resources": []}
    assert list(events[2])[-4:] == ["replay-name", "resources", "detail", "extra"]
    assert events[1:] == list(events)[1:]
    assert events.bad == ()


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("packed", [False, True])
def test_a_cloudtrail_file_is_its_records(file: Path, indent: int | None, packed: bool) -> None:
    """On one line or on many, as CloudTrail compresses it or not."""
    console = RECORD | {"eventType": "AwsConsoleSignIn", "eventSource": "signin.amazonaws.com"}
    service = RECORD | {"eventType": "AwsServiceEvent"}
    service.pop("recipientAccountId")
    text = json.dumps({"Records": [RECORD, console, service]}, indent=indent).encode()
    file.write_bytes(gzip.compress(text) if packed else text)
    events = sb.read_events(str(file))
    assert events[0] == {
        "version": "0",
        "id": RECORD["eventID"],
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2026-02-28T10:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": RECORD,
    }
    assert [(e["source"], e["detail-type"], e["account"]) for e in events[1:]] == [
        ("aws.signin", "AWS Console Sign In via CloudTrail", "123456789012"),
        ("aws.ec2", "AWS Service Event via CloudTrail", "111122223333"),
    ]


def test_forms_may_be_mixed(file: Path) -> None:
    """Envelopes, single records, files of records and arrays, line by line."""
    file.write_text(lines(ENVELOPE, RECORD, {"Records": [RECORD, RECORD]}, [ENVELOPE, RECORD]))
    assert len(sb.read_events(file)) == 6


def test_one_envelope_over_many_lines(file: Path) -> None:
    """As a JSON tool prints it."""
    file.write_text(json.dumps(ENVELOPE, indent=2))
    assert list(sb.read_events(file)) == [ENVELOPE]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: invalid JSON: "),
        ('"text"', "line 2: not a JSON object"),
        ("7", "line 2: not a JSON object"),
        (ENVELOPE | {"id": 7}, "line 2: 'id' is not text"),
        (ENVELOPE | {"detail": "{}"}, "line 2: 'detail' is not a JSON object"),
        (ENVELOPE | {"resources": [1]}, "line 2: 'resources' is not a list of texts"),
        (ENVELOPE | {"time": "yesterday"}, "line 2: 'yesterday' is not an instant"),
        (ENVELOPE | {"detail": {"n": 2**64}}, "line 2: an integer does not fit into 64 bits"),
        ({"source": "shop"}, "line 2: 'id' is missing"),
        ([ENVELOPE, 7], "line 2, record 2: not a JSON object"),
        ({"Records": [RECORD, {}]}, "line 2, record 2: 'id' is missing"),
        (
            {"Records": [RECORD | {"eventTime": None}]},
            "line 2, record 1: CloudTrail's 'eventTime' is not text",
        ),
        (RECORD | {"eventType": "New"}, "line 2: CloudTrail's 'eventType' 'New' is unknown"),
    ],
)
def test_a_bad_line_is_reported_with_its_place(file: Path, line: Any, reason: str) -> None:
    """And what is wrong with it; the lines around it are events."""
    file.write_text(lines(ENVELOPE, line, ENVELOPE))
    with pytest.raises(sb.InvalidEvents) as raised:
        sb.read_events(file)
    (bad,) = raised.value.bad
    assert str(bad).startswith(reason)
    assert 0 < len(bad.text) <= 80
    events = sb.read_events(file, errors="collect")
    assert events.bad == (bad,)
    assert len(events) >= 2


def test_the_first_line_may_be_bad_too(file: Path) -> None:
    """Then the file as a whole is no JSON, and the others are read line by line."""
    file.write_text("\n" + lines("oops", ENVELOPE, "{", ENVELOPE))
    events = sb.read_events(file, errors="collect")
    assert len(events) == 2
    assert [bad.line for bad in events.bad] == [2, 4]
    assert [bad.text for bad in events.bad] == ["oops", "{"]


def test_the_error_lists_the_lines_and_counts_the_rest(file: Path) -> None:
    """Twenty in its text, all of them in `bad`; it can be pickled."""
    file.write_text(lines(*["oops"] * 30, ENVELOPE))
    with pytest.raises(sb.InvalidEvents, match="30 lines are not events") as raised:
        sb.read_events(file)
    assert "line 20: invalid JSON" in str(raised.value)
    assert "line 21" not in str(raised.value)
    assert "and 10 more" in str(raised.value)
    assert len(raised.value.bad) == 30
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.bad) == (str(raised.value), raised.value.bad)


def test_a_file_that_is_not_there_or_ends_too_soon(file: Path) -> None:
    """Neither is an empty past."""
    with pytest.raises(sb.SimbridgeError, match="there is no file of events"):
        sb.read_events(file)
    file.write_bytes(gzip.compress(lines(*[ENVELOPE] * 50).encode())[:-20])
    with pytest.raises(sb.SimbridgeError, match="cannot be read to its end"):
        sb.read_events(file)
    file.write_text("")
    assert len(sb.read_events(file)) == 0


def test_errors_is_one_of_two_words(file: Path) -> None:
    """Anything else is a slip."""
    with pytest.raises(sb.SimbridgeError, match="errors is 'raise' or 'collect', not 'skip'"):
        sb.read_events(file, errors="skip")  # type: ignore[arg-type]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    """Some editors and shells of Windows write one."""
    envelope = {"source": "shop", "detail-type": "Order", "detail": {}, "id": "1"}
    envelope |= {"account": "123456789012", "region": "us-east-1", "time": "2026-03-01T00:00:00Z"}
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(envelope) + "\n", encoding="utf-8-sig")
    assert len(sb.read_events(file)) == 1
