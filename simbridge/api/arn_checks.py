"""Checks of the ARNs in a request: form, service, account and region.

EventBridge checks the form of a target, a role or a queue when a request names it, and learns at
delivery whether it exists (recorded). So these functions look nothing up.
"""

from __future__ import annotations

from simbridge.api.errors import access_denied, invalid, malformed_arn
from simbridge.base.errors import InvalidArn, ServiceError
from simbridge.model import arn
from simbridge.targets import kind_of

__all__ = ["check_bus_dead_letter_queue", "check_dead_letter_queue", "check_role", "read_arn"]


def read_arn(text: str) -> arn.Arn:
    """The parts of an ARN. Raises ValidationException if it is malformed."""
    try:
        return arn.parse(text)
    except InvalidArn as error:
        raise malformed_arn(text) from error


def check_role(text: str, account: str) -> None:
    """Check that a role is well formed and of the rule's own account; it need not exist (captured)."""
    if read_arn(text).account != account:
        # The words are those of other AWS services for the same refusal (lint).
        raise ServiceError("AccessDeniedException", "Cross-account pass role is not allowed.")


def check_dead_letter_queue(text: str, region: str) -> None:
    """Check a target's dead-letter queue: a standard queue of this region, of any account (lint)."""
    if _queue(text).region != region:
        # The refusal was measured, its text was not recorded.
        raise invalid(
            f"Parameter {text} is not valid. "
            "Reason: Dead letter queue must be in the same Region as the rule."
        )


def check_bus_dead_letter_queue(text: str, region: str) -> None:
    """Check a bus's dead-letter queue: the same rules, with another error for the region (captured)."""
    if _queue(text).region != region:
        raise access_denied(text, "You must specify a dead letter queue in the same region.")


def _queue(text: str) -> arn.Arn:
    """The parts of the ARN of a standard queue. Raises ValidationException if it is anything else."""
    queue = read_arn(text)
    if queue.service != "sqs":
        raise invalid(f"{queue.service} is not supported as a dead letter resource")
    if kind_of(queue) is None:
        raise malformed_arn(text)
    if queue.resource.endswith(".fifo"):
        raise invalid("SQS FIFO is not supported by Dead Letter Queues")
    return queue
