"""A partner offers its events, and nobody on the other side looks: what is left after two weeks?

A help desk sends its tickets to a shop through a partner event source. The shop is on holiday. Every event is
accepted and lost, and after two weeks the offer itself is gone. The help desk offers it again; this time the
shop creates the matching event bus, pauses it over a weekend, and forgets to resume it.
"""

import json

from botocore.exceptions import ClientError

import simbridge as sb

SHOP, HELP_DESK = "123456789012", "999999999999"
SOURCE = "aws.partner/helpdesk.example/shop/tickets"


@sb.scenario(seed=7, start="2026-03-01T09:00:00Z")
def partner_source_ignored(world: sb.World) -> None:
    """Two weeks without a bus, and two weeks without an activation: both end in the same way."""
    partner = world.client("events", account=HELP_DESK)
    shop = world.client("events", account=SHOP)

    partner.create_partner_event_source(Name=SOURCE, Account=SHOP)
    first = put_ticket(world, 1)
    assert "its event source was PENDING" in reason_of(world, first)
    world.run(days=13)
    assert states(shop) == ["PENDING"]
    world.run(days=1)
    assert states(shop) == []
    assert refusal(shop.create_event_bus, Name=SOURCE, EventSourceName=SOURCE) == (
        "ResourceNotFoundException"
    )

    partner.create_partner_event_source(Name=SOURCE, Account=SHOP)
    shop.create_event_bus(Name=SOURCE, EventSourceName=SOURCE)
    tickets = world.queue("tickets")
    pattern = json.dumps({"account": [SHOP], "detail-type": ["TicketOpened"]})
    shop.put_rule(Name="tickets", EventBusName=SOURCE, EventPattern=pattern)
    shop.put_targets(
        Rule="tickets", EventBusName=SOURCE, Targets=[{"Id": "queue", "Arn": tickets.arn}]
    )
    put_ticket(world, 2)
    assert [event["detail"] for event in tickets.received] == [{"ticket": 2}]

    shop.deactivate_event_source(Name=SOURCE)
    put_ticket(world, 3)
    world.run(days=2)
    shop.activate_event_source(Name=SOURCE)
    put_ticket(world, 4)
    assert [event["detail"]["ticket"] for event in tickets.received] == [2, 4]

    shop.deactivate_event_source(Name=SOURCE)
    world.run(days=14)
    assert states(shop) == ["DELETED"]
    assert refusal(shop.activate_event_source, Name=SOURCE) == "InvalidStateException"
    answer = partner.put_partner_events(Entries=[ticket(5)])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert shop.describe_event_bus(Name=SOURCE)["Name"] == SOURCE


def ticket(number: int) -> dict:
    """An entry of PutPartnerEvents."""
    detail = json.dumps({"ticket": number})
    return {"Source": SOURCE, "DetailType": "TicketOpened", "Detail": detail}


def put_ticket(world: sb.World, number: int) -> str:
    """The help desk puts one event; its id."""
    answer = world.client(account=HELP_DESK).put_partner_events(Entries=[ticket(number)])
    world.settle()
    assert answer["FailedEntryCount"] == 0
    return answer["Entries"][0]["EventId"]


def states(shop) -> list[str]:
    """The states of the event sources that the shop is offered."""
    return [source["State"] for source in shop.list_event_sources()["EventSources"]]


def reason_of(world: sb.World, event_id: str) -> str:
    """What the trace says of an event that is on no bus."""
    try:
        return str(world.trace.why(event_id))
    except sb.SimbridgeError as error:
        return str(error)


def refusal(call, **request) -> str:
    """The error code of a call that is refused."""
    try:
        call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("it was not refused")
