"""Finds the resource that a request names, or raises the error that AWS answers if there is none.

One function for each kind of resource. Most operations name an event bus by its name or its ARN. An ARN
reaches further than a name: it may be in another region, which the service refuses, or in another
account, where the policy of that bus decides (`api/access`). Of what such a policy can allow, only
PutEvents is simulated; what it denies is denied to its own account as well. Archives and replays name
their event bus by its ARN, in their own account and region only. An API destination names its connection
by an ARN that is of one incarnation of its name.
"""

from __future__ import annotations

from simbridge.api.access import check_access
from simbridge.api.errors import invalid, no_bus, no_event_source, no_rule
from simbridge.api.plane import Context, Request
from simbridge.api.rule_access import rule_facts, rule_resource
from simbridge.api.store import ArchiveEntry, BusEntry, ConnectionEntry, ReplayEntry
from simbridge.base.clock import SECOND
from simbridge.base.errors import InvalidArn, NotSimulated, ServiceError
from simbridge.languages import policy
from simbridge.model import arn
from simbridge.model.resources import ApiDestination, Archive, Endpoint, EventSource, Rule

__all__ = [
    "bus_address",
    "bus_at",
    "connection_at",
    "current_replays",
    "find_api_destination",
    "find_archive",
    "find_archive_by_arn",
    "find_bus",
    "find_bus_by_arn",
    "find_connection",
    "find_endpoint",
    "find_event_source",
    "find_replay",
    "find_rule",
]

_DAY = 86_400 * SECOND


def bus_address(context: Context, given: str) -> str:
    """The ARN of the event bus with this name or ARN in this region, whether or not it exists.

    Raises ValidationException for another region (captured). The form of `given` has been checked
    against the service model.
    """
    if not given.startswith("arn:"):
        return arn.event_bus_arn(context.region, context.account, given)
    if arn.parse(given).region != context.region:
        raise invalid("Cross-region api call is not allowed.")
    return given


def bus_at(context: Context, address: str) -> BusEntry | None:
    """The event bus with exactly this ARN, of any account and region; None if there is none."""
    parts = arn.parse(address)
    store = context.plane.stores.get((parts.account, parts.region))
    bus = store.buses.get(parts.resource.removeprefix("event-bus/")) if store else None
    return bus if bus is not None and bus.arn == address else None


def find_bus(
    context: Context,
    given: str | None,
    operation_name: str,
    rule: str | None = None,
    request: Request | None = None,
) -> BusEntry:
    """The event bus that an operation names by name or ARN; if it names none, the default bus.

    `rule` is the name of the rule that the operation is about, if it is about one, and `request` the
    request, if a policy can ask about it. Raises ResourceNotFoundException if there is no such bus
    (recorded), AccessDeniedException if its policy denies the operation, or does not allow it to
    another account, and `NotSimulated` if it does.
    """
    address = bus_address(context, given or "default")
    bus = bus_at(context, address)
    elsewhere = arn.parse(address).account != context.account
    guarded = bus is not None and bus.event_bus.policy is not None
    if elsewhere or (guarded and operation_name in policy.ACTIONS):
        resource = None if rule is None else rule_resource(address, rule)
        facts = None if rule is None else rule_facts(bus, rule, request or {})
        check_access(context, address, bus, operation_name, facts, resource)
    if elsewhere:
        raise NotSimulated(
            f"the policy of {address} allows this account {operation_name}, which this version of "
            "simbridge does not simulate for buses of other accounts; use a client of its own account"
        )
    if bus is None:
        raise no_bus(address.partition(":event-bus/")[2])
    return bus


def find_bus_by_arn(context: Context, text: str, parameter: str = "EventSourceArn") -> BusEntry:
    """The event bus with this ARN in the caller's account and region.

    Raises ValidationException about `parameter` if the text is not the ARN of an event bus, and
    ResourceNotFoundException if there is no such bus (recorded, captured, lint).
    """
    bus = context.store.buses.get(text.partition(":event-bus/")[2])
    if bus is not None and bus.arn == text:
        return bus
    try:
        named = arn.parse(text)
    except InvalidArn:
        named = None
    if named is None or not arn.is_event_bus(named):
        raise invalid(f"Parameter {parameter} is not valid. Reason: Must contain an event bus ARN.")
    raise no_bus(named.resource.partition("/")[2])


