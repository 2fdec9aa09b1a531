"""A window of twenty minutes is replayed: minute by minute, the first one first.

The client reference describes it: all events of the first minute, then those of the second, and
EventLastReplayedTime says how far the replay is. The events of one minute come in no defined order.
"""

import json

import simbridge as sb


@sb.scenario(seed=6, start="2026-03-01T12:00:00Z", limits={"replay_bucket_us": 60_000_000})
def twenty_minutes(world: sb.World) -> None:
    """Three events a minute for half an hour; the middle of it comes again, at one minute a minute."""
    events = world.client("events")
    queue = world.queue("again")
    bus = events.describe_event_bus()["Arn"]
    archive = events.create_archive(ArchiveName="all", EventSourceArn=bus)["ArchiveArn"]
    for number in range(90):
        detail = json.dumps({"number": number})
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": detail}])
        world.run(seconds=20)
    events.put_rule(Name="again", EventPattern='{"replay-name": ["twenty"]}')
    events.put_targets(Rule="again", Targets=[{"Id": "1", "Arn": queue.arn}])
    world.run(minutes=10)

    events.start_replay(
        ReplayName="twenty",
        EventSourceArn=archive,
        EventStartTime="2026-03-01T12:05:00Z",
        EventEndTime="2026-03-01T12:25:00Z",
        Destination={"Arn": bus},
    )
    assert events.describe_replay(ReplayName="twenty")["State"] == "STARTING"
    for minute in range(20):
        world.run(minutes=1)
        replay = events.describe_replay(ReplayName="twenty")
        assert replay["State"] == "RUNNING"
        last = replay["EventLastReplayedTime"].astimezone(world.now.tzinfo)
        assert f"{last:%H:%M:%S}" == f"12:{5 + minute:02}:00"
        assert len(queue.received) == 3 * (minute + 1)
        numbers = {event["detail"]["number"] for event in queue.received[-3:]}
        assert numbers == {3 * (5 + minute) + n for n in range(3)}
    world.run(minutes=1)
    assert events.describe_replay(ReplayName="twenty")["State"] == "COMPLETED"

    numbers = [event["detail"]["number"] for event in queue.received]
    assert sorted(numbers) == list(range(15, 75))
    assert numbers != sorted(numbers)
