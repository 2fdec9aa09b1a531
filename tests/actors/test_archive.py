"""Archives in a world: what they keep, what they count and when, what expires, what is loaded."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.model.messages import Keep, Publish, Tick
from simbridge.model.state_messages import Counted

START = "2026-03-01T00:00:00Z"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793"


class Desk:
    """A world with one archive `a` of the default bus."""

    def __init__(self, *, start: str = START, archive: dict[str, Any] | None = None, **world: Any):
        self.world = sb.World(seed=7, start=start, **world)
        self.events = self.world.client("events")
        self.bus = self.events.describe_event_bus()["Arn"]
        self.events.create_archive(
            **{"ArchiveName": "a", "EventSourceArn": self.bus, **(archive or {})}
        )

    def put(self, count: int = 1, source: str = "shop", **more: Any) -> None:
        """Put events and let them arrive."""
        entry = {"Source": source, "DetailType": "OrderPlaced", "Detail": '{"order":1}', **more}
        for first in range(0, count, 10):
            self.events.put_events(Entries=[entry] * min(10, count - first))
        self.world.settle()

    def counters(self) -> tuple[int, int]:
        """What DescribeArchive shows: events and bytes."""
        shown = self.events.describe_archive(ArchiveName="a")
        return shown["EventCount"], shown["SizeBytes"]

    @property
    def held(self) -> int:
        """How many events are there, whatever DescribeArchive shows."""
        return self.world.archive("a").event_count


def test_an_archive_keeps_what_its_pattern_matches() -> None:
    """The envelope as the targets of a rule would have received it."""
    desk = Desk(archive={"EventPattern": '{"source":["shop"]}'})
    desk.put(2)
    desk.put(source="other")
    queue = desk.world.queue("q")
    desk.events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
    desk.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    desk.put()
    kept = list(desk.world.archive("a").events())
    assert len(kept) == desk.held == 3
    assert kept[2] == queue.received[0]
    assert list(kept[2]) == list(queue.received[0])


def test_keeping_an_event_is_one_line_of_the_trace_and_no_delivery() -> None:
    """Nothing but `Keep` goes to the archive, and rules beside it deliver as before."""
    desk = Desk()
    desk.put()
    (keep,) = [record for record in desk.world.trace if isinstance(record.message, Keep)]
    assert keep.to == desk.world.archive("a").arn
    assert desk.world.trace.deliveries() == []
    assert f"archive/a keeps {keep.message.event.id[:8]}" in str(desk.world.trace)


@pytest.mark.parametrize(
    "pattern",
    [
        None,
        '{"replay-name":[{"exists":true}]}',
        '{"$or":[{"replay-name":["again"]},{"source":["shop"]}]}',
    ],
)
def test_a_replayed_event_is_never_kept(pattern: str | None) -> None:
    """Whatever the archive's own pattern says of the name of the replay."""
    desk = Desk()
    desk.put()
    if pattern is not None:
        desk.events.update_archive(ArchiveName="a", EventPattern=pattern)
    held, now = desk.held, desk.world.now
    desk.events.start_replay(
        ReplayName="again",
        EventSourceArn=desk.world.archive("a").arn,
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={"Arn": desk.events.describe_event_bus()["Arn"]},
    )
    desk.world.run(minutes=5)
    again = [r for r in desk.world.trace if isinstance(r.message, Publish)]
    assert "replay-name" in again[-1].message.event.envelope
    assert desk.held == held == 1


def test_a_pattern_that_is_updated_holds_for_what_comes_after() -> None:
    """What is there stays there."""
    desk = Desk()
    desk.put()
    desk.events.update_archive(ArchiveName="a", EventPattern='{"source":["other"]}')
    desk.put()
    desk.put(source="other")
    assert [event["source"] for event in desk.world.archive("a").events()] == ["shop", "other"]


