"""Access control: whether a caller may use an event bus.

In its own account a caller may do everything (IAM is not simulated), unless the policy of the bus denies
it. In another account, the policy of the bus must allow it.

<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html>
"""

from __future__ import annotations

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
    facts: policy.Facts | None = None,
    resource: str | None = None,
) -> None:
    """Raise AccessDeniedException if the caller may not call this operation on this event bus.

    `address` is the ARN of the bus, `bus` its entry in the store, `facts` are the condition keys of the
    request, and `resource` is the ARN that it is about, if it is not the bus.
    """
    caller = policy.Caller(
        context.account,
        policy.root(context.account, arns.parse(address).partition),
        organization=context.plane.organizations.get(context.account),
    )
    action = f"events:{operation_name}"
    _check(address, bus, caller, action, facts or {}, resource=resource)


def check_forwarding(
    context: Context, rule_arn: str, address: str, bus: BusEntry | None, role: str | None
) -> None:
    """Raise AccessDeniedException if the bus of another account accepts no event of a rule.

    AWS evaluates the policy when the bus becomes a target (public reports), and again at each delivery,
    when the event is known.
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
    facts: policy.Facts,
    *,
    resource: str | None = None,
    some_event: bool = False,
) -> None:
    """Raise AccessDeniedException if the policy of an event bus refuses the caller."""
    stored = bus.event_bus.policy if bus is not None else None
    owner, resource = arns.parse(address).account, resource or address
    reason = policy.refusal(stored, owner, caller, action, resource, facts, some_event=some_event)
    if reason is not None:
        raise ServiceError(
            "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {reason}",
        )
