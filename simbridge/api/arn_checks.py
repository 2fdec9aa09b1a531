"""The ARNs that a request refers to: which of them the service accepts, and whose they may be.

None of these resources is looked up. EventBridge checks the form of a target, a role or a queue
when it is named and finds out at delivery whether it exists (recorded), so nothing here needs more
than the text.
"""

from __future__ import annotations

from simbridge.api.errors import access_denied, invalid, malformed_arn
from simbridge.base.errors import InvalidArn, ServiceError
from simbridge.model import arn
from simbridge.targets import kind_of

__all__ = ["check_bus_dead_letter_queue", "check_dead_letter_queue", "check_role", "read_arn"]


def read_arn(text: str) -> arn.Arn:
    """The parts of an ARN, or the service's complaint."""
    try:
        return arn.parse(text)
    except InvalidArn as error:
        raise malformed_arn(text) from error


def check_role(text: str, account: str) -> None:
    """A role is well formed and of the rule's own account; it need not exist (captured)."""
    if read_arn(text).account != account:
        # The words are those of other AWS services for the same refusal (lint).
        raise ServiceError("AccessDeniedException", "Cross-account pass role is not allowed.")


def check_dead_letter_queue(text: str, region: str) -> None:
    """The dead-letter queue of a target: a standard SQS queue of this region, of any account (lint)."""
    if _queue(text).region != region:
        # That it is refused was measured; with what words was not recorded.
        raise invalid(
            f"Parameter {text} is not valid. "
            "Reason: Dead letter queue must be in the same Region as the rule."
        )


def check_bus_dead_letter_queue(text: str, region: str) -> None:
    """The dead-letter queue of an event bus: of this region as well, in other words (captured)."""
    if _queue(text).region != region:
        raise access_denied(text, "You must specify a dead letter queue in the same region.")


def _queue(text: str) -> arn.Arn:
    """The ARN of a standard SQS queue, or the service's complaint."""
    queue = read_arn(text)
    if queue.service != "sqs":
        raise invalid(f"{queue.service} is not supported as a dead letter resource")
    if kind_of(queue) is None:
        raise malformed_arn(text)
    if queue.resource.endswith(".fifo"):
        raise invalid("SQS FIFO is not supported by Dead Letter Queues")
    return queue
