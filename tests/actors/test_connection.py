"""Connections in a world: states at their virtual instants, tokens, and what deliveries are answered."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

import simbridge as sb
from simbridge.base import clock
from simbridge.model.http_messages import Authorize, Authorized, Unauthorized
from simbridge.model.secrets import Secrets

OAUTH = "OAUTH_CLIENT_CREDENTIALS"
TOKENS = "https://auth.example.com/token"
REMOVED = (
    "The authorization parameters were removed from this connection by a DeauthorizeConnection "
    "operation."
)
RESOURCE = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdefg"
CONNECTIVITY = {"ResourceParameters": {"ResourceConfigurationArn": RESOURCE}}


class Delivery:
    """Stands in for a delivery, and keeps what it is answered."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Authorized]] = []

    def receive(self, message: Any, turn: Any) -> None:
        self.answers.append((turn.now, message))


class Desk:
    """A world with a token endpoint that issues t1, t2, ... and a delivery that asks for them."""

    def __init__(self, expires_in: Any = 3600, **options: Any) -> None:
        self.world = sb.World(**{"seed": 7, "start": "2026-03-01T00:00:00Z", **options})
        self.events = self.world.client("events")
        self.issued = 0
        self.statuses: list[int] = []
        self.expires_in = expires_in
        self.tokens = self.world.http(TOKENS, self.issue)
        self.delivery = self.world._kernel.actors["delivery"] = Delivery()

    def issue(self, request: sb.Request) -> sb.Response:
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return sb.Response(status)
        self.issued += 1
        token = {"access_token": f"t{self.issued}", "expires_in": self.expires_in}
        return sb.Response(body=json.dumps(token))

    def create(self, **more: Any) -> str:
        parameters = {
            "OAuthParameters": {
                "AuthorizationEndpoint": TOKENS,
                "HttpMethod": "POST",
                "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"},
            }
        }
        connectivity = more.pop("connectivity", None)
        if connectivity:
            parameters["ConnectivityParameters"] = connectivity
        answer = self.events.create_connection(
            Name="c", AuthorizationType=OAUTH, AuthParameters=parameters, **more
        )
        self.arn: str = answer["ConnectionArn"]
        return self.arn

    def basic(self, **more: Any) -> str:
        credentials = {"BasicAuthParameters": {"Username": "me", "Password": "hush"}}
        answer = self.events.create_connection(
            Name="c", AuthorizationType="BASIC", AuthParameters=credentials, **more
        )
        self.arn = answer["ConnectionArn"]
        return self.arn

    @property
    def state(self) -> tuple[str, str | None]:
        shown = self.events.describe_connection(Name="c")
        return shown["ConnectionState"], shown.get("StateReason")

    def ask(self, *messages: Any) -> list[Authorized]:
        """What the delivery is answered to these, at this instant."""
        before = len(self.delivery.answers)
        for message in messages:
            self.world._kernel.send("delivery", self.arn, message)
        self.world.settle()
        return [answer for _, answer in self.delivery.answers[before:]]

    @property
    def header(self) -> str | None:
        """The header that authorizes, as a delivery would send it."""
        found = Secrets.of(self.world._kernel.shared).authorization(self.arn)
        return None if found is None else found.headers["Authorization"]

    @property
    def number(self) -> int:
        found = Secrets.of(self.world._kernel.shared).authorization(self.arn)
        assert found is not None
        return found.number


# -- states -----------------------------------------------------------------------------------


def test_a_token_authorizes() -> None:
    """AUTHORIZING until the endpoint has answered, then AUTHORIZED, at that instant."""
    desk = Desk()
    desk.tokens.slow("2s")
    desk.create()
    assert desk.state == ("AUTHORIZING", None) and desk.header is None
    desk.world.run(seconds=1)
    assert desk.state == ("AUTHORIZING", None)
    desk.world.run(seconds=1)
    assert desk.state == ("AUTHORIZED", None) and desk.header == "Bearer t1"
    shown = desk.events.describe_connection(Name="c")
    assert shown["LastAuthorizedTime"] == desk.world.now


