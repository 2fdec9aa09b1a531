"""Hints for a schedule expression that is refused: what was meant, as EventBridge writes it.

AWS has the same sentence for everything. Most refused expressions are good expressions of something else:
Unix cron, Quartz, EventBridge Scheduler, English.

    0 9 * * 1-5            cron(0 9 ? * MON-FRI *)        Unix cron
    0 0 12 * * ?           cron(0 12 * * ? *)             Quartz, with seconds
    every 5 minutes        rate(5 minutes)                English

Nothing is proposed that would be refused. For the five fields of a crontab nothing is proposed that would
not fire exactly when Unix cron does (`unix` compares); if there is no such expression, the sentence says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from simbridge.base.errors import Hint, InvalidSchedule
from simbridge.languages.schedule.hints.cleaning import cleaned
from simbridge.languages.schedule.hints.fields import corrected
from simbridge.languages.schedule.hints.instants import AT, instant_hint
from simbridge.languages.schedule.hints.rates import is_period, rate_hint
from simbridge.languages.schedule.syntax import FIELDS, fields_of, read
from simbridge.languages.schedule.unix import from_unix, weekdays_of_unix

__all__ = ["hint"]

_LENGTH_MAX = 256  # what PutRule accepts; longer texts get no hint of their own
_EITHER = "A schedule is written like rate(5 minutes) or cron(0 12 * * ? *)."
_SIX = "cron() has six fields with one space between"
_DAYS = "Exactly one of day of month and day of week is ?"
_COUNTING = "Unix cron counts weekdays from Sunday = 0, EventBridge from Sunday = 1"
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_CALL = re.compile(
    r"(?P<name>rate|cron)(?P<gap>\s*)(?P<open>[(\[{]|(?=\s))(?P<body>.*)", re.I | re.S
)
_ONE = re.compile(r"(?:rate|cron)\([^()]*\)")
_WEEKDAY = re.compile(r"[0-7]([-,/][0-7])*|.*([A-Z]{3}|L|#).*")
_NUMBERS = re.compile(r"(?<![/#0-9A-Z])[0-9](?![0-9])")
_ZERO = re.compile(r"(?<![/#0-9A-Z])0+(?![0-9])")
_WEEKDAYS = FIELDS[4].names.split()
_LONELY = {2: re.compile(r"L(-[0-9]+)?W?"), 4: re.compile(r"L|.+L|.+#.+")}


@lru_cache(maxsize=1024)
def hint(expression: str, complaint: str) -> Hint:
    """The hint for a refused expression; `complaint` is what is wrong in one of its fields."""
    if len(expression) > _LENGTH_MAX:
        return Hint(complaint or _EITHER)
    if len(several := _ONE.findall(expression)) > 1:
        found = _proposing(several, together=True) or Hint("")
        return _after("A rule has one schedule: several take several rules.", found)
    text, said, zone = cleaned(expression)
    if text != expression:
        complaint = _complaint(text)
    found = (_accepted(text) if text != expression else None) or _recognised(text, complaint)
    if zone and not (found.proposals and all(map(_is_rate, found.proposals))):
        none = f"The time zone {zone} cannot be set on a rule, whose times are in UTC"
        return _after(said, Hint(f"{none}; schedules of EventBridge Scheduler have time zones."))
    if zone:
        said = f"{said} A rate has no time zone: remove {zone}.".strip()
    return _after(said, found)


def _is_rate(expression: str) -> bool:
    return expression.startswith("rate(")


def _complaint(text: str) -> str:
    """What is wrong in a field of a text."""
    try:
        read(text)
    except InvalidSchedule as refusal:
        return refusal.detail
    return ""


def _recognised(text: str, complaint: str) -> Hint:
    """The hint for a cleaned text."""
    if match := _CALL.fullmatch(text):
        return _in_brackets(text, match, complaint)
    if text.lower().startswith("at(") or AT.fullmatch(text):
        return instant_hint(text)
    if text.startswith("@"):
        return _alias(text.lower())
    if is_period(text):
        return rate_hint(text)
    if 5 <= len(text.split()) <= 7:
        bare = f"cron({' '.join(text.split())})"
        found = _accepted(bare) or _cron_hint(bare, _complaint(bare))
        return _after("The fields belong in cron(...).", found)
    return Hint(_EITHER)


def _accepted(expression: str) -> Hint | None:
    """The hint that proposes one expression, if it is accepted."""
    return _proposing([expression])


def _proposing(expressions: Sequence[str], together: bool = False) -> Hint | None:
    """The hint that proposes expressions, if all of them are accepted."""
    try:
        for expression in expressions:
            read(expression)
    except InvalidSchedule:
        return None
    joint = " and " if together else " or "
    return Hint(f"Write {joint.join(expressions)}.", tuple(expressions), together)


def _after(sentence: str, found: Hint) -> Hint:
    return found._replace(detail=f"{sentence} {found.detail}".strip())


# ------------------------------------------------------------------ the shape of the text


def _in_brackets(text: str, match: re.Match[str], complaint: str) -> Hint:
    """The hint for `rate(...)` and `cron(...)`, however the word and the brackets are written."""
    name = match["name"].lower()
    body = match["body"].rstrip(" \t\r\n)]};").strip().strip("\"'`").strip()
    canonical = f"{name}({' '.join(body.split())})"
    said = ""
    if match["name"] != name:
        said = "rate and cron are written in lower case."
    elif match["open"] != "(":
        said = f"The fields belong in {name}(...)."
    elif match["gap"]:
        said = "Remove the space before the bracket."
    elif not text.endswith(")"):
        said = "The closing bracket is missing."
    if canonical != text and (found := _accepted(canonical)):
        if name == "cron" and not said:
            said = f"{_SIX}, not {len(fields_of(text))}: there is a space too many."
        return _after(said, found)
    return _after(said, _on_body(name, canonical, complaint))


def _on_body(name: str, canonical: str, complaint: str) -> Hint:
    """The hint for the content of the brackets."""
    if name == "cron":
        return _cron_hint(canonical, complaint)
    found = rate_hint(canonical[len("rate(") : -1])
    return Hint(complaint) if complaint and not found.detail.startswith(complaint[:-1]) else found


def _alias(text: str) -> Hint:
    """The hint for `@daily` and the like."""
    if text in _ALIASES:
        found = from_unix(_ALIASES[text].split()) or []
        return _after(f"EventBridge has no {text}.", _proposing(found) or Hint(""))
    period = text.removeprefix("@every ")
    if period != text and is_period(period):
        return _after("EventBridge has no @every.", rate_hint(period))
    return Hint(f"Names that begin with @ belong to Unix cron. {_EITHER}")


# ------------------------------------------------------------------ the fields of cron(...)


def _cron_hint(expression: str, complaint: str) -> Hint:
    """The hint for a cron with single spaces between its fields."""
    if not (expression.isascii() and expression.isprintable()):
        return Hint(complaint or "cron() holds nothing but ordinary characters and single spaces.")
    fields = fields_of(expression)
    rule = f"{_SIX}, not {len(fields)}"
    if fields[0].startswith("@"):
        return _alias(expression[len("cron(") : -1].lower())
    if len(fields) == 5:
        text = f"{rule}. Unix cron has five, AWS adds the year."
        return _after(text, _on_five(fields))
    if len(fields) == 7:
        return _on_seven(fields, rule)
    if len(fields) == 6:
        return _on_six(fields, complaint)
    return Hint(f"{rule}: minutes, hours, day of month, month, day of week, year.")


def _on_five(fields: Sequence[str]) -> Hint:
    """The hint for the fields of a crontab."""
    found = from_unix(fields)
    if found is None:
        meant = _eventbridge([*fields[:4], weekdays_of_unix(fields[4]), "*"], "")
        return meant if meant.proposals else Hint(_wrong_field([*fields, "*"]))
    if not found:
        return Hint("No expression of EventBridge was found that fires when Unix cron would.")
    counting, weekdays = "", weekdays_of_unix(fields[4])
    if _NUMBERS.search(fields[4]) and fields_of(found[-1])[4] != "?":
        counting = f"{_COUNTING}: {fields[4]} is {weekdays}. "
    if len(found) == 1:
        return Hint(f"{_DAYS}. {counting}Write {found[0]}.", tuple(found))
    return Hint(
        f"{_DAYS}. Unix cron fires on days of both kinds, which take two rules. {counting}"
        f"Write {found[0]} and {found[1]}.",
        tuple(found),
        together=True,
    )


def _on_seven(fields: Sequence[str], rule: str) -> Hint:
    """The hint for seven fields: those of Quartz, or six and a `*` too many."""
    text, quartz = f"{rule}: it has no seconds.", _without_seconds(fields)
    if not any(fields[place] == "?" for place in (1, 2, 4, 6)):
        return _after(text, quartz)
    shorter = [[*fields[:at], *fields[at + 1 :]] for at in range(7) if fields[at] == "*"]
    accepted = {one: None for one in map(_written, shorter) if _accepted(one)}
    if len(accepted) != 1:
        return _after(text, quartz)
    (six,) = accepted
    if fields[2] in ("*", "?") or len(quartz.proposals) != 1:
        return Hint(f"{rule}: there is a * too many. Write {six}.", (six,))
    other = quartz.proposals[0]
    return Hint(
        f"{rule}. Without the * too many it is {six}; if the first field was seconds, it is {other}.",
        (six, other),
    )


def _wrong_field(fields: Sequence[str]) -> str:
    """What is wrong in one of six fields, if not the days."""
    try:
        read(_written(_one_question_mark(fields)))
    except InvalidSchedule as refusal:
        return refusal.detail or "Unix cron does not read these fields either."
    return "Unix cron does not read these fields either."


def _without_seconds(fields: Sequence[str]) -> Hint:
    """The hint for fields with the seconds first, and perhaps the year last, as Quartz and Spring have them."""
    seconds, *rest = fields
    if seconds.strip("0") or not seconds:
        return Hint("The smallest unit is the minute: no other second than 0 can be written.")
    if len(rest) == 6 or "?" in rest:  # Quartz, whose weekdays count as those of EventBridge
        return _eventbridge([*rest, "*"][:6], "")
    return _on_five(rest)


def _on_six(fields: Sequence[str], complaint: str) -> Hint:
    """The hint for six fields; `complaint` is empty if the two fields of days are wrong."""
    text = "The first field is minutes: there are no seconds."
    if _has_seconds(fields):
        other = _without_seconds(fields)
        found = Hint("") if other.proposals or not fields[0].isdigit() else _eventbridge(fields, "")
        return found if found.proposals else _after(text, other)
    found = _eventbridge(fields, complaint)
    if "?" in fields:
        return found
    return _either_first(fields, found, text)


def _either_first(fields: Sequence[str], found: Hint, text: str) -> Hint:
    """Both readings of six fields without `?`: `found` has minutes first, the other has seconds.

    A fifth field that names some values after `* *` is a weekday and not a month.
    """
    weekday = fields[4] != "*" and fields[2] == fields[3] == "*"
    if found.proposals and (weekday or fields[5] != "*"):
        return found
    if fields[0].strip("0"):
        if not found.proposals:
            return found
        none = "If the first field was seconds, nothing is equal: the smallest unit is the minute."
        return _after(f"{none} With minutes first:", found)
    other = _without_seconds(fields)
    if not (other.proposals and found.proposals):
        return _after(text, other) if other.proposals else found
    seconds, minutes = " and ".join(other.proposals), " and ".join(found.proposals)
    single = len(other.proposals) == len(found.proposals) == 1
    # 0 12 * * * * is more often noon than twelve minutes past, 0 9 1 * 2 * a weekday than a month.
    if fields[3] == "*" and (fields[4] != "*" or _is_time(fields)):
        detail = f"{found.detail} If the first field was seconds, it is {seconds}."
        return Hint(detail, found.proposals + other.proposals * single, found.together)
    both = f"If the first field was seconds, it is {seconds}; if minutes, it is {minutes}."
    proposals = other.proposals + found.proposals * single
    return Hint(f"{text} {_DAYS}. {both}", proposals, other.together)


def _is_time(fields: Sequence[str]) -> bool:
    """Whether six fields begin as an hour of every day does."""
    return fields[2] == "*" and fields[1].isdigit() and bool(fields[1].strip("0"))


def _eventbridge(fields: Sequence[str], complaint: str) -> Hint:
    """The hint for six fields of which the first is minutes and the last the year."""
    if _ZERO.search(fields[4]):
        rules = _as_unix(fields)
        found = _proposing(rules, together=len(rules) > 1)
        return _after(f"Day of week: {_COUNTING}.", found or Hint(complaint))
    complaint = _faults(fields) or complaint
    meant = [corrected(number, text) for number, text in enumerate(fields)]
    misplaced = [FIELDS[number].title for number in (0, 1, 3, 5) if fields[number] == "?"]
    if misplaced:
        complaint = f"{misplaced[0]}: ? is for days only, * is every value. {complaint}".strip()
    if meant[1] == "24" and not "".join(meant[2:]).strip("*?"):
        meant[1] = "0"  # midnight, of every day
    if (meant[2] == "?") != (meant[4] == "?"):
        rules = _split(meant)
        found = _proposing(rules, together=len(rules) > 1)
        return _after(complaint, found or Hint(""))
    one = _one_question_mark(meant)
    if one.count("?") == 1:
        rules = _split(one)
        either = _either_count(one) if len(rules) == 1 else None
        found = either or _proposing(rules, together=len(rules) > 1)
        return _after(f"{complaint} {_DAYS}.".strip(), found or Hint(""))
    minutes, hours, day, month, weekday, year = meant
    rules = _split([minutes, hours, day, month, "?", year])
    rules += _split([minutes, hours, "?", month, _named(weekday), year])
    text = f"{complaint} {_DAYS}. Days of both kinds take two rules.".strip()
    if _NUMBERS.search(weekday):
        text += f" {_COUNTING}."
    return _after(text, _proposing(rules, together=True) or Hint(""))


def _faults(fields: Sequence[str]) -> str:
    """What is wrong in each of six fields by itself, a sentence each."""
    return " ".join(
        filter(None, (_fault(number, text) for number, text in enumerate(fields) if text != "?"))
    )


def _fault(number: int, text: str) -> str:
    alone = ["*", "*", "?" if number == 4 else "*", "*", "*" if number == 4 else "?", "*"]
    alone[number] = text
    return _complaint(_written(alone))


def _split(fields: Sequence[str]) -> list[str]:
    """The expressions for fields of which one may list days that must be alone, such as L or 2#1."""
    number = 4 if fields[2] == "?" else 2
    items = fields[number].split(",")
    lonely = [item for item in items if _LONELY[number].fullmatch(item)]
    plain = ",".join(item for item in items if item not in lonely)
    lists = [plain] * bool(plain) + lonely
    return [_written([*fields[:number], days, *fields[number + 1 :]]) for days in lists]


