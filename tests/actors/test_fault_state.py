"""Behaviours: what a stand-in answers, attempt by attempt."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

import simbridge as sb
from simbridge.base.rng import SAMPLE_RANGE
from simbridge.model.backoff import constant
from simbridge.model.faults import Fails, Invocation, Slow

NONE = {"MaximumRetryAttempts": 0}


def outcomes(it: Any) -> list[str | None]:
    """How the deliveries ended, in order: the error code, None where delivered."""
    return [delivery.error_code for delivery in it.deliveries]


@pytest.mark.parametrize(
    ("second", "fails"),
    [(0, False), (9.999999, False), (10, True), (19.999999, True), (20, False), (100, False)],
)
def test_an_outage_is_from_up_to_but_not_including(shop: Any, second: float, fails: bool) -> None:
    """A window is half-open, to the microsecond, as it was announced before it began."""
    it = shop(retry=NONE)
    it.pay.fails("THROTTLING", from_="2026-03-01T00:00:10Z", for_="10s")
    if second:
        it.world.run(seconds=second)
    it.put()
    it.world.settle()
    assert outcomes(it) == ["THROTTLING" if fails else None]


def test_an_outage_without_from_begins_now_and_without_for_lasts(shop: Any) -> None:
    """Until the stand-in recovers."""
    it = shop(retry=NONE)
    it.world.run(hours=1)
    it.put()
    it.world.settle()
    it.pay.fails("TIMEOUT")
    for days in (0, 400):
        it.world.run(days=days, seconds=1)
        it.put()
    it.world.settle()
    it.pay.recovers()
    it.put()
    it.world.settle()
    assert outcomes(it) == [None, "TIMEOUT", "TIMEOUT", None]


@pytest.mark.parametrize(
    ("rate", "low", "high"), [(0, 0, 0), (0.05, 8, 32), (0.5, 165, 235), (1, 400, 400)]
)
def test_a_rate_is_the_share_of_attempts_that_fail(
    shop: Any, rate: float, low: int, high: int
) -> None:
    """None at 0, all at 1, in between about as many as asked for."""
    it = shop(retry=NONE)
    it.pay.fails("INTERNAL_ERROR", rate=rate)
    it.put(400)
    it.world.settle()
    assert low <= Counter(outcomes(it))["INTERNAL_ERROR"] <= high


def test_failures_of_one_code_have_samples_of_their_own(shop: Any) -> None:
    """Two halves leave a quarter; the first keeps the samples that it has alone."""
    alone, both = shop(retry=NONE), shop(retry=NONE)
    for it, times in ((alone, 1), (both, 2)):
        for _ in range(times):
            it.pay.fails("INTERNAL_ERROR", rate=0.5)
        it.put(400)
        it.world.settle()
    assert 65 <= outcomes(both).count(None) <= 135
    failed = [n for n, outcome in enumerate(outcomes(alone)) if outcome is not None]
    assert all(outcomes(both)[n] is not None for n in failed)


def test_samples_do_not_depend_on_the_policy(shop: Any) -> None:
    """Runs that differ in their retries meet the same failures and the same latencies."""
    fates = []
    for retries in (0, 3, 185):
        it = shop(retry={"MaximumRetryAttempts": retries}, backoff=constant("1s"))
        it.pay.fails("INTERNAL_ERROR", rate=0.5)
        it.pay.slow("1s", p99="5s")
        it.put(50)
        it.world.run(days=1)
        fates.append([d.attempts[0].error_code for d in it.deliveries])
    assert fates[0] == fates[1] == fates[2]
    assert len(set(fates[0])) == 2


def test_two_rules_have_samples_of_their_own(shop: Any) -> None:
    """The same event for the same target by way of two rules may fail once."""
    it = shop(retry=NONE)
    it.events.put_rule(Name="more", EventPattern='{"source": ["shop"]}')
    it.events.put_targets(
        Rule="more", Targets=[{"Id": "1", "Arn": it.pay.arn, "RetryPolicy": NONE}]
    )
    it.pay.fails("INTERNAL_ERROR", rate=0.5)
    it.put(100)
    it.world.settle()
    fates = {
        rule: [d.error_code for d in it.deliveries if d.rule == rule] for rule in ("more", "orders")
    }
    agree = sum(one == two for one, two in zip(fates["more"], fates["orders"], strict=True))
    assert 30 < agree < 70


@pytest.mark.parametrize(
    ("service", "resource", "seconds", "attempts"),
    [
        ("execute-api", "a/prod/POST/", 5, [None]),
        ("execute-api", "a/prod/POST/", 5.000001, ["TIMEOUT", None]),
        ("events", "api-destination/d/0-1", 60, ["TIMEOUT", None]),
        ("sqs", "q", 60, [None]),
        ("lambda", "function:f", 60, [None]),
    ],
)
def test_a_target_called_by_http_has_five_seconds_to_answer(
    shop: Any, service: str, resource: str, seconds: float, attempts: list[str | None]
) -> None:
    """Then the attempt is over, and is retried; other services are waited for."""
    address = f"arn:aws:{service}:us-east-1:123456789012:{resource}"
    role = {"RoleArn": "arn:aws:iam::123456789012:role/r"}
    it = shop(target={"Arn": address, **role}, backoff=constant("10s"), stand_ins="auto")
    late = it.world.stand_in(address)
    late.slow(f"{seconds * 1_000_000:.0f}us")
    it.put()
    it.world.run(seconds=10)
    late.recovers()
    it.world.run(minutes=5)
    assert [attempt.error_code for attempt in it.delivery.attempts] == attempts
    assert len(late.messages) == 1
    assert it.delivery.latency == (seconds if len(attempts) == 1 else 15)


def test_late_work_takes_up_room_all_the_same(shop: Any) -> None:
    """Nobody waits for the answer any more, but the service is still busy with it."""
    address = "arn:aws:execute-api:us-east-1:123456789012:a/prod/POST/"
    it = shop(target={"Arn": address}, retry=NONE, stand_ins="auto")
    it.world.stand_in(address).slow("20s")
    it.world.stand_in(address).limit(concurrency=1)
    for _ in range(4):
        it.put()
        it.world.run(seconds=7)
    assert outcomes(it) == ["TIMEOUT", "THROTTLING", "THROTTLING", "TIMEOUT"]


def test_a_text_of_ones_own(shop: Any) -> None:
    """The error message that a dead letter will carry."""
    it = shop(retry=NONE)
    it.pay.fails("TIMEOUT", text="60 s were not enough")
    it.put()
    it.world.settle()
    assert it.dead.receive()[0].attributes["ERROR_MESSAGE"] == "60 s were not enough"


def test_the_first_behaviour_that_refuses_decides(shop: Any) -> None:
    """Limits before failures, failures in the order they were told, then the script."""
    it = shop(retry=NONE)
    it.pay.behaves(sb.scripted(["RESOURCE_LIMIT_EXCEEDED"]))
    it.pay.fails("TIMEOUT", for_="1s")
    it.pay.fails("INTERNAL_ERROR", for_="2s")
    it.pay.limit(per_second=1)
    for _ in range(5):
        it.put(2)
        it.world.run(seconds=1)
    assert outcomes(it)[::2] == ["TIMEOUT", "INTERNAL_ERROR", "RESOURCE_LIMIT_EXCEEDED", None, None]
    assert set(outcomes(it)[1::2]) == {"THROTTLING"}


def test_windows_that_have_passed_are_forgotten(shop: Any) -> None:
    """A scenario may announce outages for ever without getting slower."""
    it = shop()
    for _ in range(10):
        it.pay.fails("TIMEOUT", for_="1s")
        it.world.run(seconds=2)
    assert len(it.pay._actor._faults.effects[Fails].windows) == 1


# -- latency and limits -------------------------------------------------------------------------


def test_a_latency_without_p99_is_exact(shop: Any) -> None:
    """Every answer takes the median; refusals too."""
    it = shop(backoff=constant("1s"))
    it.pay.slow("200ms")
    it.pay.behaves(sb.scripted(["TIMEOUT"]))
    it.put(3)
    it.world.run(minutes=1)
    assert sorted(d.latency for d in it.deliveries) == [0.2, 0.2, 1.4]


@pytest.mark.parametrize("seed", [1, 2])
def test_latencies_are_log_normal(shop: Any, seed: int) -> None:
    """With the median and the 99th percentile that were asked for."""
    it = shop(seed=seed)
    it.pay.slow("200ms", p99="8s")
    it.put(1000)
    it.world.run(hours=1)
    latencies = sorted(d.latency for d in it.deliveries)
    assert 0.17 < latencies[500] < 0.24
    assert 4 < latencies[990] < 16


def test_a_latency_rises_with_its_sample() -> None:
    """It never goes down, is a whole number above zero, and hits the two quantiles it is named by."""
    slow = Slow(200_000, 8_000_000)
    values = [slow.latency_us(sample) for sample in range(0, SAMPLE_RANGE, SAMPLE_RANGE // 5000)]
    assert values == sorted(values)
    assert all(type(value) is int and value > 0 for value in values)
    assert slow.latency_us(SAMPLE_RANGE // 2) == 200_000
    assert abs(slow.latency_us(SAMPLE_RANGE * 99 // 100) - 8_000_000) < 80_000


def test_a_limit_per_second_throttles_what_goes_beyond(shop: Any) -> None:
    """A second's worth at once, then one more for each part of a second."""
    it = shop(retry=NONE)
    it.pay.limit(per_second=10)
    it.put(15)
    it.world.run(seconds=0.25)
    it.put(15)
    it.world.run(seconds=5)
    it.put(15)
    it.world.settle()
    accepted = [outcomes(it)[n : n + 15].count(None) for n in (0, 15, 30)]
    assert accepted == [10, 2, 10]
    assert set(outcomes(it)) == {None, "THROTTLING"}


