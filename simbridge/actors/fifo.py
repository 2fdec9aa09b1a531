"""FIFO queues: stand-ins that put no message twice into their queue within five minutes.

With content-based deduplication, the only kind that EventBridge can send to, a message is identified by the
SHA-256 of its body. A message that is sent again within the deduplication interval is accepted and not put
into the queue
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html).
The scope is the whole queue, which is SQS's default: the message group makes no difference. The interval
begins with the message that was put into the queue. A duplicate does not prolong it, and a consumer that
deletes the message does not end it.

So an event that EventBridge delivers twice is in the queue once, and so are two events with the same input.
Dead letters never come here: a FIFO queue is refused as a dead-letter queue (fidelity 2.5).
"""

from __future__ import annotations

import hashlib
from typing import final

from simbridge import targets
from simbridge.actors.function import text_of
from simbridge.actors.permission import Permissions, guard_of
from simbridge.actors.target import StandIn
from simbridge.base.clock import SECOND
from simbridge.kernel import Actor, Turn
from simbridge.model.messages import Invoke, Message, Outcome

__all__ = ["DEDUPLICATION_S", "REPEATED", "FifoQueue", "make_stand_in", "unwrap_stand_in"]

DEDUPLICATION_S = 300
"""Seconds in which a message with the same body is a duplicate."""

REPEATED = "duplicate of a message of the last five minutes: accepted, not put into the queue again"


@final
class FifoQueue:
    """The actor at the ARN of a FIFO queue; the stand-in behind it does everything else.

    Without content-based deduplication it refuses events of EventBridge, which sends no deduplication id.
    """

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.content_based_deduplication = True
        self.accepted: dict[bytes, int] = {}
        """When each body of the last five minutes was put into the queue, in that order."""

    def receive(self, message: Message, turn: Turn) -> None:
        """Answer as the queue does; a duplicate does not reach the stand-in."""
        stand_in = self.stand_in
        if not isinstance(message, Invoke):
            stand_in.receive(message, turn)
            return
        if stand_in.refuses(message, turn):
            return
        if not self.content_based_deduplication:
            refusal = targets.NO_DEDUPLICATION.because()
            turn.reply(Outcome(message.delivery, message.attempt, *refusal))
            return
        body = hashlib.sha256(text_of(message).encode("utf-8", "surrogatepass")).digest()
        self._forget(turn.now)
        if body in self.accepted:
            error, text, after = stand_in.answer(message, turn)
            said = REPEATED if error is None else text
            turn.reply(Outcome(message.delivery, message.attempt, error, said), after)
            return
        before = len(stand_in.received)
        stand_in.receive(message, turn)
        if len(stand_in.received) > before:
            self.accepted[body] = turn.now

    def _forget(self, now: int) -> None:
        """Forget the bodies whose interval is over; the oldest are first."""
        begin = now - DEDUPLICATION_S * SECOND
        old = []
        for body, accepted_us in self.accepted.items():
            if accepted_us > begin:
                break
            old.append(body)
        for body in old:
            del self.accepted[body]


def make_stand_in(arn: str, permissions: Permissions) -> StandIn | FifoQueue:
    """The actor for the ARN of a target that is not part of EventBridge."""
    service, name = arn.split(":", 3)[2], arn.rpartition(":")[2]
    stand_in = StandIn(permissions, guard_of(arn, None, permissions))
    return FifoQueue(stand_in) if service == "sqs" and name.endswith(".fifo") else stand_in


def unwrap_stand_in(actor: Actor) -> StandIn:
    """The stand-in that such an actor is, or has."""
    stand_in = actor.stand_in if isinstance(actor, FifoQueue) else actor
    assert isinstance(stand_in, StandIn), "a target has no other actor"
    return stand_in
