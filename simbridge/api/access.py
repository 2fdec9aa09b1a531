"""Access: who may call an operation on an event bus.

Everybody may do everything in their own account (what IAM lets its users do is not simulated), unless
the policy of the bus denies it. In another account, the policy of the bus has to allow it.
"""

from __future__ import annotations

from collections.abc import Mapping

from simbridge.api.plane import Context
from simbridge.api.store import BusEntry
from simbridge.base.errors import ServiceError
from simbridge.languages import policy
from simbridge.model import arn as arns

__all__ = ["check_access", "check_forwarding"]


def check_access(
    context: Context,
    address: str,
    bus: BusEntry | None,
    operation_name: str,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Raise AccessDeniedException where the caller may not call this operation on this event bus."""
    caller = policy.Caller(
        context.account,
        policy.root(context.account, arns.parse(address).partition),
        organization=context.plane.organizations.get(context.account),
    )
    _check(address, bus, caller, f"events:{operation_name}", facts or {})


def check_forwarding(
    context: Context, rule_arn: str, address: str, bus: BusEntry | None, role: str | None
) -> None:
    """Raise AccessDeniedException where a rule may put no event at all on this event bus.

    Asked are only buses of other accounts: the policy of a bus is looked at when it becomes a target
    (public reports), and again at each delivery, when the event is known.
    """
    rule = arns.parse(rule_arn)
    if rule.account == arns.parse(address).account:
        return
    caller = policy.forwarder(rule.account, rule.partition, role, context.plane.organizations)
    facts = {
        "aws:sourcearn": rule_arn,
        "aws:sourceaccount": rule.account,
        "events:eventbusinvocation": "true",
    }
    _check(address, bus, caller, "events:PutEvents", facts, some_event=True)


def _check(
    address: str,
    bus: BusEntry | None,
    caller: policy.Caller,
    action: str,
    facts: Mapping[str, str],
    *,
    some_event: bool = False,
) -> None:
    """Raise AccessDeniedException where the policy of an event bus does not let the caller."""
    stored = bus.event_bus.policy if bus is not None else None
    owner = arns.parse(address).account
    why = policy.refusal(stored, owner, caller, action, address, facts, some_event=some_event)
    if why is not None:
        raise ServiceError(
            "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {address} {why}",
        )
