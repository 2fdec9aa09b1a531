"""Amazon SQS: a message is sent to a queue, standard or FIFO, which may be a dead-letter queue.

Both kinds have one form of ARN: a name that ends in `.fifo` is that of a FIFO queue. A FIFO queue has
to do its deduplication by the content, since EventBridge sends no deduplication id.
"""

from __future__ import annotations

from collections.abc import Mapping

from simbridge.model import arn as arns
from simbridge.targets.failures import Failure, FailureKind
from simbridge.targets.permission import Permission
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, KIB, Example, Refusal, Service, TargetKind

__all__ = ["NO_DEDUPLICATION", "SERVICE", "dead_letter_request"]

_BYTES_MAX = 1024 * KIB  # Amazon SQS: SendMessage, since 2025

_TOO_LARGE = FailureKind(
    "The body for an SQS queue is larger than a message may be.",
    "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.",
)
_EMPTY = FailureKind(
    "An empty body for an SQS queue: the dead letter of an input that renders to nothing.",
    "The request must contain the parameter MessageBody.",
)
_NO_GROUP = FailureKind(
    "A FIFO queue without a MessageGroupId in SqsParameters.",
    "The request must contain the parameter MessageGroupId.",
)
NO_DEDUPLICATION = FailureKind(
    "A FIFO queue without content-based deduplication.",
    "The queue should either have ContentBasedDeduplication enabled or "
    "MessageDeduplicationId provided explicitly",
)


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


def _send_message(sending: Sending) -> Request:
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


def _send_fifo_message(sending: Sending) -> Request | Failure:
    request = _send_message(sending)
    return request if "MessageGroupId" in request else _NO_GROUP.because()


def _with_trace_attribute(request: Request, header: str | None) -> Request:
    if header is not None:  # recorded
        attribute = {"DataType": "String", "StringValue": header}
        request["MessageSystemAttributes"] = {"AWSTraceHeader": attribute}
    return request


def _queue_url(sending: Sending) -> str:
    queue = sending.target
    suffix = arns.dns_suffix(queue.partition)
    return f"https://sqs.{queue.region}.{suffix}/{queue.account}/{queue.resource}"


_SEND = Permission(("sqs:SendMessage",), "sqs:sendmessage", "AmazonSQS", "AccessDenied")

_REFUSALS = (
    Refusal(
        "sqs",
        "AccessDenied",
        "NO_PERMISSIONS",
        _SEND.usual(),
        "the policy of the queue does not let the rule in",
    ),
    Refusal(
        "sqs",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NO_RESOURCE",
        "The specified queue does not exist or you do not have access to it. "
        "(Service: AmazonSQS; Status Code: 400; "
        "Error Code: AWS.SimpleQueueService.NonExistentQueue; Request ID: {request}; Proxy: null)",
        "there is no such queue",
    ),
    Refusal(
        "sqs",
        "KMS.DisabledException",
        "NO_RESOURCE",
        "{key} is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException; "
        "Request ID: {inner}; Proxy: null) (Service: AmazonSQS; Status Code: 400; "
        "Error Code: KMS.DisabledException; Request ID: {request}; Proxy: null)",
        "the key that encrypts the queue is disabled",
    ),
    Refusal(
        "sqs",
        "KMS.AccessDeniedException",
        "NO_PERMISSIONS",
        "User: events.amazonaws.com is not authorized to perform: kms:GenerateDataKey on this "
        "resource because the resource does not exist in this Region, no resource-based policies "
        "allow access, or a resource-based policy explicitly denies access (Service: AWSKMS; "
        "Status Code: 400; Error Code: AccessDeniedException; Request ID: {inner}; Proxy: null) "
        "(Service: AmazonSQS; Status Code: 400; Error Code: KMS.AccessDeniedException; "
        "Request ID: {request}; Proxy: null)",
        "the policy of the key that encrypts the queue does not let EventBridge in",
    ),
)

SERVICE = Service(
    (
        TargetKind(
            "SQS FIFO queue",
            "sqs",
            "NAME.fifo",
            "optional",
            _send_fifo_message,
            Example("orders.fifo", {"SqsParameters": {"MessageGroupId": "orders"}}),
            block="SqsParameters",
            block_required=True,
            fails_with=ALWAYS,
            payload_bytes_max=_BYTES_MAX,
            too_large=_TOO_LARGE,
            empty=_EMPTY,
            cross_account=True,
            permission=_SEND,
        ),
        TargetKind(
            "SQS queue",
            "sqs",
            "NAME",
            "optional",
            _send_message,
            Example("orders", {"InputPath": "$.detail.customer"}),
            block="SqsParameters",
            payload_bytes_max=_BYTES_MAX,
            too_large=_TOO_LARGE,
            empty=_EMPTY,
            cross_account=True,
            permission=_SEND,
        ),
    ),
    (_TOO_LARGE, _EMPTY, _NO_GROUP, NO_DEDUPLICATION),
    _REFUSALS,
)
