"""A connection: it gets itself authorized, and says what it adds to requests.

The states (fidelity 9.1, 9.4)::

    BASIC, API_KEY: AUTHORIZED at once, by the call that has made or updated it
           AUTHORIZED --an endpoint answers 401 or 407--> DEAUTHORIZED
    OAUTH: AUTHORIZING --a token is issued--> AUTHORIZED
           AUTHORIZING --the token endpoint refuses, or fails too often--> DEAUTHORIZED
    to a private network: CREATING --connected--> as above, but ACTIVE in place of AUTHORIZED
                          CREATING --not connected--> FAILED_CONNECTIVITY
    DEAUTHORIZING --some time--> DEAUTHORIZED, without secret
    DELETING --some time--> gone

What it adds to requests is in `Secrets`, where a delivery reads it. A token that is about to expire is
not replaced by a timer but when a request wants to use it (`Authorize`), or when an endpoint has
answered 401 or 407 (`Unauthorized`), as the user guide says: an idle connection sends nothing. Requests
that want a token at the same time wait for one token request. A user or an API key that an endpoint
refuses with 401 or 407 cannot be replaced: the connection is DEAUTHORIZED.

A token request that fails (no connection, no answer, 429, 5xx) is sent again after a while; a refusal
by any other status is final. While a connection waits to try again, requests that need a token fail.
"""

from __future__ import annotations

from typing import NamedTuple, final

from simbridge.actors.authorization import (
    Issued,
    authorization_of,
    is_temporary,
    issued,
    token_request,
)
from simbridge.kernel import Turn
from simbridge.model import arn as arns
from simbridge.model.http import COULD_NOT_CONNECT, Network
from simbridge.model.http_messages import (
    TOKEN,
    Authorize,
    Authorized,
    ConnectionChanged,
    HttpRequest,
    HttpResponse,
    Unauthorized,
)
from simbridge.model.messages import Configure, Message, Tick
from simbridge.model.resources import Connection
from simbridge.model.secrets import Secrets

__all__ = ["ConnectionActor", "ConnectionPace"]

REMOVED = (
    "The authorization parameters were removed from this connection by a DeauthorizeConnection "
    "operation."
)
"""Why a connection is DEAUTHORIZED after a DeauthorizeConnection (captured)."""

UNREACHABLE = "Could not connect to the resource configuration of the private network."
"""Why a connection is in FAILED_CONNECTIVITY; AWS's words are not known (invented)."""

_WITHOUT = frozenset(("CREATING", "DELETED", "DEAUTHORIZED", "FAILED_CONNECTIVITY"))
"""States in which no request can be authorized, and none waits."""

_UNCONNECTED = frozenset(("CREATING", "FAILED_CONNECTIVITY"))


@final
class ConnectionPace(NamedTuple):
    """How long a connection takes for what, in microseconds; and what it may fail."""

    connecting_us: int
    authorizing_us: int
    retry_us: int
    margin_us: int
    deauthorizing_us: int
    deleting_us: int
    attempts: int
    private_connects: bool


