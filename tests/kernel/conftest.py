"""A world with something of everything in it, for tests that disturb it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


def _wired(world: sb.World, name: str, source: str, arn: str, **target: Any) -> None:
    """A rule that sends the events of a source to one target."""
    events = world.client()
    events.put_rule(Name=name, EventPattern=f'{{"source": ["{source}"]}}')
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, **target}])


def _busy_world(backend: str = "asyncio") -> sb.World:
    """Schedules, handlers of both kinds that put events, failures, a behaviour, an archive, a replay."""
    world = sb.World(seed=3, backend=backend)
    events = world.client()
    flaky = world.queue("flaky")
    flaky.fails("THROTTLING", rate=0.4)
    flaky.behaves(lambda attempt: "ok" if attempt.attempt % 2 else "TIMEOUT")

    def forward(event: dict[str, Any]) -> dict[str, Any]:
        events.put_events(Entries=[{**ENTRY, "Source": "paid"}])
        return {"order": event["detail"]}

    async def later(event: dict[str, Any]) -> None:
        await anyio.sleep(90)
        events.put_events(Entries=[{**ENTRY, "Source": "sent"}])
        if int(event["id"][0], 16) % 2:
            raise ValueError("every other one")

    _wired(world, "orders", "shop", world.function("forward", forward).arn)
    _wired(world, "paid", "paid", world.function("later", later, retries=1).arn)
    _wired(world, "sent", "sent", flaky.arn, RetryPolicy={"MaximumRetryAttempts": 4})
    events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": world.queue("ticks").arn}])
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(
        ArchiveName="kept", EventSourceArn=bus, EventPattern='{"source": ["shop"]}'
    )
    events.put_events(Entries=[ENTRY] * 3)
    world.run(minutes=4)
    archive = world.archive("kept").arn
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime="2026-01-01T00:00:00Z",
        EventEndTime="2026-01-02T00:00:00Z",
        Destination={"Arn": bus},
    )
    return world


@pytest.fixture
def wired() -> Callable[..., None]:
    """Makes a rule that sends the events of a source to one target."""
    return _wired


@pytest.fixture
def busy_world() -> Callable[..., sb.World]:
    """Makes a world with schedules, handlers, failures, an archive and a replay."""
    return _busy_world
