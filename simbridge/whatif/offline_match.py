"""Matches the events of a file with rules, without a world: nothing is delivered.

The events are matched one by one, as they would be on their bus. Rules are what `aws events list-rules`
prints, their targets what `aws events list-targets-by-rule` prints. A disabled rule is matched as if it
were enabled, and marked. Calls that only read, which CloudTrail reports, match only rules whose State asks
for them (`model/cloudtrail`).

A rule that matches no event has a nearest miss: of a sample of the events, the one with the fewest fields
that do not hold. The sample has the first few events of each source and detail type, because events of one
kind mostly miss a rule for the same reason, and an explanation takes a hundred times as long as a match.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, final

from simbridge.base import json
from simbridge.base.checks import readable_file
from simbridge.base.errors import InvalidEvents, InvalidLine, InvalidPattern, SimbridgeError
from simbridge.base.files import content
from simbridge.base.printable import printable
from simbridge.languages.pattern import Matcher, check, explain
from simbridge.model.cloudtrail import ALL_MANAGEMENT_EVENTS, is_withheld
from simbridge.storage.event_files import Errors, check_errors, scan

__all__ = [
    "Example",
    "Matches",
    "NearestMiss",
    "OfflineRule",
    "Report",
    "match_events",
    "read_rules",
]

SAMPLE_PER_KIND = 5
SAMPLE_MAX = 200
"""How many events are explained to a rule that matches none, of one source and detail type and of all."""

_WITHHELD = f"the pattern matches, but a call that only reads needs State {ALL_MANAGEMENT_EVENTS}"


@final
class OfflineRule(NamedTuple):
    """A rule as the configuration has it. `targets` are the ARNs or ids of its targets."""

    name: str
    bus: str
    pattern: str | None
    state: str
    targets: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name, with its bus unless that is the default one."""
        return self.name if self.bus == "default" else f"{self.bus}/{self.name}"

    @property
    def note(self) -> str:
        """Why the rule would match no event today; empty if it could."""
        if self.pattern is None:
            return "has a schedule and no pattern"
        return "is disabled" if self.state == "DISABLED" else ""


@final
class Example(NamedTuple):
    """What identifies an event."""

    time: str
    source: str
    detail_type: str
    id: str

    def __str__(self) -> str:
        return printable(f"{self.time}  {self.source}  {self.detail_type}  {self.id}")


@final
class NearestMiss(NamedTuple):
    """The event of the sample that came nearest to a rule, and why it does not match."""

    event: Example
    reason: str


@final
@dataclass(slots=True)
class Matches:
    """How many events a rule matches, the first few of them, and its nearest miss if there are none."""

    rule: OfflineRule
    count: int = 0
    examples: list[Example] = field(default_factory=list)
    nearest: NearestMiss | None = None


@final
@dataclass(slots=True)
class Report:
    """What matches. `unmatched` has the events that no enabled rule matches."""

    events: int
    first: str
    last: str
    rules: list[Matches]
    unmatched: Matches
    bad: list[InvalidLine]

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "events": self.events,
            "first": self.first or None,
            "last": self.last or None,
            "rules": [_rule_as_json(found) for found in self.rules],
            "unmatched": {
                "events": self.unmatched.count,
                "examples": [example._asdict() for example in self.unmatched.examples],
            },
            "bad_lines": [line._asdict() for line in self.bad],
        }


def _rule_as_json(found: Matches) -> dict[str, Any]:
    nearest = found.nearest
    return {
        "name": found.rule.name,
        "bus": found.rule.bus,
        "state": found.rule.state,
        "targets": list(found.rule.targets),
        "matched": found.count,
        "examples": [example._asdict() for example in found.examples],
        "nearest_miss": nearest and {"event": nearest.event._asdict(), "reason": nearest.reason},
    }


def match_events(
    events: str | os.PathLike[str],
    rules: Sequence[OfflineRule],
    *,
    replay_name: str | None = None,
    examples: int = 3,
    errors: Errors = "raise",
) -> Report:
    """Match the events of a file with rules.

    With a `replay_name` they are matched as events of that replay: a rule that excludes replayed events
    does not match. Raises `InvalidEvents` that lists every invalid line; with `errors="collect"` the
    report has them.
    """
    check_errors(errors)
    found = [Matches(rule) for rule in rules]
    patterns = {f"{n:06}": rule.pattern for n, rule in enumerate(rules) if rule.pattern is not None}
    matcher, sample = Matcher(patterns), _Sample()
    report = Report(0, "", "", found, Matches(OfflineRule("", "", None, "")), [])
    for item in scan(events):
        if isinstance(item, InvalidLine):
            report.bad.append(item)
            continue
        envelope = item[1]
        if replay_name is not None:
            envelope["replay-name"] = replay_name
        report.events += 1
        report.first = min(report.first or envelope["time"], envelope["time"])
        report.last = max(report.last, envelope["time"])
        numbers = [int(number) for number in matcher.match_parsed(envelope)]
        numbers = [n for n in numbers if not is_withheld(envelope, rules[n].state)]
        _count((found[number] for number in numbers), envelope, examples)
        if all(rules[number].state == "DISABLED" for number in numbers):
            _count((report.unmatched,), envelope, examples)
        sample.add(envelope)
    if report.bad and errors == "raise":
        raise InvalidEvents(os.fspath(events), report.bad)
    for matches in found:
        if matches.count == 0:
            matches.nearest = sample.nearest(matches.rule)
    return report


