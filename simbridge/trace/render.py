"""Renders one record as a line: a mark, a colour and a sentence.

The table `RENDERERS` has a function for each kind of message. A sentence names the event it is about by
the first eight digits of its id, so that one event can be followed among many others. Answers name only
their delivery; the event is that of the `Match` that began it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, final

from simbridge.base import clock
from simbridge.base.printable import printable
from simbridge.kernel import Entry, Record
from simbridge.languages import policy
from simbridge.model.http_messages import (
    Authorize,
    Authorized,
    ConnectionChanged,
    HttpRequest,
    HttpResponse,
    Unauthorized,
)
from simbridge.model.messages import (
    Behave,
    Call,
    Configure,
    DeadLetter,
    Declined,
    Deposit,
    Drop,
    Due,
    Event,
    Execute,
    Expire,
    Handled,
    Invoke,
    Keep,
    Match,
    MatchWithoutTarget,
    Outcome,
    Permit,
    Publish,
    Retire,
    Tick,
)
from simbridge.model.state_messages import Counted, Health, Loaded, Progress, Stop

__all__ = [
    "GREEN",
    "HIDDEN",
    "PLAIN",
    "RED",
    "RENDERERS",
    "YELLOW",
    "Line",
    "RenderContext",
    "describe",
]

GREEN, RED, YELLOW, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[0m"


@final
class Line(NamedTuple):
    """One record in words: a mark, its colour and a sentence."""

    mark: str
    colour: str
    text: str

    @property
    def good(self) -> bool:
        """Whether nothing was refused, given up or lost."""
        return self.colour not in (RED, YELLOW)


@final
class RenderContext:
    """What the line of a record needs of earlier records: the home region, and the deliveries' events.

    Home is the region and account of the first address. Only an address elsewhere is rendered with its
    region and account.
    """

    def __init__(self, home: tuple[str, str] | None = None) -> None:
        self._home = home
        self._subjects: dict[int, str] = {}

    def begins(self, delivery: int, event: Event) -> None:
        """A delivery of this event has begun."""
        self._subjects[delivery] = _short_id(event)

    def subject(self, delivery: int) -> str:
        """The event of a delivery; the number of the delivery if its beginning is unknown."""
        return self._subjects.get(delivery, f"delivery {delivery}")

    def elsewhere(self, address: str) -> str:
        """Region and account of an address, if it is not at home."""
        region, account = _place(address)
        if not region and not account:
            return ""
        self._home = self._home or (region, account)
        here = f" in {region}" * (region not in ("", self._home[0]))
        return here + f" of {account}" * (account not in ("", self._home[1]))

    def short(self, address: str) -> str:
        """The last part of an address, with region and account if it is not at home."""
        if not address.startswith("arn:"):
            return address
        return address.rpartition(":")[2] + self.elsewhere(address)


def describe(entry: Entry, context: RenderContext) -> Line | None:
    """The line of one record; None if it would only repeat another line."""
    record = Record(*entry)
    context.elsewhere(record.to)  # the first address is home, whether or not it has a line
    kind = type(record.message)
    if kind in HIDDEN:
        return None
    assert kind in RENDERERS, f"the timeline has no line for {record.message!r}"
    line = RENDERERS[kind](record.message, record, context)
    return None if line is None else line._replace(text=printable(line.text))


# -- the control plane, and faults of stand-ins and operations ---------------------------------


def _call(call: Call, record: Record, context: RenderContext) -> Line:
    caller, place = context.short(record.sender), context.elsewhere(record.to)
    if call.error is not None:
        reason = _one_line(call.text) + (f" ({call.detail})" if call.detail else "")
        return Line("✗", RED, f"{caller} calls {call.operation}{place}: {call.error}: {reason}")
    subject = _subject(call.request, call.response or {})
    text = f"{caller} calls " + f"{call.operation} {subject}".rstrip() + place
    if call.detail:
        return Line("·", YELLOW, f"{text} ({call.detail})")
    return Line("·", PLAIN, text)


def _behave(behave: Behave, record: Record, context: RenderContext) -> Line:
    return Line("⚙", YELLOW, f"{context.short(record.to)} {behave.behaviour.words()}")


def _permit(permit: Permit, record: Record, context: RenderContext) -> Line:
    name = context.short(record.to)
    if permit.policy is None:
        return Line("⚙", YELLOW, f"{name} has no policy of its own any more")
    count = _count(len(policy.statements(permit.policy)), "statement")
    return Line("⚙", YELLOW, f"{name} has a policy of {count}")


# -- the life of an event ---------------------------------------------------------------------


def _publish(message: Publish, record: Record, context: RenderContext) -> Line:
    envelope = message.event.envelope
    if record.sender == envelope["source"]:  # a service that emits (`service_events`)
        what = f"{envelope['detail-type']!r} {_short_id(message.event)}"
        return Line("●", PLAIN, f"{record.sender} emits {what} to {context.short(record.to)}")
    what = f"{envelope['source']} {envelope['detail-type']!r} {_short_id(message.event)}"
    return Line("●", PLAIN, f"{context.short(record.to)} receives {what}")


def _match(match: Match, record: Record, context: RenderContext) -> Line:
    context.begins(record.sequence, match.event)
    what = f"matches {_short_id(match.event)}, target {match.target}"
    return Line("→", PLAIN, f"{context.short(match.rule)} {what}")


def _match_without_target(
    match: MatchWithoutTarget, record: Record, context: RenderContext
) -> Line:
    what = f"matches {_short_id(match.event)}, and has no target"
    return Line("→", PLAIN, f"{context.short(match.rule)} {what}")


def _outcome(outcome: Outcome, record: Record, context: RenderContext) -> Line:
    target, event = context.short(record.sender), context.subject(outcome.delivery)
    attempt = f", attempt {outcome.attempt}" if outcome.attempt else " as a dead letter"
    text = _one_line(outcome.detail or outcome.text)
    if outcome.error is not None:
        return Line("✗", RED, f"{target} refuses {event}{attempt}: {outcome.error}: {text}")
    more = f": {text}" if text else ""
    return Line("✓", GREEN, f"{target} accepts {event}{attempt}{more}")


def _due(due: Due, record: Record, context: RenderContext) -> Line | None:
    if not due.reserved and not due.paced:
        return None
    event, delivery = context.subject(due.delivery), context.short(record.to)
    if due.paced:
        waited = f"{delivery} has waited for the rate limit of its API destination, attempts now"
        return Line("·", PLAIN, f"{waited}: {event}, attempt {due.attempt}")
    throttled = f"{delivery} was throttled by the Invocations quota, attempts now"
    return Line("·", PLAIN, f"{throttled}: {event}, attempt {due.attempt}")


def _expire(expire: Expire, record: Record, context: RenderContext) -> Line:
    event, delivery = context.subject(expire.delivery), context.short(record.to)
    why = ", throttled by the Invocations quota" if expire.throttled else ""
    if expire.paced:
        why = ", waiting for the rate limit of its API destination"
    reached = f"maximum event age reached{why}"
    return Line("✗", YELLOW, f"{delivery} gives up {event}: {reached}")


def _dead_letter(letter: DeadLetter, record: Record, context: RenderContext) -> Line:
    where = f"the dead-letter queue {context.short(record.to)}"
    return Line("⚑", YELLOW, f"{_short_id(letter.event)} goes to {where}")


def _drop(drop: Drop, record: Record, context: RenderContext) -> Line:
    what = f"{context.subject(drop.delivery)}: {drop.error}"
    return Line("✗", RED, f"{context.short(record.sender)} drops {what}")


# -- your functions, and Lambda's records of their invocations ---------------------------------


def _handled(handled: Handled, record: Record, context: RenderContext) -> Line:
    function, event = context.short(record.to), context.subject(handled.delivery)
    invocation = f" (invocation {handled.attempt})"
    if handled.error is None:
        again = invocation if handled.attempt > 1 else ""
        return Line("✓", GREEN, f"{function} handled {event}{again}")
    error = f"{handled.error}: {_one_line(handled.text)}"
    return Line("✗", YELLOW, f"{function} raised for {event}{invocation}: {error}")


def _deposit(_: Deposit, record: Record, context: RenderContext) -> Line:
    return Line("→", PLAIN, f"{context.short(record.sender)} reports to {context.short(record.to)}")


def _declined(declined: Declined, record: Record, context: RenderContext) -> Line:
    report = f"the report on {context.subject(declined.delivery)}"
    error = f"{declined.error}: {_one_line(declined.text)}"
    return Line("✗", RED, f"{context.short(record.sender)} refuses {report}: {error}")


# -- archives and replays ---------------------------------------------------------------------


def _keep(keep: Keep, record: Record, context: RenderContext) -> Line:
    return Line("▣", PLAIN, f"{context.short(record.to)} keeps {_short_id(keep.event)}")


def _loaded(loaded: Loaded, record: Record, context: RenderContext) -> Line:
    what = _count(loaded.events, "event")
    return Line("▣", PLAIN, f"{context.short(record.to)} is loaded with {what}")


def _counted(counted: Counted, record: Record, context: RenderContext) -> Line:
    held = f"{_count(counted.events, 'event')}, {_count(counted.size_bytes, 'byte')}"
    return Line("▣", PLAIN, f"{context.short(record.sender)} counts {held}")


def _progress(report: Progress, record: Record, context: RenderContext) -> Line:
    text = f"{context.short(record.sender)} is {report.state}"
    if report.last_replayed_us is not None:
        text += f", has replayed {clock.iso_seconds(report.last_replayed_us)[:-4]}"
    if report.reason is not None:
        text += f": {report.reason}"
    return Line("↻", RED if "FAILED" in report.state else PLAIN, text)


# -- global endpoints -------------------------------------------------------------------------


def _health(health: Health, record: Record, context: RenderContext) -> Line:
    name = context.short(record.to)
    if health.unhealthy_from_us is None:
        return Line("⚙", YELLOW, f"{name} is healthy again")
    text = f"{name} is unhealthy from {clock.iso_micros(health.unhealthy_from_us)[:19]}Z"
    if health.unhealthy_until_us not in (None, clock.LATEST):
        text += f" to {clock.iso_micros(health.unhealthy_until_us)[:19]}Z"
    return Line("⚙", YELLOW, text)


# -- connections and HTTP endpoints -----------------------------------------------------------


def _http_response(message: HttpResponse, record: Record, context: RenderContext) -> Line:
    sender = context.short(record.sender)
    if message.status is None:
        text = _one_line(message.detail or message.text)
        return Line("✗", RED, f"{sender} does not answer: {message.error}: {text}")
    mark, colour = ("✓", GREEN) if message.status < 300 else ("✗", RED)
    return Line(mark, colour, f"{sender} answers {message.status}")


def _unauthorized(message: Unauthorized, record: Record, context: RenderContext) -> Line:
    return Line(
        "·", YELLOW, f"{context.short(record.to)} needs a new token: an endpoint refused this one"
    )


def _connection_changed(message: ConnectionChanged, record: Record, context: RenderContext) -> Line:
    text = f"{context.short(record.sender)} is {message.state}"
    if message.reason is not None:
        text += f": {message.reason}"
    failed = message.reason is not None or message.state == "FAILED_CONNECTIVITY"
    return Line("⚿", RED if failed else PLAIN, text)


RENDERERS: dict[type, Callable[[Any, Record, RenderContext], Line | None]] = {
    Behave: _behave,
    Call: _call,
    ConnectionChanged: _connection_changed,
    Counted: _counted,
    DeadLetter: _dead_letter,
    Declined: _declined,
    Deposit: _deposit,
    Drop: _drop,
    Due: _due,
    Expire: _expire,
    Handled: _handled,
    Health: _health,
    HttpResponse: _http_response,
    Keep: _keep,
    Loaded: _loaded,
    Match: _match,
    MatchWithoutTarget: _match_without_target,
    Outcome: _outcome,
    Permit: _permit,
    Progress: _progress,
    Publish: _publish,
    Unauthorized: _unauthorized,
}
"""The function that renders each kind of message."""

HIDDEN = frozenset(
    (Authorize, Authorized, Configure, Execute, HttpRequest, Invoke, Retire, Stop, Tick)
)
"""Kinds whose line would only repeat another: the call before it, or the answer after it."""


def _subject(request: Mapping[str, object], response: Mapping[str, object]) -> str:
    """What a call is about: the number of events it puts, or the name of a rule, or else of a bus."""
    entries = request.get("Entries")
    if isinstance(entries, list):
        refused = response.get("FailedEntryCount")
        count = f"{len(entries)} event{'s' * (len(entries) != 1)}"
        return f"{count}, {refused} refused" if refused and isinstance(refused, int) else count
    names = (
        request.get(name) for name in ("Name", "Rule", "ArchiveName", "ReplayName", "EventBusName")
    )
    return next((name for name in names if name and isinstance(name, str)), "")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _short_id(event: Event) -> str:
    return event.id[:8]


def _place(address: str) -> tuple[str, str]:
    """The region and the account of an address; empty if it has none."""
    parts = address.split(":", 5)
    if parts[0] == "arn" and len(parts) == 6:
        return parts[3], parts[4]
    if parts[0] == "api" and len(parts) == 3:
        return parts[1], parts[2]
    return "", ""