def test_a_disabled_archive_keeps_nothing_until_it_is_repaired() -> None:
    """Its target was removed by force; UpdateArchive puts it back."""
    desk = Desk()
    name = "Events-Archive-a"
    desk.events.remove_targets(Rule=name, Ids=[name], Force=True)
    desk.put()
    assert desk.held == 0
    desk.events.update_archive(ArchiveName="a", RetentionDays=0)
    desk.put()
    assert desk.held == 1
    desk.events.remove_targets(Rule=name, Ids=[name], Force=True)
    desk.events.delete_rule(Name=name, Force=True)
    desk.put()
    assert desk.held == 1


def test_the_counters_lag() -> None:
    """A batch of a minute shows five minutes after it has closed; the bytes are those recorded."""
    desk = Desk()
    detail = json.dumps({"a": "x" * 55, "b": [1, 2], "c": 3})
    assert (len(detail), detail.count(" ")) == (85, 6)
    desk.put(10, source="s" * 27, DetailType="t" * 27, Detail=detail)
    desk.world.run(minutes=6, seconds=-1)
    assert desk.counters() == (0, 0)
    desk.world.run(seconds=1)
    assert desk.counters() == (10, 1590)


@pytest.mark.parametrize(
    ("more", "size_bytes"),
    [
        ({"Detail": "{}"}, 4 + 11 + 2),
        ({"Detail": ' { "a" : [ 1 , "x y" ] } '}, 4 + 11 + len('{"a":[1,"x y"]}')),
        ({"Detail": '{"a":"\\u20ac"}'}, 4 + 11 + len('{"a":""}') + 3),
        ({"Detail": "{}", "Resources": ["a", "bc"]}, 4 + 11 + 2 + 3),
        ({"Detail": "{}", "TraceHeader": TRACE, "Time": "2026-02-27T00:00:00Z"}, 4 + 11 + 2),
    ],
)
def test_what_an_event_counts_for(more: dict[str, Any], size_bytes: int) -> None:
    """Its texts with the detail written anew, compactly, and 26 bytes; time and header are nothing."""
    desk = Desk(limits={"archive_batch_s": 0, "archive_count_lag_s": 0})
    desk.put(**more)
    assert desk.counters() == (1, size_bytes + 26)


def test_a_loaded_event_counts_like_one_that_was_put(tmp_path: Path) -> None:
    """One formula for both ways into an archive."""
    desk = Desk(limits={"archive_batch_s": 0, "archive_count_lag_s": 0})
    desk.put(Detail='{ "a" : 1 }', Resources=["r"])
    (event,) = desk.world.archive("a").events()
    file = tmp_path / "e.jsonl"
    file.write_text(json.dumps(event))
    once = desk.counters()[1]
    desk.world.archive("a").load(file)
    desk.world.settle()
    assert desk.counters() == (2, 2 * once)


def test_batches_are_counted_one_after_the_other() -> None:
    """Each report has what came before its batch closed, and nothing later."""
    desk = Desk(limits={"archive_batch_s": 60, "archive_count_lag_s": 300})
    for _ in range(3):
        desk.put()
        desk.world.run(seconds=40)
    desk.world.run(minutes=10)
    counted = [
        (record.time - desk.world.trace[0].time, record.message.events)
        for record in desk.world.trace
        if isinstance(record.message, Counted)
    ]
    assert counted == [(360_000_000, 2), (440_000_000, 3)]


def test_a_time_that_was_given_counts_as_one_that_was_not() -> None:
    """PutEvents counts 14 bytes for it, an archive has it among its 26 in any case."""
    desk = Desk(limits={"archive_batch_s": 0, "archive_count_lag_s": 0})
    desk.put()
    once = desk.counters()[1]
    desk.put(Time="2026-02-27T00:00:00Z")
    assert desk.counters() == (2, 2 * once)


def test_without_lag_the_counters_are_true_at_once() -> None:
    """Both numbers are settings."""
    desk = Desk(limits={"archive_batch_s": 0, "archive_count_lag_s": 0})
    desk.put(3)
    assert desk.counters()[0] == 3