def test_credentials_need_no_endpoint() -> None:
    """The header of BASIC; parameters of the connection are beside it (fidelity 9.2)."""
    desk = Desk()
    desk.basic()
    desk.world.settle()
    assert desk.header == "Basic bWU6aHVzaA=="
    assert desk.issued == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_a_refused_token_request_is_final(status: int) -> None:
    """DEAUTHORIZED with a reason; nothing is sent again."""
    desk = Desk()
    desk.statuses = [status]
    desk.create()
    desk.world.run(hours=1)
    assert desk.state == (
        "DEAUTHORIZED",
        f"The authorization endpoint returned HTTP status {status}.",
    )
    assert len(desk.tokens.requests) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"access_token": 1}', b'{"token": "t"}', b"\xff"])
def test_an_answer_without_a_token(body: bytes) -> None:
    """A success that issues nothing is none."""
    world = sb.World()
    world.http(TOKENS, lambda request: sb.Response(200, {}, body))
    desk = Desk()
    desk.world, desk.events = world, world.client()
    desk.create()
    world.settle()
    assert desk.state == (
        "DEAUTHORIZED",
        "The authorization endpoint returned no access token.",
    )


def test_a_token_request_that_fails_is_sent_again() -> None:
    """The reason shows while it is AUTHORIZING, and goes with the token."""
    desk = Desk()
    desk.statuses = [503, 429]
    desk.create()
    desk.world.settle()
    assert desk.state == ("AUTHORIZING", "The authorization endpoint returned HTTP status 503.")
    desk.world.run(seconds=30)
    assert desk.state == ("AUTHORIZING", "The authorization endpoint returned HTTP status 429.")
    desk.world.run(seconds=29)
    assert desk.state[0] == "AUTHORIZING"
    desk.world.run(seconds=1)
    assert desk.state == ("AUTHORIZED", None)


@pytest.mark.parametrize("fault", ["TIMEOUT", "CONNECTION_FAILURE"])
def test_an_endpoint_that_does_not_answer(fault: str) -> None:
    """After the last attempt the connection is DEAUTHORIZED, and keeps its secret for an update."""
    desk = Desk(limits={"connection_token_attempts": 4, "connection_token_retry_s": 10})
    desk.tokens.fails(fault)
    desk.create()
    desk.world.run(seconds=29)
    reason = "Could not connect to the specified endpoint."
    assert desk.state == ("AUTHORIZING", reason)
    desk.world.run(seconds=1)
    assert desk.state == ("DEAUTHORIZED", reason)
    arn = desk.events.describe_connection(Name="c")["SecretArn"]
    assert desk.world.secret(arn)["client_secret"] == "hush"
    desk.tokens.recovers()
    client = {"OAuthParameters": {"ClientParameters": {"ClientSecret": "new"}}}
    desk.events.update_connection(Name="c", AuthorizationType=OAUTH, AuthParameters=client)
    desk.world.settle()
    assert desk.state == ("AUTHORIZED", None)
    assert "client_secret=new" in desk.tokens.messages[-1]


def test_no_endpoint_is_registered() -> None:
    """Nothing connects, and the timeline says what to write."""
    desk = Desk()
    desk.events.create_connection(
        Name="c",
        AuthorizationType=OAUTH,
        AuthParameters={
            "OAuthParameters": {
                "AuthorizationEndpoint": "https://elsewhere.example.com/t",
                "HttpMethod": "GET",
                "ClientParameters": {"ClientID": "i", "ClientSecret": "s"},
            }
        },
    )
    reason = "Could not connect to the specified endpoint."
    assert desk.state == ("AUTHORIZING", reason)
    desk.world.run(minutes=1)
    assert desk.state == ("DEAUTHORIZED", reason)
    missing = "create one with world.http('https://elsewhere.example.com/t')"
    assert desk.world.trace.timeline().count(missing) == 4  # the call, and three attempts


