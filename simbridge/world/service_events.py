"""Events of AWS services: an object in S3, a task of ECS, any event that no client puts.

Such an event arrives on the default event bus of its own account and region, and on no other (fidelity 1.1);
see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html. It is not a call of the API:
it leaves one `Publish` in the trace, sent by the service, which is free and not counted by the metrics of
PutEvents. Its cause is the message whose handling emitted it.

The envelope is a mapping, JSON text or a file. Missing fields are filled in as AWS would; others are kept, the
time in AWS's form. An id need not be new: a service that delivers at least once may emit an event twice. A
lone surrogate is treated as PutEvents treats it: it is a question mark in the detail
(`simbridge.base.json.surrogates`), and refused everywhere else.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Mapping
from typing import Any

from simbridge.api.events import DETAIL_LEVELS_MAX, read_detail
from simbridge.base import checks, clock, json
from simbridge.base.errors import NotSimulated, SimbridgeError
from simbridge.base.files import content
from simbridge.base.suggest import near
from simbridge.kernel import uuid_from
from simbridge.model import arn as arns
from simbridge.model.event_size import event_size
from simbridge.model.messages import Event, Publish
from simbridge.storage.event_files import json_document
from simbridge.world.clients import Clients

__all__ = ["emit"]

Place = tuple[str | None, str | None]
"""An account and a region, if they are named."""

_KEYS = (
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "replay-name",
    "resources",
    "detail",
)
"""What an envelope has, in AWS's order (recorded)."""

_LIKE = '{"source": "aws.s3", "detail-type": "Object Created", "detail": {...}}'


def emit(clients: Clients, event: Mapping[str, Any] | str | os.PathLike[str], named: Place) -> str:
    """See `World.emit`; `named` is its account and region."""
    document = _document(event)
    source = _service(document)
    there = clients.addressed()
    home = there.at_home()
    account = _one_of("account", checks.account, document, named[0]) or home[0]
    region = _one_of("region", checks.region, document, named[1]) or home[1]
    kernel, bus = there.kernel, arns.event_bus_arn(region, account, "default")
    parts = {
        "version": _version(document),
        "detail-type": _text(document, "detail-type"),
        "source": source,
        "account": account,
        "time": clock.iso_seconds(_time_us(document, kernel.now)),
        "region": region,
        "resources": _resources(document),
        "detail": _detail(document),
    }
    parts |= {name: _text(document, name) for name in ("id", "replay-name") if name in document}
    size_bytes = event_size(parts, timed="time" in document)
    most = there.plane.limits["put_events_bytes"]
    if size_bytes >= most:
        raise SimbridgeError(
            f"the event has {size_bytes:,} bytes, and EventBridge takes less than {most:,}: shorten its "
            'detail, or raise the limit with World(limits={"put_events_bytes": ...})'
        )
    with kernel.hold():
        there.plane.store(account, region)  # creates it, with its default event bus
        _, cause = there.caller()
        if "id" not in parts:
            parts["id"] = uuid_from(kernel.random(bus, "id of a service's event"))
        envelope = {name: parts[name] for name in _KEYS if name in parts}
        published = Publish(Event(bus, envelope, kernel.now, size_bytes))
        kernel.send(source, bus, published, cause=cause)
        there.plane.descend([published.event], cause)
    return str(envelope["id"])


def _document(event: object) -> dict[str, Any]:
    """The envelope that was passed, as a new JSON object."""
    if isinstance(event, Mapping):
        document = _copied(event)
    elif isinstance(event, str) and event.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        text = event.lstrip("\ufeff").encode("utf-8", "backslashreplace")  # lone surrogates escaped
        document = _decoded(text, "the JSON text of an event")
    elif isinstance(event, str | os.PathLike):
        document = _decoded(_content(event), f"the event in {os.fspath(event)!r}")
    else:
        raise SimbridgeError(
            f"emit takes an event: a mapping such as {_LIKE}, the same as JSON text, or the path of a "
            f"file, not {event!r}"
        )
    for name in document:
        if name not in _KEYS:
            close = near(name, _KEYS)
            guess = f": did you mean {close[0]!r}?" if close else "."
            raise SimbridgeError(f"an event has no {name!r}{guess} It has {', '.join(_KEYS)}")
    return document


def _copied(event: Mapping[Any, Any]) -> dict[str, Any]:
    """A copy of a mapping by way of JSON, so that later changes of the mapping do not reach the event."""
    _check_keys(event)
    try:
        text = _dumps(dict(event))
    except json.InvalidJson as error:
        raise SimbridgeError(f"an event is made of JSON values: {error}") from error
    return _decoded(text.encode(), "an event")


