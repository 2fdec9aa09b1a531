"""A global endpoint: a change of it takes a while, and then it is reported.

`TRANSITIONS` has the states (fidelity 13.1). The control plane begins a change by a `Configure` with the
state of the change (CREATING, UPDATING, DELETING); it refuses another change until the report
(`Progress`) of this one. What the endpoint does with events is decided by its routing (`api/routing`) and by
its managed rules.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Endpoint.html>
"""

from __future__ import annotations

from typing import final

from simbridge.actors.transitions import Transition, steps_of
from simbridge.kernel import Turn
from simbridge.model import arn as arns
from simbridge.model.messages import Configure, Message, Tick
from simbridge.model.resources import Endpoint
from simbridge.model.state_messages import Progress

__all__ = ["TRANSITIONS", "EndpointActor"]

CREATING, ACTIVE, UPDATING, DELETING = "CREATING", "ACTIVE", "UPDATING", "DELETING"
CREATE_FAILED, UPDATE_FAILED, DELETED = "CREATE_FAILED", "UPDATE_FAILED", "DELETED"

TRANSITIONS = (
    Transition(CREATING, "complete", ACTIVE, "its two event buses exist"),
    Transition(CREATING, "fail", CREATE_FAILED, "one of its event buses does not exist"),
    Transition(ACTIVE, "update", UPDATING, "UpdateEndpoint"),
    Transition(CREATE_FAILED, "update", UPDATING, "UpdateEndpoint"),
    Transition(UPDATE_FAILED, "update", UPDATING, "UpdateEndpoint"),
    Transition(UPDATING, "complete", ACTIVE, "its two event buses exist"),
    Transition(UPDATING, "fail", UPDATE_FAILED, "one of its event buses does not exist"),
    Transition(ACTIVE, "delete", DELETING, "DeleteEndpoint"),
    Transition(CREATE_FAILED, "delete", DELETING, "DeleteEndpoint"),
    Transition(UPDATE_FAILED, "delete", DELETING, "DeleteEndpoint"),
    Transition(DELETING, "complete", DELETED, "it is not listed any more"),
)
"""The life of a global endpoint, which begins `CREATING`."""

_STEPS = steps_of(TRANSITIONS)


@final
class EndpointActor:
    """The actor at the ARN of a global endpoint. A change takes `change_us`."""

    def __init__(self, change_us: int) -> None:
        self.change_us = change_us
        self.endpoint: Endpoint | None = None

    def receive(self, message: Message, turn: Turn) -> None:
        """Configure begins a change, Tick ends it."""
        match message:
            case Configure(Endpoint() as endpoint):
                self.endpoint = endpoint
                turn.send(turn.address, Tick(turn.now + self.change_us), self.change_us)
            case Tick():
                self._end_change(turn)
            case _:
                raise AssertionError(f"a global endpoint does not take {message!r}")

    def _end_change(self, turn: Turn) -> None:
        assert self.endpoint is not None
        failure = self.endpoint.failure
        state = _STEPS["fail" if failure else "complete"][self.endpoint.state]
        own = arns.parse(turn.address)
        turn.send(arns.api_address(own.account, own.region), Progress(state, failure))
        if state == DELETED:
            turn.stop()
