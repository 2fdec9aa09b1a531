"""The command line: `simbridge run FILE`.

Exit codes: 0 when every assertion held, 1 when one did not, 2 for bad input.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from simbridge.errors import SimbridgeError
from simbridge.lab.scenario import play, scenarios_in

__all__ = ["main"]


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
    return _run(parser.parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    try:
        stories = scenarios_in(options.file)
        if options.trace and len(stories) > 1:
            raise SimbridgeError(f"--trace keeps one trace, {options.file} has {len(stories)}")
    except SimbridgeError as error:
        print(f"simbridge: {error}", file=sys.stderr)
        return 2
    for name, story in stories.items():
        print(f"{name}: {(story.__doc__ or '').strip().partition(chr(10))[0]}\n")
        try:
            world = play(story, seed=options.seed, backend=options.backend, log=options.log)
        except Exception as error:
            traceback.print_exception(error)
            return 1
        print(world.trace)
        print(f"\nseed {world.seed}, {len(world.trace)} records, digest {world.trace.digest()}\n")
        if options.trace:
            world.trace.to_jsonl(options.trace)
        world.close()
    return 0
