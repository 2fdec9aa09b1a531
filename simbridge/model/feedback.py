"""Feedback in virtual time: events that cause more events of the same kind, while time passes.

The kernel stops a loop that never lets time pass (`kernel/livelock`). A loop that does let time pass, such
as a function that answers each event with two more after a minute, doubles until memory ends, and no single
instant looks wrong. What is wrong is growth, not length: a saga that polls for a year is one event at a time.

So events are counted by lineage. An event that a handler puts descends from the event that the handler was
called with; the first of them, from outside or from a schedule, is the root of a family. If the same rule
has matched an event and one of its ancestors, the family goes in a circle through that rule. Two numbers of
a circle are bounded: the events that it puts within a day, and the executions of its handlers at one time.
A chain, which has one execution in each generation, is not growth, however long and fast it is; many
generations are only worth a warning.

    root e0 --rule r--> f puts e1, e2 --rule r--> f puts e3, e4, e5, e6 --rule r--> ...
    path of e0: {}       of e1, e2: {r: 1}           of e3 ... e6: {r: 2}: a circle at r

The same with a bound of three events a day. The execution of f for e0 is known by the number 1, those for e1
and e2 by 2 and 3; each puts two events::

    >>> from simbridge.model.messages import Event
    >>> def event(number):
    ...     envelope = {"id": f"e{number}", "source": "shop", "detail-type": "Order"}
    ...     return Event("bus", envelope, ingested_us=0, size_bytes=0)
    >>> feedback = Feedback(events=3, generations=0)
    >>> for cause in (1, 2, 3):
    ...     warning = feedback.begin(cause, event(cause - 1), "r", "f", 1)
    ...     error = feedback.put(cause, [event(2 * cause - 1), event(2 * cause)], now=0)
    ...     print(cause, str(error).partition(" by ")[0])
    1 None
    2 None
    3 events feed each other: 4 events put within 0.0 hours

Lineage is known for what handlers put or emit, for records that Lambda sends to a bus, and for events that a
replay puts again. What a story puts after it has read a queue begins a new family, because its cause cannot
be known.
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
    """One family at one rule: when its latest events were put, and the executions of each generation."""

    __slots__ = ("generations", "put_us", "running", "warned")

    def __init__(self, most: int) -> None:
        self.put_us: deque[int] = deque(maxlen=most + 1)
        self.running = 0
        self.generations: dict[int, int] = {}
        self.warned = False

    def begin(self, generation: int, counts: bool) -> None:
        """An execution begins."""
        self.running += 1
        if not counts:
            return
        self.generations[generation] = self.generations.get(generation, 0) + 1
        if len(self.generations) > _GENERATIONS_SHOWN:
            del self.generations[min(self.generations)]

    def too_many(self, most: int, now: int) -> bool:
        """Whether it grows, and more than so many events were put or executions are running."""
        if max(self.generations.values()) <= 1:
            return False
        return self.within_a_day(most, now) or self.running > most

    def within_a_day(self, most: int, now: int) -> bool:
        """Whether more than so many events were put within the last day."""
        return len(self.put_us) > most and now - self.put_us[0] <= DAY_US

    def __deepcopy__(self, memo: object) -> _Circle:
        copied = _Circle(0)
        copied.put_us, copied.running = self.put_us.copy(), self.running
        copied.generations, copied.warned = dict(self.generations), self.warned
        return copied


@final
class _Family:
    """All events that descend from one. `steps` has the target of each rule, for error messages."""

    __slots__ = ("circles", "root", "steps")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.circles: dict[str, _Circle] = {}
        self.steps: dict[str, str] = {}

    def __deepcopy__(self, memo: object) -> _Family:
        copied = _Family(self.root)
        copied.circles = {rule: copy.deepcopy(circle) for rule, circle in self.circles.items()}
        copied.steps = dict(self.steps)
        return copied


@final
class _Lineage(NamedTuple):
    """The origin of the events of one execution: how often each rule has matched, `rule` last."""

    family: _Family
    rule: str
    passed: dict[str, int]


@final
class Feedback:
    """The families of one world. `events` and `generations` are the two bounds; 0 means no bound.

    An execution of a handler is identified by `cause`: the message that made it run, which is the cause of
    all its calls.
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
        """A handler is called with an event, for a rule. Returns a warning if its chain is very long.

        A later `attempt` for the same event does not count as another execution of its generation.
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
            "A saga that polls does this. If it is not intended, let the rule match less, or the "
            'handler stop. World(limits={"feedback_generations": ...}) sets when this warning is given.'
        )

    def end(self, cause: int) -> None:
        """The execution is over."""
        lineage = self._executing.pop(cause)
        circle = lineage.family.circles.get(lineage.rule)
        if circle is not None and lineage.passed[lineage.rule] > 1:
            circle.running -= 1

    def put(self, cause: int, events: Iterable[Any], now: int) -> Runaway | None:
        """Events are put by this cause, if it is an execution. Returns the error if they are too many."""
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
        """The event has another id from now on: on a bus of another region, or put again by a replay."""
        lineage = self._of_event.get(old)
        if lineage is not None:
            self._of_event[new] = lineage
            self._put.append((now, new))

    def _forget(self, now: int) -> None:
        """Forget events that were put so long ago that no handler can be called with them any more."""
        put = self._put
        while put and now - put[0][0] > _KEPT_US:
            self._of_event.pop(put.popleft()[1], None)

    def _runaway(self, lineage: _Lineage, circle: _Circle, now: int, event: str) -> Runaway:
        if circle.within_a_day(self.events, now):
            hours = (now - circle.put_us[0]) / (3600 * clock.SECOND)
            much = f"{len(circle.put_us):,} events put within {hours:,.1f} hours"
        else:
            much = f"{circle.running:,} executions under way at once"
        *whole, last = circle.generations.values()  # the last one is not complete yet
        counts = ", ".join(f"{number:,}" for number in [*whole, last])
        grows = ""
        if len(whole) > 1:
            grows = f"; each has {whole[-1] / whole[-2]:.1f} times those of the one before"
        return Runaway(
            f"events feed each other: {much} by the descendants of {_name(lineage.family.root)}, at "
            f"{clock.iso_micros(now)}; the last: {event}.\n"
            f"Executions in generations {min(circle.generations):,} to {max(circle.generations):,}: "
            f"{counts} so far{grows}.\n{self._circle(lineage)}\n"
            "Break the circle (a rule must not match what its own target puts), or raise the bound "
            'with World(limits={"feedback_events_per_day": ...}).'
        )

    def _circle(self, lineage: _Lineage) -> str:
        """The rules of the circle, in the order in which they first matched."""
        rules = list(lineage.passed)
        here = rules.index(lineage.rule)
        again = [rule for rule in rules[here:] + rules[:here] if lineage.passed[rule] > 1] or [
            lineage.rule
        ]
        steps = [f"  {rule} -> {lineage.family.steps[rule]}" for rule in again]
        return "\n".join(["The circle, in the order it happens:", *steps])

    def __deepcopy__(self, memo: dict[int, Any]) -> Feedback:
        copied = Feedback(self.events, self.generations)
        families: dict[int, _Family] = {}  # by identity, which is neither shown nor ordered by

        def moved(lineage: _Lineage) -> _Lineage:
            family = families.get(id(lineage.family))
            if family is None:
                family = families[id(lineage.family)] = copy.deepcopy(lineage.family)
            return lineage._replace(family=family)

        copied._of_event = {event: moved(lineage) for event, lineage in self._of_event.items()}
        copied._executing = {cause: moved(lineage) for cause, lineage in self._executing.items()}
        copied._put = self._put.copy()
        return copied


def _name(event: Any) -> str:
    """An event, named as in the timeline."""
    envelope = event.envelope
    return f"{envelope['source']!r} {envelope['detail-type']!r} {event.id[:8]}"
