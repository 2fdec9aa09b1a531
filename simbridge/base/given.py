"""What users hand over: checks that public functions share, so that a slip is told in one sentence.

Type hints say what a function takes; who does without a type checker hears it from here, with the name of
the argument and what to pass, and not from the depths of a library. Checks that only one function needs
stand in that function.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from simbridge.base.errors import SimbridgeError

__all__ = ["choice", "existing_file", "file_path", "function", "list_of", "mapping", "text"]


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
        os.fsencode(named)
    except (TypeError, UnicodeEncodeError):
        named = None
    if not isinstance(named, str) or not named or "\0" in named:
        raise SimbridgeError(f"{what} is a path, text or pathlib.Path, not {value!r}")
    return Path(named)


def existing_file(value: object, missing: str = "there is no file") -> Path:
    """The path of a file that is there. Raises `SimbridgeError`, which begins with `missing`, for others."""
    file = file_path(value, "the name of a file")
    try:
        if file.is_file():
            return file
        note = ", but a folder" if file.is_dir() else ""
    except OSError as error:
        note = f": {error.strerror}"
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