def test_events_expire_by_their_ingestion() -> None:
    """Not by their own time, which may be older; at the sweep after, the counters know it."""
    desk = Desk(archive={"RetentionDays": 1})
    desk.put(Time="2026-02-20T00:00:00Z")
    desk.world.run(hours=12)
    desk.put()
    assert desk.held == 2
    desk.world.run(hours=12, seconds=-1)
    assert desk.held == 2
    desk.world.run(seconds=1)
    assert desk.held == 1
    assert desk.counters()[0] == 1
    desk.world.run(hours=12)
    assert desk.held == 0
    assert desk.counters()[0] == 1
    desk.world.run(hours=12)
    assert desk.counters() == (0, 0)


def test_an_archive_that_has_nothing_to_do_sends_itself_nothing() -> None:
    """No tick while it is empty, none for events that never expire, one for those that do."""
    desk = Desk()
    desk.put()
    desk.world.run(days=400)
    ticks = [record for record in desk.world.trace if isinstance(record.message, Tick)]
    assert len(ticks) == 1
    assert desk.held == 1
    desk.events.update_archive(ArchiveName="a", RetentionDays=1)
    desk.world.run(days=400)
    ticks = [record for record in desk.world.trace if isinstance(record.message, Tick)]
    assert len(ticks) == 2
    assert desk.counters() == (0, 0)


def test_a_longer_retention_saves_what_has_not_been_removed() -> None:
    """And a shorter one shows at once in what can be replayed."""
    desk = Desk(archive={"RetentionDays": 2})
    desk.put()
    desk.world.run(days=1, hours=12)
    desk.events.update_archive(ArchiveName="a", RetentionDays=1)
    desk.world.settle()
    assert desk.held == 0
    desk.events.update_archive(ArchiveName="a", RetentionDays=30)
    desk.world.run(days=10)
    assert desk.held == 1


def test_a_deleted_archive_forgets() -> None:
    """One of the same name begins empty, also when events are still on their way to the old one."""
    desk = Desk(limits={"archive_batch_s": 0, "archive_count_lag_s": 0}, stand_ins="auto")
    desk.put(2)
    entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}
    desk.events.put_events(Entries=[entry])
    desk.events.delete_archive(ArchiveName="a")
    with pytest.raises(sb.SimbridgeError, match="there is no archive 'a'"):
        desk.world.archive("a")
    desk.world.run(days=1)
    desk.events.create_archive(ArchiveName="a", EventSourceArn=desk.bus)
    desk.world.settle()
    assert desk.held == 0
    desk.put()
    assert desk.held == desk.counters()[0] == 1


def test_forwarded_and_scheduled_events_are_archived_too() -> None:
    """Whatever reaches the bus, unchanged."""
    desk = Desk()
    desk.events.put_rule(Name="tick", ScheduleExpression="rate(1 day)")
    desk.world.settle()
    (event,) = desk.world.archive("a").events()
    assert event["source"] == "aws.events"


def test_the_bus_of_an_archive_cannot_be_deleted() -> None:
    """The client hears that it has rules."""
    desk = Desk()
    bus = desk.events.create_event_bus(Name="b")["EventBusArn"]
    desk.events.create_archive(ArchiveName="b", EventSourceArn=bus)
    with pytest.raises(ClientError, match="EventBus can't be deleted since it has rules"):
        desk.events.delete_event_bus(Name="b")


# -- loading ------------------------------------------------------------------------------------


def line(time: str = "2026-02-28T10:00:00Z", **more: Any) -> dict[str, Any]:
    """An envelope as a rule with a file for its target would have written it."""
    return {
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "OrderPlaced",
        "source": "shop",
        "account": "123456789012",
        "time": time,
        "region": "us-east-1",
        "resources": [],
        "detail": {"order": 1},
    } | more


