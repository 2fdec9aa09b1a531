"""An archive keeps events for one day, and for a week there is one event an hour: what can be replayed?

Retention counts from when an event is ingested. What DescribeArchive shows lags behind in both
directions: new events are counted after minutes, expired ones are removed about once a day.
"""

import simbridge as sb


@sb.scenario(seed=6, start="2026-03-02T00:00:00Z")
def retention_of_a_day(world: sb.World) -> None:
    """At the end of each day the archive has a day's events, and never more than two days'."""
    events = world.client("events")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="short", EventSourceArn=bus, RetentionDays=1)
    archive = world.archive("short")
    again = world.queue("again")
    pattern = '{"replay-name": [{"exists": true}]}'
    events.put_rule(Name="again", EventPattern=pattern)
    events.put_targets(Rule="again", Targets=[{"Id": "1", "Arn": again.arn}])
    most = 0
    for _ in range(7):
        for _ in range(24):
            events.put_events(Entries=[{"Source": "meter", "DetailType": "Read", "Detail": "{}"}])
            world.run(hours=1)
            most = max(most, events.describe_archive(ArchiveName="short")["EventCount"])
        assert archive.event_count == 23  # the event of 24 hours ago has just expired
    assert 24 < most <= 48

    events.start_replay(
        ReplayName="the-week",
        EventSourceArn=archive.arn,
        EventStartTime="2026-03-02T00:00:00Z",
        EventEndTime="2026-03-09T00:00:00Z",
        Destination={"Arn": bus},
    )
    world.run(hours=1)
    assert events.describe_replay(ReplayName="the-week")["State"] == "COMPLETED"
    assert again.received[0]["time"] >= "2026-03-08T00:00:00Z"
    assert len(again.received) == 23

    world.run(days=3)
    assert archive.event_count == 0
    assert events.describe_archive(ArchiveName="short")["EventCount"] == 0
