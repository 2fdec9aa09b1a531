"""Amazon Inspector Classic: an assessment run of a template is started."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_run(sending: Sending) -> Request:
    """An assessment run; nothing of the event goes with it."""
    return {"Action": "StartAssessmentRun", "assessmentTemplateArn": str(sending.target)}


SERVICE = Service(
    (
        TargetKind(
            "Inspector template",
            "inspector",
            "target/NAME/template/NAME",
            "required",
            _start_run,
            Example("target/0-a1/template/0-b2", {}),
            default="nothing",
        ),
    )
)
