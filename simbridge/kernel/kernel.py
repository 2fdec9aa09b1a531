"""The kernel: delivers messages to actors and moves the clock (theory: `simbridge.kernel`)."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable
from typing import Any, final

from simbridge.base import clock
from simbridge.base.errors import InvalidTime, SimbridgeError
from simbridge.kernel.control import ControlMessage, RunControl
from simbridge.kernel.event_queue import EventQueue
from simbridge.kernel.exclusive import Exclusive
from simbridge.kernel.host import Host
from simbridge.kernel.livelock import LivelockDetector
from simbridge.kernel.random_streams import new_stream
from simbridge.kernel.records import OUTSIDE, Entry, Record
from simbridge.kernel.trace_filter import FULL, TraceFilter
from simbridge.kernel.turn import Actor, Turn

__all__ = ["Kernel"]

_UNRECORDED: frozenset[type] = frozenset((ControlMessage,))
_TRANSIENT = ("_skipped", "_turn", "_write", "create_actor", "exclusive", "host", "listener")
"""What is not part of a kernel's state, and is made anew for a copy."""


@final
class Kernel:
    """One queue of messages and the clock they move.

    An actor is registered in `actors` by its address. `create_actor(address, message)` is called when a
    message is due at an address without one, and returns the new actor, or None. `create_actor` itself, or
    a caller that holds the kernel (`hold`), may also register one before its first message.

    `burst` is how many messages at one instant start the search for a cycle (`livelock`).
    `trace_filter` says what the trace leaves out.
    """

    def __init__(
        self,
        seed: int,
        start: int,
        create_actor: Callable[[str, Any], Actor | None],
        burst: int = 100_000,
        trace_filter: TraceFilter = FULL,
    ) -> None:
        self.seed = seed
        self.now = start
        self.sequence = 0
        self.burst = burst
        self.create_actor = create_actor
        self.actors: dict[str, Actor] = {}
        self.shared: dict[str, Any] = {}  # plain data that several actors hold
        self.trace: list[Entry] = []
        self.host: Host | None = None
        self.listener: Callable[[list[Record]], None] | None = None
        self.running = False
        self.queue = EventQueue()
        self.coroutine_started = False
        self._streams: dict[tuple[str, str], random.Random] = {}
        self._livelock = LivelockDetector(burst)
        self._filter = trace_filter
        self._root_call = 0
        self._reported = 0
        self._control = RunControl(self.queue.ready)
        self._build_transient()

    def _build_transient(self) -> None:
        """Make what is not part of the state."""
        self._write = self._filter.wrap(self.trace.append)
        self._skipped = self._filter.skipped_types | _UNRECORDED
        self._turn = Turn(self)
        self.exclusive = Exclusive(self._between)

    # -- from outside of any turn -----------------------------------------------------------

    def send(self, sender: str, to: str, message: Any, *, after: int = 0, cause: int = 0) -> None:
        """Send a message from outside any actor's turn. Raises `InvalidTime` for a negative delay."""
        if after < 0:
            raise InvalidTime(f"negative delay {after} µs: messages only travel forward in time")
        self.sequence += 1
        entry = (self.now + after, self.sequence, cause, sender, to, message)
        if after:
            self.queue.schedule(self.now + after, entry)
        else:
            self.queue.ready.append(entry)
            if not cause or cause == self._root_call:
                self._livelock.roots += 1

    def send_all(self, sender: str, messages: Iterable[tuple[str, Any]], *, cause: int) -> None:
        """Send several messages, each with its address, due at this instant, from outside any turn."""
        now, sequence, append = self.now, self.sequence, self.queue.ready.append
        for to, message in messages:
            sequence += 1
            append((now, sequence, cause, sender, to, message))
        if cause == self._root_call:
            self._livelock.roots += sequence - self.sequence
        self.sequence = sequence

    def draw(self, *, cause: int = 0) -> int:
        """Draw the sequence number of a call that is about to be answered (see `note`)."""
        self.sequence += 1
        if cause:
            self._livelock.call(self.now)
        else:
            self._root_call = self.sequence
        return self.sequence

    def note(self, sequence: int, cause: int, sender: str, to: str, message: Any) -> None:
        """Record something that happened without an actor: a call of the control plane.

        Draw its number before it runs (`draw`), so that it is the cause of whatever it sends.
        """
        entry = (self.now, sequence, cause, sender, to, message)
        self.trace.append(entry)
        if self._livelock.traced is not None:
            self._livelock.traced[sequence] = entry

    def random(self, address: str, purpose: str) -> random.Random:
        """The stream of random numbers of one address for one purpose (`random_streams`)."""
        name = (address, purpose)
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = new_stream(self.seed, address, purpose)
        return stream

    @property
    def turn(self) -> Turn | None:
        """The turn in progress; None outside of a turn."""
        return self._turn if self._turn.sequence else None

    # -- time -------------------------------------------------------------------------------

    def run(self, until: int) -> None:
        """Deliver everything due up to and including `until`, then set the clock to `until`.

        Raises `InvalidTime` if `until` is in the past, `Runaway` for a livelock, and whatever a
        handler raises; the kernel can go on from there.
        """
        if until < self.now:
            raise InvalidTime(
                f"cannot run until {clock.moment(until)}: it is already {clock.moment(self.now)}"
            )
        if until > clock.LATEST:
            raise InvalidTime("cannot run past the year 9999, the end of the calendar")
        self.advance(until, lambda: False)

    def settle(self) -> None:
        """Deliver everything due at this instant; time does not move."""
        self.advance(self.now, lambda: False)

    def quiet(self, until: int) -> bool:
        """Whether nothing is due up to `until`, so that running until then calls no user code."""
        queue = self.queue
        if queue.ready or self.listener is not None or (queue.times and queue.times[0] <= until):
            return False
        wake = self.host.deadline() if self.host is not None else None
        return wake is None or wake > until

    def step(self) -> Record | None:
        """Deliver the next message, moving time if necessary; None when nothing is left.

        Coroutines that are due before it are resumed first, as in `run`.
        """
        self._enter()
        try:
            record = self._step()
            self._control.act()
            return record
        finally:
            self._leave()

    def _step(self) -> Record | None:
        host, queue = self.host, self.queue
        while not queue.ready:
            wake = host.deadline() if host else None
            due = queue.times[0] if queue.times else clock.LATEST + 1
            if host and wake is not None and wake <= clock.LATEST and wake < due:
                self._set_time(wake)
                host.wake()
            elif due <= clock.LATEST:
                self._drain(due, 0)
            else:
                return None
        entry = queue.ready[0]
        self._drain(self.now, 1)
        return Record._make(entry)

    def advance(self, until: int, done: Callable[[], bool]) -> bool:
        """Run until `until` or until `done()` is true, which is checked after each wake of the host.

        Returns whether `done()` ended it. If not, the clock is at `until`, unless that is the end of
        the calendar: then it is at the last instant at which something happened.
        """
        self._enter()
        try:
            ended = self._advance(until, done)
            self._control.act()
            return ended
        finally:
            self._leave()

    def _advance(self, until: int, done: Callable[[], bool]) -> bool:
        host = self.host
        while not done():
            wake = host.deadline() if host else None
            limit = until if wake is None or wake > until else wake
            if not self._drain(limit):
                continue  # a coroutine was started: its timer may be due sooner
            if host and wake is not None and wake <= until:
                self._set_time(wake)
                host.wake()
                continue
            if until != clock.LATEST:
                self._set_time(until)
            return False
        return True

    # -- what ends a run ----------------------------------------------------------------------

    def fail(self, error: BaseException) -> None:
        """End the run with this error, after the message that is being handled."""

        def act() -> None:
            raise error

        self._between(act)

    def broke(self, what: str, error: BaseException) -> None:
        """Something was left half-done and cannot be repaired: this world cannot go on."""
        self._control.broke(what, error)

    def undo(self, error: BaseException) -> None:
        """The actor that is about to raise this error has changed nothing (see `Turn.undo`)."""
        self._control.undo(error)

    def check(self) -> None:
        """Raise `SimbridgeError` if something was left half-done (`broke`)."""
        self._control.check()

    def hold(self) -> Exclusive:
        """For `with`: change the world from outside of any actor, alone (`simbridge.kernel.exclusive`).

        Raises `SimbridgeError` while it runs in another thread, and if something was left half-done.
        """
        self.check()
        return self.exclusive

    def _between(self, act: Callable[[], None]) -> None:
        """Have `act` called after the current message; without one, while nothing runs, do nothing."""
        if self.running:
            self._control.post(self.now, act)

    # -- inside -----------------------------------------------------------------------------

    def _enter(self) -> None:
        self.check()
        self.exclusive.__enter__()
        if self.running:
            self.exclusive.__exit__()
            raise SimbridgeError(
                "the world is already running: a handler or an async story cannot run it again. "
                "To let time pass in async code, await anyio.sleep(seconds)"
            )
        self.running = True
        self.exclusive.begin_run()

    def _leave(self) -> None:
        try:
            self._control.discard()
            self._turn.sequence = 0
            self._turn.address = OUTSIDE
            self.notify_listener()
        finally:
            self.running = False
            self.exclusive.end_run()
            self.exclusive.__exit__()

    def notify_listener(self) -> None:
        """Call the listener, if there is one, with what has been recorded since the last call."""
        if self.listener is not None and self._reported < len(self.trace):
            unreported = self.trace[self._reported :]
            self._reported = len(self.trace)
            self.listener(list(map(Record._make, unreported)))

    def _set_time(self, time: int) -> None:
        if time != self.now:
            self.now = self._turn.now = time
            self._livelock.begin(0)

    def _drain(self, until: int, most: int | None = None) -> bool:
        """Deliver everything due up to `until`, `most` messages at most: the hot loop of simbridge.

        Returns False if a coroutine was started meanwhile: it stops when no message is left at the
        instant. The clock is at the last message that was delivered. Every `chunk` messages the
        livelock detector decides whether the instant may go on.
        """
        queue, actors, turn, livelock = self.queue, self.actors, self._turn, self._livelock
        ready, times, pop = queue.ready, queue.times, queue.ready.popleft
        chunk = livelock.chunk if most is None else most
        self.coroutine_started = False
        entry: Entry | None = None
        try:
            while True:
                record, skipped = self._write, self._skipped
                if livelock.traced is not None:
                    record, skipped = livelock.tracing(record), _UNRECORDED
                left = chunk
                try:
                    while ready and left:
                        left -= 1
                        entry = pop()
                        _, turn.sequence, _, turn.sender, to, message = entry
                        turn.address = to
                        if type(message) not in skipped:
                            record(entry)
                        try:
                            actor = actors[to]
                        except KeyError:
                            actor = self._make_actor(to, message)
                        actor.receive(message, turn)
                except BaseException as error:
                    self._control.stopped(entry, error, self.trace)
                    raise
                if most is not None and (ready or left < chunk):
                    return True
                if ready or self.coroutine_started:
                    livelock.check(self.now, chunk - left, self.seed)
                    if not ready:
                        return False
                    continue
                if not times or times[0] > until:
                    return True
                if self.listener is not None:
                    self.notify_listener()
                try:
                    self.now = turn.now = queue.next_instant()
                except BaseException as error:
                    self.broke("the step to the next instant", error)
                    raise
                livelock.roots, livelock.traced = len(ready), None
        finally:
            turn.sequence = 0
            turn.address = OUTSIDE

    def _make_actor(self, address: str, message: Any) -> Actor:
        if type(message) is ControlMessage:
            return self._control
        actor = self.create_actor(address, message)
        if actor is None:
            raise SimbridgeError(
                f"{type(message).__name__} was sent to {address}: no actor is registered at this address"
            )
        self.actors[address] = actor
        return actor

    # -- state ------------------------------------------------------------------------------

    def fork(self, create_actor: Callable[[str, Any], Actor | None]) -> Kernel:
        """An independent kernel that continues from here. Messages are shared: they are frozen.

        Raises `SimbridgeError` in the middle of a run, as a turn cannot be copied.
        """
        fork = Kernel(self.seed, self.now, create_actor, self.burst, self._filter)
        fork.sequence = self.sequence
        fork.trace.extend(self.trace)
        fork._reported = len(self.trace)
        fork.queue = self.queue.copy()
        for key, stream in self._streams.items():
            fork._streams[key] = copy.copy(stream)
        fork._livelock = self._livelock.copy()
        fork._root_call = self._root_call
        # One deepcopy, so that whatever two actors share they still share afterwards.
        fork.actors, fork.shared = copy.deepcopy((self.actors, self.shared))
        fork._control = RunControl(fork.queue.ready)
        fork._build_transient()
        return fork

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in _TRANSIENT:
            del state[name]
        state["_livelock"] = self._livelock.copy()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.host = None
        self.listener = None
        self._build_transient()
