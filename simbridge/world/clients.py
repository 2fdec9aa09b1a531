"""The boto3 clients of a world: which world answers a call, and as which sender.

A handler may keep a client of one world and be run by a fork of that world. Its calls go to the world that
runs it, so each call looks up the current world.

Code may also make clients itself (`api/interception`). If a handler does, such a client acts in the account
of the handler's ARN, and in its region if none is configured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, final

from simbridge.api.interception import Entry, enter, intercepted, leave
from simbridge.api.model import SERVICE, Answer, Answered, HttpRequest, is_service, make_client
from simbridge.api.plane import ControlPlane
from simbridge.base.errors import NotSimulated, SimbridgeError
from simbridge.base.suggest import near
from simbridge.hosts import backends, engine
from simbridge.kernel import OUTSIDE, Kernel
from simbridge.model import arn as arns

__all__ = ["Clients", "check_service"]

_INSTEAD = {
    "eventbridge": "boto3 calls EventBridge 'events'",
    "eventbridgev2": "put rules and targets through client('events')",
    "pipes": "let a handler of a stand-in do what the pipe does, or use moto beside it",
    "scheduler": "put a rule with a ScheduleExpression, or use moto beside it",
    "schemas": "check events in your handler, or stub the registry's client",
}
"""What to use for other services of EventBridge, by their names in boto3."""


def check_service(service: str) -> None:
    """Raise `NotSimulated` for a service other than EventBridge's own, with what to use instead.

    Raises `SimbridgeError` if it is not the name of a service.
    """
    if not isinstance(service, str) or not service.strip():
        raise SimbridgeError(f"a client takes the name of a service, {SERVICE!r}, not {service!r}")
    if service != SERVICE:
        instead = _INSTEAD.get(service, "use moto beside it")
        if service not in _INSTEAD and not is_service(service) and near(service, [SERVICE]):
            instead = f"did you mean {SERVICE!r}?"
        raise NotSimulated(f"simbridge serves {SERVICE!r}, not {service!r}: {instead}")


@final
class Clients:
    """The clients of one world; `lineage` is one object for this world and all its forks."""

    def __init__(
        self, kernel: Kernel, plane: ControlPlane, lineage: object, account: str, region: str
    ) -> None:
        self.kernel = kernel
        self.plane = plane
        self._lineage = lineage
        self._home = account, region
        self._made: dict[tuple[str, str], Any] = {}
        self._running = Entry(_Served(self, None))

    def of(self, account: str, region: str) -> Any:
        """The one client of an account and region."""
        key = (account, region)
        if key not in self._made:
            self._made[key] = make_client(self._answer_for(account), region)
        return self._made[key]

    def _answer_for(self, account: str) -> Answer:
        """The function that answers the clients of an account."""

        def answer(request: HttpRequest) -> Answered:
            return self.addressed().answer(request, account)

        return answer

    def answer(self, request: HttpRequest, account: str) -> Answered:
        """Answer a request; its sender is the address whose code is running."""
        sender, cause = self.caller()
        return self.plane.answer(request, account=account, sender=sender, cause=cause)

    def caller(self) -> tuple[str, int]:
        """The address whose code is running, and the sequence number of the message that made it run."""
        turn = self.kernel.turn
        if turn is not None:
            return turn.address, turn.sequence
        return engine.current(self.kernel) or (OUTSIDE, 0)

    def at_home(self) -> tuple[str, str]:
        """The account and the region of the running code: those of its ARN, or of the world."""
        account, region = self._home
        sender, _ = self.caller()
        if sender.startswith("arn:"):
            here = arns.parse(sender)
            return here.account or account, here.region or region
        return account, region

    @contextmanager
    def as_current(self) -> Iterator[None]:
        """For a `with` block, this world is the current one."""
        before, entered = _current.set(self), enter(self._running)
        try:
            yield
        finally:
            leave(self._running, entered)
            _current.reset(before)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """For a `with` block, this world serves the clients that the code in it makes itself."""
        entered = enter(self._running)
        try:
            yield
        finally:
            leave(self._running, entered)

    @contextmanager
    def intercepting(self, account: str | None) -> Iterator[None]:
        """`serving`, for the whole process; without an account, that of the running code."""
        with intercepted(_Served(self, account)):
            yield

    def check_asyncio(self) -> None:
        """Raise `SimbridgeError` unless the running code is on asyncio."""
        if backends.on_trio():
            raise SimbridgeError(
                "aiobotocore needs asyncio, and this code runs on trio: run it with "
                "backend='asyncio', or use boto3's client, which does not block here"
            )

    def addressed(self) -> Clients:
        """The clients that answer a call: those of a fork, if a handler of it has kept this client."""
        other = _current.get()
        return other if other is not None and other._lineage is self._lineage else self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}  # a handle that is pickled brings its caller along


@final
class _Served:
    """One world, in one account, as the server of clients that code makes itself."""

    def __init__(self, clients: Clients, account: str | None) -> None:
        self._clients = clients
        self._account = account

    @property
    def world(self) -> object:
        """See `Server.world`."""
        return self._clients.kernel

    def answer(self, request: HttpRequest) -> Answered:
        """See `Server.answer`."""
        return self._clients.answer(request, self._account or self._clients.at_home()[0])

    def region(self) -> str:
        """See `Server.region`."""
        return self._clients.at_home()[1]

    def check_asyncio(self) -> None:
        """See `Server.check_asyncio`."""
        self._clients.check_asyncio()


_current: ContextVar[Clients | None] = ContextVar("simbridge_current", default=None)
"""The clients of the current world."""
