"""Which rules would have matched: real events against rules as the AWS command line prints them.

The events of a file are matched one by one, as they would have been on their bus; nothing is
delivered, so it takes no world. Rules are what `aws events list-rules` prints, their targets what
`aws events list-targets-by-rule` prints. A disabled rule is matched as if it were enabled, and marked.
Calls that only read, of which CloudTrail tells, are for rules whose State asks for them (`cloudtrail`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, final

from simbridge.base import json
from simbridge.base.checks import readable_file
from simbridge.base.errors import InvalidEvents, InvalidLine, InvalidPattern, SimbridgeError
from simbridge.base.files import content
from simbridge.base.printable import printable
from simbridge.languages.pattern import Matcher, check
from simbridge.model.cloudtrail import is_withheld
from simbridge.storage.event_files import Errors, check_errors, scan

__all__ = ["Example", "GivenRule", "Matches", "Report", "read_rules", "replay_against"]


@final
class GivenRule(NamedTuple):
    """A rule as it was given. `targets` are the ids or ARNs of its targets."""

    name: str
    bus: str
    pattern: str | None
    state: str
    targets: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name, with its bus where that is not the default one."""
        return self.name if self.bus == "default" else f"{self.bus}/{self.name}"

    @property
    def note(self) -> str:
        """What keeps the rule from matching events as they are put today, if anything does."""
        if self.pattern is None:
            return "has a schedule and no pattern"
        return "is disabled" if self.state == "DISABLED" else ""


@final
class Example(NamedTuple):
    """What an event is known by."""

    time: str
    source: str
    detail_type: str
    id: str

    def __str__(self) -> str:
        return printable(f"{self.time}  {self.source}  {self.detail_type}  {self.id}")


@final
@dataclass(slots=True)
class Matches:
    """How many events a rule matches, and the first few of them."""

    rule: GivenRule
    count: int = 0
    examples: list[Example] = field(default_factory=list)


@final
@dataclass(slots=True)
class Report:
    """What would have been matched. `unmatched` has the events that no rule matches."""

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
            "rules": [
                {
                    "name": found.rule.name,
                    "bus": found.rule.bus,
                    "state": found.rule.state,
                    "targets": list(found.rule.targets),
                    "matched": found.count,
                    "examples": [example._asdict() for example in found.examples],
                }
                for found in self.rules
            ],
            "unmatched": {
                "events": self.unmatched.count,
                "examples": [example._asdict() for example in self.unmatched.examples],
            },
            "bad_lines": [line._asdict() for line in self.bad],
        }


def read_rules(files: Sequence[Path], targets: Sequence[str] = ()) -> list[GivenRule]:
    """The rules of some files, with the targets of others, each given as `RULE=FILE`.

    Raises `SimbridgeError` for a file that is not there or is not what the command line prints, for
    a rule whose pattern is not valid, and for targets of a rule that is not among them.
    """
    named = dict(_named_targets(text) for text in targets)
    rules = [_rule(given, file) for file in files for given in _items(file, "Rules")]
    unknown = named.keys() - {rule.label for rule in rules}
    if unknown:
        raise SimbridgeError(
            f"--targets names {sorted(unknown)[0]!r}, which is not among the rules"
        )
    return [rule._replace(targets=named.get(rule.label, rule.targets)) for rule in rules]


def replay_against(
    events: str | os.PathLike[str],
    rules: Sequence[GivenRule],
    *,
    replay_name: str | None = None,
    examples: int = 3,
    errors: Errors = "raise",
) -> Report:
    """Match the events of a file with rules.

    With a `replay_name` they are matched as a replay puts them: rules that ask for none do not match.
    Raises `InvalidEvents` that lists every bad line; with `errors="collect"` the report has them.
    """
    check_errors(errors)
    found = [Matches(rule) for rule in rules]
    patterns = {f"{n:06}": rule.pattern for n, rule in enumerate(rules) if rule.pattern is not None}
    matcher = Matcher(patterns)
    nobody = Matches(GivenRule("", "", None, ""))
    report = Report(0, "", "", found, nobody, [])
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
        enabled = [number for number in numbers if rules[number].state != "DISABLED"]
        _count((found[number] for number in numbers), envelope, examples)
        if not enabled:
            _count((nobody,), envelope, examples)
    if report.bad and errors == "raise":
        raise InvalidEvents(os.fspath(events), report.bad)
    return report


def _count(found: Iterable[Matches], envelope: Mapping[str, Any], examples: int) -> None:
    for matches in found:
        matches.count += 1
        if len(matches.examples) < examples:
            told = (envelope[name] for name in ("time", "source", "detail-type", "id"))
            matches.examples.append(Example(*told))


def _named_targets(text: str) -> tuple[str, tuple[str, ...]]:
    """The targets in `RULE=FILE`, by the rule."""
    name, separator, file = text.partition("=")
    if not separator:
        raise SimbridgeError(f"write --targets RULE=FILE, not {text!r}")
    return name, _target_names(_items(Path(file), "Targets"))


def _target_names(targets: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(target.get("Arn") or target.get("Id")) for target in targets)


def _rule(given: Mapping[str, Any], file: Path) -> GivenRule:
    name = given.get("Name")
    if not isinstance(name, str):
        raise SimbridgeError(f"{file}: a rule has no Name")
    pattern = given.get("EventPattern")
    if pattern is not None:
        try:
            check(pattern)
        except InvalidPattern as error:
            told = " ".join(str(error).split())  # AWS names the place on a line of its own
            raise SimbridgeError(f"{file}: rule {name}: {told}") from error
    targets = given.get("Targets") or []
    if not isinstance(targets, list) or not all(isinstance(one, dict) for one in targets):
        raise SimbridgeError(f"{file}: the Targets of rule {name} are no list of objects")
    return GivenRule(
        name,
        str(given.get("EventBusName") or "default").rpartition("/")[2],
        pattern,
        str(given.get("State") or "ENABLED"),
        _target_names(targets),
    )


def _items(file: Path, key: str) -> list[dict[str, Any]]:
    """The list under a key of what the AWS command line prints, or a list by itself."""
    readable_file(file)
    try:
        document = json.decode(content(file))
    except json.InvalidJson as error:
        raise SimbridgeError(f"{file} is not JSON: {error}") from error
    except OSError as error:
        raise SimbridgeError(f"{file} cannot be read: {error.strerror}") from error
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
