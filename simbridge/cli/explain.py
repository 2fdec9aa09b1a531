"""`simbridge explain PATTERN EVENT`: why an event pattern matches an event, or why not.

The exit code is that of `simbridge match`: 0 if the pattern matches, 1 if it does not.
"""

from __future__ import annotations

import argparse

from simbridge.base.errors import SimbridgeError
from simbridge.base.json import to_text
from simbridge.base.printable import printable_json
from simbridge.cli.common import Commands, complain, text_of
from simbridge.languages import pattern

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("explain", help="say why an event pattern matches, or why not")
    parser.set_defaults(command=_explain)
    parser.add_argument("pattern", metavar="PATTERN", help="a file, or the JSON itself")
    parser.add_argument("event", metavar="EVENT", help="a file, or the JSON itself")
    parser.add_argument("--json", action="store_true", help="print the explanation as JSON")


def _explain(options: argparse.Namespace) -> int:
    try:
        found = pattern.explain(text_of(options.pattern), text_of(options.event))
    except SimbridgeError as error:
        return complain(error)
    if options.json:
        print(printable_json(to_text(found.to_dict(), ascii_only=False, indent=2)))
    else:
        print(found)
    return 0 if found else 1
