"""The command line: `simbridge COMMAND ...`.

Exit codes: 0 when every assertion held, 1 when one did not, 2 for bad input. Each command is a module
of `simbridge/commands`.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from simbridge.commands import next as next_
from simbridge.commands import patterns, replay, run, sweep

__all__ = ["main"]

COMMANDS = (run, sweep, patterns, next_, replay)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Ticks and arrows, and whatever an event holds, where the terminal has no letters for them.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="simbridge", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    options = parser.parse_args(arguments)
    try:
        exit_code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return exit_code
