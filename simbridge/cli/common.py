"""What commands share: error messages, and the reading of their arguments."""

from __future__ import annotations

import argparse
import errno
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, final

from simbridge.base.errors import SimbridgeError
from simbridge.base.files import content
from simbridge.base.printable import printable
from simbridge.base.suggest import did_you_mean, near
from simbridge.whatif.arguments import read_values

__all__ = [
    "BAD_INPUT",
    "Commands",
    "Parser",
    "check_range",
    "check_writable",
    "complain",
    "text_of",
    "values",
]

BAD_INPUT = 2

# What `add_subparsers` returns; argparse has no public name for it.
Commands = Any


@final
class Parser(argparse.ArgumentParser):
    """argparse's parser, with printable errors that name the option that was probably meant."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Report arguments that the command does not take, and exit."""
        hints = [
            f"; {did_you_mean(option, self._option_string_actions)}"
            for option in (one.partition("=")[0] for one in unknown)
            if option.startswith("-") and near(option, self._option_string_actions)
        ]
        self.error(f"unrecognized arguments: {shlex.join(unknown)}{''.join(hints[:1])}")


def complain(error: SimbridgeError, text: str = "") -> int:
    """Print what is wrong with the input, and where if that is known; returns the exit code.

    `text` replaces the error's own message, if the command has words of its own.
    """
    print(f"simbridge: {text or error}", file=sys.stderr)
    for note in getattr(error, "__notes__", ()):
        print(f"  {note}", file=sys.stderr)
    return BAD_INPUT


def check_writable(file: Path, what: str) -> None:
    """Raise `SimbridgeError` if a file could not be written later; its content stays."""
    try:
        if not file.parent.is_dir():
            raise SimbridgeError(f"there is no folder {file.parent} to write {what} to")
        there = file.exists()
        if there and not file.is_file():
            # Not opened: the reader of a FIFO takes opening and closing it for the end.
            if file.is_dir() or not os.access(file, os.W_OK):
                error = errno.EISDIR if file.is_dir() else errno.EACCES
                raise OSError(error, os.strerror(error))
            return
        with file.open("ab"):
            pass
        if not there:
            file.unlink()
    except OSError as error:
        raise SimbridgeError(f"{what} cannot be written to {file}: {error.strerror}") from error


def check_range(number: int, option: str, low: int, high: int, what: str = "whole number") -> None:
    """Raise `SimbridgeError` for a number that an option does not take."""
    if not low <= number <= high:
        raise SimbridgeError(f"{option} is a {what} from {low:,} to {high:,}, not {number:,}")


def text_of(argument: str) -> str:
    """The text of a file, or the argument itself if it is JSON.

    Raises `SimbridgeError` if it is neither.
    """
    if argument.lstrip()[:1] in ("{", "["):
        return argument
    try:
        return content(Path(argument)).decode("utf-8-sig")
    except FileNotFoundError:
        raise SimbridgeError(
            f"{argument!r} is neither a file nor a JSON object, which begins with a brace"
        ) from None
    except (OSError, ValueError) as error:
        raise SimbridgeError(f"{argument!r} cannot be read: {error}") from error


def values(given: Sequence[str], option: str) -> dict[str, list[Any]]:
    """The values of each name in `name=v1,v2`."""
    values: dict[str, list[Any]] = {}
    for text in given:
        name, equals, listed = text.partition("=")
        if not equals or not name.isidentifier():
            raise SimbridgeError(f"{option} takes NAME=VALUE, not {text!r}")
        if name in values:
            raise SimbridgeError(f"{option} {name} occurs twice: separate its values with commas")
        values[name] = read_values(listed)
    return values
