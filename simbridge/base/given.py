"""What users hand over: checks that public functions share, so that a slip is told in one sentence.

Type hints say what a function takes; who does without a type checker hears it from here, with the name of
the argument and what to pass, and not from the depths of a library. Checks that only one function needs
stand in that function.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from simbridge.base.errors import SimbridgeError

__all__ = [
    "choice",
    "existing_file",
    "file_path",
    "function",
    "list_of",
    "mapping",
    "readable_file",
    "text",
]


def text(value: object, what: str) -> str:
    """Raise `SimbridgeError` for what is no text, or has half of a surrogate pair in it."""
    if not isinstance(value, str):
        raise SimbridgeError(f"{what} is text, not {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SimbridgeError(
            f"{what} is text that can be written as UTF-8, not {value!r}: "
            "half of a surrogate pair is no character"
        ) from None
    return value


def file_path(value: object, what: str) -> Path:
    """The path of a file. Raises `SimbridgeError` for what names none."""
    try:
        named = os.fspath(value)  # type: ignore[call-overload]  # finding out is what it is for
    except TypeError:
        named = None
    if not isinstance(named, str):
        raise SimbridgeError(f"{what} is a path, text or pathlib.Path, not {value!r}")
    if not named:
        raise SimbridgeError(f"{what} is empty: write the path of a file")
    if "\0" in named:
        raise SimbridgeError(f"{what} has a null character in it, which no path has: {named!r}")
    try:
        os.fsencode(named)
    except UnicodeEncodeError:
        raise SimbridgeError(
            f"{what} has half of a surrogate pair in it, which no path has: {named!r}"
        ) from None
    return Path(named)


def existing_file(value: object, missing: str = "there is no file") -> Path:
    """The path of a regular file that is there; `missing` begins the error where there is none.

    Raises `SimbridgeError` for others. A file that is read once, from its beginning to its end, need not
    be regular: see `readable_file`.
    """
    file, mode = _found(value, missing)
    if not stat.S_ISREG(mode):
        raise SimbridgeError(f"{file} is not a regular file: copy what is in it to one")
    return file


def readable_file(value: object, missing: str = "there is no file") -> Path:
    """As `existing_file`, and a FIFO or a character device too: `<(...)` of a shell, /dev/stdin."""
    file, mode = _found(value, missing)
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise SimbridgeError(
            f"{file} is not a regular file, and no FIFO: copy what is in it to one"
        )
    return file


def _found(value: object, missing: str) -> tuple[Path, int]:
    """A path at which there is something other than a folder, and its mode."""
    file = file_path(value, "the name of a file")
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        note = ""
    except OSError as error:
        note = f": {error.strerror}"
    else:
        if not stat.S_ISDIR(mode):
            return file, mode
        note = ", but a folder"
    raise SimbridgeError(f"{missing} {file}{note}")


def mapping(value: object, what: str, like: str) -> Mapping[Any, Any]:
    """Raise `SimbridgeError` for what does not map; `like` shows what would."""
    if not isinstance(value, Mapping):
        raise SimbridgeError(f"{what} is a mapping, {like}, not {value!r}")
    return value


def list_of(value: object, what: str, like: str) -> list[Any]:
    """The items. Raises `SimbridgeError` for what has none or no order, and for a single text."""
    unfit = isinstance(value, str | bytes | Mapping | set | frozenset)
    if unfit or not isinstance(value, Iterable):
        raise SimbridgeError(f"{what} is a list {like}, not {value!r}")
    try:
        return list(value)
    except TypeError:  # a class, such as an enumeration's base, may only look as if
        raise SimbridgeError(f"{what} is a list {like}, not {value!r}") from None


def function(value: object, what: str) -> Callable[..., Any]:
    """Raise `SimbridgeError` for what cannot be called."""
    if not callable(value):
        raise SimbridgeError(f"{what}, not {value!r}")
    return value


def choice(value: object, what: str, choices: Iterable[str]) -> None:
    """Raise `SimbridgeError` for what is none of these words."""
    words = list(choices)
    if not isinstance(value, str) or value not in words:
        raise SimbridgeError(f"{what} is {' or '.join(map(repr, words))}, not {value!r}")
