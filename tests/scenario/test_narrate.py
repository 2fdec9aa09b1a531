"""structlog tells the timeline while it happens."""

from __future__ import annotations

import io
import json

import structlog

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}


def build(world: sb.World, log: structlog.stdlib.BoundLogger | None = None) -> None:
    """A function that accepts, and an ARN without a target."""

    def handler(event: dict) -> None:
        if log is not None:
            log.info("mine")

    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    arn = world.function("f", handler).arn
    targets = [{"Id": "1", "Arn": arn}, {"Id": "2", "Arn": arn + "-missing"}]
    events.put_targets(Rule="r", Targets=targets)
    world.run(hours=1)
    events.put_events(Entries=[ENTRY])
    world.run(hours=1)


def test_the_lines_of_the_timeline_in_virtual_time() -> None:
    """One JSON line for each line of the timeline, same words, same instants."""
    world, out = sb.World(), io.StringIO()

    with sb.narrate(world, form="json", file=out):
        build(world)

    logged = [json.loads(line) for line in out.getvalue().splitlines()]
    shown = str(world.trace).splitlines()
    assert len(logged) == len(shown) > 5
    for line, text in zip(logged, shown, strict=True):
        assert text.endswith(line["event"])
        assert text.startswith(line["timestamp"][:-4].replace("T", " "))
    warned = {line["message"] for line in logged if line["level"] == "warning"}
    assert warned == {"Outcome", "Drop"}
    assert {line["sequence"] for line in logged} <= {record.sequence for record in world.trace}


def test_one_log_for_the_world_and_for_you() -> None:
    """Your own lines are among the world's, stamped with virtual time; each line once."""
    world = sb.World()
    with structlog.testing.capture_logs(processors=[sb.virtual_timestamper(world)]) as lines:
        log = structlog.get_logger()
        with sb.narrate(world, log):
            build(world, log)
        world.settle()
        world.client().put_events(Entries=[ENTRY])

    mine = [number for number, line in enumerate(lines) if line["event"] == "mine"]
    assert len(mine) == 1 and lines[mine[0]]["timestamp"] == "2026-01-01T01:00:00.000000Z"
    sequences = [line["sequence"] for line in lines if "sequence" in line]
    assert len(sequences) == len(set(sequences))
