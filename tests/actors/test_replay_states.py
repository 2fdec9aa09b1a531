"""The states of a replay at their virtual instants: it completes, is cancelled, or fails."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simbridge.base import clock
from simbridge.model.state_messages import Stop

ACCOUNT = "123456789012"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
YESTERDAY = clock.instant("2026-03-01T00:00:00Z") // clock.SECOND


def since_yesterday(shown: dict[str, Any], field: str) -> int:
    """A time of an answer, in seconds of yesterday."""
    return int(shown[field].timestamp()) - YESTERDAY


def test_the_states_and_their_instants(replays: Any) -> None:
    """STARTING for a minute, then a minute of event time a second, then COMPLETED."""
    desk = replays([0, 61, 62, 130])
    desk.start(0, 180)
    desk.world.run(seconds=59)
    assert desk.state() == "STARTING"
    assert desk.published() == []
    assert not {"EventLastReplayedTime", "ReplayEndTime"} & set(desk.shown())

    desk.world.run(seconds=1)
    assert desk.state() == "RUNNING"
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 0
    assert [second for _, second in desk.published()] == [0]

    desk.world.run(seconds=1)
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 60
    assert "ReplayEndTime" not in desk.shown()

    desk.world.run(seconds=1)
    assert desk.state() == "RUNNING"
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 120

    desk.world.run(seconds=1)
    assert desk.state() == "COMPLETED"
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 120
    assert since_yesterday(desk.shown(), "ReplayEndTime") == 86_400 + 63
    assert [time for time, _ in desk.published()] == [
        60_000_000,
        61_000_000,
        61_000_000,
        62_000_000,
    ]


def test_a_replay_is_cancelled_on_its_way(replays: Any) -> None:
    """What was delivered stays delivered; nothing comes any more; CANCELLING takes its time."""
    desk = replays(list(range(0, 600, 10)))
    desk.start(0, 600)
    desk.world.run(seconds=63)
    before = desk.published()
    assert len(before) == 24
    assert desk.events.cancel_replay(ReplayName="again")["State"] == "CANCELLING"
    desk.world.run(seconds=9)
    assert desk.state() == "CANCELLING"
    assert "ReplayEndTime" not in desk.shown()
    desk.world.run(seconds=1)
    assert desk.state() == "CANCELLED"
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 180
    assert since_yesterday(desk.shown(), "ReplayEndTime") == 86_400 + 73
    desk.world.run(hours=1)
    assert desk.published() == before
    with pytest.raises(ClientError, match="not in a valid state"):
        desk.events.cancel_replay(ReplayName="again")


def test_a_replay_is_cancelled_before_it_begins(replays: Any) -> None:
    """It shows neither end nor last time while it is CANCELLING, and puts nothing."""
    desk = replays([0])
    desk.start(0, 600)
    desk.world.run(seconds=30)
    desk.events.cancel_replay(ReplayName="again")
    assert not {"EventLastReplayedTime", "ReplayEndTime"} & set(desk.shown())
    desk.world.run(minutes=5)
    assert desk.state() == "CANCELLED"
    assert "EventLastReplayedTime" not in desk.shown()
    assert desk.published() == []


def test_a_replay_is_cancelled_in_the_middle_of_a_minute(replays: Any) -> None:
    """The rest of the minute is not put."""
    desk = replays([0] * 10, replay_events_per_second=1)
    desk.start(0, 60)
    desk.world.run(seconds=64)
    desk.events.cancel_replay(ReplayName="again")
    desk.world.run(minutes=1)
    assert len(desk.published()) == 5
    assert desk.state() == "CANCELLED"


@pytest.mark.parametrize(("after", "put"), [(60, 1), (62, 3)])
def test_a_replay_fails_when_its_archive_goes(replays: Any, after: int, put: int) -> None:
    """At once where it runs, with the reason; the name of the archive may be used again."""
    desk = replays([0, 60, 120, 180, 240])
    desk.start(0, 600)
    desk.world.run(seconds=after)
    desk.events.delete_archive(ArchiveName="a")
    desk.events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    desk.world.settle()
    assert desk.state() == "FAILED"
    assert desk.shown()["StateReason"] == "Archive resource not found."
    assert since_yesterday(desk.shown(), "ReplayEndTime") == 86_400 + after
    desk.world.run(hours=1)
    assert len(desk.published()) == put
    assert "again is FAILED" in str(desk.world.trace)


def test_a_replay_that_starts_fails_when_it_would_begin(replays: Any) -> None:
    """STARTING to its end, whatever becomes of the archive's name meanwhile (captured)."""
    desk = replays([0])
    desk.start(0, 600)
    desk.events.delete_archive(ArchiveName="a")
    desk.world.run(seconds=40)
    assert desk.state() == "STARTING"
    desk.events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    desk.world.run(seconds=19)
    assert desk.state() == "STARTING"
    assert not {"ReplayEndTime", "StateReason"} & set(desk.shown())
    desk.world.run(seconds=1)
    shown = desk.shown()
    assert (shown["State"], shown["StateReason"]) == ("FAILED", "Archive resource not found.")
    assert since_yesterday(shown, "ReplayEndTime") == 86_400 + 60
    assert "EventLastReplayedTime" not in shown
    desk.world.run(hours=1)
    assert desk.published() == []


