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

__all__ = ["Told", "describe", "lines", "table"]

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
    subjects: dict[int, str] = {}
    for entry in entries:
        time = entry[0]
        start = time if start is None else start
        told = describe(entry, subjects)
        if told is not None:
            instant = clock.iso_micros(time)[:-4].replace("T", " ")
            yield _Row(instant, "+" + clock.elapsed(time - start), *told)


def _html(row: _Row) -> str:
    style = _CSS.get(row.colour)
    mark = f'<td style="{style}">{row.mark}</td>' if style else f"<td>{row.mark}</td>"
    text = f'<td style="text-align: left">{escape(row.text)}</td>'
    return f"<tr><td>{row.time}</td><td>{row.elapsed}</td>{mark}{text}</tr>"


def describe(entry: Entry, subjects: dict[int, str]) -> Told | None:
    """One record in words; None where they would say nothing new.

    `subjects` names the event of each delivery by the sequence number of its `Match`, and is kept
    from record to record.
    """
    told = _words(entry, subjects)
    return Told(*told) if told else None


def _words(entry: Entry, subjects: dict[int, str]) -> tuple[str, str, str] | None:
    _, sequence, _, sender, to, message = entry
    kind: Message = message
    match kind:
        case Call(operation, request, response, None):
            what = _subject(request, response or {})
            return "·", _PLAIN, f"{_short(sender)} calls {operation} {what}".rstrip()
        case Call(operation, _, _, error, text, detail):
            why = f"{_one_line(text)} ({detail})" if detail else _one_line(text)
            return "✗", _RED, f"{_short(sender)} calls {operation}: {error}: {why}"
        case Publish(event):
            envelope = event.envelope
            what = f"{envelope['source']} {envelope['detail-type']!r} {_short_id(event)}"
            return "●", _PLAIN, f"{_short(to)} receives {what}"
        case Match(event, rule, target):
            subjects[sequence] = _short_id(event)
            return "→", _PLAIN, f"{_short(rule)} matches {_short_id(event)}, target {target}"
        case Outcome(delivery, attempt, None):
            what = _named(delivery, subjects)
            how = f", attempt {attempt}" if attempt else " as a dead letter"
            return "✓", _GREEN, f"{_short(sender)} accepts {what}{how}"
        case Outcome(delivery, attempt, error, text):
            what = _named(delivery, subjects)
            how = f", attempt {attempt}" if attempt else " as a dead letter"
            return "✗", _RED, f"{_short(sender)} refuses {what}{how}: {error}: {_one_line(text)}"
        case DeadLetter(_, event):
            return "⚑", _YELLOW, f"{_short_id(event)} goes to the dead-letter queue {_short(to)}"
        case Drop(delivery, error):
            return "✗", _RED, f"{_short(sender)} drops {_named(delivery, subjects)}: {error}"
        case Handled(delivery, attempt, _, None):
            again = f", execution {attempt}" if attempt > 1 else ""
            return "✓", _GREEN, f"{_short(to)} has handled {_named(delivery, subjects)}{again}"
        case Handled(delivery, attempt, _, error, text):
            what = f"{_named(delivery, subjects)}, execution {attempt}"
            return "✗", _YELLOW, f"{_short(to)} raises at {what}: {error}: {_one_line(text)}"
        case Keep(event):
            return "▣", _PLAIN, f"{_short(to)} keeps {_short_id(event)}"
        case Loaded(events):
            return "▣", _PLAIN, f"{_short(to)} is loaded with {_count(events, 'event')}"
        case Counted(events, size_bytes):
            held = f"{_count(events, 'event')}, {_count(size_bytes, 'byte')}"
            return "▣", _PLAIN, f"{_short(sender)} counts {held}"
        case Progress():
            return _progress(_short(sender), message)
        case Due(_, _, False):
            return None
        case Due(delivery, attempt):
            what = f"{_named(delivery, subjects)}, attempt {attempt}"
            return "·", _PLAIN, f"{_short(to)} has waited for its turn: {what}"
        case Expire(delivery):
            what = _named(delivery, subjects)
            return "✗", _YELLOW, f"{_short(to)} has no time left for {what}"
        case Deposit():
            return "→", _PLAIN, f"{_short(sender)} reports to {_short(to)}"
        case Behave(behaviour):
            return "⚙", _YELLOW, f"{_short(to)} {_manner(behaviour)}"
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


def _named(delivery: int, subjects: Mapping[int, str]) -> str:
    return subjects.get(delivery, f"delivery {delivery}")


def _short_id(event: Event) -> str:
    return event.id[:8]


def _short(address: str) -> str:
    return address.rsplit(":", 1)[-1] if address.startswith("arn:") else address
