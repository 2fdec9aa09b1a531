"""HTTP endpoints as a scenario holds them, and the secret of a connection.

An endpoint is a stand-in at a URL instead of an ARN. It has received whole requests, with the credentials in
them, and shows them: it is the one they are for.
"""

from __future__ import annotations

import re
from typing import Any, final

from simbridge.actors.function import UserFunction
from simbridge.actors.http import HttpEndpoint, HttpHandler
from simbridge.base import checks, json
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.hosts import engine
from simbridge.kernel import Kernel
from simbridge.model.http import Network, Request, normalized_url
from simbridge.model.secrets import Secrets
from simbridge.world.actor_factory import ActorFactory
from simbridge.world.handles.handle import Caller, Handle

__all__ = ["HttpHandle", "HttpStandIns", "secret_of"]

_URL = re.compile(r"https://[^/?#@*\s]+(/[^?#\s]*)?", re.IGNORECASE)


@final
class HttpHandle(Handle):
    """An HTTP endpoint of a world. Its faults are those of every stand-in."""

    def __init__(self, kernel: Kernel, caller: Caller, url: str) -> None:
        super().__init__(kernel, caller, url)
        self.url = url

    @property
    def requests(self) -> list[Request]:
        """The requests it accepted, in the order of arrival."""
        with self._kernel.exclusive:
            return list(self._actor.received)

    @property
    def messages(self) -> list[str]:
        """The bodies of these requests, as text."""
        return [request.text for request in self.requests]

    @property
    def received(self) -> list[Any]:
        """The bodies of these requests, as Python objects; a body that is not JSON as text."""
        return [engine.decoded(request.text) for request in self.requests]

    def __repr__(self) -> str:
        return f"<HTTP endpoint {printable(self.url)}>"

    @property
    def _actor(self) -> HttpEndpoint:
        actor = self._kernel.actors[self.url]
        assert isinstance(actor, HttpEndpoint)
        return actor

    @property
    def _functions(self) -> list[UserFunction]:
        return self._actor.functions


@final
class HttpStandIns:
    """The HTTP endpoints of one world."""

    def __init__(self, kernel: Kernel, factory: ActorFactory, caller: Caller) -> None:
        self._kernel = kernel
        self._factory = factory
        self._caller = caller
        self._handles: dict[str, HttpHandle] = {}

    def at(self, url: str, handler: HttpHandler | None) -> HttpHandle:
        """The endpoint at a URL (`World.http`)."""
        if not _URL.fullmatch(checks.text(url, "the URL of an HTTP endpoint")):
            raise SimbridgeError(
                f"{printable(url)!r} is not the URL of an HTTPS endpoint: write "
                "https://HOST/PATH, without a user, a query string or a fragment"
            )
        if handler is not None:
            checks.function(handler, "the handler of an endpoint is a function of one request")
        address = normalized_url(url)
        kernel = self._kernel
        with kernel.hold():
            actor = self._factory.http_endpoint(address)
            Network.of(kernel.shared).register(address)
            if actor.handler is None and handler is not None:
                actor.handler = handler
            elif handler is not None and actor.handler not in (handler,):
                raise SimbridgeError(f"{address} has a handler already: create each endpoint once")
            if address not in self._handles:
                self._handles[address] = HttpHandle(kernel, self._caller, address)
            return self._handles[address]


def secret_of(kernel: Kernel, arn: str) -> dict[str, Any]:
    """The content of the secret of this ARN (`World.secret`)."""
    text = Secrets.of(kernel.shared).text(checks.text(arn, "the ARN of a secret"))
    if text is None:
        raise SimbridgeError(
            f"no connection has the secret {printable(arn)!r}: pass the SecretArn of "
            "client.describe_connection(...)"
        )
    content: dict[str, Any] = json.decode(text)
    return content
