"""Permissions: which other accounts may put events on an event bus.

PutPermission takes one statement in parts, or a whole policy. Either changes the policy document of the
bus (`simbridge/languages/policy`). DescribeEventBus shows it; PutEvents and rules of other buses are
checked against it.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemovePermission.html>
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from simbridge.api.errors import invalid
from simbridge.api.lookup import find_bus
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import BusEntry
from simbridge.base.errors import ServiceError
from simbridge.languages import policy
from simbridge.model import arn as arns
from simbridge.model.messages import Configure

__all__ = ["put_permission", "remove_permission"]

_PARTS = ("Action", "Principal", "StatementId", "Condition")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")


@operation
def put_permission(context: Context, request: Request) -> Response:
    """Add or replace one statement of the policy of an event bus, or replace the whole policy.

    Errors (fidelity 8.1, 8.2, 10.1).
    """
    bus = find_bus(context, request.get("EventBusName"), "PutPermission")
    given = request.get("Policy")
    if given is not None:
        if any(request.get(name) is not None for name in _PARTS):
            raise invalid(
                "Action, Principal, StatementId and Condition could not be combined with Policy "
                "parameter."
            )
        _replace(context, bus, policy.check(given, bus.arn))
        return {}
    statement = _statement(request, bus.arn)
    kept = policy.statements(bus.event_bus.policy)
    sids = [one["Sid"] for one in kept]
    if statement["Sid"] in sids:
        kept[sids.index(statement["Sid"])] = statement
    else:
        kept.append(statement)
    _replace(context, bus, policy.document(bus.event_bus.policy, kept))
    return {}


@operation
def remove_permission(context: Context, request: Request) -> Response:
    """Remove a statement, or all of them, from the policy of an event bus. Errors (fidelity 8.3)."""
    bus = find_bus(context, request.get("EventBusName"), "RemovePermission")
    sid, everything = request.get("StatementId"), request.get("RemoveAllPermissions")
    if sid is not None and everything:
        raise invalid("StatementId could not be combined with All parameter.")
    if everything:
        _replace(context, bus, None)
        return {}
    if sid is None:
        raise invalid("Parameter(s) StatementId must be specified.")
    old = policy.statements(bus.event_bus.policy)
    kept = [one for one in old if one["Sid"] != sid]
    if len(kept) == len(old):
        raise ServiceError(
            "ResourceNotFoundException", "Statement with the provided id does not exist."
        )
    _replace(context, bus, policy.document(bus.event_bus.policy, kept))
    return {}


def _statement(request: Request, bus_arn: str) -> dict[str, Any]:
    """The statement that the parts of a request make (recorded)."""
    for name in ("Action", "Principal", "StatementId"):
        if not request.get(name):
            raise invalid(f"Parameter(s) {name} must be specified.")
    if request["Action"] != "events:PutEvents":
        raise invalid("Provided value in parameter 'action' is not supported.")
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"], arns.parse(bus_arn).partition),
        "Action": request["Action"],
        "Resource": bus_arn,
    }
    condition = request.get("Condition")
    if condition is not None:
        statement["Condition"] = _condition(condition)
    return statement


def _principal(given: str, partition: str) -> Any:
    if given == "*":
        return given
    return {"AWS": policy.principal(given, partition)}


def _condition(given: Request) -> dict[str, Any]:
    """The one condition that can be given in parts: the organization of the caller."""
    kind, key, value = given["Type"], given["Key"], given["Value"]
    if kind != "StringEquals":
        raise invalid("Provided value in parameter 'condition.type' is not supported.")
    if key != "aws:PrincipalOrgID":
        raise invalid("Provided value in parameter 'condition.key' is not supported.")
    if not _ORGANIZATION.fullmatch(value):
        raise invalid("Provided value in parameter 'condition.value' is invalid.")
    return {kind: {key: value}}


def _replace(context: Context, bus: BusEntry, text: str | None) -> None:
    """Replace the policy; the same one again changes nothing, not even the time (captured)."""
    if text == bus.event_bus.policy:
        return
    if text is not None and len(text) > context.limits["bus_policy_chars"]:
        raise ServiceError(
            "PolicyLengthExceededException", "Policy size would be larger than the maximum allowed."
        )
    bus.event_bus = msgspec.structs.replace(bus.event_bus, policy=text, modified_us=context.now)
    context.send(bus.arn, Configure(bus.event_bus))