def test_deauthorize_and_delete_take_their_time() -> None:
    """As the limits say; the secret goes with the end (captured)."""
    pace = {"connection_deauthorizing_us": 1_000_000, "connection_deleting_us": 2_000_000}
    desk = Desk(limits=pace)
    desk.basic()
    desk.world.settle()
    secret = desk.events.describe_connection(Name="c")["SecretArn"]
    desk.events.deauthorize_connection(Name="c")
    desk.world.run(seconds=0.9)
    assert desk.state == ("DEAUTHORIZING", None) and desk.header is not None
    assert desk.world.secret(secret)
    desk.world.run(seconds=0.1)
    assert desk.state == ("DEAUTHORIZED", REMOVED) and desk.header is None
    with pytest.raises(sb.SimbridgeError, match="no connection has the secret"):
        desk.world.secret(secret)
    desk.events.delete_connection(Name="c")
    desk.world.run(seconds=1.9)
    assert desk.state == ("DELETING", REMOVED)
    desk.world.run(seconds=0.1)
    assert desk.events.list_connections()["Connections"] == []
    assert desk.arn not in desk.world._kernel.actors


def test_an_update_overtakes_a_token_request() -> None:
    """The answer to what is not wanted any more changes nothing."""
    desk = Desk()
    desk.tokens.slow("4s")
    desk.create()
    desk.world.run(seconds=1)
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "k"}}
    desk.events.update_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    desk.world.run(seconds=10)
    assert desk.state == ("AUTHORIZED", None) and desk.header == "k"


def test_changes_of_one_instant_overtake_each_other() -> None:
    """Without a delay, the secrets of earlier descriptions are gone before these are delivered."""
    desk = Desk()
    desk.basic()
    desk.events.deauthorize_connection(Name="c")
    parameters = {"BasicAuthParameters": {"Username": "you", "Password": "p"}}
    desk.events.update_connection(Name="c", AuthorizationType="BASIC", AuthParameters=parameters)
    first = desk.arn
    desk.world.settle()
    assert desk.header == "Basic eW91OnA=" and desk.state == ("AUTHORIZED", None)
    desk.events.delete_connection(Name="c")
    desk.create()
    desk.events.delete_connection(Name="c")
    desk.basic()
    desk.world.run(minutes=5)
    assert desk.header == "Basic bWU6aHVzaA==" and desk.state == ("AUTHORIZED", None)
    assert desk.arn != first not in desk.world._kernel.actors
    assert len(Secrets.of(desk.world._kernel.shared)._texts) == 1


def test_a_request_that_waits_is_answered_by_another_authorization() -> None:
    """An update to an API key while a token is requested."""
    desk = Desk()
    desk.create()
    desk.world.run(hours=1)
    desk.tokens.slow("4s")
    assert desk.ask(Authorize(1, 1)) == []
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "k"}}
    desk.events.update_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    desk.world.settle()
    assert [answer for _, answer in desk.delivery.answers] == [Authorized(1, 1)]


# -- private networks -------------------------------------------------------------------------


@pytest.mark.parametrize("connects", [1, 0])
@pytest.mark.parametrize("kind", ["basic", "create"])
def test_a_private_connection(kind: str, connects: int) -> None:
    """ACTIVE or FAILED_CONNECTIVITY, by a setting (fidelity 9.1)."""
    pace = {"connection_connecting_us": 60_000_000, "private_connections_connect": connects}
    desk = Desk(limits=pace)
    getattr(desk, kind)(InvocationConnectivityParameters=CONNECTIVITY)
    desk.world.run(seconds=59)
    assert desk.state == ("CREATING" if kind == "basic" else "AUTHORIZING", None)
    assert desk.header is None
    [refusal] = desk.ask(Authorize(1, 1))
    assert refusal.error == "CONNECTION_FAILURE"
    desk.world.run(seconds=1)
    if connects:
        assert desk.state == ("ACTIVE", None) and desk.header is not None
    else:
        assert desk.state[0] == "FAILED_CONNECTIVITY" and desk.state[1]
        [refusal] = desk.ask(Authorize(1, 1))
        assert refusal.error == "CONNECTION_FAILURE" and desk.issued == 0


