"""Partner event sources, on the customer's side: describe, list, activate, deactivate.

A partner offers an event source to an account (`api/partner_sources`), where it is PENDING. A matching event
bus makes it ACTIVE, and so does ActivateEventSource if it has been deactivated. Whatever makes it PENDING
starts the two weeks after which it is deleted (`actors/event_source`). The texts for a wrong state are not
known; they are those of a replay in a wrong state.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ActivateEventSource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeactivateEventSource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventSource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventSources.html>
"""

from __future__ import annotations

import msgspec

from simbridge.api import pagination
from simbridge.api.lookup import find_event_source
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.base.clock import LATEST, SECOND
from simbridge.base.errors import ServiceError
from simbridge.model.messages import Configure
from simbridge.model.resources import EventSource

__all__ = [
    "activate_event_source",
    "deactivate_event_source",
    "describe_event_source",
    "expiry_us",
    "list_event_sources",
    "match_event_source",
    "release_event_source",
    "source_times",
]

_DAY = 86_400 * SECOND


@operation
def activate_event_source(context: Context, request: Request) -> Response:
    """Activate a partner event source that was deactivated. Errors (fidelity 7.2)."""
    source = find_event_source(context, request["Name"])
    if source.state != "PENDING" or source.name not in context.store.buses:
        raise _wrong_state(source)
    _replace(context, source, "ACTIVE")
    return {}


@operation
def deactivate_event_source(context: Context, request: Request) -> Response:
    """Deactivate a partner event source: its event bus remains and gets no events. Errors (fidelity 7.2)."""
    source = find_event_source(context, request["Name"])
    if source.state != "ACTIVE":
        raise _wrong_state(source)
    _replace(context, source, "PENDING")
    return {}


@operation
def describe_event_source(context: Context, request: Request) -> Response:
    """Describe a partner event source that is offered to the account."""
    return _listed(find_event_source(context, request["Name"]))


@operation
def list_event_sources(context: Context, request: Request) -> Response:
    """List the partner event sources that are offered to the account in this region, sorted by name."""
    found, more = pagination.page(
        "ListEventSources",
        request,
        pagination.named(context.store.event_sources, request.get("NamePrefix")),
        context.limits["list_page"],
    )
    return {"EventSources": [_listed(source) for source in found]} | more


def match_event_source(context: Context, name: str) -> None:
    """A partner event bus of this name is created: its source becomes ACTIVE.

    Raises ResourceNotFoundException if there is no source, InvalidStateException if it is not PENDING.
    """
    source = find_event_source(context, name)
    if source.state != "PENDING":
        raise _wrong_state(source)
    _replace(context, source, "ACTIVE")


def release_event_source(context: Context, name: str) -> None:
    """The partner event bus of this name is deleted.

    An ACTIVE source is PENDING again (docs). One that the partner has deleted goes with its bus.
    """
    source = context.store.event_sources.get(name)
    if source is None:
        return
    if source.state == "ACTIVE":
        _replace(context, source, "PENDING")
    elif source.state == "DELETED":
        del context.store.event_sources[name]


def expiry_us(context: Context) -> int:
    """When a source that becomes PENDING now is deleted."""
    return min(context.now + context.limits["event_source_days"] * _DAY, LATEST)


def source_times(source: EventSource) -> Response:
    """The times of a source as the API shows them, and its state. Only a PENDING one expires."""
    answer: Response = {"CreationTime": source.created_us // 1000 / 1000, "State": source.state}
    if source.expires_us is not None:
        answer["ExpirationTime"] = source.expires_us // 1000 / 1000
    return answer


def _replace(context: Context, source: EventSource, state: str) -> None:
    expires_us = expiry_us(context) if state == "PENDING" else None
    changed = msgspec.structs.replace(source, state=state, expires_us=expires_us)
    context.store.event_sources[source.name] = changed
    context.send(source.arn, Configure(changed))


def _wrong_state(source: EventSource) -> ServiceError:
    return ServiceError(
        "InvalidStateException",
        f"Event source {source.name} is not in a valid state for this operation.",
    )


def _listed(source: EventSource) -> Response:
    return {
        "Arn": source.arn,
        "CreatedBy": source.created_by,
        "Name": source.name,
    } | source_times(source)
