"""Livelock detection: too many messages at one virtual time.

Two rules that feed each other send messages for ever, and virtual time never moves. A fixed limit on the
messages of one instant would stop that, and would stop a large load as well. So there are two steps:

1. The threshold: after `burst` messages at one instant, and more if many came from outside, tracing begins.
2. Tracing: every message is kept, whatever the trace leaves out. If one of them repeats (sender, address,
   type) in its own causal chain, there is a cycle, and the error shows it. If none does, the load is wide
   and finite: tracing ends, and the threshold doubles.

For example, bus A sends each event to bus B, and B sends it back. The chain of causes of the latest message
is then `B -> A`, `A -> B`, `B -> A`: its first line has repeated, and the cycle is `A -> B`, `B -> A`.
A burst of 100,000 events that three rules match has 300,000 chains of three different lines, and passes.

The word is the one of concurrent programs that keep changing state without progress:
https://en.wikipedia.org/wiki/Deadlock_(computer_science)#Livelock
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import islice
from typing import final

from simbridge.base import clock
from simbridge.base.errors import Runaway
from simbridge.kernel.records import Entry

__all__ = ["LivelockDetector"]

_CHUNK = 1_000
"""How many messages are delivered between two checks, at most."""

_CHUNKS = 20
"""How often an instant is checked, at least, before its messages reach the threshold."""

_CALL = 10
"""How many messages a call by a handler counts for: it takes as long."""


@final
class LivelockDetector:
    """Counts the messages of one instant, and raises `Runaway` when they form a cycle.

    The threshold is `burst` messages. Each message that came from outside, or was due when the instant
    began (`roots`), raises it by a thousandth of `burst`, so that each of many events may pass a cycle a
    few times. A call by a handler counts as ten messages. The limit in any case is four times `burst`,
    and a tenth of `burst` more for each root.
    """

    __slots__ = (
        "_calls",
        "_delivered",
        "_threshold",
        "_time",
        "burst",
        "chunk",
        "roots",
        "traced",
    )

    def __init__(self, burst: int) -> None:
        self.burst = burst
        self.chunk = max(1, min(_CHUNK, burst // _CHUNKS))
        self.roots = 0
        self.traced: dict[int, Entry] | None = None
        """The messages of this instant by sequence number, while it is being traced."""
        self._time = 0
        self._delivered = self._calls = self._threshold = 0

    def begin(self, roots: int) -> None:
        """A new instant begins, with this many messages due."""
        self.roots = roots
        self.traced = None

    def call(self, now: int) -> None:
        """A handler has called an operation."""
        self._reset_at(now)
        self._calls += 1

    def check(self, now: int, delivered: int, seed: int) -> None:
        """Count messages of this instant. Raises `Runaway`, or begins or ends tracing.

        Tracing ends without a cycle after twice `burst` messages. It begins again when twice as much
        has been counted as then.
        """
        self._reset_at(now)
        self._delivered += delivered
        spent = self._delivered + _CALL * self._calls
        traced = self.traced
        cycle: list[str] = []
        if traced is not None and not (cycle := _cycle(traced)) and len(traced) > 2 * self.burst:
            self.traced, self._threshold = None, 2 * spent
        if cycle or spent > 4 * self.burst + self.roots * (self.burst // 10):
            raise self._runaway(cycle, seed)
        threshold = max(self._threshold, self.burst + self.roots * (self.burst // 1000))
        if self.traced is None and spent > threshold:
            self.traced = {}

    def tracing(self, write: Callable[[Entry], None]) -> Callable[[Entry], None]:
        """A function that keeps the entry and then calls `write`; for use while `traced` is not None."""
        kept = self.traced
        assert kept is not None, "an instant is traced only above the threshold"

        def record(entry: Entry) -> None:
            kept[entry[1]] = entry
            write(entry)

        return record

    def copy(self) -> LivelockDetector:
        """A detector with the same counts, for a fork or a pickle; it traces from the beginning."""
        copied = copy.copy(self)
        copied.traced = None
        return copied

    def _reset_at(self, now: int) -> None:
        """Reset the counts if they are those of another instant."""
        if now != self._time:
            self._time = now
            self._delivered = self._calls = self._threshold = 0

    def _runaway(self, cycle: list[str], seed: int) -> Runaway:
        counted = f"{self._delivered:,} messages and {self._calls:,} calls of handlers"
        when = clock.iso_micros(self._time)
        self.traced = None
        self._delivered = self._calls = self._threshold = 0
        what, shown = "this instant does not come to an end", ""
        if cycle:
            what = "events are going round in a circle"
            shown = "\n".join(["\nThe circle, in the order it happens:", *cycle])
        return Runaway(
            f"{what}: {counted} and more at one instant, {when} (seed {seed}).{shown}\n"
            "Break the circle (a rule must not match what its own target puts), let time pass in it, "
            'or raise the bound with World(limits={"messages_per_instant": ...}).'
        )


def _cycle(entries: dict[int, Entry]) -> list[str]:
    """The cycle in the causal chain of one of the latest messages, a line for each message; or nothing."""
    for latest in islice(reversed(entries.values()), 16):
        entry: Entry | None = latest
        chain: list[str] = []
        seen: dict[str, int] = {}
        while entry is not None:
            line = f"  {entry[3]} -> {entry[4]}: {type(entry[5]).__name__}"
            if line in seen:
                return chain[seen[line] :][::-1]
            seen[line] = len(chain)
            chain.append(line)
            entry = entries.get(entry[2])
    return []
