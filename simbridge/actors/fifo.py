"""FIFO queues: a stand-in that puts no message twice into its queue within five minutes.

With content-based deduplication, the only kind that EventBridge can send to, a message is known by the
SHA-256 of its body. Whoever sends one again within the deduplication interval is answered that it was
sent, and it does not appear in the queue (Amazon SQS developer guide, "Exactly-once processing"). The
scope is the whole queue, SQS's default: the message group makes no difference. The interval counts from
the message that was put into the queue; what is not put there does not prolong it, and a consumer that
has deleted the message meanwhile does not end it.

So what EventBridge delivers twice is there once, and so are two events whose input is the same text.
Dead letters never come here: a FIFO queue is refused as a dead-letter queue (fidelity 2.5).
"""

from __future__ import annotations

import hashlib
from typing import final

from simbridge import targets
from simbridge.actors.function import text_of
from simbridge.actors.target import StandIn
from simbridge.base.clock import SECOND
from simbridge.kernel import Actor, Turn
from simbridge.model.messages import Invoke, Message, Outcome

__all__ = ["DEDUPLICATION_S", "REPEATED", "FifoQueue", "make_stand_in", "unwrap_stand_in"]

DEDUPLICATION_S = 300
"""Seconds in which a FIFO queue takes a message of the same body for the same message."""

REPEATED = "the same body came within five minutes: accepted, and not put into the queue again"


@final
class FifoQueue:
    """The actor at the ARN of a FIFO queue, in front of the stand-in that does everything else.

    Without content-based deduplication it takes no event from EventBridge, which gives no id for it.
    """

    def __init__(self) -> None:
        self.stand_in = StandIn()
        self.content_based_deduplication = True
        self.accepted: dict[bytes, int] = {}
        """When each body of the last five minutes was put into the queue, in that order."""

    def receive(self, message: Message, turn: Turn) -> None:
        """Answer as the queue does; what is a duplicate goes no further."""
        stand_in = self.stand_in
        if not isinstance(message, Invoke):
            stand_in.receive(message, turn)
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
        """Forget the bodies whose interval is over; the oldest stand first."""
        begin = now - DEDUPLICATION_S * SECOND
        old = []
        for body, accepted_us in self.accepted.items():
            if accepted_us > begin:
                break
            old.append(body)
        for body in old:
            del self.accepted[body]


def make_stand_in(arn: str) -> StandIn | FifoQueue:
    """What a world puts at the ARN of a target that is not simulated itself."""
    service, name = arn.split(":", 3)[2], arn.rpartition(":")[2]
    return FifoQueue() if service == "sqs" and name.endswith(".fifo") else StandIn()


def unwrap_stand_in(actor: Actor) -> StandIn:
    """The stand-in that such an actor is, or has."""
    stand_in = actor.stand_in if isinstance(actor, FifoQueue) else actor
    assert isinstance(stand_in, StandIn), "at the ARN of a target there is nothing else"
    return stand_in
