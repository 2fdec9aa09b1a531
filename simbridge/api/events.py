"""Events: put them on buses, and test a pattern against one.

PutEvents is the hot path of the control plane. It checks the request as a whole first (access to the
buses, total size), because a refused request ingests nothing. Then it checks each entry, because one bad
entry does not affect the others. Only then it sends.

The envelope of an event is made here, once, in AWS's key order, and never changes afterwards. `Detail` is
decoded here, once: the matcher, the transformer and the targets use the decoded value. If an object has a
key more than once, rules see every value (captured) and targets get the last one (what AWS delivers is
not known). An event for a bus that does not exist is accepted and dropped (recorded); only the call in the
trace shows it.

With an `EndpointId` the region has been chosen before (`api/routing`): an entry names the event bus of the
endpoint in either region, and gets to the one in this region.

Not simulated: the reserved detail types, whose list AWS does not publish.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NamedTuple, final

from simbridge.api.access import check_access
from simbridge.api.errors import invalid
from simbridge.api.lookup import bus_address, bus_at
from simbridge.api.patterns import check_pattern
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import BusEntry
from simbridge.api.xray import normalize_trace_header
from simbridge.base import clock, json
from simbridge.base.clock import SECOND, iso_seconds
from simbridge.base.errors import InvalidTime, SimbridgeError
from simbridge.kernel import uuid_of
from simbridge.languages import pattern
from simbridge.model import arn as arns
from simbridge.model.event_size import entry_size
from simbridge.model.messages import Event, Publish
from simbridge.model.resources import Endpoint

__all__ = [
    "DETAIL_LEVELS_MAX",
    "check_total_size",
    "envelope_of",
    "put_events",
    "read_detail",
    "read_entry",
    "refused_entry",
    "test_event_pattern",
]

Entry = Mapping[str, Any]

DETAIL_LEVELS_MAX = 1000
"""Levels of nesting in a detail (API reference)."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)

_REQUIRED = "Parameter {0} is not valid. Reason: {0} is a required argument."
_TEST_EVENT_FIELDS = frozenset(("id", "account", "source", "time", "region", "detail-type"))


# A parsed entry: its size in bytes, then time and detail, or the answer that refuses it.
# A plain tuple, because one is made for every event.
Read = tuple[int, str, dict[str, Any] | None, dict[str, str] | None]


@final
class _Bus(NamedTuple):
    """The bus that some entries of a request name; `guarded`: its policy must allow each entry."""

    address: str
    entry: BusEntry | None
    guarded: bool
    random_bits: Callable[[int], int]


@operation
def put_events(context: Context, request: Request) -> Response:
    """Put events on buses. Errors (fidelity 1.4, 1.5, 13.2)."""
    entries: Sequence[Entry] = request["Entries"]
    notes: list[str] = []
    endpoint = _endpoint(context, request, notes)
    buses = _buses(context, entries, endpoint)
    read = _read_all(context, entries, buses)
    account, region, instant = context.account, context.region, context.now
    answers: list[dict[str, str]] = []
    published: list[tuple[str, Publish]] = []
    failed = 0
    for entry, (size_bytes, time, detail, refusal) in zip(entries, read, strict=True):
        if refusal is not None:
            answers.append(refusal)
            failed += 1
            notes.append(refused_entry(len(answers), refusal))
            continue
        get = entry.get
        address, bus, _, random_bits = buses[get("EventBusName")]
        event_id = uuid_of(random_bits(128))
        answers.append({"EventId": event_id})
        if bus is None:
            name = arns.parse(address).resource
            notes.append(f"{name} does not exist: its events are accepted and dropped")
            continue
        # The header of the entry takes precedence even if it is malformed (captured).
        header = get("TraceHeader")
        if header is None:
            header = context.trace_header
        if header is not None:
            header = normalize_trace_header(header, event_id, instant)
        envelope = envelope_of(entry, event_id, time, detail, account, region)
        published.append((address, Publish(Event(address, envelope, instant, size_bytes, header))))
    if notes:
        context.detail = "; ".join(dict.fromkeys(notes))
    context.publish(published)
    return {"FailedEntryCount": failed, "Entries": answers}


def _endpoint(context: Context, request: Request, notes: list[str]) -> Endpoint | None:
    """The global endpoint that a request goes through, if it names one.

    Raises `SimbridgeError` if there is none or it cannot be reached yet: then the host name is not in DNS,
    and no request reaches AWS.
    """
    endpoint_id = request.get("EndpointId")
    if endpoint_id is None:
        return None
    endpoint = context.plane.endpoint(endpoint_id)
    if endpoint is None:
        raise SimbridgeError(
            f"no global endpoint of this world has the id {endpoint_id!r}, so on AWS its host name would "
            "not be found; take EndpointId from describe_endpoint"
        )
    if endpoint.state in ("CREATING", "CREATE_FAILED"):
        raise SimbridgeError(
            f"the global endpoint {endpoint.name} is {endpoint.state}, so on AWS its host name would not be "
            "found; let time pass until describe_endpoint says ACTIVE"
        )
    if context.region == endpoint.secondary:
        notes.append(f"endpoint {endpoint.name} routes to its secondary Region {context.region}")
    return endpoint


def refused_entry(number: int, refusal: Mapping[str, str]) -> str:
    """The note for the trace on an entry that is refused."""
    text = f"{refusal['ErrorCode']}: {refusal['ErrorMessage']}".rstrip(".")
    return f"entry {number}: {text}"


