"""Argument validation shared by public functions, so that a wrong argument is refused in one sentence.

Type hints say what a function takes. Without a type checker, a user reads it in the error: the name of the
argument, what to pass, and its value. A check that only one function needs is in that function.
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
_ORGANIZATION = re.compile(r"o-[a-z0-9]{1,32}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


def text(value: object, what: str) -> str:
    """Raise `SimbridgeError` for a value that is not text, or has a lone surrogate."""
    if not isinstance(value, str):
        raise SimbridgeError(f"{what} is text, not {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SimbridgeError(
            f"{what} is text that can be written as UTF-8, not {value!r}: "
            "it has a lone surrogate, which is not a character"
        ) from None
    return value


def file_path(value: object, what: str) -> Path:
    """The path of a file. Raises `SimbridgeError` for a value that is not a path."""
    try:
        named = os.fspath(value)  # type: ignore[call-overload]  # finding out is what it is for
    except TypeError:
        named = None
    if not isinstance(named, str):
        raise SimbridgeError(f"{what} is a path, text or pathlib.Path, not {value!r}")
    if not named:
        raise SimbridgeError(f"{what} is empty: write the path of a file")
    if "\0" in named:
        raise SimbridgeError(
            f"{what} has a null character, which is not valid in a path: {named!r}"
        )
    try:
        os.fsencode(named)
    except UnicodeEncodeError:
        raise SimbridgeError(
            f"{what} has a lone surrogate, which is not valid in a path: {named!r}"
        ) from None
    return Path(named)


def existing_file(value: object, missing: str = "there is no file") -> Path:
    """The path of an existing regular file; `missing` begins the error if there is none.

    Raises `SimbridgeError` for others. A file that is read once, from its beginning to its end, need not
    be regular: see `readable_file`.
    """
    file, mode = _found(value, missing)
    if not stat.S_ISREG(mode):
        raise SimbridgeError(f"{file} is not a regular file: copy its content to one")
    return file


def readable_file(value: object, missing: str = "there is no file") -> Path:
    """As `existing_file`, but also a FIFO or a character device: `<(...)` of a shell, /dev/stdin."""
    file, mode = _found(value, missing)
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise SimbridgeError(
            f"{file} is neither a regular file nor a FIFO: copy its content to one"
        )
    return file


def _found(value: object, missing: str) -> tuple[Path, int]:
    """An existing path that is not a folder, and its mode."""
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
    """Raise `SimbridgeError` for a value that is not a mapping; `like` is an example of one."""
    if not isinstance(value, Mapping):
        raise SimbridgeError(f"{what} is a mapping, {like}, not {value!r}")
    return value


def list_of(value: object, what: str, like: str) -> list[Any]:
    """The items. Raises `SimbridgeError` for a value without items or without order, and for text."""
    unfit = isinstance(value, str | bytes | Mapping | set | frozenset)
    if unfit or not isinstance(value, Iterable):
        raise SimbridgeError(f"{what} is a list {like}, not {value!r}")
    try:
        return list(value)
    except TypeError:  # a class, such as the base of an enumeration, only seems iterable
        raise SimbridgeError(f"{what} is a list {like}, not {value!r}") from None


def function(value: object, what: str) -> Callable[..., Any]:
    """Raise `SimbridgeError` for a value that cannot be called."""
    if not callable(value):
        raise SimbridgeError(f"{what}, not {value!r}")
    return value


def choice(value: object, what: str, choices: Iterable[str]) -> None:
    """Raise `SimbridgeError` for a value that is not one of these words."""
    words = list(choices)
    if not isinstance(value, str) or value not in words:
        raise SimbridgeError(f"{what} is {' or '.join(map(repr, words))}, not {value!r}")


def seed(value: object) -> None:
    """Raise `SimbridgeError` for a value that is not a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise SimbridgeError(f"a seed is a whole number, not {value!r}")


def account(value: object) -> str:
    """The id of an account, interned. Raises `SimbridgeError`."""
    if not isinstance(value, str) or not _ACCOUNT.fullmatch(value):
        raise SimbridgeError(f"an account is twelve digits as text, not {value!r}")
    return sys.intern(value)


def region(value: object) -> str:
    """The name of a region, interned. Raises `SimbridgeError`."""
    if not isinstance(value, str) or not _REGION.fullmatch(value):
        raise SimbridgeError(f"a region looks like 'us-east-1', not {value!r}")
    return sys.intern(value)


def organizations(value: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The organization of each account that is in one. Raises `SimbridgeError`."""
    found: dict[str, str] = {}
    mapping(value, "organizations", "{'o-a1b2c3d4e5': ['123456789012']}")
    for organization, accounts in value.items():
        if not isinstance(organization, str) or not _ORGANIZATION.fullmatch(organization):
            raise SimbridgeError(f"an organization looks like 'o-a1b2c3d4e5', not {organization!r}")
        for member in map(account, list_of(accounts, "an organization", "of accounts")):
            if found.setdefault(member, organization) != organization:
                raise SimbridgeError(f"account {member} cannot be in two organizations")
    return found
