"""A day is replayed into the wrong system and cancelled half-way: how much has already been done?"""

import simbridge as sb


@sb.scenario(seed=6, start="2026-03-01T00:00:00Z")
def replay_cancelled(world: sb.World) -> None:
    """One mail for each order of a day, twice for those that were replayed before the cancel."""
    events = world.client("events")
    mails = world.function("send-mail")
    bus = events.describe_event_bus()["Arn"]
    archive = events.create_archive(ArchiveName="orders", EventSourceArn=bus)["ArchiveArn"]
    events.put_rule(Name="mail", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="mail", Targets=[{"Id": "1", "Arn": mails.arn}])
    for _ in range(120):
        events.put_events(Entries=[{"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}])
        world.run(minutes=12)
    assert len(mails.received) == 120

    events.start_replay(
        ReplayName="oops",
        EventSourceArn=archive,
        EventStartTime="2026-03-01T00:00:00Z",
        EventEndTime="2026-03-02T00:00:00Z",
        Destination={"Arn": bus},
    )
    world.run(minutes=2)
    assert events.describe_replay(ReplayName="oops")["State"] == "RUNNING"
    done = len(mails.received)
    assert events.cancel_replay(ReplayName="oops")["State"] == "CANCELLING"
    world.run(days=1)

    replay = events.describe_replay(ReplayName="oops")
    assert replay["State"] == "CANCELLED"
    assert len(mails.received) == done
    assert 120 < done < 240
    last = max(event["time"] for event in mails.received if "replay-name" in event)
    assert f"{replay['EventLastReplayedTime'].astimezone(world.now.tzinfo):%H:%M}" == last[11:16]
