"""From match to end: retries, their two limits, dead letters, quotas and latency."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

import simbridge as sb
from simbridge.model.backoff import constant
from simbridge.model.error_codes import ERROR_CODES

HOUR, DAY = 3600, 86_400

# What the user guide's table says (fidelity 2.2), and for the last ones what was captured
# (NO_PERMISSIONS, NO_RESOURCE, TARGET_DECRYPTION_FAILURE) or chosen.
RETRIED = [
    "CONNECTION_FAILURE",
    "CROSS_ACCOUNT_INGESTION_FAILED",
    "EVENTS_IN_BATCH_REQUEST_REJECTED",
    "INTERNAL_ERROR",
    "RESOURCE_LIMIT_EXCEEDED",
    "RESOURCE_MODIFICATION_COLLISION",
    "SDK_CLIENT_ERROR",
    "THROTTLING",
    "TIMEOUT",
    "CROSS_REGION_INGESTION_FAILED",
]
FINAL = [
    "ERROR_FROM_TARGET",
    "FAILED_TO_ASSUME_ROLE",
    "INVALID_JSON",
    "INVALID_PARAMETER",
    "THIRD_ACCOUNT_HOP_DETECTED",
    "THIRD_REGION_HOP_DETECTED",
    "TRANSIENT_ASSUME_ROLE",
    "UNKNOWN",
    "NO_PERMISSIONS",
    "NO_RESOURCE",
    "TARGET_DECRYPTION_FAILURE",
    "RESOURCE_ALREADY_EXISTS",
]

AGE, ATTEMPTS = "MaximumEventAgeInSeconds", "MaximumRetryAttempts"


@pytest.mark.parametrize(
    ("retry", "every", "attempts", "exhausted", "ended_s"),
    [
        (None, "7m", 186, ATTEMPTS, 185 * 420),
        (None, "1h", 25, AGE, DAY),  # the last one at the limit itself
        (None, "3601s", 24, AGE, DAY),
        ({ATTEMPTS: 0}, "1s", 1, ATTEMPTS, 0),
        ({ATTEMPTS: 1}, "1s", 2, ATTEMPTS, 1),
        ({ATTEMPTS: 185}, "1s", 186, ATTEMPTS, 185),
        ({AGE: 60}, "1s", 61, AGE, 60),
        ({AGE: 60}, "59s", 2, AGE, 60),
        ({AGE: 60}, "61s", 1, AGE, 60),
        ({AGE: 60, ATTEMPTS: 3}, "20s", 4, ATTEMPTS, 60),  # both at once: no retry is left
        ({AGE: 60, ATTEMPTS: 4}, "20s", 4, AGE, 60),
        ({AGE: 86_400, ATTEMPTS: 2}, "12h", 3, ATTEMPTS, DAY),
    ],
)
def test_whichever_limit_comes_first_ends_it(
    shop: Any,
    retry: dict[str, int] | None,
    every: str,
    attempts: int,
    exhausted: str,
    ended_s: int,
) -> None:
    """185 retries and 24 hours by default; no attempt after the age limit, which ends it on time."""
    it = shop(retry=retry, backoff=constant(every))
    it.pay.fails("THROTTLING")
    it.put()
    it.world.run(days=2)
    assert (it.delivery.outcome, it.delivery.exhausted) == ("dead-lettered", exhausted)
    assert (it.delivery.attempt_count, len(it.delivery.attempts)) == (attempts, attempts)
    assert it.seconds(it.delivery.ended_us) == ended_s
    (letter,) = it.dead.receive()
    assert letter.attributes["EXHAUSTED_RETRY_CONDITION"] == exhausted
    assert letter.attributes["RETRY_ATTEMPTS"] == str(attempts - 1)


@pytest.mark.parametrize(
    ("limits", "attempts", "exhausted"),
    [({"retry_attempts": 2}, 3, ATTEMPTS), ({"event_age_s": 120}, 3, AGE)],
)
def test_the_defaults_are_limits_of_the_world(
    shop: Any, limits: dict[str, int], attempts: int, exhausted: str
) -> None:
    """Both numbers can be overridden, and hold where the target says nothing of its own."""
    it = shop(limits=limits, backoff=constant("1m"))
    it.pay.fails("THROTTLING")
    it.put()
    it.world.run(days=2)
    assert (it.delivery.attempt_count, it.delivery.exhausted) == (attempts, exhausted)


def test_age_counts_from_ingestion(shop: Any) -> None:
    """The `Time` of an event may be long past: it says nothing of how long it has been retried."""
    it = shop(retry={AGE: 60}, backoff=constant("1s"))
    it.pay.fails("TIMEOUT", for_="30s")
    it.world.run(seconds=10)
    it.put(Time="2020-01-01T00:00:00Z")
    it.world.run(minutes=5)
    assert (it.delivery.outcome, it.delivery.attempt_count) == ("delivered", 21)
    assert it.delivery.latency == 20


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_an_error_code_is_retried_or_final(shop: Any, code: str) -> None:
    """Those that are not retried are dead letters at once, without a word of retries."""
    assert (code in RETRIED) != (code in FINAL)
    it = shop()
    it.pay.behaves(sb.scripted([code]))
    it.put()
    it.world.run(minutes=1)
    if code in RETRIED:
        assert (it.delivery.outcome, it.delivery.attempt_count) == ("delivered", 2)
        return
    assert (it.delivery.outcome, it.delivery.attempt_count) == ("dead-lettered", 1)
    assert (it.delivery.error_code, it.delivery.exhausted) == (code, None)
    (letter,) = it.dead.receive()
    assert set(letter.attributes) == {"RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE"}


@pytest.mark.parametrize("retry", [{ATTEMPTS: 0}, {ATTEMPTS: 1}])
def test_a_final_failure_says_nothing_of_retries(shop: Any, retry: dict[str, int]) -> None:
    """Not even where the policy allows none (captured)."""
    it = shop(retry=retry)
    it.pay.fails("NO_PERMISSIONS")
    it.put()
    it.world.settle()
    (letter,) = it.dead.receive()
    assert "RETRY_ATTEMPTS" not in letter.attributes
    assert "EXHAUSTED_RETRY_CONDITION" not in letter.attributes


def test_the_dead_letter_in_full(shop: Any) -> None:
    """Body: what the target would have got. Attributes: who, why, and which limit (captured)."""
    it = shop(retry={ATTEMPTS: 1}, target={"InputPath": "$.detail"}, backoff=constant("5s"))
    it.pay.fails("INTERNAL_ERROR", text="boom")
    it.put()
    it.world.run(minutes=1)
    (letter,) = it.dead.receive()
    assert json.loads(letter.body) == {"order": 1}
    assert letter.attributes == {
        "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/orders",
        "TARGET_ARN": it.pay.arn,
        "ERROR_CODE": "INTERNAL_ERROR",
        "ERROR_MESSAGE": "boom",
        "EXHAUSTED_RETRY_CONDITION": ATTEMPTS,
        "RETRY_ATTEMPTS": "1",
    }


def test_the_last_error_is_in_the_dead_letter(shop: Any) -> None:
    """Of several different failures the dead letter carries the last one."""
    it = shop(retry={ATTEMPTS: 2})
    it.pay.behaves(sb.scripted(["TIMEOUT", "INTERNAL_ERROR", "THROTTLING"]))
    it.put()
    it.world.run(minutes=5)
    assert it.delivery.error_code == "THROTTLING"
    codes = [attempt.error_code for attempt in it.delivery.attempts]
    assert codes == ["TIMEOUT", "INTERNAL_ERROR", "THROTTLING"]


def test_without_a_queue_it_is_dropped(shop: Any) -> None:
    """The record of the loss tells as much as a dead letter."""
    it = shop(retry={ATTEMPTS: 1}, dead_letters=False)
    it.pay.fails("THROTTLING")
    it.put()
    it.world.run(minutes=1)
    assert (it.delivery.outcome, it.delivery.error_code) == ("dropped", "THROTTLING")
    assert (it.delivery.exhausted, it.delivery.attempt_count) == (ATTEMPTS, 2)
    assert it.delivery.ended_us == it.world.trace[-1].time


def _missing(it: Any) -> None:
    gone = it.world.queue("dead").arn + "-not"
    target = {**it.target, "DeadLetterConfig": {"Arn": gone}}
    it.events.put_targets(Rule="orders", Targets=[target])


@pytest.mark.parametrize(
    "spoil",
    [
        _missing,
        lambda it: it.dead.fails("NO_PERMISSIONS"),
        lambda it: it.dead.fails("THROTTLING", for_="5m"),
        lambda it: it.dead.behaves(sb.scripted(["INTERNAL_ERROR"])),
    ],
    ids=["missing", "denied", "down", "once"],
)
def test_a_dead_letter_queue_that_fails_loses_the_event(shop: Any, spoil: Any) -> None:
    """It is not tried again; what ended the delivery stays the reason of the loss."""
    it = shop(retry={ATTEMPTS: 1}, backoff=constant("1s"))
    spoil(it)
    it.pay.fails("TIMEOUT")
    it.put()
    it.world.run(days=2)
    assert (it.delivery.outcome, it.delivery.error_code) == ("dropped", "TIMEOUT")
    assert (it.delivery.exhausted, it.delivery.attempt_count) == (ATTEMPTS, 2)
    assert it.seconds(it.delivery.ended_us) == 1
    assert it.dead.messages == []
    assert it.world.metrics("InvocationsFailedToBeSentToDlq", rule="orders").sum == 1


def test_a_slow_dead_letter_queue_is_waited_for(shop: Any) -> None:
    """Until it has answered the delivery is pending, age limit or not."""
    it = shop(retry={AGE: 60}, backoff=constant("50s"))
    it.pay.fails("TIMEOUT")
    it.dead.slow("10m")
    it.put()
    it.world.run(minutes=5)
    assert it.delivery.outcome == "pending"
    it.world.run(minutes=10)
    assert (it.delivery.outcome, it.delivery.exhausted) == ("dead-lettered", AGE)
    assert it.seconds(it.delivery.ended_us) == 660


@pytest.mark.parametrize(
    ("error", "outcome", "exhausted"),
    [("TIMEOUT", "dead-lettered", AGE), (None, "delivered", None)],
)
def test_an_answer_may_come_after_the_age_limit(
    shop: Any, error: str | None, outcome: str, exhausted: str | None
) -> None:
    """The attempt was in time, so its answer counts; after a refusal there is no other attempt."""
    it = shop(retry={AGE: 60}, backoff=constant("1s"))
    it.pay.slow("90s")
    if error is not None:
        it.pay.fails(error)
    it.put()
    it.world.run(seconds=70)
    assert it.delivery.outcome == "pending"
    it.world.run(minutes=5)
    assert (it.delivery.outcome, it.delivery.exhausted) == (outcome, exhausted)
    assert (it.delivery.attempt_count, it.seconds(it.delivery.ended_us)) == (1, 90)


def test_each_target_has_retries_of_its_own(shop: Any) -> None:
    """One target that is down does not hold up another, of the same rule and at the same ARN even."""
    it = shop(retry={ATTEMPTS: 1})
    queue = it.world.queue("audit")
    twin = {"Id": "pay-2", "Arn": it.pay.arn, "RetryPolicy": {ATTEMPTS: 2}}
    it.events.put_targets(Rule="orders", Targets=[{"Id": "audit", "Arn": queue.arn}, twin])
    it.pay.fails("THROTTLING")
    it.put()
    it.world.run(minutes=5)
    ends = {d.target: (d.outcome, d.attempt_count) for d in it.deliveries}
    assert ends == {"pay": ("dead-lettered", 2), "audit": ("delivered", 1), "pay-2": ("dropped", 3)}


def test_a_poisoned_template_is_given_up_without_an_attempt(shop: Any) -> None:
    """The text that is not JSON goes to the queue as it is; events that suit the template arrive."""
    transformer = {"InputPathsMap": {"x": "$.detail.note"}, "InputTemplate": '"<x>"'}
    it = shop(target={"InputTransformer": transformer})
    it.put(Detail='{"note": "fine"}')
    it.put(Detail=json.dumps({"note": 'say "hi"'}))
    it.world.settle()
    ends = [(d.outcome, d.error_code, d.exhausted, d.attempt_count) for d in it.deliveries]
    assert ends == [
        ("delivered", None, None, 1),
        ("dead-lettered", "INVALID_JSON", None, 0),
    ]
    assert (it.pay.messages, it.dead.messages) == (['"fine"'], ['"say "hi""'])


# -- quota and latency --------------------------------------------------------------------------


def test_what_goes_beyond_the_invocations_quota_waits(shop: Any) -> None:
    """Delayed, not dropped: the burst of a second at once, then one after the other."""
    it = shop(limits={"invocations_per_second": 2})
    it.put(6)
    it.world.run(minutes=1)
    assert [d.latency for d in it.deliveries] == [0, 0, 0.5, 1, 1.5, 2]


def test_retries_use_the_quota_too(shop: Any) -> None:
    """An attempt waits for its backoff and then for its turn behind what came before."""
    it = shop(limits={"invocations_per_second": 1}, backoff=constant("1s"))
    it.pay.behaves(sb.scripted(["TIMEOUT"]))
    it.put(3)
    it.world.run(minutes=1)
    assert [d.latency for d in it.deliveries] == [3, 1, 2]


def test_an_age_limit_holds_in_the_quota_too(shop: Any) -> None:
    """Who is not served by then ends there without an attempt, and takes no turn from the others."""
    it = shop(retry={AGE: 60}, limits={"invocations_per_second": 1})
    it.put(100)
    it.world.run(minutes=1)
    it.put()
    it.world.run(minutes=2)
    *first, last = it.deliveries
    assert [d.latency for d in first[:61]] == list(range(61))
    assert {(d.outcome, d.exhausted, d.error_code) for d in first[61:]} == {
        ("dead-lettered", AGE, "THROTTLING")
    }
    assert {(d.attempt_count, it.seconds(d.ended_us)) for d in first[61:]} == {(0, 60)}
    assert last.latency == 1  # the next free second, as if the 39 had never asked
    assert {letter.attributes["RETRY_ATTEMPTS"] for letter in it.dead.receive()} == {"0"}


def test_the_quota_is_per_account_and_region(shop: Any) -> None:
    """All rules of one share it; others are not touched."""
    it = shop(limits={"invocations_per_second": 1}, stand_ins="auto")
    arn = "arn:aws:sqs:eu-west-1:123456789012:far"
    there = it.world.client("events", region="eu-west-1")
    for client, name, target in ((it.events, "more", it.dead.arn), (there, "far", arn)):
        client.put_rule(Name=name, EventPattern='{"source": ["shop"]}')
        client.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])
    it.put()
    there.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    it.world.run(seconds=10)
    assert {d.rule: d.latency for d in it.deliveries} == {"more": 0, "orders": 1, "far": 0}


LATE = {"delivery_latency_median_us": 150_000, "delivery_latency_p99_us": 400_000}


def test_deliveries_take_time_in_a_world_with_latency(shop: Any) -> None:
    """Log-normal with the given median; events overtake each other."""
    it = shop(limits=LATE)
    ids = it.put(400)
    it.world.run(seconds=10)
    latencies = sorted(d.latency for d in it.deliveries)
    assert 0.13 < latencies[200] < 0.17
    assert 0.3 < latencies[396] < 0.6
    assert [event["id"] for event in it.pay.received] != ids


def test_duplicates_are_deliveries_of_their_own(shop: Any) -> None:
    """At least once: the same id twice, each with its own latency and retries."""
    it = shop(limits={**LATE, "duplicates_per_million": 1_000_000})
    it.pay.fails("THROTTLING", for_="1h")
    (name,) = it.put()
    it.world.run(hours=2)
    one, two = it.deliveries
    assert [event["id"] for event in it.pay.received] == [name, name]
    assert [a.time for a in one.attempts] != [a.time for a in two.attempts]
    assert {one.outcome, two.outcome} == {"delivered"}


def test_the_share_of_duplicates(shop: Any) -> None:
    """It is as asked for, looked up from the seed."""
    it = shop(limits={"duplicates_per_million": 250_000})
    it.put(400)
    it.world.settle()
    assert 470 < len(it.deliveries) < 530


# -- chance, copies -----------------------------------------------------------------------------


def test_delays_come_from_the_seed_and_the_event(shop: Any) -> None:
    """The same in a world where other things happen besides; different for another seed."""

    def times(seed: int, noise: bool) -> list[float]:
        it = shop(seed=seed, retry={ATTEMPTS: 6})
        it.pay.fails("THROTTLING")
        it.put()
        if noise:
            it.put(3)
        it.world.run(hours=1)
        attempts = it.deliveries[0].attempts
        return [it.seconds(attempt.time) for attempt in attempts]

    assert times(1, False) == times(1, True) != times(2, False)


@pytest.mark.parametrize("answer", [1.5, -1, None, "1s", True])
def test_a_backoff_with_an_invalid_answer_is_an_error(shop: Any, answer: Any) -> None:
    """Time is whole microseconds; anything else would end up in the order of things."""

    class Odd:
        def delay_us(self, retry: int, luck: int) -> Any:
            return answer

    it = shop(backoff=Odd())
    it.pay.fails("THROTTLING")
    it.put()
    with pytest.raises(sb.SimbridgeError, match="whole microseconds"):
        it.world.run(hours=1)


def test_a_fork_and_a_pickle_carry_retries_quotas_and_faults(shop: Any) -> None:
    """In the middle of it all: backoffs, a bucket that many share, windows, scripts, hidden messages."""
    it = shop(limits={"invocations_per_second": 3, **LATE}, retry={AGE: 300, ATTEMPTS: 20})
    audit = it.world.queue("audit")
    it.events.put_rule(Name="audit", EventPattern='{"source": ["shop"]}')
    it.events.put_targets(Rule="audit", Targets=[{"Id": "1", "Arn": audit.arn}])
    it.pay.fails("THROTTLING", rate=0.4)
    it.pay.fails("NO_PERMISSIONS", from_="2026-03-01T00:03:00Z", for_="1m")
    it.pay.slow("2s", p99="40s")
    it.pay.limit(concurrency=3, per_second=2)
    audit.behaves(sb.scripted(["TIMEOUT"] * 20))
    it.put(40)
    it.world.run(seconds=31.7)
    audit.receive(visibility_timeout="1m")
    futures = [it.world.fork(), pickle.loads(pickle.dumps(it.world)), it.world, it.world.fork()]
    digests = set()
    for future in futures:
        future.run(minutes=2)
        future.queue("audit").receive()
        future.run(minutes=20)
        digests.add(future.trace.digest())
    assert len(digests) == 1
    assert not it.world.trace.deliveries(outcome="pending")


def test_the_quota_of_a_fork_is_shared_with_its_new_rules(shop: Any) -> None:
    """One bucket for the targets that were there and those that come later, as in the original."""
    it = shop(limits={"invocations_per_second": 1})
    it.put(3)
    it.world.settle()
    latencies = []
    for world in (it.world.fork(), it.world):
        events = world.client()
        events.put_rule(Name="new", EventPattern='{"source": ["new"]}')
        events.put_targets(Rule="new", Targets=[{"Id": "1", "Arn": world.queue("dead").arn}])
        for source in ("new", "shop"):
            events.put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": "{}"}])
        world.run(minutes=1)
        latencies.append([d.latency for d in world.trace.deliveries()])
    assert latencies == [[0, 1, 2, 3, 4]] * 2
