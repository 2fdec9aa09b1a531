"""The trace for people: one line for each thing that happened, virtual time first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simbridge import clock
from simbridge.kernel import Entry
from simbridge.messages import (
    Call,
    Configure,
    DeadLetter,
    Drop,
    Handled,
    Invoke,
    Match,
    Message,
    Outcome,
    Publish,
    Retire,
    Tick,
)

__all__ = ["describe", "lines"]

_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


def lines(entries: Iterable[Entry], *, colour: bool) -> Iterator[str]:
    """The timeline; what only repeats the line before (the bare answer of an attempt) is left out."""
    start: int | None = None
    for entry in entries:
        start = entry[0] if start is None else start
        told = describe(entry)
        if told is None:
            continue
        mark, paint, text = told
        time = f"{clock.iso_micros(entry[0])[:-4].replace('T', ' ')}  {'+' + clock.elapsed(entry[0] - start):>11}"
        if colour:
            yield f"{_DIM}{time}{_PLAIN}  {paint}{mark} {text}{_PLAIN}"
        else:
            yield f"{time}  {mark} {text}"


def describe(entry: Entry) -> tuple[str, str, str] | None:
    """(mark, colour, text) of one record; None where the text would say nothing new."""
    _, _, _, sender, to, message = entry
    kind: Message = message
    match kind:
        case Call(operation, request, _, None):
            count = len(request["Entries"]) if operation == "PutEvents" else 0
            what = (
                f"{count} event{'s' * (count != 1)}"
                if count
                else str(request.get("Name") or request.get("Rule") or "")
            )
            return "·", _PLAIN, f"{_short(sender)} calls {operation} {what}".rstrip()
        case Call(operation, _, _, error, text, detail):
            why = f" ({detail})" if detail else ""
            return "✗", _RED, f"{_short(sender)} calls {operation}: {error}: {text}{why}"
        case Publish(event):
            envelope = event.envelope
            return (
                "●",
                _PLAIN,
                f"{_short(to)} receives {envelope['source']} {envelope['detail-type']!r} {event.id[:8]}",
            )
        case Match(event, rule, target):
            return "→", _PLAIN, f"{_short(rule)} matches {event.id[:8]}, target {target}"
        case Outcome(_, attempt, None):
            return (
                "✓",
                _GREEN,
                f"{_short(sender)} accepts"
                + (f", attempt {attempt}" if attempt else " the dead letter"),
            )
        case Outcome(_, attempt, error, text):
            return "✗", _RED, f"{_short(sender)} refuses, attempt {attempt}: {error}: {text}"
        case DeadLetter(_, event):
            return "⚑", _YELLOW, f"{event.id[:8]} goes to the dead-letter queue {_short(to)}"
        case Drop(_, error):
            return "✗", _RED, f"{_short(sender)} gives up and drops the event: {error}"
        case Handled():
            return "✓", _GREEN, f"{_short(to)} has handled its event"
        case Configure() | Retire() | Tick() | Invoke():
            return None


def _short(address: str) -> str:
    return address.rsplit(":", 1)[-1] if address.startswith("arn:") else address
