"""Amazon CloudWatch Logs: a log event is put into a group, in a log stream of its own (captured)."""

from __future__ import annotations

import datetime as dt

from simbridge.base import clock
from simbridge.languages.transform import jsontext
from simbridge.targets.failures import Failure, FailureKind
from simbridge.targets.permission import Permission
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import KIB, Example, Service, TargetKind

__all__ = ["NO_WHOLE_GROUP", "SERVICE"]

_NOT_A_LOG_ENTRY = FailureKind(
    "The template for a log group yields anything but these two keys, or no time.",
    'The input for a log group must be {{"timestamp": <time>, "message": <message>}}.',
)
NO_WHOLE_GROUP = FailureKind(
    "A log group that is written with `:*`, where `log_group_star_delivers` is 0.",
    "The specified log group does not exist.",
    "NO_RESOURCE",
)


def _put_log_events(sending: Sending) -> Request | Failure:
    """A log event: the event, or what the template says."""
    entry: object = sending.document
    if sending.body is None:
        entry = {"timestamp": sending.envelope["time"], "message": sending.text}
    if not isinstance(entry, dict) or set(entry) != {"timestamp", "message"}:
        return _NOT_A_LOG_ENTRY.because()
    time, message = _milliseconds(entry["timestamp"]), entry["message"]
    if time is None:
        return _NOT_A_LOG_ENTRY.because()
    text = message if isinstance(message, str) else jsontext.emit(message)
    return {
        "Action": "PutLogEvents",
        "logGroupName": sending.name,
        "logStreamName": str(sending.unique),
        "logEvents": [{"timestamp": time, "message": text}],
    }


def _milliseconds(time: object) -> int | None:
    """Milliseconds since the epoch, of a number of them or an ISO 8601 time (captured)."""
    if isinstance(time, bool):
        return None
    if isinstance(time, int):
        return time if time >= 0 else None
    if not isinstance(time, str):
        return None
    try:
        read = dt.datetime.fromisoformat(time)
        return clock.instant(read if read.tzinfo else read.replace(tzinfo=dt.UTC)) // 1000
    except (ValueError, OverflowError):  # not a time, or before the first year of the calendar
        return None


SERVICE = Service(
    (
        TargetKind(
            "CloudWatch Logs group",
            "logs",
            # A stream may not be named (captured); `:*` is what CloudFormation's GetAtt appends.
            "log-group:GROUP[:*]",
            "refused",
            _put_log_events,
            Example(
                "log-group:/aws/events/orders",
                {
                    "InputTransformer": {
                        "InputPathsMap": {"time": "$.time", "order": "$.detail.order"},
                        "InputTemplate": '{"timestamp": <time>, "message": "order <order>"}',
                    }
                },
            ),
            inputs=("InputTransformer",),
            refusal=(
                "Input and InputPath are not valid forms of input for target {id}. "
                "The only valid form of input is InputTransformer."  # captured
            ),
            fails_with=("InputTransformer",),
            payload_bytes_max=256 * KIB - 26,  # Amazon CloudWatch Logs: PutLogEvents
            permission=Permission(
                ("logs:CreateLogStream", "logs:PutLogEvents"), suffix=":log-stream:events"
            ),
        ),
    ),
    (_NOT_A_LOG_ENTRY, NO_WHOLE_GROUP),
)
