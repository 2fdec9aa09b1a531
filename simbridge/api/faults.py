"""The errors that a call can be answered with: those of its operation, and those of every operation.

The errors of an operation are read from the service model. The common ones come from in front of the
service (signature, quota, unreadable request) and are not in the model; they are the table here. A
scenario that makes a call fail may use these two kinds and nothing else: a test with an error that AWS
never answers would prove nothing.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html>
"""

from __future__ import annotations

from typing import NamedTuple, final

from simbridge.api.model import error_names, operation_names
from simbridge.base.errors import ServiceError, SimbridgeError
from simbridge.base.suggest import did_you_mean

__all__ = ["FAULTS", "Fault", "check_fault", "fault"]


@final
class Fault(NamedTuple):
    """An error that any call can be answered with: HTTP status, usual text, and its cause."""

    status: int
    text: str
    meaning: str


# AWS's page "Common Errors" of the API references, with the names of the JSON protocol; the validation
# and the serialization error are recorded answers of the service (fidelity 0.4).
FAULTS: dict[str, Fault] = {
    "AccessDeniedException": Fault(
        400, "You do not have sufficient access to perform this action.", "no policy allows it"
    ),
    "ExpiredTokenException": Fault(
        403, "The security token included in the request is expired", "old temporary credentials"
    ),
    "IncompleteSignature": Fault(
        400, "The request signature does not conform to AWS standards.", "a part of it is missing"
    ),
    "InternalException": Fault(
        500, "This exception occurs due to unexpected causes.", "the service failed"
    ),
    "InternalFailure": Fault(500, "Internal Service Failure", "the service failed, unexpectedly"),
    "InvalidClientTokenId": Fault(
        403, "The security token included in the request is invalid.", "no such access key"
    ),
    "InvalidSignatureException": Fault(
        403,
        "The request signature we calculated does not match the signature you provided.",
        "a wrong secret key",
    ),
    "MissingAuthenticationTokenException": Fault(
        403, "Missing Authentication Token", "a request without a signature"
    ),
    "NotAuthorized": Fault(
        400, "You do not have permission to perform this action.", "the action is not allowed"
    ),
    "OptInRequired": Fault(
        403, "The AWS Access Key Id needs a subscription for the service", "no subscription"
    ),
    "RequestExpired": Fault(400, "Request has expired.", "the caller's clock is wrong"),
    "SerializationException": Fault(
        400, "The request is not valid.", "the body of the request cannot be read"
    ),
    "ServiceUnavailable": Fault(
        503, "Service is unavailable. Please try again later.", "the service is down for a while"
    ),
    "ThrottlingException": Fault(400, "Rate exceeded", "a quota per second is used up"),
    "UnrecognizedClientException": Fault(
        403, "The security token included in the request is invalid.", "unknown credentials"
    ),
    "ValidationException": Fault(
        400, "The request is not valid.", "a value that the service does not take"
    ),
}
"""The errors that any call can be answered with, by their codes."""


def check_fault(operation: str | None, error: str) -> None:
    """Raise `SimbridgeError` unless this operation exists and can be answered with this error."""
    if operation not in operation_names():
        raise SimbridgeError(
            f"EventBridge has no operation {operation!r}; {did_you_mean(operation, operation_names())}"
        )
    modelled = error_names(operation)
    if error not in modelled and error not in FAULTS:
        own = [name for name in modelled if name not in FAULTS]
        has = f"has {', '.join(own)}" if own else "has no error of its own"
        raise SimbridgeError(
            f"{operation} is never answered with {error!r}; {did_you_mean(error, [*own, *FAULTS])} "
            f"({operation} {has}; those of every call are in simbridge.api.faults.FAULTS)"
        )


def fault(error: str, text: str) -> ServiceError:
    """The answer with this error. If `text` is empty, it has the usual one."""
    usual = FAULTS.get(error, Fault(400, error, ""))
    return ServiceError(error, text or usual.text, usual.status)
