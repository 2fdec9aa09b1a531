"""Event buses: create, update, delete, describe, list.

A partner event bus belongs to a partner event source: creating it makes the source ACTIVE, deleting it makes
the source PENDING again (`api/event_sources`).

The dead-letter queue of a bus, its key and its logging are stored and shown. The queue is for events that
cannot be encrypted or decrypted (user guide); KMS keys are not simulated, so nothing is sent there.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html>,
<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-dlq.html>
"""

from __future__ import annotations

from typing import Any

import msgspec

from simbridge.api import pagination
from simbridge.api.arn_checks import check_bus_dead_letter_queue
from simbridge.api.errors import invalid, limit_exceeded, no_bus
from simbridge.api.event_sources import match_event_source, release_event_source
from simbridge.api.keys import key_of
from simbridge.api.lookup import find_bus, find_event_source
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import BusEntry
from simbridge.api.tags import read_tags
from simbridge.base.errors import ServiceError
from simbridge.model import arn
from simbridge.model.messages import Configure, Retire
from simbridge.model.resources import EventBus

__all__ = [
    "create_event_bus",
    "delete_event_bus",
    "describe_event_bus",
    "list_event_buses",
    "update_event_bus",
]


@operation
def create_event_bus(context: Context, request: Request) -> Response:
    """Create an event bus. Errors (fidelity 7.1, 10.1, 11.6)."""
    name, source = request["Name"], request.get("EventSourceName")
    _check_bus_name(context, name, source)
    if name in context.store.buses:
        raise ServiceError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
    if len(context.store.buses) >= context.limits["event_buses"]:
        raise limit_exceeded()
    dead_letters = request.get("DeadLetterConfig") or {}
    if dead_letters.get("Arn"):
        check_bus_dead_letter_queue(dead_letters["Arn"], context.region)
    tags = read_tags(context, request.get("Tags"))
    key = request.get("KmsKeyIdentifier") or None
    key = key and key_of(context, key)
    if source is not None:
        match_event_source(context, source)
    bus = EventBus(
        arn=arn.event_bus_arn(context.region, context.account, name),
        name=name,
        created_us=context.now,
        modified_us=context.now,
        description=request.get("Description"),
        kms_key_identifier=key,
        dead_letter_config=request.get("DeadLetterConfig"),
        log_config=request.get("LogConfig"),
        event_source_name=source,
    )
    context.store.buses[name] = BusEntry(bus, tags=tags)
    context.send(bus.arn, Configure(bus))
    return {"EventBusArn": bus.arn} | _settings(bus)


@operation
def delete_event_bus(context: Context, request: Request) -> Response:
    """Remove an event bus with its tags. Deleting a missing bus succeeds (recorded, captured).

    Errors (fidelity 11.6).
    """
    name = request["Name"]
    if name == "default":
        raise invalid("Cannot delete event bus default.")
    bus = context.store.buses.get(name)
    if bus is None:
        return {}
    if bus.rules:
        raise invalid("EventBus can't be deleted since it has rules.")
    del context.store.buses[name]
    context.send(bus.arn, Retire(bus.arn))
    release_event_source(context, name)
    return {}


@operation
def update_event_bus(context: Context, request: Request) -> Response:
    """Change description, key, dead-letter queue or logging of an event bus, by default the default bus.

    What the request leaves out is kept; an empty text removes the old one. Errors (fidelity 11.9).
    """
    bus = context.store.buses.get(request.get("Name") or "default")
    if bus is None:
        raise no_bus(request["Name"])
    old = bus.event_bus
    dead_letters = request.get("DeadLetterConfig")
    if dead_letters is not None:
        if not dead_letters.get("Arn"):
            raise invalid(
                "Parameter DeadLetterConfig.Arn is not valid. Reason: Provide a valid SQS queue ARN, or "
                "an empty string to remove the dead-letter queue configuration."
            )
        check_bus_dead_letter_queue(dead_letters["Arn"], context.region)
    key = request.get("KmsKeyIdentifier")
    if key:
        key = key_of(context, key)
    description = request.get("Description")
    bus.event_bus = msgspec.structs.replace(
        old,
        modified_us=context.now,
        description=old.description if description is None else description or None,
        kms_key_identifier=old.kms_key_identifier if key is None else key or None,
        dead_letter_config=old.dead_letter_config if dead_letters is None else dead_letters,
        log_config=request.get("LogConfig") or old.log_config,
    )
    context.send(bus.arn, Configure(bus.event_bus))
    return {"Arn": old.arn, "Name": old.name} | _settings(bus.event_bus)


@operation
def describe_event_bus(context: Context, request: Request) -> Response:
    """Describe an event bus; if the request names none, the default bus."""
    bus = find_bus(context, request.get("Name"), "DescribeEventBus").event_bus
    return _listed(bus) | _settings(bus)


@operation
def list_event_buses(context: Context, request: Request) -> Response:
    """List the event buses of the account in this region, sorted by name."""
    found, more = pagination.page(
        "ListEventBuses",
        request,
        pagination.named(context.store.buses, request.get("NamePrefix")),
        context.limits["list_page"],
    )
    return {"EventBuses": [_listed(bus.event_bus) for bus in found]} | more


def _check_bus_name(context: Context, name: str, event_source: str | None) -> None:
    """A partner event bus has the name of its event source; no other name has a slash (lint)."""
    if event_source is None:
        if "/" in name:
            raise invalid("Event bus name must not contain '/'.")
        return
    if name != event_source:
        raise invalid("Event bus name must match event source name")
    find_event_source(context, event_source)


def _listed(bus: EventBus) -> Response:
    """An event bus as lists show it. Times are epoch seconds with milliseconds (captured)."""
    answer: dict[str, Any] = {"Name": bus.name, "Arn": bus.arn}
    if bus.description is not None:
        answer["Description"] = bus.description
    if bus.policy is not None:
        answer["Policy"] = bus.policy
    answer["CreationTime"] = bus.created_us // 1000 / 1000
    answer["LastModifiedTime"] = bus.modified_us // 1000 / 1000
    return answer


def _settings(bus: EventBus) -> Response:
    """The settings of an event bus as the API names them, without those that were not given."""
    settings = {
        "Description": bus.description,
        "KmsKeyIdentifier": bus.kms_key_identifier,
        "DeadLetterConfig": bus.dead_letter_config,
        "LogConfig": bus.log_config,
    }
    return {name: value for name, value in settings.items() if value is not None}
