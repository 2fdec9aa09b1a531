"""A world: what a user can do with it. The work is done elsewhere in this room.

`options` checks the options, `simulation` has the state, `clients` finds the world of a call, `handles` has
what a scenario holds of targets and archives, `resources` creates stand-ins, and `actor_factory` makes
every actor: on the first message to its address, or earlier if a handle is asked for.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, final

from simbridge.actors.http import HttpHandler
from simbridge.base import checks, clock
from simbridge.base.clock import Duration, Instant
from simbridge.base.errors import SimbridgeError
from simbridge.hosts import engine
from simbridge.model.backoff import DEFAULT, Backoff
from simbridge.model.faults import outage
from simbridge.trace import Trace
from simbridge.world import service_events, stories
from simbridge.world.clients import Clients, check_service
from simbridge.world.handles.archives import ArchiveHandle, open_archive
from simbridge.world.handles.http import HttpHandle, HttpStandIns, secret_of
from simbridge.world.handles.targets import StandIns
from simbridge.world.options import checked_options
from simbridge.world.resources import Resources
from simbridge.world.simulation import Simulation

__all__ = ["World"]


_TRANSIENT = ("_clients", "_factory", "_http", "_kernel", "_plane", "_stand_ins", "_trace")
"""What is not state: a fork makes its own, and so does a world that is loaded."""


@final
class World(Resources):
    """A simulated AWS with EventBridge in it, on a clock of its own.

    `seed` seeds every random stream. `start` is the first instant. `account` and `region` are where
    clients and stand-ins are by default. `stand_ins="auto"` creates a stand-in for every target ARN
    that has none, and accepts all HTTP requests; with `"strict"` such deliveries fail, as on AWS.
    `profile="aws"` adds latency, duplicates, late changes and quotas per second; `"ideal"` has none of
    them. Both are sets of numbers; a mapping replaces numbers of `"ideal"`. `limits` overrides any number
    of the profile by its name (`simbridge.model.limits`).
    `rate_first_fires` is when the schedule `rate(...)` of a rule fires for the first time: "immediately",
    which is when the rule is created or enabled, or "after_one_period". What AWS does is not certain.
    `backoff` is the curve of retries (`simbridge.backoff`). `trace="outcomes"` leaves single attempts
    out of the trace. `organizations` lists the accounts of each AWS organization by its id, for
    policies that ask. `permissions`: whether a target without a resource policy lets all callers in
    ("ignore") or none ("enforce"); a policy that is given is always asked. `backend` is the
    library that runs `async def` handlers.

    Raises `SimbridgeError` for an invalid value, and `InvalidTime` for a naive `start`.
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
        permissions: Literal["ignore", "enforce"] = "ignore",
        backend: str = "asyncio",
    ) -> None:
        options = checked_options(
            seed,
            start,
            account=account,
            region=region,
            stand_ins=stand_ins,
            limits=limits,
            profile=profile,
            backoff=backoff,
            trace=trace,
            rate_first_fires=rate_first_fires,
            organizations=organizations,
            permissions=permissions,
            backend=backend,
        )
        self.backend = backend
        self._simulation = Simulation(options)
        self._build_transient()

    # -- clients ----------------------------------------------------------------------------

    def client(
        self, service: str = "events", *, account: str | None = None, region: str | None = None
    ) -> Any:
        """A genuine boto3 client of EventBridge, served in process by this world.

        Raises `NotSimulated` for another service, with what to use instead, and `SimbridgeError` if
        `service` is not the name of one.
        """
        check_service(service)
        account, region = self._place(account, region)
        return self._clients.of(account, region)

    def intercept(self, *, account: str | None = None) -> AbstractContextManager[None]:
        """For a `with` block, this world serves every boto3 `events` client of the process.

        The clients act as `account`. Threads and tasks with a block of their own are served by its world.
        Code that a world runs is always served by that world.
        """
        return self._clients.intercepting(None if account is None else checks.account(account))

    # -- HTTP, secrets and calls that fail ---------------------------------------------------

    def http(self, url: str, handler: HttpHandler | None = None) -> HttpHandle:
        """A stand-in for an HTTP endpoint: a token endpoint of OAuth, or what an API destination calls.

        It receives the requests to this URL and to those below it, unless another endpoint is more
        specific; a `*` stands for any text without a slash. `handler(request)`, `def` or `async def`,
        returns an `sb.Response`. Without one the endpoint accepts everything, and issues tokens. An
        exception in a handler ends the run. The same URL has the same stand-in.
        Raises `SimbridgeError` if `url` is not an HTTPS URL.
        """
        return self._http.at(url, handler)

    def secret(self, arn: str) -> dict[str, Any]:
        """The content of a connection's secret, as Secrets Manager holds it for EventBridge.

        `arn` is the SecretArn that DescribeConnection answers. Secrets are shown here only: they are in
        no trace and no error. A pickle of this world has them, as it has everything.
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
        """Let API calls of an operation fail, in all accounts and regions.

        `error` is the code the client gets: one that the operation has in the service model, or one
        that any call can meet (`simbridge.api.faults`: "InternalException", "ThrottlingException",
        ...). The rest is as in `StandInHandle.fails`. The client does not retry by itself, because
        botocore's retries would wait in real time. Raises `SimbridgeError` for an unknown operation,
        and for an error that this operation never answers with.
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
        needs a `source` that begins with "aws." and a `detail-type`; everything else is filled in if it
        is missing. The account and region are those of the envelope, else these arguments, else those of
        the handler that emits it (by its ARN), else those of the world. Returns the id of the event.
        Raises `SimbridgeError` if `event` is not such an event.
        """
        return service_events.emit(self._clients, event, (account, region))

    # -- archives ---------------------------------------------------------------------------

    def archive(
        self, name: str, *, account: str | None = None, region: str | None = None
    ) -> ArchiveHandle:
        """The handle of an archive: what it holds, and the way to load real events into it.

        Raises `SimbridgeError` unless `create_archive` has made it.
        """
        account, region = self._place(account, region)
        return open_archive(
            self._kernel, self._plane, self._factory, self._clients, (account, region), name
        )

    # -- time -------------------------------------------------------------------------------

    def run(
        self,
        *,
        days: float | None = None,
        hours: float | None = None,
        minutes: float | None = None,
        seconds: float | None = None,
        until: Instant | None = None,
    ) -> None:
        """Let time pass and deliver everything due on the way, in order.

        Pass a duration or `until`. A duration of 0 runs what is due at this instant, as `settle` does.

        Raises `InvalidTime` if time would run backwards, `Runaway` if events cause each other without
        end, and `HandlerFailed` if your handler raises. An error is raised between two messages, and the
        world can go on. So is an interrupt (`simbridge.kernel.exclusive`).
        """
        asked = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        span = {name: number for name, number in asked.items() if number is not None}
        if until is not None and span:
            raise SimbridgeError("pass a duration (hours=26) or until=, not both")
        if until is None and not span:
            raise SimbridgeError(
                "pass a duration (hours=26) or until=; to run what is due now, call settle()"
            )
        end = self._kernel.now + clock.span(**span) if until is None else clock.instant(until)
        with self._annotating_errors(end):
            self._kernel.run(end)

    def settle(self) -> None:
        """Run what is due at this very instant; time does not move."""
        with self._annotating_errors(self._kernel.now):
            self._kernel.settle()

    async def settled(self) -> None:
        """In async code: wait until everything due at this instant has happened.

        Raises `SimbridgeError` outside of the stories and handlers of this world.
        """
        await engine.settled(self._kernel)

    @contextmanager
    def _annotating_errors(self, until: int) -> Iterator[None]:
        engine.refuse_inside(self._kernel)
        kernel = self._kernel
        as_current = nullcontext() if kernel.quiet(until) else self._clients.as_current()
        # Held here already, so that an interrupt leaves no patch and no engine behind.
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
        """Add seed and virtual time to the notes of an exception, so that its report says how to repeat it."""
        if not isinstance(error, BaseException):
            raise SimbridgeError(f"annotate takes an exception, not {error!r}")
        note = f"simbridge: seed={self.seed}, virtual time {clock.iso_micros(self._kernel.now)}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)

    # -- copies and the end ------------------------------------------------------------------

    def fork(self) -> World:
        """An independent world that continues from here, with the same future.

        Both worlds have the same handlers. What a handler puts through a client of this world goes to
        the world that runs it; whatever else it holds (a list, a handle) is shared.
        Raises `SimbridgeError` while an async handler or story is running: a half-run coroutine cannot
        be copied.
        """
        with self._kernel.hold():
            fork = World.__new__(World)
            fork.__setstate__({**self._state(), "_simulation": self._simulation.fork()})
            return fork

    def close(self) -> None:
        """Cancel async handlers that are still running. A closed world can still be read."""
        with self._clients.as_current() if self._host.busy else nullcontext():
            self._host.close()

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

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self._state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._build_transient()

    def _state(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name not in _TRANSIENT}

    def _build_transient(self) -> None:
        """Make what is not state."""
        self._kernel = self._simulation.kernel
        self._plane = self._simulation.plane
        self._factory = self._simulation.factory
        self._kernel.host = engine.LazyEngine(self.backend, self._kernel)
        self._trace = Trace(self._kernel.trace, self._kernel.exclusive)
        home, lineage = (self.account, self.region), self._simulation.lineage
        self._clients = Clients(self._kernel, self._plane, lineage, *home)
        self._stand_ins = StandIns(self._kernel, self._factory, self._clients.caller, *home)
        self._http = HttpStandIns(self._kernel, self._factory, self._clients.caller)

    def __repr__(self) -> str:
        return f"<World seed={self.seed} now={self.now} records={len(self._kernel.trace):,}>"
