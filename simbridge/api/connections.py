"""Connections: create, describe, list, update, deauthorize, delete.

A connection authorizes requests to HTTP endpoints. Its credentials go into a secret
(`simbridge.model.secrets`) and are in no answer. How it is authorized, loses its parameters or is
deleted takes time, and happens in the data plane (`actors/connection`), which reports each state.

A removal that has taken its time does not hinder the next change, whether or not it has been reported
yet: in a world without delays a connection can be updated at the instant at which it was deauthorized.
"""

from __future__ import annotations

from typing import Any

from simbridge.api import pagination
from simbridge.api.connection_changes import (
    authorize,
    checked_content,
    connectivity,
    forget_parameters,
    known_content,
    make_uuid,
    remove,
    resource_of,
)
from simbridge.api.errors import invalid, limit_exceeded
from simbridge.api.lookup import find_connection
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import ConnectionEntry
from simbridge.base.clock import SECOND
from simbridge.base.errors import ServiceError
from simbridge.model import arn
from simbridge.model.resources import Connection

__all__ = [
    "create_connection",
    "deauthorize_connection",
    "delete_connection",
    "describe_connection",
    "list_connections",
    "update_connection",
]

_NOTHING_TO_UPDATE = (
    "Failed to update the connection(s). At least one of the following is required: Description, "
    "KmsKeyIdentifier, AuthorizationType with BasicAuthParameters, ApiKeyAuthParameters, or "
    "OAuthParameters."
)

_PRIVATE = "InvocationConnectivityParameters"


@operation
def create_connection(context: Context, request: Request) -> Response:
    """Create a connection with its secret. Errors (fidelity 9.1, 9.2, 10.1)."""
    name, kind = request["Name"], request["AuthorizationType"]
    content = checked_content("create", kind, request["AuthParameters"])
    if _present(context, name):
        raise ServiceError(
            "ResourceAlreadyExistsException",
            f"Failed to create the connection(s). Connection '{name}' already exists.",
        )
    _check_quotas(context, request, None)
    replaced = context.store.connections.get(name)
    if replaced is not None:
        forget_parameters(context, replaced)
    uuid = make_uuid(context, name, "connection")
    connection_arn = arn.connection_arn(context.region, context.account, name, uuid)
    entry = ConnectionEntry(
        Connection(connection_arn, name, kind, "AUTHORIZED", 0),
        created_us=context.now,
        modified_us=context.now,
    )
    entry.settings = _settings(context, request, entry)
    context.store.connections[name] = entry
    authorize(context, entry, kind, content, request["AuthParameters"], "CREATING")
    return _answer(entry, entry.modified_us)


@operation
def update_connection(context: Context, request: Request) -> Response:
    """Change a connection; new parameters or another network authorize it anew. Errors (fidelity 9.2).

    Parameters that are left out stay as they are, if the type stays. The answer has the time of the
    change before (captured).
    """
    kind, parameters = request.get("AuthorizationType"), request.get("AuthParameters")
    if (kind is None or parameters is None) and all(
        request.get(name) is None for name in ("Description", "KmsKeyIdentifier")
    ):
        raise invalid(_NOTHING_TO_UPDATE)
    entry = find_connection(context, request["Name"], "update")
    if entry.state == "DELETING" or (entry.state == "DEAUTHORIZING" and context.now < entry.due_us):
        raise _concurrent("update", request["Name"])
    content = None
    if kind is not None and parameters is not None:
        content = checked_content("update", kind, parameters, known_content(context, entry, kind))
    _check_quotas(context, request, entry)
    if entry.state == "DEAUTHORIZING":
        forget_parameters(context, entry)
        entry.state = "DEAUTHORIZED"
    network = resource_of(entry.settings, _PRIVATE)
    entry.settings = _settings(context, request, entry)
    modified_us, entry.modified_us = entry.modified_us, context.now
    kind = kind or entry.connection.authorization_type
    if content is None and resource_of(entry.settings, _PRIVATE) != network:
        content = known_content(context, entry, kind)
    if content is not None:
        authorize(context, entry, kind, content, parameters or {}, "UPDATING")
    return _answer(entry, modified_us) | _authorized_time(entry)


