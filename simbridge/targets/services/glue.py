"""AWS Glue: a workflow is notified of the event."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Service, TargetKind

__all__ = ["SERVICE"]


def _notify(sending: Sending) -> Request:
    """A notification of the event; the workflow decides when it starts."""
    return {"Action": "NotifyEvent", "WorkflowName": sending.name, "Event": sending.text}


SERVICE = Service(
    (
        TargetKind(
            "Glue workflow",
            "glue",
            "workflow/NAME",
            "required",
            _notify,
            Example("workflow/load", {"InputPath": "$.detail"}),
        ),
    )
)
