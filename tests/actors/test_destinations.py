"""Destinations of Lambda functions that do not take the record they are sent."""

from __future__ import annotations

from typing import Any

import pytest

import simbridge as sb
from simbridge.model.messages import Declined

ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
QUEUES = "arn:aws:sqs:us-east-1:123456789012"


def broken(event: Any) -> None:
    raise ValueError("no stock")


def world_with(destination: str, handler: Any = broken, puts: int = 1, **options: Any) -> sb.World:
    """A world in which `pay` is invoked, fails, and reports that."""
    world = sb.World(seed=3, **options)
    pay = world.function("pay", handler, retries=0, on_failure=destination, on_success=destination)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": pay.arn}])
    world.client().put_events(Entries=[ENTRY] * puts)
    return world


def failures(world: sb.World) -> float:
    """The metric; of the function, as of the whole account."""
    whole = world.metrics("DestinationDeliveryFailures").sum
    assert world.metrics("DestinationDeliveryFailures", function="pay").sum == whole
    assert world.metrics().total("DestinationDeliveryFailures") == whole
    return whole


def test_a_queue_that_fails_refuses_the_record() -> None:
    """It is lost; Lambda does not try again, the delivery has long succeeded, and all of it is told."""
    world = world_with(f"{QUEUES}:records")
    records = world.queue("records")
    records.fails("NO_PERMISSIONS", for_="1h", text="not you")
    world.run(hours=2)

    assert records.messages == records.receive() == []
    (lost,) = [record for record in world.trace if isinstance(record.message, Declined)]
    assert (lost.sender, lost.to) == (records.arn, world.function("pay").arn)
    (delivery,) = world.trace.deliveries(outcome="delivered")
    assert lost.message == Declined(delivery.sequence, "NO_PERMISSIONS", "not you")
    why = str(world.trace.why(delivery.event.id))
    assert "; records refuses Lambda's record of it, which is lost: NO_PERMISSIONS" in why
    short = delivery.event.id[:8]
    said = f"✗ records refuses the report on {short}: NO_PERMISSIONS: not you"
    assert said in str(world.trace)
    assert failures(world) == 1

    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert len(records.messages) == 1
    assert failures(world) == 1


def test_a_queue_that_is_well_takes_it() -> None:
    """Success or failure; nothing is counted, and nothing is remarked."""
    for handler in (broken, lambda event: 1):
        world = world_with(f"{QUEUES}:records", handler)
        records = world.queue("records")
        world.settle()
        assert len(records.messages) == 1
        assert failures(world) == 0
        assert "lost" not in str(world.trace.why(world.trace.deliveries()[0].event.id))


@pytest.mark.parametrize(
    ("name", "error"), [("nowhere", "NO_RESOURCE"), ("records.fifo", "INVALID_PARAMETER")]
)
def test_a_destination_that_cannot_take_any(name: str, error: str) -> None:
    """A queue that does not exist, and a FIFO queue, which Lambda does not support."""
    world = world_with(f"{QUEUES}:{name}")
    if name != "nowhere":
        world.queue(name)
    world.settle()
    (lost,) = [r.message for r in world.trace if isinstance(r.message, Declined)]
    assert lost.error == error
    assert failures(world) == 1


def test_a_record_that_is_too_large() -> None:
    """Request and response together may be more than a message of a queue can hold."""
    world = world_with(f"{QUEUES}:records", lambda event: "x" * 1_048_576)
    records = world.queue("records")
    world.settle()
    (lost,) = [r.message for r in world.trace if isinstance(r.message, Declined)]
    assert lost.text is not None and "shorter than 1048576 bytes" in lost.text
    assert records.messages == []


def test_some_records_are_lost() -> None:
    """A rate is looked up for each event: the same ones are lost in every run of this seed."""
    runs = []
    for _ in range(2):
        world = world_with(f"{QUEUES}:records", puts=10)
        records = world.queue("records")
        records.fails("TIMEOUT", rate=0.5)
        for _ in range(9):
            world.client().put_events(Entries=[ENTRY] * 10)
        world.settle()
        assert 30 < failures(world) < 70
        assert failures(world) + len(records.messages) == 100
        runs.append(world.trace.digest())
    assert runs[0] == runs[1]


def test_limits_scripts_and_functions_of_a_destination() -> None:
    """Whatever decides over attempts decides over records; a function of yours sees the event."""
    seen: list[Any] = []

    def decide(attempt: Any) -> str:
        seen.append((attempt.event["source"], attempt.attempt, attempt.rule_arn.rpartition("/")[2]))
        return "THROTTLING"

    for tell, kept in (
        (lambda queue: queue.limit(per_second=2), 2),
        (lambda queue: queue.behaves(sb.scripted(["TIMEOUT", "ok", "TIMEOUT"])), 3),
        (lambda queue: queue.behaves(decide), 0),
        (lambda queue: queue.slow("1m"), 5),
    ):
        world = world_with(f"{QUEUES}:records", puts=5)
        records = world.queue("records")
        tell(records)
        world.run(minutes=2)
        assert (len(records.messages), failures(world)) == (kept, 5 - kept)
    assert seen == [("shop", 0, "r")] * 5


def test_a_version_of_a_function_counts_for_the_function() -> None:
    """The dimension is its name, whatever alias the rule invokes; before anything is lost, too."""
    world = sb.World()
    pay = world.function("pay:live", broken, retries=0, on_failure=f"{QUEUES}:nowhere")
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": pay.arn}])
    world.client().put_events(Entries=[ENTRY])
    assert failures(world) == 0
    world.settle()
    assert failures(world) == 1


def test_a_trace_with_lost_records_reads_back(tmp_path: Any) -> None:
    """Line for line, and the answer to why is the same."""
    world = world_with(f"{QUEUES}:nowhere")
    world.settle()
    world.trace.to_jsonl(tmp_path / "t.jsonl")
    again = sb.Trace.from_jsonl(tmp_path / "t.jsonl")
    assert again == world.trace
    event_id = world.trace.deliveries()[0].event.id
    assert again.why(event_id) == world.trace.why(event_id)
    with pytest.raises(sb.SimbridgeError, match="a function has no rule"):
        world.metrics("DestinationDeliveryFailures", function="pay", rule="r")
