"""CompiledTests to a trace: the deliveries, asked again and again while the world runs."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.metrics.series import Metrics
from simbridge.model.messages import Match
from simbridge.trace.deliveries import Attempt, Deliveries

ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}


def world_with(retries: int = 3, **options: object) -> sb.World:
    """Two rules: one target that works, one that fails for two hours, one that is nowhere."""
    world = sb.World(seed=3, start="2026-03-01T00:00:00Z", **options)  # type: ignore[arg-type]
    events = world.client()
    slow, good, dead = world.queue("slow"), world.queue("good"), world.queue("dead")
    gone = good.arn + "-gone"
    policy = {"MaximumRetryAttempts": retries}
    slow.fails("THROTTLING", for_="2h")
    for rule, targets in {
        "both": [
            {"Id": "good", "Arn": good.arn},
            {"Id": "slow", "Arn": slow.arn, "RetryPolicy": policy},
        ],
        "gone": [
            {"Id": "kept", "Arn": gone, "DeadLetterConfig": {"Arn": dead.arn}},
            {"Id": "lost", "Arn": gone},
        ],
    }.items():
        events.put_rule(Name=rule, EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule=rule, Targets=targets)
    return world


def rows_of(deliveries: list[sb.trace.Delivery]) -> list[tuple[object, ...]]:
    """All there is to know of deliveries, to compare them."""
    return [
        (
            d.sequence,
            d.rule,
            d.target,
            d.event.id,
            d.outcome,
            tuple(d.attempts),
            d.attempt_count,
            d.error_code,
            d.exhausted,
            d.latency,
            d.started_us,
            d.ended_us,
        )
        for d in deliveries
    ]


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 1, 60, 9000])), max_size=6))
def test_asking_often_is_like_asking_once(steps: list[tuple[int, int]]) -> None:
    """What is read in pieces, whenever, is what is read at once, for each event too."""
    world = world_with()
    for count, seconds in steps:
        if count:
            world.client().put_events(Entries=[ENTRY] * count)
        world.run(seconds=seconds)
        found = world.trace.deliveries()
        assert rows_of(found) == rows_of(sb.Trace(list(world.trace)).deliveries())
        assert rows_of(found) == rows_of(Deliveries().of(list(world.trace)))
        ids = dict.fromkeys(delivery.event.id for delivery in found)
        by_event = [one for name in ids for one in rows_of(world.trace.deliveries(event=name))]
        assert sorted(map(repr, by_event)) == sorted(map(repr, rows_of(found)))


def test_a_pending_delivery_is_a_snapshot() -> None:
    """An answer does not change while the world goes on; the next answer does."""
    world = world_with()
    world.client().put_events(Entries=[ENTRY])
    world.run(seconds=1)
    (before,) = world.trace.deliveries(target="slow")
    assert (before.outcome, before.attempt_count) == ("pending", 2)
    first = before.attempts
    world.run(hours=24)
    (after,) = world.trace.deliveries(target="slow")
    assert (before.outcome, before.attempts) == ("pending", first)
    assert (after.outcome, len(after.attempts), after.error_code) == ("dropped", 4, "THROTTLING")
    assert after is world.trace.deliveries(target="slow")[0]


def test_an_attempt_has_a_time() -> None:
    """A datetime in UTC; an attempt that is not answered is pending."""
    world = world_with()
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    (good,) = world.trace.deliveries(target="good")
    assert good.attempts == [Attempt(world.now, "accepted", None)]
    assert str(good.attempts[0].time) == "2026-03-01 00:00:00+00:00"
    world.queue("good").slow("1h")
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert world.trace.deliveries(target="good")[-1].attempts[0].outcome == "pending"


def test_every_question_is_a_filter() -> None:
    """By name or ARN, alone or together; the order is that of the matches."""
    world = world_with()
    (answer,) = world.client().put_events(Entries=[ENTRY])["Entries"]
    world.client().put_events(Entries=[{**ENTRY, "Source": "other"}])
    world.run(hours=25)
    trace = world.trace

    def targets(**question: str) -> list[str]:
        return [delivery.target for delivery in trace.deliveries(**question)]

    everything = ["good", "slow", "kept", "lost"]
    assert targets() == targets(bus="default") == everything
    assert targets(event=answer["EventId"]) == everything
    assert targets(bus="arn:aws:events:us-east-1:123456789012:event-bus/default") == everything
    assert targets(rule="both") == ["good", "slow"]
    assert targets(rule="arn:aws:events:us-east-1:123456789012:rule/gone") == ["kept", "lost"]
    assert targets(target="good") == targets(target=world.queue("good").arn) == ["good"]
    assert targets(target="good-gone") == ["kept", "lost"]
    assert targets(outcome="dead-lettered") == ["kept"]
    assert targets(outcome="dropped") == ["slow", "lost"]
    assert targets(rule="gone", outcome="delivered") == targets(event="x") == []


def test_a_world_has_one_trace() -> None:
    """It grows with its world; a fork and a pickle have their own, with the same past."""
    world = world_with()
    trace = world.trace
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=3)
    assert world.trace is trace
    past = rows_of(trace.deliveries())
    fork, pickled = world.fork(), pickle.loads(pickle.dumps(world))
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    for other in (fork, pickled):
        assert rows_of(other.trace.deliveries()) == past
        other.client().put_events(Entries=[ENTRY])
        other.settle()
        assert rows_of(other.trace.deliveries()) == rows_of(trace.deliveries())


def test_a_trace_without_its_beginning_is_an_error(tmp_path: Path) -> None:
    """No question to it can be answered well; its timeline can still be read."""
    world = world_with()
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=3)
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    matches = [record.sequence for record in world.trace if isinstance(record.message, Match)]
    lines = file.read_text().splitlines(keepends=True)
    kept = [line for line in lines[1:] if json.loads(line)[1] != matches[0]]
    file.write_text("".join([lines[0], *kept]))
    with pytest.raises(sb.SimbridgeError, match=f"begins delivery {matches[0]} is missing"):
        sb.Trace.from_jsonl(file)
    part = sb.Trace([record for record in world.trace if record.sequence != matches[0]])
    for _ in range(2):
        with pytest.raises(sb.SimbridgeError, match=f"begins delivery {matches[0]} is missing"):
            part.deliveries()
    with pytest.raises(sb.SimbridgeError, match="truncated trace"):
        Metrics.from_records(part, account=world.account, region=world.region)
    assert f"delivery {matches[0]}" in str(part)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """A folder, a file in no folder, and another file."""
    trace = world_with().trace
    for path in (tmp_path, tmp_path / "none" / "x.jsonl"):
        with pytest.raises(sb.SimbridgeError, match="cannot be written"):
            trace.to_jsonl(path)
        with pytest.raises(sb.SimbridgeError, match="no trace at"):
            sb.Trace.from_jsonl(path)


def test_records_and_slices() -> None:
    """A trace is a sequence of records."""
    world = world_with()
    world.settle()
    trace = world.trace
    assert len(trace) == len(list(trace)) > 4
    assert trace[0] == next(iter(trace)) and trace[-1].sequence == trace[len(trace) - 1].sequence
    assert trace[1:3] == list(trace)[1:3]
    assert repr(trace) == f"<Trace of {len(trace):,} records>"
    assert trace != list(trace)
    with pytest.raises(TypeError):
        hash(trace)
