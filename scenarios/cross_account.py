"""A shop sends its events to the company's bus, which sends them on to an archive: how far do they get?

Each bus is in its own account, and its policy admits the account before it. Without the company's policy
its bus cannot be a target. With it, the event arrives as it was put; but an event that comes from another
bus is not sent to a third one, whatever the policies say. When the company removes its permission, events
of the existing rule are refused and not retried.
"""

from botocore.exceptions import ClientError

import simbridge as sb

SHOP, COMPANY, ARCHIVE = "111111111111", "222222222222", "333333333333"


@sb.scenario(seed=6, start="2026-03-01T00:00:00Z")
def cross_account(world: sb.World) -> None:
    """Three accounts in a row: one hop too few, one that works, one too many."""
    for account, name in ((COMPANY, "central"), (ARCHIVE, "archive")):
        world.client(account=account).create_event_bus(Name=name)
    try:
        forward(world, SHOP, "default", bus(COMPANY, "central"))
    except ClientError as refusal:
        assert refusal.response["Error"]["Code"] == "AccessDeniedException"
    assert world.client(account=SHOP).list_targets_by_rule(Rule="forward")["Targets"] == []

    for owner, name, sender in ((COMPANY, "central", SHOP), (ARCHIVE, "archive", COMPANY)):
        world.client(account=owner).put_permission(
            EventBusName=name, Action="events:PutEvents", Principal=sender, StatementId="guest"
        )
    lost = forward(world, SHOP, "default", bus(COMPANY, "central"))
    stopped = forward(world, COMPANY, "central", bus(ARCHIVE, "archive"))
    event_id = put(world)
    (first,) = world.trace.deliveries(event=event_id, bus="default")
    (second,) = world.trace.deliveries(event=event_id, bus="central")
    assert first.outcome == "delivered"
    assert second.event.envelope["account"] == SHOP
    assert (second.outcome, second.error_code) == ("dead-lettered", "THIRD_ACCOUNT_HOP_DETECTED")
    (letter,) = stopped.receive()
    assert letter.attributes["ERROR_MESSAGE"] == (
        f"Event ingestion rejected for event {event_id} because an event can be sent to an event "
        "bus target only once. This event was previously delivered to an event bus target."
    )

    world.client(account=COMPANY).remove_permission(EventBusName="central", StatementId="guest")
    put(world)
    assert [letter.attributes["ERROR_CODE"] for letter in lost.receive()] == ["NO_PERMISSIONS"]


def bus(account: str, name: str) -> str:
    """The ARN of an event bus."""
    return f"arn:aws:events:us-east-1:{account}:event-bus/{name}"


def forward(world: sb.World, account: str, source: str, target: str):
    """A rule that sends everything on to another bus; the queue of its dead letters."""
    events = world.client(account=account)
    kept = world.queue(f"kept-by-{source}")
    events.put_rule(Name="forward", EventBusName=source, EventPattern='{"source": ["shop"]}')
    forwarding = {
        "Id": "bus",
        "Arn": target,
        "RoleArn": f"arn:aws:iam::{account}:role/forward",
        "DeadLetterConfig": {"Arn": kept.arn},
    }
    events.put_targets(Rule="forward", EventBusName=source, Targets=[forwarding])
    return kept


def put(world: sb.World) -> str:
    """One order of the shop; its id."""
    entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
    answer = world.client(account=SHOP).put_events(Entries=[entry])
    world.settle()
    return answer["Entries"][0]["EventId"]
