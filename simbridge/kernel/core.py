"""The kernel: one queue, one clock, one order.

Theory of operation
-------------------
Everything that happens is a message that an actor receives. Messages are delivered in the order
(time, sequence), where the sequence number is drawn when the message is *sent*; there is no second
tie-breaker, so nothing about hashing, identity or the host can change the order. Messages that are
due now wait in a deque. Later ones wait in a calendar: a list for each instant, in the order in which
they were sent, and a heap of the instants. When time moves, the list of the new instant becomes the
deque: whatever is sent from then on has a larger sequence number, so it stays sorted. A heap of whole
numbers is compared much faster than one of messages, and an instant that many share is in it once.

The queue entry *is* the line of the trace: a `Record` tuple that is appended to a list when it is
delivered. There is no `record()` call to forget. Records, messages and instants are objects that
Python's garbage collector need not track, which keeps a trace of millions of records cheap.

An actor runs to completion and never waits. It may hold plain data only: then the whole kernel is
plain data, and can be copied (`fork`) or pickled between two steps.

Two things are deliberately outside the order. A *call* of the control plane is answered at once,
wherever it comes from, and only leaves its record (`note`). A *host* runs `async def` code: once an
instant has gone quiet, the kernel asks it whether a sleeping coroutine is due (`Host.wake`). Waking
draws no sequence number and leaves no record, so the same story has the same trace whether it is
written with `world.run(...)` or with `await anyio.sleep(...)`.

The kernel knows nothing of EventBridge. The shape follows SimPy's core (a queue, `step`, `run`);
unlike there, actors are not generators: a method call per message is several times faster, and
state that lives in generator frames could be neither copied nor pickled.
"""

from __future__ import annotations

import copy
import hashlib
import random
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, Protocol, final

from simbridge.base import clock, rng
from simbridge.base.errors import InvalidTime, SimbridgeError
from simbridge.kernel.exclusive import Exclusive
from simbridge.kernel.interrupts import from_a_signal
from simbridge.kernel.livelock import LivelockDetector

__all__ = [
    "OUTSIDE",
    "Actor",
    "Entry",
    "Host",
    "Kernel",
    "Record",
    "TraceFilter",
    "Turn",
    "uuid_from",
    "uuid_of",
]

OUTSIDE = "story"
"""The address of the scenario itself: whoever calls from outside the world."""


class Actor(Protocol):
    """Something with an address that handles one message at a time, to completion."""

    def receive(self, message: Any, turn: Turn) -> None:
        """Handle one message. Everything an actor does to others, it does through `turn`."""


class Host(Protocol):
    """Whoever runs coroutines for the kernel (`hosts/`)."""

    def start(
        self,
        address: str,
        cause: int,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: Callable[[BaseException], None] | None = None,
        within_us: int | None = None,
    ) -> None:
        """Run `await function()` until it waits; call `done(result)` when it has returned.

        What it raises is told to `raised`, or raised by the engine where there is none, as is a
        cancellation that is not the engine's own. What has not returned within `within_us` is
        cancelled, and `done(None)` is called.
        """

    def deadline(self) -> int | None:
        """When the next sleeping coroutine wants to be woken, in microseconds since the epoch."""

    def wake(self) -> None:
        """Wake exactly one coroutine whose deadline has come, and run it until it waits again."""


@final
class Record(NamedTuple):
    """One delivered message: a line of the trace.

    `time` is microseconds since the epoch, `sequence` the number drawn when it was sent, `cause`
    the sequence of the message whose handling sent it (0: it came from outside).
    """

    time: int
    sequence: int
    cause: int
    sender: str
    to: str
    message: Any


# The hot loop moves plain tuples of this shape; `Record` is how they are shown to people.
Entry = tuple[int, int, int, str, str, Any]

Write = Callable[[Entry], None]


@final
class TraceFilter(NamedTuple):
    """What a trace leaves out.

    `wrap`, given the function that writes an entry into the trace, returns one that leaves some
    entries out; `skipped_types` are types of messages that it leaves out whatever they say, which spares
    the call.
    """

    skipped_types: frozenset[type]
    wrap: Callable[[Write], Write]


def _everything(write: Write) -> Write:
    return write


FULL = TraceFilter(frozenset(), _everything)


@final
class _Between(NamedTuple):
    """What is to be done between two messages: it waits at the head of the queue, and ends the run.

    It is no message of the simulation and leaves no record.
    """

    act: Callable[[], None]


class _Acts:
    """Who receives `_Between`."""

    def receive(self, message: _Between, turn: Turn) -> None:
        """Raise the error, or the interrupt, that ends the run."""
        try:
            message.act()
        except BaseException as error:
            turn._kernel._ended = error
            raise


