"""Two invoices are sent, one is paid within the hour: which customer is reminded the next day?

The reminder service is an async handler. It waits for a day, in virtual time, and then checks whether the
invoice has been paid.
"""

import json

import anyio

import simbridge as sb


@sb.scenario(seed=3, start="2026-03-01T09:00:00Z")
async def reminder(world: sb.World) -> None:
    """A day after an invoice is sent, a reminder goes out, unless the invoice has been paid."""
    events = world.client("events")
    inbox = world.queue("inbox")
    paid: set[str] = set()

    def put(kind: str, invoice: str) -> None:
        detail = json.dumps({"invoice": invoice})
        events.put_events(Entries=[{"Source": "billing", "DetailType": kind, "Detail": detail}])

    def note_payment(event: dict) -> None:
        paid.add(event["detail"]["invoice"])

    async def remind_later(event: dict) -> None:
        await anyio.sleep(24 * 3600)
        if event["detail"]["invoice"] not in paid:
            put("PaymentDue", event["detail"]["invoice"])

    for kind, arn in {
        "InvoiceSent": world.function("reminders", remind_later).arn,
        "InvoicePaid": world.function("ledger", note_payment).arn,
        "PaymentDue": inbox.arn,
    }.items():
        pattern = json.dumps({"source": ["billing"], "detail-type": [kind]})
        events.put_rule(Name=kind, EventPattern=pattern)
        events.put_targets(Rule=kind, Targets=[{"Id": "1", "Arn": arn}])

    put("InvoiceSent", "A")
    put("InvoiceSent", "B")
    await anyio.sleep(3600)
    put("InvoicePaid", "A")
    await anyio.sleep(25 * 3600)

    due = [(event["time"], event["detail"]["invoice"]) for event in inbox.received]
    assert due == [("2026-03-02T09:00:00Z", "B")]