@final
class ConnectionActor:
    """The actor at a connection's ARN. Before it has a description it knows of no connection."""

    def __init__(self, pace: ConnectionPace, secrets: Secrets, network: Network) -> None:
        self.pace = pace
        self.secrets = secrets
        self.network = network
        self.connection: Connection | None = None
        self.state = "DELETED"
        self.reason: str | None = None
        self._failures = 0
        self._number = 0  # of tokens
        self._exchange: int | None = None
        self._tick: int | None = None
        self._waiting: list[tuple[str, Authorize]] = []

    def receive(self, message: Message, turn: Turn) -> None:
        """Configure begins anew; Tick and HttpResponse go on; the others are about requests."""
        match message:
            case Configure(Connection() as connection):
                self._begin(connection, turn)
            case Tick():
                self._tick = None
                self._go_on(turn)
            case HttpResponse():
                self._answered(message, turn)
            case Authorize():
                self._authorize(message, turn)
            case Unauthorized():
                self._refused(message, turn)
            case _:
                raise AssertionError(f"a connection does not take {message!r}")

    # -- changes ----------------------------------------------------------------------------

    def _begin(self, connection: Connection, turn: Turn) -> None:
        """Forget what was under way, and go for what is wanted now."""
        self.connection = connection
        if self._tick is not None:
            turn.cancel(self._tick)
            self._tick = None
        if self._exchange is not None:
            self.network.close(self._exchange)
            self._exchange = None
        self._failures, self.reason = 0, None
        match connection.wanted:
            case "DEAUTHORIZED":
                self.state = "DEAUTHORIZING"
                self._wait(self.pace.deauthorizing_us, turn)
            case "DELETED":
                self.state = "DELETING"
                self._wait(self.pace.deleting_us, turn)
            case _:
                self.secrets.revoke(connection.arn)
                self._connect(connection, turn)

    def _connect(self, connection: Connection, turn: Turn) -> None:
        if connection.private or connection.private_endpoint:
            self.state = "CREATING"
            self._wait(self.pace.connecting_us, turn)
            self._refuse_waiting(turn)
        elif connection.endpoint is not None:
            self.state = "AUTHORIZING"
            self._wait(self.pace.authorizing_us, turn)
        else:
            self.state = "AUTHORIZED"
            self._install(connection, None, turn)

    def _go_on(self, turn: Turn) -> None:
        """What was waited for has come."""
        connection = self.connection
        assert connection is not None
        match self.state:
            case "DEAUTHORIZING":
                self._remove(connection, turn)
                self._change("DEAUTHORIZED", REMOVED, turn)
            case "DELETING":
                self._remove(connection, turn)
                self._change("DELETED", None, turn)
                turn.stop()
            case "CREATING" if not self.pace.private_connects:
                self._change("FAILED_CONNECTIVITY", UNREACHABLE, turn)
            case "CREATING" if connection.endpoint is None:
                self._install(connection, None, turn)
                self._change(self._authorized, None, turn)
            case "CREATING":
                self.state = "AUTHORIZING"
                self._request_token(connection, turn)
            case _:
                self._request_token(connection, turn)

    @property
    def _authorized(self) -> str:
        """What the state is called in which requests can be sent (fidelity 9.1)."""
        assert self.connection is not None
        return "ACTIVE" if self.connection.private else "AUTHORIZED"

    def _remove(self, connection: Connection, turn: Turn) -> None:
        self.secrets.revoke(connection.arn)
        if connection.secret_arn is not None:
            self.secrets.remove(connection.secret_arn)
        self._refuse_waiting(turn)

    def _wait(self, after_us: int, turn: Turn) -> None:
        self._tick = turn.send(turn.address, Tick(turn.now + after_us), after_us)

    def _change(
        self, state: str, reason: str | None, turn: Turn, authorized_us: int | None = None
    ) -> None:
        """Report a state to the control plane."""
        assert self.connection is not None
        self.state, self.reason = state, reason
        own = arns.parse(turn.address)
        report = ConnectionChanged(self.connection.revision, state, reason, authorized_us)
        turn.send(arns.api_address(own.account, own.region), report)

    # -- tokens -----------------------------------------------------------------------------

    def _secret(self, connection: Connection) -> str | None:
        """The content of the secret; None if a later description is under way that has another one."""
        return None if connection.secret_arn is None else self.secrets.text(connection.secret_arn)

    def _request_token(self, connection: Connection, turn: Turn) -> None:
        text = self._secret(connection)
        if text is None:
            return
        request = token_request(text)
        address = self.network.address_of(request.url)
        self._exchange = self.network.open(request)
        subject = f"{TOKEN}{connection.revision}.{self._number + 1}"
        attempt = self._failures + 1
        message = HttpRequest(self._exchange, attempt, request.method, request.url, subject)
        turn.send(address, message)

    def _answered(self, message: HttpResponse, turn: Turn) -> None:
        response = self.network.close(message.exchange)
        if message.exchange != self._exchange:  # it was for what is not wanted any more
            if self.connection is None:
                turn.stop()
            return
        self._exchange = None
        connection = self.connection
        assert connection is not None
        if response is None:
            self._failed(COULD_NOT_CONNECT, True, turn)
            return
        found = issued(response)
        if isinstance(found, Issued):
            self._succeeded(connection, found, turn)
        else:
            self._failed(found, is_temporary(response.status), turn)

    def _succeeded(self, connection: Connection, token: Issued, turn: Turn) -> None:
        self._failures = 0
        self._install(connection, token, turn)
        self._change(self._authorized, None, turn, turn.now)

    def _failed(self, reason: str, again: bool, turn: Turn) -> None:
        """A token request has failed: try again later, or give up."""
        self._failures += 1
        if again and self._failures < self.pace.attempts:
            self._wait(self.pace.retry_us, turn)
            self._change(self.state, reason, turn)
        else:
            assert self.connection is not None
            self.secrets.revoke(self.connection.arn)
            self._change("DEAUTHORIZED", reason, turn)
        self._refuse_waiting(turn)

    def _install(self, connection: Connection, token: Issued | None, turn: Turn) -> None:
        """From now on requests are authorized by the parameters, and by a token if it needs one."""
        text = self._secret(connection)
        if text is None:
            return
        self._number += 1
        fresh_until_us = None
        if token is not None and token.lasts_us is not None:
            fresh_until_us = turn.now + token.lasts_us - self.pace.margin_us
        bearer = None if token is None else token.text
        authorization = authorization_of(text, bearer, self._number, fresh_until_us)
        self.secrets.authorize(connection.arn, authorization)
        waiting, self._waiting = self._waiting, []
        for sender, message in waiting:
            turn.send(sender, Authorized(message.delivery, message.attempt))

    # -- requests of deliveries -------------------------------------------------------------

    def _authorize(self, message: Authorize, turn: Turn) -> None:
        """Answer now, or once there is a token."""
        connection = self.connection
        if connection is None or self.state in _WITHOUT:
            turn.reply(self._refusal(message))
            if connection is None:
                turn.stop()
            return
        current = self.secrets.authorization(connection.arn)
        if current is not None and current.is_fresh(turn.now):
            turn.reply(Authorized(message.delivery, message.attempt))
        elif self._failures and self._tick is not None:
            turn.reply(self._refusal(message))
        else:
            self._waiting.append((turn.sender, message))
            if self._exchange is None and self._tick is None:
                self._request_token(connection, turn)

    def _refused(self, message: Unauthorized, turn: Turn) -> None:
        """An endpoint did not take the authorization: get another token, or give up (fidelity 9.4).

        The authorization may have been replaced since it was sent.
        """
        connection = self.connection
        if connection is None:
            turn.stop()
            return
        current = self.secrets.authorization(connection.arn)
        if connection.wanted != "AUTHORIZED" or current is None or current.number != message.number:
            return
        self.secrets.revoke(connection.arn)
        if connection.endpoint is None:
            self._change(
                "DEAUTHORIZED", f"The endpoint returned HTTP status {message.status}.", turn
            )
        elif self._exchange is None and self._tick is None:
            self._request_token(connection, turn)

    def _refuse_waiting(self, turn: Turn) -> None:
        waiting, self._waiting = self._waiting, []
        for sender, message in waiting:
            turn.send(sender, self._refusal(message))

    def _refusal(self, message: Authorize) -> Authorized:
        """Without an authorization no request is sent. AWS's code and words are not known (invented)."""
        error = "CONNECTION_FAILURE" if self.state in _UNCONNECTED else "SDK_CLIENT_ERROR"
        text = f"The connection is {self.state}."
        if self.reason is not None:
            text += f" {self.reason}"
        return Authorized(message.delivery, message.attempt, error, text)