def write(path: Path, *lines: Any) -> Path:
    """A file of JSON Lines."""
    path.write_text("".join(json.dumps(item) + "\n" for item in lines))
    return path


def test_a_file_becomes_the_past_of_the_bus(tmp_path: Path) -> None:
    """Ingested at their own time; counted at once; a line of the trace says so."""
    desk = Desk(archive={"RetentionDays": 1})
    file = write(tmp_path / "e.jsonl", line(), line("2026-02-28T23:00:00Z"), line("2026-04-01"))
    file.write_text(file.read_text().replace('"2026-04-01"', '"2026-04-01T00:00:00Z"'))
    load = desk.world.archive("a").load(file)
    assert load == (3, 0, ())
    desk.world.settle()
    assert desk.held == desk.counters()[0] == 3
    assert "archive/a is loaded with 3 events" in str(desk.world.trace)
    desk.world.run(hours=10)
    assert desk.held == 2
    desk.world.run(hours=14)
    assert desk.held == 0


def test_what_the_archive_would_not_have_kept_is_counted(tmp_path: Path) -> None:
    """The pattern does not match, or the event was a replay."""
    desk = Desk(archive={"EventPattern": '{"source":["shop"]}'})
    file = write(tmp_path / "e.jsonl", line(), line(source="x"), line(**{"replay-name": "r"}))
    assert desk.world.archive("a").load(file) == (1, 2, ())


def test_bad_lines_keep_a_file_out_unless_they_are_collected(tmp_path: Path) -> None:
    """All or nothing; or all but the bad lines, and their list."""
    desk = Desk()
    file = write(tmp_path / "e.jsonl", line(), {"source": "shop"}, line())
    with pytest.raises(sb.InvalidEvents, match="line 2: 'id' is missing") as raised:
        desk.world.archive("a").load(file)
    desk.world.settle()
    assert desk.held == 0
    load = desk.world.archive("a").load(file, errors="collect")
    desk.world.settle()
    assert (load.kept, load.bad) == (2, raised.value.bad)
    assert desk.held == 2
    with pytest.raises(sb.SimbridgeError, match="errors is 'raise' or 'collect'"):
        desk.world.archive("a").load(file, errors="ignore")  # type: ignore[arg-type]


def test_what_is_loaded_shows_in_the_digest(tmp_path: Path) -> None:
    """Two worlds with other pasts are not the same run."""
    digests = []
    for order in (1, 1, 2):
        desk = Desk()
        desk.world.archive("a").load(write(tmp_path / "e.jsonl", line(detail={"order": order})))
        desk.world.settle()
        digests.append(desk.world.trace.digest())
    assert digests[0] == digests[1] != digests[2]


def test_loading_waits_for_its_turn(tmp_path: Path) -> None:
    """Loaded right after an archive was made anew, it goes into the new one."""
    desk = Desk()
    desk.put()
    desk.events.delete_archive(ArchiveName="a")
    desk.events.create_archive(ArchiveName="a", EventSourceArn=desk.bus)
    desk.world.archive("a").load(write(tmp_path / "e.jsonl", line()))
    desk.world.settle()
    assert desk.held == 1


@pytest.mark.parametrize("copy", ["fork", "pickle"])
def test_a_copy_of_a_world_has_its_own_archive(copy: str, tmp_path: Path) -> None:
    """It begins with the same events, on disk or not, and each goes on by itself."""
    desk = Desk(limits={"archive_memory_bytes": 0})
    file = write(tmp_path / "e.jsonl", *(line(detail={"n": n}) for n in range(500)))
    desk.world.archive("a").load(file)
    desk.put()
    twin = desk.world.fork() if copy == "fork" else pickle.loads(pickle.dumps(desk.world))
    entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}
    twin.client("events").put_events(Entries=[entry] * 5)
    twin.settle()
    assert twin.archive("a").event_count == 506
    assert desk.held == 501
    assert list(twin.archive("a").events())[:501] == list(desk.world.archive("a").events())
