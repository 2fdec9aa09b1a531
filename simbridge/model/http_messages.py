"""What connections, HTTP endpoints and those that call them say to each other.

No message has a secret in it, because messages are the trace: requests and responses are named by the
number of their exchange (`simbridge.model.http`), secrets by their ARN (`simbridge.model.secrets`)::

    connection --HttpRequest--> endpoint      a token is requested; `HttpResponse` back
    destination --HttpRequest--> endpoint     an attempt of a delivery; `HttpResponse` back
    destination --Authorize--> connection     a token is needed, or about to expire; `Authorized` back
    destination -Unauthorized-> connection    the endpoint has answered 401 or 407
    connection -ConnectionChanged-> control plane    what DescribeConnection shows from now on
"""

from __future__ import annotations

from typing import final

from simbridge.model.message import MessageBase

__all__ = [
    "TOKEN",
    "Authorize",
    "Authorized",
    "ConnectionChanged",
    "HttpMessage",
    "HttpRequest",
    "HttpResponse",
    "Unauthorized",
]


TOKEN = "token "
"""How the `subject` of a request for a token begins; numbers of the description and the token follow."""


@final
class HttpRequest(MessageBase, frozen=True):
    """An HTTP request is sent to an endpoint. What is in it is kept out of the trace.

    `exchange` is its number among the requests of the world, `url` has no query string. `subject` is
    what the request is for: the id of an event with the address of its delivery, or the number of a token.
    With the sender and `attempt` it names the request to whatever is drawn from the seed.
    """

    exchange: int
    attempt: int
    method: str
    url: str
    subject: str


@final
class HttpResponse(MessageBase, frozen=True):
    """An endpoint has answered an HTTP request, or has not.

    Without a `status` there is no response: `error` is EventBridge's code for that, TIMEOUT or
    CONNECTION_FAILURE. `detail` is what simbridge adds for people.
    """

    exchange: int
    status: int | None = None
    error: str | None = None
    text: str | None = None
    detail: str | None = None


@final
class Authorize(MessageBase, frozen=True):
    """An API destination waits for an authorization of its connection before an attempt."""

    delivery: int
    attempt: int


@final
class Authorized(MessageBase, frozen=True):
    """The connection has an authorization for the attempt; with an `error` it has none."""

    delivery: int
    attempt: int
    error: str | None = None
    text: str | None = None


@final
class Unauthorized(MessageBase, frozen=True):
    """An endpoint has answered `status`, 401 or 407, to a request with the authorization of this number."""

    number: int
    status: int


@final
class ConnectionChanged(MessageBase, frozen=True):
    """The state of a connection, as it reports it.

    `revision` is that of the description (`Connection`) it is about; `authorized_us` is the instant of
    the authorization, if it has just been authorized.
    """

    revision: int
    state: str
    reason: str | None = None
    authorized_us: int | None = None


HttpMessage = Authorize | Authorized | ConnectionChanged | HttpRequest | HttpResponse | Unauthorized
"""Every message of this module."""
