"""The handle of a stand-in: its ARN, what it has received, and the methods that send it faults.

A handle has no state of its own. What the stand-in has received is read from the actor, each message once.
A fault is sent to the actor as a message (`Behave`), so it is ordered and recorded like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, final

from simbridge.actors.fifo import unwrap_stand_in
from simbridge.actors.function import Received, UserFunction, text_of
from simbridge.actors.target import StandIn, request_of
from simbridge.base import json
from simbridge.base.printable import printable
from simbridge.hosts import engine
from simbridge.kernel import Kernel
from simbridge.model.messages import Permit
from simbridge.world.handles.handle import Caller, Handle
from simbridge.world.handles.policies import PolicyText, checked_policy

__all__ = ["StandInHandle"]

View = TypeVar("View")


@final
class _Read(Generic[View]):
    """The messages of a stand-in, each converted once by `read`."""

    def __init__(self, read: Callable[[Received], View]) -> None:
        self._one = read
        self._all: list[View] = []

    def of(self, received: Sequence[Received]) -> list[View]:
        """A list that the caller may change; its items are the same objects each time."""
        self._all.extend(map(self._one, received[len(self._all) :]))
        return list(self._all)


class StandInHandle(Handle):
    """A stand-in of a world."""

    def __init__(self, kernel: Kernel, caller: Caller, arn: str) -> None:
        super().__init__(kernel, caller, arn)
        self.arn = arn
        self._messages = _Read(text_of)
        self._objects: _Read[Any] = _Read(_object_of)
        self._requests = _Read(partial(request_of, arn))

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def received(self) -> list[Any]:
        """What it was sent, as Python objects, in the order of arrival.

        Each is decoded once: it is the same object whenever it is asked for.
        """
        return self._read(self._objects)

    @property
    def messages(self) -> list[str]:
        """The bodies it was sent, as text, in the order of arrival."""
        return self._read(self._messages)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The calls of its service's API that it was sent, in the order of arrival.

        Each has the name of the call as `Action` and the parameters as that API calls them.
        """
        return self._read(self._requests)

    @property
    def policy(self) -> dict[str, Any] | None:
        """Its resource policy as it was set last; None if it has none, and the world decides.

        Assign a mapping, JSON text or None to change it. The change is a record of the trace and holds
        for every attempt from then on, also of events that are under way. Raises `InvalidPolicy` or
        `NotSimulated` for its content, and `SimbridgeError` if deliveries to such a target ask no policy.
        """
        with self._kernel.exclusive:
            stored = self._actor.policy
        return None if stored is None else json.decode(stored)

    @policy.setter
    def policy(self, policy: PolicyText | None) -> None:
        stored = checked_policy(self.arn, policy)
        with self._kernel.hold():
            sender, cause = self._caller()
            self._actor.policy = stored
            self._kernel.send(sender, self.arn, Permit(stored), cause=cause)

    def __repr__(self) -> str:
        return f"<stand-in {printable(self.arn)}>"

    def _read(self, view: _Read[View]) -> list[View]:
        with self._kernel.exclusive:  # one thread at a time, and none while another runs the world
            return view.of(self._actor.received)

    @property
    def _actor(self) -> StandIn:
        return unwrap_stand_in(self._kernel.actors[self.arn])

    @property
    def _functions(self) -> list[UserFunction]:
        return self._actor.functions


def _object_of(message: Received) -> Any:
    return engine.decoded(text_of(message))
