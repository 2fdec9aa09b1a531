"""Which messages of a queue a consumer can receive: those that are not hidden or deleted.

A message that was received is hidden for the visibility timeout, and can be received again after it unless it
was deleted
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html). In a
FIFO queue a hidden message also hides the later ones of its group (same guide, "FIFO queue delivery logic").
"""

from __future__ import annotations

from typing import final

from simbridge.actors.function import Received
from simbridge.base.clock import LATEST
from simbridge.model.messages import Invoke

__all__ = ["Visibility", "group_of"]


def group_of(message: Received) -> str | None:
    """The MessageGroupId of a message for a FIFO queue."""
    parameters = message.parameters if isinstance(message, Invoke) else None
    block = parameters.blocks.get("SqsParameters") if parameters is not None else None
    return block.get("MessageGroupId") if block else None


@final
class Visibility:
    """Which messages of a queue a consumer can receive; messages are numbers in order of arrival."""

    def __init__(self) -> None:
        self._hidden_until: dict[int, int] = {}
        self._times: dict[int, int] = {}
        self._first = 0

    def take(self, stored: list[Received], now: int, most: int, timeout_us: int) -> list[int]:
        """Receive up to `most` messages and hide them."""
        taken: list[int] = []
        blocked: set[str] = set()
        for number in range(self._first, len(stored)):
            if len(taken) == most:
                break
            group = group_of(stored[number])
            until = self._hidden_until.get(number, 0)
            if until == LATEST:
                self._first += number == self._first
            elif until > now:
                blocked.update([group] if group else [])
            elif group not in blocked:
                taken.append(number)
        for number in taken:
            self._hidden_until[number] = now + timeout_us
            self._times[number] = self.times(number) + 1
        return taken

    def times(self, number: int) -> int:
        """How often a message has been received."""
        return self._times.get(number, 0)

    def delete(self, number: int) -> None:
        """Delete a message."""
        self._hidden_until[number] = LATEST
