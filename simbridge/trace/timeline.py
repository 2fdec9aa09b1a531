"""The trace for people: one line for each thing that happened, virtual time first.

Text and the table that a notebook shows are two forms of the same rows. A row names the event it is
about by the first eight digits of its id, so that one event can be followed through many others;
answers name only their delivery, whose event stands in the `Match` that began it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import islice
from typing import NamedTuple, final

from simbridge import clock
from simbridge.behaviour import (
    Behaviour,
    Concurrency,
    Custom,
    Fails,
    PerSecond,
    Recovers,
    Scripted,
    Slow,
)
from simbridge.kernel import Entry
from simbridge.luck import CERTAIN
from simbridge.messages import (
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
    Invoke,
    Keep,
    Loaded,
    Match,
    Message,
    Outcome,
    Progress,
    Publish,
    Retire,
    Stop,
    Tick,
)

__all__ = ["Known", "Told", "describe", "lines", "table"]

_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"

_CSS = {_GREEN: "color: green", _RED: "color: firebrick", _YELLOW: "color: darkgoldenrod"}

ROWS_MAX = 1000
"""A notebook's table shows this many rows; what is left out in the middle is counted."""


@final
class Told(NamedTuple):
    """One record in words: a mark, its colour and a sentence."""

    mark: str
    colour: str
    text: str

    @property
    def good(self) -> bool:
        """Whether nothing was refused, given up or lost."""
        return self.colour not in (_RED, _YELLOW)


@final
class _Row(NamedTuple):
    time: str
    elapsed: str
    mark: str
    colour: str
    text: str


def lines(entries: Iterable[Entry], *, colour: bool) -> Iterator[str]:
    """The timeline; what only repeats the line before (the bare answer of an attempt) is left out."""
    for row in _rows(entries):
        time = f"{row.time}  {row.elapsed:>11}"
        if colour:
            yield f"{_DIM}{time}{_PLAIN}  {row.colour}{row.mark} {row.text}{_PLAIN}"
        else:
            yield f"{time}  {row.mark} {row.text}"


