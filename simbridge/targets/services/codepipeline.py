"""AWS CodePipeline: an execution of a pipeline is started."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_execution(sending: Sending) -> Request:
    """An execution; nothing of the event goes with it."""
    return {"Action": "StartPipelineExecution", "name": sending.name}


SERVICE = Service(
    (
        TargetKind(
            "CodePipeline pipeline",
            "codepipeline",
            "NAME",
            "required",
            _start_execution,
            Example("release", {}),
            default="nothing",
        ),
    )
)
