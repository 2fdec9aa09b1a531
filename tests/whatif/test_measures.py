"""What is measured of a run, on hand-made traces and in worlds; what it costs."""

from __future__ import annotations

import math
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.kernel import Entry
from simbridge.model.messages import DeadLetter, Drop, Event, Invoke, Match, Outcome, Publish
from simbridge.whatif.measures import MEASURES, measure
from simbridge.whatif.prices import METERS, price_list, prices_with

ACCOUNT = "123456789012"
GONE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
SECOND = 1_000_000
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compare-retry-policies.md"


def bus(region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:events:{region}:{account}:event-bus/default"


class Story:
    """Writes the trace of deliveries: refused attempts, then an end."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, time_s: float, message: Any, to: str = "b", cause: int = 0) -> int:
        sequence = len(self.entries) + 1
        self.entries.append((round(time_s * SECOND), sequence, cause, "a", to, message))
        return sequence

    def delivery(
        self, start_s: float, refused_s: list[float], accepted_s: float | None = None, end: str = ""
    ) -> None:
        """Attempts that are refused, one that is accepted; or "kept" or "dropped", with the limit."""
        event = Event(bus(), {"id": f"e{start_s}"}, round(start_s * SECOND), 10)
        number = self.add(start_s, Match(event, RULE, "1", GONE))
        attempts = [(time, "THROTTLING") for time in refused_s]
        attempts += [(accepted_s, None)] if accepted_s is not None else []
        for attempt, (time, error) in enumerate(attempts, 1):
            self.add(time, Invoke(number, attempt, event, RULE))
            self.add(time, Outcome(number, attempt, error))
        how, _, limit = end.partition(" ")
        if how == "kept":
            letter = {"ERROR_CODE": "THROTTLING", "EXHAUSTED_RETRY_CONDITION": limit}
            self.add(refused_s[-1], DeadLetter(number, event, letter))
            self.add(refused_s[-1], Outcome(number, 0))
        if how == "dropped":
            self.add(refused_s[-1], Drop(number, "THROTTLING", "", limit or None))

    def measures(self, **prices: float) -> dict[str, float | None]:
        """Of a world of which nothing is looked at but its trace."""
        world: Any = SimpleNamespace(trace=sb.Trace(self.entries))
        return measure(world, prices_with(prices), {})


def test_an_outage_with_a_backlog() -> None:
    """Attempts, latencies, causes and the time that the backlog took to drain."""
    story = Story()
    story.delivery(0, [], 0)
    story.delivery(10, [10, 70], 130)
    story.delivery(20, [20, 100], 160)
    story.delivery(30, [30, 80], end="kept MaximumRetryAttempts")
    story.delivery(150, [150], end="dropped")
    story.delivery(200, [], 201)
    story.delivery(210, [])
    measured = story.measures()
    assert {name: value for name, value in measured.items() if value} == {
        "deliveries": 7,
        "delivered": 4,
        "dead_lettered": 1,
        "dead_lettered:MaximumRetryAttempts": 1,
        "dropped": 1,
        "dropped:THROTTLING": 1,
        "pending": 1,
        "attempts": 11 / 7,
        "latency_p50_s": 1,
        "latency_p95_s": 140,
        "latency_p99_s": 140,
        "latency_max_s": 140,
        "drain_s": 60,  # refused and retried for the last time at 100, delivered at 160
    }


def test_an_outage_that_never_ends_has_not_drained() -> None:
    """Nor has one in which nothing was held up, or nothing retried."""
    story = Story()
    story.delivery(0, [0, 60], 90)
    story.delivery(10, [10, 200], end="kept MaximumEventAgeInSeconds")
    story.delivery(300, [300, 400])
    assert story.measures()["drain_s"] is None
    story = Story()
    story.delivery(0, [], 0)
    story.delivery(10, [10], end="dropped")
    assert story.measures()["drain_s"] is None
    assert Story().measures()["drain_s"] is None


@given(st.lists(st.integers(0, 100), min_size=1, max_size=300))
def test_percentiles_are_latencies_that_occurred(latencies: list[int]) -> None:
    """The smallest that enough of the others do not exceed."""
    story = Story()
    for latency in latencies:
        story.delivery(0, [], latency)
    measured = story.measures()
    for name, share in {"p50": 50, "p95": 95, "p99": 99, "max": 100}.items():
        enough = [
            value
            for value in latencies
            if 100 * sum(other <= value for other in latencies) >= share * len(latencies)
        ]
        assert measured[f"latency_{name}_s"] == min(enough)


def test_nothing_to_measure_is_not_zero() -> None:
    """Without a delivery there is no latency and no number of attempts, but a count of none."""
    measured = Story().measures()
    missing = [name for name, value in measured.items() if value is None]
    assert missing == [
        "attempts",
        "latency_p50_s",
        "latency_p95_s",
        "latency_p99_s",
        "latency_max_s",
        "drain_s",
    ]
    assert measured["delivered"] == measured["cost_usd"] == 0


@pytest.mark.parametrize("hours", [2, 12])
def test_a_trace_of_outcomes_measures_the_same_or_nothing(hours: int) -> None:
    """When refusals were made is not in it, nor how many attempts a pending delivery has had."""

    def story(trace: str) -> dict[str, float | None]:
        world = sb.World(seed=5, trace=trace)  # type: ignore[arg-type]
        pay = world.function("pay")
        pay.fails("TIMEOUT", for_="3h")
        world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": pay.arn}])
        for _ in range(20):
            entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
            world.client().put_events(Entries=[entry])
            world.run(minutes=1)
        world.run(hours=hours)
        return measure(world, prices_with(None), {})

    full, thin = story("full"), story("outcomes")
    unknown = ["drain_s"] if hours == 12 else ["attempts"]
    assert all(full[name] is not None for name in unknown)
    assert thin == full | dict.fromkeys(unknown)


def test_accepted_events_are_those_that_put_events_took() -> None:
    """Not refused entries, not refused calls, and not the forwarding of an event."""
    world = sb.World()
    events = world.client("events")
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    arn = events.create_event_bus(Name="second")["EventBusArn"]
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "RoleArn": role}])
    events.put_events(Entries=[entry, {"Source": "shop"}, entry])
    with pytest.raises(events.exceptions.ClientError):
        events.put_events(Entries=[entry] * 11)
    world.settle()
    measured = measure(world, prices_with(None), {})
    assert (measured["accepted"], measured["delivered"]) == (2, 2)
    assert measured["cost_usd"] == pytest.approx(2e-6)
    dear = measure(world, prices_with({"same_region_events": 0.05}), {})
    assert dear["cost_usd"] == pytest.approx(2 * 1.05e-6)


@pytest.mark.parametrize(
    ("size_bytes", "units"), [(1, 1), (65_536, 1), (65_537, 2), (262_144, 4), (0, 1)]
)
def test_an_event_is_charged_in_units_of_64_kb(size_bytes: int, units: int) -> None:
    """A 256 KB event is four units (documented)."""
    story = Story()
    story.add(0, Publish(Event(bus(), {"id": "e"}, 0, size_bytes)), to=bus())
    assert story.measures(custom_events=1e6)["cost_usd"] == units


@pytest.mark.parametrize(
    ("there", "meter"),
    [
        (bus(), "same_region_events"),
        (bus("eu-west-1"), "cross_region_events"),
        (bus(account="210987654321"), "cross_region_events"),
    ],
)
def test_forwarding_is_charged_by_where_it_goes(there: str, meter: str) -> None:
    """Another region or account costs, another bus of the same one does not (by the list)."""
    story = Story()
    event = Event(bus(), {"id": "e"}, 0, 10)
    number = story.add(0, Match(event, RULE, "1", there))
    sent = story.add(0, Invoke(number, 1, event, RULE), to=there)
    story.add(0, Publish(Event(there, {"id": "e"}, 0, 10)), to=there, cause=sent)
    prices = dict.fromkeys(METERS, 0.0)
    assert story.measures(**{**prices, meter: 1e6})["cost_usd"] == 1
    assert story.measures(**{**prices, "custom_events": 1e6})["cost_usd"] == 0


def test_the_price_list_is_complete() -> None:
    """Each meter has a price, its meaning and its source; the list is dated."""
    listed = dict(price_list())
    assert listed.pop("date") and listed.pop("region")
    assert set(listed) == set(METERS)
    for price in listed.values():
        assert price["per_million"] >= 0 and price["meaning"] and price["source"]


@pytest.mark.parametrize("price", [-1, math.nan, True, None, "1"])
def test_a_price_is_a_number_of_dollars(price: Any) -> None:
    """Neither negative nor a switch."""
    with pytest.raises(sb.SimbridgeError, match="the price of custom_events"):
        prices_with({"custom_events": price})


def test_own_measures_are_numbers_of_the_finished_world() -> None:
    """They come after the built-in ones; anything but a number is refused with the name of the measure."""

    def story(world: sb.World) -> None:
        world.run(hours=2)

    result = sb.sweep(
        story,
        seeds=range(2),
        workers=1,
        measures={"hour": lambda world: world.now.hour, "none": lambda world: None},
    )
    assert [(row["hour"], row["none"]) for row in result.rows] == [(2, None)] * 2
    assert result.measures[-2:] == ["hour", "none"]
    with pytest.raises(sb.RunFailed, match="measure 'now' returned DateTime"):
        sb.sweep(story, seeds=[0], workers=1, measures={"now": lambda world: world.now})  # type: ignore[dict-item, return-value]


def test_every_measure_says_what_it_is() -> None:
    """A unit and a meaning; a name is used again only for what splits it up."""
    assert all(row.unit and row.meaning for row in MEASURES)
    names = [row.name for row in MEASURES]
    assert {name for name in names if names.count(name) > 1} == {"dead_lettered", "dropped"}


def reference() -> str:
    """The table of measures of the how-to."""
    lines = ["| measure | unit | meaning |", "|---|---|---|"]
    for row in MEASURES:
        split = row.name in [line.split("`")[1] for line in lines[2:]]
        name = f"{row.name}:CAUSE" if split else row.name
        lines.append(f"| `{name}` | {row.unit} | {row.meaning} |")
    return "\n".join(lines) + "\n"


def test_the_how_to_has_the_table() -> None:
    """`SIMBRIDGE_REFRESH=1` writes the page's table anew."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index("| measure |")
    end = text.index("\n\n", start) + 1
    if os.environ.get("SIMBRIDGE_REFRESH"):
        PAGE.write_text(text[:start] + reference() + text[end:], encoding="utf-8")
    else:
        assert text[start:end] == reference()