def table(entries: Iterable[Entry]) -> str:
    """The timeline as an HTML table, for notebooks."""
    rows = _rows(entries)
    first = list(islice(rows, ROWS_MAX // 2))
    last: deque[_Row] = deque(maxlen=ROWS_MAX - len(first))
    rest = 0
    for row in rows:
        last.append(row)
        rest += 1
    body = [_html(row) for row in first]
    if rest > len(last):
        body.append(f'<tr><td colspan="4">… {rest - len(last):,} more …</td></tr>')
    body.extend(_html(row) for row in last)
    head = "<tr><th>virtual time</th><th>elapsed</th><th></th><th>what happened</th></tr>"
    return "\n".join(
        ["<table>", f"<thead>{head}</thead>", "<tbody>", *body, "</tbody>", "</table>"]
    )


def _rows(entries: Iterable[Entry]) -> Iterator[_Row]:
    start: int | None = None
    known = Known()
    for entry in entries:
        time = entry[0]
        start = time if start is None else start
        told = describe(entry, known)
        if told is not None:
            instant = clock.iso_micros(time)[:-4].replace("T", " ")
            yield _Row(instant, "+" + clock.elapsed(time - start), *told)


def _html(row: _Row) -> str:
    style = _CSS.get(row.colour)
    mark = f'<td style="{style}">{row.mark}</td>' if style else f"<td>{row.mark}</td>"
    text = f'<td style="text-align: left">{escape(row.text)}</td>'
    return f"<tr><td>{row.time}</td><td>{row.elapsed}</td>{mark}{text}</tr>"


@final
class Known:
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


def describe(entry: Entry, known: Known) -> Told | None:
    """One record in words; None where they would say nothing new."""
    known.elsewhere(entry[4])  # the first address is home, whether or not it is told
    told = _words(entry, known)
    if told is None:
        return None
    mark, colour, text = told
    return Told(mark, colour, text if text.isprintable() else _escaped(text))


def _words(entry: Entry, known: Known) -> tuple[str, str, str] | None:
    _, sequence, _, sender, to, message = entry
    kind: Message = message
    short = known.short
    match kind:
        case Call(operation, request, response, None, _, detail):
            what = f"{operation} {_subject(request, response or {})}".rstrip() + known.elsewhere(to)
            if detail:
                return "·", _YELLOW, f"{short(sender)} calls {what} ({detail})"
            return "·", _PLAIN, f"{short(sender)} calls {what}"
        case Call(operation, _, _, error, text, detail):
            why = f"{_one_line(text)} ({detail})" if detail else _one_line(text)
            return (
                "✗",
                _RED,
                f"{short(sender)} calls {operation}{known.elsewhere(to)}: {error}: {why}",
            )
        case Publish(event):
            envelope = event.envelope
            what = f"{envelope['source']} {envelope['detail-type']!r} {_short_id(event)}"
            return "●", _PLAIN, f"{short(to)} receives {what}"
        case Match(event, rule, target):
            known.begins(sequence, event)
            return "→", _PLAIN, f"{short(rule)} matches {_short_id(event)}, target {target}"
        case Outcome(delivery, attempt, None, text):
            what = known.subject(delivery)
            how = f", attempt {attempt}" if attempt else " as a dead letter"
            how += f": {_one_line(text)}" if text else ""
            return "✓", _GREEN, f"{short(sender)} accepts {what}{how}"
        case Outcome(delivery, attempt, error, text):
            what = known.subject(delivery)
            how = f", attempt {attempt}" if attempt else " as a dead letter"
            return "✗", _RED, f"{short(sender)} refuses {what}{how}: {error}: {_one_line(text)}"
        case DeadLetter(_, event):
            return "⚑", _YELLOW, f"{_short_id(event)} goes to the dead-letter queue {short(to)}"
        case Drop(delivery, error):
            return "✗", _RED, f"{short(sender)} drops {known.subject(delivery)}: {error}"
        case Handled(delivery, attempt, _, None):
            again = f", execution {attempt}" if attempt > 1 else ""
            return "✓", _GREEN, f"{short(to)} has handled {known.subject(delivery)}{again}"
        case Handled(delivery, attempt, _, error, text):
            what = f"{known.subject(delivery)}, execution {attempt}"
            return "✗", _YELLOW, f"{short(to)} raises at {what}: {error}: {_one_line(text)}"
        case Keep(event):
            return "▣", _PLAIN, f"{short(to)} keeps {_short_id(event)}"
        case Loaded(events):
            return "▣", _PLAIN, f"{short(to)} is loaded with {_count(events, 'event')}"
        case Counted(events, size_bytes):
            held = f"{_count(events, 'event')}, {_count(size_bytes, 'byte')}"
            return "▣", _PLAIN, f"{short(sender)} counts {held}"
        case Progress():
            return _progress(short(sender), message)
        case Due(_, _, False):
            return None
        case Due(delivery, attempt):
            what = f"{known.subject(delivery)}, attempt {attempt}"
            return "·", _PLAIN, f"{short(to)} has waited for its turn: {what}"
        case Expire(delivery, throttled):
            what = known.subject(delivery)
            how = ", which has waited for its turn" if throttled else ""
            return "✗", _YELLOW, f"{short(to)} has no time left for {what}{how}"
        case Declined(delivery, error, text):
            what = f"the report on {known.subject(delivery)}"
            return "✗", _RED, f"{short(sender)} refuses {what}: {error}: {_one_line(text)}"
        case Deposit():
            return "→", _PLAIN, f"{short(sender)} reports to {short(to)}"
        case Behave(behaviour):
            return "⚙", _YELLOW, f"{short(to)} {_manner(behaviour)}"
        case Configure() | Retire() | Invoke() | Execute() | Stop() | Tick():
            return None
        case _:
            raise AssertionError(f"the timeline does not know {message!r}")


def _manner(behaviour: Behaviour) -> str:
    """A behaviour in words."""
    match behaviour:
        case Fails(error, from_us, until_us, share, _, operation):
            what = f"{operation} fails with {error}" if operation else f"fails with {error}"
            begin = f" from {clock.iso_micros(from_us)[:19]}Z"
            end = "" if until_us == clock.LATEST else f" to {clock.iso_micros(until_us)[:19]}Z"
            return f"{what}{begin}{end}" + (
                f", {share / CERTAIN:.4g} of all" if share < CERTAIN else ""
            )
        case Slow(median, p99):
            return f"answers after {clock.elapsed(median)} (99 %: {clock.elapsed(p99)})"
        case PerSecond(rate):
            return f"takes {rate:,} attempts a second"
        case Concurrency(most):
            return f"takes {most:,} attempts at a time"
        case Scripted(outcomes):
            return f"answers {', '.join(outcomes)}"
        case Custom(function):
            return f"answers as {function} says"
        case Recovers():
            return "is well again"


def _progress(replay: str, report: Progress) -> tuple[str, str, str]:
    """How far a replay is: its state, and the minute of event time it has done last."""
    text = f"{replay} is {report.state}"
    if report.last_replayed_us is not None:
        text += f", has replayed {clock.iso_seconds(report.last_replayed_us)[:-4]}"
    if report.reason is not None:
        text += f": {report.reason}"
    return "↻", _RED if report.state == "FAILED" else _PLAIN, text


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _subject(request: Mapping[str, object], response: Mapping[str, object]) -> str:
    """What a call is about: how many events it puts, or what it names: a rule, or else a bus."""
    entries = request.get("Entries")
    if isinstance(entries, list):
        refused = response.get("FailedEntryCount")
        count = f"{len(entries)} event{'s' * (len(entries) != 1)}"
        return f"{count}, {refused} refused" if refused else count
    names = (
        request.get(name) for name in ("Name", "Rule", "ArchiveName", "ReplayName", "EventBusName")
    )
    return str(next(filter(None, names), ""))


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


def _escaped(text: str) -> str:
    """What a terminal would act upon instead of showing it, as Python writes it in a string."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
