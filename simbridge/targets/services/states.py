"""AWS Step Functions: an execution of a state machine is started."""

from __future__ import annotations

from simbridge.targets.failures import NOT_JSON, Failure
from simbridge.targets.inputs import is_json
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import KIB, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_execution(sending: Sending) -> Request | Failure:
    """An execution that is named after the event. Its input is read as JSON."""
    if not is_json(sending):
        return NOT_JSON.because(action="StartExecution")
    request: Request = {
        "Action": "StartExecution",
        "stateMachineArn": str(sending.target),
        "name": f"{sending.envelope['id']}_{sending.unique}",
        "input": sending.text,
    }
    if sending.trace_header is not None:
        request["traceHeader"] = sending.trace_header
    return request


SERVICE = Service(
    (
        TargetKind(
            "Step Functions state machine",
            "states",
            "stateMachine:NAME[:NAME]",
            "required",
            _start_execution,
            Example("stateMachine:ship", {"InputPath": "$.detail"}),
            fails_with=("InputTransformer",),
            payload_bytes_max=256 * KIB,  # AWS Step Functions: StartExecution, input
        ),
    )
)
