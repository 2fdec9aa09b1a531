"""`simbridge sweep FILE`: play a scenario with varied values and many seeds."""

from __future__ import annotations

import argparse
import traceback
from pathlib import Path

from simbridge.commands.common import Commands, check_writable, complain, values
from simbridge.errors import RunFailed, SimbridgeError
from simbridge.lab.scenario import scenarios_in
from simbridge.lab.sweep import sweep

__all__ = ["add"]

_VARY = "values of a keyword argument of the scenario, or a JSON list; may be repeated"


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("sweep", help="play a scenario with varied values and many seeds")
    parser.add_argument("file", type=Path)
    parser.add_argument("--scenario", metavar="NAME", help="which one, where the file has several")
    parser.add_argument("--vary", action="append", default=[], metavar="NAME=V1,V2,...", help=_VARY)
    parser.add_argument("--seeds", default="10", metavar="N", help="how many, or FIRST-LAST")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one for each core")
    parser.add_argument("--backend", choices=("sync", "trio", "asyncio"))
    parser.add_argument("--report", type=Path, metavar="FILE", help="write an HTML page")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a row for each run as JSON")
    form.add_argument("--csv", action="store_true", help="print a row for each run as CSV")
    parser.set_defaults(command=_sweep)


def _sweep(options: argparse.Namespace) -> int:
    report: Path | None = options.report
    try:
        stories = scenarios_in(options.file)
        name = options.scenario or next(iter(stories))
        if name not in stories or (options.scenario is None and len(stories) > 1):
            known = ", ".join(stories)
            raise SimbridgeError(f"say which scenario of {options.file}: --scenario {known}")
        if report:
            check_writable(report, "a report")
        result = sweep(
            stories[name],
            values(options.vary, "--vary"),
            seeds=_seeds(options.seeds),
            workers=options.workers,
            backend=options.backend,
        )
    except RunFailed as error:
        traceback.print_exception(error)
        return 1
    except SimbridgeError as error:
        return complain(error)
    if report:
        result.report(report)
    if options.json:
        print(result.to_json())
    elif options.csv:
        print(result.to_csv(), end="")
    else:
        print(result.table())
    return 1 if result.failed else 0


def _seeds(text: str) -> range:
    """`20`: that many, from 0 on; `7-9`: these three."""
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise SimbridgeError(f"--seeds is a number of seeds or FIRST-LAST, not {text!r}")
    return range(int(first), int(last) + 1) if dash else range(int(first))
