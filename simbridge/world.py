"""A world: accounts, regions and stand-ins around one kernel. It wires; it does not act.

This is the only file that knows both planes. The control plane calls nobody: it sends `Configure`
messages. Where such a message arrives at an address without an actor, the kernel asks the world,
which creates the actor that the description calls for (`_populate`). That is the one way in which
anything in the data plane comes into being.
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, final

from simbridge import arn as arns
from simbridge import clock
from simbridge.actors.archive import ArchiveActor, Counting
from simbridge.actors.bus import EventBusActor
from simbridge.actors.delivery import DeliveryActor
from simbridge.actors.replay import Pace, ReplayActor
from simbridge.actors.scheduler import SchedulerActor
from simbridge.actors.target import Nowhere, StandIn, body_of
from simbridge.api.model import Answered, intercepted, make_client
from simbridge.api.plane import ControlPlane
from simbridge.api.reports import Reception
from simbridge.archive import ArchiveHandle
from simbridge.clock import DateTime, Instant
from simbridge.errors import NotSimulated, SimbridgeError
from simbridge.hosts import guest
from simbridge.kernel import OUTSIDE, Actor, Kernel, Record
from simbridge.limits import Limits, limits_with
from simbridge.messages import Configure
from simbridge.resources import Archive, EventBus, Replay, Schedule, Target
from simbridge.trace import Trace

__all__ = ["StandInHandle", "World"]

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")

_acting: ContextVar[World | None] = ContextVar("simbridge_acting", default=None)
"""The world that runs at this moment."""


@final
class World:
    """A simulated AWS with EventBridge in it, on a clock of its own.

    `seed` decides everything that is left to chance. `start` is the first instant. `account` and
    `region` are where clients and stand-ins are by default. `stand_ins="auto"` puts a stand-in at
    every target ARN that nobody lives at; `"strict"` lets such deliveries fail, as AWS does.
    `limits` overrides quotas by name (`simbridge.limits`). `rate_first_fires` says when the schedule
    `rate(...)` of a rule fires for the first time: "at once", when the rule is created or enabled, or
    "after one period"; what AWS does is not certain. `backend` is the library that `async def`
    handlers are run by.

    Raises `SimbridgeError` for a value that cannot be, `InvalidTime` for a naive `start`.
    """

    def __init__(
        self,
        seed: int = 0,
        start: Instant = "2026-01-01T00:00:00Z",
        *,
        account: str = "123456789012",
        region: str = "us-east-1",
        stand_ins: Literal["strict", "auto"] = "strict",
        limits: Mapping[str, int] | None = None,
        profile: Literal["ideal", "aws"] = "ideal",
        rate_first_fires: Literal["at once", "after one period"] = "at once",
        backend: str = "asyncio",
    ) -> None:
        if not isinstance(seed, int):
            raise SimbridgeError(f"a seed is a whole number, not {seed!r}")
        if stand_ins not in ("strict", "auto"):
            raise SimbridgeError(f"stand_ins is 'strict' or 'auto', not {stand_ins!r}")
        if profile == "aws":
            raise NotSimulated("profile='aws' is not simulated by this version: use 'ideal'")
        if profile != "ideal":
            raise SimbridgeError(f"profile is 'ideal' or 'aws', not {profile!r}")
        if rate_first_fires not in ("at once", "after one period"):
            raise SimbridgeError(
                f"rate_first_fires is 'at once' or 'after one period', not {rate_first_fires!r}"
            )
        guest.check_backend(backend)
        self.account, self.region = _checked_account(account), _checked_region(region)
        self.backend = backend
        self._auto = stand_ins == "auto"
        self._rate_fires_at_once = rate_first_fires == "at once"
        numbers = limits_with(limits)
        begin = clock.instant(start)
        self._kernel = Kernel(seed, begin, self._populate, numbers["messages_per_instant"])
        self._plane = ControlPlane(self._kernel, numbers)
        self._kernel.host = _LazyHost(self)
        self._clients: dict[tuple[str, str], Any] = {}
        self._family = object()
        self._plane.store(self.account, self.region)

    # -- clients ----------------------------------------------------------------------------

    def client(
        self, service: str = "events", *, account: str | None = None, region: str | None = None
    ) -> Any:
        """A genuine boto3 client of EventBridge, served in process by this world."""
        if service != "events":
            raise NotSimulated(f"simbridge serves 'events', not {service!r}: use moto beside it")
        account = _checked_account(account or self.account)
        region = _checked_region(region or self.region)
        key = (account, region)
        if key not in self._clients:
            self._clients[key] = make_client(self._answer_for(account), region)
        return self._clients[key]

    @contextmanager
    def intercept(self) -> Iterator[None]:
        """Serve every boto3 `events` client of this process, whoever made it, by this world."""
        with intercepted(self._answer_for(self.account)):
            yield

    def _answer_for(self, account: str) -> Callable[[str, bytes, str], Answered]:
        def answer(operation: str, body: bytes, region: str) -> Answered:
            world = self._addressed()
            sender, cause = world._caller()
            return world._plane.answer(
                operation, body, account=account, region=region, sender=sender, cause=cause
            )

        return answer

    def _addressed(self) -> World:
        """Whom a client of this world talks to: a fork, where a handler that it has kept runs there."""
        acting = _acting.get()
        return acting if acting is not None and acting._family is self._family else self

    def _caller(self) -> tuple[str, int]:
        turn = self._kernel.turn
        if turn is not None:
            return turn.address, turn.sequence
        return guest.current() or (OUTSIDE, 0)

    # -- stand-ins --------------------------------------------------------------------------

    def queue(self, name: str) -> StandInHandle:
        """A stand-in for an SQS queue of this name."""
        return self.stand_in(self._arn("sqs", name))

    def function(self, name: str, handler: Callable[[Any], Any] | None = None) -> StandInHandle:
        """A stand-in for a Lambda function. `handler(event)` may be `def` or `async def`."""
        return self.stand_in(self._arn("lambda", f"function:{name}"), handler)

    def stand_in(self, arn: str, handler: Callable[[Any], Any] | None = None) -> StandInHandle:
        """A stand-in at any target ARN. Asked again for the same ARN, it is the same stand-in."""
        arns.parse(arn)
        actor = self._kernel.actors.get(arn)
        if actor is None:
            actor = self._kernel.actors[arn] = StandIn(handler)
        elif not isinstance(actor, StandIn):
            raise SimbridgeError(f"{arn} is simulated itself and needs no stand-in")
        elif handler is not None and handler is not actor.handler:
            if actor.handler is not None:
                raise SimbridgeError(f"{arn} has a handler already: make each function once")
            actor.handler = handler
        return StandInHandle(self, arn)

    # -- archives ---------------------------------------------------------------------------

    def archive(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> ArchiveHandle:
        """What an archive of this world holds, and the way to load real events into it.

        Raises `SimbridgeError` when no `create_archive` has made it.
        """
        account = _checked_account(account or self.account)
        region = _checked_region(region or self.region)
        entry = self._plane.store(account, region).archives.get(name)
        if entry is None:
            raise SimbridgeError(
                f"there is no archive {name!r} in {region} of account {account}: make it first, with "
                'world.client("events").create_archive(...)'
            )
        late_us = self._plane.limits["control_plane_delay_us"]
        actor = self._archive_actor(entry.archive.arn)
        return ArchiveHandle(self._kernel, self._caller, entry.archive, actor, late_us)

    def _archive_actor(self, arn: str) -> ArchiveActor:
        """Who lives at the ARN of an archive; it may be asked for before it has been told so."""
        actor = self._kernel.actors.get(arn)
        if actor is None:
            limits = self._plane.limits
            actor = ArchiveActor(_counting(limits), limits["archive_memory_bytes"])
            self._kernel.actors[arn] = actor
        assert isinstance(actor, ArchiveActor)
        return actor

    def _arn(self, service: str, resource: str) -> str:
        partition = arns.partition_of(self.region)
        return f"arn:{partition}:{service}:{self.region}:{self.account}:{resource}"

    def _populate(self, address: str, message: Any) -> Actor | None:
        if address.startswith("api:"):
            _, region, account = address.split(":")
            return Reception(self._plane.store(account, region))
        if isinstance(message, Configure):
            if isinstance(message.resource, Archive):
                return self._archive_actor(address)
            if isinstance(message.resource, Replay):
                archive = self._archive_actor(message.resource.archive_arn)
                return ReplayActor(_pace(self._plane.limits), archive)
            return _ACTORS[type(message.resource)](self)
        if self._auto and address.startswith("arn:") and not arns.is_event_bus(arns.parse(address)):
            return StandIn()
        return Nowhere()

    # -- time -------------------------------------------------------------------------------

    @property
    def now(self) -> DateTime:
        """The current instant of this world, in UTC."""
        return clock.moment(self._kernel.now)

    @property
    def seed(self) -> int:
        """What decides everything that is left to chance."""
        return self._kernel.seed

    def run(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        until: Instant | None = None,
    ) -> None:
        """Let time pass and fire everything due on the way, in order.

        Raises `InvalidTime` when time would run backwards, `Runaway` when events go round in a
        circle, `HandlerFailed` when a handler of yours raises.
        """
        span = clock.span(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if until is not None and span:
            raise SimbridgeError("say how long or until when, not both")
        if until is None and not span:
            raise SimbridgeError("say how long (hours=26) or until when; settle() keeps the time")
        end = self._kernel.now + span if until is None else clock.instant(until)
        with self._telling_the_seed():
            self._kernel.run(end)

    def settle(self) -> None:
        """Run what is due at this very instant; time does not move."""
        with self._telling_the_seed():
            self._kernel.settle()

    async def settled(self) -> None:
        """In async code: wait until everything due at this instant has happened."""
        await guest.settled()

    @contextmanager
    def _telling_the_seed(self) -> Iterator[None]:
        if guest.current() is not None:
            raise SimbridgeError(
                "world.run and world.settle are for synchronous code; in an async story or handler "
                "time passes with: await anyio.sleep(seconds), and what is due now happens with: "
                "await world.settled()"
            )
        before = _acting.set(self)
        try:
            yield
        except BaseException as error:
            self.annotate(error)
            raise
        finally:
            _acting.reset(before)
        host = self._kernel.host
        assert isinstance(host, _LazyHost)
        host.rest()

    def annotate(self, error: BaseException) -> None:
        """Note seed and virtual time on an exception, so that its report says how to repeat it."""
        note = f"simbridge: seed={self.seed}, virtual time {clock.iso_micros(self._kernel.now)}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)

    # -- what happened ----------------------------------------------------------------------

    @property
    def trace(self) -> Trace:
        """Everything that happened so far."""
        return Trace(self._kernel.trace)

    @contextmanager
    def listening(self, listener: Callable[[list[Record]], None]) -> Iterator[None]:
        """Give `listener` the records as they come, instant by instant, for a `with` block."""
        kernel = self._kernel
        if kernel.listener is not None:
            raise SimbridgeError("somebody is listening to this world already")
        kernel.listener = listener
        try:
            yield
        finally:
            kernel.listen()
            kernel.listener = None

    def fork(self) -> World:
        """An independent world that continues from here, with the same future.

        Handlers go along. What they put through a client of this world goes to the world that runs
        them; whatever else they hold (a list, a stand-in) they share.
        Raises `SimbridgeError` while an async handler or story is under way: a half-run coroutine
        cannot be copied.
        """
        self._refuse_guests("fork")
        # Not `copy.copy`: it goes through `__setstate__`, which would give the kernel of this world
        # to the twin.
        twin = World.__new__(World)
        twin.__dict__.update(self.__dict__)
        twin._clients = {}
        twin._kernel = self._kernel.fork(twin._populate)
        twin._plane = ControlPlane(twin._kernel, self._plane.limits)
        twin._plane.stores = copy.deepcopy(self._plane.stores)
        twin._kernel.host = _LazyHost(twin)
        return twin

    def close(self) -> None:
        """Cancel async handlers that are still under way. A closed world can still be read."""
        host = self._kernel.host
        if isinstance(host, _LazyHost):
            host.close()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        self._refuse_guests("pickle")
        return {**self.__dict__, "_clients": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._kernel.populate = self._populate
        self._kernel.host = _LazyHost(self)

    def __repr__(self) -> str:
        return f"<World seed={self.seed} now={self.now} records={len(self._kernel.trace):,}>"

    def _refuse_guests(self, what: str) -> None:
        host = self._kernel.host
        if isinstance(host, _LazyHost) and host.busy:
            raise SimbridgeError(f"cannot {what} a world while async code of yours is under way")


# What lives at an address that is told for the first time what it is.
_ACTORS: dict[type, Callable[[World], Actor]] = {
    EventBus: lambda world: EventBusActor(),
    Target: lambda world: DeliveryActor(),
    Schedule: lambda world: SchedulerActor(
        rate_fires_at_once=world._rate_fires_at_once,
        lateness_us=world._plane.limits["schedule_lateness_us"],
    ),
}


@final
class StandInHandle:
    """What a scenario holds of a stand-in: its ARN, and what it has received."""

    def __init__(self, world: World, arn: str) -> None:
        self._world = world
        self.arn = arn

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def received(self) -> list[Any]:
        """The events it was sent, as Python objects, in the order they arrived."""
        return [guest.decoded(text) for text in self.messages]

    @property
    def messages(self) -> list[str]:
        """The bodies it was sent, as text, in the order they arrived."""
        actor = self._world._kernel.actors[self.arn]
        assert isinstance(actor, StandIn)
        return [body_of(message) for message in actor.received]

    def __repr__(self) -> str:
        return f"<stand-in {self.arn}>"


@final
class _LazyHost:
    """The async host of a world, made when the first coroutine is started."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine: guest.Engine | None = None

    @property
    def busy(self) -> bool:
        return self._engine is not None and self._engine.busy

    def start(
        self, address: str, cause: int, function: Callable[[], Any], done: Callable[[Any], None]
    ) -> None:
        if self._engine is None:
            self._engine = guest.make_engine(self._world.backend, self._world._kernel)
        self._engine.start(address, cause, function, done)

    def deadline(self) -> int | None:
        return self._engine.deadline() if self._engine is not None else None

    def wake(self) -> None:
        assert self._engine is not None
        self._engine.wake()

    def rest(self) -> None:
        """Between two runs an engine without guests is put away: it may hold files open."""
        if not self.busy:
            self.close()

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def run_story(world: World, story: Callable[[World], Any]) -> Any:
    """Run an async story of this world to its end; returns what it returned. See `simbridge.run`."""
    ended: list[Any] = []
    _run_guest(world, lambda: story(world), ended.append, lambda: bool(ended))
    world.settle()
    return ended[0]


