"""What services say when they refuse a delivery: the words of a dead letter, by service.

EventBridge passes on what the called service has answered. These texts have been captured, all but the
ids in them; for services and errors that are not here, `error_codes` has words of ours. An error is
known by the name that the service gives it (`KMS.DisabledException`) or by EventBridge's code for it,
which means the first row of that service with this code.

A request id follows from the event and the attempt, so every run has the same.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import NamedTuple, final

from simbridge.model import arn as arns
from simbridge.model.error_codes import ERROR_CODES, checked

__all__ = ["REFUSALS", "Refusal", "checked_error", "words"]


@final
class Refusal(NamedTuple):
    """One error of a service: EventBridge's code for it, its words, and when it happens."""

    service: str
    error: str
    code: str
    text: str
    when: str


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "sqs",
        "AccessDenied",
        "NO_PERMISSIONS",
        "User: events.amazonaws.com is not authorized to perform: sqs:sendmessage on resource: "
        "{arn} because no resource-based policy allows the sqs:sendmessage action "
        "(Service: AmazonSQS; Status Code: 403; Error Code: AccessDenied; "
        "Request ID: {request}; Proxy: null)",
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
    Refusal(
        "sns",
        "AuthorizationError",
        "NO_PERMISSIONS",
        "User: events.amazonaws.com is not authorized to perform: SNS:Publish on resource: {arn} "
        "because no resource-based policy allows the SNS:Publish action (Service: AmazonSNS; "
        "Status Code: 403; Error Code: AuthorizationError; Request ID: {request}; Proxy: null)",
        "the policy of the topic does not let the rule in",
    ),
    Refusal(
        "events",
        "THIRD_ACCOUNT_HOP_DETECTED",
        "THIRD_ACCOUNT_HOP_DETECTED",
        "Event ingestion rejected for event {event} because an event can be sent to an event bus "
        "target only once. This event was previously delivered to an event bus target.",
        "the event came from another event bus already",
    ),
)
"""The rows; of one service and one code the most usual one is first."""


def checked_error(arn: str, error: str) -> str:
    """The error itself, if what lives at this ARN can refuse with it.

    Raises `SimbridgeError` for what is neither EventBridge's code nor an error of that service.
    """
    if isinstance(error, str) and _row(arn, error) is not None:
        return error
    return checked(error)


def words(arn: str, error: str, event_id: str, attempt: str) -> tuple[str, str]:
    """The ERROR_CODE and the ERROR_MESSAGE of a refusal; `attempt` is a name for the attempt.

    `error` is one that `checked_error` lets pass.
    """
    row = _row(arn, error)
    if row is None:
        return error, ERROR_CODES[error].text
    name = f"{arn}\n{event_id}\n{attempt}"
    return row.code, row.text.format(
        arn=arn,
        event=event_id,
        key=_key_of(arn),
        request=uuid.uuid3(uuid.NAMESPACE_URL, name),
        inner=uuid.uuid3(uuid.NAMESPACE_URL, f"{name}\nkey"),
    )


@lru_cache(maxsize=4096)
def _row(arn: str, error: str) -> Refusal | None:
    if not arn.startswith("arn:"):
        return None  # an HTTP endpoint, by its URL
    service = arns.parse(arn).service
    ours = [row for row in REFUSALS if row.service == service]
    return next((row for row in ours if error in (row.error, row.code)), None)


def _key_of(arn: str) -> str:
    """The ARN of the key that encrypts a queue. Keys are not simulated: it has one of its own."""
    place = arns.parse(arn)
    key = uuid.uuid3(uuid.NAMESPACE_URL, f"{arn}\nkey")
    return f"arn:{place.partition}:kms:{place.region}:{place.account}:key/{key}"
