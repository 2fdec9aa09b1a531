"""The figures of CloudWatch, counted from traces: whole worlds, hand-made records, the reference page."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.kernel import Entry
from simbridge.metrics.count import OCCURRENCES
from simbridge.metrics.series import METRICS, Metrics
from simbridge.model.messages import DeadLetter, Drop, Event, Invoke, Match, Outcome

ACCOUNT, REGION = "123456789012", "us-east-1"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
GONE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
MINUTE = 60_000_000
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def world_with(*targets: dict, bus: str = "default", entries: int = 1) -> sb.World:
    """A world that has put events to one rule with these targets."""
    world = sb.World()
    events = world.client("events")
    world.queue("kept")
    world.queue("orders")
    if bus != "default":
        events.create_event_bus(Name=bus)
    events.put_rule(Name="orders", EventBusName=bus, EventPattern='{"source": ["shop"]}')
    numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
    events.put_targets(Rule="orders", EventBusName=bus, Targets=numbered)
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}", "EventBusName": bus}
    events.put_events(Entries=[entry] * entries)
    world.run(minutes=5)
    return world


def sums(world: sb.World, **dimensions: str) -> dict[str, float]:
    """The sums of all series with exactly these dimensions, by metric."""
    return {
        series.name: series.sum for series in world.metrics() if series.dimensions == dimensions
    }


def invocations_of(world: sb.World) -> dict[str, float]:
    """The figures of the rule that name invocations, without latencies."""
    figures = sums(world, RuleName="orders")
    return {name: figure for name, figure in figures.items() if "Latency" not in name}


FAILED = {
    "MatchedEvents": 1,
    "TriggeredRules": 1,
    "Invocations": 1,
    "InvocationAttempts": 1,
    "FailedInvocations": 1,
}


def test_one_permanently_failed_target() -> None:
    """+1 InvocationAttempts, +1 Invocations, +1 FailedInvocations (captured), and nothing else."""
    assert invocations_of(world_with({"Arn": GONE})) == FAILED


def test_a_dead_letter_that_is_kept() -> None:
    """It adds +1 InvocationsSentToDlq (captured)."""
    kept = GONE.replace("gone", "kept")
    world = world_with({"Arn": GONE, "DeadLetterConfig": {"Arn": kept}})
    assert invocations_of(world) == {**FAILED, "InvocationsSentToDlq": 1}


def test_a_dead_letter_that_is_lost_too() -> None:
    """The delivery failed once, however many queues refuse it."""
    world = world_with({"Arn": GONE, "DeadLetterConfig": {"Arn": f"{GONE}-too"}})
    assert invocations_of(world) == {**FAILED, "InvocationsFailedToBeSentToDlq": 1}


def test_a_rule_matches_once_whatever_its_targets() -> None:
    """Two events, three targets: two matches, six invocations."""
    orders = GONE.replace("gone", "orders")
    figures = sums(world_with(*[{"Arn": orders}] * 3, entries=2), RuleName="orders")
    assert (figures["MatchedEvents"], figures["Invocations"]) == (2, 6)


def test_dimensions_of_default_and_custom_buses() -> None:
    """Rules of the default bus carry RuleName only, those of a custom one EventBusName too."""
    orders = GONE.replace("gone", "orders")
    names = {"RuleName": "orders"}
    assert "Invocations" in sums(world_with({"Arn": orders}), **names)
    custom = world_with({"Arn": orders}, bus="shop")
    assert not sums(custom, **names)
    assert sums(custom, **names, EventBusName="shop")["Invocations"] == 1
    assert sums(custom, EventBusName="shop")["MatchedEvents"] == 1


def test_put_events_counts_calls_and_entries() -> None:
    """A refused entry is an entry, a call that is refused as a whole has none."""
    world = sb.World()
    events = world.client("events")
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    events.put_events(Entries=[entry, {"Source": "shop"}, entry])
    with pytest.raises(events.exceptions.ClientError):
        events.put_events(Entries=[entry] * 11)
    counted = {name: figure for name, figure in sums(world).items() if name.startswith("PutEvents")}
    assert counted == {
        "PutEventsApproximateCallCount": 2,
        "PutEventsApproximateSuccessCount": 1,
        "PutEventsApproximateFailedCount": 1,
        "PutEventsEntriesCount": 3,
        "PutEventsFailedEntriesCount": 1,
        "PutEventsRequestSize": 7 + 4 + 7 + 77,
    }


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        ({"Source": "é", "DetailType": "d", "Resources": ["r1"], "Time": 0}, 21),
        ({"Source": "é", "DetailType": "d"}, 5),
        ({"Source": "s", "DetailType": "d", "EventBusName": "absent"}, 4),
        ({"Source": "s", "DetailType": "d", "TraceHeader": "Root=1"}, 4),
        ({"Source": "s"}, 3),
    ],
)
def test_the_size_of_a_request(entry: dict, size: int) -> None:
    """Bytes of its entries and 14 for a time; neither buses nor trace headers count (captured)."""
    world = sb.World()
    world.client().put_events(Entries=[{"Detail": "{}", **entry}])
    (point,) = world.metrics("PutEventsRequestSize").points
    assert (point.sum, point.sample_count, world.metrics("PutEventsRequestSize").unit) == (
        size,
        1,
        "Bytes",
    )


def test_a_refused_request_has_a_size_too() -> None:
    """One sample for the call, none for entries (captured); one that cannot be read has none."""
    world = sb.World()
    raw = Config(parameter_validation=False)
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("events", region_name=REGION, config=raw, **keys)
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    with world.intercept():
        for entries in ([entry] * 11, [], [{**entry, "Source": 1}]):
            with pytest.raises(client.exceptions.ClientError):
                client.put_events(Entries=entries)
    series = world.metrics("PutEventsRequestSize")
    assert (series.sum, series.sample_count) == (44, 2)
    assert world.metrics("PutEventsEntriesCount").points == []


def test_a_throttled_request_has_no_size() -> None:
    """It is not read."""
    world = sb.World(limits={"put_events_per_second": 1})
    client = world.client()
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    client.put_events(Entries=[entry])
    with pytest.raises(client.exceptions.ClientError):
        client.put_events(Entries=[entry])
    assert world.metrics("PutEventsRequestSize").sample_count == 1


MODERN = (
    "InvocationAttempts",
    "SuccessfulInvocationAttempts",
    "IngestionToInvocationStartLatency",
    "IngestionToInvocationCompleteLatency",
    "IngestionToInvocationSuccessLatency",
)


@pytest.mark.parametrize(
    ("hops", "queue", "counted"),
    [
        (1, None, ()),
        (0, None, ()),
        (0, "kept", MODERN),
        (0, "gone", (MODERN[0], MODERN[2], MODERN[3])),
    ],
)
def test_a_target_that_is_an_event_bus(hops: int, queue: str | None, counted: tuple) -> None:
    """No attempt, no latency; where it fails, those of its dead-letter queue (captured)."""
    for trace in ("full", "outcomes"):
        world = sb.World(limits={"same_region_hops": hops}, trace=trace)
        events = world.client()
        world.queue("kept")
        bus = events.create_event_bus(Name="other")["EventBusArn"]
        letters = {"DeadLetterConfig": {"Arn": GONE.replace("gone", queue)}} if queue else {}
        role = "arn:aws:iam::123456789012:role/forward"
        events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
        events.put_targets(
            Rule="orders", Targets=[{"Id": "1", "Arn": bus, "RoleArn": role, **letters}]
        )
        events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
        world.settle()
        assert world.metrics("Invocations", rule="orders").sum == 1
        assert world.metrics("FailedInvocations", rule="orders").sum == 1 - hops
        if trace == "full":
            samples = {
                name: world.metrics(name, rule="orders").sample_count
                for name in (*MODERN, "RetryInvocationAttempts")
            }
            assert samples == {name: int(name in counted) for name in samples}


def test_the_minimum_of_the_older_counters_is_zero() -> None:
    """One sample of 1 and a minimum of 0 (captured); the newer ones have the minimum of their samples."""
    kept = GONE.replace("gone", "kept")
    world = world_with({"Arn": GONE, "DeadLetterConfig": {"Arn": kept}})
    older = ("TriggeredRules", "Invocations", "FailedInvocations", "InvocationsSentToDlq")
    for name, least in {
        **dict.fromkeys(older, 0),
        "MatchedEvents": 1,
        "InvocationAttempts": 1,
    }.items():
        (point,) = world.metrics(name, rule="orders").points
        assert (point.minimum, point.sum, point.sample_count, point.average) == (least, 1, 1, 1)


def test_figures_belong_to_an_account_and_a_region() -> None:
    """Another region of the same world has its own."""
    world = world_with({"Arn": GONE})
    assert world.metrics("Invocations").sum == 1
    assert world.metrics("Invocations", region="eu-west-1").sum == 0
    assert world.metrics("Invocations", account="210987654321").sum == 0


def records(*messages: tuple[int, object]) -> sb.Trace:
    """A trace of (time, message); the first match has sequence number 1, and so on."""
    entries: list[Entry] = [
        (time, number, 0, "a", "b", message) for number, (time, message) in enumerate(messages, 1)
    ]
    return sb.Trace(entries)


def event(time: int) -> Event:
    return Event(BUS, {"id": f"e{time}"}, time, 10)


def rule(name: str) -> str:
    return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"


def counted(trace: sb.Trace, period: str = "1m") -> Metrics:
    return Metrics.from_records(trace, account=ACCOUNT, region=REGION, period=period)


def retried() -> sb.Trace:
    """Two refusals, then success after 150 seconds."""
    return records(
        (0, Match(event(0), rule("r"), "1", GONE)),
        (500_000, Invoke(1, 1, event(0), rule("r"))),
        (1_000_000, Outcome(1, 1, "THROTTLING")),
        (MINUTE, Invoke(1, 2, event(0), rule("r"))),
        (MINUTE, Outcome(1, 2, "THROTTLING")),
        (2 * MINUTE, Invoke(1, 3, event(0), rule("r"))),
        (150_000_000, Outcome(1, 3)),
    )


def test_retries_are_counted_when_they_happen() -> None:
    """Each attempt in its minute; the invocation once, in the minute in which it ends."""
    metrics = counted(retried())

    def minutes(name: str) -> list[tuple[int, float]]:
        return [(p.time.minute, p.sum) for p in metrics.series(name, rule="r").points]

    assert minutes("InvocationAttempts") == [(0, 1), (1, 1), (2, 1)]
    assert minutes("RetryInvocationAttempts") == [(1, 1), (2, 1)]
    assert minutes("SuccessfulInvocationAttempts") == [(2, 1)]
    assert minutes("Invocations") == [(2, 1)]
    assert minutes("FailedInvocations") == []
    assert minutes("IngestionToInvocationStartLatency") == [(0, 500)]
    assert minutes("IngestionToInvocationCompleteLatency") == [(0, 1000)]
    assert minutes("IngestionToInvocationSuccessLatency") == [(2, 150_000)]


def test_a_longer_period_adds_up_shorter_ones() -> None:
    """Sum, samples, average, minimum and maximum of five minutes."""
    slow = records(
        *(
            (time, message)
            for number, late in enumerate((10, 30), 1)
            for time, message in (
                (0, Match(event(0), rule("r"), "1", GONE)),
                (late * 1000, Invoke(2 * number - 1, 1, event(0), rule("r"))),
            )
        )
    )
    (point,) = counted(slow, "5m").series("IngestionToInvocationStartLatency").points
    assert (point.sum, point.sample_count, point.average) == (40, 2, 20)
    assert (point.minimum, point.maximum) == (10, 30)
    assert [p.sum for p in counted(retried(), "5m").series("InvocationAttempts").points] == [3]


ENDS = st.sampled_from(["accepted", "dropped", "kept", "not kept", "pending"])


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4), ENDS), max_size=12))
def test_the_figures_agree_with_the_deliveries(
    planned: list[tuple[str, int, str]],
) -> None:
    """`deliveries()` reads the same trace in its own way; sums over rules are the account's figures."""
    entries: list[tuple[int, object]] = []
    for number, (name, attempts, end) in enumerate(planned):
        began = 37_000_000 * number
        entries.append((began, Match(event(began), rule(name), "1", GONE)))
        delivery = len(entries)
        for attempt in range(1, attempts + 1):
            now = began + attempt * 50_000_000
            entries.append((now, Invoke(delivery, attempt, event(began), rule(name))))
            last = attempt == attempts
            if not last or end != "pending":
                error = None if last and end == "accepted" else "TIMEOUT"
                entries.append((now, Outcome(delivery, attempt, error)))
        if end in ("kept", "not kept"):
            letter = DeadLetter(delivery, event(began), {"ERROR_CODE": "TIMEOUT"})
            entries.append((now, letter))
            entries.append((now, Outcome(delivery, 0, "X" if end == "not kept" else None)))
        if end in ("dropped", "not kept"):
            entries.append((now, Drop(delivery, "TIMEOUT", "")))
    trace = records(*entries)
    deliveries = trace.deliveries()
    outcomes = [delivery.outcome for delivery in deliveries]
    expected = {
        "InvocationsCreated": len(planned),
        "InvocationAttempts": sum(len(delivery.attempts) for delivery in deliveries),
        "RetryInvocationAttempts": sum(len(delivery.attempts) - 1 for delivery in deliveries),
        "SuccessfulInvocationAttempts": outcomes.count("delivered"),
        "Invocations": len(planned) - outcomes.count("pending"),
        "FailedInvocations": outcomes.count("dead-lettered") + outcomes.count("dropped"),
        "InvocationsSentToDlq": outcomes.count("dead-lettered"),
        "InvocationsFailedToBeSentToDlq": sum(end == "not kept" for _, _, end in planned),
        "IngestionToInvocationSuccessLatency": 1000 * sum(d.latency or 0 for d in deliveries),
    }
    for period in ("1m", "3m"):
        metrics = counted(trace, period)
        assert {name: metrics.total(name) for name in expected} == pytest.approx(expected)
        for series in metrics:
            per_rule = [s for s in metrics if s.name == series.name and "RuleName" in s.dimensions]
            if per_rule and not series.dimensions:
                assert series.sum == sum(s.sum for s in per_rule)
        assert all(point.sample_count for series in metrics for point in series.points)


