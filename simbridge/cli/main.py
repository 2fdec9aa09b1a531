"""The command line: `simbridge COMMAND ...`.

Each command is a module of `simbridge/cli`. The exit codes mean the same for all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from simbridge.base.printable import printable
from simbridge.base.suggest import did_you_mean
from simbridge.base.version import __version__
from simbridge.cli import explain, match, match_rules, run, sweep
from simbridge.cli import next as next_
from simbridge.cli.common import BAD_INPUT, Parser
from simbridge.cli.streams import discard_output, standard_streams
from simbridge.whatif.sweep import interrupts

__all__ = ["main"]

ABOUT = "Amazon EventBridge, simulated on a virtual clock. `simbridge COMMAND --help` says more."

EXIT_CODES = (
    "Exit codes: 0 when every assertion held (match, explain: the pattern matches), 1 when one did not, "
    "2 for bad input, 130 when interrupted."
)

INTERRUPTED = 130
"""What shells report for a program that Ctrl-C has ended: 128 + SIGINT."""

COMMANDS = (run, sweep, match, explain, next_, match_rules)
"""The modules of the commands, in the order of the help; a test compares them with the folder."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    with standard_streams():
        try:
            try:
                options = _options(sys.argv[1:] if arguments is None else list(arguments))
                exit_code: int = options.command(options)
            finally:
                sys.stdout.flush()
        except OSError as error:  # for example, the disk is full
            discard_output(sys.stdout)
            print(f"simbridge: {printable(str(error))}", file=sys.stderr)
            return BAD_INPUT
        except BaseException as error:
            if not interrupts(error):
                raise
            print("simbridge: interrupted", file=sys.stderr)
            return INTERRUPTED
        return exit_code


def _options(arguments: list[str]) -> argparse.Namespace:
    """The parsed arguments; the error for an unknown name says which was probably meant."""
    parser = Parser(prog="simbridge", description=ABOUT, epilog=EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"simbridge {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="name")
    for command in COMMANDS:
        command.add(commands)
    name = next((one for one in arguments if not one.startswith("-")), None)
    if name is not None and name not in commands.choices:
        parser.error(f"there is no command {name!r}; {did_you_mean(name, commands.choices)}")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands.choices.get(options.name, parser).refuse(unknown)
    if options.name is None:
        parser.error("the following arguments are required: COMMAND")
    return options
