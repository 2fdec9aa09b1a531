"""The boto3 clients of a world: which world a call goes to, and in whose name.

A handler may keep a client that it was given in one world, and be run by a fork of it. What it puts goes
to the world that runs it, so each call asks who acts at this moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, final

from simbridge.api.model import Answer, Answered, make_client
from simbridge.api.plane import ControlPlane
from simbridge.hosts import guest
from simbridge.kernel import OUTSIDE, Kernel

__all__ = ["Clients"]


@final
class Clients:
    """The clients of one world; `family` is one object for this world and all its forks."""

    def __init__(self, kernel: Kernel, plane: ControlPlane, family: object) -> None:
        self.kernel = kernel
        self.plane = plane
        self._family = family
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, account: str, region: str) -> Any:
        """The one client of an account and region."""
        key = (account, region)
        if key not in self._made:
            self._made[key] = make_client(self.answer_for(account), region)
        return self._made[key]

    def answer_for(self, account: str) -> Answer:
        """Who answers the clients of an account."""

        def answer(operation: str, body: bytes, region: str, trace_header: str | None) -> Answered:
            there = self.addressed()
            sender, cause = there.caller()
            return there.plane.answer(
                operation,
                body,
                account=account,
                region=region,
                sender=sender,
                cause=cause,
                trace_header=trace_header,
            )

        return answer

    def caller(self) -> tuple[str, int]:
        """Whose code is running, by its address, and the message that made it run."""
        turn = self.kernel.turn
        if turn is not None:
            return turn.address, turn.sequence
        return guest.current(self.kernel) or (OUTSIDE, 0)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """For a `with` block, this world is the one that runs."""
        before = _acting.set(self)
        try:
            yield
        finally:
            _acting.reset(before)

    def addressed(self) -> Clients:
        """Whom a call reaches: a fork, where a handler that has kept a client runs there."""
        other = _acting.get()
        return other if other is not None and other._family is self._family else self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}  # a handle that is pickled brings its caller along


_acting: ContextVar[Clients | None] = ContextVar("simbridge_acting", default=None)
"""The clients of the world that runs at this moment."""
