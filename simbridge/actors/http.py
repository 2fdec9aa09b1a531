"""HTTP endpoints: stand-ins at URLs, for token endpoints and for the endpoints of API destinations.

An endpoint answers a request by its handler, `handler(request) -> Response`, a plain or an async
function; without one it accepts: 200 and an empty body, or a token for a token request. Failures,
latency and limits (`actors/fault_state`) work as for other stand-ins: a request that is refused or not
answered in time does not reach the handler.

A response that takes longer than five seconds is not waited for (fidelity 9.7). An async handler that
is still under way by then is cancelled, as a server does when its client closes the connection.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, final

from simbridge.actors.fault_state import FaultState, faults_after
from simbridge.actors.function import UserFunction
from simbridge.base import blocking, json
from simbridge.base.errors import HandlerFailed, SimbridgeError
from simbridge.kernel import Turn
from simbridge.kernel.interrupts import from_a_signal
from simbridge.model.error_codes import ERROR_CODES, RETRIED
from simbridge.model.http import COULD_NOT_CONNECT, TIMEOUT_US, Network, Request, Response
from simbridge.model.http import missing_endpoint as missing
from simbridge.model.http_messages import TOKEN, HttpRequest, HttpResponse
from simbridge.model.messages import Behave, Event, Invoke, Message

__all__ = ["HttpEndpoint", "HttpHandler", "MissingEndpoint"]

HttpHandler = Callable[[Request], Any]

TOKEN_S = 3600
"""How long a token of an endpoint without a handler lasts (invented)."""

_EMPTY = Response()

_STATUS = {"THROTTLING": 429, "NO_PERMISSIONS": 403, "NO_RESOURCE": 404}
"""The HTTP status of an injected failure; of others 500 or 400."""

_NO_RESPONSE = frozenset(("TIMEOUT", "CONNECTION_FAILURE"))


@final
class HttpEndpoint:
    """The actor at the URL of an endpoint."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.received: list[Request] = []
        self.functions: list[UserFunction] = []
        self._handler: UserFunction | None = None
        self._faults: FaultState | None = None

    @property
    def handler(self) -> HttpHandler | None:
        """The function that answers requests."""
        return None if self._handler is None else self._handler.function

    @handler.setter
    def handler(self, handler: HttpHandler) -> None:
        self._handler = UserFunction(handler)

    def receive(self, message: Message, turn: Turn) -> None:
        """HttpRequest is one request; Behave changes how those that follow are answered."""
        match message:
            case HttpRequest():
                self._request(message, turn)
            case Behave(fault):
                self._faults = faults_after(
                    self._faults,
                    fault,
                    turn.now,
                    timeout_us=TIMEOUT_US,
                    functions=self.functions,
                )
            case _:
                raise AssertionError(f"an HTTP endpoint does not take {message!r}")

    def _request(self, message: HttpRequest, turn: Turn) -> None:
        after = 0
        if self._faults is not None:
            event = Event("", {"id": message.subject}, turn.now, 0)
            attempt = Invoke(message.exchange, message.attempt, event, turn.sender)
            error, text, after = self._faults.answer(attempt, turn)
            if error is not None:
                self._refuse(message.exchange, error, text, after, turn)
                return
        request = self.network.request(message.exchange)
        self.received.append(request)
        if self._handler is None:
            self._respond(message.exchange, _accepted(message), after, turn)
        else:
            self._call(self._handler.function, message.exchange, request, after, turn)

    def _refuse(self, exchange: int, error: str, text: str | None, after: int, turn: Turn) -> None:
        status = None
        if error not in _NO_RESPONSE:
            status = _STATUS.get(error, 500 if error in RETRIED else 400)
            self.network.answer(exchange, Response(status))
        turn.reply(HttpResponse(exchange, status, error, text), after)

    def _respond(self, exchange: int, response: Response, after: int, turn: Turn) -> None:
        self.network.answer(exchange, response)
        turn.reply(HttpResponse(exchange, response.status), after)

    def _call(
        self, handler: HttpHandler, exchange: int, request: Request, after: int, turn: Turn
    ) -> None:
        """Call the handler. However it ends, the request is answered; an error ends the run then."""
        address = turn.address
        look = blocking.of_thread()
        look.begin()
        try:
            result = handler(request)
            waits = inspect.isawaitable(result)
            response = None if waits else _checked(result)
        except BaseException as error:
            response = _raised(turn.fail, address, error)
        if (blocked := look.end(f"the handler of {address}")) is not None:
            turn.warn(blocked)
        if response is not None:
            self._respond(exchange, response, after, turn)
        else:
            self._start(result, exchange, after, turn)

    def _start(self, result: Any, exchange: int, after: int, turn: Turn) -> None:
        """Let an async handler run on. The turn is refilled by the time it returns."""
        address, sender, cause = turn.address, turn.sender, turn.sequence
        fail, send, network = turn.fail, turn.sender_later(), self.network

        async def run() -> Response:
            try:
                return _checked(await result)
            except Exception as error:
                return _raised(fail, address, error)

        def ended(response: Response | None) -> None:
            if response is None:
                text = ERROR_CODES["TIMEOUT"].text
                answer, late = HttpResponse(exchange, None, "TIMEOUT", text), 0
            else:
                network.answer(exchange, response)
                answer, late = HttpResponse(exchange, response.status), after
            send(address, sender, answer, after=late, cause=cause)

        def raised(error: BaseException) -> None:
            ended(_raised(fail, address, error))

        turn.start(run, ended, raised, TIMEOUT_US - after)


@final
class MissingEndpoint:
    """Answers for a URL at which no endpoint is registered: nothing connects."""

    def receive(self, message: Message, turn: Turn) -> None:
        """Refuse, and make room for an endpoint that is registered later."""
        assert isinstance(message, HttpRequest), f"no endpoint takes {message!r}"
        detail = missing(message.url)
        answer = HttpResponse(
            message.exchange, None, "CONNECTION_FAILURE", COULD_NOT_CONNECT, detail
        )
        turn.reply(answer)
        turn.stop()


def _accepted(message: HttpRequest) -> Response:
    """What an endpoint without a handler answers."""
    if not message.subject.startswith(TOKEN):
        return _EMPTY
    token = {
        "access_token": f"token-{message.exchange}",
        "token_type": "Bearer",
        "expires_in": TOKEN_S,
    }
    return Response(200, {"Content-Type": "application/json"}, json.encode(token))


def _checked(result: Any) -> Response:
    """The response that a handler has returned; nothing is accepted as an empty one."""
    if result is None:
        return Response()
    if not isinstance(result, Response):
        raise HandlerFailed(
            f"a handler of world.http returned {type(result).__name__}: return "
            'sb.Response(200, {"Content-Type": "application/json"}, json.dumps(...)), or None for '
            "an empty 200"
        )
    return result


def _raised(fail: Callable[..., None], address: str, error: BaseException) -> Response:
    """The handler has raised, which ends the run; the request is answered with 500."""
    if from_a_signal(error):
        fail(error, f"the handler of {address}")
    elif isinstance(error, Exception) and not isinstance(error, SimbridgeError):
        failure = HandlerFailed(
            f"the handler of {address} raised {type(error).__name__}. "
            "An exception in a handler is a bug in the scenario: return sb.Response(500) for a "
            "server that fails, or let it fail with .fails(...)"
        )
        failure.__cause__ = error
        fail(failure)
    else:
        fail(error)
    return Response(500)
