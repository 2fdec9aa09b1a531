"""A world: accounts, regions and stand-ins around one kernel. It wires; it does not act.

This is the only file that knows both planes. The control plane calls nobody: it sends `Configure`
messages. Where such a message arrives at an address without an actor, the kernel asks the world,
which creates the actor that the description calls for (`_populate`). That is the one way in which
anything in the data plane comes into being.
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, final, overload

from simbridge import arn as arns
from simbridge import clock
from simbridge.actors.bus import EventBusActor
from simbridge.actors.delivery import DeliveryActor, Policy
from simbridge.actors.function import Asynchronous, Handler, Runner
from simbridge.actors.scheduler import SchedulerActor
from simbridge.actors.target import Nowhere, StandIn
from simbridge.api.model import Answered, intercepted, make_client
from simbridge.api.plane import ControlPlane
from simbridge.backoff import DEFAULT, Backoff
from simbridge.behaviour import Slow, share
from simbridge.bucket import Bucket
from simbridge.clock import DateTime, Duration, Instant
from simbridge.errors import NotSimulated, SimbridgeError
from simbridge.hosts import guest
from simbridge.kernel import OUTSIDE, Actor, Kernel, Record
from simbridge.limits import PROFILES, limits_with, rate_of
from simbridge.messages import Configure
from simbridge.resources import EventBus, Schedule, Target
from simbridge.stand_ins import Queue, StandInHandle, outage
from simbridge.trace import Trace, thinned
from simbridge.trace.metrics import Metrics, Series

__all__ = ["World", "kept_open", "run_story"]

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
    `profile="aws"` adds latency, duplicates, late changes and quotas per second, `"ideal"` has none
    of them; both are sets of `limits`, which overrides any number by name (`simbridge.limits`).
    `rate_first_fires` says when the schedule `rate(...)` of a rule fires for the first time: "at once",
    when the rule is created or enabled, or "after one period"; what AWS does is not certain.
    `backoff` is the curve of retries (`simbridge.backoff`). `trace="outcomes"` leaves single attempts
    out of the trace. `backend` is the library that `async def` handlers are run by.

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
        backoff: Backoff = DEFAULT,
        trace: Literal["full", "outcomes"] = "full",
        rate_first_fires: Literal["at once", "after one period"] = "at once",
        backend: str = "asyncio",
    ) -> None:
        if not isinstance(seed, int):
            raise SimbridgeError(f"a seed is a whole number, not {seed!r}")
        if stand_ins not in ("strict", "auto"):
            raise SimbridgeError(f"stand_ins is 'strict' or 'auto', not {stand_ins!r}")
        if profile not in PROFILES:
            raise SimbridgeError(f"profile is {' or '.join(map(repr, PROFILES))}, not {profile!r}")
        if trace not in ("full", "outcomes"):
            raise SimbridgeError(f"trace is 'full' or 'outcomes', not {trace!r}")
        if rate_first_fires not in ("at once", "after one period"):
            raise SimbridgeError(
                f"rate_first_fires is 'at once' or 'after one period', not {rate_first_fires!r}"
            )
        if not callable(getattr(backoff, "delay_us", None)):
            raise SimbridgeError(
                "a backoff has a method delay_us(retry, luck): see simbridge.backoff"
            )
        guest.check_backend(backend)
        self.account, self.region = _checked_account(account), _checked_region(region)
        self.backend = backend
        self._auto = stand_ins == "auto"
        numbers = limits_with(PROFILES[profile], limits)
        self._backoff = backoff
        self._latency = _latency(numbers)
        self._duplicates = share(numbers["duplicates_per_million"] / 1_000_000)
        self._rate_fires_at_once = rate_first_fires == "at once"
        begin = clock.instant(start)
        self._thin = trace == "outcomes"
        thin = thinned if self._thin else None
        self._kernel = Kernel(seed, begin, self._populate, numbers["messages_per_instant"], thin)
        self._plane = ControlPlane(self._kernel, numbers)
        self._kernel.host = guest.OnDemand(self.backend, self._kernel)
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

    def queue(self, name: str, *, content_based_deduplication: bool = True) -> Queue:
        """A stand-in for an SQS queue of this name.

        A FIFO queue (its name ends in `.fifo`) takes events only with content-based deduplication.
        """
        arn = self._arn("sqs", name)
        actor = self._stand_in(arn)
        if not content_based_deduplication:
            if not name.endswith(".fifo"):
                raise SimbridgeError(
                    f"{name!r} is no FIFO queue and has no deduplication: end its name in '.fifo'"
                )
            actor.content_based_deduplication = False
        return Queue(self._kernel, self._caller, arn)

    def function(
        self,
        name: str,
        handler: Handler | None = None,
        *,
        retries: int = 2,
        event_age: Duration = "6h",
        on_failure: str | None = None,
        on_success: str | None = None,
    ) -> StandInHandle:
        """A stand-in for a Lambda function. `handler(event)` may be `def` or `async def`.

        A handler that raises does not fail the delivery: as on AWS, Lambda has accepted the event,
        runs the function again after one and two minutes, within `retries` and `event_age`, and then
        sends a record to `on_failure`, the ARN of a queue, a topic or an event bus (`on_success`
        likewise). An `AssertionError` is a check of yours and ends the run.
        """
        if retries not in (0, 1, 2):
            raise SimbridgeError(f"Lambda retries 0, 1 or 2 times, not {retries!r}")
        for destination in (on_failure, on_success):
            _check_destination(destination)
        age_us = clock.duration(event_age)
        if not 60 * clock.SECOND <= age_us <= Asynchronous().age_us:
            raise SimbridgeError(f"Lambda keeps an event for 60 s to 6 h, not {event_age!r}")
        lambda_ = Asynchronous(retries, age_us, on_failure, on_success)
        return self.stand_in(self._arn("lambda", f"function:{name}"), handler, lambda_=lambda_)

    def stand_in(
        self, arn: str, handler: Handler | None = None, *, lambda_: Asynchronous | None = None
    ) -> StandInHandle:
        """A stand-in at any target ARN. Asked again for the same ARN, it is the same stand-in.

        `handler(event)` is called with what the target receives; what it raises ends the run, unless
        the target is a Lambda function (`function`).
        """
        actor = self._stand_in(arn)
        if handler is not None:
            if lambda_ is None and arns.parse(arn).service == "lambda":
                lambda_ = Asynchronous()
            if actor.runner is None:
                actor.runner = Runner(handler, lambda_)
            elif actor.runner.handler is not handler:
                raise SimbridgeError(f"{arn} has a handler already: make each function once")
        return StandInHandle(self._kernel, self._caller, arn)

    def _stand_in(self, arn: str) -> StandIn:
        arns.parse(arn)
        actor = self._kernel.actors.get(arn)
        if actor is None:
            actor = self._kernel.actors[arn] = StandIn()
        elif not isinstance(actor, StandIn):
            raise SimbridgeError(f"{arn} is simulated itself and needs no stand-in")
        return actor

    def api_fails(
        self,
        operation: str,
        error: str,
        *,
        rate: float = 1.0,
        from_: Instant | None = None,
        for_: Duration | None = None,
        text: str = "",
    ) -> None:
        """Let calls of an operation fail, in all accounts and regions.

        `error` is the code the client gets ("InternalException", "ThrottlingException", ...); the
        rest is as in `StandInHandle.fails`. The client does not try again by itself: botocore's
        retries would wait in real time. Raises `SimbridgeError` for an unknown operation.
        """
        fails = outage(self._kernel.now, error, rate, from_, for_, text, operation)
        self._plane.fails(fails, *self._caller())

    def _arn(self, service: str, resource: str) -> str:
        partition = arns.partition_of(self.region)
        return f"arn:{partition}:{service}:{self.region}:{self.account}:{resource}"

    def _populate(self, address: str, message: Any) -> Actor | None:
        if isinstance(message, Configure):
            return _ACTORS[type(message.resource)](self, message.resource)
        if self._auto and address.startswith("arn:") and not arns.is_event_bus(arns.parse(address)):
            return StandIn()
        return Nowhere()

    def _policy(self, rule: arns.Arn) -> Policy:
        """What holds for the deliveries of an account and region; they share one quota."""
        limits, shared = self._plane.limits, self._kernel.shared
        key = f"deliveries:{rule.region}:{rule.account}"
        if key not in shared:
            rate = rate_of("invocations_per_second", rule.region, limits)
            quota = Bucket(rate) if rate else None
            shared[key] = Policy(
                limits["retry_attempts"],
                limits["event_age_s"],
                self._backoff,
                quota,
                self._latency,
            )
        policy: Policy = shared[key]
        return policy

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
        assert isinstance(host, guest.OnDemand)
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

    @overload
    def metrics(
        self,
        name: None = None,
        *,
        account: str | None = None,
        region: str | None = None,
        period: Duration = "1m",
    ) -> Metrics: ...
    @overload
    def metrics(
        self,
        name: str,
        *,
        rule: str | None = None,
        bus: str | None = None,
        account: str | None = None,
        region: str | None = None,
        period: Duration = "1m",
    ) -> Series: ...
    def metrics(
        self,
        name: str | None = None,
        *,
        rule: str | None = None,
        bus: str | None = None,
        account: str | None = None,
        region: str | None = None,
        period: Duration = "1m",
    ) -> Metrics | Series:
        """What CloudWatch would show: all metrics of an account and region, or the one called `name`.

        `rule` and `bus` name the dimensions of one metric; without them it is the whole account's.
        Datapoints are a `period` apart, a multiple of a minute. See `simbridge.trace.metrics`.
        Raises `SimbridgeError` for a metric that does not exist, or not with these dimensions, and in
        a world with `trace="outcomes"` for one that counts single attempts.
        """
        if name is None and (rule is not None or bus is not None):
            raise SimbridgeError(
                "name the metric whose rule or bus you ask for: metrics('Invocations', ...)"
            )
        account = _checked_account(account or self.account)
        region = _checked_region(region or self.region)
        found = Metrics.of(
            self.trace,
            account=account,
            region=region,
            period=period,
            attempts_missing=self._thin,
        )
        return found if name is None else found.series(name, rule=rule, bus=bus)

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
        twin = World.__new__(World)  # `copy.copy` would unpickle, which takes the kernel over
        twin.__dict__.update(self.__dict__, _clients={})
        twin._kernel = self._kernel.fork(twin._populate)
        twin._plane = self._plane.fork(twin._kernel)
        twin._kernel.host = guest.OnDemand(twin.backend, twin._kernel)
        return twin

    def close(self) -> None:
        """Cancel async handlers that are still under way. A closed world can still be read."""
        host = self._kernel.host
        if isinstance(host, guest.OnDemand):
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
        self._kernel.host = guest.OnDemand(self.backend, self._kernel)

    def __repr__(self) -> str:
        return f"<World seed={self.seed} now={self.now} records={len(self._kernel.trace):,}>"

    def _refuse_guests(self, what: str) -> None:
        host = self._kernel.host
        if isinstance(host, guest.OnDemand) and host.busy:
            raise SimbridgeError(f"cannot {what} a world while async code of yours is under way")


# What lives at an address that is told for the first time what it is.
_ACTORS: dict[type, Callable[[World, Any], Actor]] = {
    EventBus: lambda world, bus: EventBusActor(world._duplicates),
    Target: lambda world, target: DeliveryActor(world._policy(arns.parse(target.rule_arn))),
    Schedule: lambda world, schedule: SchedulerActor(
        rate_fires_at_once=world._rate_fires_at_once,
        lateness_us=world._plane.limits["schedule_lateness_us"],
    ),
}


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
    assert isinstance(host, guest.OnDemand)
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


def _latency(limits: Mapping[str, int]) -> Slow | None:
    """How long after their ingestion events are first attempted, if that takes time."""
    median, p99 = limits["delivery_latency_median_us"], limits["delivery_latency_p99_us"]
    if not median and not p99:
        return None
    if not 0 < median <= p99:
        raise SimbridgeError(
            "delivery_latency_median_us is above zero and delivery_latency_p99_us not below it"
        )
    return Slow(median, p99)


def _check_destination(arn: str | None) -> None:
    if arn is not None and arns.parse(arn).service not in ("sqs", "sns", "events"):
        raise SimbridgeError(
            f"a destination is a queue, a topic or an event bus in this version, not {arn}"
        )


def _checked_account(account: str) -> str:
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise SimbridgeError(f"an account is twelve digits as text, not {account!r}")
    return sys.intern(account)


def _checked_region(region: str) -> str:
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise SimbridgeError(f"a region looks like 'us-east-1', not {region!r}")
    return sys.intern(region)
