"""Replays in a world: states at their virtual instants, what they put, in which order, how fast."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base import clock
from simbridge.model.messages import Publish, Stop

ACCOUNT = "123456789012"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
ARCHIVE = f"arn:aws:events:us-east-1:{ACCOUNT}:archive/a"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/"
START = clock.instant("2026-03-02T00:00:00Z")
YESTERDAY = clock.instant("2026-03-01T00:00:00Z") // clock.SECOND


def envelope(second: int, number: int = 0) -> dict[str, Any]:
    """An event of yesterday."""
    return {
        "version": "0",
        "id": f"id-{second}-{number}",
        "detail-type": "OrderPlaced",
        "source": "shop",
        "account": "210987654321",
        "time": clock.iso_seconds((YESTERDAY + second) * clock.SECOND),
        "region": "eu-west-1",
        "resources": ["arn:aws:s3:::b"],
        "detail": {"n": number, "second": second},
    }


class Desk:
    """A world with an archive of yesterday's events, and a rule `r` that tells the queue `q`."""

    def __init__(self, seconds: list[int], **limits: int) -> None:
        self.world = sb.World(seed=7, start=clock.moment(START), limits=limits)
        self.events = self.world.client("events")
        self.events.create_archive(ArchiveName="a", EventSourceArn=BUS)
        self.queue = self.world.queue("q")
        self.rule("r", self.queue.arn)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "e.jsonl"
            lines = [json.dumps(envelope(s, n)) for n, s in enumerate(seconds)]
            file.write_text("\n".join(lines))
            self.world.archive("a").load(file)
        self.world.settle()

    def rule(self, name: str, target: str, pattern: str = '{"source":["shop"]}') -> None:
        """A rule with one target."""
        self.events.put_rule(Name=name, EventPattern=pattern)
        self.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])

    def start(self, begin: int, end: int, name: str = "again", *rules: str) -> None:
        """Replay what has a time in [begin, end), in seconds of yesterday."""
        destination: dict[str, Any] = {"Arn": BUS}
        if rules:
            destination["FilterArns"] = [RULE + rule for rule in rules]
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=ARCHIVE,
            EventStartTime=YESTERDAY + begin,
            EventEndTime=YESTERDAY + end,
            Destination=destination,
        )

    def shown(self, name: str = "again") -> dict[str, Any]:
        """What DescribeReplay shows."""
        shown: dict[str, Any] = self.events.describe_replay(ReplayName=name)
        return shown

    def state(self, name: str = "again") -> str:
        """The state of a replay."""
        return str(self.shown(name)["State"])

    def published(self) -> list[tuple[int, int]]:
        """(microseconds since the start, second of yesterday) of each replayed event."""
        return [
            (record.time - START, record.message.event.envelope["detail"]["second"])
            for record in self.world.trace
            if isinstance(record.message, Publish)
        ]


def since_yesterday(shown: dict[str, Any], field: str) -> int:
    """A time of an answer, in seconds of yesterday."""
    return int(shown[field].timestamp()) - YESTERDAY


def test_the_states_and_their_instants() -> None:
    """STARTING for a minute, then a minute of event time a second, then COMPLETED."""
    desk = Desk([0, 61, 62, 130])
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


def test_what_a_replayed_event_looks_like() -> None:
    """A new id and the name of the replay, the rest as it was; ingested now, with no hops."""
    desk = Desk([5])
    desk.start(0, 60)
    desk.world.run(minutes=2)
    (record,) = [record for record in desk.world.trace if isinstance(record.message, Publish)]
    event = record.message.event
    assert desk.queue.messages == [
        f'{{"version":"0","id":"{event.id}","detail-type":"OrderPlaced","source":"shop",'
        '"account":"210987654321","time":"2026-03-01T00:00:05Z","region":"eu-west-1",'
        '"replay-name":"again","resources":["arn:aws:s3:::b"],"detail":{"n":0,"second":5}}'
    ]
    assert event.id != "id-5-0"
    assert (event.ingested_us, event.hops) == (record.time, 0)


def test_a_replay_is_not_archived_and_can_be_told_apart() -> None:
    """The archive has what it had; a rule that asks for no replay name hears nothing."""
    desk = Desk([5])
    quiet = desk.world.queue("quiet")
    desk.rule("quiet", quiet.arn, '{"source":["shop"],"replay-name":[{"exists":false}]}')
    desk.start(0, 60)
    desk.world.run(minutes=2)
    assert len(desk.queue.received) == 1
    assert quiet.received == []
    assert desk.world.archive("a").event_count == 1


