"""When an instant does not come to an end.

Two rules that feed each other make messages for ever, and virtual time never moves. A bound on the
messages of one instant would stop that, and would stop a large load as well; so a bound only raises
a suspicion. From then on the instant is watched: messages are kept, whatever the trace leaves out. If
one of them has its like among its own causes (sender, address and type), events go round in a circle,
and the circle is named. If none has, the load is wide and not endless.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import islice
from typing import Any, final

from simbridge.base import clock
from simbridge.base.errors import Runaway

__all__ = ["LivelockDetector"]

Entry = tuple[int, int, int, str, str, Any]  # as in the kernel, which imports this

_CHUNK = 1_000
"""How many messages are delivered from one judgement to the next, at most."""

_CHUNKS = 20
"""How often an instant is judged, at least, before it has had so many messages as raise the suspicion."""

_CALL = 10
"""How many messages a call counts for that a handler makes."""


@final
class LivelockDetector:
    """Counts what happens at one instant, and stops it when it goes round in a circle.

    `burst` messages at one instant raise the suspicion. What came from outside, or was due when the
    instant began (`roots`), raises the bound by a thousandth of it for each message, so that many
    events may each go round a few times. A call that a handler makes counts as ten messages, because it
    takes as long. Four times `burst` and a tenth of it for each root are too many in any case.
    """

    __slots__ = (
        "_calls",
        "_delivered",
        "_suspicion",
        "_time",
        "burst",
        "chunk",
        "roots",
        "watched",
    )

    def __init__(self, burst: int) -> None:
        self.burst = burst
        self.chunk = max(1, min(_CHUNK, burst // _CHUNKS))
        self.roots = 0
        self.watched: dict[int, Entry] | None = None
        self._time = 0
        self._delivered = self._calls = self._suspicion = 0

    def begin(self, roots: int) -> None:
        """A new instant begins with so many messages."""
        self.roots = roots
        self.watched = None

    def call(self, now: int) -> None:
        """A handler has called an operation."""
        self._look(now)
        self._calls += 1

    def check(self, now: int, delivered: int, seed: int) -> None:
        """Count messages of this instant. Raises `Runaway`, or begins or ends a watch.

        A watch ends when it has seen twice as many messages as raised the suspicion, and no circle;
        suspicion returns at twice the messages.
        """
        self._look(now)
        self._delivered += delivered
        spent = self._delivered + _CALL * self._calls
        watched = self.watched
        circle: list[str] = []
        if (
            watched is not None
            and not (circle := _circle(watched))
            and len(watched) > 2 * self.burst
        ):
            self.watched, self._suspicion = None, 2 * spent
        if circle or spent > 4 * self.burst + self.roots * (self.burst // 10):
            raise self._runaway(circle, seed)
        bound = max(self._suspicion, self.burst + self.roots * (self.burst // 1000))
        if self.watched is None and spent > bound:
            self.watched = {}

    def watching(self, write: Callable[[Entry], None]) -> Callable[[Entry], None]:
        """`write`, and keep the entry, while the instant is watched."""
        kept = self.watched
        assert kept is not None, "nothing is kept of an instant without suspicion"

        def record(entry: Entry) -> None:
            kept[entry[1]] = entry
            write(entry)

        return record

    def twin(self) -> LivelockDetector:
        """As much is known of this instant in a fork or a pickle; a watch begins anew."""
        twin = copy.copy(self)
        twin.watched = None
        return twin

    def _look(self, now: int) -> None:
        """Forget what was counted at another instant."""
        if now != self._time:
            self._time = now
            self._delivered = self._calls = self._suspicion = 0

    def _runaway(self, circle: list[str], seed: int) -> Runaway:
        counted = f"{self._delivered:,} messages and {self._calls:,} calls of handlers"
        when = clock.iso_micros(self._time)
        self.watched = None
        self._delivered = self._calls = self._suspicion = 0
        what, told = "this instant does not come to an end", ""
        if circle:
            what = "events are going round in a circle"
            told = "\n".join(["\nThe circle, in the order it happens:", *circle])
        return Runaway(
            f"{what}: {counted} and more at one instant, {when} (seed {seed}).{told}\n"
            "Break the circle (a rule must not match what its own target puts), let time pass in it, "
            'or raise the bound with World(limits={"messages_per_instant": ...}).'
        )


def _circle(entries: dict[int, Entry]) -> list[str]:
    """The circle that one of the latest messages goes round in, found among its causes; or nothing."""
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
