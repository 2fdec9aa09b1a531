"""One record in words: a mark, a colour and a sentence.

Each kind of message has a function that tells it, by the table `RENDERERS`. A sentence names the event it is
about by the first eight digits of its id, so that one event can be followed through many others; answers
name only their delivery, whose event stands in the `Match` that began it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, final

from simbridge.base import clock
from simbridge.base.printable import printable
from simbridge.kernel import Entry, Record
from simbridge.model.messages import (
    Behave,
    Call,
    Configure,
    Counted,
    DeadLetter,
    Declined,
    Deposit,
    Drop,
    Due,
    Event,
    Execute,
    Expire,
    Handled,
    Health,
    Invoke,
    Keep,
    Loaded,
    Match,
    Outcome,
    Progress,
    Publish,
    Retire,
    Stop,
    Tick,
)

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
    """What the words for a record need of earlier ones; it is kept from record to record.

    Only what is not at home, in the region and account of the first address, is told with its
    place. An answer names only its delivery, and is told with the event of that.
    """

    def __init__(self, home: tuple[str, str] | None = None) -> None:
        self._home = home
        self._subjects: dict[int, str] = {}

    def begins(self, delivery: int, event: Event) -> None:
        """A delivery of this event has begun."""
        self._subjects[delivery] = _short_id(event)

    def subject(self, delivery: int) -> str:
        """The event that is delivered; the number of the delivery where its beginning is unknown."""
        return self._subjects.get(delivery, f"delivery {delivery}")

    def elsewhere(self, address: str) -> str:
        """Where an address is, if not at home."""
        region, account = _place(address)
        if not region and not account:
            return ""
        self._home = self._home or (region, account)
        here = f" in {region}" * (region not in ("", self._home[0]))
        return here + f" of {account}" * (account not in ("", self._home[1]))

    def short(self, address: str) -> str:
        """The last part of an address, and where it is, if not at home."""
        if not address.startswith("arn:"):
            return address
        return address.rpartition(":")[2] + self.elsewhere(address)


def describe(entry: Entry, context: RenderContext) -> Line | None:
    """One record in words; None where they would say nothing new."""
    record = Record(*entry)
    context.elsewhere(record.to)  # the first address is home, whether or not it is told
    kind = type(record.message)
    if kind in HIDDEN:
        return None
    assert kind in RENDERERS, f"the timeline does not know {record.message!r}"
    told = RENDERERS[kind](record.message, record, context)
    return None if told is None else told._replace(text=printable(told.text))


# -- the control plane, and what stand-ins and operations are told to do ----------------------


def _call(call: Call, record: Record, context: RenderContext) -> Line:
    who, where = context.short(record.sender), context.elsewhere(record.to)
    if call.error is not None:
        why = _one_line(call.text) + (f" ({call.detail})" if call.detail else "")
        return Line("✗", RED, f"{who} calls {call.operation}{where}: {call.error}: {why}")
    subject = _subject(call.request, call.response or {})
    what = f"{call.operation} {subject}".rstrip() + where
    if call.detail:
        return Line("·", YELLOW, f"{who} calls {what} ({call.detail})")
    return Line("·", PLAIN, f"{who} calls {what}")


def _behave(behave: Behave, record: Record, context: RenderContext) -> Line:
    return Line("⚙", YELLOW, f"{context.short(record.to)} {behave.behaviour.words()}")


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


def _outcome(outcome: Outcome, record: Record, context: RenderContext) -> Line:
    who, what = context.short(record.sender), context.subject(outcome.delivery)
    how = f", attempt {outcome.attempt}" if outcome.attempt else " as a dead letter"
    text = _one_line(outcome.detail or outcome.text)
    if outcome.error is not None:
        return Line("✗", RED, f"{who} refuses {what}{how}: {outcome.error}: {text}")
    return Line("✓", GREEN, f"{who} accepts {what}{how}" + (f": {text}" if outcome.text else ""))


def _due(due: Due, record: Record, context: RenderContext) -> Line | None:
    if not due.reserved:
        return None
    what = f"{context.subject(due.delivery)}, attempt {due.attempt}"
    return Line("·", PLAIN, f"{context.short(record.to)} has waited for its turn: {what}")


def _expire(expire: Expire, record: Record, context: RenderContext) -> Line:
    what = context.subject(expire.delivery)
    how = ", which has waited for its turn" if expire.throttled else ""
    return Line("✗", YELLOW, f"{context.short(record.to)} has no time left for {what}{how}")


def _dead_letter(letter: DeadLetter, record: Record, context: RenderContext) -> Line:
    where = f"the dead-letter queue {context.short(record.to)}"
    return Line("⚑", YELLOW, f"{_short_id(letter.event)} goes to {where}")


def _drop(drop: Drop, record: Record, context: RenderContext) -> Line:
    what = f"{context.subject(drop.delivery)}: {drop.error}"
    return Line("✗", RED, f"{context.short(record.sender)} drops {what}")


# -- functions of yours, and Lambda's reports on them -----------------------------------------


def _handled(handled: Handled, record: Record, context: RenderContext) -> Line:
    who, what = context.short(record.to), context.subject(handled.delivery)
    if handled.error is None:
        again = f", execution {handled.attempt}" if handled.attempt > 1 else ""
        return Line("✓", GREEN, f"{who} has handled {what}{again}")
    why = f"{handled.error}: {_one_line(handled.text)}"
    return Line("✗", YELLOW, f"{who} raises at {what}, execution {handled.attempt}: {why}")


def _deposit(_: Deposit, record: Record, context: RenderContext) -> Line:
    return Line("→", PLAIN, f"{context.short(record.sender)} reports to {context.short(record.to)}")


def _declined(declined: Declined, record: Record, context: RenderContext) -> Line:
    what = f"the report on {context.subject(declined.delivery)}"
    why = f"{declined.error}: {_one_line(declined.text)}"
    return Line("✗", RED, f"{context.short(record.sender)} refuses {what}: {why}")


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


RENDERERS: dict[type, Callable[[Any, Record, RenderContext], Line | None]] = {
    Behave: _behave,
    Call: _call,
    Counted: _counted,
    DeadLetter: _dead_letter,
    Declined: _declined,
    Deposit: _deposit,
    Drop: _drop,
    Due: _due,
    Expire: _expire,
    Handled: _handled,
    Health: _health,
    Keep: _keep,
    Loaded: _loaded,
    Match: _match,
    Outcome: _outcome,
    Progress: _progress,
    Publish: _publish,
}
"""Who tells each kind of message."""

HIDDEN = frozenset((Configure, Execute, Invoke, Retire, Stop, Tick))
"""What would only repeat another line: the call that it follows, or the answer that follows it."""


def _subject(request: Mapping[str, object], response: Mapping[str, object]) -> str:
    """What a call is about: how many events it puts, or what it names: a rule, or else a bus."""
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
    """The region and the account of an address; empty where it is in none."""
    parts = address.split(":", 5)
    if parts[0] == "arn" and len(parts) == 6:
        return parts[3], parts[4]
    if parts[0] == "api" and len(parts) == 3:
        return parts[1], parts[2]
    return "", ""