def test_only_the_rules_that_are_named() -> None:
    """As they are when the event comes: pattern, state and targets of now."""
    desk = Desk([0, 60, 120, 180])
    other = desk.world.queue("other")
    desk.rule("other", other.arn)
    desk.start(0, 240, "again", "other")
    desk.world.run(seconds=60)
    assert len(other.received) == 1
    desk.events.disable_rule(Name="other")
    desk.world.run(seconds=1)
    desk.events.enable_rule(Name="other")
    desk.events.put_rule(Name="other", EventPattern='{"detail":{"second":[180]}}')
    desk.world.run(seconds=10)
    assert [event["detail"]["second"] for event in other.received] == [0, 180]
    assert desk.queue.received == []
    assert desk.state() == "COMPLETED"


def test_a_window_of_nothing_completes() -> None:
    """In the future or empty: nothing was replayed last (captured)."""
    desk = Desk([0])
    desk.start(600, 1200)
    desk.start(86_400 * 9, 86_400 * 9 + 61, "future")
    desk.world.run(minutes=1, seconds=1)
    assert desk.state() == desk.state("future") == "COMPLETED"
    for name in ("again", "future"):
        assert "EventLastReplayedTime" not in desk.shown(name)
        assert "ReplayEndTime" in desk.shown(name)
    assert desk.published() == []


@pytest.mark.parametrize(
    ("held", "window", "last"),
    [
        ([26], (25, 26), 0),  # in the minute, but not in the window
        ([26], (26, 27), 0),
        ([26, 86, 146], (26, 87), 60),
        ([0, 61, 400], (0, 360), 60),  # empty minutes behind it
        ([0, 359], (0, 359), 300),
        ([0, 400], (60, 360), None),
    ],
)
def test_the_last_minute_is_one_the_archive_holds_an_event_of(
    held: list[int], window: tuple[int, int], last: int | None
) -> None:
    """Of the minutes that the window touches the last with an event, which may lie outside of it."""
    desk = Desk(held)
    desk.start(*window)
    desk.world.run(minutes=2)
    assert desk.state() == "COMPLETED"
    shown = desk.shown()
    if last is None:
        assert "EventLastReplayedTime" not in shown
    else:
        assert since_yesterday(shown, "EventLastReplayedTime") == last


def test_rules_have_no_say_in_the_last_minute() -> None:
    """Events that no rule took were replayed as well."""
    desk = Desk([0, 60])
    desk.rule("deaf", desk.world.queue("deaf").arn, '{"source":["nobody"]}')
    desk.start(0, 120, "again", "deaf")
    desk.world.run(minutes=2)
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 60


def test_a_window_of_centuries_completes() -> None:
    """Empty minutes cost a millisecond each and no message."""
    desk = Desk([0])
    desk.start(-86_400 * 365 * 50, 86_400 * 365 * 200)
    before = len(desk.world.trace)
    desk.world.run(days=3)
    assert desk.state() == "COMPLETED"
    assert len(desk.world.trace) - before < 20
    assert len(desk.queue.received) == 1


def test_the_edges_of_a_window() -> None:
    """From the first second on, without the last, inside a minute too."""
    desk = Desk([29, 30, 31, 89, 90, 91])
    desk.start(30, 90)
    desk.world.run(minutes=2)
    assert sorted(second for _, second in desk.published()) == [30, 31, 89]


def test_an_order_from_the_seed_or_that_of_the_archive() -> None:
    """Inside a minute; the minutes themselves stand in order in either case."""
    seconds = [*range(0, 60, 2), *range(119, 60, -3)]
    shuffled = Desk(seconds)
    shuffled.start(0, 180)
    shuffled.world.run(minutes=2)
    order = [second for _, second in shuffled.published()]
    archived = Desk(seconds, replay_shuffled=0)
    archived.start(0, 180)
    archived.world.run(minutes=2)
    assert [second for _, second in archived.published()] == seconds
    assert order != seconds
    assert sorted(order[:30]) == sorted(seconds[:30])
    assert sorted(order[30:]) == sorted(seconds[30:])


@pytest.mark.parametrize(
    ("limits", "times"),
    [
        ({"replay_bucket_us": 250_000}, [0, 0, 0, 250_000]),
        ({"replay_events_per_second": 2}, [0, 500_000, 1_000_000, 1_500_000]),
        ({"replay_events_per_second": 0, "replay_bucket_us": 0}, [0, 0, 0, 0]),
        ({"replay_starting_s": 0}, [-60_000_000] * 3 + [-59_000_000]),
    ],
)
def test_the_pace_is_a_setting(limits: dict[str, int], times: list[int]) -> None:
    """Minutes of event time a second, events a second, the time before the first."""
    desk = Desk([0, 1, 2, 60], **limits)
    desk.start(0, 120)
    desk.world.run(minutes=5)
    assert [time - 60_000_000 for time, _ in desk.published()] == times
    assert desk.state() == "COMPLETED"