_ACTS = _Acts()
_UNRECORDED: frozenset[type] = frozenset((_Between,))


@final
class Turn:
    """What an actor holds while it handles one message.

    There is one `Turn` for each kernel, refilled for each message: an actor must not keep it.
    """

    __slots__ = (
        "_calendar",
        "_kernel",
        "_ready",
        "_times",
        "address",
        "now",
        "sender",
        "sequence",
    )

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._ready = kernel._ready
        self._times = kernel._times
        self._calendar = kernel._calendar
        self.now = kernel.now
        self.sequence = 0
        self.address = OUTSIDE
        self.sender = OUTSIDE

    def send(self, to: str, message: Any, after: int = 0) -> int:
        """Send a message; `after` microseconds from now (0: still at this instant).

        Returns its sequence number, by which it can be taken back (`cancel`).
        """
        kernel = self._kernel
        sequence = kernel.sequence = kernel.sequence + 1
        if after:
            if after < 0:
                raise InvalidTime(
                    f"negative delay {after} µs: messages only travel forward in time"
                )
            time = self.now + after
            # `put_off`, written out: a retry passes here, and a call costs as much as the rest
            calendar = self._calendar
            entry = (time, sequence, self.sequence, self.address, to, message)
            others = calendar.get(time)
            if others is None:
                calendar[time] = entry
                heappush(self._times, time)
            elif type(others) is list:
                others.append(entry)
            else:
                calendar[time] = [others, entry]  # type: ignore[list-item]
        else:
            self._ready.append((self.now, sequence, self.sequence, self.address, to, message))
        return sequence

    def cancel(self, sequence: int) -> None:
        """Take back a message that is not delivered yet, as if it had never been sent.

        For timers of a long life. It looks through everything that is under way, so an actor that
        would take back a message in every turn is better off ignoring it when it arrives.
        """
        self._kernel.cancel(sequence)

    def reply(self, message: Any, after: int = 0) -> None:
        """Send a message back to the sender of the one in hand."""
        self.send(self.sender, message, after)

    def random(self, purpose: str) -> random.Random:
        """This actor's own stream of random numbers for one purpose (see `Kernel.random`)."""
        return self._kernel.random(self.address, purpose)

    def key(self, purpose: str, name: str) -> int:
        """A 64-bit key for this actor, purpose and name, the same at each call (`simbridge.base.rng`)."""
        return rng.key(self._kernel.seed, self.address, purpose, name)

    def sender_later(self) -> Callable[..., None]:
        """`Kernel.send`, for what is to be sent after this turn is over (a coroutine's answer)."""
        return self._kernel.send

    def clock(self) -> Callable[[], int]:
        """The clock, for what outlives this turn: a function that tells the instant it is called at."""
        kernel = self._kernel
        return lambda: kernel.now

    def start(
        self,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        raised: Callable[[BaseException], None],
        within_us: int | None = None,
    ) -> None:
        """Start a coroutine of this actor's; it runs at once, up to where it first waits.

        The actor has done everything else by then: what the coroutine raises ends the run (`fail`).
        """
        host = self._kernel.host
        if host is None:
            raise SimbridgeError(f"{self.address}: nobody runs async handlers in this world")
        self._kernel.guests_moved = True
        try:
            host.start(self.address, self.sequence, function, done, raised, within_us)
        except BaseException as error:
            self.fail(error, "a start of async code" if from_a_signal(error) else "")

    def fail(self, error: BaseException, broken: str = "") -> None:
        """End the run with this error once this message has been handled; the actor carries on.

        `broken`: what was broken off half-way, if anything was; then the world does not go on.
        """
        self._kernel.fail(error)
        if broken:
            self._kernel.broke(broken, error)

    def undo(self, error: BaseException, cause: BaseException | None = None) -> BaseException:
        """Return the error, to be raised by an actor that has not changed or sent anything yet.

        The message goes back to where it was, without a record, and is delivered again if the world
        goes on: `raise turn.undo(HandlerFailed(...), error) from error`. Where the user's code that
        raised `cause` has called the world before, or was broken off by a signal, nothing can be undone,
        and the world does not go on.
        """
        kernel = self._kernel
        called = any(
            entries and entries[-1][2] == self.sequence for entries in (kernel.trace, self._ready)
        )
        if not called and not from_a_signal(cause or error):
            kernel._undone = error
        return error

    def warn(self, warning: Warning) -> None:
        """Warn the user; where warnings are errors, that ends the run after this message."""
        try:
            warnings.warn(warning, stacklevel=2)
        except Warning as error:
            self.fail(error)

    def stop(self) -> None:
        """Leave: nobody lives at this address any more."""
        self._kernel.actors.pop(self.address, None)