def envelope_of(
    entry: Entry, event_id: str, time: str, detail: Any, account: str, region: str
) -> dict[str, Any]:
    """The event as rules and targets see it, with the keys in AWS's order (recorded)."""
    resources = entry.get("Resources")
    return {
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


def _read_all(
    context: Context, entries: Sequence[Entry], buses: Mapping[str | None, _Bus]
) -> list[Read]:
    """Parse the entries of a request. Raises the errors that refuse all of them."""
    if [True for bus in buses.values() if bus.guarded]:  # quicker than `any` with a generator
        _check_access(context, entries, buses)
    now = iso_seconds(context.now)
    read = [read_entry(entry, now) for entry in entries]
    check_total_size(context, read)
    return read


def check_total_size(context: Context, read: Sequence[Read]) -> None:
    """Raise ValidationException if the entries of a request are too large together (recorded)."""
    size_bytes = sum([size_bytes for size_bytes, _, _, _ in read])
    most = context.limits["put_events_bytes"]
    if size_bytes >= most:
        context.detail = f"{size_bytes:,} bytes, must be fewer than {most:,}"
        raise invalid("Total size of the entries in the request is over the limit.")


@operation
def test_event_pattern(context: Context, request: Request) -> Response:
    """Test whether a pattern matches an event. Errors (fidelity 1.7).

    The event is checked before the pattern; the order on AWS is not known.
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


def _buses(
    context: Context, entries: Sequence[Entry], endpoint: Endpoint | None
) -> dict[str | None, _Bus]:
    """The bus of each name or ARN that the entries use. One in another region refuses the request.

    AWS's answer for the ARN of another region is not known. It is refused as in every other operation,
    because an error is easier to find than missing events.
    """
    buses: dict[str | None, _Bus] = {}
    for entry in entries:
        given = entry.get("EventBusName")
        if given not in buses:
            if endpoint is None:
                address = bus_address(context, given or "default")
            else:
                address = _endpoint_bus(context, endpoint, given or "default")
            owned = arns.parse(address).account == context.account
            bus = bus_at(context, address)
            guarded = not owned or (bus is not None and bus.event_bus.policy is not None)
            bits = context.random(address, "event id").getrandbits
            buses[given] = _Bus(address, bus, guarded, bits)
    return buses


def _endpoint_bus(context: Context, endpoint: Endpoint, given: str) -> str:
    """The ARN of the endpoint's bus in this region, for a name or an ARN in either region (API reference).

    Raises ValidationException for another event bus; AWS's text is not known.
    """
    named = given
    if not given.startswith("arn:"):
        named = arns.event_bus_arn(context.region, context.account, given)
    if named not in endpoint.bus_arns:
        raise invalid(
            f"Parameter EventBusName is not valid. Reason: Event bus {given} is not an event bus of "
            f"endpoint {endpoint.name}."
        )
    return endpoint.bus_arn(context.region)


def _check_access(
    context: Context, entries: Sequence[Entry], buses: Mapping[str | None, _Bus]
) -> None:
    """Raise AccessDeniedException if the policy of a bus refuses one of the entries (captured)."""
    for entry in entries:
        bus = buses[entry.get("EventBusName")]
        if bus.guarded:
            facts = {
                "events:source": entry.get("Source") or "",
                "events:detail-type": entry.get("DetailType") or "",
                "events:eventbusinvocation": "false",
            }
            check_access(context, bus.address, bus.entry, "PutEvents", facts)


def read_entry(entry: Entry, now: str, sources: Container[str] | None = None) -> Read:
    """Measure an entry and check it, in the recorded order.

    A partner may use the names of its `sources`; without them, any source but those of AWS is allowed.
    """
    get = entry.get
    source, detail_type, text, given = get("Source"), get("DetailType"), get("Detail"), get("Time")
    size = entry_size(source, detail_type, text, get("Resources"), given)
    if not source or not detail_type or not text:
        missing = next(name for name in ("Source", "DetailType", "Detail") if not get(name))
        return _refused(size, "InvalidArgument", _REQUIRED.format(missing))
    if source.startswith("aws.") if sources is None else source not in sources:
        return _refused(size, "NotAuthorizedForSourceException", "Not authorized for the source.")
    detail = read_detail(text)
    if detail is None:
        return _refused(size, "MalformedDetail", "Detail is malformed.")
    if given is None:
        return size, now, detail, None
    try:
        return size, iso_seconds(math.floor(given) * SECOND), detail, None
    except (InvalidTime, OverflowError, ValueError):
        # No client can send such a time, so the answer of the service is not known.
        return _refused(size, "InvalidArgument", "Parameter Time is not valid.")


def _refused(size: int, code: str, text: str) -> Read:
    return size, "", None, {"ErrorCode": code, "ErrorMessage": text}


def read_detail(text: str) -> dict[str, Any] | None:
    """Decode the text of a detail; None if EventBridge would refuse it."""
    detail = _read_object(text)
    return detail if detail is None or json.fits_int64(detail, text) else None


def _read_object(text: str) -> dict[str, Any] | None:
    """Decode a JSON object; None if the text is anything else, or nested too deeply.

    The result is `Repeating` if an object in it has a key more than once.

    How deeply a JSON library can recurse depends on the stack of its caller; what is accepted must not.
    So the depth of a long text is counted first, and decoding has a deeper recursion limit.
    """
    if len(text) >= 2 * DETAIL_LEVELS_MAX and _levels(text) > DETAIL_LEVELS_MAX:
        return None
    try:
        return json.decode_detail(text)
    except json.InvalidJson:
        return None


def _levels(text: str) -> int:
    """The nesting depth of a JSON text, or an upper bound of it that is within the limit."""
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
