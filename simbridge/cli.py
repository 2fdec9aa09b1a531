"""The command line: `simbridge run FILE`, `simbridge sweep FILE`.

Exit codes: 0 when every assertion held, 1 when one did not, 2 for bad input.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from simbridge.errors import RunFailed, SimbridgeError
from simbridge.lab.arguments import read_values
from simbridge.lab.narrate import Log, narrate
from simbridge.lab.scenario import scenarios_in, world_of
from simbridge.lab.story import play_in
from simbridge.lab.sweep import check_arguments, sweep
from simbridge.world import World

__all__ = ["main"]

PACKAGE = str(Path(__file__).parent)

LINES_BEFORE_FAILURE = 20

_SET = "a keyword argument of the scenario; may be repeated"
_VARY = "values of a keyword argument of the scenario, or a JSON list; may be repeated"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="simbridge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run the scenarios of a file and print their timelines")
    run.add_argument("file", type=Path)
    run.add_argument("--seed", type=int, help="instead of the scenario's own")
    run.add_argument("--backend", choices=("sync", "trio", "asyncio"))
    run.add_argument("--log", choices=("console", "json"), help="narrate on stderr meanwhile")
    run.add_argument("--trace", type=Path, metavar="FILE", help="write the trace as JSON Lines")
    run.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=_SET)
    run.set_defaults(command=_run)
    sweep = commands.add_parser("sweep", help="play a scenario with varied values and many seeds")
    sweep.add_argument("file", type=Path)
    sweep.add_argument("--scenario", metavar="NAME", help="which one, where the file has several")
    sweep.add_argument("--vary", action="append", default=[], metavar="NAME=V1,V2,...", help=_VARY)
    sweep.add_argument("--seeds", default="10", metavar="N", help="how many, or FIRST-LAST")
    sweep.add_argument("--workers", type=int, metavar="N", help="processes; one for each core")
    sweep.add_argument("--backend", choices=("sync", "trio", "asyncio"))
    sweep.add_argument("--report", type=Path, metavar="FILE", help="write an HTML page")
    form = sweep.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a row for each run as JSON")
    form.add_argument("--csv", action="store_true", help="print a row for each run as CSV")
    sweep.set_defaults(command=_sweep)
    options = parser.parse_args(arguments)
    exit_code: int = options.command(options)
    return exit_code


def _run(options: argparse.Namespace) -> int:
    trace: Path | None = options.trace
    try:
        stories = scenarios_in(options.file)
        if trace and len(stories) > 1:
            raise SimbridgeError(f"--trace keeps one trace, {options.file} has {len(stories)}")
        if trace and not trace.parent.is_dir():
            raise SimbridgeError(f"there is no folder {trace.parent} to write a trace to")
        values = _values(options.set, "--set")
        arguments = {name: _one(name, listed) for name, listed in values.items()}
        for story in stories.values():
            check_arguments(story, [arguments])
        worlds = {
            name: world_of(story, seed=options.seed, backend=options.backend)
            for name, story in stories.items()
        }
    except SimbridgeError as error:
        print(f"simbridge: {error}", file=sys.stderr)
        return 2
    held = [
        _play(name, partial(stories[name], **arguments), world, options.log)
        for name, world in worlds.items()
    ]
    if trace:
        for world in worlds.values():
            world.trace.to_jsonl(trace)
    return 0 if all(held) else 1


def _sweep(options: argparse.Namespace) -> int:
    report: Path | None = options.report
    try:
        stories = scenarios_in(options.file)
        name = options.scenario or next(iter(stories))
        if name not in stories or (options.scenario is None and len(stories) > 1):
            known = ", ".join(stories)
            raise SimbridgeError(f"say which scenario of {options.file}: --scenario {known}")
        if report and not report.parent.is_dir():
            raise SimbridgeError(f"there is no folder {report.parent} to write a report to")
        result = sweep(
            stories[name],
            _values(options.vary, "--vary"),
            seeds=_seeds(options.seeds),
            workers=options.workers,
            backend=options.backend,
        )
    except RunFailed as error:
        traceback.print_exception(error)
        return 1
    except SimbridgeError as error:
        print(f"simbridge: {error}", file=sys.stderr)
        return 2
    if report:
        result.report(report)
    if options.json:
        print(result.to_json())
    elif options.csv:
        print(result.to_csv(), end="")
    else:
        print(result.table())
    return 1 if result.failed else 0


def _values(given: Sequence[str], option: str) -> dict[str, list[Any]]:
    """The values of each name in `name=v1,v2`."""
    values: dict[str, list[Any]] = {}
    for text in given:
        name, equals, listed = text.partition("=")
        if not equals or not name.isidentifier():
            raise SimbridgeError(f"{option} takes NAME=VALUE, not {text!r}")
        if name in values:
            raise SimbridgeError(f"{option} {name} is there twice: separate its values with commas")
        values[name] = read_values(listed)
    return values


def _one(name: str, values: Sequence[Any]) -> Any:
    if len(values) != 1:
        raise SimbridgeError(f"--set {name} takes one value, not {len(values)}")
    return values[0]


def _seeds(text: str) -> range:
    """`20`: that many, from 0 on; `7-9`: these three."""
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise SimbridgeError(f"--seeds is a number of seeds or FIRST-LAST, not {text!r}")
    return range(int(first), int(last) + 1) if dash else range(int(first))


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
