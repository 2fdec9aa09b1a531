"""`simbridge sweep FILE`: run a scenario with varied values and many seeds."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from simbridge.base.errors import RunFailed, SimbridgeError
from simbridge.base.printable import printable_json, printable_lines
from simbridge.cli.common import Commands, check_range, check_writable, complain, values
from simbridge.scenario.runner import scenarios_in
from simbridge.whatif.sweep import sweep

__all__ = ["add"]

SEEDS_MAX = 1_000_000

WORKERS_MAX = 1_024

_VARY = "values of a keyword argument of the scenario, or a JSON list; may be repeated"


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("sweep", help="run a scenario with varied values and many seeds")
    parser.add_argument("file", type=Path, metavar="FILE", help="a Python file with scenarios")
    parser.add_argument("--scenario", metavar="NAME", help="which one, if the file has several")
    parser.add_argument("--vary", action="append", default=[], metavar="NAME=V1,V2,...", help=_VARY)
    parser.add_argument("--seeds", default="10", metavar="N", help="how many, or FIRST-LAST")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one for each core")
    parser.add_argument(
        "--backend", choices=("sync", "trio", "asyncio"), help="the library that runs async code"
    )
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
            names = ", ".join(stories)
            raise SimbridgeError(f"name a scenario of {options.file} with --scenario: {names}")
        if report:
            check_writable(report, "a report")
        if options.workers is not None:
            check_range(options.workers, "--workers", 1, WORKERS_MAX, "number of processes")
        result = sweep(
            stories[name],
            values(options.vary, "--vary"),
            seeds=_seeds(options.seeds),
            workers=options.workers,
            backend=options.backend,
        )
        if report:
            result.report(report)
    except RunFailed as error:
        code = complain(error)
        return code if error.raised and options.vary else 1
    except SimbridgeError as error:
        return complain(error)
    if options.json:
        print(printable_json(result.to_json()))
    elif options.csv:
        print(printable_lines(result.to_csv()), end="")
    else:
        print(result.table())
    return 1 if result.failed else 0


def _seeds(text: str) -> range:
    """`20`: that many, from 0 on; `7-9`: these three."""
    found = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", text)
    if found is None:
        raise SimbridgeError(f"--seeds is a number of seeds or FIRST-LAST, not {text!r}")
    first, last = int(found[1]), found[2]
    seeds = range(first) if last is None else range(first, int(last) + 1)
    if len(seeds) > SEEDS_MAX:
        raise SimbridgeError(f"--seeds {text} is more than {SEEDS_MAX:,} seeds: use fewer")
    if last is not None and not seeds:
        raise SimbridgeError(f"--seeds {text} ends before it begins: write FIRST-LAST")
    return seeds
