"""Calls that hand the payload over: messages, records, log events, executions.

A request is the call of the target's service as that service's API shapes it, with its name under
`Action`: `{"Action": "SendMessage", "MessageBody": ...}`. The functions are pure: the same sending
gives the same request, so nobody needs to make one before somebody looks at it.

Which calls these are, and which parameters of a target go where, is told by the user guide and by
the permissions it asks for. Where a service wants a name for what it is given (an execution, a log
stream, a partition key), the name is `Sending.unique` in the form that was seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec

from simbridge.base import clock
from simbridge.languages.transform import jsontext, paths
from simbridge.model import arn as arns
from simbridge.targets.failures import Failure, failed
from simbridge.targets.sending import Request, Sending

__all__ = [
    "dead_letter_request",
    "event_bus",
    "fifo_queue",
    "firehose_stream",
    "glue_workflow",
    "kinesis_stream",
    "lambda_function",
    "log_group",
    "response_plan",
    "sns_topic",
    "sqs_queue",
    "state_machine",
]

_PARTITION_KEY_CHARS_MAX = 256  # Amazon Kinesis: PutRecord, PartitionKey


def lambda_function(sending: Sending) -> Request | Failure:
    """An asynchronous invocation. Lambda reads its payload as JSON, and so does Step Functions."""
    if not _is_json(sending):
        return failed("no JSON", action="Invoke")
    request: Request = {
        "Action": "Invoke",
        "FunctionName": str(sending.target),
        "InvocationType": "Event",
        "Payload": sending.text,
    }
    return _traced(request, "TraceHeader", sending)


def sns_topic(sending: Sending) -> Request:
    """A message without a subject."""
    return {"Action": "Publish", "TopicArn": str(sending.target), "Message": sending.text}


def sqs_queue(sending: Sending) -> Request:
    """A message to a standard queue; a group id is passed on (fair queues, 2025)."""
    request: Request = {
        "Action": "SendMessage",
        "QueueUrl": _queue_url(sending),
        "MessageBody": sending.text,
    }
    group = sending.block("SqsParameters").get("MessageGroupId")
    if group:
        request["MessageGroupId"] = group
    return _with_trace_attribute(request, sending.trace_header)


def fifo_queue(sending: Sending) -> Request | Failure:
    """A message to a FIFO queue, which has to do its deduplication by the content."""
    request = sqs_queue(sending)
    return request if "MessageGroupId" in request else failed("group id")


def dead_letter_request(sending: Sending, attributes: Mapping[str, str]) -> Request:
    """The message to a dead-letter queue, with its attributes (fidelity 2.4)."""
    request: Request = {
        "Action": "SendMessage",
        "QueueUrl": _queue_url(sending),
        "MessageBody": sending.text,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    return _with_trace_attribute(request, sending.trace_header)


def log_group(sending: Sending) -> Request | Failure:
    """A log event in a stream of its own (captured): the event, or what the template says."""
    entry: object = sending.document
    if sending.body is None:
        entry = {"timestamp": sending.envelope["time"], "message": sending.text}
    if not isinstance(entry, dict) or set(entry) != {"timestamp", "message"}:
        return failed("log entry")
    time, message = _milliseconds(entry["timestamp"]), entry["message"]
    if time is None:
        return failed("log entry")
    text = message if isinstance(message, str) else jsontext.emit(message)
    return {
        "Action": "PutLogEvents",
        "logGroupName": sending.name,
        "logStreamName": str(sending.unique),
        "logEvents": [{"timestamp": time, "message": text}],
    }


def kinesis_stream(sending: Sending) -> Request | Failure:
    """A record. The key is what PartitionKeyPath finds, as JSON with its quotes, `{}` if nothing;
    without a path it is `<event id>_<uuid>` (captured).
    """
    path = sending.block("KinesisParameters").get("PartitionKeyPath")
    if path is None:
        key = f"{sending.envelope['id']}_{sending.unique}"
    else:
        parsed = paths.parse(path)
        found = parsed.find(sending.envelope) if parsed is not None else None
        key = "{}" if found is None or found is msgspec.UNSET else jsontext.emit(found)
    if len(key) > _PARTITION_KEY_CHARS_MAX:
        return failed("partition key", key=key)
    return {
        "Action": "PutRecord",
        "StreamName": sending.name,
        "Data": sending.text,
        "PartitionKey": key,
    }


def firehose_stream(sending: Sending) -> Request:
    """A record, without a line break at its end (recorded)."""
    return {
        "Action": "PutRecord",
        "DeliveryStreamName": sending.name,
        "Record": {"Data": sending.text},
    }


def state_machine(sending: Sending) -> Request | Failure:
    """An execution that is named after the event."""
    if not _is_json(sending):
        return failed("no JSON", action="StartExecution")
    request: Request = {
        "Action": "StartExecution",
        "stateMachineArn": str(sending.target),
        "name": f"{sending.envelope['id']}_{sending.unique}",
        "input": sending.text,
    }
    return _traced(request, "traceHeader", sending)


def response_plan(sending: Sending) -> Request:
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


def glue_workflow(sending: Sending) -> Request:
    """A notice of the event; the workflow decides when it starts."""
    return {"Action": "NotifyEvent", "WorkflowName": sending.name, "Event": sending.text}


def event_bus(sending: Sending) -> Request:
    """The event as it is. A bus of this world takes it without being called (`actors/bus`)."""
    return {"Action": "PutEvents", "EventBusName": str(sending.target), "Event": sending.text}


def _is_json(sending: Sending) -> bool:
    body = sending.body
    return body is None or jsontext.well_formed(body, jsontext.Roots.ONE)


def _traced(request: Request, name: str, sending: Sending) -> Request:
    if sending.trace_header is not None:
        request[name] = sending.trace_header
    return request


def _with_trace_attribute(request: Request, header: str | None) -> Request:
    if header is not None:  # recorded
        attribute = {"DataType": "String", "StringValue": header}
        request["MessageSystemAttributes"] = {"AWSTraceHeader": attribute}
    return request


def _queue_url(sending: Sending) -> str:
    queue = sending.target
    suffix = arns.dns_suffix(queue.partition)
    return f"https://sqs.{queue.region}.{suffix}/{queue.account}/{queue.resource}"


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