@pytest.mark.parametrize("after", [0, 30, 59])
def test_a_replay_that_starts_is_cancelled_when_it_would_begin(replays: Any, after: int) -> None:
    """CANCELLING from the answer on; the time for that begins when STARTING ends (captured: 73 s)."""
    desk = replays([0])
    desk.start(0, 600)
    desk.world.run(seconds=after)
    assert desk.events.cancel_replay(ReplayName="again")["State"] == "CANCELLING"
    desk.world.run(seconds=69 - after)
    assert desk.state() == "CANCELLING"
    desk.world.run(seconds=1)
    assert desk.state() == "CANCELLED"
    assert since_yesterday(desk.shown(), "ReplayEndTime") == 86_400 + 70
    assert desk.published() == []


@pytest.mark.parametrize("cancelled_first", [True, False])
def test_a_cancelled_replay_is_cancelled_without_its_archive(
    replays: Any, cancelled_first: bool
) -> None:
    """Whoever was answered CANCELLING sees CANCELLED, whichever of the two came first."""
    desk = replays([0])
    desk.start(0, 600)
    if cancelled_first:
        desk.events.cancel_replay(ReplayName="again")
        desk.events.delete_archive(ArchiveName="a")
    else:
        desk.events.delete_archive(ArchiveName="a")
        desk.events.cancel_replay(ReplayName="again")
    desk.world.run(minutes=5)
    assert desk.state() == "CANCELLED"
    assert "StateReason" not in desk.shown()


def test_a_replay_is_cancelled_in_the_instant_it_is_started(replays: Any) -> None:
    """Even where it would begin at once, nothing is put."""
    desk = replays([0], replay_starting_s=0)
    desk.start(0, 60)
    desk.events.cancel_replay(ReplayName="again")
    desk.world.run(minutes=1)
    assert desk.state() == "CANCELLED"
    assert desk.published() == []


def test_a_cancel_that_comes_too_late_changes_nothing(replays: Any) -> None:
    """The replay has ended in the instant in which it is told to stop."""
    desk = replays([0])
    desk.start(0, 60)
    desk.world.run(minutes=5)
    before = desk.shown()
    replay_arn = before["ReplayArn"]
    desk.world._kernel.send("story", replay_arn, Stop("CANCELLED"))
    desk.world.run(minutes=5)
    assert desk.state() == "COMPLETED"
    assert desk.shown()["ReplayEndTime"] == before["ReplayEndTime"]


@pytest.mark.parametrize("limits", [{}, {"control_plane_delay_us": 5_000_000}])
def test_a_replay_is_no_change_that_takes_effect_late(replays: Any, limits: dict[str, int]) -> None:
    """The times it takes are counted from the call, as they were measured."""
    desk = replays([], **limits)
    desk.world.run(seconds=10)
    desk.start(0, 600)
    desk.events.cancel_replay(ReplayName="again")
    desk.world.run(seconds=69)
    assert desk.state() == "CANCELLING"
    desk.world.run(seconds=1)
    assert desk.state() == "CANCELLED"
    assert desk.published() == []


def test_two_replays_at_a_time_do_not_disturb_each_other(replays: Any) -> None:
    """Each has its own ids and its own order."""
    alone, beside = replays(list(range(120))), replays(list(range(120)))
    alone.start(0, 120, "one")
    beside.start(0, 120, "one")
    beside.start(0, 120, "two")
    for desk in (alone, beside):
        desk.world.run(minutes=2)
    of_one = [
        message for message in beside.queue.messages if json.loads(message)["replay-name"] == "one"
    ]
    assert of_one == alone.queue.messages
    assert len(beside.queue.messages) == 240


@pytest.mark.parametrize("copy", ["fork", "pickle"])
def test_a_copy_of_a_world_goes_on_with_the_replay(replays: Any, copy: str) -> None:
    """From the middle of a minute, to the same digest."""
    desk = replays([n % 60 for n in range(100)], replay_events_per_second=5)
    desk.start(0, 120)
    desk.world.run(seconds=65)
    twin = desk.world.fork() if copy == "fork" else pickle.loads(pickle.dumps(desk.world))
    desk.world.run(minutes=5)
    twin.run(minutes=5)
    assert twin.client("events").describe_replay(ReplayName="again")["State"] == "COMPLETED"
    assert desk.state() == "COMPLETED"
    assert len(desk.published()) == 100
    assert twin.trace.digest() == desk.world.trace.digest()