def test_a_backlog_drains_at_the_limit(shop: Any) -> None:
    """Nothing is lost: a throttled attempt is retried until there is room."""
    it = shop(backoff=constant("1s"))
    it.pay.limit(per_second=5)
    it.put(50)
    it.world.run(minutes=5)
    counts = Counter(round(d.latency) for d in it.deliveries)
    assert counts == dict.fromkeys(range(10), 5)


def test_a_concurrency_limit_counts_what_is_being_worked_on(shop: Any) -> None:
    """An answer frees its place at the instant it is given, and not before."""
    it = shop(retry=NONE)
    it.pay.slow("10s")
    it.pay.limit(concurrency=2)
    it.put(3)
    it.world.run(seconds=9.999999)
    it.put()
    it.world.run(until="2026-03-01T00:00:10Z")
    it.put(3)
    it.world.run(minutes=1)
    assert outcomes(it) == [None, None, "THROTTLING", "THROTTLING", None, None, "THROTTLING"]


def test_a_concurrency_limit_without_latency_never_throttles(shop: Any) -> None:
    """What takes no time is never at the same time."""
    it = shop(retry=NONE)
    it.pay.limit(concurrency=1)
    it.put(5)
    it.world.settle()
    assert outcomes(it) == [None] * 5


# -- scripts and functions ----------------------------------------------------------------------


