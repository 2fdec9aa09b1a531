"""AWS Systems Manager: commands, runbooks (Automation) and OpsItems.

That an input becomes the parameters of a document follows from what the calls take (believed).
"""

from __future__ import annotations

from simbridge.languages.transform import jsontext
from simbridge.targets.failures import MISSING_BLOCK, NOT_AN_OBJECT, Failure
from simbridge.targets.inputs import with_parameters
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, INPUTS, Block, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _send_command(sending: Sending) -> Request | Failure:
    """A command on instances; an input is the parameters of its document."""
    block = sending.block("RunCommandParameters")
    if not block:
        return MISSING_BLOCK.because(name="RunCommandParameters")
    request: Request = {
        "Action": "SendCommand",
        "DocumentName": sending.name,
        "Targets": block["RunCommandTargets"],
    }
    return with_parameters(sending, request)


def _start_automation(sending: Sending) -> Request | Failure:
    """An execution of a runbook; an input is its parameters."""
    name, _, version = sending.name.partition(":")
    request: Request = {"Action": "StartAutomationExecution", "DocumentName": name}
    if version:
        request["DocumentVersion"] = version
    return with_parameters(sending, request)


def _create_ops_item(sending: Sending) -> Request | Failure:
    """An OpsItem. Title, source and description are the event's, unless an input names them."""
    given = {} if sending.body is None else sending.document
    if not isinstance(given, dict):
        return NOT_AN_OBJECT.because(action="CreateOpsItem")
    request: Request = {
        "Action": "CreateOpsItem",
        "Title": sending.envelope["detail-type"],
        "Source": sending.envelope["source"],
        "Description": jsontext.emit(sending.envelope),
    }
    for name in ("title", "description", "source", "category", "severity", "priority"):
        if name in given:
            request[name.capitalize()] = given[name]
    data = given.get("operationalData")
    if isinstance(data, dict):
        request["OperationalData"] = data
    return request


def _check_command(target_id: str, target_arn: str, block: Block) -> str | None:
    """One key of instances at a time (API documentation); how a second is refused was not recorded."""
    if len(block["RunCommandTargets"]) > 1:
        return f"Parameter(s) RunCommandTargets not valid for target: {target_id}"
    return None


SERVICE = Service(
    (
        TargetKind(
            "SSM Run Command",
            "ssm",
            "document/NAME",
            "required",
            _send_command,
            Example(
                "document/AWS-RunShellScript",
                {
                    "RunCommandParameters": {
                        "RunCommandTargets": [{"Key": "tag:role", "Values": ["printer"]}]
                    },
                    "Input": '{"commands": ["print-label"]}',
                },
            ),
            block="RunCommandParameters",
            check=_check_command,
            default="nothing",
            fails_with=ALWAYS,
            lacks=("account",),  # Amazon's own documents belong to no account
        ),
        TargetKind(
            "SSM Automation",
            "ssm",
            "automation-definition/NAME[:VERSION]",
            "required",
            _start_automation,
            Example("automation-definition/Restart:$DEFAULT", {"Input": '{"InstanceId": ["i-1"]}'}),
            default="nothing",
            fails_with=INPUTS,
            lacks=("account",),
        ),
        TargetKind(
            "SSM OpsItem",
            "ssm",
            "opsitem",
            "required",
            _create_ops_item,
            Example("opsitem", {"Input": '{"title": "Look at the shop", "severity": "2"}'}),
            fails_with=INPUTS,
        ),
    )
)