@pytest.mark.parametrize("connects", [1, 0])
def test_a_private_token_endpoint(connects: int) -> None:
    """What it calls is public: AUTHORIZED, once the token endpoint can be reached (fidelity 9.1)."""
    desk = Desk(limits={"private_connections_connect": connects})
    desk.create(connectivity=CONNECTIVITY)
    desk.world.settle()
    assert desk.state[0] == ("AUTHORIZED" if connects else "FAILED_CONNECTIVITY")


# -- tokens for deliveries --------------------------------------------------------------------


def test_a_token_is_replaced_by_the_request_that_finds_it_about_to_expire() -> None:
    """Not by a timer: an idle connection sends nothing (fidelity 9.4)."""
    desk = Desk(expires_in=3600)
    desk.create()
    desk.world.run(days=30)
    assert desk.issued == 1 and desk.world._kernel.quiet(clock.LATEST)
    assert desk.ask(Authorize(1, 1)) == [Authorized(1, 1)]
    assert desk.header == "Bearer t2"
    desk.world.run(seconds=3539)
    assert desk.ask(Authorize(2, 1)) == [Authorized(2, 1)] and desk.issued == 2
    desk.world.run(seconds=1)
    assert desk.ask(Authorize(3, 1)) == [Authorized(3, 1)] and desk.issued == 3


@pytest.mark.parametrize(
    ("expires_in", "lasts"),
    [("3600", True), (None, False), ("x", False), pytest.param(10**400, False, id="huge")],
)
def test_how_long_a_token_lasts(expires_in: Any, lasts: bool) -> None:
    """A number as text is taken; without one a token lasts until it is refused."""
    desk = Desk(expires_in=expires_in)
    desk.create()
    desk.world.run(days=1)
    desk.ask(Authorize(1, 1))
    assert desk.issued == 1 + lasts


def test_requests_wait_for_one_token_request() -> None:
    """All are answered when the token is there, in the order in which they asked."""
    desk = Desk()
    desk.create()
    desk.world.run(hours=1)
    desk.tokens.slow("3s")
    assert desk.ask(Authorize(1, 1), Authorize(2, 4), Authorize(3, 1)) == []
    desk.world.run(seconds=3)
    answers = [answer for _, answer in desk.delivery.answers]
    assert answers == [Authorized(1, 1), Authorized(2, 4), Authorized(3, 1)]
    assert desk.issued == 2


def test_each_token_request_has_a_fate_of_its_own() -> None:
    """An endpoint that fails half of the time fails some requests of a connection, not all or none."""
    desk = Desk(expires_in=60, limits={"connection_token_attempts": 1000})
    desk.tokens.fails("INTERNAL_ERROR", rate=0.5)
    desk.create()
    desk.world.run(hours=1)
    failed = []
    for number in range(40):
        failed += [answer.error is not None for answer in desk.ask(Authorize(number, 1))]
        desk.world.run(hours=1)
    assert 10 < sum(failed) < 30


def test_an_unauthorized_token_is_replaced_once() -> None:
    """However many requests it was refused to (fidelity 9.4)."""
    desk = Desk()
    desk.create()
    desk.world.settle()
    number = desk.number
    desk.ask(Unauthorized(number, 401), Unauthorized(number, 401))
    assert (desk.issued, desk.header) == (2, "Bearer t2")
    desk.ask(Unauthorized(number, 401))
    assert desk.issued == 2
    desk.ask(Unauthorized(desk.number, 407))
    assert desk.issued == 3


@pytest.mark.parametrize("status", [401, 407])
def test_an_unauthorized_password_is_not_used_again(status: int) -> None:
    """There is nothing to replace it by: DEAUTHORIZED, until an update (fidelity 9.4)."""
    desk = Desk()
    desk.basic()
    desk.world.settle()
    desk.ask(Unauthorized(desk.number, status))
    reason = f"The endpoint returned HTTP status {status}."
    assert desk.state == ("DEAUTHORIZED", reason) and desk.header is None
    assert desk.ask(Authorize(1, 1))[0].text == f"The connection is DEAUTHORIZED. {reason}"
    new = {"BasicAuthParameters": {"Password": "new"}}
    desk.events.update_connection(Name="c", AuthorizationType="BASIC", AuthParameters=new)
    desk.world.settle()
    assert desk.state == ("AUTHORIZED", None) and desk.header == "Basic bWU6bmV3"


