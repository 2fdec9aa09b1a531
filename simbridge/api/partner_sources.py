"""Partner event sources, on the partner's side: create, describe, list, delete, and put events.

On AWS a partner is registered, with its name. Here every account may act as a partner, under any name. A
source is for one account and one region; its name is unique in the region, so its events need no address.

PutPartnerEvents checks its entries as PutEvents does. The event is the customer's: its `account` is the one
that the source is for (public reports). Events of a source that is not ACTIVE are accepted and lost
(user guide); only the call in the trace shows it.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreatePartnerEventSource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeletePartnerEventSource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribePartnerEventSource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListPartnerEventSourceAccounts.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListPartnerEventSources.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html>
"""

from __future__ import annotations

from typing import Any

import msgspec

from simbridge.api import pagination
from simbridge.api.errors import no_event_source
from simbridge.api.event_sources import expiry_us, source_times
from simbridge.api.events import check_total_size, envelope_of, read_entry, refused_entry
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.xray import normalize_trace_header
from simbridge.base.clock import iso_seconds
from simbridge.base.errors import ServiceError
from simbridge.kernel import uuid_from
from simbridge.model import arn
from simbridge.model.messages import Configure, Event, Publish, Retire
from simbridge.model.resources import EventSource

__all__ = [
    "create_partner_event_source",
    "delete_partner_event_source",
    "describe_partner_event_source",
    "list_partner_event_source_accounts",
    "list_partner_event_sources",
    "put_partner_events",
]


@operation
def create_partner_event_source(context: Context, request: Request) -> Response:
    """Offer an event source to an account, which has two weeks to accept it. Errors (fidelity 7.2)."""
    name, account = request["Name"], request["Account"]
    if _is_taken(context, name):
        raise ServiceError("ResourceAlreadyExistsException", f"Event source {name} already exists.")
    source = EventSource(
        arn=arn.event_source_arn(context.region, name),
        name=name,
        partner=context.account,
        account=account,
        created_us=context.now,
        state="PENDING",
        expires_us=expiry_us(context),
    )
    context.store.partner_sources[name] = account
    context.plane.store(account, context.region).event_sources[name] = source
    context.send(source.arn, Configure(source))
    return {"EventSourceArn": source.arn}


@operation
def delete_partner_event_source(context: Context, request: Request) -> Response:
    """Delete an event source; its event bus remains and gets no events. Deleting a missing one succeeds.

    Errors (fidelity 7.2).
    """
    name, account = request["Name"], request["Account"]
    if context.store.partner_sources.get(name) != account:
        return {}
    del context.store.partner_sources[name]
    customer = context.plane.store(account, context.region)
    source = customer.event_sources[name]
    if name in customer.buses:
        gone = msgspec.structs.replace(source, state="DELETED", expires_us=None)
        customer.event_sources[name] = gone
    else:
        del customer.event_sources[name]
    context.send(source.arn, Retire(source.arn))
    return {}


@operation
def describe_partner_event_source(context: Context, request: Request) -> Response:
    """Describe an event source that the account offers as a partner."""
    return _listed(_find(context, request["Name"]))


@operation
def list_partner_event_sources(context: Context, request: Request) -> Response:
    """List the event sources that the account offers as a partner in this region, sorted by name."""
    prefix = request["NamePrefix"]
    found, more = pagination.page(
        "ListPartnerEventSources",
        request,
        ((name, name) for name in context.store.partner_sources if name.startswith(prefix)),
        context.limits["list_page"],
    )
    return {"PartnerEventSources": [_listed(_find(context, name)) for name in found]} | more


@operation
def list_partner_event_source_accounts(context: Context, request: Request) -> Response:
    """List the account that an event source is offered to."""
    source = _find(context, request["EventSourceName"])
    found, more = pagination.page(
        "ListPartnerEventSourceAccounts",
        request,
        [(source.account, {"Account": source.account} | source_times(source))],
        context.limits["list_page"],
    )
    return {"PartnerEventSourceAccounts": found} | more


@operation
def put_partner_events(context: Context, request: Request) -> Response:
    """Put events of partner event sources on their event buses. Errors (fidelity 1.4, 1.5, 7.3)."""
    entries = request["Entries"]
    now = iso_seconds(context.now)
    read = [read_entry(entry, now, context.store.partner_sources) for entry in entries]
    check_total_size(context, read)
    answers: list[dict[str, str]] = []
    published: list[tuple[str, Publish]] = []
    notes: list[str] = []
    failed = 0
    for entry, (size_bytes, time, detail, refusal) in zip(entries, read, strict=True):
        if refusal is not None:
            answers.append(refusal)
            failed += 1
            notes.append(refused_entry(len(answers), refusal))
            continue
        source = _find(context, entry["Source"])
        event_id = uuid_from(context.random(source.arn, "event id"))
        answers.append({"EventId": event_id})
        if source.state != "ACTIVE":
            notes.append(f"{source.name} is {source.state}: its events are accepted and dropped")
            continue
        envelope = envelope_of(entry, event_id, time, detail, source.account, context.region)
        published.append(_published(context, source, envelope, size_bytes))
    if notes:
        context.detail = "; ".join(dict.fromkeys(notes))
    context.publish(published)
    return {"FailedEntryCount": failed, "Entries": answers}


def _published(
    context: Context, source: EventSource, envelope: dict[str, Any], size_bytes: int
) -> tuple[str, Publish]:
    """The ARN of the matching event bus, and the message that puts the event there."""
    bus_arn = arn.event_bus_arn(context.region, source.account, source.name)
    header = context.trace_header
    if header is not None:
        header = normalize_trace_header(header, envelope["id"], context.now)
    return bus_arn, Publish(Event(bus_arn, envelope, context.now, size_bytes, header))


def _find(context: Context, name: str) -> EventSource:
    """The source that the account offers under this name, as the customer's side has it."""
    account = context.store.partner_sources.get(name)
    if account is None:
        raise no_event_source(name)
    return context.plane.store(account, context.region).event_sources[name]


def _is_taken(context: Context, name: str) -> bool:
    """Whether an account of this region offers such a source, or still has the bus of a deleted one."""
    return any(
        name in store.partner_sources or name in store.event_sources
        for (_, region), store in context.plane.stores.items()
        if region == context.region
    )


def _listed(source: EventSource) -> Response:
    return {"Arn": source.arn, "Name": source.name}
