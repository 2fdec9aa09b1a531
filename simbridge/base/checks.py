"""Argument validation shared by public functions, so that a wrong argument is refused in one sentence.

Type hints say what a function takes. Without a type checker a user reads it here: the name of the
argument, its value, and what to pass. A check that only one function needs stays in that function.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from simbridge.base.errors import SimbridgeError

__all__ = [
    "account",
    "choice",
    "existing_file",
    "file_path",
    "function",
    "list_of",
    "mapping",
    "organizations",
    "readable_file",
    "region",
    "seed",
    "text",
]


_ACCOUNT = re.compile(r"[0-9]{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


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


def seed(value: object) -> None:
    """Raise `SimbridgeError` for what is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise SimbridgeError(f"a seed is a whole number, not {value!r}")


def account(value: object) -> str:
    """The id of an account; the same text is the same object."""
    if not isinstance(value, str) or not _ACCOUNT.fullmatch(value):
        raise SimbridgeError(f"an account is twelve digits as text, not {value!r}")
    return sys.intern(value)


def region(value: object) -> str:
    """The name of a region; the same text is the same object."""
    if not isinstance(value, str) or not _REGION.fullmatch(value):
        raise SimbridgeError(f"a region looks like 'us-east-1', not {value!r}")
    return sys.intern(value)


def organizations(value: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The organization of each account that is in one."""
    found: dict[str, str] = {}
    mapping(value, "organizations", "{'o-a1b2c3d4e5': ['123456789012']}")
    for organization, accounts in value.items():
        if not isinstance(organization, str) or not _ORGANIZATION.fullmatch(organization):
            raise SimbridgeError(f"an organization looks like 'o-a1b2c3d4e5', not {organization!r}")
        for member in map(account, list_of(accounts, "an organization", "of accounts")):
            if found.setdefault(member, organization) != organization:
                raise SimbridgeError(f"account {member} cannot be in two organizations")
    return found
