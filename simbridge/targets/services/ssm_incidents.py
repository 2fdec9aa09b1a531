"""AWS Systems Manager Incident Manager: an incident is started by a response plan."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_incident(sending: Sending) -> Request:
    """An incident whose trigger is the event."""
    return {
        "Action": "StartIncident",
        "responsePlanArn": str(sending.target),
        "triggerDetails": {
            "source": "aws.events",
            "triggerArn": str(sending.rule),
            "timestamp": sending.envelope["time"],
            "rawData": sending.text,
        },
    }


SERVICE = Service(
    (
        TargetKind(
            "Incident Manager plan",
            "ssm-incidents",
            "response-plan/NAME",
            "required",
            _start_incident,
            Example("response-plan/shop", {"InputPath": "$.detail"}),
            lacks=("region",),
        ),
    )
)
