"""A partner event source: the timer of one that is not activated.

The control plane decides its states; this actor keeps the time. A `Configure` of a source that is PENDING
starts the timer, and one that is not stops it. When the timer is over, the actor reports to the control
plane of the account that the source is for (`Progress`), which deletes it for both sides (fidelity 7.2).
The actor of a deleted source remains, for messages that are still to come.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeactivateEventSource.html>
"""

from __future__ import annotations

from typing import final

from simbridge.kernel import Turn
from simbridge.model import arn as arns
from simbridge.model.messages import Configure, Message, Retire, Tick
from simbridge.model.resources import EventSource
from simbridge.model.state_messages import Progress

__all__ = ["EXPIRED", "EventSourceActor"]

EXPIRED = "it was PENDING for too long"
"""Why the source is DELETED, in the words of the timeline."""


@final
class EventSourceActor:
    """The actor at the ARN of a partner event source."""

    def __init__(self) -> None:
        self.source: EventSource | None = None
        self._tick: int | None = None

    def receive(self, message: Message, turn: Turn) -> None:
        """Configure starts or stops the timer, Tick ends it, Retire stops it for good."""
        match message:
            case Configure(EventSource() as source):
                self._cancel(turn)
                self.source = source
                if (due_us := source.expires_us) is not None:
                    self._tick = turn.send(turn.address, Tick(due_us), max(0, due_us - turn.now))
            case Tick():
                assert self.source is not None
                region = arns.parse(turn.address).region
                inbox = arns.api_address(self.source.account, region)
                self._tick = None
                turn.send(inbox, Progress("DELETED", EXPIRED))
            case Retire():
                self._cancel(turn)
            case _:
                raise AssertionError(f"a partner event source does not take {message!r}")

    def _cancel(self, turn: Turn) -> None:
        if self._tick is not None:
            turn.cancel(self._tick)
            self._tick = None
