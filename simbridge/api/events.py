"""Events: put them on buses, and try a pattern on one.

PutEvents is the hot path of the control plane. It looks at the request as a whole first (buses out
of reach, total size), because a refused request ingests nothing; then at each entry, because one
bad entry does not keep the others out; and sends only then.

The envelope of an event is made here, once, in AWS's key order, and is never changed afterwards.
`Detail` is decoded here, once, too: the matcher, the transformer and the targets all work on the
decoded value. Of a key that comes more than once in an object, rules see every value (captured) and
targets get the last one (what AWS delivers is not known). An event for a bus that does not exist is
accepted and goes nowhere (recorded); what remains of it is the call in the trace.

Not simulated: global endpoints (`EndpointId`), and the detail types that AWS reserves, whose list
is not published.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, final

from simbridge.api.access import bus_at, check_access
from simbridge.api.buses import bus_address
from simbridge.api.errors import invalid
from simbridge.api.patterns import check_pattern
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.tracing import normalized
from simbridge.base import clock, json
from simbridge.base.clock import SECOND, iso_seconds
from simbridge.base.errors import InvalidTime, NotSimulated
from simbridge.kernel import uuid_of
from simbridge.languages import pattern
from simbridge.model import arn as arns
from simbridge.model.messages import Event, Publish
from simbridge.storage.event_files import entry_size

__all__ = ["DETAIL_LEVELS_MAX", "put_events", "read_detail", "test_event_pattern"]

Entry = Mapping[str, Any]

DETAIL_LEVELS_MAX = 1000
"""Levels of nesting in a detail (API reference)."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)

_REQUIRED = "Parameter {0} is not valid. Reason: {0} is a required argument."
_TEST_EVENT_FIELDS = frozenset(("id", "account", "source", "time", "region", "detail-type"))


# An entry as it was read: its size in bytes, and time and detail or the answer that refuses it.
# Plain tuples, because one is made for every event there is.
Read = tuple[int, str, dict[str, Any] | None, dict[str, str] | None]


@final
class _Bus(NamedTuple):
    """Where the entries of one request that name the same bus go; `guarded`: a policy is to be asked."""

    address: str
    exists: bool
    guarded: bool
    random_bits: Callable[[int], int]


@operation
def put_events(context: Context, request: Request) -> Response:
    """Put events on buses. Errors (fidelity 1.4, 1.5)."""
    if request.get("EndpointId") is not None:
        raise NotSimulated(
            "PutEvents to a global endpoint (EndpointId) is not simulated by this version of "
            "simbridge; leave it out and name the event bus of one region"
        )
    entries: Sequence[Entry] = request["Entries"]
    buses = _buses(context, entries)
    read = _read_all(context, entries, buses)
    account, region, instant = context.account, context.region, context.now
    answers: list[dict[str, str]] = []
    published: list[tuple[str, Publish]] = []
    failed = 0
    notes: list[str] = []
    for entry, (size_bytes, time, detail, refusal) in zip(entries, read, strict=True):
        if refusal is not None:
            answers.append(refusal)
            failed += 1
            said = f"{refusal['ErrorCode']}: {refusal['ErrorMessage']}"
            notes.append(f"entry {len(answers)}: {said.rstrip('.')}")
            continue
        get = entry.get
        address, exists, _, random_bits = buses[get("EventBusName")]
        event_id = uuid_of(random_bits(128))
        answers.append({"EventId": event_id})
        if not exists:
            lost = arns.parse(address).resource
            notes.append(f"{lost} does not exist: what is put to it is accepted and gone")
            continue
        resources = get("Resources")
        envelope = {  # as rules and targets see it, keys in AWS's order (recorded)
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": account,
            "time": time,
            "region": region,
            "resources": list(resources) if resources else [],
            "detail": detail,
        }
        # An entry's own header counts even if it is malformed (captured).
        header = get("TraceHeader")
        if header is None:
            header = context.trace_header
        if header is not None:
            header = normalized(header, event_id, instant)
        event = Event(address, envelope, instant, size_bytes, header)
        published.append((address, Publish(event)))
    if notes:
        context.detail = "; ".join(dict.fromkeys(notes))
    context.publish(published)
    return {"FailedEntryCount": failed, "Entries": answers}


def _read_all(
    context: Context, entries: Sequence[Entry], buses: Mapping[str | None, _Bus]
) -> list[Read]:
    """The entries of a request as they were read; what refuses all of them is raised."""
    if [True for bus in buses.values() if bus.guarded]:  # quicker than `any` with a generator
        _check_access(context, entries, buses)
    now = iso_seconds(context.now)
    read = [_read(entry, now) for entry in entries]
    size_bytes = sum([size_bytes for size_bytes, _, _, _ in read])
    most = context.limits["put_events_bytes"]
    if size_bytes >= most:
        context.detail = f"{size_bytes:,} bytes, which have to be fewer than {most:,}"
        raise invalid("Total size of the entries in the request is over the limit.")
    return read