def test_a_rule_name_that_two_buses_have_needs_its_bus() -> None:
    """Figures of two rules are never added up by accident."""
    world = world_with({"Arn": GONE})
    events = world.client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="orders", EventBusName="shop", EventPattern='{"source": ["shop"]}')
    events.put_targets(
        Rule="orders",
        EventBusName="shop",
        Targets=[{"Id": "1", "Arn": GONE}, {"Id": "2", "Arn": GONE}],
    )
    events.put_events(
        Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}", "EventBusName": "shop"}]
    )
    world.settle()
    with pytest.raises(sb.SimbridgeError, match="on several event buses, shop, default: add bus="):
        world.metrics("Invocations", rule="orders")
    assert world.metrics("Invocations", rule="orders", bus="shop").sum == 2
    assert world.metrics("Invocations", rule="orders", bus="default").sum == 1
    assert world.metrics().total("Invocations") == world.metrics("Invocations").sum == 3


def test_what_is_absent_is_an_empty_series() -> None:
    """No datapoint, a sum of 0, no average: an alarm would say INSUFFICIENT_DATA."""
    world = sb.World()
    world.client().put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    series = world.metrics("FailedInvocations", rule="orders")
    assert (series.points, series.sum, series.average, series.maximum) == ([], 0, None, None)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("FailedInvocation", {}, "did you mean FailedInvocations"),
        ("FailedInvocations", {}, r"per rule, not per account; its total is metrics\(\).total"),
        ("Invocations", {"bus": "default"}, "per rule and per account, not per event bus"),
        ("Invocations", {"period": "90s"}, "multiple of a minute"),
        ("Invocations", {"period": "0s"}, "multiple of a minute"),
        (None, {"rule": "orders"}, "name the metric"),
        ("Invocations", {"region": "Frankfurt"}, "a region looks like"),
    ],
)
def test_questions_that_have_no_answer(name: str | None, options: dict, says: str) -> None:
    """The message says what to ask instead."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World().metrics(name, **options)


def test_metrics_print_at_a_glance() -> None:
    """A line for each series as text, a row for each in a notebook; one series shows its periods."""
    metrics = world_with({"Arn": GONE}).metrics()
    assert len(str(metrics).splitlines()) == len(metrics) + 2
    body = ElementTree.fromstring(metrics._repr_html_()).find("tbody")
    assert body is not None and len(body) == len(metrics)
    series = metrics.series("FailedInvocations", rule="orders")
    assert str(series).splitlines()[2].split() == ["2026-01-01", "00:00", "1", "1", "1"]
    assert "FailedInvocations of RuleName=orders, Count" in series._repr_html_()


def test_every_row_counts_something_that_can_happen() -> None:
    """The table names each metric once, and only occurrences that exist; none of these is unused."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert {metric.counts for metric in METRICS} == set(OCCURRENCES)


