"""The public class of a trace. All answers are read from the records and from nothing else."""

from __future__ import annotations

import hashlib
import operator
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, final, overload

from simbridge.base.checks import file_path, readable_file, text
from simbridge.base.errors import SimbridgeError
from simbridge.base.files import replacing
from simbridge.base.json import with_deeper_recursion
from simbridge.kernel import Entry, Record
from simbridge.trace import codec, file, timeline
from simbridge.trace.deliveries import Attempt, Deliveries, Delivery
from simbridge.trace.names import Names
from simbridge.trace.why import Why, why

__all__ = ["Attempt", "Delivery", "Trace"]

OUTCOMES = ("delivered", "dead-lettered", "dropped", "pending")


@final
class Trace(Sequence[Record]):
    """Everything that happened in a world, in order: a sequence of records; a slice is a list."""

    def __init__(
        self, entries: list[Entry], guard: AbstractContextManager[Any] | None = None
    ) -> None:
        """`guard` admits one thread at a time, and none while another one runs the world."""
        self._entries = entries
        self._guard = threading.RLock() if guard is None else guard
        self._deliveries = Deliveries()
        self._names = Names()

    @classmethod
    def from_jsonl(cls, path: str | os.PathLike[str], *, cut: bool = False) -> Trace:
        """Read a trace that `to_jsonl` wrote.

        `cut` reads what is left of a file without its end: the records up to where it was cut.
        Raises `SimbridgeError` for a file that cannot be read, is not a trace, has a newer format or is
        not whole.
        """
        source = readable_file(path, "there is no trace at")
        try:
            with source.open("rb") as stream:
                return cls(file.read(stream, cut=cut))
        except (OSError, SimbridgeError) as error:
            raise SimbridgeError(f"the trace at {source} cannot be read: {error}") from error

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write the trace: a header with the version, one JSON array a line, and a line for its end.

        Raises `SimbridgeError` if the file cannot be written; an earlier file is then unchanged.
        """
        target = file_path(path, "a file for a trace")
        try:
            with replacing(target) as out, self._guard:
                file.write(self._entries, out)
        except OSError as error:
            raise SimbridgeError(f"a trace cannot be written to {path}: {error}") from error

    def digest(self) -> str:
        """SHA-256, in hex, of everything that happened: equal digests, equal runs."""
        digest = hashlib.sha256()
        with self._guard:
            for line in codec.encode(self._entries):
                digest.update(line)
        return digest.hexdigest()

    def deliveries(
        self,
        *,
        rule: str | None = None,
        target: str | None = None,
        event: str | None = None,
        bus: str | None = None,
        outcome: str | None = None,
    ) -> list[Delivery]:
        """The deliveries, in the order in which rules matched.

        `rule`, `bus` and `target` take names or ARNs (a target also the last part of its ARN),
        `event` an event id, `outcome` one of delivered, dead-lettered, dropped, pending. A delivery
        that is pending is a snapshot; ask again for how it goes on.

        The list is empty if a rule, a target or a bus had nothing to do. Raises `SimbridgeError` for one
        that this trace has never had, for any other outcome, and if the beginning of the trace is missing.
        """
        asked = {"rule": rule, "target": target, "event": event, "bus": bus}
        for name, value in asked.items():
            if value is not None:
                text(value, name)
        if outcome is not None and outcome not in OUTCOMES:
            raise SimbridgeError(
                f"no outcome is called {outcome!r}; it is one of {', '.join(OUTCOMES)}"
            )
        with self._guard:
            deliveries = self._deliveries.of(self._entries, event)
        fitting = [
            found
            for found in deliveries
            if rule in (None, found.rule, found.rule_arn)
            and target
            in (None, found.target, found.target_arn, found.target_arn.rpartition(":")[2])
            and bus in (None, found.bus, found.event.bus)
            and outcome in (None, found.outcome)
        ]
        if not fitting:
            self._check_names(rule=rule, target=target, bus=bus)
        return fitting

    def _check_names(self, **asked: str | None) -> None:
        """Raise `SimbridgeError` for a name that nothing in this trace has ever had."""
        if all(name is None for name in asked.values()):
            return
        names = self._names
        with self._guard:
            names.grow(self._entries)
            for found in self._deliveries.of(self._entries):
                names.add("rule", found.rule, found.rule_arn)
                names.add_target(found.target, found.target_arn)
                names.add("bus", found.bus, found.event.bus)
            for kind, name in asked.items():
                names.check(kind, name)

    def why(self, event_id: str) -> Why:
        """Why an event went where it went: every rule that saw it, and how each delivery ended.

        Prints as text; `.to_dict()` is a mapping for programs. Raises `SimbridgeError` for an event
        that was never on a bus.
        """
        text(event_id, "an event id")
        with self._guard:
            return why(self._entries, event_id, self._deliveries.of(self._entries, event_id))

    def timeline(self, *, colour: bool = False) -> str:
        """The trace for people, a line for each thing that happened."""
        with self._guard:
            return "\n".join(timeline.lines(self._entries, colour=colour))

    def __str__(self) -> str:
        return self.timeline(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)

    def __reduce__(self) -> tuple[type[Trace], tuple[list[Entry]]]:
        return Trace, (self._entries,)

    def __repr__(self) -> str:
        return f"<Trace of {len(self):,} records>"

    def _repr_html_(self) -> str:
        """The timeline as a table: how a notebook shows a trace."""
        with self._guard:
            return timeline.table(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and with_deeper_recursion(
            operator.eq, self._entries, other._entries
        )

    __hash__ = None  # type: ignore[assignment]  # it grows while its world runs

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [Record._make(entry) for entry in self._entries[index]]
        return Record._make(self._entries[index])

    def __iter__(self) -> Iterator[Record]:
        return map(Record._make, self._entries)
