"""The numbers AWS documents, the two profiles, and the bucket that keeps to a rate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.clock import SECOND
from simbridge.base.token_bucket import Bucket
from simbridge.model.limits import LIMITS, PROFILES, limits_with, rate_of, replay_rate_of, rules_of

QUOTAS = "put_events_per_second", "invocations_per_second"


@pytest.mark.parametrize(
    ("region", "rates"),
    [
        ("us-east-1", (10_000, 18_750)),
        ("us-west-2", (10_000, 18_750)),
        ("eu-west-1", (10_000, 18_750)),
        ("us-east-2", (2_400, 4_500)),
        ("eu-central-1", (2_400, 4_500)),
        ("eu-south-2", (2_400, 4_500)),
        ("us-west-1", (1_200, 2_250)),
        ("ap-northeast-1", (1_200, 2_250)),
        ("ap-southeast-1", (1_200, 2_250)),
        ("ap-southeast-2", (1_200, 2_250)),
        ("eu-west-2", (1_200, 2_250)),
        ("af-south-1", (400, 750)),
        ("ap-northeast-3", (400, 750)),
        ("ap-southeast-3", (400, 750)),
        ("eu-south-1", (400, 750)),
        ("ap-east-1", (600, 1_100)),
        ("ap-northeast-2", (600, 1_100)),
        ("ap-south-1", (600, 1_100)),
        ("ca-central-1", (600, 1_100)),
        ("eu-north-1", (600, 1_100)),
        ("eu-west-3", (600, 1_100)),
        ("sa-east-1", (600, 1_100)),
        ("ap-east-2", (400, 750)),
        ("ap-south-2", (400, 750)),
        ("ap-southeast-4", (400, 750)),
        ("ap-southeast-7", (400, 750)),
        ("ca-west-1", (400, 750)),
        ("cn-north-1", (400, 750)),
        ("eu-central-2", (400, 750)),
        ("il-central-1", (400, 750)),
        ("me-central-1", (400, 750)),
        ("mx-central-1", (400, 750)),
        ("us-gov-west-1", (400, 750)),
    ],
)
def test_rates_by_region(region: str, rates: tuple[int, int]) -> None:
    """Off in the ideal profile, those of the quotas page in the other; an override beats both."""
    ideal, aws = limits_with(PROFILES["ideal"]), limits_with(PROFILES["aws"])
    assert [rate_of(name, region, ideal) for name in QUOTAS] == [0, 0]
    assert tuple(rate_of(name, region, aws) for name in QUOTAS) == rates
    own = limits_with(PROFILES["aws"], dict.fromkeys(QUOTAS, 7))
    assert [rate_of(name, region, own) for name in QUOTAS] == [7, 7]


@pytest.mark.parametrize(
    ("region", "rules"), [("us-east-1", 300), ("eu-south-2", 300), ("af-south-1", 100)]
)
def test_rules_by_region(region: str, rules: int) -> None:
    """300 on a bus everywhere in the ideal profile; the region's in the other; an override beats both."""
    assert rules_of(region, limits_with(PROFILES["ideal"])) == 300
    assert rules_of(region, limits_with(PROFILES["aws"])) == rules
    assert rules_of(region, limits_with(PROFILES["aws"], {"rules_per_bus": 250})) == 250


def test_replays_go_at_the_pace_of_the_region() -> None:
    """No faster than the quota of PutEvents there, raised or not, if that is on."""
    ideal, aws = PROFILES["ideal"], PROFILES["aws"]
    assert replay_rate_of("sa-east-1", limits_with(ideal)) == 10_000
    assert replay_rate_of("us-east-1", limits_with(aws)) == 10_000
    assert replay_rate_of("sa-east-1", limits_with(aws)) == 600
    assert replay_rate_of("sa-east-1", limits_with(aws, {"put_events_per_second": 900})) == 900
    assert replay_rate_of("sa-east-1", limits_with(aws, {"replay_events_per_second": 50})) == 50
    assert replay_rate_of("sa-east-1", limits_with(aws, {"replay_events_per_second": 0})) == 0


def test_the_rules_of_a_bus_are_refused_at_the_quota_of_the_region() -> None:
    """The 101st in Cape Town, which is accepted in Virginia."""
    world = sb.World(profile="aws")
    for region, refused in (("af-south-1", True), ("us-east-1", False)):
        events = world.client(region=region)
        for number in range(100):
            events.put_rule(Name=f"r{number}", EventPattern='{"source": ["s"]}')
        if refused:
            with pytest.raises(events.exceptions.LimitExceededException):
                events.put_rule(Name="one-more", EventPattern='{"source": ["s"]}')
        else:
            events.put_rule(Name="one-more", EventPattern='{"source": ["s"]}')


UNITS = {
    "_us": "µs",
    "_s": "seconds",
    "_days": "days",
    "_bytes": "bytes",
    "_chars": "characters",
    "_per_second": "a second",
    "_per_day": "a day",
    "_per_million": "a million",
}


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_limit_has_its_unit_and_its_evidence(name: str) -> None:
    """A name ends in its unit; a number of time has an address, or is said to be invented."""
    limit = LIMITS[name]
    assert limit.meaning and limit.evidence
    ends = [unit for ending, unit in UNITS.items() if name.endswith(ending)]
    assert limit.unit == (ends[0] if ends else "0 or 1" if limit.meaning.startswith("1:") else "")
    if limit.unit in ("µs", "seconds", "days"):
        assert "https://" in limit.evidence or limit.evidence.startswith("invented")
    assert "simbridge, not AWS" not in limit.evidence or limit.evidence.startswith("invented")