@contextmanager
def kept_open(world: World, generator: AsyncGenerator[Any, None]) -> Iterator[Any]:
    """An async generator run up to its one `yield`, and after the `with` block on to its end."""
    kept = guest.KeptOpen(generator)
    _run_guest(world, kept.hold, lambda _: None, lambda: bool(kept.yielded))
    try:
        yield kept.yielded[0]
    finally:
        run_story(world, lambda _: kept.end())


def _run_guest(
    world: World,
    function: Callable[[], Any],
    done: Callable[[Any], None],
    finished: Callable[[], bool],
) -> None:
    """Start a guest in the story's name and let time pass until `finished()`."""
    host = world._kernel.host
    assert isinstance(host, _LazyHost)
    before = _acting.set(world)
    try:
        host.start(OUTSIDE, 0, function, done)
        if not world._kernel.advance(clock.LATEST, finished):
            raise guest.stalled(world._kernel)
    except BaseException as error:
        world.annotate(error)
        host.close()
        raise
    finally:
        _acting.reset(before)
    host.rest()


def _counting(limits: Limits) -> Counting:
    """When archives count and remove their events."""
    names = ("archive_count_lag_s", "archive_batch_s", "archive_sweep_s", "archive_replay_lag_s")
    return Counting(*(limits[name] * clock.SECOND for name in names))


def _pace(limits: Limits) -> Pace:
    """How fast replays go."""
    return Pace(
        starting_us=limits["replay_starting_s"] * clock.SECOND,
        cancelling_us=limits["replay_cancelling_s"] * clock.SECOND,
        bucket_us=limits["replay_bucket_us"],
        empty_bucket_us=limits["replay_empty_bucket_us"],
        events_per_second=limits["replay_events_per_second"],
        shuffled=limits["replay_shuffled"] > 0,
    )


def _checked_account(account: str) -> str:
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise SimbridgeError(f"an account is twelve digits as text, not {account!r}")
    return sys.intern(account)


def _checked_region(region: str) -> str:
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise SimbridgeError(f"a region looks like 'us-east-1', not {region!r}")
    return sys.intern(region)