@operation
def test_event_pattern(context: Context, request: Request) -> Response:
    """Whether a pattern matches an event. Errors (fidelity 1.7).

    The event is looked at before the pattern: which comes first on AWS is not known.
    """
    event = _read_object(request["Event"])
    if event is None or not event.keys() >= _TEST_EVENT_FIELDS:
        raise invalid("Parameter Event is not valid.")
    try:
        clock.instant(event["time"])
    except InvalidTime as error:
        raise invalid("Parameter Event is not valid. Reason: Invalid time.") from error
    check_pattern(request["EventPattern"])
    return {"Result": pattern.match(request["EventPattern"], request["Event"])}


def _buses(context: Context, entries: Sequence[Entry]) -> dict[str | None, _Bus]:
    """The bus of each name or ARN that the entries use. One that is out of reach refuses all.

    For the ARN of another region no answer of the service is known. It is refused like in every
    other operation: an error is found sooner than events that never arrive.
    """
    buses: dict[str | None, _Bus] = {}
    for entry in entries:
        given = entry.get("EventBusName")
        if given not in buses:
            address = bus_address(context, given or "default")
            place = arns.parse(address)
            owned = place.account == context.account
            name = place.resource.removeprefix("event-bus/")
            bus = context.store.buses.get(name) if owned else bus_at(context, address)
            exists = bus is not None and bus.bus.arn == address
            guarded = not owned or (bus is not None and bus.bus.policy is not None)
            bits = context.random(address, "event id").getrandbits
            buses[given] = _Bus(address, exists, guarded, bits)
    return buses


def _check_access(
    context: Context, entries: Sequence[Entry], buses: Mapping[str | None, _Bus]
) -> None:
    """Refuse the request if the policy of a bus refuses one of its entries (captured)."""
    for entry in entries:
        bus = buses[entry.get("EventBusName")]
        if bus.guarded:
            facts = {
                "events:source": entry.get("Source") or "",
                "events:detail-type": entry.get("DetailType") or "",
                "events:eventbusinvocation": "false",
            }
            check_access(context, bus.address, "PutEvents", facts)


def _read(entry: Entry, now: str) -> Read:
    """Measure an entry and check it, in the order that was recorded."""
    get = entry.get
    source, detail_type, text, given = get("Source"), get("DetailType"), get("Detail"), get("Time")
    size = entry_size(source, detail_type, text, get("Resources"), given)
    if not source or not detail_type or not text:
        missing = next(name for name in ("Source", "DetailType", "Detail") if not get(name))
        return _refused(size, "InvalidArgument", _REQUIRED.format(missing))
    if source.startswith("aws."):
        return _refused(size, "NotAuthorizedForSourceException", "Not authorized for the source.")
    detail = read_detail(text)
    if detail is None:
        return _refused(size, "MalformedDetail", "Detail is malformed.")
    if given is None:
        return size, now, detail, None
    try:
        return size, iso_seconds(math.floor(given) * SECOND), detail, None
    except (InvalidTime, OverflowError, ValueError):
        # No client can send such a time, so no answer of the service is known.
        return _refused(size, "InvalidArgument", "Parameter Time is not valid.")


def _refused(size: int, code: str, text: str) -> Read:
    return size, "", None, {"ErrorCode": code, "ErrorMessage": text}


def read_detail(text: str) -> dict[str, Any] | None:
    """The object a detail is the text of; None if it is not one that EventBridge takes."""
    detail = _read_object(text)
    return detail if detail is None or json.fits_int64(detail, text) else None


def _read_object(text: str) -> dict[str, Any] | None:
    """The JSON object a text stands for; None if it is none, or nested too deeply.

    It is `Repeating` if an object in it has a key more than once.

    How deep a JSON library can read depends on the stack it is called from; what is accepted must
    not. So depth is counted on the text, where it is long enough to matter.
    """
    if len(text) >= 2 * DETAIL_LEVELS_MAX and _levels(text) > DETAIL_LEVELS_MAX:
        return None
    try:
        return json.decode_detail(text)
    except json.InvalidJson:
        return None


def _levels(text: str) -> int:
    """How deeply the objects and arrays of a JSON text are nested; at most as deep as it opens."""
    if (opened := text.count("{") + text.count("[")) <= DETAIL_LEVELS_MAX:
        return opened
    deepest = level = 0
    for token in _TOKEN.findall(text):
        if token in ("{", "["):
            level += 1
            deepest = max(deepest, level)
        elif token in ("}", "]"):
            level -= 1
    return deepest
