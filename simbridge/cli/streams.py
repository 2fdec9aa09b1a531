"""The standard streams while a command runs.

A stream that the shell has closed (`>&-`) is the null device. Where whoever reads has read enough, as
`head` does, the rest goes nowhere: the command goes on to its end, and its exit code says what it found.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

__all__ = ["leave", "standard_streams"]


class _Patient:
    """A stream that may lose its reader; everything else about it is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As of any stream."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            leave(self._stream)
            return len(text)
        except OSError as error:
            self._failure = error
            raise

    def flush(self) -> None:
        """As of any stream; what could not be written is told again, for argparse hides it."""
        if self._failure is not None:
            raise self._failure
        try:
            self._stream.flush()
        except BrokenPipeError:
            leave(self._stream)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Make stdout and stderr fit to be written to, for a `with` block."""
    out, err = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (out, err):
        # Ticks and arrows, and whatever an event holds, where the terminal has no letters for them.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    with redirect_stdout(cast(TextIO, _Patient(out))), redirect_stderr(cast(TextIO, _Patient(err))):
        yield


def leave(stream: TextIO) -> None:
    """Write to it no more, not even when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
