"""A world: what a user can do. It wires kernel, control plane and stand-ins; it does not act.

How a call finds its world is in `clients`, how stand-ins are made in `placing`, and which actor an
address gets in `actor_factory`. The control plane calls nobody: it sends `Configure` messages. Where such
a message arrives at an address without an actor, the kernel asks the population, which makes the actor
that the description calls for. That is the one way in which anything in the data plane comes into being.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, Literal, final, overload

from simbridge.actors.function import Asynchronous, Handler
from simbridge.actors.http import HttpHandler
from simbridge.api.plane import ControlPlane
from simbridge.base import checks, clock
from simbridge.base.clock import DateTime, Duration, Instant
from simbridge.base.errors import SimbridgeError
from simbridge.hosts import engine
from simbridge.kernel import FULL, Kernel, Record
from simbridge.metrics.series import Metrics, Series
from simbridge.model.backoff import DEFAULT, Backoff, check_backoff
from simbridge.model.feedback import Feedback
from simbridge.model.limits import limits_of
from simbridge.trace import OUTCOMES, Trace
from simbridge.world import service_events, stories
from simbridge.world.actor_factory import ActorFactory, ActorSettings
from simbridge.world.archives import ArchiveHandle
from simbridge.world.clients import Clients, check_service
from simbridge.world.http import HttpHandle, HttpStandIns, secret_of
from simbridge.world.placing import StandIns, asynchronous
from simbridge.world.stand_ins import Queue, StandInHandle, outage

__all__ = ["World"]

_TRANSIENT = ("_clients", "_http", "_stand_ins", "_trace")
"""What a world only has at hand: a fork makes its own, and so does a world that is loaded."""


@final
class World:
    """A simulated AWS with EventBridge in it, on a clock of its own.

    `seed` decides everything that is left to chance. `start` is the first instant. `account` and
    `region` are where clients and stand-ins are by default. `stand_ins="auto"` puts a stand-in at
    every target ARN that nobody lives at; `"strict"` lets such deliveries fail, as AWS does.
    `profile="aws"` adds latency, duplicates, late changes and quotas per second, `"ideal"` has none
    of them; both are sets of numbers, and a mapping is a set of your own over `"ideal"`. `limits`
    overrides any number of the profile by its name (`simbridge.model.limits`).
    `rate_first_fires` says when the schedule `rate(...)` of a rule fires for the first time: "immediately",
    when the rule is created or enabled, or "after_one_period"; what AWS does is not certain.
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
        profile: Literal["ideal", "aws"] | Mapping[str, int] = "ideal",
        backoff: Backoff = DEFAULT,
        trace: Literal["full", "outcomes"] = "full",
        rate_first_fires: Literal["immediately", "after_one_period"] = "immediately",
        organizations: Mapping[str, Sequence[str]] | None = None,
        backend: str = "asyncio",
    ) -> None:
        checks.seed(seed)
        checks.choice(stand_ins, "stand_ins", ("strict", "auto"))
        checks.choice(trace, "trace", ("full", "outcomes"))
        checks.choice(rate_first_fires, "rate_first_fires", ("immediately", "after_one_period"))
        check_backoff(backoff)
        engine.check_backend(backend)
        self._account, self._region = checks.account(account), checks.region(region)
        self.backend = backend
        numbers = limits_of(profile, limits)
        members = checks.organizations({} if organizations is None else organizations)
        customs = ActorSettings(
            stand_ins == "auto", backoff, rate_first_fires == "immediately", members
        )
        self._factory = ActorFactory(customs, numbers)
        self._thin = trace == "outcomes"
        thin, burst = OUTCOMES if self._thin else FULL, numbers["messages_per_instant"]
        begin = clock.instant(start)
        self._kernel = Kernel(seed, begin, self._factory.create, burst, thin)
        self._kernel.shared["feedback"] = Feedback(
            numbers["feedback_events_per_day"], numbers["feedback_generations"]
        )
        self._plane = ControlPlane(self._kernel, numbers, members)
        self._factory.bind(self._kernel, self._plane)
        self._lineage = object()
        self._build_transient()
        self._plane.store(self._account, self._region)

    @property
    def account(self) -> str:
        """The account of clients and stand-ins that name no other."""
        return self._account

    @property
    def region(self) -> str:
        """The region of clients and stand-ins that name no other."""
        return self._region

    # -- clients ----------------------------------------------------------------------------

    def client(
        self, service: str = "events", *, account: str | None = None, region: str | None = None
    ) -> Any:
        """A genuine boto3 client of EventBridge, served in process by this world.

        Raises `NotSimulated` for another service, with what to use instead, and `SimbridgeError` for
        what names none.
        """
        check_service(service)
        account, region = self._place(account, region)
        return self._clients.of(account, region)

    def intercept(self, *, account: str | None = None) -> AbstractContextManager[None]:
        """Serve every boto3 `events` client of this process, whoever made it, by this world.

        They act as `account`. Threads and tasks with a block of their own are served by theirs. What
        a world runs is served by that world, inside of a block and outside.
        """
        return self._clients.intercepting(None if account is None else checks.account(account))

    def _place(self, account: str | None, region: str | None) -> tuple[str, str]:
        """The account and the region that are meant: those of this world where none is named."""
        return (
            self._account if account is None else checks.account(account),
            self._region if region is None else checks.region(region),
        )

    # -- stand-ins --------------------------------------------------------------------------

    def queue(self, name: str, *, content_based_deduplication: bool = True) -> Queue:
        """A stand-in for an SQS queue of this name.

        A FIFO queue (its name ends in `.fifo`) takes events only with content-based deduplication,
        and then puts no body twice into the queue within five minutes (`actors/fifo`).
        """
        return self._stand_ins.queue(name, content_based_deduplication)

    def function(
        self,
        name: str,
        handler: Handler | None = None,
        *,
        retries: int = 2,
        event_age: Duration = "6h",
        on_failure: str | None = None,
        on_success: str | None = None,
        timeout: Duration | None = None,
    ) -> StandInHandle:
        """A stand-in for a Lambda function; `def` or `async def`, `handler(event[, context])`.

        The context is Lambda's, in virtual time (`simbridge.actors.context`). An `async def` handler
        that takes longer than `timeout` is cancelled and has failed; without it none is.
        A handler that raises does not fail the delivery: as on AWS, Lambda has accepted the event,
        runs the function again after one and two minutes, within `retries` and `event_age`, and then
        sends a record to `on_failure`, the ARN of a queue, a topic or an event bus (`on_success`
        likewise). An `AssertionError` is a check of yours and ends the run.
        """
        lambda_settings = asynchronous(retries, event_age, on_failure, on_success, timeout)
        return self._stand_ins.function(name, handler, lambda_settings)

    def stand_in(
        self,
        arn: str,
        handler: Handler | None = None,
        *,
        lambda_settings: Asynchronous | None = None,
    ) -> StandInHandle:
        """A stand-in at any target ARN. Asked again for the same ARN, it is the same stand-in.

        `handler(event[, context])` is called with what the target receives, dead letters included;
        what it raises ends the run, unless the target is a Lambda function (`function`).
        """
        return self._stand_ins.at(arn, handler, lambda_settings)

    def http(self, url: str, handler: HttpHandler | None = None) -> HttpHandle:
        """A stand-in for an HTTP endpoint: a token endpoint of OAuth, or what an API destination calls.

        It receives the requests to this URL and to those below it, unless another endpoint is more
        specific; a `*` stands for any text without a slash. `handler(request)`, `def` or `async def`,
        returns an `sb.Response`. Without one the endpoint accepts everything, and issues tokens. An
        exception in a handler ends the run. Asked again for the same URL, it is the same stand-in.
        Raises `SimbridgeError` for what is no HTTPS URL.
        """
        return self._http.at(url, handler)

    def secret(self, arn: str) -> dict[str, Any]:
        """The content of a connection's secret, as Secrets Manager holds it for EventBridge.

        `arn` is the SecretArn that DescribeConnection answers. Only who asks here sees a secret: it is
        in no trace and no error. A pickle of this world has it, as it has everything.
        Raises `SimbridgeError` if there is no secret of this ARN (any more).
        """
        with self._kernel.hold():
            return secret_of(self._kernel, arn)

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
        self._plane.fails(fails, *self._clients.caller())

    # -- events of AWS services -------------------------------------------------------------

    def emit(
        self,
        event: Mapping[str, Any] | str | os.PathLike[str],
        *,
        account: str | None = None,
        region: str | None = None,
    ) -> str:
        """An event of an AWS service arrives now, on the default event bus of an account and region.

        `event` is its envelope: a mapping, JSON text (it begins with "{"), or the path of a file. It
        needs a `source` that begins with "aws." and a `detail-type`; whatever else it lacks is filled
        in. Where it arrives is said by its own account and region, else by these arguments; else it
        is where the code that emits it lives, which is the account and region of a handler's ARN, and
        for any other code those of the world. Returns the id of the event. Raises `SimbridgeError`
        for what is no such event.
        """
        return service_events.emit(self._clients, event, (account, region))

    # -- archives ---------------------------------------------------------------------------

    def archive(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> ArchiveHandle:
        """What an archive of this world holds, and the way to load real events into it.

        Raises `SimbridgeError` when no `create_archive` has made it.
        """
        account, region = self._place(account, region)
        checks.text(name, "the name of an archive")
        with self._kernel.hold():
            entry = self._plane.store(account, region).archives.get(name)
        if entry is None:
            raise SimbridgeError(
                f"there is no archive {name!r} in {region} of account {account}: make it first, with "
                'world.client("events").create_archive(...)'
            )
        arn, propagation = entry.archive.arn, self._plane.propagation
        with self._kernel.hold():
            actor = self._factory.archive(arn)
        settled = partial(propagation.settled_us, arn)
        return ArchiveHandle(self._kernel, self._clients.caller, entry.archive, actor, settled)

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
        circle, `HandlerFailed` when a handler of yours raises; what it raises, it raises between two
        messages, and the world can go on. So does an interrupt (`simbridge.kernel.exclusive`).
        """
        asked = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        span = {name: number for name, number in asked.items() if number is not None}
        if until is not None and span:
            raise SimbridgeError("say how long or until when, not both")
        if until is None and not span:
            raise SimbridgeError("say how long (hours=26) or until when; settle() keeps the time")
        end = self._kernel.now + clock.span(**span) if until is None else clock.instant(until)
        with self._annotating_errors(end):
            self._kernel.run(end)

    def settle(self) -> None:
        """Run what is due at this very instant; time does not move."""
        with self._annotating_errors(self._kernel.now):
            self._kernel.settle()

    async def settled(self) -> None:
        """In async code: wait until everything due at this instant has happened.

        Raises `SimbridgeError` in code that is no story or handler of this world.
        """
        await engine.settled(self._kernel)

    @contextmanager
    def _annotating_errors(self, until: int) -> Iterator[None]:
        engine.refuse_inside(self._kernel)
        kernel = self._kernel
        as_current = nullcontext() if kernel.quiet(until) else self._clients.as_current()
        # Held already here, so that an interrupt leaves no patch and no engine behind.
        with kernel.exclusive, as_current:
            try:
                yield
            except BaseException as error:
                self.annotate(error)
                raise
            finally:
                self._host.close_if_idle()

    @property
    def _host(self) -> engine.LazyEngine:
        host = self._kernel.host
        assert isinstance(host, engine.LazyEngine)
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
        `simbridge.metrics.series`.
        Raises `SimbridgeError` for a metric that does not exist, or not with these dimensions, for a
        name that no rule, bus or target of this world has ever had, and in a world with
        `trace="outcomes"` for a metric that counts single attempts.
        """
        if name is None and (rule, bus, function) != (None, None, None):
            raise SimbridgeError(
                "name the metric whose rule or bus you ask for: metrics('Invocations', ...)"
            )
        account, region = self._place(account, region)
        with self._kernel.exclusive:
            found = Metrics.from_records(
                self.trace,
                account=account,
                region=region,
                period=period,
                attempts_missing=self._thin,
            )
        return found if name is None else found.series(name, rule=rule, bus=bus, function=function)

    @contextmanager
    def listen(self, listener: Callable[[list[Record]], None]) -> Iterator[None]:
        """Give `listener` the records as they come, instant by instant, for a `with` block."""
        checks.function(listener, "a listener is a function that takes a list of records")
        kernel = self._kernel
        if kernel.listener is not None:
            raise SimbridgeError("somebody is listen to this world already")
        kernel.listener = listener
        try:
            yield
        finally:
            with self._clients.as_current():
                kernel.listen()
            kernel.listener = None

    def fork(self) -> World:
        """An independent world that continues from here, with the same future.

        Handlers go along. What they put through a client of this world goes to the world that runs
        them; whatever else they hold (a list, a stand-in) they share.
        Raises `SimbridgeError` while an async handler or story is under way: a half-run coroutine
        cannot be copied.
        """
        with self._kernel.hold():
            return self._fork()

    def _fork(self) -> World:
        self._refuse_guests("fork")
        # Not `copy.copy`, whose `__setstate__` would give the kernel of this world to the twin.
        twin = World.__new__(World)
        twin.__dict__.update(self.__dict__)
        twin._factory = ActorFactory(self._factory.customs, self._factory.limits)
        twin._kernel = self._kernel.fork(twin._factory.create)
        twin._plane = self._plane.fork(twin._kernel)
        twin._factory.bind(twin._kernel, twin._plane)
        twin._build_transient()
        return twin

    def close(self) -> None:
        """Cancel async handlers that are still under way. A closed world can still be read."""
        with self._clients.as_current() if self._host.busy else nullcontext():
            self._host.close()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        self._kernel.check()
        self._refuse_guests("pickle")
        return {name: part for name, part in self.__dict__.items() if name not in _TRANSIENT}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._kernel.populate = self._factory.create
        self._build_transient()

    def _build_transient(self) -> None:
        """Make what is no state of a world."""
        self._kernel.host = engine.LazyEngine(self.backend, self._kernel)
        self._trace = Trace(self._kernel.trace, self._kernel.exclusive)
        self._clients = Clients(
            self._kernel, self._plane, self._lineage, self._account, self._region
        )
        home = self._account, self._region
        start = self._factory.function_start
        self._stand_ins = StandIns(self._kernel, self._clients.caller, *home, start)
        self._http = HttpStandIns(self._kernel, self._clients.caller)

    def __repr__(self) -> str:
        return f"<World seed={self.seed} now={self.now} records={len(self._kernel.trace):,}>"

    def _refuse_guests(self, what: str) -> None:
        if self._kernel.running:
            raise SimbridgeError(
                f"cannot {what} a world while it runs, in a handler, a behaviour or a listener: the "
                f"message in hand would be lost. {what.capitalize()} it before or after world.run"
            )
        if self._host.busy:
            raise SimbridgeError(f"cannot {what} a world while async code of yours is under way")

    def run_story(
        self,
        story: Callable[[World], Any],
        *,
        backend: str | None = None,
        until: Callable[[], bool] | None = None,
    ) -> Any:
        """Run `story(world)`, `def` or `async def`, to its end in this world; returns what it returned.

        `backend` is the library that runs async code from now on. An async story with `until` is
        left running as soon as `until()` is true. What the story raises is raised, with the seed and
        the virtual time in its notes. Raises `SimbridgeError` if async code is still running on
        another backend, and `Stalled` if the story waits for something that cannot happen.
        """
        checks.function(story, "a story is a function that takes a world")
        if until is not None:
            checks.function(until, "until is a function that says whether to stop")
        if backend is not None:
            stories.use_backend(self._host, backend)
            self.backend = backend
        returned = stories.call(self._clients, lambda: story(self), self.annotate)
        if inspect.isawaitable(returned):
            ended = stories.run_awaitable(
                self._kernel, self._clients, returned, until, self.annotate
            )
            if not ended:
                return None
            returned = ended[0]
        self.settle()
        return returned
