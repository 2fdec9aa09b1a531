"""The trace for people: one line for each thing that happened, virtual time first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

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
)

__all__ = ["Told", "describe", "lines"]

_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Told(NamedTuple):
    """One record in words: a mark, its colour and a sentence."""

    mark: str
    colour: str
    text: str

    @property
    def good(self) -> bool:
        """Whether nothing was refused, given up or lost."""
        return self.colour not in (_RED, _YELLOW)


def lines(entries: Iterable[Entry], *, colour: bool) -> Iterator[str]:
    """The timeline; what only repeats the line before (the bare answer of an attempt) is left out."""
    start: int | None = None
    for entry in entries:
        start = entry[0] if start is None else start
        told = describe(entry)
        if told is None:
            continue
        mark, paint, text = told
        elapsed = f"+{clock.elapsed(entry[0] - start)}"
        time = f"{clock.iso_micros(entry[0])[:-4].replace('T', ' ')}  {elapsed:>11}"
        if colour:
            yield f"{_DIM}{time}{_PLAIN}  {paint}{mark} {text}{_PLAIN}"
        else:
            yield f"{time}  {mark} {text}"


def describe(entry: Entry) -> Told | None:
    """One record in words; None where they would say nothing new."""
    _, _, _, sender, to, message = entry
    kind: Message = message
    match kind:
        case Call(operation, request, _, None):
            return Told(
                "·", _PLAIN, f"{_short(sender)} calls {operation} {_what(request)}".rstrip()
            )
        case Call(operation, _, _, error, text):
            return Told("✗", _RED, f"{_short(sender)} calls {operation}: {error}: {text}")
        case Publish(event):
            kinds = f"{event.envelope['source']} {event.envelope['detail-type']!r}"
            return Told("●", _PLAIN, f"{_short(to)} receives {kinds} {event.id[:8]}")
        case Match(event, rule, target):
            return Told("→", _PLAIN, f"{_short(rule)} matches {event.id[:8]}, target {target}")
        case Outcome(_, 0, None):
            return Told("✓", _GREEN, f"{_short(sender)} accepts the dead letter")
        case Outcome(_, attempt, None):
            return Told("✓", _GREEN, f"{_short(sender)} accepts, attempt {attempt}")
        case Outcome(_, 0, error, text):
            return Told("✗", _RED, f"{_short(sender)} refuses the dead letter: {error}: {text}")
        case Outcome(_, attempt, error, text):
            refusal = f"refuses, attempt {attempt}: {error}: {text}"
            return Told("✗", _RED, f"{_short(sender)} {refusal}")
        case DeadLetter(_, event):
            to_queue = f"goes to the dead-letter queue {_short(to)}"
            return Told("⚑", _YELLOW, f"{event.id[:8]} {to_queue}")
        case Drop(_, error):
            return Told("✗", _RED, f"{_short(sender)} gives up and drops the event: {error}")
        case Handled():
            return Told("✓", _GREEN, f"{_short(to)} has handled its event")
        case Configure() | Retire() | Invoke():
            return None


def _what(request: dict[str, Any]) -> str:
    """What a call is about, in a word or two."""
    entries = request.get("Entries")
    if isinstance(entries, list):
        return f"{len(entries)} event{'s' * (len(entries) != 1)}"
    return str(request.get("Name") or request.get("Rule") or "")


def _short(address: str) -> str:
    return address.rsplit(":", 1)[-1] if address.startswith("arn:") else address
