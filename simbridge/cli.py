"""The command line: `simbridge COMMAND ...`.

Each command is a module of `simbridge/commands`. What the codes of `EXIT_CODES` mean is the same for all.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from simbridge.commands import next as next_
from simbridge.commands import patterns, replay, run, sweep
from simbridge.commands.common import BAD_INPUT
from simbridge.lab.sweep import interrupts

__all__ = ["main"]

ABOUT = "Amazon EventBridge, simulated on a virtual clock. `simbridge COMMAND --help` says more."

EXIT_CODES = (
    "Exit codes: 0 when every assertion held (match, explain: the pattern matches), 1 when one did not, "
    "2 for bad input, 130 when interrupted."
)

INTERRUPTED = 130
"""What shells report for a program that Ctrl-C has ended: 128 + SIGINT."""

COMMANDS = (run, sweep, patterns, next_, replay)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Ticks and arrows, and whatever an event holds, where the terminal has no letters for them.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="simbridge", description=ABOUT, epilog=EXIT_CODES)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    options = parser.parse_args(arguments)
    try:
        exit_code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `head` does
        _leave_stdout()
        return 0
    except OSError as error:  # the disk is full, say
        _leave_stdout()
        print(f"simbridge: {error}", file=sys.stderr)
        return BAD_INPUT
    except BaseException as error:
        if not interrupts(error):
            raise
        print("simbridge: interrupted", file=sys.stderr)
        return INTERRUPTED
    return exit_code


def _leave_stdout() -> None:
    """Write to it no more, not even when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
