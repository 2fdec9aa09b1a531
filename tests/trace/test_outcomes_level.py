"""`World(trace="outcomes")`: the same happens, less of it is written down."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import simbridge as sb
from simbridge.metrics.series import METRICS
from simbridge.model.messages import Due, Execute, Handled, Invoke, Message, Outcome

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}
OF_ATTEMPTS = {
    "InvocationAttempts",
    "RetryInvocationAttempts",
    "ThrottledRules",
    "IngestionToInvocationStartLatency",
    "IngestionToInvocationCompleteLatency",
}


def busy_world(trace: str, hours: float = 30) -> sb.World:
    """Deliveries that end in every way, and one that does not."""
    limits = {"invocations_per_second": 3}
    world = sb.World(seed=7, trace=trace, limits=limits)  # type: ignore[arg-type]
    events, dead = world.client(), world.queue("dead")

    def broken(event: Any) -> None:
        raise ValueError("no stock")

    world.function("pay", broken)
    retry = {"MaximumRetryAttempts": 12}
    for name in ("pay", "flaky", "slow", "late"):
        target: dict[str, Any] = {"Id": "1", "Arn": world.function(name).arn, "RetryPolicy": retry}
        if name == "flaky":
            target["DeadLetterConfig"] = {"Arn": dead.arn}
        events.put_rule(Name=name, EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule=name, Targets=[target])
    world.function("pay").fails("THROTTLING", rate=0.5)
    world.function("flaky").fails("TIMEOUT", rate=0.95)
    dead.fails("NO_PERMISSIONS", rate=0.3)
    world.function("slow").slow("1h", p99="9h")
    world.function("late").slow("40d")
    for _ in range(20):
        events.put_events(Entries=[ENTRY])
        world.run(minutes=1)
    world.run(hours=hours)
    return world


@pytest.fixture(scope="module")
def full() -> sb.World:
    return busy_world("full")


@pytest.fixture(scope="module")
def thin() -> sb.World:
    return busy_world("outcomes")


def rows_of(world: sb.World, attempts_of: tuple[str, ...]) -> list[Any]:
    return [
        (
            d.sequence,
            d.event.id,
            d.rule,
            d.outcome,
            d.exhausted,
            d.error_code,
            d.latency,
            d.started_us,
            d.ended_us,
            d.attempt_count if d.outcome in attempts_of else None,
        )
        for d in world.trace.deliveries()
    ]


def test_the_same_deliveries(full: sb.World, thin: sb.World) -> None:
    """How each ended, when and after how many attempts; a pending one has no number of attempts."""
    ended = ("delivered", "dead-lettered", "dropped")
    assert rows_of(thin, ended) == rows_of(full, ended)
    assert {d.outcome for d in thin.trace.deliveries()} == {*ended, "pending"}
    assert {d.attempt_count for d in thin.trace.deliveries(outcome="pending")} == {0}
    assert {len(d.attempts) for d in thin.trace.deliveries()} == {0}


def test_what_is_left_out(full: sb.World, thin: sb.World) -> None:
    """Attempts, refusals of them, and what only waits; everything else is there, word for word."""

    def kept(message: Message) -> bool:
        if isinstance(message, Outcome):
            return message.error is None or message.attempt == 0
        return not isinstance(message, Invoke | Due | Execute)

    assert thin.trace[:] == [record for record in full.trace if kept(record.message)]
    assert any(isinstance(record.message, Handled) for record in thin.trace)
    assert len(thin.trace) < len(full.trace) / 1.5


def test_the_same_future(full: sb.World, thin: sb.World) -> None:
    """The next number, the stand-ins' messages, and a fork or a pickle of it."""
    assert thin._kernel.sequence == full._kernel.sequence
    for name in ("pay", "flaky", "slow"):
        assert thin.function(name).messages == full.function(name).messages
    futures = [thin.fork(), thin.fork()]
    digests = set()
    for world in (*futures, full.fork()):
        world.client().put_events(Entries=[ENTRY])
        world.run(hours=30)
        digests.add((world._kernel.sequence, len(world.trace)))
    assert len({sequence for sequence, _ in digests}) == 1
    assert len(digests) == 2


def test_a_pickle_stays_at_its_level() -> None:
    """What is left out before is left out afterwards."""
    world = sb.World(trace="outcomes")
    copy = pickle.loads(pickle.dumps(world))
    for it in (world, copy, world.fork()):
        it.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        it.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": it.queue("q").arn}])
        it.client().put_events(Entries=[ENTRY])
        it.run(hours=1)
        assert not any(isinstance(record.message, Invoke) for record in it.trace)
        with pytest.raises(sb.SimbridgeError, match="full"):
            it.metrics("InvocationAttempts")


@pytest.mark.parametrize("metric", [metric.name for metric in METRICS])
def test_metrics_that_need_the_full_trace(full: sb.World, thin: sb.World, metric: str) -> None:
    """They say so; every other one is the same."""
    if metric in OF_ATTEMPTS:
        with pytest.raises(sb.SimbridgeError, match=rf"{metric} .*World\(trace='full'\)"):
            thin.metrics().total(metric)
        assert metric in {series.name for series in full.metrics()}
        assert metric not in {series.name for series in thin.metrics()}
    else:
        assert thin.metrics().total(metric) == full.metrics().total(metric)


def test_metrics_of_a_world_in_which_nothing_has_ended() -> None:
    """A figure that would be wrong is refused even before it shows in the trace."""
    world = busy_world("outcomes", hours=0.1)
    assert "InvocationAttempts" not in {series.name for series in world.metrics()}
    young = sb.World(trace="outcomes")
    with pytest.raises(sb.SimbridgeError, match="single attempts"):
        young.metrics("InvocationAttempts")
    assert young.metrics("Invocations").sum == 0


def test_a_trace_of_outcomes_in_a_file(thin: sb.World, tmp_path: Path) -> None:
    """It reads back as it was, deliveries and all."""
    thin.trace.to_jsonl(tmp_path / "t.jsonl")
    again = sb.Trace.from_jsonl(tmp_path / "t.jsonl")
    assert again == thin.trace
    assert again.digest() == thin.trace.digest()
    assert [repr(d) for d in again.deliveries()] == [repr(d) for d in thin.trace.deliveries()]


def test_no_other_level() -> None:
    """Two levels, by name."""
    with pytest.raises(sb.SimbridgeError, match="'full' or 'outcomes', not 'none'"):
        sb.World(trace="none")  # type: ignore[arg-type]
