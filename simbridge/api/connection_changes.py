"""What changes of a connection have in common: its secret, its state, and what its actor is sent."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from simbridge.api.connection_parameters import Content, Incomplete, content_of, shown
from simbridge.api.endpoints import check_endpoint
from simbridge.api.errors import invalid
from simbridge.api.plane import Context, Request
from simbridge.api.store import ConnectionEntry
from simbridge.base import json
from simbridge.kernel import uuid_from
from simbridge.model import arn
from simbridge.model.http import COULD_NOT_CONNECT, Network, missing_endpoint
from simbridge.model.messages import Configure
from simbridge.model.secrets import Secrets

__all__ = [
    "authorize",
    "checked_content",
    "connectivity",
    "forget_parameters",
    "known_content",
    "make_uuid",
    "remove",
    "resource_of",
]

OAUTH = "OAUTH_CLIENT_CREDENTIALS"

_DELAYS = {"DEAUTHORIZED": "connection_deauthorizing_us", "DELETED": "connection_deleting_us"}
_UNDER_WAY = {"DEAUTHORIZED": "DEAUTHORIZING", "DELETED": "DELETING"}


def checked_content(
    verb: str, kind: str, parameters: Request, old: Content | None = None
) -> Content:
    """The content of the secret, or the refusal of parameters that do not fit the type (lint)."""
    prefix = f"Failed to {verb} the connection(s)."
    try:
        content = content_of(kind, parameters, old)
    except Incomplete as error:
        raise invalid(
            f"{prefix} Parameter {error.block} is not valid. Reason: Missing required field(s)"
        ) from None
    if kind == OAUTH:
        check_endpoint(prefix, "AuthorizationEndpoint", content["authorization_endpoint"])
    return content


def known_content(context: Context, entry: ConnectionEntry, kind: str) -> Content | None:
    """What an update to parameters of this type can build on; nothing after a removal."""
    connection = entry.connection
    if connection.secret_arn is None or connection.wanted != "AUTHORIZED":
        return None
    if kind != connection.authorization_type:
        return None
    text = _secrets(context).text(connection.secret_arn)
    assert text is not None, "a connection with the ARN of a secret has it"
    content: Content = json.decode(text)
    return content


def authorize(
    context: Context,
    entry: ConnectionEntry,
    kind: str,
    content: Content,
    parameters: Request,
    changing: str,
) -> None:
    """Keep new parameters, and have the connection authorized by them.

    `changing` is the state of a private connection until it is connected.
    """
    old = entry.connection
    private_endpoint = _private_endpoint(context, entry, kind, parameters)
    entry.parameters = shown(kind, content)
    if private_endpoint:
        entry.parameters["ConnectivityParameters"] = private_endpoint
    secret_arn = old.secret_arn or _new_secret(context, old.name)
    _secrets(context).put(secret_arn, json.encode(content).decode())
    connection = replace(
        old,
        authorization_type=kind,
        wanted="AUTHORIZED",
        revision=old.revision + 1,
        secret_arn=secret_arn,
        endpoint=content.get("authorization_endpoint"),
        private="InvocationConnectivityParameters" in entry.settings,
        private_endpoint=bool(private_endpoint),
    )
    entry.connection, entry.reason = connection, None
    if kind == OAUTH:
        entry.state = "AUTHORIZING"
        if not private_endpoint:
            _look_for_endpoint(context, entry)
    else:
        entry.state = changing if connection.private else "AUTHORIZED"
        entry.authorized_us = context.now
    context.send(connection.arn, Configure(connection))


def remove(context: Context, entry: ConnectionEntry, wanted: str) -> None:
    """Have the parameters of a connection removed, or the whole connection."""
    old = entry.connection
    entry.state = _UNDER_WAY[wanted]
    entry.due_us = context.now + context.limits[_DELAYS[wanted]]
    entry.connection = replace(old, wanted=wanted, revision=old.revision + 1)
    if wanted == "DEAUTHORIZED":
        entry.parameters, entry.reason = {}, None
    context.send(old.arn, Configure(entry.connection))


def forget_parameters(context: Context, entry: ConnectionEntry) -> None:
    """A removal has been done: the secret is gone."""
    if entry.connection.secret_arn is not None:
        _secrets(context).remove(entry.connection.secret_arn)
        entry.connection = replace(entry.connection, secret_arn=None)
    entry.parameters = {}


def resource_of(given: Mapping[str, Any], name: str) -> str:
    """The resource configuration of a private network that is given under a name; "" without one."""
    parameters = (given.get(name) or {}).get("ResourceParameters") or {}
    return parameters.get("ResourceConfigurationArn") or ""


def connectivity(
    context: Context, entry: ConnectionEntry, given: Request, name: str, old: Mapping[str, Any]
) -> dict[str, Any]:
    """The way to a private network as Describe shows it, after a request; nothing without one.

    The ARN of the association with the network is AWS's own, and is drawn from the seed. A request that
    does not name a network leaves it as it is.
    """
    resource = resource_of(given, name)
    if given.get(name) is None or resource == resource_of(old, name):
        return old.get(name) or {}
    if not resource:
        return {}
    stream = context.random(entry.connection.arn, "resource association")
    digits = string.digits + string.ascii_lowercase
    association = "".join(stream.choice(digits) for _ in range(17))
    partition, place = arn.partition_of(context.region), f"{context.region}:{context.account}"
    return {
        "ResourceParameters": {
            "ResourceConfigurationArn": resource,
            "ResourceAssociationArn": f"arn:{partition}:vpc-lattice:{place}:"
            f"servicenetworkresourceassociation/snra-{association}",
        }
    }


def make_uuid(context: Context, name: str, purpose: str) -> str:
    """The next uuid of a connection of this name, or of something of it, from the seed."""
    stream = context.random(f"{context.region}:{context.account}:connection/{name}", purpose)
    return uuid_from(stream)


def _private_endpoint(
    context: Context, entry: ConnectionEntry, kind: str, parameters: Request
) -> dict[str, Any]:
    """How a private token endpoint is reached; an update that does not say leaves it as it is."""
    if kind != OAUTH:
        return {}
    same = entry.connection.authorization_type == kind
    old = entry.parameters if same else {}
    return connectivity(context, entry, parameters, "ConnectivityParameters", old)


def _look_for_endpoint(context: Context, entry: ConnectionEntry) -> None:
    """Without an endpoint nothing connects, which the service says within the second (captured)."""
    endpoint = entry.connection.endpoint
    assert endpoint is not None
    network = Network.of(context.plane.kernel.shared)
    if network.endpoint_of(endpoint) is None and not network.accepts_all:
        entry.reason = COULD_NOT_CONNECT
        context.detail = missing_endpoint(endpoint)


def _new_secret(context: Context, name: str) -> str:
    letters = string.ascii_letters + string.digits
    stream = context.random(f"{context.region}:{context.account}:connection/{name}", "suffix")
    suffix = "".join(stream.choice(letters) for _ in range(6))
    uuid = make_uuid(context, name, "secret")
    return arn.secret_arn(context.region, context.account, name, uuid, suffix)


def _secrets(context: Context) -> Secrets:
    return Secrets.of(context.plane.kernel.shared)
