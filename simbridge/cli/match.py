"""`simbridge match PATTERN EVENT`: 0 if the pattern matches the event, 1 if it does not."""

from __future__ import annotations

import argparse

from simbridge.base.errors import SimbridgeError
from simbridge.cli.common import Commands, complain, text_of
from simbridge.languages import pattern

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("match", help="say whether an event pattern matches an event")
    parser.set_defaults(command=_match)
    parser.add_argument("pattern", metavar="PATTERN", help="a file, or the JSON itself")
    parser.add_argument("event", metavar="EVENT", help="a file, or the JSON itself")


def _match(options: argparse.Namespace) -> int:
    try:
        matched = pattern.match(text_of(options.pattern), text_of(options.event))
    except SimbridgeError as error:
        return complain(error)
    print("match" if matched else "no match")
    return 0 if matched else 1
