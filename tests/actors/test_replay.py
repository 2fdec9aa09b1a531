"""What a replay puts on its bus, in which order, and how fast."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base import clock
from simbridge.model.messages import Publish
from simbridge.model.state_messages import Progress

START = clock.instant("2026-03-02T00:00:00Z")
YESTERDAY = clock.instant("2026-03-01T00:00:00Z") // clock.SECOND


def since_yesterday(shown: dict[str, Any], field: str) -> int:
    """A time of an answer, in seconds of yesterday."""
    return int(shown[field].timestamp()) - YESTERDAY


def test_what_a_replayed_event_looks_like(replays: Any) -> None:
    """A new id and the name of the replay, the rest as it was; ingested now, with no hops."""
    desk = replays([5])
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


def test_a_replay_is_not_archived_and_can_be_distinguished(replays: Any) -> None:
    """The archive has what it had; a rule that asks for no replay name hears nothing."""
    desk = replays([5])
    quiet = desk.world.queue("quiet")
    desk.rule("quiet", quiet.arn, '{"source":["shop"],"replay-name":[{"exists":false}]}')
    desk.start(0, 60)
    desk.world.run(minutes=2)
    assert len(desk.queue.received) == 1
    assert quiet.received == []
    assert desk.world.archive("a").event_count == 1


def test_only_the_rules_that_are_named(replays: Any) -> None:
    """As they are when the event comes: pattern, state and targets of now."""
    desk = replays([0, 60, 120, 180])
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


def test_a_window_of_nothing_completes(replays: Any) -> None:
    """In the future or empty: nothing was replayed last (captured)."""
    desk = replays([0])
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
    replays: Any, held: list[int], window: tuple[int, int], last: int | None
) -> None:
    """Of the minutes that the window touches the last with an event, which may lie outside of it."""
    desk = replays(held)
    desk.start(*window)
    desk.world.run(minutes=2)
    assert desk.state() == "COMPLETED"
    shown = desk.shown()
    if last is None:
        assert "EventLastReplayedTime" not in shown
    else:
        assert since_yesterday(shown, "EventLastReplayedTime") == last


def test_rules_have_no_say_in_the_last_minute(replays: Any) -> None:
    """Events that no rule took were replayed as well."""
    desk = replays([0, 60])
    desk.rule("deaf", desk.world.queue("deaf").arn, '{"source":["nobody"]}')
    desk.start(0, 120, "again", "deaf")
    desk.world.run(minutes=2)
    assert since_yesterday(desk.shown(), "EventLastReplayedTime") == 60


def test_a_window_of_centuries_completes(replays: Any) -> None:
    """Empty minutes cost a millisecond each and no message."""
    desk = replays([0])
    desk.start(-86_400 * 365 * 50, 86_400 * 365 * 200)
    before = len(desk.world.trace)
    desk.world.run(days=3)
    assert desk.state() == "COMPLETED"
    assert len(desk.world.trace) - before < 20
    assert len(desk.queue.received) == 1


def test_the_edges_of_a_window(replays: Any) -> None:
    """From the first second on, without the last, inside a minute too."""
    desk = replays([29, 30, 31, 89, 90, 91])
    desk.start(30, 90)
    desk.world.run(minutes=2)
    assert sorted(second for _, second in desk.published()) == [30, 31, 89]


def test_an_order_from_the_seed_or_that_of_the_archive(replays: Any) -> None:
    """Inside a minute; the minutes themselves stand in order in either case."""
    seconds = [*range(0, 60, 2), *range(119, 60, -3)]
    shuffled = replays(seconds)
    shuffled.start(0, 180)
    shuffled.world.run(minutes=2)
    order = [second for _, second in shuffled.published()]
    archived = replays(seconds, replay_shuffled=0)
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
def test_the_pace_is_a_setting(replays: Any, limits: dict[str, int], times: list[int]) -> None:
    """Minutes of event time a second, events a second, the time before the first."""
    desk = replays([0, 1, 2, 60], **limits)
    desk.start(0, 120)
    desk.world.run(minutes=5)
    assert [time - 60_000_000 for time, _ in desk.published()] == times
    assert desk.state() == "COMPLETED"


def test_the_example_of_the_module(replays: Any) -> None:
    """Slices of a hundredth of a second, a second for a minute with events, a millisecond without."""
    desk = replays([0] * 250 + [180])
    desk.start(0, 240)
    desk.world.run(minutes=5)
    running = 60 * clock.SECOND
    put = Counter(time - running for time, _ in desk.published())
    assert put == {0: 100, 10_000: 100, 20_000: 50, 1_002_000: 1}
    reported = [
        (record.message.state, record.time - START - running)
        for record in desk.world.trace
        if isinstance(record.message, Progress)
    ]
    assert reported == [
        ("RUNNING", 0),
        ("RUNNING", 20_000),
        ("RUNNING", 1_002_000),
        ("COMPLETED", 2_002_000),
    ]


def test_events_that_come_too_late_are_not_there_yet(replays: Any) -> None:
    """Where it takes time until an archived event can be replayed."""
    for lag_s, found in ((0, 1), (600, 0)):
        desk = replays([], archive_replay_lag_s=lag_s)
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"second":0}'}
        desk.events.put_events(Entries=[entry])
        desk.start(86_400, 86_460)
        desk.world.run(minutes=5)
        assert len(desk.queue.received) == 1 + found


def test_expired_events_are_not_replayed(replays: Any) -> None:
    """Also when no sweep has removed them yet."""
    desk = replays([0, 43_200])
    desk.events.update_archive(ArchiveName="a", RetentionDays=1)
    desk.start(0, 86_400)
    desk.world.run(hours=1)
    assert [second for _, second in desk.published()] == [43_200]


# -- laws ---------------------------------------------------------------------------------------

MINUTES = 6
SECONDS = st.lists(st.integers(0, MINUTES * 60 - 1), max_size=40)
CUTS = st.lists(st.integers(-30, MINUTES * 60 + 30), min_size=3, max_size=3, unique=True)


@settings(max_examples=40, deadline=None)
@given(seconds=SECONDS, cuts=CUTS)
def test_two_windows_that_meet_are_one(replays: Any, seconds: list[int], cuts: list[int]) -> None:
    """Replaying [a, b) and [b, c) puts what [a, c) puts: all of the window, and nothing else."""
    desk = replays(seconds)
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
def test_minutes_never_go_back(
    replays: Any, seconds: list[int], cuts: list[int], rate: int
) -> None:
    """Whatever order the archive has them in, at whatever pace."""
    desk = replays(seconds, replay_events_per_second=rate)
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
def test_a_filter_never_reaches_another_rule(
    replays: Any, seconds: list[int], named: set[str]
) -> None:
    """Rules that are named get everything, all others nothing."""
    desk = replays(seconds)
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
