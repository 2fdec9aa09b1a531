"""Why a delivery attempt fails: EventBridge's error codes, and whether it tries again.

The table has three readers: a stand-in refuses with one of these codes, a delivery looks up whether to
retry, and the documentation lists them. The codes are those of "dead-letter queue error codes" in the user
guide (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html). `retried` is what it says
there, unless a recording of the service shows otherwise (fidelity 2.2, 2.4).
"""

from __future__ import annotations

from typing import NamedTuple, final

from simbridge.base.errors import SimbridgeError
from simbridge.base.suggest import did_you_mean

__all__ = ["ERROR_CODES", "RETRIED", "ErrorCode", "checked"]


@final
class ErrorCode(NamedTuple):
    """One error code: whether EventBridge retries, what it means, and the usual text."""

    retried: bool
    meaning: str
    text: str


ERROR_CODES: dict[str, ErrorCode] = {
    "CONNECTION_FAILURE": ErrorCode(
        True, "the target cannot be reached", "Unable to connect to the target."
    ),
    "CROSS_ACCOUNT_INGESTION_FAILED": ErrorCode(
        True, "the event bus of another account did not take the event", "Ingestion failed."
    ),
    "CROSS_REGION_INGESTION_FAILED": ErrorCode(
        True, "the event bus of another region did not take the event", "Ingestion failed."
    ),
    "ERROR_FROM_TARGET": ErrorCode(
        False, "the target answered with an error", "The target returned an error."
    ),
    "EVENTS_IN_BATCH_REQUEST_REJECTED": ErrorCode(
        True, "part of a batch was rejected", "Events in the batch request were rejected."
    ),
    "FAILED_TO_ASSUME_ROLE": ErrorCode(
        False, "EventBridge may not assume the target's role", "Failed to assume role."
    ),
    "INTERNAL_ERROR": ErrorCode(
        True, "the target failed (5xx)", "Internal error. (Service: target; Status Code: 500)"
    ),
    "INVALID_JSON": ErrorCode(
        False, "the rendered input is not valid JSON", "Invalid input for target."
    ),
    "INVALID_PARAMETER": ErrorCode(
        False, "the target does not take these parameters", "Invalid parameter for target."
    ),
    "NO_PERMISSIONS": ErrorCode(
        False,
        "no policy allows the delivery",
        "EventBridge is not authorized to invoke the target.",
    ),
    "NO_RESOURCE": ErrorCode(False, "the target does not exist", "The target does not exist."),
    "RESOURCE_ALREADY_EXISTS": ErrorCode(
        False, "what the target would create exists", "The resource already exists."
    ),
    "RESOURCE_LIMIT_EXCEEDED": ErrorCode(
        True, "a quota of the target is used up", "A limit of the target was exceeded."
    ),
    "RESOURCE_MODIFICATION_COLLISION": ErrorCode(
        True, "the target is being changed by another call", "The resource is being modified."
    ),
    "SDK_CLIENT_ERROR": ErrorCode(True, "the call failed on EventBridge's side", "Client error."),
    "TARGET_DECRYPTION_FAILURE": ErrorCode(
        False,
        "the bus is encrypted with a key that cannot be used",
        "Unable to decrypt event using the Kms key.",
    ),
    "THIRD_ACCOUNT_HOP_DETECTED": ErrorCode(
        False,
        "the event came from another event bus already",
        "An event can be sent to an event bus target only once.",
    ),
    "THIRD_REGION_HOP_DETECTED": ErrorCode(
        False, "the event came from another region already", "Unknown exception."
    ),
    "THROTTLING": ErrorCode(
        True, "the target throttles", "Rate exceeded. (Service: target; Status Code: 429)"
    ),
    "TIMEOUT": ErrorCode(True, "the target did not answer in time", "The request timed out."),
    "TRANSIENT_ASSUME_ROLE": ErrorCode(
        False, "the target's role cannot be assumed at the moment", "Failed to assume role."
    ),
    "UNKNOWN": ErrorCode(False, "unspecified error", "Unknown exception."),
}

RETRIED = frozenset(code for code, row in ERROR_CODES.items() if row.retried)
"""The codes after which EventBridge retries."""


def checked(code: str) -> str:
    """The code itself. Raises `SimbridgeError` if EventBridge has no such code."""
    if not isinstance(code, str) or code not in ERROR_CODES:
        hint = did_you_mean(code, ERROR_CODES, "simbridge.model.error_codes")
        raise SimbridgeError(f"no delivery fails with {code!r}; {hint}")
    return code
