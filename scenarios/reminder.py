"""A reminder service waits a day in virtual time, then asks again; nobody's patience is needed."""

import anyio

import simbridge as sb


@sb.scenario(seed=3, start="2026-03-01T09:00:00Z")
async def reminder(world: sb.World) -> None:
    """An async handler sleeps for a day and puts a second event."""
    events = world.client("events")
    inbox = world.queue("inbox")

    async def remind(event: dict) -> None:
        await anyio.sleep(24 * 3600)
        entry = {"Source": "reminder", "DetailType": "PaymentDue", "Detail": '{"again": true}'}
        events.put_events(Entries=[entry])

    reminders = world.function("reminders", remind)
    events.put_rule(Name="sent", EventPattern='{"source": ["billing"]}')
    events.put_targets(Rule="sent", Targets=[{"Id": "reminders", "Arn": reminders.arn}])
    events.put_rule(Name="due", EventPattern='{"source": ["reminder"]}')
    events.put_targets(Rule="due", Targets=[{"Id": "inbox", "Arn": inbox.arn}])

    entry = {"Source": "billing", "DetailType": "InvoiceSent", "Detail": "{}"}
    events.put_events(Entries=[entry])
    await anyio.sleep(26 * 3600)

    assert [event["time"] for event in inbox.received] == ["2026-03-02T09:00:00Z"]
