"""The handle of an SQS queue, with the side of a consumer.

See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html.
"""

from __future__ import annotations

from typing import Any, NamedTuple, final

from simbridge.actors.function import Received, text_of
from simbridge.base import clock
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError
from simbridge.model.messages import Call, DeadLetter
from simbridge.world.handles.stand_ins import StandInHandle

__all__ = ["Queue", "QueueMessage"]

VISIBILITY_S_MAX = 12 * 3600
"""Seconds a message of a queue can be hidden (Amazon SQS: ReceiveMessage)."""


@final
class QueueMessage(NamedTuple):
    """A message as a consumer of a queue receives it.

    `attributes` are its message attributes, as text: those of a dead letter say what went wrong.
    """

    body: str
    attributes: dict[str, str]
    receive_count: int
    receipt: int


@final
class Queue(StandInHandle):
    """A stand-in for an SQS queue, with a consumer's side."""

    def receive(
        self, *, max_messages: int = 10, visibility_timeout: Duration = "30s"
    ) -> list[QueueMessage]:
        """Receive messages, as a consumer does: they are hidden until the timeout, then back.

        Delete a message once it is processed. Raises `SimbridgeError` for a number of messages outside
        of 1..10, and for a timeout of more than twelve hours.
        """
        if not isinstance(max_messages, int) or max_messages not in range(1, 11):
            raise SimbridgeError(f"max_messages is a number from 1 to 10, not {max_messages!r}")
        timeout = clock.duration(visibility_timeout)
        if timeout > VISIBILITY_S_MAX * clock.SECOND:
            raise SimbridgeError(
                f"visibility_timeout is at most 12 hours, not {visibility_timeout!r}"
            )
        actor = self._actor
        with self._kernel.hold():
            numbers = actor.visibility.take(actor.received, self._kernel.now, max_messages, timeout)
            self._note("ReceiveMessage", {"VisibilityTimeout": timeout // clock.SECOND}, numbers)
            return [self._message(number) for number in numbers]

    def delete(self, message: QueueMessage) -> None:
        """Delete a message that was received. Raises `SimbridgeError` for anything else."""
        if not isinstance(message, QueueMessage):
            raise SimbridgeError(f"delete takes a message that receive() gave, not {message!r}")
        with self._kernel.hold():
            self._actor.visibility.delete(message.receipt)
            self._note("DeleteMessage", {}, [message.receipt])

    def _message(self, number: int) -> QueueMessage:
        stored: Received = self._actor.received[number]
        attributes = stored.attributes if isinstance(stored, DeadLetter) else {}
        times = self._actor.visibility.times(number)
        return QueueMessage(text_of(stored), dict(attributes), times, number)

    def _note(self, operation: str, request: dict[str, Any], numbers: list[int]) -> None:
        sender, cause = self._caller()
        sequence = self._kernel.draw(cause=cause)
        call = Call(operation, request, {"Messages": numbers})
        self._kernel.note(sequence, cause, sender, self.arn, call)
