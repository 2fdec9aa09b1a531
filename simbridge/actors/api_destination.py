"""API destinations: an attempt of a delivery becomes an HTTP request, and its response an outcome.

The messages of one attempt::

    delivery --Invoke--> destination --HttpRequest--> endpoint      the rate limit was waited for before
    delivery <-Outcome-- destination <-HttpResponse-- endpoint

The rate limit is not here: a delivery waits for it before it makes an attempt (`model/pacing`). If the
token of the connection is about to expire, or there is none, `Authorize` asks for one first.

What a response means (fidelity 9.7)::

    2xx                    accepted
    429                    THROTTLING, retried
    5xx                    INTERNAL_ERROR, retried
    401, 407, 409          SDK_CLIENT_ERROR, retried; 401 and 407 also have the token replaced
    any other              ERROR_FROM_TARGET, not retried; redirects are not followed
    none within 5 s        TIMEOUT, retried
    no connection          SDK_CLIENT_ERROR, retried

Which codes AWS uses for statuses is not documented, nor are the words: the codes are those that the user
guide has for such causes and whose retries agree. The texts without a response are captured, those with
a status are invented after them. A dead letter of 2023 with the text of the timeout has the code UNKNOWN
instead, for a delivery that was retried; the guide's table says that UNKNOWN is not.

`Retry-After` is a number of seconds; anything else in it is ignored. The delivery waits at least that
long, or makes no more attempts if the number is negative.

A destination whose connection is not authorized is INACTIVE. Its attempts fail and are retried, so the
events that are not too old by then are delivered once the connection is back. A destination that was
deleted fails for good.
"""

from __future__ import annotations

import re
from typing import NamedTuple, final

from simbridge import targets
from simbridge.actors.sending import sending_of
from simbridge.base.clock import SECOND
from simbridge.kernel import Turn
from simbridge.model.http import Network, Response
from simbridge.model.http_messages import (
    Authorize,
    Authorized,
    HttpRequest,
    HttpResponse,
    Unauthorized,
)
from simbridge.model.messages import Configure, Invoke, Message, Outcome, Retire
from simbridge.model.resources import ApiDestination
from simbridge.model.secrets import Authorization, Secrets

__all__ = ["ApiDestinationActor"]

_PREFIX = "Unable to invoke ApiDestination endpoint:"
TIMED_OUT = f"{_PREFIX} Timeout calling endpoint for API Destination: socket closed."
"""Captured."""
UNREACHABLE = f"{_PREFIX} API destination endpoint cannot be reached."
"""Captured."""

_UNAUTHORIZED = frozenset((401, 407))
_DISPUTED = frozenset((401, 407, 409))

_SECONDS = re.compile(r"\s*([+-]?)0*([0-9]{1,15})[0-9]*\s*", re.ASCII)
"""Of a longer number the first 15 digits are enough: they are more than any age of an event."""


@final
class _Exchange(NamedTuple):
    """A request under way: for which attempt of which delivery, with which authorization.

    It has the connection, because an update may give the destination another one meanwhile.
    """

    delivery_address: str
    delivery: int
    attempt: int
    connection_arn: str
    authorization: int


