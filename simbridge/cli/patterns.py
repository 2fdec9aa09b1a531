"""`simbridge match PATTERN EVENT` and `simbridge explain PATTERN EVENT`.

Both answer with 0 when the pattern matches and with 1 when it does not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from simbridge.base.errors import SimbridgeError
from simbridge.base.files import content
from simbridge.base.json import to_text
from simbridge.base.printable import printable_json
from simbridge.cli.common import Commands, complain
from simbridge.languages import pattern

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add both commands."""
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
        return complain(error)
    print("match" if matched else "no match")
    return 0 if matched else 1


def _explain(options: argparse.Namespace) -> int:
    try:
        found = pattern.explain(_text_of(options.pattern), _text_of(options.event))
    except SimbridgeError as error:
        return complain(error)
    if options.json:
        print(printable_json(to_text(found.to_dict(), ascii_only=False, indent=2)))
    else:
        print(found)
    return 0 if found else 1


def _text_of(argument: str) -> str:
    """The text of a file, or the argument itself if it is JSON and no name."""
    if argument.lstrip()[:1] in ("{", "["):
        return argument
    try:
        return content(Path(argument)).decode("utf-8-sig")
    except FileNotFoundError:
        raise SimbridgeError(
            f"no file {argument!r}, and no JSON object: it would begin with a brace"
        ) from None
    except (OSError, ValueError) as error:
        raise SimbridgeError(f"{argument!r} cannot be read: {error}") from error
