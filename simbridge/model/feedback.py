"""Feedback in virtual time: events that cause more events of their own kind, while time passes.

`runaway` stops a loop that never lets time pass. A loop that does, a function that answers each event
with two after a minute, doubles until memory ends, and each single instant looks harmless. What is
wrong with it is growth, not length: a saga that polls for a year is one event at a time.

So events are counted by lineage. An event that is put by a handler descends from the event that the
handler was called with; the first of all these, which came from outside or from a schedule, is the root
of a family. Where the same rule has matched an event and an ancestor of it, the family goes round in a
circle at that rule. What a circle puts within a day, and how many executions of its handlers are under
way at once, is bounded. A chain, with one execution in each generation, is no growth however long and
quick it is: how often it may go round is only worth a warning.

    root e0 --rule r--> f puts e1, e2 --rule r--> f puts e3, e4, e5, e6 --rule r--> ...
    path of e0: {}       of e1, e2: {r: 1}           of e3 ... e6: {r: 2}: a circle at r

This is told from what handlers put or emit, from records that Lambda sends to a bus, and from events that
a replay puts again. What a story puts because of what it has read from a queue begins a new family:
nobody can tell why it does.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple, final

from simbridge.base import clock
from simbridge.base.errors import FeedbackWarning, Runaway

__all__ = ["Feedback"]

DAY_US = 86_400 * clock.SECOND

_KEPT_US = 31 * 3600 * clock.SECOND
"""How long an event may wait for its last execution: a day of EventBridge's retries, six hours of Lambda's."""

_GENERATIONS_SHOWN = 6


@final
class _Circle:
    """One family at one rule: when it put its latest events, and the executions of each generation."""

    __slots__ = ("generations", "put_us", "under_way", "warned")

    def __init__(self, most: int) -> None:
        self.put_us: deque[int] = deque(maxlen=most + 1)
        self.under_way = 0
        self.generations: dict[int, int] = {}
        self.warned = False

    def begin(self, generation: int, counts: bool) -> None:
        """An execution begins."""
        self.under_way += 1
        if not counts:
            return
        self.generations[generation] = self.generations.get(generation, 0) + 1
        if len(self.generations) > _GENERATIONS_SHOWN:
            del self.generations[min(self.generations)]

    def too_many(self, most: int, now: int) -> bool:
        """Whether it grows, and has put, or has under way, more than so many."""
        if max(self.generations.values()) <= 1:
            return False
        return self.within_a_day(most, now) or self.under_way > most

    def within_a_day(self, most: int, now: int) -> bool:
        """Whether more than so many were put within the last day."""
        return len(self.put_us) > most and now - self.put_us[0] <= DAY_US

    def __deepcopy__(self, memo: object) -> _Circle:
        twin = _Circle(0)
        twin.put_us, twin.under_way = self.put_us.copy(), self.under_way
        twin.generations, twin.warned = dict(self.generations), self.warned
        return twin


@final
class _Family:
    """All events that descend from one; `steps` is what it does at each rule, for people."""

    __slots__ = ("circles", "root", "steps")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.circles: dict[str, _Circle] = {}
        self.steps: dict[str, str] = {}

    def __deepcopy__(self, memo: object) -> _Family:
        twin = _Family(self.root)
        twin.circles = {rule: copy.deepcopy(circle) for rule, circle in self.circles.items()}
        twin.steps = dict(self.steps)
        return twin


@final
class _Lineage(NamedTuple):
    """Where the events of one execution come from: how often each rule was passed, `rule` last."""

    family: _Family
    rule: str
    passed: dict[str, int]


@final
class Feedback:
    """The families of one world. `events` and `generations` are the two bounds; 0 is none.

    An execution of a handler is known by the message that made it run, as the cause of all its calls.
    """

    def __init__(self, events: int, generations: int) -> None:
        self.events = events
        self.generations = generations
        self._of_event: dict[str, _Lineage] = {}
        self._put: deque[tuple[int, str]] = deque()
        self._executing: dict[int, _Lineage] = {}

    def begin(
        self, cause: int, event: Any, rule: str, address: str, attempt: int
    ) -> FeedbackWarning | None:
        """A handler is called with an event, for a rule; a warning if its chain has become very long.

        A later `attempt` for the same event is no further execution of its generation.
        """
        parent = self._of_event.get(event.id)
        family = _Family(event) if parent is None else parent.family
        passed = {} if parent is None else parent.passed
        times = passed.get(rule, 0) + 1
        self._executing[cause] = _Lineage(family, rule, {**passed, rule: times})
        if rule not in family.steps:
            family.steps[rule] = address
        if times < 2:
            return None
        circle = family.circles.get(rule)
        if circle is None:
            circle = family.circles[rule] = _Circle(self.events)
        circle.begin(times, attempt == 1)
        if not self.generations or times <= self.generations or circle.warned:
            return None
        circle.warned = True
        return FeedbackWarning(
            f"a chain of events has gone round {times - 1:,} times, and goes on. It began with "
            f"{_name(family.root)}; now: {_name(event)}.\n{self._circle(self._executing[cause])}\n"
            "A saga that polls does this. Where it is not meant, let the rule match less, or the "
            'handler stop; World(limits={"feedback_generations": ...}) sets when this is told.'
        )

    def end(self, cause: int) -> None:
        """The execution is over."""
        lineage = self._executing.pop(cause)
        circle = lineage.family.circles.get(lineage.rule)
        if circle is not None and lineage.passed[lineage.rule] > 1:
            circle.under_way -= 1

    def put(self, cause: int, events: Iterable[Any], now: int) -> Runaway | None:
        """Events are put by the execution of this cause, if it is one; the error if they are too many."""
        lineage = self._executing.get(cause)
        if lineage is None:
            return None
        self._forget(now)
        count = 0
        for event in events:
            self._of_event[event.id] = lineage
            self._put.append((now, event.id))
            count += 1
        times = lineage.passed[lineage.rule]
        if times < 2 or not count or not self.events:
            return None
        circle = lineage.family.circles[lineage.rule]
        circle.put_us.extend([now] * min(count, self.events + 1))
        if not circle.too_many(self.events, now):
            return None
        return self._runaway(lineage, circle, now, _name(event))

    def renamed(self, old: str, new: str, now: int) -> None:
        """The event goes on under another id: on a bus of another region, or put again by a replay."""
        lineage = self._of_event.get(old)
        if lineage is not None:
            self._of_event[new] = lineage
            self._put.append((now, new))

    def _forget(self, now: int) -> None:
        """What was put so long ago that no handler can be called with it any more."""
        put = self._put
        while put and now - put[0][0] > _KEPT_US:
            self._of_event.pop(put.popleft()[1], None)

    def _runaway(self, lineage: _Lineage, circle: _Circle, now: int, event: str) -> Runaway:
        if circle.within_a_day(self.events, now):
            hours = (now - circle.put_us[0]) / (3600 * clock.SECOND)
            much = f"{len(circle.put_us):,} events put within {hours:,.1f} hours"
        else:
            much = f"{circle.under_way:,} executions under way at once"
        *whole, last = circle.generations.values()  # the last one is not complete yet
        told = ", ".join(f"{number:,}" for number in [*whole, last])
        grows = ""
        if len(whole) > 1:
            grows = f"; each has {whole[-1] / whole[-2]:.1f} times those of the one before"
        return Runaway(
            f"events feed each other: {much} by the descendants of {_name(lineage.family.root)}, at "
            f"{clock.iso_micros(now)}; the last: {event}.\n"
            f"Executions in generations {min(circle.generations):,} to {max(circle.generations):,}: "
            f"{told} so far{grows}.\n{self._circle(lineage)}\n"
            "Break the circle (a rule must not match what its own target puts), or raise the bound "
            'with World(limits={"feedback_events_per_day": ...}).'
        )

    def _circle(self, lineage: _Lineage) -> str:
        """The rules that the family goes round, in the order in which it first passed them."""
        rules = list(lineage.passed)
        here = rules.index(lineage.rule)
        again = [rule for rule in rules[here:] + rules[:here] if lineage.passed[rule] > 1] or [
            lineage.rule
        ]
        steps = [f"  {rule} -> {lineage.family.steps[rule]}" for rule in again]
        return "\n".join(["The circle, in the order it happens:", *steps])

    def __deepcopy__(self, memo: dict[int, Any]) -> Feedback:
        twin = Feedback(self.events, self.generations)
        families: dict[int, _Family] = {}  # by identity: never seen outside, never in an order

        def moved(lineage: _Lineage) -> _Lineage:
            family = families.get(id(lineage.family))
            if family is None:
                family = families[id(lineage.family)] = copy.deepcopy(lineage.family)
            return lineage._replace(family=family)

        twin._of_event = {event: moved(lineage) for event, lineage in self._of_event.items()}
        twin._executing = {cause: moved(lineage) for cause, lineage in self._executing.items()}
        twin._put = self._put.copy()
        return twin


def _name(event: Any) -> str:
    """An event as the timeline names it."""
    envelope = event.envelope
    return f"{envelope['source']!r} {envelope['detail-type']!r} {event.id[:8]}"
