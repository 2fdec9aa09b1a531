"""API destinations in a world: responses, retries, the rate limit, tokens, connections that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import simbridge as sb
from simbridge.model import backoff
from simbridge.model.http_messages import Unauthorized
from simbridge.model.messages import Due, Invoke

URL = "https://api.example.com/orders"
TOKENS = "https://auth.example.com/token"
ROLE = "arn:aws:iam::123456789012:role/r"
PREFIX = "Unable to invoke ApiDestination endpoint: "

ShopOf = Callable[..., Any]
"""Makes a world whose rule sends events to an API destination (`conftest`)."""


def answers(*statuses: Any) -> Callable[[sb.Request], sb.Response]:
    """A handler that answers with these statuses, or responses, and then with 200."""
    left = list(statuses)

    def handler(_: sb.Request) -> sb.Response:
        status = left.pop(0) if left else 200
        return status if isinstance(status, sb.Response) else sb.Response(status)

    return handler


def steady(delay: str) -> Any:
    """A backoff that is always as long."""
    return backoff.exponential(delay, cap=delay, jitter="none")


FEW = {"RetryPolicy": {"MaximumRetryAttempts": 2}}
RETRIED = [401, 407, 409, 429, 500, 503, 599]
FINAL = [100, 301, 302, 304, 400, 403, 404, 408, 418, 499]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_a_success(status: int, shop_of: ShopOf) -> None:
    """One attempt, one request, and the status is in the attempt."""
    shop = shop_of(answers(status))
    delivery = shop.deliver()
    assert (delivery.outcome, delivery.attempt_count) == ("delivered", 1)
    assert [attempt.status for attempt in delivery.attempts] == [status]
    (request,) = shop.endpoint.requests
    assert request.header("X-Key") == "hush" and request.json()["detail"] == {"order": 7}


@pytest.mark.parametrize("status", RETRIED)
def test_a_status_that_is_retried(status: int, shop_of: ShopOf) -> None:
    """Until an attempt is accepted; every attempt is a request."""
    shop = shop_of(answers(status, status), oauth=3600)
    delivery = shop.deliver()
    assert delivery.outcome == "delivered"
    assert [attempt.status for attempt in delivery.attempts] == [status, status, 200]
    assert len(shop.endpoint.requests) == 3


@pytest.mark.parametrize("status", FINAL)
def test_a_status_that_is_not_retried(status: int, shop_of: ShopOf) -> None:
    """Redirects are not followed. The dead letter names the status, and nothing about retries."""
    shop = shop_of(answers(sb.Response(status, {"Location": URL})))
    delivery = shop.deliver()
    assert (delivery.outcome, delivery.attempt_count) == ("dead-lettered", 1)
    assert len(shop.endpoint.requests) == 1
    assert shop.letter["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert shop.letter["ERROR_MESSAGE"] == f"{PREFIX}The endpoint returned HTTP status {status}."
    assert "RETRY_ATTEMPTS" not in shop.letter


@pytest.mark.parametrize("status", [401, 407, 409])
def test_the_setting_for_the_statuses_about_which_the_guides_differ(
    status: int, shop_of: ShopOf
) -> None:
    """With 0 they are final, as the guide of 2023 says."""
    shop = shop_of(answers(status), limits={"api_destination_retries_401_407_409": 0})
    assert shop.deliver().attempt_count == 1
    assert shop.letter["ERROR_CODE"] == "ERROR_FROM_TARGET"


@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "SDK_CLIENT_ERROR"), (429, "THROTTLING"), (503, "INTERNAL_ERROR")],
)
def test_retries_that_are_used_up(status: int, code: str, shop_of: ShopOf) -> None:
    """The dead letter has the code, and how many retries there were."""
    shop = shop_of(answers(*[status] * 9), target=FEW)
    assert shop.deliver().attempt_count == 3
    assert shop.letter["ERROR_CODE"] == code
    assert shop.letter["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert shop.letter["RETRY_ATTEMPTS"] == "2"


def test_no_answer_within_five_seconds(shop_of: ShopOf) -> None:
    """The request is given up then, and retried; an async handler is cancelled."""
    ended = []

    async def slow(_: sb.Request) -> None:
        try:
            await asyncio.sleep(6)
        finally:
            ended.append(shop.world.now)

    shop = shop_of(slow, target=FEW)
    delivery = shop.deliver()
    assert delivery.attempt_count == 3 == len(ended)
    assert [attempt.status for attempt in delivery.attempts] == [None] * 3
    began = delivery.attempts[0].time
    assert (ended[0] - began).total_seconds() == 5
    assert shop.letter["ERROR_CODE"] == "TIMEOUT"
    text = f"{PREFIX}Timeout calling endpoint for API Destination: socket closed."
    assert shop.letter["ERROR_MESSAGE"] == text


@pytest.mark.parametrize(("after", "attempts"), [("5s", 1), ("5.000001s", 2)])
def test_the_last_microsecond_of_five_seconds(after: str, attempts: int, shop_of: ShopOf) -> None:
    """An answer after exactly five seconds is in time."""
    shop = shop_of()
    shop.endpoint.slow(after)
    (event,) = shop.put()
    shop.world.run(seconds=5)
    shop.endpoint.recovers()
    shop.world.run(hours=1)
    (delivery,) = shop.world.trace.deliveries(event=event)
    assert (delivery.outcome, delivery.attempt_count) == ("delivered", attempts)


def test_an_endpoint_that_is_not_there(shop_of: ShopOf) -> None:
    """Nothing connects, which is retried; the trace says which endpoint is missing."""
    shop = shop_of(registered=False, target=FEW)
    (event,) = shop.put()
    shop.world.run(hours=25)
    assert shop.letter["ERROR_CODE"] == "SDK_CLIENT_ERROR"
    assert shop.letter["ERROR_MESSAGE"] == f"{PREFIX}API destination endpoint cannot be reached."
    assert shop.letter["RETRY_ATTEMPTS"] == "2"
    assert f"create one with world.http('{URL}')" in str(shop.world.trace.why(event))
    assert "world.http" not in str(shop.dead.requests)


def test_an_endpoint_that_is_registered_later(shop_of: ShopOf) -> None:
    """The next attempt finds it."""
    shop = shop_of(registered=False)
    shop.put()
    shop.world.run(seconds=1)
    endpoint = shop.world.http(URL)
    shop.world.run(hours=25)
    assert len(endpoint.requests) == 1


def test_every_endpoint_of_a_world_with_stand_ins(shop_of: ShopOf) -> None:
    """`stand_ins="auto"` accepts requests to any URL."""
    shop = shop_of(registered=False, stand_ins="auto")
    assert shop.deliver().outcome == "delivered"


# -- Retry-After --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(status: int, shop_of: ShopOf) -> None:
    """Longer than the backoff: the next attempt is exactly then."""
    shop = shop_of(answers(sb.Response(status, {"retry-after": " 600 "})))
    first, second = shop.deliver().attempts
    assert (second.time - first.time).total_seconds() == 600


@pytest.mark.parametrize("value", ["0", "1", "", "soon", "1.5", "Sun, 01 Mar 2026 01:00:00 GMT"])
def test_retry_after_that_is_shorter_or_no_number(value: str, shop_of: ShopOf) -> None:
    """The backoff is what it would be without."""

    def waits(headers: dict[str, str]) -> float:
        shop = shop_of(answers(sb.Response(503, headers)), backoff=steady("20s"))
        first, second = shop.deliver().attempts
        return float((second.time - first.time).total_seconds())

    assert waits({"Retry-After": value}) == waits({}) == 20


def test_a_negative_retry_after_ends_it(shop_of: ShopOf) -> None:
    """No more attempts, and no exhausted condition in the dead letter."""
    shop = shop_of(answers(sb.Response(503, {"Retry-After": "-1"})))
    assert shop.deliver().attempt_count == 1
    assert shop.letter["ERROR_CODE"] == "INTERNAL_ERROR"
    assert "EXHAUSTED_RETRY_CONDITION" not in shop.letter


@pytest.mark.parametrize(
    "value",
    ["61", "0" * 20 + "61", "9" * 15, "9" * 16, "9" * 5000],
    ids=lambda value: f"{len(value)} digits",
)
def test_a_retry_after_beyond_the_age_limit(value: str, shop_of: ShopOf) -> None:
    """The event expires at the age limit."""
    target = {"RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
    shop = shop_of(answers(sb.Response(503, {"Retry-After": value})), target=target)
    delivery = shop.deliver()
    assert delivery.exhausted == "MaximumEventAgeInSeconds"
    assert (delivery.ended_us - delivery.started_us) == 60_000_000
    assert shop.letter["RETRY_ATTEMPTS"] == "0"


# -- tokens and connections ---------------------------------------------------------------------


def test_a_token_that_is_about_to_expire_is_replaced_first(shop_of: ShopOf) -> None:
    """The event that finds it so waits for the new one."""
    shop = shop_of(oauth=90)
    shop.put()
    shop.world.run(seconds=29)
    shop.put()
    shop.world.run(seconds=1)
    shop.put()
    shop.world.run(hours=1)
    bearer = [request.header("Authorization") for request in shop.endpoint.requests]
    assert bearer == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_tokens_that_expire_at_once(shop_of: ShopOf) -> None:
    """Each attempt has a token of its own, which is used although it is about to expire."""
    shop = shop_of(oauth=30)
    shop.put(2)
    shop.world.run(minutes=1)
    shop.put()
    shop.world.run(minutes=1)
    assert len(shop.endpoint.requests) == 3 and shop.tokens <= 4
    assert {d.outcome for d in shop.world.trace.deliveries()} == {"delivered"}


@pytest.mark.parametrize("status", [401, 407])
def test_a_refused_token_is_replaced(status: int, shop_of: ShopOf) -> None:
    """Once, however many attempts it was refused to."""
    shop = shop_of(answers(status, status, status), oauth=3600)
    shop.put(3)
    shop.world.run(hours=1)
    bearer = [request.header("Authorization") for request in shop.endpoint.requests]
    assert bearer == ["Bearer t1"] * 3 + ["Bearer t2"] * 3
    assert {d.outcome for d in shop.world.trace.deliveries()} == {"delivered"}
    refused = [r for r in shop.world.trace if isinstance(r.message, Unauthorized)]
    assert {r.message.status for r in refused} == {status}


def test_a_token_endpoint_that_is_slow(shop_of: ShopOf) -> None:
    """Attempts wait for the token; `why` says so."""
    shop = shop_of(answers(401), oauth=3600)
    shop.world.http(TOKENS).slow("4s")
    (event,) = shop.put()
    shop.world.run(hours=1)
    why = str(shop.world.trace.why(event))
    assert (
        "refused (SDK_CLIENT_ERROR, HTTP 401)" in why and "for a new token of the connection" in why
    )


def test_a_destination_whose_connection_is_deauthorized_and_comes_back(shop_of: ShopOf) -> None:
    """INACTIVE: attempts fail and are retried; then the events are delivered with the new credentials."""
    shop = shop_of()
    shop.events.deauthorize_connection(Name="c")
    shop.world.settle()
    (event,) = shop.put()
    shop.world.run(minutes=10)
    assert shop.events.describe_api_destination(Name="partner")["ApiDestinationState"] == "INACTIVE"
    assert not shop.endpoint.requests
    (delivery,) = shop.world.trace.deliveries()
    assert delivery.outcome == "pending" and delivery.attempt_count > 2
    assert "; The connection is DEAUTHORIZED." in str(shop.world.trace.why(event))
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "new"}}
    shop.events.update_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    shop.world.run(hours=1)
    assert [request.header("X-Key") for request in shop.endpoint.requests] == ["new"]
    assert "The connection is DEAUTHORIZED." not in str(shop.world.trace.why(event))
    assert shop.events.describe_api_destination(Name="partner")["ApiDestinationState"] == "ACTIVE"


def test_a_connection_that_is_deleted(shop_of: ShopOf) -> None:
    """Another of the same name is another; an update of the destination brings it back."""
    shop = shop_of()
    shop.events.delete_connection(Name="c")
    shop.world.settle()
    shop.put()
    shop.world.run(minutes=10)
    connection = shop.connect(False)
    shop.world.run(minutes=10)
    assert not shop.endpoint.requests
    shop.events.update_api_destination(Name="partner", ConnectionArn=connection)
    shop.world.run(hours=2)
    assert len(shop.endpoint.requests) == 1


def test_an_update_of_the_endpoint_is_for_the_next_attempt(shop_of: ShopOf) -> None:
    """Retries go to the new one, by the new method."""
    shop = shop_of(answers(503))
    new = shop.world.http("https://new.example.com")
    shop.put()
    shop.world.settle()
    shop.events.update_api_destination(
        Name="partner", InvocationEndpoint="https://new.example.com/a", HttpMethod="PUT"
    )
    shop.world.run(hours=1)
    (request,) = new.requests
    assert (request.method, request.url) == ("PUT", "https://new.example.com/a")


def test_a_destination_that_is_deleted(shop_of: ShopOf) -> None:
    """What comes then fails for good; the next attempt of what was pending, too."""
    shop = shop_of(answers(503))
    shop.put()
    shop.world.settle()
    shop.events.delete_api_destination(Name="partner")
    shop.world.settle()
    delivery = shop.deliver()
    assert [d.error_code for d in shop.world.trace.deliveries()] == ["NO_RESOURCE"] * 2
    assert delivery.attempt_count == 1 and len(shop.endpoint.requests) == 1


def test_a_request_that_cannot_be_made(shop_of: ShopOf) -> None:
    """More path values than `*` pass PutTargets, and fail for good at the first attempt."""
    shop = shop_of(target={"HttpParameters": {"PathParameterValues": ["a"]}})
    assert shop.deliver().attempt_count == 1
    assert shop.letter["ERROR_CODE"] == "INVALID_PARAMETER"
    assert not shop.endpoint.requests


@pytest.mark.parametrize(
    ("registered", "found"),
    [
        (("https://api.example.com", f"{URL}/*", f"{URL}/7"), f"{URL}/7"),
        (("https://api.example.com", f"{URL}/*"), f"{URL}/*"),
        (("https://api.example.com", URL), URL),
        (("https://api.example.com",), "https://api.example.com"),
    ],
)
def test_the_most_specific_endpoint_receives(
    registered: tuple[str, ...], found: str, shop_of: ShopOf
) -> None:
    """The URL itself, then one with `*`, then one above it."""
    target = {"HttpParameters": {"PathParameterValues": ["$.detail.order"]}}
    shop = shop_of(registered=False, endpoint=f"{URL}/*", target=target)
    endpoints = {url: shop.world.http(url) for url in registered}
    shop.deliver()
    assert [url for url, endpoint in endpoints.items() if endpoint.requests] == [found]


def test_a_destination_has_no_stand_in(shop_of: ShopOf) -> None:
    """The error says where its requests go."""
    shop = shop_of()
    with pytest.raises(sb.SimbridgeError, match=r"world\.http\(url\)"):
        shop.world.stand_in(shop.arn)


def test_a_fork_in_the_middle_of_a_backlog(shop_of: ShopOf) -> None:
    """Queue, requests under way and tokens go on alike in both."""
    shop = shop_of(rate=3, oauth=3600)
    shop.endpoint.slow("300ms")
    shop.put(20)
    shop.world.run(seconds=2)
    other = shop.world.fork()
    other.run(minutes=5)
    shop.world.run(minutes=5)
    assert len(shop.endpoint.requests) == 20
    assert other.trace.digest() == shop.world.trace.digest()


def test_both_levels_have_the_same_deliveries(shop_of: ShopOf) -> None:
    """A trace of outcomes leaves out requests, responses and turns."""
    summaries = []
    for level in ("full", "outcomes"):
        shop = shop_of(answers(*[503, 401, 200] * 5), rate=2, oauth=3600, trace=level)
        shop.put(10)
        shop.world.run(hours=25)
        found = shop.world.trace.deliveries()
        summaries.append([(d.outcome, d.attempt_count, d.latency) for d in found])
        kinds = {type(record.message) for record in shop.world.trace}
        assert ({Due, Invoke} & kinds == set()) == (level == "outcomes")
    assert summaries[0] == summaries[1]


def test_a_401_is_reported_to_the_connection_that_authorized_the_request() -> None:
    """Also if the destination has another connection by the time the response comes."""
    world = sb.World(seed=1)
    world.http(URL, answers(401)).slow("2s")
    events = world.client()
    arns = {}
    for name in ("first", "second"):
        basic = {"Username": "user", "Password": name}
        arns[name] = events.create_connection(
            Name=name, AuthorizationType="BASIC", AuthParameters={"BasicAuthParameters": basic}
        )["ConnectionArn"]
    destination = events.create_api_destination(
        Name="d", ConnectionArn=arns["first"], InvocationEndpoint=URL, HttpMethod="POST"
    )
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "t", "Arn": destination["ApiDestinationArn"], "RoleArn": ROLE}
    events.put_targets(Rule="r", Targets=[target])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    world.run(seconds=1)
    events.update_api_destination(Name="d", ConnectionArn=arns["second"])
    world.run(minutes=1)
    states = [events.describe_connection(Name=name)["ConnectionState"] for name in arns]
    assert states == ["DEAUTHORIZED", "AUTHORIZED"]
    (delivery,) = world.trace.deliveries()
    assert [attempt.status for attempt in delivery.attempts] == [401, 200]
