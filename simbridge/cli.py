"""The command line: `simbridge run FILE`, `simbridge match|explain PATTERN EVENT`.

Exit codes: 0 when every assertion held or the pattern matched, 1 when not, 2 for bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from simbridge import pattern
from simbridge.errors import InvalidPattern, SimbridgeError
from simbridge.lab.scenario import play, scenarios_in

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="simbridge", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the scenarios of a file and print their timelines")
    run.add_argument("file", type=Path)
    run.add_argument("--seed", type=int, help="instead of the scenario's own")
    run.add_argument("--backend", choices=("sync", "trio", "asyncio"))
    run.add_argument("--trace", type=Path, metavar="FILE", help="write the trace as JSON Lines")
    run.set_defaults(command=_run)
    _add_pattern_commands(commands)
    options = parser.parse_args(arguments)
    exit_code: int = options.command(options)
    return exit_code


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
            world = play(story, seed=options.seed, backend=options.backend)
        except Exception as error:
            traceback.print_exception(error)
            return 1
        print(world.trace)
        print(f"\nseed {world.seed}, {len(world.trace)} records, digest {world.trace.digest()}\n")
        if options.trace:
            world.trace.to_jsonl(options.trace)
        world.close()
    return 0


# ----------------------------------------------------------------- event patterns


def _add_pattern_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    match = commands.add_parser("match", help="say whether an event pattern matches an event")
    match.set_defaults(command=_match)
    explain = commands.add_parser("explain", help="say why an event pattern matches, or why not")
    explain.set_defaults(command=_explain)
    for command in (match, explain):
        command.add_argument("pattern", metavar="PATTERN", help="a file, or the JSON itself")
        command.add_argument("event", metavar="EVENT", help="a file, or the JSON itself")
    explain.add_argument("--json", action="store_true", help="print the explanation as JSON")


def _match(options: argparse.Namespace) -> int:
    try:
        matched = pattern.match(_text_of(options.pattern), _text_of(options.event))
    except SimbridgeError as error:
        return _bad_input(error)
    print("match" if matched else "no match")
    return 0 if matched else 1


def _explain(options: argparse.Namespace) -> int:
    try:
        found = pattern.explain(_text_of(options.pattern), _text_of(options.event))
    except SimbridgeError as error:
        return _bad_input(error)
    print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2) if options.json else found)
    return 0 if found else 1


def _text_of(argument: str) -> str:
    """The text of a file, or the argument itself if it is JSON and no name."""
    if argument.lstrip()[:1] in ("{", "["):
        return argument
    try:
        return Path(argument).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SimbridgeError(
            f"no file {argument!r}, and no JSON object: it would begin with a brace"
        ) from None
    except (OSError, ValueError) as error:
        raise SimbridgeError(f"{argument!r} cannot be read: {error}") from error


def _bad_input(error: SimbridgeError) -> int:
    print(f"simbridge: {error}", file=sys.stderr)
    if isinstance(error, InvalidPattern) and "must be an object or an array" in str(error):
        print('simbridge: match values stand in an array: {"source": ["shop"]}', file=sys.stderr)
    return 2