def test_a_script_answers_one_attempt_after_the_other(shop: Any) -> None:
    """The contract's example; afterwards all is well."""
    it = shop(backoff=constant("1s"))
    it.pay.behaves(sb.scripted(["THROTTLING", "TIMEOUT", "ok"]))
    it.put()
    it.world.run(minutes=1)
    it.put()
    it.world.settle()
    first, second = it.deliveries
    assert [attempt.error_code for attempt in first.attempts] == ["THROTTLING", "TIMEOUT", None]
    assert (first.latency, second.attempt_count) == (2, 1)


def test_a_function_decides_by_what_it_sees(shop: Any) -> None:
    """Event, number of the attempt, time and rule; what it does to the event stays with it."""
    seen: list[Invocation] = []

    def third_time_lucky(invocation: Invocation) -> str:
        seen.append(invocation)
        invocation.event["detail"].clear()
        return "ok" if invocation.attempt == 3 else "TIMEOUT"

    it = shop(backoff=constant("1s"))
    it.pay.behaves(third_time_lucky)
    (name,) = it.put()
    it.world.run(minutes=1)
    assert [invocation.attempt for invocation in seen] == [1, 2, 3]
    assert [it.seconds(invocation.time) for invocation in seen] == [0, 1, 2]
    assert {invocation.event["id"] for invocation in seen} == {name}
    assert seen[0].rule_arn.endswith(":rule/orders")
    assert it.pay.received[0]["detail"] == {"order": 1}
    it.pay.recovers()
    it.put()
    it.world.settle()
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (lambda _: "THROTLING", "did you mean THROTTLING"),
        (lambda _: None, "no delivery fails with None"),
        (lambda _: ["ok"], "no delivery fails with"),
    ],
)
def test_a_function_that_fails_ends_the_run(shop: Any, function: Any, says: str) -> None:
    """It is a bug of the scenario, not a failed delivery."""
    it = shop()
    it.pay.behaves(function)
    it.put()
    with pytest.raises(sb.HandlerFailed, match=f"behaviour of {re.escape(it.pay.arn)}.*{says}"):
        it.world.settle()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda pay: pay.fails("THROTLING"), "did you mean THROTTLING"),
        (lambda pay: pay.fails(None), "no delivery fails with None"),
        (lambda pay: pay.fails("TIMEOUT", rate=1.5), "from 0 to 1"),
        (lambda pay: pay.fails("TIMEOUT", rate=-0.1), "from 0 to 1"),
        (lambda pay: pay.fails("TIMEOUT", rate=float("nan")), "from 0 to 1"),
        (lambda pay: pay.fails("TIMEOUT", rate=True), "from 0 to 1"),
        (lambda pay: pay.fails("TIMEOUT", for_="2 fortnights"), "duration"),
        (lambda pay: pay.fails("TIMEOUT", from_="soon"), "ISO 8601"),
        (lambda pay: pay.slow("0s"), "above zero"),
        (lambda pay: pay.slow("2s", p99="1s"), "not below"),
        (lambda pay: pay.limit(), "which limit"),
        (lambda pay: pay.limit(per_second=0), "from 1"),
        (lambda pay: pay.limit(concurrency=1.5), "from 1"),
        (
            lambda pay: pay.limit(per_second=5, concurrency=0),
            "concurrency is a whole number from 1",
        ),
        (lambda pay: pay.behaves("THROTTLING"), r"scripted\(\[...\]\) or a function"),
        (lambda _: sb.scripted("THROTTLING"), "a list of outcomes"),
        (lambda _: sb.scripted(["THROTLING"]), "did you mean THROTTLING"),
        (lambda _: sb.scripted([None]), "no delivery fails with None"),
    ],
)
def test_a_behaviour_that_cannot_be_is_refused(shop: Any, wrong: Any, says: str) -> None:
    """At once, and nothing of it is in the trace."""
    it = shop()
    before = len(it.world.trace)
    with pytest.raises(sb.SimbridgeError, match=says):
        wrong(it.pay)
    it.world.settle()
    assert len(it.world.trace) == before


def test_a_behaviour_is_a_message_in_its_place(shop: Any) -> None:
    """It is a message: what is under way at the same instant before it is not affected."""
    it = shop(retry=NONE)
    it.put()
    it.pay.fails("TIMEOUT")
    it.put()
    it.world.settle()
    assert [type(record.message).__name__ for record in it.world.trace].count("Behave") == 1
    assert outcomes(it)[-1] == "TIMEOUT"