def _as_unix(fields: Sequence[str]) -> list[str]:
    """The expressions for five fields of Unix cron and a year."""
    found = from_unix(fields[:5]) or [_written([*fields[:4], weekdays_of_unix(fields[4]), "*"])]
    return [_written([*fields_of(expression)[:5], fields[5]]) for expression in found]


def _named(weekdays: str) -> str:
    """Weekdays by number, as EventBridge counts, by name."""
    return _NUMBERS.sub(
        lambda match: dict(enumerate(_WEEKDAYS, 1)).get(int(match[0]), match[0]), weekdays
    )


def _either_count(fields: Sequence[str]) -> Hint | None:
    """Both readings of weekdays by number, counted as either of the two languages does."""
    if not _NUMBERS.search(fields[4]):
        return None
    ours = _written([*fields[:4], _named(fields[4]), fields[5]])
    unix = _as_unix(fields)
    if len(unix) != 1 or not _proposing([ours, *unix]) or read(ours) == read(unix[0]):
        return None
    return Hint(
        f"EventBridge counts weekdays from Sunday = 1, for which write {ours}; "
        f"as Unix cron counts, from Sunday = 0, it is {unix[0]}.",
        (ours, unix[0]),
    )


def _has_seconds(fields: Sequence[str]) -> bool:
    """Whether six fields can only have been meant with seconds, and without a year."""
    question = [number for number, text in enumerate(fields) if text == "?"]
    return question in ([3], [5]) or bool(_WEEKDAY.fullmatch(fields[5]))


def _one_question_mark(fields: Sequence[str]) -> list[str]:
    """The fields with `?` in one field of days, unless both name particular days."""
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if day_of_week in ("*", "?"):
        day_of_month = "*" if day_of_month == "?" else day_of_month
        day_of_week = "?"
    elif day_of_month == "*":
        day_of_month = "?"
    return [minutes, hours, day_of_month, month, day_of_week, year]


def _written(fields: Sequence[str]) -> str:
    return f"cron({' '.join(fields)})"