@operation
def deauthorize_connection(context: Context, request: Request) -> Response:
    """Remove the parameters and the secret of a connection (captured)."""
    entry = find_connection(context, request["Name"], "deauthorize")
    if entry.state == "DELETING":
        raise _concurrent("deauthorize", request["Name"])
    modified_us = entry.modified_us
    if entry.state != "DEAUTHORIZING" and entry.connection.secret_arn is not None:
        entry.modified_us = context.now
        remove(context, entry, "DEAUTHORIZED")
    return _answer(entry, modified_us) | _authorized_time(entry)


@operation
def delete_connection(context: Context, request: Request) -> Response:
    """Delete a connection, also one that API destinations use; those become INACTIVE (captured)."""
    entry = find_connection(context, request["Name"], "delete")
    if entry.state != "DELETING":
        remove(context, entry, "DELETED")
    return _answer(entry, entry.modified_us) | _authorized_time(entry)


@operation
def describe_connection(context: Context, request: Request) -> Response:
    """Describe a connection, without its secret values (recorded)."""
    entry = find_connection(context, request["Name"], "describe")
    answer = _listed(entry) | {"AuthParameters": entry.parameters} | entry.settings
    if entry.connection.secret_arn is not None:
        answer["SecretArn"] = entry.connection.secret_arn
    return answer


@operation
def list_connections(context: Context, request: Request) -> Response:
    """List the connections of the account in this region, sorted by name."""
    prefix, state = request.get("NamePrefix"), request.get("ConnectionState")
    found, more = pagination.plain_page(
        "ListConnections",
        request,
        (
            (name, _listed(entry))
            for name, entry in pagination.named(context.store.connections, prefix)
            if state in (None, entry.state)
        ),
        context.limits["list_page"],
    )
    return {"Connections": found} | more


def _concurrent(verb: str, name: str) -> ServiceError:
    return ServiceError(
        "ConcurrentModificationException",
        f"Failed to {verb} the connection(s). Connection '{name}' was modified concurrently.",
    )


def _present(context: Context, name: str) -> bool:
    """Whether a connection has this name, which is free once its deletion has taken its time."""
    entry = context.store.connections.get(name)
    return entry is not None and not (entry.state == "DELETING" and entry.due_us <= context.now)


def _check_quotas(context: Context, request: Request, changed: ConnectionEntry | None) -> None:
    """Whether the account may have one more connection, or one more that is private."""
    others = [entry for entry in context.store.connections.values() if entry is not changed]
    if changed is None and len(others) >= context.limits["connections"]:
        raise limit_exceeded()
    private = sum(_PRIVATE in entry.settings for entry in others)
    if resource_of(request, _PRIVATE) and private >= context.limits["private_connections"]:
        raise limit_exceeded()


def _settings(context: Context, request: Request, entry: ConnectionEntry) -> dict[str, Any]:
    """What Describe shows as it was given, after a request; an empty value removes it."""
    settings = dict(entry.settings)
    for name in ("Description", "KmsKeyIdentifier"):
        if request.get(name) is not None:
            settings[name] = request[name]
    settings[_PRIVATE] = connectivity(context, entry, request, _PRIVATE, entry.settings)
    return {name: value for name, value in settings.items() if value}


def _answer(entry: ConnectionEntry, modified_us: int) -> Response:
    """What all changes answer. Times are whole epoch seconds (captured)."""
    return {
        "ConnectionArn": entry.connection.arn,
        "ConnectionState": entry.state,
        "CreationTime": entry.created_us // SECOND,
        "LastModifiedTime": modified_us // SECOND,
    }


def _authorized_time(entry: ConnectionEntry) -> Response:
    return {"LastAuthorizedTime": entry.authorized_us // SECOND}


def _listed(entry: ConnectionEntry) -> Response:
    """A connection as lists show it (recorded)."""
    answer = _answer(entry, entry.modified_us) | _authorized_time(entry)
    answer |= {
        "Name": entry.connection.name,
        "AuthorizationType": entry.connection.authorization_type,
    }
    if entry.reason is not None:
        answer["StateReason"] = entry.reason
    return answer
