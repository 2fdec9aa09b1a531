"""`simbridge replay EVENTS --rules RULES`: which rules would have matched real events."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simbridge.base.errors import InvalidEvents, SimbridgeError
from simbridge.base.json import to_text
from simbridge.base.printable import printable
from simbridge.cli.common import Commands, check_range, complain
from simbridge.whatif.offline_match import Report, read_rules, replay_against

__all__ = ["add"]

EXAMPLES_MAX = 1_000_000

_EXAMPLES = "how many events to show of each rule; default: 3"


def add(commands: Commands) -> None:
    """Add the command."""
    replay = commands.add_parser(
        "replay",
        help="say which rules would have matched the events of a file",
        description="Which rules would have matched real events: JSON Lines of EventBridge envelopes "
        "or CloudTrail's Records, also compressed with gzip. Nothing is sent anywhere.",
    )
    replay.set_defaults(command=_replay)
    replay.add_argument("events", type=Path, metavar="EVENTS", help="the file of events")
    replay.add_argument(
        "--rules",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="what `aws events list-rules` prints; may be given several times",
    )
    replay.add_argument(
        "--targets",
        action="append",
        default=[],
        metavar="RULE=FILE",
        help="what `aws events list-targets-by-rule --rule RULE` prints; may be given several times",
    )
    replay.add_argument(
        "--replay-name", metavar="NAME", help="match the events as a replay of this name puts them"
    )
    replay.add_argument("--examples", type=int, default=3, metavar="N", help=_EXAMPLES)
    replay.add_argument(
        "--skip-bad-lines", action="store_true", help="list lines that are no events, and go on"
    )
    replay.add_argument("--json", action="store_true", help="for programs")


def _replay(options: argparse.Namespace) -> int:
    try:
        check_range(options.examples, "--examples", 0, EXAMPLES_MAX)
        report = replay_against(
            options.events,
            read_rules(options.rules, options.targets),
            replay_name=options.replay_name,
            examples=options.examples,
            errors="collect" if options.skip_bad_lines else "raise",
        )
    except InvalidEvents as error:
        way = "--skip-bad-lines"
        return complain(error, error.told(f"{way} lists them all", way))
    except SimbridgeError as error:
        return complain(error)
    for line in report.bad:
        print(f"{printable(str(options.events))}: {line}", file=sys.stderr)
    print(to_text(report.as_json(), indent=2) if options.json else _report_text(report))
    return 0


def _report_text(report: Report) -> str:
    """The report for people: a line for each rule with its examples, then what no rule matched."""
    span = printable(f" from {report.first} to {report.last}") if report.events else ""
    lines = [f"{report.events:,} event{'s' * (report.events != 1)}{span}"]
    if report.bad:
        count = len(report.bad)
        lines.append(f"{count:,} bad line{'s are' if count > 1 else ' is'} left out")
    nobody = "matched by no rule"
    labels = [printable(found.rule.label) for found in report.rules]
    width = max([len(nobody), *map(len, labels)])
    for found, label in zip(report.rules, labels, strict=True):
        notes = [*found.rule.targets, *([found.rule.note] if found.rule.note else [])]
        line = f"{label:{width}}  {found.count:>9,}  {printable(', '.join(notes))}"
        lines += ["", line.rstrip(), *(f"    {example}" for example in found.examples)]
    lines += ["", f"{nobody:{width}}  {report.unmatched.count:>9,}"]
    lines += [f"    {example}" for example in report.unmatched.examples]
    return "\n".join(lines)
