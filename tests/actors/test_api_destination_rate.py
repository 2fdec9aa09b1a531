"""The rate limit of an API destination: a queue that delays, uses no attempt, and expires by age."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simbridge as sb
from simbridge.model import backoff

URL = "https://api.example.com/orders"

ShopOf = Callable[..., Any]
"""Makes a world whose rule sends events to an API destination (`conftest`)."""


def unavailable_once() -> Callable[[sb.Request], sb.Response]:
    """A handler that answers 503, and then 200."""
    left = [503]
    return lambda _: sb.Response(left.pop() if left else 200)


def steady(delay: str) -> Any:
    """A backoff that is always as long."""
    return backoff.exponential(delay, cap=delay, jitter="none")


def test_the_rate_limit_delays_and_uses_no_attempt(shop_of: ShopOf) -> None:
    """Ten a second: ten at once, then one each 100 ms, in the order of arrival, first attempts all."""
    shop = shop_of(rate=10)
    wanted = shop.put(35)
    shop.world.run(minutes=1)
    deliveries = shop.world.trace.deliveries()
    assert [delivery.attempt_count for delivery in deliveries] == [1] * 35
    assert [d.latency for d in deliveries] == [max(0, n - 9) / 10 for n in range(35)]
    assert [request.json()["id"] for request in shop.endpoint.requests] == wanted
    why = str(shop.world.trace.why(wanted[-1]))
    assert "delivered after 2.5s; waited 2.5s for the rate limit of the API destination" in why
    line = "has waited for the rate limit of its API destination, attempts now"
    assert str(shop.world.trace).count(line) == 25


def test_a_backlog_expires_by_the_age_of_its_events(shop_of: ShopOf) -> None:
    """Without an attempt, at the age limit; what is in time is sent, so no turn is lost to the others."""
    target = {"RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
    shop = shop_of(rate=1, target=target)
    wanted = shop.put(65)
    shop.world.run(minutes=5)
    deliveries = shop.world.trace.deliveries()
    assert [d.outcome for d in deliveries] == ["delivered"] * 61 + ["dead-lettered"] * 4
    late = deliveries[-1]
    assert (late.attempt_count, late.exhausted) == (0, "MaximumEventAgeInSeconds")
    assert late.ended_us - late.started_us == 60_000_000
    letter = shop.dead.requests[-1]["MessageAttributes"]
    assert letter["ERROR_CODE"]["StringValue"] == "THROTTLING"
    assert letter["RETRY_ATTEMPTS"]["StringValue"] == "0"
    why = str(shop.world.trace.why(wanted[-1]))
    assert "waited 1m00s for the rate limit of the API destination" in why
    timeline = str(shop.world.trace)
    assert (
        "maximum event age reached, waiting for the rate limit of its API destination" in timeline
    )


def test_two_rules_share_the_rate_of_a_destination(shop_of: ShopOf) -> None:
    """The limit is of the destination; another destination has its own."""
    shop = shop_of(rate=2)
    shop.rule("s", {})
    other = shop.events.create_api_destination(
        Name="other",
        ConnectionArn=shop.connection,
        InvocationEndpoint=f"{URL}/other",
        HttpMethod="POST",
        InvocationRateLimitPerSecond=2,
    )
    shop.rule("t", {"Arn": other["ApiDestinationArn"]})
    shop.put(2)
    shop.world.run(minutes=1)
    waits = sorted(d.latency for d in shop.world.trace.deliveries())
    assert waits == [0, 0, 0, 0, 0.5, 1.0]


def test_retries_wait_in_the_same_queue(shop_of: ShopOf) -> None:
    """A retry has no right of way: it takes the next free turn."""
    shop = shop_of(unavailable_once(), rate=1, backoff=steady("2s"))
    shop.put(5)
    shop.world.run(minutes=1)
    first = shop.world.trace.deliveries()[0]
    assert first.latency == 5 and first.attempt_count == 2


def test_an_update_changes_the_rate_for_those_that_come_after(shop_of: ShopOf) -> None:
    """The queue keeps its instants, the next event comes after it at the new rate."""
    shop = shop_of(rate=1)
    shop.put(4)
    shop.world.settle()
    shop.events.update_api_destination(Name="partner", InvocationRateLimitPerSecond=10)
    shop.put(12)
    shop.world.run(minutes=1)
    waits = [d.latency for d in shop.world.trace.deliveries()]
    assert waits[:4] == [0, 1, 2, 3]
    assert waits[4:] == [(31 + n) / 10 for n in range(12)]


def test_the_quota_of_the_account_comes_on_top(shop_of: ShopOf) -> None:
    """An event that has waited for the destination then waits for the Invocations quota."""
    shop = shop_of(rate=2, limits={"invocations_per_second": 1})
    shop.put(4)
    shop.world.run(minutes=1)
    assert [d.latency for d in shop.world.trace.deliveries()] == [0, 1, 2, 3]