def reference() -> str:
    """The table of the reference page."""
    lines = ["| metric | dimensions | unit | meaning | counted |", "|---|---|---|---|---|"]
    for metric in METRICS:
        where = " or ".join("".join(names) or "none" for names in metric.dimensions)
        cells = (f"`{metric.name}`", where, metric.unit, metric.meaning, OCCURRENCES[metric.counts])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def test_the_reference_page_is_the_table() -> None:
    """`SIMBRIDGE_REFRESH=1` writes the page's table anew."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index("| metric |")
    end = text.index("\n\n", start) + 1
    if os.environ.get("SIMBRIDGE_REFRESH"):
        PAGE.write_text(text[:start] + reference() + text[end:], encoding="utf-8")
    else:
        assert text[start:end] == reference()


def throttled_world(seconds: int, trace: str = "full", **options: object) -> sb.World:
    """An invocation a second, and more events at once than have their turn before they are too old."""
    world = sb.World(limits={"invocations_per_second": 1}, trace=trace, **options)  # type: ignore[arg-type]
    events, queue = world.client(), world.queue("orders")
    target = {"Id": "1", "Arn": queue.arn, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[target])
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    for _ in range(7):
        events.put_events(Entries=[entry] * 10)
    world.run(seconds=seconds)
    return world


def test_what_never_had_its_turn_was_throttled_too() -> None:
    """Of 70 events one is attempted at once, 60 wait, and 9 wait until they are too old."""
    world = throttled_world(300)
    metrics = world.metrics()
    assert metrics.series("ThrottledRules", rule="orders").sum == 69
    assert metrics.series("InvocationAttempts", rule="orders").sum == 61
    assert metrics.series("FailedInvocations", rule="orders").sum == 9
    assert throttled_world(30).metrics("ThrottledRules").sum == 30


def test_a_backoff_beyond_the_age_is_no_throttling() -> None:
    """Too old because its next retry would be: with a quota that is never used up as without."""
    for limits in ({}, {"invocations_per_second": 100}):
        world = sb.World(seed=1, limits=limits)
        pay = world.function("pay")
        pay.fails("THROTTLING")
        target = {"Id": "1", "Arn": pay.arn, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
        world.client().put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
        world.client().put_targets(Rule="orders", Targets=[target])
        entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
        event_id = world.client().put_events(Entries=[entry])["Entries"][0]["EventId"]
        world.run(hours=1)
        (lost,) = world.trace.deliveries()
        assert (lost.outcome, lost.exhausted) == ("dropped", "MaximumEventAgeInSeconds")
        assert world.metrics("ThrottledRules").sum == 0
        assert "quota" not in str(world.trace.why(event_id))
