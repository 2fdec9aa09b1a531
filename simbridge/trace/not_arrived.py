"""Why an event that was accepted is on no bus: its bus or its event source, or no time has passed.

AWS accepts such an event and answers its id. The reason is in the request of the call that put it, and
in the note that the call has in the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simbridge.kernel import Entry
from simbridge.model.messages import Call

__all__ = ["not_arrived"]


def not_arrived(entries: Sequence[Entry], event_id: str) -> str:
    """The error for an event that never arrived on a bus."""
    for *_, message in entries:
        if isinstance(message, Call) and message.operation in _PUTS and message.response:
            answers = message.response["Entries"]
            for asked, answer in zip(message.request["Entries"], answers, strict=True):
                if answer.get("EventId") == event_id:
                    reason = _PUTS[message.operation](message, asked)
                    return f"event {event_id} was accepted and {reason}"
    return (
        f"no event {event_id!r} was ever on a bus of this world; an event that was emitted just now "
        "arrives when time passes: call world.settle()"
    )


def _of_put_events(_: Call, asked: dict[str, Any]) -> str:
    bus = asked.get("EventBusName") or "default"
    return (
        f"has not arrived on a bus: either {bus} does not exist, or no time has passed since; call "
        "world.settle()"
    )


def _of_put_partner_events(call: Call, asked: dict[str, Any]) -> str:
    source = asked.get("Source")
    notes = [note for note in (call.detail or "").split("; ") if note.startswith(f"{source} is ")]
    if not notes:
        return "has not arrived on a bus: no time has passed since; call world.settle()"
    state = notes[0].removeprefix(f"{source} is ").partition(":")[0]
    return f"dropped: its event source was {state}, and only an ACTIVE one delivers"


_PUTS: dict[str, Callable[[Call, dict[str, Any]], str]] = {
    "PutEvents": _of_put_events,
    "PutPartnerEvents": _of_put_partner_events,
}
"""What is said of such an event, by the operation that put it."""