def _check_keys(event: Mapping[Any, Any]) -> None:
    """Raise `SimbridgeError` for a key that is not a string: JSON would turn 1 into "1"."""
    seen: dict[int, object] = {}  # keeps each object alive, so that its id is not reused
    found: list[tuple[str, Any]] = [("event", event)]
    while found:
        place, value = found.pop()
        if not isinstance(value, Mapping | list | tuple) or id(value) in seen:
            continue
        seen[id(value)] = value
        if not isinstance(value, Mapping):
            found += [(f"{place}[{number}]", one) for number, one in enumerate(value)]
            continue
        for name, one in value.items():
            if not isinstance(name, str):
                raise SimbridgeError(
                    f"the keys of an event are text, not {name!r} in {place}; it looks like {_LIKE}"
                )
            found.append((f"{place}[{name!r}]", one))


def _dumps(value: Any) -> str:
    return json.to_text(value, default=_plain)


def _plain(value: object) -> dict[Any, Any]:
    """A mapping that is not a dict, as a dict; anything else has no JSON form."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _content(path: str | os.PathLike[str]) -> bytes:
    file = checks.readable_file(path, "there is no file of an event at")
    try:
        return content(file).removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise SimbridgeError(f"{file} cannot be read: {error.strerror}") from error


def _decoded(text: bytes, what: str) -> dict[str, Any]:
    document = json_document(text)
    if not isinstance(document, dict):
        why = document if isinstance(document, str) else "not a JSON object"
        raise SimbridgeError(
            f"{what} is not one event: {why}. It looks like {_LIKE}; of several, which "
            "simbridge.read_events reads from a file, emit each"
        )
    if json.without_lone_surrogates(text) is not None:
        _check_halves(json.decode(text, lone_surrogates="keep"))
    return document


def _check_halves(document: Mapping[str, Any]) -> None:
    """Raise `SimbridgeError` for a lone surrogate outside of the detail, as PutEvents refuses it."""
    for name, value in document.items():
        if (
            name != "detail"
            and json.without_lone_surrogates(json.to_text([name, value])) is not None
        ):
            raise SimbridgeError(
                f"the {name!r} of an event is text that can be written as UTF-8, not {value!r}: "
                "a lone surrogate is not a character"
            )


def _text(document: Mapping[str, Any], name: str) -> str:
    """A text of the envelope, which must be there and not be empty."""
    if name not in document:
        raise SimbridgeError(f"an event of an AWS service has a {name!r}: write {_LIKE}")
    value = checks.text(document[name], f"the {name!r} of an event")
    if not value.strip() or not value.isprintable():
        raise SimbridgeError(f"the {name!r} of an event is text that can be read, not {value!r}")
    return value


def _service(document: Mapping[str, Any]) -> str:
    """The source, which must be an AWS service."""
    source = _text(document, "source")
    if source.startswith("aws.partner/"):
        raise NotSimulated(
            f"{source} is a partner: its events arrive on a partner event bus, which this version of "
            "simbridge does not simulate; emit is for the services of AWS"
        )
    if not source.removeprefix("aws.") or not source.startswith("aws."):
        raise SimbridgeError(
            f"emit is for events of AWS services, whose source begins with 'aws.', not {source!r}: put "
            "your own events with world.client().put_events(Entries=[...])"
        )
    return source


def _one_of(
    name: str, checked: Callable[[object], str], document: Mapping[str, Any], asked: str | None
) -> str | None:
    """The account or region of the envelope or of the caller; the two may not differ."""
    own = checked(document[name]) if name in document else None
    wanted = checked(asked) if asked is not None else None
    if own is not None and wanted is not None and own != wanted:
        raise SimbridgeError(
            f"the event says {name} {own}, and {name}= says {wanted}: an AWS service's event arrives in "
            "its own account and region; leave one of the two out"
        )
    return own or wanted


def _version(document: Mapping[str, Any]) -> str:
    version = document.get("version", "0")
    if version != "0":
        raise SimbridgeError(f"the 'version' of an event is '0', not {version!r}")
    return "0"


def _time_us(document: Mapping[str, Any], now: int) -> int:
    if "time" not in document:
        return now
    return clock.event_time(checks.text(document["time"], "the 'time' of an event"))


def _resources(document: Mapping[str, Any]) -> list[str]:
    """The resources, usually ARNs: AWS does not check them."""
    like = "of texts, such as ['arn:aws:s3:::a-bucket']"
    resources = checks.list_of(document.get("resources", []), "the 'resources' of an event", like)
    return [checks.text(one, "one of the 'resources' of an event") for one in resources]


def _detail(document: Mapping[str, Any]) -> dict[str, Any]:
    """The detail, with the limits that PutEvents has."""
    detail = document.get("detail", {})
    if not isinstance(detail, dict):
        raise SimbridgeError(
            f"the 'detail' of an event is a JSON object, not {detail!r}; if it is JSON text, decode it first"
        )
    read = read_detail(_dumps(detail))
    if read is None:
        raise SimbridgeError(
            f"the 'detail' of an event has at most {DETAIL_LEVELS_MAX} levels, and its integers fit into "
            "64 bits"
        )
    return read
