"""Describes the sending of an event to an address, for the table of targets (`simbridge.targets`)."""

from __future__ import annotations

from simbridge import targets
from simbridge.model import arn as arns
from simbridge.model.messages import Event
from simbridge.model.resources import Parameters

__all__ = ["failure_of", "sending_of"]


def sending_of(
    address: str, rule: str, event: Event, body: str | None, parameters: Parameters | None = None
) -> targets.Sending:
    """What the call of a target's service is made of; `body` None means the whole event."""
    return targets.Sending(
        arns.parse(address),
        parameters.blocks if parameters is not None else {},
        event.envelope,
        body,
        arns.parse(rule),
        event.trace_header,
    )


def failure_of(
    address: str, rule: str, event: Event, body: str | None, parameters: Parameters | None = None
) -> targets.Failure | None:
    """Why this cannot be sent there at all, whatever the target's state; None if it can.

    PutTargets takes no ARN of an unknown kind, so for such an ARN the answer is None.
    """
    sending = sending_of(address, rule, event, body, parameters)
    kind = targets.kind_of(sending.target)
    return None if kind is None else targets.failure(kind, sending)
