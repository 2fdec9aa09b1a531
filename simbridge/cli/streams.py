"""The standard streams while a command runs.

A stream that the shell has closed (`>&-`) is replaced by the null device. If the reader of a pipe closes it
early, as `head` does, the rest is discarded: the command runs to its end, and its exit code is its result.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

__all__ = ["discard_output", "standard_streams"]


class _UnbreakableStream:
    """A stream whose reader may go away; otherwise it behaves as the stream that it wraps."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As of any stream; discards the text if the reader is gone."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            discard_output(self._stream)
            return len(text)
        except OSError as error:
            self._failure = error
            raise

    def flush(self) -> None:
        """As of any stream; raises a failed write again, because argparse hides it."""
        if self._failure is not None:
            raise self._failure
        try:
            self._stream.flush()
        except BrokenPipeError:
            discard_output(self._stream)


@contextmanager
def standard_streams() -> Iterator[None]:
    """For a `with` block, make stdout and stderr safe to write to."""
    out, err = sys.stdout or _null_device(), sys.stderr or _null_device()
    for stream in (out, err):
        # The terminal may be unable to encode ticks and arrows, or the text of an event.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    with (
        redirect_stdout(cast(TextIO, _UnbreakableStream(out))),
        redirect_stderr(cast(TextIO, _UnbreakableStream(err))),
    ):
        yield


def discard_output(stream: TextIO) -> None:
    """Discard everything written to it from now on, also when the process ends."""
    null_device = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null_device, stream.fileno())
    os.close(null_device)


def _null_device() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
