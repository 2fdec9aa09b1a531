"""EC2 Image Builder: an execution of an image pipeline is started."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_execution(sending: Sending) -> Request:
    """An execution; nothing of the event goes with it."""
    return {"Action": "StartImagePipelineExecution", "imagePipelineArn": str(sending.target)}


SERVICE = Service(
    (
        TargetKind(
            "Image Builder pipeline",
            "imagebuilder",
            "image-pipeline/NAME",
            "optional",
            _start_execution,
            Example("image-pipeline/base", {}),
            default="nothing",
        ),
    )
)
