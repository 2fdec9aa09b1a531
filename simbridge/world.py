"""A world: accounts, regions and stand-ins around one kernel. It wires; it does not act.

Only this file and `population` know both planes. The control plane calls nobody: it sends `Configure`
messages. Where such a message arrives at an address without an actor, the kernel asks the population,
which makes the actor that the description calls for. That is the one way in which anything in the data
plane comes into being.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, TypeVar, final, overload

from simbridge import arn as arns
from simbridge import clock, given
from simbridge.actors.fifo import FifoQueue, dweller, stand_in_of
from simbridge.actors.function import Asynchronous, Handler, Runner
from simbridge.actors.target import StandIn
from simbridge.api.model import Answered, intercepted, make_client
from simbridge.api.plane import ControlPlane
from simbridge.archive import ArchiveHandle
from simbridge.backoff import DEFAULT, Backoff, check_backoff
from simbridge.clock import DateTime, Duration, Instant
from simbridge.errors import NotSimulated, SimbridgeError
from simbridge.hosts import guest
from simbridge.kernel import FULL, OUTSIDE, Kernel, Record
from simbridge.limits import PROFILES, limits_with
from simbridge.population import Customs, Population
from simbridge.stand_ins import Queue, StandInHandle, outage
from simbridge.trace import OUTCOMES, Trace
from simbridge.trace.metrics import Metrics, Series

__all__ = ["World", "acting"]

_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_QUEUE = re.compile(r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(\.fifo)?")  # Amazon SQS: CreateQueue
_FUNCTION = re.compile(
    r"[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]+))?"
)  # Lambda: CreateFunction

Handle = TypeVar("Handle", bound=StandInHandle)

acting: ContextVar[World | None] = ContextVar("simbridge_acting", default=None)
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
    out of the trace. `organizations` lists the accounts of each AWS organization by its id, for bus
    policies that ask. `backend` is the library that `async def` handlers are run by.

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
        organizations: Mapping[str, Sequence[str]] | None = None,
        backend: str = "asyncio",
    ) -> None:
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise SimbridgeError(f"a seed is a whole number, not {seed!r}")
        if stand_ins not in ("strict", "auto"):
            raise SimbridgeError(f"stand_ins is 'strict' or 'auto', not {stand_ins!r}")
        if not isinstance(profile, str) or profile not in PROFILES:
            raise SimbridgeError(f"profile is {' or '.join(map(repr, PROFILES))}, not {profile!r}")
        if trace not in ("full", "outcomes"):
            raise SimbridgeError(f"trace is 'full' or 'outcomes', not {trace!r}")
        if rate_first_fires not in ("at once", "after one period"):
            raise SimbridgeError(
                f"rate_first_fires is 'at once' or 'after one period', not {rate_first_fires!r}"
            )
        check_backoff(backoff)
        guest.check_backend(backend)
        self.account, self.region = _checked_account(account), _checked_region(region)
        self.backend = backend
        numbers = limits_with(PROFILES[profile], limits)
        members = _members({} if organizations is None else organizations)
        at_once = rate_first_fires == "at once"
        customs = Customs(stand_ins == "auto", backoff, at_once, members)
        self._thin = trace == "outcomes"
        self._population = Population(customs, numbers)
        self._kernel = Kernel(
            seed,
            clock.instant(start),
            self._population.move_in,
            numbers["messages_per_instant"],
            OUTCOMES if self._thin else FULL,
        )
        self._plane = ControlPlane(self._kernel, numbers, members)
        self._population.join(self._kernel, self._plane)
        self._kernel.host = guest.OnDemand(self.backend, self._kernel)
        self._trace = Trace(self._kernel.trace)
        self._handles: dict[tuple[type, str], Any] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._family = object()
        self._plane.store(self.account, self.region)

    # -- clients ----------------------------------------------------------------------------

    def client(
        self, service: str = "events", *, account: str | None = None, region: str | None = None
    ) -> Any:
        """A genuine boto3 client of EventBridge, served in process by this world."""
        if not isinstance(service, str) or service != "events":
            raise NotSimulated(f"simbridge serves 'events', not {service!r}: use moto beside it")
        account = _checked_account(self.account if account is None else account)
        region = _checked_region(self.region if region is None else region)
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
        other = acting.get()
        return other if other is not None and other._family is self._family else self

    def _caller(self) -> tuple[str, int]:
        turn = self._kernel.turn
        if turn is not None:
            return turn.address, turn.sequence
        return guest.current(self._kernel) or (OUTSIDE, 0)

    # -- stand-ins --------------------------------------------------------------------------

    def queue(self, name: str, *, content_based_deduplication: bool = True) -> Queue:
        """A stand-in for an SQS queue of this name.

        A FIFO queue (its name ends in `.fifo`) takes events only with content-based deduplication,
        and then puts no body twice into the queue within five minutes (`actors/fifo`).
        """
        arn = self._arn("sqs", _checked_name(name, _QUEUE, "a queue"))
        if not isinstance(content_based_deduplication, bool):
            raise SimbridgeError(
                f"content_based_deduplication is True or False, not {content_based_deduplication!r}"
            )
        if not content_based_deduplication and not name.endswith(".fifo"):
            raise SimbridgeError(
                f"{name!r} is no FIFO queue and has no deduplication: end its name in '.fifo'"
            )
        self._stand_in(arn)
        actor = self._kernel.actors[arn]
        if isinstance(actor, FifoQueue):
            actor.content_based_deduplication = content_based_deduplication
        return self._handle(Queue, arn)

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
        if type(retries) is not int or retries not in (0, 1, 2):
            raise SimbridgeError(f"Lambda retries 0, 1 or 2 times, not {retries!r}")
        for destination in (on_failure, on_success):
            _check_destination(destination)
        age_us = clock.duration(event_age)
        if not 60 * clock.SECOND <= age_us <= Asynchronous().age_us:
            raise SimbridgeError(f"Lambda keeps an event for 60 s to 6 h, not {event_age!r}")
        lambda_ = Asynchronous(retries, age_us, on_failure, on_success)
        arn = self._arn("lambda", f"function:{_checked_name(name, _FUNCTION, 'a function')}")
        return self.stand_in(arn, handler, lambda_=lambda_)

    def stand_in(
        self, arn: str, handler: Handler | None = None, *, lambda_: Asynchronous | None = None
    ) -> StandInHandle:
        """A stand-in at any target ARN. Asked again for the same ARN, it is the same stand-in.

        `handler(event)` is called with what the target receives; what it raises ends the run, unless
        the target is a Lambda function (`function`).
        """
        if lambda_ is not None and not isinstance(lambda_, Asynchronous):
            raise SimbridgeError(f"lambda_ is for world.function: {lambda_!r} is no Asynchronous")
        actor = self._stand_in(given.text(arn, "the ARN of a stand-in"))
        if handler is not None:
            if not callable(handler):
                raise SimbridgeError(
                    f"a handler is a function that takes an event, not {handler!r}"
                )
            if lambda_ is None and arns.parse(arn).service == "lambda":
                lambda_ = Asynchronous()
            if actor.runner is None:
                actor.runner = Runner(handler, lambda_)
            elif actor.runner.handler is not handler:
                raise SimbridgeError(f"{arn} has a handler already: make each function once")
        return self._handle(StandInHandle, arn)

    def _handle(self, kind: type[Handle], arn: str) -> Handle:
        """The one handle of a stand-in: it keeps what it has read."""
        key = (kind, arn)
        if key not in self._handles:
            self._handles[key] = kind(self._kernel, self._caller, arn)
        handle: Handle = self._handles[key]
        return handle

    def _stand_in(self, arn: str) -> StandIn:
        if arns.is_simulated(arns.parse(arn)):
            raise SimbridgeError(
                f"{arn} is simulated itself and has no stand-in; send to it with client()"
            )
        return stand_in_of(self._kernel.actors.setdefault(arn, dweller(arn)))

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

        `error` is the code the client gets: one that the operation has in the service model, or one
        that any call can meet (`simbridge.api.faults`: "InternalException", "ThrottlingException",
        ...). The rest is as in `StandInHandle.fails`. The client does not try again by itself:
        botocore's retries would wait in real time. Raises `SimbridgeError` for an unknown operation,
        and for an error that it is never answered with.
        """
        fails = outage(self._kernel.now, error, rate, from_, for_, text, operation)
        self._plane.fails(fails, *self._caller())

    # -- archives ---------------------------------------------------------------------------

    def archive(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> ArchiveHandle:
        """What an archive of this world holds, and the way to load real events into it.

        Raises `SimbridgeError` when no `create_archive` has made it.
        """
        account = _checked_account(self.account if account is None else account)
        region = _checked_region(self.region if region is None else region)
        given.text(name, "the name of an archive")
        entry = self._plane.store(account, region).archives.get(name)
        if entry is None:
            raise SimbridgeError(
                f"there is no archive {name!r} in {region} of account {account}: make it first, with "
                'world.client("events").create_archive(...)'
            )
        late_us = self._plane.limits["control_plane_delay_us"]
        actor = self._population.archive(entry.archive.arn)
        return ArchiveHandle(self._kernel, self._caller, entry.archive, actor, late_us)

    def _arn(self, service: str, resource: str) -> str:
        partition = arns.partition_of(self.region)
        return f"arn:{partition}:{service}:{self.region}:{self.account}:{resource}"

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
        days: float | None = None,
        hours: float | None = None,
        minutes: float | None = None,
        seconds: float | None = None,
        until: Instant | None = None,
    ) -> None:
        """Let time pass and fire everything due on the way, in order.

        Say how long, or until when. A span of 0 runs what is due at this instant, as `settle` does.

        Raises `InvalidTime` when time would run backwards, `Runaway` when events go round in a
        circle, `HandlerFailed` when a handler of yours raises.
        """
        asked = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        span = {name: number for name, number in asked.items() if number is not None}
        if until is not None and span:
            raise SimbridgeError("say how long or until when, not both")
        if until is None and not span:
            raise SimbridgeError("say how long (hours=26) or until when; settle() keeps the time")
        end = self._kernel.now + clock.span(**span) if until is None else clock.instant(until)
        with self._telling_the_seed():
            self._kernel.run(end)

    def settle(self) -> None:
        """Run what is due at this very instant; time does not move."""
        with self._telling_the_seed():
            self._kernel.settle()

    async def settled(self) -> None:
        """In async code: wait until everything due at this instant has happened.

        Raises `SimbridgeError` in code that is no story or handler of this world.
        """
        await guest.settled(self._kernel)

    @contextmanager
    def _telling_the_seed(self) -> Iterator[None]:
        if guest.current(self._kernel) is not None:
            raise SimbridgeError(
                "world.run and world.settle are for synchronous code; in an async story or handler "
                "time passes with: await anyio.sleep(seconds), and what is due now happens with: "
                "await world.settled()"
            )
        before = acting.set(self)
        try:
            yield
        except BaseException as error:
            self.annotate(error)
            raise
        finally:
            acting.reset(before)
            self._host.rest()

    @property
    def _host(self) -> guest.OnDemand:
        host = self._kernel.host
        assert isinstance(host, guest.OnDemand)
        return host

    def annotate(self, error: BaseException) -> None:
        """Note seed and virtual time on an exception, so that its report says how to repeat it."""
        if not isinstance(error, BaseException):
            raise SimbridgeError(f"what is annotated is an exception, not {error!r}")
        note = f"simbridge: seed={self.seed}, virtual time {clock.iso_micros(self._kernel.now)}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)

    # -- what happened ----------------------------------------------------------------------

    @property
    def trace(self) -> Trace:
        """Everything that happened so far."""
        return self._trace

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
        function: str | None = None,
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
        function: str | None = None,
        account: str | None = None,
        region: str | None = None,
        period: Duration = "1m",
    ) -> Metrics | Series:
        """What CloudWatch would show: all metrics of an account and region, or the one called `name`.

        `rule`, `bus` and `function` name the dimensions of one metric; without them it is the whole
        account's. Datapoints are a `period` apart, a multiple of a minute. See
        `simbridge.trace.metrics`.
        Raises `SimbridgeError` for a metric that does not exist, or not with these dimensions, for a
        name that no rule, bus or target of this world has ever had, and in a world with
        `trace="outcomes"` for a metric that counts single attempts.
        """
        if name is None and (rule, bus, function) != (None, None, None):
            raise SimbridgeError(
                "name the metric whose rule or bus you ask for: metrics('Invocations', ...)"
            )
        for what, value in {"a metric": name, "a rule": rule, "a bus": bus}.items():
            if value is not None:
                given.text(value, f"the name of {what}")
        account = _checked_account(self.account if account is None else account)
        region = _checked_region(self.region if region is None else region)
        found = Metrics.of(
            self.trace,
            account=account,
            region=region,
            period=period,
            attempts_missing=self._thin,
        )
        if name is None:
            return found
        return found.series(name, rule=rule, bus=bus, function=function)

    @contextmanager
    def listening(self, listener: Callable[[list[Record]], None]) -> Iterator[None]:
        """Give `listener` the records as they come, instant by instant, for a `with` block."""
        given.function(listener, "a listener is a function that takes a list of records")
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
        twin._clients, twin._handles = {}, {}
        twin._population = Population(self._population.customs, self._population.limits)
        twin._kernel = self._kernel.fork(twin._population.move_in)
        twin._trace = Trace(twin._kernel.trace)
        twin._plane = self._plane.fork(twin._kernel)
        twin._population.join(twin._kernel, twin._plane)
        twin._kernel.host = guest.OnDemand(twin.backend, twin._kernel)
        return twin

    def close(self) -> None:
        """Cancel async handlers that are still under way. A closed world can still be read."""
        self._host.close()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        self._refuse_guests("pickle")
        state = {**self.__dict__, "_clients": {}, "_handles": {}}
        del state["_trace"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._trace = Trace(self._kernel.trace)
        self._kernel.populate = self._population.move_in
        self._kernel.host = guest.OnDemand(self.backend, self._kernel)

    def __repr__(self) -> str:
        return f"<World seed={self.seed} now={self.now} records={len(self._kernel.trace):,}>"

    def _refuse_guests(self, what: str) -> None:
        if self._host.busy:
            raise SimbridgeError(f"cannot {what} a world while async code of yours is under way")


def _members(organizations: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The organization of each account that is in one."""
    found: dict[str, str] = {}
    given.mapping(organizations, "organizations", "{'o-a1b2c3d4e5': ['123456789012']}")
    for organization, accounts in organizations.items():
        if not isinstance(organization, str) or not _ORGANIZATION.fullmatch(organization):
            raise SimbridgeError(f"an organization looks like 'o-a1b2c3d4e5', not {organization!r}")
        members = given.list_of(accounts, "an organization", "of accounts")
        for account in map(_checked_account, members):
            if found.setdefault(account, organization) != organization:
                raise SimbridgeError(f"account {account} cannot be in two organizations")
    return found


def _check_destination(arn: str | None) -> None:
    if arn is not None and arns.parse(given.text(arn, "a destination")).service not in (
        "sqs",
        "sns",
        "events",
    ):
        raise SimbridgeError(
            f"a destination is a queue, a topic or an event bus in this version, not {arn}"
        )


def _checked_name(name: str, form: re.Pattern[str], what: str) -> str:
    if not isinstance(name, str) or not form.fullmatch(name):
        raise SimbridgeError(
            f"{name!r} is no name of {what}: letters, digits, - and _, not too many; for an ARN of "
            "any other form there is world.stand_in(arn)"
        )
    return name


def _checked_account(account: str) -> str:
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise SimbridgeError(f"an account is twelve digits as text, not {account!r}")
    return sys.intern(account)


def _checked_region(region: str) -> str:
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise SimbridgeError(f"a region looks like 'us-east-1', not {region!r}")
    return sys.intern(region)
