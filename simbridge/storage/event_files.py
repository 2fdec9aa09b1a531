"""Reads files of real events: EventBridge envelopes and CloudTrail records.

A rule with a queue, a log group or a Firehose stream as its target collects envelopes, one JSON object a
line. CloudTrail writes files with one object, `{"Records": [...]}`, to its bucket; EventBridge makes an
event of each such record, and so does this module. Both may be compressed with gzip, which is recognised
by the first bytes, not by the name. A file may mix the two.

A lone surrogate is read as a question mark (`simbridge.base.json.surrogates`).

A line that is not an event is always reported. By default nothing of the file is used, and the error lists
every bad line with its number and what is wrong with it; `errors="collect"` uses the rest and returns the
list.

A line is read up to a length: that of the longest event, or of the largest document if it holds many
(`Records`, an array). A longer one is a bad line, which is counted but not read.

All records of CloudTrail are events here. Which rules see those of read-only calls is decided elsewhere
(`cloudtrail`).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal, final, overload

from simbridge.base import clock, json
from simbridge.base.checks import readable_file
from simbridge.base.errors import InvalidEvents, InvalidLine, SimbridgeError
from simbridge.base.files import DOCUMENT_BYTES_MAX, TooLong, lines

__all__ = [
    "Errors",
    "Events",
    "check_errors",
    "json_document",
    "read_events",
    "scan",
]

Errors = Literal["raise", "collect"]

TEXT_MAX = 80
"""Characters of a bad line that are kept."""

EVENT_BYTES_MAX = 8 * 1024 * 1024
"""The longest line of one event: 1 MiB for PutEvents is six times as much where JSON escapes it all."""

_GZIP = b"\x1f\x8b"

# The texts that every event has (user guide); `version` and `resources` may be left out.
_TEXTS = ("id", "detail-type", "source", "account", "time", "region")

# How EventBridge names the events that CloudTrail gives it, by the type of the record (user guide).
_DETAIL_TYPES = {
    "AwsApiCall": "AWS API Call via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
    "AwsConsoleAction": "AWS API Call via CloudTrail",
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsCloudTrailInsight": "AWS Insight via CloudTrail",
}
_RECORD_TEXTS = ("eventID", "eventTime", "eventSource", "awsRegion")

_is_document = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[|\{\s*"Records"\s*:)').match


Found = tuple[int, dict[str, Any]] | InvalidLine
"""The line of the file and the envelope, or what is wrong."""


@final
class Events(Sequence[dict[str, Any]]):
    """The events of a file, as envelopes in the order of the file, and the lines that are not events."""

    def __init__(self, envelopes: list[dict[str, Any]], bad: Sequence[InvalidLine]) -> None:
        self._envelopes = envelopes
        self.bad = tuple(bad)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._envelopes[index]

    def __len__(self) -> int:
        return len(self._envelopes)

    def __repr__(self) -> str:
        return f"<{len(self):,} events, {len(self.bad):,} bad lines>"


def read_events(path: str | os.PathLike[str], *, errors: Errors = "raise") -> Events:
    """The events of a file: JSON Lines of EventBridge envelopes, or CloudTrail's `Records`.

    The file may be compressed with gzip. Raises `InvalidEvents`, which lists every line that is
    not an event; with `errors="collect"` the result has them as `bad`. Raises `SimbridgeError` if
    there is no such file.
    """
    check_errors(errors)
    envelopes: list[dict[str, Any]] = []
    bad: list[InvalidLine] = []
    for found in scan(path):
        if isinstance(found, InvalidLine):
            bad.append(found)
        else:
            envelopes.append(found[1])
    if bad and errors == "raise":
        raise InvalidEvents(os.fspath(path), bad)
    return Events(envelopes, bad)


def check_errors(errors: str) -> None:
    """Raise `SimbridgeError` for a way of treating bad lines that does not exist."""
    if errors not in ("raise", "collect"):
        raise SimbridgeError(f"errors is 'raise' or 'collect', not {errors!r}")


def scan(path: str | os.PathLike[str]) -> Iterator[Found]:
    """The lines of a file one after the other: (line, envelope), or what is wrong with it."""
    file = readable_file(path, "there is no file of events at")
    try:
        with file.open("rb") as raw:
            packed = raw.peek(2).startswith(_GZIP)
            yield from _lines(gzip.GzipFile(fileobj=raw) if packed else raw)
    except (EOFError, OSError, zlib.error) as error:
        raise SimbridgeError(f"{file} cannot be read to its end: {error}") from error


def _lines(file: io.BufferedIOBase) -> Iterator[Found]:
    """JSON Lines; or, if the first line is not JSON by itself, the whole file as one document."""
    rest = lines(file, _longest)
    number, first = 1, next(rest, b"")
    if isinstance(first, bytes):
        first = first.removeprefix(codecs.BOM_UTF8)
    while isinstance(first, bytes) and first and not first.strip():
        number, first = number + 1, next(rest, b"")
    if isinstance(first, bytes) and first and isinstance(json_document(first), str):
        read, beyond = _document_of(rest, len(first))
        whole = json_document(first + read) if beyond is None else ""
        if not isinstance(whole, str):
            yield from _document(number, whole, first)
            return
        rest = chain(lines(io.BytesIO(read), _longest), [beyond] if beyond else (), rest)
    for place, line in enumerate(chain([first], rest), number):
        yield from _line(place, line)


def _longest(start: bytes) -> int:
    """How long a line that begins like this may be."""
    return DOCUMENT_BYTES_MAX if _is_document(start) else EVENT_BYTES_MAX


def _document_of(
    rest: Iterable[bytes | TooLong], size: int
) -> tuple[bytes, bytes | TooLong | None]:
    """The lines of a document of which `size` bytes are read, and the first that it is too large for."""
    read = bytearray()
    for line in rest:
        if isinstance(line, TooLong) or size + len(read) + len(line) > DOCUMENT_BYTES_MAX:
            return bytes(read), line
        read += line
    return bytes(read), None


def _line(number: int, line: bytes | TooLong) -> Iterator[Found]:
    """What one line holds."""
    if isinstance(line, TooLong):
        most = _longest(line.start)
        what = "a document" if most == DOCUMENT_BYTES_MAX else "an event"
        reason = (
            f"{line.size:,} bytes, and the line of {what} has at most {most:,}; it was not read"
        )
        yield InvalidLine(number, reason, _start(line.start))
    elif line.strip():
        document = json_document(line)
        if isinstance(document, str):
            yield InvalidLine(number, document, _start(line))
        else:
            yield from _document(number, document, line)


def json_document(text: bytes) -> Any:
    """A JSON document that is not a string, or what is wrong with it as a string.

    A lone surrogate is a question mark in it.
    """
    try:
        document = json.decode(text, lone_surrogates="replace")
    except json.InvalidJson as error:
        return f"invalid JSON: {error}"
    return "not a JSON object" if isinstance(document, str) else document


def _document(number: int, document: Any, line: bytes) -> Iterator[Found]:
    """An envelope, a record of CloudTrail, a list of records or an array of envelopes."""
    records = document
    if isinstance(document, dict):
        records = document.get("Records", document)
    if not isinstance(records, list):
        yield _event(number, records, line)
        return
    for place, record in enumerate(records, 1):
        found = _event(number, record, json.encode(record))
        yield found._replace(record=place) if isinstance(found, InvalidLine) else found


def _event(number: int, value: Any, text: bytes) -> Found:
    """What one JSON value is: an envelope in AWS's order of keys, or a bad line."""
    if not isinstance(value, dict):
        return InvalidLine(number, "not a JSON object", _start(text))
    try:
        if "detail-type" not in value and "eventSource" in value:
            value = _from_record(value)
        envelope = _ordered(value)
        if not json.fits_int64(envelope, text):
            raise ValueError("an integer does not fit into 64 bits")
    except ValueError as error:
        return InvalidLine(number, str(error), _start(text))
    return number, envelope


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    """An envelope with its keys in AWS's order. Raises `ValueError` for what is not an event."""
    for name in _TEXTS:
        if not isinstance(value.get(name), str):
            raise ValueError(f"{name!r} is {'not text' if name in value else 'missing'}")
    if not isinstance(value.get("detail"), dict):
        raise ValueError(f"'detail' is {'not a JSON object' if 'detail' in value else 'missing'}")
    resources = value.get("resources", [])
    if not isinstance(resources, list) or not all(isinstance(item, str) for item in resources):
        raise ValueError("'resources' is not a list of texts")
    clock.event_time(value["time"])
    envelope = {
        "version": value.get("version", "0"),
        "id": value["id"],
        "detail-type": value["detail-type"],
        "source": value["source"],
        "account": value["account"],
        "time": value["time"],
        "region": value["region"],
    }
    if "replay-name" in value:
        envelope["replay-name"] = value["replay-name"]
    envelope["resources"], envelope["detail"] = resources, value["detail"]
    if len(envelope) < len(value):
        envelope.update((name, item) for name, item in value.items() if name not in envelope)
    return envelope


def _from_record(record: dict[str, Any]) -> dict[str, Any]:
    """The event that EventBridge makes of a CloudTrail record (user guide)."""
    for name in _RECORD_TEXTS:
        if not isinstance(record.get(name), str):
            raise ValueError(
                f"CloudTrail's {name!r} is {'not text' if name in record else 'missing'}"
            )
    kind = record.get("eventType", "AwsApiCall")
    if kind not in _DETAIL_TYPES:
        raise ValueError(f"CloudTrail's 'eventType' {kind!r} is unknown")
    identity = record.get("userIdentity")
    caller = identity.get("accountId") if isinstance(identity, dict) else None
    return {
        "id": record["eventID"],
        "detail-type": _DETAIL_TYPES[kind],
        "source": "aws." + record["eventSource"].removesuffix(".amazonaws.com"),
        "account": record.get("recipientAccountId") or caller,
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "detail": record,
    }


def _start(line: bytes) -> str:
    text = line.lstrip()[: 4 * TEXT_MAX].decode("utf-8", "replace").strip()
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