@final
class Kernel:
    """One queue of messages and the clock they move.

    `populate(address, message)` is asked for an actor when a message is due at an address where
    nobody lives; it is how a world creates actors, and the only place that can.
    `burst` is how many messages at one instant raise the suspicion that they go round in a circle
    (`runaway.LivelockDetector`). `trace_filter` says what the trace leaves out.
    """

    def __init__(
        self,
        seed: int,
        start: int,
        populate: Callable[[str, Any], Actor | None],
        burst: int = 100_000,
        trace_filter: TraceFilter = FULL,
    ) -> None:
        self.seed = seed
        self.now = start
        self.sequence = 0
        self.burst = burst
        self.populate = populate
        self.actors: dict[str, Actor] = {}
        self.shared: dict[str, Any] = {}  # plain data that several actors hold
        self.trace: list[Entry] = []
        self.host: Host | None = None
        self.listener: Callable[[list[Record]], None] | None = None
        self.running = False
        self._ready: deque[Entry] = deque()
        self._times: list[int] = []
        self._calendar: dict[int, Entry | list[Entry]] = {}
        self._streams: dict[tuple[str, str], random.Random] = {}
        self._livelock = LivelockDetector(burst)
        self._filter = trace_filter
        self._root_call = 0
        self._heard = 0
        self._undone: BaseException | None = None
        self._ended: BaseException | None = None
        self._broken = ""
        self.guests_moved = False
        self._build_transient()

    def _build_transient(self) -> None:
        """Make what is no state of a kernel."""
        self._write = self._filter.wrap(self.trace.append)
        self._skipped = self._filter.skipped_types | _UNRECORDED
        self._turn = Turn(self)
        self.exclusive = Exclusive(self._between)

    # -- what the outside may do ------------------------------------------------------------

    def send(self, sender: str, to: str, message: Any, *, after: int = 0, cause: int = 0) -> None:
        """Send a message from outside any actor's turn."""
        if after < 0:
            raise InvalidTime(f"negative delay {after} µs: messages only travel forward in time")
        self.sequence += 1
        entry = (self.now + after, self.sequence, cause, sender, to, message)
        if after:
            self.put_off(self.now + after, entry)
        else:
            self._ready.append(entry)
            if not cause or cause == self._root_call:
                self._livelock.roots += 1

    def send_all(self, sender: str, messages: Iterable[tuple[str, Any]], *, cause: int) -> None:
        """Send several messages, each with its address, from outside any actor's turn, for now."""
        now, sequence, append = self.now, self.sequence, self._ready.append
        for to, message in messages:
            sequence += 1
            append((now, sequence, cause, sender, to, message))
        if cause == self._root_call:
            self._livelock.roots += sequence - self.sequence
        self.sequence = sequence

    def put_off(self, time: int, entry: Entry) -> None:
        """Enter a message that is due later into the calendar."""
        calendar = self._calendar
        others = calendar.get(time)
        if others is None:
            calendar[time] = entry
            heappush(self._times, time)
        elif type(others) is list:
            others.append(entry)
        else:
            calendar[time] = [others, entry]  # type: ignore[list-item]

    def cancel(self, sequence: int) -> None:
        """Take back a message that is not delivered yet (see `Turn.cancel`)."""
        for index, entry in enumerate(self._ready):
            if entry[1] == sequence:
                del self._ready[index]
                return
        for time, entries in self._calendar.items():
            due = entries if type(entries) is list else [entries]
            left = [entry for entry in due if entry[1] != sequence]
            if len(left) == len(due):
                continue
            if left:
                self._calendar[time] = left  # type: ignore[assignment]
            else:
                del self._calendar[time]
                self._times.remove(time)
                heapify(self._times)
            return

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

        Its number is drawn before it runs, so that it is the cause of whatever it sends.
        """
        entry = (self.now, sequence, cause, sender, to, message)
        self.trace.append(entry)
        if self._livelock.watched is not None:
            self._livelock.watched[sequence] = entry

    def random(self, address: str, purpose: str) -> random.Random:
        """The stream of random numbers of one address for one purpose.

        Streams are derived from the seed and these two names with a stable hash, so a new actor or
        a new purpose leaves every other stream as it was: what makes two what-if runs comparable.
        """
        stream = self._streams.get((address, purpose))
        if stream is None:
            key = f"{self.seed}\0{address}\0{purpose}".encode()
            digest = hashlib.blake2b(key, digest_size=16).digest()
            stream = self._streams[address, purpose] = random.Random(int.from_bytes(digest))
        return stream

    @property
    def turn(self) -> Turn | None:
        """The turn in progress, when an actor is at work."""
        return self._turn if self._turn.sequence else None

    # -- time -------------------------------------------------------------------------------

    def run(self, until: int) -> None:
        """Deliver everything due up to and including `until`, then stand at `until`.

        Raises `InvalidTime` when `until` has passed, `Runaway` when an instant does not end, and
        whatever a handler raises; the kernel can go on from there.
        """
        if until < self.now:
            raise InvalidTime(
                f"cannot run until {clock.moment(until)}: it is already {clock.moment(self.now)}"
            )
        if until > clock.LATEST:
            raise InvalidTime("cannot run past the year 9999, the end of the calendar")
        self.advance(until, lambda: False)

    def settle(self) -> None:
        """Deliver everything due at this very instant; time does not move."""
        self.advance(self.now, lambda: False)

    def quiet(self, until: int) -> bool:
        """Whether nothing is due up to `until`, so that running until then runs nobody's code."""
        if self._ready or self.listener is not None or (self._times and self._times[0] <= until):
            return False
        wake = self.host.deadline() if self.host is not None else None
        return wake is None or wake > until

    def step(self) -> Record | None:
        """Deliver the next message, moving time if need be; None when nothing is left.

        Coroutines that are due before it are woken on the way, as in `run`.
        """
        self._enter()
        try:
            record = self._step()
            self._act()
            return record
        finally:
            self._leave()

    def _step(self) -> Record | None:
        host = self.host
        while not self._ready:
            wake = host.deadline() if host else None
            due = self._times[0] if self._times else clock.LATEST
            if host and wake is not None and wake <= clock.LATEST and wake < due:
                self._set_time(wake)
                host.wake()
            elif not self._next_instant(clock.LATEST):
                return None
        entry = self._ready[0]
        self._drain(self.now, 1)
        return Record._make(entry)

    def advance(self, until: int, done: Callable[[], bool]) -> bool:
        """Run until `until` or until `done()`, asked whenever the host has had its turn.

        Returns whether `done()` ended it. If not, the clock stands at `until`, except where that is
        the end of the calendar: then it stands where the last thing happened.
        """
        self._enter()
        try:
            ended = self._advance(until, done)
            self._act()
            return ended
        finally:
            self._leave()

    def _advance(self, until: int, done: Callable[[], bool]) -> bool:
        host = self.host
        while not done():
            wake = host.deadline() if host else None
            limit = until if wake is None or wake > until else wake
            if not self._drain(limit):
                continue  # a coroutine was started: it may want to be woken sooner
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
        """Something was left half-done, which nobody can mend: this world does not go on."""
        self._broken = self._broken or f"{what} was broken off by {type(error).__name__}"

    def check(self) -> None:
        """Raise `SimbridgeError` in a world that was left half-done."""
        if self._broken:
            raise SimbridgeError(
                f"this world cannot go on: {self._broken}, so its state is half-changed. What its "
                "trace has can still be read; run the scenario again in a new world, or go on from a "
                "fork that was made before"
            )

    def hold(self) -> Exclusive:
        """For `with`: change the world from outside of any actor, alone (`simbridge.kernel.exclusive`).

        Raises `SimbridgeError` while it runs in another thread, and where it was left half-done.
        """
        self.check()
        return self.exclusive

    def _between(self, act: Callable[[], None]) -> None:
        """Have `act`, which raises, called after the message in hand. A world at rest has none."""
        if self.running:
            self._ready.appendleft((self.now, 0, 0, OUTSIDE, "", _Between(act)))

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
            self._drop_acts()
            self._turn.sequence = 0
            self._turn.address = OUTSIDE
            self.listen()
        finally:
            self.running = False
            self.exclusive.end_run()
            self.exclusive.__exit__()

    def _act(self) -> None:
        """Do what was to be done after the last message of this run."""
        if self._ready and type(self._ready[0][5]) is _Between:
            self._ready.popleft()[5].act()

    def _drop_acts(self) -> None:
        """One error ends a run; others that wait would end the next one."""
        while self._ready and type(self._ready[0][5]) is _Between:
            self._ready.popleft()

    def listen(self) -> None:
        """Tell the listener, if there is one, what has been recorded since it last heard."""
        if self.listener is not None and self._heard < len(self.trace):
            news = self.trace[self._heard :]
            self._heard = len(self.trace)
            self.listener(list(map(Record._make, news)))

    def _set_time(self, time: int) -> None:
        if time != self.now:
            self.now = self._turn.now = time
            self._livelock.begin(0)

    def _next_instant(self, until: int) -> bool:
        """Move the clock to the next instant that a message is due at, if there is one by `until`."""
        times = self._times
        if not times or times[0] > until:
            return False
        if self.listener is not None:
            self.listen()
        try:
            self.now = self._turn.now = time = heappop(times)
            entries = self._calendar.pop(time)
            if type(entries) is list:
                self._ready.extend(entries)
            else:
                self._ready.append(entries)  # type: ignore[arg-type]
        except BaseException as error:
            self.broke("the step to the next instant", error)
            raise
        livelock = self._livelock  # `begin`, written out
        livelock.roots = len(self._ready)
        livelock.watched = None
        return True

    def _drain(self, until: int, most: int | None = None) -> bool:
        """Deliver everything due up to `until`, or `most` messages: the hot loop of simbridge.

        Returns False when it stopped for a coroutine that was started meanwhile, once the instant
        had gone quiet. Time stands where the last message was delivered. Every `chunk` messages the
        guard is asked whether the instant may go on.
        """
        ready, actors, turn, livelock = self._ready, self.actors, self._turn, self._livelock
        pop = ready.popleft
        chunk = livelock.chunk if most is None else most
        self.guests_moved = False
        entry: Entry | None = None
        try:
            while True:
                record, silent = self._write, self._skipped
                if livelock.watched is not None:
                    record, silent = livelock.watching(record), _UNRECORDED
                left = chunk
                try:
                    while ready and left:
                        left -= 1
                        entry = pop()
                        _, turn.sequence, _, turn.sender, to, message = entry
                        turn.address = to
                        if type(message) not in silent:
                            record(entry)
                        try:
                            actor = actors[to]
                        except KeyError:
                            actor = self._create_actor(to, message)
                        actor.receive(message, turn)
                except BaseException as error:
                    self._stopped(entry, error)
                    raise
                if most is not None:
                    return True
                if ready or self.guests_moved:
                    livelock.check(self.now, chunk - left, self.seed)
                    if not ready:
                        return False
                elif not self._next_instant(until):
                    return True
        finally:
            turn.sequence = 0
            turn.address = OUTSIDE

    def _stopped(self, entry: Entry | None, error: BaseException) -> None:
        """The handling of a message has raised: it is undone, or the world does not go on.

        What ends a run in an orderly way is raised between two messages (`fail`).
        """
        ended, self._ended = self._ended, None
        if error is ended:
            return
        undone, self._undone = self._undone, None
        if entry is None or error is not undone:
            what = f"the handling of {type(entry[5]).__name__} at {entry[4]}" if entry else "a step"
            self.broke(what, error)
            return
        if self.trace and self.trace[-1] is entry:
            self.trace.pop()
        self._ready.appendleft(entry)

    def _create_actor(self, address: str, message: Any) -> Actor:
        if type(message) is _Between:
            return _ACTS
        actor = self.populate(address, message)
        if actor is None:
            raise SimbridgeError(
                f"{type(message).__name__} was sent to {address}, where nobody lives"
            )
        self.actors[address] = actor
        return actor

    # -- state ------------------------------------------------------------------------------

    def fork(self, populate: Callable[[str, Any], Actor | None]) -> Kernel:
        """An independent kernel that continues from here. Messages are shared: they are frozen.

        Raises `SimbridgeError` in the middle of a run: the turn of whoever runs cannot be copied.
        """
        twin = Kernel(self.seed, self.now, populate, self.burst, self._filter)
        twin.sequence = self.sequence
        twin.trace.extend(self.trace)
        twin._heard = len(self.trace)
        twin._ready.extend(self._ready)
        twin._times.extend(self._times)
        for time, entries in self._calendar.items():
            twin._calendar[time] = list(entries) if type(entries) is list else entries
        for key, stream in self._streams.items():
            twin._streams[key] = copy.copy(stream)
        twin._livelock = self._livelock.twin()
        twin._root_call = self._root_call
        # One deepcopy, so that whatever two actors share they still share afterwards.
        twin.actors, twin.shared = copy.deepcopy((self.actors, self.shared))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ("_skipped", "_turn", "_write", "exclusive", "host", "listener", "populate"):
            del state[name]
        state["_undone"] = state["_ended"] = None
        state["_livelock"] = self._livelock.twin()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.host = None
        self.listener = None
        self._build_transient()


def uuid_from(stream: random.Random) -> str:
    """A UUID-shaped id of the next 128 random bits of a stream."""
    return uuid_of(stream.getrandbits(128))


def uuid_of(bits: int) -> str:
    """128 bits in the shape of a UUID. AWS's own do not always carry a version (captured)."""
    digits = bits.to_bytes(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