@final
class ApiDestinationActor:
    """The actor at the ARN of an API destination.

    `retries_disputed`: whether the statuses are retried about which versions of the guide differ.
    """

    def __init__(self, secrets: Secrets, network: Network, *, retries_disputed: bool) -> None:
        self.secrets = secrets
        self.network = network
        self.retries_disputed = retries_disputed
        self.destination: ApiDestination | None = None
        self._form: targets.RequestForm | None = None
        self._exchanges: dict[int, _Exchange] = {}
        self._waiting: dict[int, tuple[str, Invoke]] = {}

    def receive(self, message: Message, turn: Turn) -> None:
        """Invoke is an attempt; HttpResponse ends it; Authorized lets it go on."""
        if type(message) is HttpResponse:  # several times quicker to ask than a case
            self._answered(message, turn)
        elif type(message) is Invoke:
            self._attempt(message, turn.sender, turn)
        else:
            self._receive_other(message, turn)

    def _receive_other(self, message: Message, turn: Turn) -> None:
        match message:
            case Authorized():
                self._authorized(message, turn)
            case Configure(ApiDestination() as destination):
                self.destination = destination
            case Retire():
                self.destination = None
            case _:
                raise AssertionError(f"an API destination does not take {message!r}")

    def _attempt(self, message: Invoke, sender: str, turn: Turn, authorized: bool = False) -> None:
        """Send the request, or first ask the connection for an authorization.

        `authorized`: it has just been asked. A token that is about to expire even then is used, because
        a new one would be no fresher.
        """
        destination = self.destination
        if destination is None:
            turn.send(sender, _missing(message, turn.address, sender))
            return
        authorization = self.secrets.authorization(destination.connection_arn)
        if authorization is not None and (authorized or authorization.is_fresh(turn.now)):
            self._request(message, sender, destination, authorization, turn)
        else:
            self._waiting[message.delivery] = (sender, message)
            ask = Authorize(message.delivery, message.attempt)
            turn.send(destination.connection_arn, ask)

    def _authorized(self, message: Authorized, turn: Turn) -> None:
        """The connection has answered. What it has by now may have changed again."""
        sender, invoke = self._waiting.pop(message.delivery)
        if message.error is None:
            self._attempt(invoke, sender, turn, authorized=True)
        else:
            text = f"{_PREFIX} {message.text}"
            turn.send(sender, Outcome(invoke.delivery, invoke.attempt, message.error, text))

    def _request(
        self,
        message: Invoke,
        sender: str,
        destination: ApiDestination,
        authorization: Authorization,
        turn: Turn,
    ) -> None:
        event = message.event
        sending = sending_of(turn.address, message.rule, event, message.body, message.parameters)
        form = self._form
        if (
            form is None
            or form.destination is not destination
            or form.authorization is not authorization
        ):
            form = self._form = targets.RequestForm(destination, authorization)
        request = form.request(sending)
        if isinstance(request, targets.Failure):
            outcome = Outcome(message.delivery, message.attempt, request.error, request.text)
            turn.send(sender, outcome)
            return
        number = self.network.open(request)
        self._exchanges[number] = _Exchange(
            sender,
            message.delivery,
            message.attempt,
            destination.connection_arn,
            authorization.number,
        )
        subject = f"{event.id} {sender}"
        asked = HttpRequest(number, message.attempt, request.method, request.url, subject)
        turn.send(self.network.address_of(request.url), asked)

    def _answered(self, message: HttpResponse, turn: Turn) -> None:
        exchange = self._exchanges.pop(message.exchange)
        response = self.network.close(message.exchange)
        delivery, attempt = exchange.delivery, exchange.attempt
        if response is None:
            error, text = _without_response(message)
            outcome = Outcome(delivery, attempt, error, text, message.detail)
        elif 200 <= response.status <= 299:
            outcome = Outcome(delivery, attempt, status=response.status)
        else:
            status = response.status
            text = f"{_PREFIX} The endpoint returned HTTP status {status}."
            asked_us = _retry_after_us(response)
            outcome = Outcome(delivery, attempt, self._code(status), text, None, status, asked_us)
            if status in _UNAUTHORIZED:
                refused = Unauthorized(exchange.authorization, status)
                turn.send(exchange.connection_arn, refused)
        turn.send(exchange.delivery_address, outcome)

    def _code(self, status: int) -> str:
        """EventBridge's code for a status; whether it retries goes with the code."""
        if status == 429:
            return "THROTTLING"
        if status >= 500:
            return "INTERNAL_ERROR"
        if status in _DISPUTED and self.retries_disputed:
            return "SDK_CLIENT_ERROR"
        return "ERROR_FROM_TARGET"


def _missing(message: Invoke, arn: str, sender: str) -> Outcome:
    """The outcome at an ARN without an API destination."""
    error, text = targets.words(arn, "NO_RESOURCE", message.event.id, f"{sender} {message.attempt}")
    detail = (
        f"no API destination is registered at {arn}; create it with "
        "client.create_api_destination(...)"
    )
    return Outcome(message.delivery, message.attempt, error, text, detail)


def _without_response(message: HttpResponse) -> tuple[str, str]:
    if message.error == "TIMEOUT":
        return "TIMEOUT", TIMED_OUT
    return "SDK_CLIENT_ERROR", UNREACHABLE


def _retry_after_us(response: Response) -> int | None:
    """What the Retry-After of a response asks for, in microseconds; None if it asks for nothing."""
    value = response.header("Retry-After")
    found = None if value is None else _SECONDS.fullmatch(value)
    return None if found is None else int(f"{found[1]}{found[2]}") * SECOND