def test_events_that_come_too_late_are_not_there_yet() -> None:
    """Where it takes time until an archived event can be replayed."""
    for lag_s, found in ((0, 1), (600, 0)):
        desk = Desk([], archive_replay_lag_s=lag_s)
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"second":0}'}
        desk.events.put_events(Entries=[entry])
        desk.start(86_400, 86_460)
        desk.world.run(minutes=5)
        assert len(desk.queue.received) == 1 + found


def test_expired_events_are_not_replayed() -> None:
    """Also when no sweep has removed them yet."""
    desk = Desk([0, 43_200])
    desk.events.update_archive(ArchiveName="a", RetentionDays=1)
    desk.start(0, 86_400)
    desk.world.run(hours=1)
    assert [second for _, second in desk.published()] == [43_200]


# -- ends before the end ------------------------------------------------------------------------


def test_a_replay_is_cancelled_on_its_way() -> None:
    """What was delivered stays delivered; nothing comes any more; CANCELLING takes its time."""
    desk = Desk(list(range(0, 600, 10)))
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


def test_a_replay_is_cancelled_before_it_begins() -> None:
    """It shows neither end nor last time while it is CANCELLING, and puts nothing."""
    desk = Desk([0])
    desk.start(0, 600)
    desk.world.run(seconds=30)
    desk.events.cancel_replay(ReplayName="again")
    assert not {"EventLastReplayedTime", "ReplayEndTime"} & set(desk.shown())
    desk.world.run(minutes=5)
    assert desk.state() == "CANCELLED"
    assert "EventLastReplayedTime" not in desk.shown()
    assert desk.published() == []


def test_a_replay_is_cancelled_in_the_middle_of_a_minute() -> None:
    """The rest of the minute is not put."""
    desk = Desk([0] * 10, replay_events_per_second=1)
    desk.start(0, 60)
    desk.world.run(seconds=64)
    desk.events.cancel_replay(ReplayName="again")
    desk.world.run(minutes=1)
    assert len(desk.published()) == 5
    assert desk.state() == "CANCELLED"


@pytest.mark.parametrize(("after", "put"), [(60, 1), (62, 3)])
def test_a_replay_fails_when_its_archive_goes(after: int, put: int) -> None:
    """At once where it runs, with the reason; the name of the archive may be used again."""
    desk = Desk([0, 60, 120, 180, 240])
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


def test_a_replay_that_starts_fails_when_it_would_begin() -> None:
    """STARTING to its end, whatever becomes of the archive's name meanwhile (captured)."""
    desk = Desk([0])
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
def test_a_replay_that_starts_is_cancelled_when_it_would_begin(after: int) -> None:
    """CANCELLING from the answer on; the time for that begins when STARTING ends (captured: 73 s)."""
    desk = Desk([0])
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
def test_a_cancelled_replay_is_cancelled_without_its_archive(cancelled_first: bool) -> None:
    """Whoever was answered CANCELLING sees CANCELLED, whichever of the two came first."""
    desk = Desk([0])
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


def test_a_replay_is_cancelled_in_the_instant_it_is_started() -> None:
    """Even where it would begin at once, nothing is put."""
    desk = Desk([0], replay_starting_s=0)
    desk.start(0, 60)
    desk.events.cancel_replay(ReplayName="again")
    desk.world.run(minutes=1)
    assert desk.state() == "CANCELLED"
    assert desk.published() == []


def test_a_cancel_that_comes_too_late_changes_nothing() -> None:
    """The replay has ended in the instant in which it is told to stop."""
    desk = Desk([0])
    desk.start(0, 60)
    desk.world.run(minutes=5)
    before = desk.shown()
    replay_arn = before["ReplayArn"]
    desk.world._kernel.send("story", replay_arn, Stop("CANCELLED"))
    desk.world.run(minutes=5)
    assert desk.state() == "COMPLETED"
    assert desk.shown()["ReplayEndTime"] == before["ReplayEndTime"]


@pytest.mark.parametrize("limits", [{}, {"control_plane_delay_us": 5_000_000}])
def test_a_replay_is_no_change_that_takes_effect_late(limits: dict[str, int]) -> None:
    """The times it takes are counted from the call, as they were measured."""
    desk = Desk([], **limits)
    desk.world.run(seconds=10)
    desk.start(0, 600)
    desk.events.cancel_replay(ReplayName="again")
    desk.world.run(seconds=69)
    assert desk.state() == "CANCELLING"
    desk.world.run(seconds=1)
    assert desk.state() == "CANCELLED"
    assert desk.published() == []


