"""`simbridge next EXPRESSION`: what a schedule means, and when it fires."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.json import to_text
from simbridge.base.printable import printable
from simbridge.cli.common import Commands, check_range, complain
from simbridge.languages import schedule
from simbridge.languages.schedule.unix import unix_next_times

__all__ = ["add"]

COUNT_MAX = 100_000


def add(commands: Commands) -> None:
    """Add the command."""
    following = commands.add_parser(
        "next",
        help="say what a schedule expression means and when it fires next",
        description="When a schedule expression fires next, in UTC. A rate is counted from --after, "
        "as AWS counts it from when the rule is created.",
    )
    following.set_defaults(command=_next)
    following.add_argument("expression", help="such as 'rate(5 minutes)', 'cron(0 12 ? * MON *)'")
    following.add_argument("--after", metavar="T", help="an ISO 8601 instant; default: now")
    following.add_argument(
        "--count", type=int, default=10, metavar="N", help="how many firings; default: 10"
    )
    following.add_argument("--json", action="store_true", help="for programs")


def _next(options: argparse.Namespace) -> int:
    expression: str = options.expression
    try:
        check_range(options.count, "--count", 0, COUNT_MAX)
        after = clock.instant(_now() if options.after is None else options.after)
        times = schedule.next_times(expression, clock.moment(after), options.count)
        words = schedule.describe_schedule(expression)
        notes = [*schedule.usage_hints(expression), *_elsewhere(expression, after, times)]
    except SimbridgeError as error:
        return complain(error)
    instants = [clock.instant(time) for time in times]
    if options.json:
        answer = {
            "expression": expression,
            "words": words,
            "notes": notes,
            "after": clock.iso_seconds(after),
            "times": [clock.iso_seconds(instant) for instant in instants],
        }
        print(to_text(answer, indent=2))
        return 0
    _print_firings(options, words, notes, [after, *instants])
    return 0


def _now() -> dt.datetime:
    """The only use of the real time: at a shell, the question is what fires after now."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _elsewhere(expression: str, after: int, times: Sequence[clock.DateTime]) -> list[str]:
    """A note if a Unix cron with the same fields would fire at other times."""
    there = unix_next_times(expression, clock.moment(after), len(times))
    other = next((one for one in there or () if one not in times), None)
    if other is None:
        return []
    when = clock.iso_seconds(clock.instant(other))
    return [f"a Unix cron reads these fields otherwise: it would fire on {other:%a} {when}"]


def _print_firings(
    options: argparse.Namespace, words: str, notes: Sequence[str], instants: Sequence[int]
) -> None:
    """The table for people: each firing with its weekday and its distance from the previous one."""
    print(f"{printable(options.expression)}: {words}")
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
