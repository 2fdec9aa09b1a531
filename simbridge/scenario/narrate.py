"""Narration: the lines of the timeline as structlog events, while they happen, in virtual time.

A timeline is read after the run. Narration is for following a run, and for one log that has your own lines
and the world's in order: `virtual_timestamper(world)` is a processor that stamps a line with the world's
clock. It replaces structlog's `TimeStamper`, which uses the wall clock
(https://www.structlog.org/en/stable/processors.html).

Only this module uses structlog. Importing it takes as long as the rest of simbridge together, and most
worlds are never narrated, so it is imported when the first logger is made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.lazy import lazy_import
from simbridge.base.printable import printable
from simbridge.kernel import Record
from simbridge.trace import render
from simbridge.world import World

__all__ = ["Log", "narrate", "virtual_timestamper"]

Log = Literal["console", "json"]
EventDict = MutableMapping[str, Any]


@contextmanager
def narrate(
    world: World,
    logger: Any = None,
    *,
    form: Log = "console",
    file: TextIO | None = None,
) -> Iterator[None]:
    """Log what happens in a world for the length of a `with` block.

    Each line of the timeline is one event: its text, and `timestamp` (virtual), `message`, `sequence`,
    `cause`, `sender` and `to` as in the trace. A refusal or a loss is a warning. `logger` is your
    structlog logger; without one, lines go to `file` (stderr) in one of two forms.
    Raises `SimbridgeError` for arguments that are none of these.
    """
    _check_world(world)
    if form not in ("console", "json"):
        raise SimbridgeError(f"form is 'console' or 'json', not {form!r}")
    if logger is not None and not callable(getattr(logger, "info", None)):
        raise SimbridgeError(f"logger is a structlog logger, not {logger!r}")
    if file is not None and not callable(getattr(file, "write", None)):
        raise SimbridgeError(f"file is an open text file, not {file!r}")
    log = logger if logger is not None else _logger(world, form, file or sys.stderr)

    context = render.RenderContext(home=(world.region, world.account))

    def log_lines(records: list[Record]) -> None:
        for record in records:
            line = render.describe(record, context)
            if line is not None:
                write = log.info if line.good else log.warning
                write(
                    line.text,
                    timestamp=clock.iso_micros(record.time),
                    message=type(record.message).__name__,
                    sequence=record.sequence,
                    cause=record.cause,
                    sender=record.sender,
                    to=record.to,
                )

    with world.listen(log_lines):
        yield


def virtual_timestamper(world: World) -> Callable[[Any, str, EventDict], EventDict]:
    """A structlog processor that stamps lines with the time of a world."""
    _check_world(world)

    def stamp(_: Any, __: str, event: EventDict) -> EventDict:
        event.setdefault("timestamp", clock.iso_micros(clock.instant(world.now)))
        return event

    return stamp


def _check_world(world: object) -> None:
    if not isinstance(world, World):
        raise SimbridgeError(f"only a World can be narrated, not {world!r}")


def _logger(world: World, form: str, file: TextIO) -> Any:
    structlog = lazy_import("structlog")
    renderer = structlog.processors.JSONRenderer()
    shown: list[Any] = []
    if form == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=file.isatty())
        shown = [_printable]
    return structlog.wrap_logger(
        structlog.PrintLogger(file),
        processors=[
            virtual_timestamper(world),
            structlog.processors.add_log_level,
            *shown,
            renderer,
        ],
    )


def _printable(_: Any, __: str, event: EventDict) -> EventDict:
    """Make the values beside the text of a line printable: addresses may hold anything."""
    return {
        name: printable(value) if isinstance(value, str) else value for name, value in event.items()
    }
