"""`simbridge run FILE`: run the scenarios of a file and print their timelines."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable, printable_lines
from simbridge.cli.common import Commands, check_writable, complain, values
from simbridge.scenario.narrate import Log, narrate
from simbridge.scenario.runner import make_world, play_in, scenarios_in
from simbridge.whatif.sweep import assertion_of, check_arguments, interrupts, run_failed
from simbridge.world import World

__all__ = ["add"]

PACKAGE = str(Path(__file__).parent.parent)

LINES_BEFORE_FAILURE = 20

_SET = "a keyword argument of the scenario; may be repeated"


def add(commands: Commands) -> None:
    """Add the command."""
    run = commands.add_parser("run", help="run the scenarios of a file and print their timelines")
    run.add_argument("file", type=Path, metavar="FILE", help="a Python file with scenarios")
    run.add_argument("--seed", type=int, help="instead of the scenario's own")
    run.add_argument(
        "--backend", choices=("sync", "trio", "asyncio"), help="the library that runs async code"
    )
    run.add_argument("--log", choices=("console", "json"), help="narrate the run on stderr")
    run.add_argument("--trace", type=Path, metavar="FILE", help="write the trace as JSON Lines")
    run.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=_SET)
    run.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    trace: Path | None = options.trace
    try:
        stories = scenarios_in(options.file)
        if trace and len(stories) > 1:
            raise SimbridgeError(
                f"--trace writes one trace, and {options.file} has {len(stories)} scenarios"
            )
        if trace:
            check_writable(trace, "a trace")
        given = values(options.set, "--set")
        arguments = {name: _one(name, listed) for name, listed in given.items()}
        for story in stories.values():
            check_arguments(story, [arguments])
        worlds = {
            name: make_world(story, seed=options.seed, backend=options.backend)
            for name, story in stories.items()
        }
    except SimbridgeError as error:
        return complain(error)
    codes = []
    for name, world in worlds.items():
        story = stories[name]
        about = (story.__doc__ or "").strip().partition("\n")[0]
        print(f"{name}: {printable(about)}\n")
        codes.append(_play(story, arguments, world, options.log))
    try:
        if trace:
            for world in worlds.values():
                world.trace.to_jsonl(trace)
    except SimbridgeError as error:
        return complain(error)
    return max(codes)


def _one(name: str, values: Sequence[Any]) -> Any:
    if len(values) != 1:
        raise SimbridgeError(f"--set {name} takes one value, not {len(values)}")
    return values[0]


def _play(
    story: Callable[..., Any], arguments: Mapping[str, Any], world: World, log: Log | None
) -> int:
    """Run one scenario and print its timeline; returns the exit code: whether every assertion held.

    If a scenario with values from `--set` raises something else, the values are bad input, as in a sweep.
    """
    try:
        with world, narrate(world, form=log) if log else nullcontext():
            play_in(world, partial(story, **arguments))
    except BaseException as error:
        if interrupts(error):
            raise
        if arguments and assertion_of(error) is None:
            return complain(run_failed(story, {**arguments, "seed": world.seed}, error))
        if isinstance(error, SystemExit):
            error.add_note(
                "a scenario ends by returning; after sys.exit its checks are undecided: write return"
            )
        _print_failure(error, world)
        return 1
    print(world.trace)
    print(f"\nseed {world.seed}, {len(world.trace)} records, digest {world.trace.digest()}\n")
    return 0


def _print_failure(error: BaseException, world: World) -> None:
    """Print the last events, and where in the scenario it failed; seed and time are in its notes."""
    lines = str(world.trace).splitlines()
    if len(lines) > LINES_BEFORE_FAILURE:
        print(f"... {len(lines) - LINES_BEFORE_FAILURE:,} lines before\n", file=sys.stderr)
    for line in lines[-LINES_BEFORE_FAILURE:]:
        print(line, file=sys.stderr)
    print(file=sys.stderr)
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(PACKAGE):
        frames = frames.tb_next
    shown = traceback.format_exception(error.with_traceback(frames or error.__traceback__))
    print(printable_lines("".join(shown)), end="", file=sys.stderr)
