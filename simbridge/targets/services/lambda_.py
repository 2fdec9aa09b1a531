"""AWS Lambda: a function is invoked asynchronously."""

from __future__ import annotations

from simbridge.targets.failures import NOT_JSON, Failure
from simbridge.targets.inputs import is_json
from simbridge.targets.permission import Permission
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import KIB, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _invoke(sending: Sending) -> Request | Failure:
    """An asynchronous invocation. Lambda reads its payload as JSON."""
    if not is_json(sending):
        return NOT_JSON.because(action="Invoke")
    request: Request = {
        "Action": "Invoke",
        "FunctionName": str(sending.target),
        "InvocationType": "Event",
        "Payload": sending.text,
    }
    if sending.trace_header is not None:
        request["TraceHeader"] = sending.trace_header
    return request


SERVICE = Service(
    (
        TargetKind(
            "Lambda function",
            "lambda",
            "function:NAME[:NAME]",
            "optional",
            _invoke,
            Example("function:pay", {"InputPath": "$.detail"}),
            fails_with=("InputTransformer",),
            payload_bytes_max=1024 * KIB,  # AWS Lambda quotas: asynchronous invocation, since 2025
            cross_account=True,
            # AddPermission makes statements without NotPrincipal, NotAction or NotResource.
            permission=Permission(("lambda:InvokeFunction",), negated_elements=False),
        ),
    )
)