def find_rule(
    context: Context,
    bus_given: str | None,
    name: str,
    operation_name: str,
    request: Request | None = None,
) -> tuple[BusEntry, Rule]:
    """The rule with this name, with the event bus it is on. Raises as `find_bus` does, and
    ResourceNotFoundException if the bus has no such rule (recorded)."""
    bus = find_bus(context, bus_given, operation_name, name, request)
    rule = bus.rules.get(name)
    if rule is None:
        raise no_rule(name, bus.name)
    return bus, rule


def find_archive(context: Context, name: str) -> ArchiveEntry:
    """The archive with this name. Raises ResourceNotFoundException if there is none (captured)."""
    entry = context.store.archives.get(name)
    if entry is None:
        raise ServiceError("ResourceNotFoundException", f"Archive {name} does not exist.")
    return entry


def find_archive_by_arn(context: Context, text: str) -> Archive:
    """The archive with this ARN. Raises ValidationException even if there is none (recorded)."""
    wrong = "Parameter EventSourceArn is not valid. Reason: "
    kind, _, name = arn.parse(text).resource.partition("/")
    if kind != "archive":
        raise invalid(f"{wrong}Must contain an archive ARN.")
    entry = context.store.archives.get(name)
    if entry is None or entry.archive.arn != text:
        raise invalid(f"{wrong}Archive {name} does not exist.")
    return entry.archive


def find_connection(context: Context, name: str, verb: str) -> ConnectionEntry:
    """The connection with this name. Raises ResourceNotFoundException, which has the verb of the
    operation, if there is none (recorded)."""
    entry = context.store.connections.get(name)
    if entry is None:
        raise ServiceError(
            "ResourceNotFoundException",
            f"Failed to {verb} the connection(s). Connection '{name}' does not exist.",
        )
    return entry


def connection_at(context: Context, connection_arn: str) -> ConnectionEntry | None:
    """The connection with exactly this ARN; None if there is none, or only a later one of its name."""
    entry = context.store.connections.get(arn.parse(connection_arn).resource.split("/")[1])
    return entry if entry is not None and entry.connection.arn == connection_arn else None


def find_api_destination(context: Context, name: str, verb: str) -> ApiDestination:
    """The API destination with this name. Raises ResourceNotFoundException, which has the verb of the
    operation, if there is none (recorded)."""
    destination = context.store.api_destinations.get(name)
    if destination is None:
        raise ServiceError(
            "ResourceNotFoundException",
            f"Failed to {verb} the api-destination(s). An api-destination '{name}' does not exist.",
        )
    return destination


def find_replay(context: Context, name: str) -> ReplayEntry:
    """The replay with this name. Raises ResourceNotFoundException if there is none (captured)."""
    entry = current_replays(context).get(name)
    if entry is None:
        raise ServiceError("ResourceNotFoundException", f"Replay {name} does not exist.")
    return entry


def current_replays(context: Context) -> dict[str, ReplayEntry]:
    """All replays except those that ended so long ago that AWS has forgotten them (user guide)."""
    forgotten_us = context.now - context.limits["replay_history_days"] * _DAY
    return {
        name: entry
        for name, entry in context.store.replays.items()
        if entry.ended_us is None or entry.ended_us > forgotten_us
    }


def find_event_source(context: Context, name: str) -> EventSource:
    """The partner event source that is offered to the account. Raises ResourceNotFoundException if there is
    none; the text is that of emulators."""
    source = context.store.event_sources.get(name)
    if source is None:
        raise no_event_source(name)
    return source


def find_endpoint(context: Context, name: str, home: str | None = None) -> Endpoint:
    """The account's global endpoint with this name, by default of this region. Raises
    ResourceNotFoundException if there is none; AWS's text is not known."""
    store = context.plane.stores.get((context.account, home or context.region))
    endpoint = store.endpoints.get(name) if store is not None else None
    if endpoint is None:
        raise ServiceError("ResourceNotFoundException", f"Endpoint {name} does not exist.")
    return endpoint