def test_two_replays_at_a_time_do_not_disturb_each_other() -> None:
    """Each has its own ids and its own order."""
    alone, beside = Desk(list(range(120))), Desk(list(range(120)))
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
def test_a_copy_of_a_world_goes_on_with_the_replay(copy: str) -> None:
    """From the middle of a minute, to the same digest."""
    desk = Desk([n % 60 for n in range(100)], replay_events_per_second=5)
    desk.start(0, 120)
    desk.world.run(seconds=65)
    twin = desk.world.fork() if copy == "fork" else pickle.loads(pickle.dumps(desk.world))
    desk.world.run(minutes=5)
    twin.run(minutes=5)
    assert twin.client("events").describe_replay(ReplayName="again")["State"] == "COMPLETED"
    assert desk.state() == "COMPLETED"
    assert len(desk.published()) == 100
    assert twin.trace.digest() == desk.world.trace.digest()


# -- laws ---------------------------------------------------------------------------------------

MINUTES = 6
SECONDS = st.lists(st.integers(0, MINUTES * 60 - 1), max_size=40)
CUTS = st.lists(st.integers(-30, MINUTES * 60 + 30), min_size=3, max_size=3, unique=True)


@settings(max_examples=40, deadline=None)
@given(seconds=SECONDS, cuts=CUTS)
def test_two_windows_that_meet_are_one(seconds: list[int], cuts: list[int]) -> None:
    """Replaying [a, b) and [b, c) puts what [a, c) puts: all of the window, and nothing else."""
    desk = Desk(seconds)
    a, b, c = sorted(cuts)
    desk.start(a, b, "first")
    desk.start(b, c, "second")
    desk.start(a, c, "both")
    desk.world.run(minutes=10)
    put: dict[str, Counter[int]] = {"first": Counter(), "second": Counter(), "both": Counter()}
    for event in desk.queue.received:
        put[event["replay-name"]][event["detail"]["n"]] += 1
    inside = Counter(n for n, second in enumerate(seconds) if a <= second < c)
    assert put["first"] + put["second"] == put["both"] == inside


@settings(max_examples=40, deadline=None)
@given(seconds=SECONDS, cuts=CUTS, rate=st.sampled_from((0, 3, 100, 10_000)))
def test_minutes_never_go_back(seconds: list[int], cuts: list[int], rate: int) -> None:
    """Whatever order the archive has them in, at whatever pace."""
    desk = Desk(seconds, replay_events_per_second=rate)
    begin, _, end = sorted(cuts)
    desk.start(begin, end)
    desk.world.run(minutes=10)
    put = [second for _, second in desk.published()]
    assert all(begin <= second < end for second in put)
    minutes = [second // 60 for second in put]
    assert minutes == sorted(minutes)
    assert desk.state() == "COMPLETED"


@settings(max_examples=25, deadline=None)
@given(seconds=SECONDS, named=st.sets(st.sampled_from("xyz"), min_size=1))
def test_a_filter_never_reaches_another_rule(seconds: list[int], named: set[str]) -> None:
    """Rules that are named get everything, all others nothing."""
    desk = Desk(seconds)
    queues = {name: desk.world.queue(name) for name in "xyz"}
    for name, queue in queues.items():
        desk.rule(name, queue.arn)
    desk.start(0, MINUTES * 60, "again", *sorted(named))
    desk.world.run(minutes=10)
    got = {name: len(queue.received) for name, queue in queues.items()}
    assert got == {name: len(seconds) if name in named else 0 for name in "xyz"}
    assert desk.queue.received == []


def test_minutes_without_events_are_passed_unseen() -> None:
    """EventLastReplayedTime is absent until a minute with an event is done, and stays there."""
    world = sb.World(
        start="2026-03-02T00:00:00Z", limits={"replay_empty_bucket_us": 1_000_000}, seed=1
    )
    events = world.client()
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.run(hours=1)
    events.start_replay(
        ReplayName="n",
        EventSourceArn=bus.replace("event-bus/default", "archive/a"),
        EventStartTime="2026-03-01T23:50:00Z",
        EventEndTime="2026-03-02T00:20:00Z",
        Destination={"Arn": bus},
    )
    seen = []
    for seconds in (65, 10, 5):
        world.run(seconds=seconds)
        seen.append(events.describe_replay(ReplayName="n").get("EventLastReplayedTime"))
    events.cancel_replay(ReplayName="n")
    world.run(minutes=1)
    seen.append(events.describe_replay(ReplayName="n").get("EventLastReplayedTime"))

    midnight = clock.moment(START)
    assert seen == [None, midnight, midnight, midnight]