def test_a_token_that_cannot_be_replaced() -> None:
    """Requests fail at once while the connection waits; after the last attempt it is DEAUTHORIZED."""
    desk = Desk()
    desk.create()
    desk.world.run(hours=1)
    desk.statuses = [500, 500, 500]
    reason = "The authorization endpoint returned HTTP status 500."
    [refusal] = desk.ask(Authorize(1, 1))
    assert (refusal.error, refusal.text) == (
        "SDK_CLIENT_ERROR",
        f"The connection is AUTHORIZED. {reason}",
    )
    assert desk.ask(Authorize(2, 1))[0].error == "SDK_CLIENT_ERROR"
    assert len(desk.tokens.requests) == 2
    assert desk.state == ("AUTHORIZED", reason)
    desk.world.run(minutes=1)
    assert desk.state == ("DEAUTHORIZED", reason) and desk.header is None
    assert desk.ask(Authorize(3, 1))[0].text == f"The connection is DEAUTHORIZED. {reason}"
    assert len(desk.tokens.requests) == 4


def test_a_connection_that_is_not_there() -> None:
    """Deleted, or never made: no request is authorized, and nothing is left of it."""
    desk = Desk()
    desk.basic()
    desk.events.delete_connection(Name="c")
    desk.world.settle()
    [refusal] = desk.ask(Authorize(1, 1), Unauthorized(1, 401))
    assert refusal.text == "The connection is DELETED."
    assert desk.arn not in desk.world._kernel.actors


def test_waiting_requests_are_refused_when_the_connection_goes() -> None:
    """None waits for ever."""
    desk = Desk()
    desk.create()
    desk.world.run(hours=1)
    desk.tokens.slow("4s")
    assert desk.ask(Authorize(1, 1)) == []
    desk.events.deauthorize_connection(Name="c")
    desk.world.settle()
    [(_, refusal)] = desk.delivery.answers
    assert refusal.error == "SDK_CLIENT_ERROR"
    desk.world.run(seconds=10)
    assert len(desk.delivery.answers) == 1


# -- worlds -----------------------------------------------------------------------------------


def issue(request: sb.Request) -> sb.Response:
    return sb.Response(body='{"access_token": "abc", "expires_in": 3600}')


@pytest.mark.parametrize("copied", ["fork", "pickle"])
def test_a_copy_of_a_world_goes_on_alike(copied: str) -> None:
    """In the middle of a token request: the same trace, and each has its own secrets."""
    desk = Desk()
    world = desk.world = sb.World(seed=3)
    world.http(TOKENS, issue).slow("3s")
    desk.events = world.client()
    desk.create()
    world.run(seconds=1)
    other = world.fork() if copied == "fork" else pickle.loads(pickle.dumps(world))
    for one in (world, other):
        one.run(seconds=5)
        assert one.client().describe_connection(Name="c")["ConnectionState"] == "AUTHORIZED"
    assert other.trace.digest() == world.trace.digest()
    secret = world.client().describe_connection(Name="c")["SecretArn"]
    world.client().delete_connection(Name="c")
    world.settle()
    assert other.secret(secret)["client_id"] == "me"


def test_the_profile_aws_takes_time() -> None:
    """The same states, later (captured)."""
    desk = Desk(profile="aws")
    desk.create()
    desk.world.run(seconds=0.1)
    assert desk.state == ("AUTHORIZING", None) and not desk.tokens.requests
    desk.world.run(seconds=0.2)
    assert desk.state == ("AUTHORIZED", None)
    desk.events.deauthorize_connection(Name="c")
    desk.world.run(seconds=0.4)
    with pytest.raises(desk.events.exceptions.ConcurrentModificationException):
        desk.events.update_connection(Name="c", Description="d")
    desk.world.run(seconds=3)
    desk.events.update_connection(Name="c", Description="d")