def test_a_profile_is_a_set_of_numbers_that_differ() -> None:
    """One that repeats the ideal profile is no number of the other."""
    assert set(PROFILES) == {"ideal", "aws"} and PROFILES["ideal"] == {}
    assert all(LIMITS[name].default != number for name, number in PROFILES["aws"].items())


def _told(world: sb.World, count: int = 300) -> dict[str, Any]:
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": world.queue("q").arn}])
    early = world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.run(seconds=10)
    for number in range(count // 10):
        entries = [
            {"Source": "s", "DetailType": "d", "Detail": json.dumps({"n": number * 10 + k})}
            for k in range(10)
        ]
        world.client().put_events(Entries=entries)
    world.run(minutes=1)
    deliveries = world.trace.deliveries()
    return {
        "early": [d for d in deliveries if d.event.id == early["Entries"][0]["EventId"]],
        "latencies": sorted(d.latency or 0 for d in deliveries),
        "count": len(deliveries),
        "ordered": [event["detail"].get("n", -1) for event in world.queue("q").received],
    }


def test_the_ideal_profile_has_no_noise() -> None:
    """Changes hold at once, deliveries take no time and keep their order, and none is made twice."""
    told = _told(sb.World(profile="ideal"))
    assert len(told["early"]) == 1
    assert set(told["latencies"]) == {0}
    assert told["ordered"] == list(range(-1, 300))


def test_the_aws_profile_has_all_of_it() -> None:
    """Changes take seconds, deliveries a log-normal time in which they overtake each other.

    Median and 99th percentile are those of the table, give or take what 3,000 draws leave open.
    """
    told = _told(sb.World(profile="aws"), 3_000)
    assert told["early"] == []
    assert 0.048 < told["latencies"][1_500] < 0.052
    assert 0.118 < told["latencies"][2_970] < 0.143
    assert 0.080 < told["latencies"][2_700] < 0.090
    assert told["ordered"] != sorted(told["ordered"])


def test_the_aws_profile_makes_some_deliveries_twice() -> None:
    """As often as the number says; here of all, to see it in few."""
    told = _told(sb.World(profile="aws", limits={"duplicates_per_million": 1_000_000}))
    assert told["count"] == 600
    assert sorted(told["ordered"]) == sorted([*range(300)] * 2)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"retry_attempt": 3}, "did you mean retry_attempts"),
        ({"retry_attempts": -1}, "whole number >= 0"),
        ({"retry_attempts": 1.5}, "whole number >= 0"),
        ({"retry_attempts": True}, "whole number >= 0"),
        ({"delivery_latency_median_us": 5}, "delivery_latency_p99_us"),
        ({"delivery_latency_p99_us": 5}, "above zero"),
        ({"duplicates_per_million": 1_000_001}, "0 to 1,000,000, not 1,000,001"),
    ],
)
def test_limits_that_cannot_be(limits: dict[str, Any], says: str) -> None:
    """Told when the world is made."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World(limits=limits)


@given(
    rate=st.integers(1, 20),
    gaps=st.lists(st.integers(0, SECOND), max_size=80),
)
def test_a_bucket_never_gives_more_than_its_rate(rate: int, gaps: list[int]) -> None:
    """In no window of any length more than the burst and what flowed in; and never less, either."""
    bucket, now, tokens, taken = Bucket(rate), 10 * SECOND, rate * SECOND, []
    for gap in gaps:
        now += gap
        tokens = min(
            rate * SECOND, tokens + gap * rate
        )  # the plain bucket, in millionths of a token
        fits = tokens >= SECOND
        assert bucket.take(now) == fits
        if fits:
            tokens -= SECOND
            taken.append(now)
    for first, begin in enumerate(taken):
        for last in range(first, len(taken)):
            assert (last - first + 1 - rate) * SECOND <= (taken[last] - begin) * rate


@given(rate=st.integers(1, 7), gaps=st.lists(st.integers(0, SECOND // 2), max_size=60))
def test_reserved_turns_are_in_order_and_at_the_rate(rate: int, gaps: list[int]) -> None:
    """Each comes as soon as the plain bucket has a token again; one that is declined costs nothing."""
    bucket, twin, now, turns = Bucket(rate), Bucket(rate), 10 * SECOND, []
    for gap in gaps:
        now += gap
        wait = bucket.reserve(now, 60 * SECOND)
        assert wait is not None
        if wait:
            assert twin.reserve(now, wait - 1) is None
        assert twin.reserve(now, wait) == wait
        turns.append(now + wait)
    assert turns == sorted(turns)
    for first, begin in enumerate(turns):  # waits are rounded up to a whole microsecond
        for last in range(first, len(turns)):
            assert (last - first + 1 - rate) * SECOND <= (turns[last] - begin + 1) * rate
