"""API destinations: create, describe, list, update, delete.

An API destination is an HTTP endpoint with a connection that authorizes its requests. It is ACTIVE as
long as this very connection is authorized: one that is made later under the same name has another ARN.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from simbridge.api import pagination
from simbridge.api.endpoints import check_endpoint
from simbridge.api.errors import invalid, limit_exceeded
from simbridge.api.lookup import connection_at, find_api_destination
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.base.clock import SECOND
from simbridge.base.errors import ServiceError
from simbridge.kernel import uuid_from
from simbridge.model import arn
from simbridge.model.messages import Configure, Retire
from simbridge.model.pacing import Pacing
from simbridge.model.resources import ApiDestination

__all__ = [
    "create_api_destination",
    "delete_api_destination",
    "describe_api_destination",
    "list_api_destinations",
    "update_api_destination",
]

_ACTIVE = frozenset(("AUTHORIZED", "ACTIVE", "DEAUTHORIZING"))
"""States of a connection whose API destinations are ACTIVE (recorded, captured)."""


@operation
def create_api_destination(context: Context, request: Request) -> Response:
    """Create an API destination. Errors (fidelity 9.5, 10.1)."""
    name = request["Name"]
    rate = (
        request.get("InvocationRateLimitPerSecond")
        or context.limits["api_destination_invocations_per_second"]
    )
    _check(context, "create", request)
    if name in context.store.api_destinations:
        raise ServiceError(
            "ResourceAlreadyExistsException",
            "Failed to create the api-destination(s). "
            f"An api-destination with name '{name}' already exists.",
        )
    if len(context.store.api_destinations) >= context.limits["api_destinations"]:
        raise limit_exceeded()
    stream = context.random(
        f"{context.region}:{context.account}:api-destination/{name}", "api destination"
    )
    destination_arn = arn.api_destination_arn(
        context.region, context.account, name, uuid_from(stream)
    )
    destination = ApiDestination(
        destination_arn,
        name,
        request["ConnectionArn"],
        request["InvocationEndpoint"],
        request["HttpMethod"],
        rate,
        created_us=context.now,
        modified_us=context.now,
        description=request.get("Description") or None,
    )
    context.store.api_destinations[name] = destination
    _configure(context, destination)
    return _answer(context, destination)


@operation
def update_api_destination(context: Context, request: Request) -> Response:
    """Change an API destination. What is left out stays; an empty description removes it (captured)."""
    old = find_api_destination(context, request["Name"], "update")
    _check(context, "update", request)
    changes: dict[str, Any] = {
        field: request[name]
        for name, field in (
            ("ConnectionArn", "connection_arn"),
            ("InvocationEndpoint", "endpoint"),
            ("HttpMethod", "method"),
            ("InvocationRateLimitPerSecond", "rate"),
        )
        if request.get(name) is not None
    }
    if request.get("Description") is not None:
        changes["description"] = request["Description"] or None
    destination = replace(old, modified_us=context.now, **changes)
    context.store.api_destinations[old.name] = destination
    _configure(context, destination)
    return _answer(context, destination)


@operation
def delete_api_destination(context: Context, request: Request) -> Response:
    """Delete an API destination. A missing one is an error (captured)."""
    destination = find_api_destination(context, request["Name"], "delete")
    del context.store.api_destinations[destination.name]
    context.send(destination.arn, Retire(destination.arn))
    return {}


@operation
def describe_api_destination(context: Context, request: Request) -> Response:
    """Describe an API destination (recorded)."""
    destination = find_api_destination(context, request["Name"], "describe")
    answer = _listed(context, destination)
    if destination.description is not None:
        answer["Description"] = destination.description
    return answer


@operation
def list_api_destinations(context: Context, request: Request) -> Response:
    """List the API destinations of the account in this region, sorted by name."""
    prefix, connection = request.get("NamePrefix"), request.get("ConnectionArn")
    if prefix is not None and connection is not None:
        raise invalid(
            "Failed to list the api-destination(s). Request failed because only one filter is "
            "supported per request, either ConnectionArn or NamePrefix."
        )
    found, more = pagination.plain_page(
        "ListApiDestinations",
        request,
        (
            (name, _listed(context, destination))
            for name, destination in pagination.named(context.store.api_destinations, prefix)
            if connection in (None, destination.connection_arn)
        ),
        context.limits["list_page"],
    )
    return {"ApiDestinations": found} | more


def _configure(context: Context, destination: ApiDestination) -> None:
    """Have the data plane use this description from now on, and its rate for what is not waiting yet."""
    Pacing.of(context.plane.kernel.shared).limit(destination.arn, destination.rate)
    context.send(destination.arn, Configure(destination))


def _check(context: Context, verb: str, request: Request) -> None:
    """What is given must be possible. In which order the service looks is not known."""
    prefix = f"Failed to {verb} the api-destination(s)."
    connection, rate = request.get("ConnectionArn"), request.get("InvocationRateLimitPerSecond")
    if connection is not None:
        if arn.parse(connection).region != context.region:
            raise invalid(f"Invalid ARN: '{connection}'")  # lint
        if connection_at(context, connection) is None:
            raise ServiceError(
                "ResourceNotFoundException", f"{prefix} Connection '{connection}' does not exist."
            )
    if request.get("InvocationEndpoint") is not None:
        check_endpoint(prefix, "InvocationEndpoint", request["InvocationEndpoint"])
    most = context.limits["api_destination_invocations_per_second"]
    if rate is not None and rate > most:
        raise ServiceError(
            "LimitExceededException",
            f"{prefix} Invalid Invocation Rate Limit: Rate specified '{rate}' for "
            f"'{request['Name']}' exceeds maximum allowed of '{most}'.",
        )


def _answer(context: Context, destination: ApiDestination) -> Response:
    """What creating and updating answer (recorded). Times are whole epoch seconds (captured)."""
    entry = connection_at(context, destination.connection_arn)
    active = entry is not None and entry.state in _ACTIVE
    return {
        "ApiDestinationArn": destination.arn,
        "ApiDestinationState": "ACTIVE" if active else "INACTIVE",
        "CreationTime": destination.created_us // SECOND,
        "LastModifiedTime": destination.modified_us // SECOND,
    }


def _listed(context: Context, destination: ApiDestination) -> Response:
    """An API destination as lists show it (recorded)."""
    return _answer(context, destination) | {
        "Name": destination.name,
        "ConnectionArn": destination.connection_arn,
        "InvocationEndpoint": destination.endpoint,
        "HttpMethod": destination.method,
        "InvocationRateLimitPerSecond": destination.rate,
    }
