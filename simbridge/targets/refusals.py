"""The texts with which services refuse a delivery, as its dead letter shows them.

EventBridge passes on what the called service has answered. The texts in `services` have been captured,
all but the ids in them; for other services and errors, `error_codes` has our texts. An error is
given by the name that the service has for it (`KMS.DisabledException`) or by EventBridge's code for it,
which means the first row of that service with this code.

A request id follows from the event and the attempt, so every run has the same.
"""

from __future__ import annotations

import uuid
from functools import lru_cache

from simbridge.model import arn as arns
from simbridge.model.error_codes import ERROR_CODES, checked
from simbridge.targets.service import Refusal
from simbridge.targets.services import SERVICES

__all__ = ["REFUSALS", "checked_error", "request_id", "words"]


REFUSALS: tuple[Refusal, ...] = tuple(row for service in SERVICES for row in service.refusals)
"""The rows of all services; of one service and one code the most usual one is first."""


def checked_error(arn: str, error: str) -> str:
    """The error itself, if the resource of this ARN can refuse with it.

    Raises `SimbridgeError` if it is neither a code of EventBridge nor an error of that service.
    """
    if isinstance(error, str) and _row(arn, error) is not None:
        return error
    return checked(error)


def words(arn: str, error: str, event_id: str, attempt: str) -> tuple[str, str]:
    """The ERROR_CODE and the ERROR_MESSAGE of a refusal; `attempt` is a name for the attempt.

    `error` is one that `checked_error` returned.
    """
    row = _row(arn, error)
    if row is None:
        return error, ERROR_CODES[error].text
    return row.code, row.text.format(
        arn=arn,
        event=event_id,
        key=_key_of(arn),
        request=request_id(arn, event_id, attempt),
        inner=request_id(arn, event_id, f"{attempt}\nkey"),
    )


def request_id(arn: str, event_id: str, attempt: str) -> str:
    """The id of a request to the service of this ARN."""
    return str(uuid.uuid3(uuid.NAMESPACE_URL, f"{arn}\n{event_id}\n{attempt}"))


@lru_cache(maxsize=4096)
def _row(arn: str, error: str) -> Refusal | None:
    if not arn.startswith("arn:"):
        return None  # an HTTP endpoint, by its URL
    service = arns.parse(arn).service
    rows = (row for row in REFUSALS if row.service == service)
    return next((row for row in rows if error in (row.error, row.code)), None)


def _key_of(arn: str) -> str:
    """The ARN of the key that encrypts a queue. Keys are not simulated: each queue has its own."""
    place = arns.parse(arn)
    key = uuid.uuid3(uuid.NAMESPACE_URL, f"{arn}\nkey")
    return f"arn:{place.partition}:kms:{place.region}:{place.account}:key/{key}"
