"""The event queue: a deque of what is due now, and a calendar of what is due later.

Entries are delivered in the order (time, sequence). The sequence number is drawn when a message is
sent, so there is never a second tie-breaker. The structure follows from that:

- `ready` holds the entries of the present instant, in the order of their sequence numbers.
- `calendar` maps each later instant to its entries, in the order in which they were sent.
- `times` is a heap of the instants in `calendar`, each in it once.

When time moves, the entries of the next instant are appended to the empty `ready`. Whatever is sent from
then on has a larger sequence number, so `ready` stays sorted without a comparison. A heap of whole numbers
is compared much faster than one of messages, and an instant that many messages share is in it once.

>>> queue = EventQueue()
>>> for time, sequence in (5, 1), (9, 2), (5, 3):
...     queue.schedule(time, (time, sequence, 0, "from", "to", None))
>>> queue.times
[5, 9]
>>> queue.next_instant()
5
>>> [(entry[0], entry[1]) for entry in queue.ready]
[(5, 1), (5, 3)]

Calendar queues for simulations go back to R. Brown, "Calendar queues: a fast O(1) priority queue
implementation for the simulation event set problem", https://doi.org/10.1145/63039.63045. His have days
of a fixed length; here a day is one microsecond that has messages, and a heap finds the next one.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import final

from simbridge.kernel.records import Entry

__all__ = ["EventQueue"]


@final
class EventQueue:
    """Everything that is sent and not delivered yet.

    The three containers are never replaced by others: the hot loop and `Turn` hold them.
    """

    __slots__ = ("calendar", "ready", "times")

    def __init__(self) -> None:
        self.ready: deque[Entry] = deque()
        self.times: list[int] = []
        # An instant with a single entry has no list of its own: most have one.
        self.calendar: dict[int, Entry | list[Entry]] = {}

    def schedule(self, time: int, entry: Entry) -> None:
        """Enter a message that is due later than now."""
        calendar = self.calendar
        others = calendar.get(time)
        if others is None:
            calendar[time] = entry
            heappush(self.times, time)
        elif type(others) is list:
            others.append(entry)
        else:
            calendar[time] = [others, entry]  # type: ignore[list-item]

    def next_instant(self) -> int:
        """Move the entries of the next instant to `ready`, which is empty; returns its time."""
        time = heappop(self.times)
        entries = self.calendar.pop(time)
        if type(entries) is list:
            self.ready.extend(entries)
        else:
            self.ready.append(entries)  # type: ignore[arg-type]
        return time

    def cancel(self, sequence: int) -> None:
        """Remove the entry with this sequence number; nothing happens if it has been delivered."""
        for index, entry in enumerate(self.ready):
            if entry[1] == sequence:
                del self.ready[index]
                return
        for time, entries in self.calendar.items():
            due = entries if type(entries) is list else [entries]
            left = [entry for entry in due if entry[1] != sequence]
            if len(left) == len(due):
                continue
            if left:
                self.calendar[time] = left  # type: ignore[assignment]
            else:
                del self.calendar[time]
                self.times.remove(time)
                heapify(self.times)
            return

    def copy(self) -> EventQueue:
        """An independent queue with the same entries, which are shared: they are immutable."""
        copy = EventQueue()
        copy.ready.extend(self.ready)
        copy.times.extend(self.times)
        for time, entries in self.calendar.items():
            copy.calendar[time] = list(entries) if type(entries) is list else entries
        return copy
