"""AWS CodeBuild: a build of a project is started."""

from __future__ import annotations

from simbridge.targets.failures import NOT_AN_OBJECT, Failure
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import INPUTS, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_build(sending: Sending) -> Request | Failure:
    """A build; an input is the rest of its parameters (fidelity 5.2)."""
    request: Request = {"Action": "StartBuild", "projectName": sending.name}
    if sending.body is None:
        return request
    given = sending.document
    if not isinstance(given, dict):
        return NOT_AN_OBJECT.because(action="StartBuild")
    return request | given | request


SERVICE = Service(
    (
        TargetKind(
            "CodeBuild project",
            "codebuild",
            "project/NAME",
            "required",
            _start_build,
            Example("project/site", {"Input": '{"sourceVersion": "main"}'}),
            default="nothing",
            fails_with=INPUTS,
        ),
    )
)
