"""The command line: `simbridge run FILE`, `next EXPRESSION`, `replay EVENTS --rules RULES`.

Exit codes: 0 when every assertion held, 1 when one did not, 2 for bad input. Each command is a function
that adds its arguments and one that runs it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

from simbridge import clock, schedule
from simbridge.errors import SimbridgeError
from simbridge.lab.narrate import Log, narrate
from simbridge.lab.scenario import scenarios_in, world_of
from simbridge.lab.story import play_in
from simbridge.lab.whatif import Report, read_rules, replay_against
from simbridge.world import World

__all__ = ["main"]

PACKAGE = str(Path(__file__).parent)

LINES_BEFORE_FAILURE = 20

# What `add_subparsers` returns; argparse has no public name for it.
Commands = Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="simbridge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_run(commands)
    _add_next(commands)
    _add_replay(commands)
    options = parser.parse_args(arguments)
    code: int = options.run_command(options)
    return code


def _add_run(commands: Commands) -> None:
    run = commands.add_parser("run", help="run the scenarios of a file and print their timelines")
    run.set_defaults(run_command=_run)
    run.add_argument("file", type=Path)
    run.add_argument("--seed", type=int, help="instead of the scenario's own")
    run.add_argument("--backend", choices=("sync", "trio", "asyncio"))
    run.add_argument("--log", choices=("console", "json"), help="narrate on stderr meanwhile")
    run.add_argument("--trace", type=Path, metavar="FILE", help="write the trace as JSON Lines")


def _run(options: argparse.Namespace) -> int:
    trace: Path | None = options.trace
    try:
        stories = scenarios_in(options.file)
        if trace and len(stories) > 1:
            raise SimbridgeError(f"--trace keeps one trace, {options.file} has {len(stories)}")
        if trace and not trace.parent.is_dir():
            raise SimbridgeError(f"there is no folder {trace.parent} to write a trace to")
        worlds = {
            name: world_of(story, seed=options.seed, backend=options.backend)
            for name, story in stories.items()
        }
    except SimbridgeError as error:
        print(f"simbridge: {error}", file=sys.stderr)
        return 2
    held = [_play(name, stories[name], world, options.log) for name, world in worlds.items()]
    if trace:
        for world in worlds.values():
            world.trace.to_jsonl(trace)
    return 0 if all(held) else 1


def _play(name: str, story: Callable[..., Any], world: World, log: Log | None) -> bool:
    """Run one scenario and print its timeline; returns whether every assertion held."""
    print(f"{name}: {(story.__doc__ or '').strip().partition(chr(10))[0]}\n")
    try:
        with world, narrate(world, form=log) if log else nullcontext():
            play_in(world, story)
    except Exception as error:
        _print_failure(error, world)
        return False
    print(world.trace)
    print(f"\nseed {world.seed}, {len(world.trace)} records, digest {world.trace.digest()}\n")
    return True


def _print_failure(error: Exception, world: World) -> None:
    """What happened last, and where in the scenario it failed; seed and time are in its notes."""
    happened = str(world.trace).splitlines()
    if len(happened) > LINES_BEFORE_FAILURE:
        print(f"... {len(happened) - LINES_BEFORE_FAILURE:,} lines before\n", file=sys.stderr)
    for line in happened[-LINES_BEFORE_FAILURE:]:
        print(line, file=sys.stderr)
    print(file=sys.stderr)
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(PACKAGE):
        frames = frames.tb_next
    traceback.print_exception(error.with_traceback(frames or error.__traceback__))


def _add_next(commands: Commands) -> None:
    following = commands.add_parser(
        "next",
        help="say what a schedule expression means and when it fires next",
        description="When a schedule expression fires next, in UTC. A rate is counted from --after, "
        "as AWS counts it from when the rule is created.",
    )
    following.set_defaults(run_command=_next)
    following.add_argument("expression", help="such as 'rate(5 minutes)', 'cron(0 12 ? * MON *)'")
    following.add_argument("--after", metavar="T", help="an ISO 8601 instant; default: now")
    following.add_argument("--count", type=int, default=10, metavar="N", help="default: 10")
    following.add_argument("--json", action="store_true", help="for programs")


def _next(options: argparse.Namespace) -> int:
    expression: str = options.expression
    try:
        # The one place where the real time matters: somebody at a shell asks what comes next.
        after = clock.instant(options.after or dt.datetime.now(dt.UTC).replace(microsecond=0))
        times = schedule.next_times(expression, clock.moment(after), options.count)
        words, notes = schedule.schedule_in_words(expression), schedule.cautions(expression)
    except SimbridgeError as error:
        print(f"simbridge: {error}", file=sys.stderr)
        return 2
    instants = [clock.instant(time) for time in times]
    if options.json:
        answer = {
            "expression": expression,
            "words": words,
            "notes": notes,
            "after": clock.iso_seconds(after),
            "times": [clock.iso_seconds(instant) for instant in instants],
        }
        print(json.dumps(answer, indent=2))
        return 0
    _print_firings(options, words, notes, [after, *instants])
    return 0


def _print_firings(
    options: argparse.Namespace, words: str, notes: Sequence[str], instants: Sequence[int]
) -> None:
    """The table for people: each firing with its weekday and its distance from the one before."""
    print(f"{options.expression}: {words}")
    for note in notes:
        print(f"note: {note}")
    print(f"\nafter      {clock.iso_seconds(instants[0])}")
    for number, (before, instant) in enumerate(pairwise(instants), 1):
        day = f"{clock.moment(instant):%a}"
        print(
            f"{number:>4}  {day}  {clock.iso_seconds(instant)}  +{clock.elapsed(instant - before)}"
        )
    if len(instants) <= options.count:
        print("      then never again" if len(instants) > 1 else "      never")


def _add_replay(commands: Commands) -> None:
    replay = commands.add_parser(
        "replay",
        help="say which rules would have matched the events of a file",
        description="Which rules would have matched real events: JSON Lines of EventBridge envelopes "
        "or CloudTrail's Records, also compressed with gzip. Nothing is sent anywhere.",
    )
    replay.set_defaults(run_command=_replay)
    replay.add_argument("events", type=Path, metavar="EVENTS")
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
    replay.add_argument("--examples", type=int, default=3, metavar="N", help="default: 3")
    replay.add_argument(
        "--skip-bad-lines", action="store_true", help="list lines that are no events, and go on"
    )
    replay.add_argument("--json", action="store_true", help="for programs")


def _replay(options: argparse.Namespace) -> int:
    try:
        report = replay_against(
            options.events,
            read_rules(options.rules, options.targets),
            replay_name=options.replay_name,
            examples=options.examples,
            errors="collect" if options.skip_bad_lines else "raise",
        )
    except SimbridgeError as error:
        print(f"simbridge: {error}", file=sys.stderr)
        return 2
    for line in report.bad:
        print(f"{options.events}: {line}", file=sys.stderr)
    print(json.dumps(report.as_json(), indent=2) if options.json else _report_text(report))
    return 0


def _report_text(report: Report) -> str:
    """The report for people: a line for each rule with its examples, then what no rule matched."""
    span = f" from {report.first} to {report.last}" if report.events else ""
    lines = [f"{report.events:,} event{'s' * (report.events != 1)}{span}"]
    if report.bad:
        count = len(report.bad)
        lines.append(f"{count:,} bad line{'s are' if count > 1 else ' is'} left out")
    nobody = "matched by no rule"
    width = max([len(nobody), *(len(found.rule.label) for found in report.rules)])
    for found in report.rules:
        notes = [*found.rule.targets, *([found.rule.note] if found.rule.note else [])]
        line = f"{found.rule.label:{width}}  {found.count:>9,}  {', '.join(notes)}"
        lines += ["", line.rstrip(), *(f"    {example}" for example in found.examples)]
    lines += ["", f"{nobody:{width}}  {report.unmatched.count:>9,}"]
    lines += [f"    {example}" for example in report.unmatched.examples]
    return "\n".join(lines)
