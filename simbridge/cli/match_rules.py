"""`simbridge match-rules CONFIG EVENTS`: which rules match the events of a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from simbridge.base.errors import InvalidEvents, SimbridgeError
from simbridge.base.json import to_text
from simbridge.base.printable import printable
from simbridge.cli.common import Commands, check_range, complain
from simbridge.whatif.offline_match import Matches, Report, match_events, read_rules

__all__ = ["add"]

EXAMPLES_MAX = 1_000_000

_EXAMPLES = "how many events to show of each rule; default: 3"


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "match-rules",
        help="say which rules match the events of a file",
        description="Which rules match the events of a file, and the nearest miss of each rule that "
        "matches none. Events are JSON Lines of EventBridge envelopes or CloudTrail's Records, also "
        "compressed with gzip. Nothing is sent anywhere.",
    )
    parser.set_defaults(command=_match_rules)
    parser.add_argument(
        "config",
        type=Path,
        metavar="CONFIG",
        help="what `aws events list-rules` prints: a file, or a folder of such files",
    )
    parser.add_argument("events", type=Path, metavar="EVENTS", help="the file of events")
    parser.add_argument(
        "--targets",
        action="append",
        default=[],
        metavar="RULE=FILE",
        help="what `aws events list-targets-by-rule --rule RULE` prints; may be repeated",
    )
    parser.add_argument(
        "--replay-name", metavar="NAME", help="match the events as events of a replay of this name"
    )
    parser.add_argument("--examples", type=int, default=3, metavar="N", help=_EXAMPLES)
    parser.add_argument(
        "--skip-bad-lines", action="store_true", help="list invalid lines, and go on"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def _match_rules(options: argparse.Namespace) -> int:
    try:
        check_range(options.examples, "--examples", 0, EXAMPLES_MAX)
        report = match_events(
            options.events,
            read_rules(options.config, options.targets),
            replay_name=options.replay_name,
            examples=options.examples,
            errors="collect" if options.skip_bad_lines else "raise",
        )
    except InvalidEvents as error:
        way = "--skip-bad-lines"
        return complain(error, error.summary(f"{way} lists them all", way))
    except SimbridgeError as error:
        return complain(error)
    for line in report.bad:
        print(f"{printable(str(options.events))}: {line}", file=sys.stderr)
    print(to_text(report.as_json(), indent=2) if options.json else _report_text(report))
    return 0


def _report_text(report: Report) -> str:
    """The report for people: a line for each rule with its examples, then what no rule matches."""
    span = printable(f" from {report.first} to {report.last}") if report.events else ""
    lines = [f"{report.events:,} event{'s' * (report.events != 1)}{span}"]
    if report.bad:
        count = len(report.bad)
        lines.append(f"{count:,} invalid line{'s are' if count > 1 else ' is'} left out")
    unmatched = "matched by no rule"
    labels = [printable(found.rule.label) for found in report.rules]
    width = max([len(unmatched), *map(len, labels)])
    for found, label in zip(report.rules, labels, strict=True):
        notes = [*found.rule.targets, *([found.rule.note] if found.rule.note else [])]
        line = f"{label:{width}}  {found.count:>9,}  {printable(', '.join(notes))}"
        lines += ["", line.rstrip(), *_details(found)]
    lines += ["", f"{unmatched:{width}}  {report.unmatched.count:>9,}", *_details(report.unmatched)]
    return "\n".join(lines)


def _details(found: Matches) -> Iterator[str]:
    """The lines below a rule: its first events, or its nearest miss."""
    yield from (f"    {example}" for example in found.examples)
    if found.nearest is not None:
        yield f"    nearest miss: {found.nearest.event}"
        yield f"        {found.nearest.reason}"
