"""Access: who may call an operation on an event bus.

Everybody may do everything in their own account (what IAM lets its users do is not simulated), unless
the policy of the bus denies it. In another account, the policy of the bus has to allow it.
"""

from __future__ import annotations

from collections.abc import Mapping

from simbridge import arn as arns
from simbridge import policy
from simbridge.api.plane import Context
from simbridge.api.store import Bus
from simbridge.errors import ServiceError

__all__ = ["bus_at", "check_access"]


def bus_at(context: Context, address: str) -> Bus | None:
    """The event bus at an ARN, in whichever account."""
    place = arns.parse(address)
    store = context.plane.stores.get((place.account, place.region))
    return store.buses.get(place.resource.removeprefix("event-bus/")) if store else None


def check_access(
    context: Context, address: str, operation_name: str, facts: Mapping[str, str] | None = None
) -> None:
    """Raise AccessDeniedException where the caller may not call this operation on this event bus."""
    bus = bus_at(context, address)
    place = arns.parse(address)
    caller = policy.Caller(
        context.account,
        policy.root(context.account, place.partition),
        organization=context.plane.organizations.get(context.account),
    )
    action = f"events:{operation_name}"
    stored = bus.bus.policy if bus is not None else None
    why = policy.refusal(stored, place.account, caller, action, address, facts or {})
    if why is not None:
        raise ServiceError(
            "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {address} {why}",
        )