def _count(found: Iterable[Matches], envelope: Mapping[str, Any], examples: int) -> None:
    for matches in found:
        matches.count += 1
        if len(matches.examples) < examples:
            matches.examples.append(_example(envelope))


def _example(envelope: Mapping[str, Any]) -> Example:
    return Example(*(envelope[name] for name in ("time", "source", "detail-type", "id")))


@final
class _Sample:
    """The first few events of each kind."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._kinds: Counter[tuple[str, str]] = Counter()

    def add(self, envelope: dict[str, Any]) -> None:
        """Keep an event if there are few of its kind so far."""
        kind = envelope["source"], envelope["detail-type"]
        if len(self._events) < SAMPLE_MAX and self._kinds[kind] < SAMPLE_PER_KIND:
            self._kinds[kind] += 1
            self._events.append(envelope)

    def nearest(self, rule: OfflineRule) -> NearestMiss | None:
        """The nearest miss of a rule that matches no event; of several the first."""
        if rule.pattern is None or not self._events:
            return None
        explained = [(explain(rule.pattern, event), event) for event in self._events]
        why, event = min(explained, key=lambda one: one[0].distance)
        return NearestMiss(_example(event), _WITHHELD if why else why.summary)


def read_rules(config: Path, targets: Sequence[str] = ()) -> list[OfflineRule]:
    """The rules of a configuration, with the targets of other files, each given as `RULE=FILE`.

    `config` is a file that `aws events list-rules` prints, or a folder: then the rules of all its JSON
    files that have "Rules". Raises `SimbridgeError` for a file that does not exist or is not what the
    command line prints, for a rule whose pattern is not valid, and for targets of an unknown rule.
    """
    by_rule = dict(_targets_of_rule(text) for text in targets)
    rules = [_rule(given, file) for file, given in _given_rules(config)]
    unknown = by_rule.keys() - {rule.label for rule in rules}
    if unknown:
        raise SimbridgeError(
            f"--targets names {sorted(unknown)[0]!r}, which is not among the rules"
        )
    return [rule._replace(targets=by_rule.get(rule.label, rule.targets)) for rule in rules]


def _given_rules(config: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The rules as they are in the files, each with its file."""
    if not config.is_dir():
        return [(config, given) for given in _items(config, "Rules")]
    documents = [(file, _document(file)) for file in sorted(config.glob("*.json"))]
    with_rules = [file for file, found in documents if isinstance(found, dict) and "Rules" in found]
    if not with_rules:
        raise SimbridgeError(
            f"no .json file of the folder {config} has rules: save what `aws events list-rules` "
            "prints in it"
        )
    return [(file, given) for file in with_rules for given in _items(file, "Rules")]


def _targets_of_rule(text: str) -> tuple[str, tuple[str, ...]]:
    """The targets in `RULE=FILE`, by the rule."""
    name, separator, file = text.partition("=")
    if not separator:
        raise SimbridgeError(f"write --targets RULE=FILE, not {text!r}")
    return name, _target_names(_items(Path(file), "Targets"))


def _target_names(targets: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(target.get("Arn") or target.get("Id")) for target in targets)


def _rule(given: Mapping[str, Any], file: Path) -> OfflineRule:
    name = given.get("Name")
    if not isinstance(name, str):
        raise SimbridgeError(f"{file}: a rule has no Name")
    pattern = given.get("EventPattern")
    if pattern is not None:
        try:
            check(pattern)
        except InvalidPattern as error:
            said = " ".join(str(error).split())  # AWS puts the place on a line of its own
            raise SimbridgeError(f"{file}: rule {name}: {said}") from error
    targets = given.get("Targets") or []
    if not isinstance(targets, list) or not all(isinstance(one, dict) for one in targets):
        raise SimbridgeError(f"{file}: the Targets of rule {name} are not a list of objects")
    return OfflineRule(
        name,
        str(given.get("EventBusName") or "default").rpartition("/")[2],
        pattern,
        str(given.get("State") or "ENABLED"),
        _target_names(targets),
    )


def _items(file: Path, key: str) -> list[dict[str, Any]]:
    """The list under a key of what the AWS command line prints, or a list by itself."""
    document = _document(file)
    items = document.get(key) if isinstance(document, dict) else document
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        hint = (
            " (targets go to --targets RULE=FILE)"
            if key == "Rules" and isinstance(document, dict) and "Targets" in document
            else ""
        )
        raise SimbridgeError(
            f'{file} is not what the AWS command line prints: {{"{key}": [...]}}{hint}'
        )
    return items


def _document(file: Path) -> Any:
    readable_file(file)
    try:
        return json.decode(content(file))
    except json.InvalidJson as error:
        raise SimbridgeError(f"{file} is invalid JSON: {error}") from error
    except OSError as error:
        raise SimbridgeError(f"{file} cannot be read: {error.strerror}") from error
