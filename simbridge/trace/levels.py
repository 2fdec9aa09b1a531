"""The level of a trace: all records, or only the outcomes of deliveries.

A delivery that is retried for a day leaves close to four hundred records. A world made with
`World(trace="outcomes")` leaves out each attempt, each refusal of one, and HTTP requests and responses. How
a delivery ended stays, with the number of its attempts. Nothing but the trace is different. Questions about
single attempts (`Delivery.attempts`, some of `world.metrics`) need the full trace.
"""

from __future__ import annotations

from collections.abc import Callable

from simbridge.kernel import Entry, TraceFilter
from simbridge.model.http_messages import Authorize, Authorized, HttpRequest, HttpResponse
from simbridge.model.messages import Due, Execute, Invoke, Outcome

__all__ = ["OUTCOMES"]

_SKIPPED = frozenset((Authorize, Authorized, Due, Execute, HttpRequest, HttpResponse, Invoke))


def _ends(write: Callable[[Entry], None]) -> Callable[[Entry], None]:
    """The function that writes an entry into the trace, unless it is of a single attempt."""

    def record(entry: Entry) -> None:
        message = entry[5]
        if type(message) is Outcome:
            # A dead letter has no attempt; an outcome with a detail says what is missing in the world.
            if message.error is None or not message.attempt or message.detail:
                write(entry)
        elif type(message) not in _SKIPPED:
            write(entry)

    return record


OUTCOMES = TraceFilter(_SKIPPED, _ends)
"""What `World(trace="outcomes")` leaves out."""
