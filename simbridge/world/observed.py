"""What can be read of a world: where and when it is, its trace, its metrics, its records as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import overload

from simbridge.base import checks, clock
from simbridge.base.clock import DateTime, Duration
from simbridge.base.errors import SimbridgeError
from simbridge.kernel import Kernel, Record
from simbridge.metrics.series import Metrics, Series
from simbridge.trace import Trace
from simbridge.world.clients import Clients
from simbridge.world.simulation import Simulation

__all__ = ["Observed"]


class Observed:
    """The part of `World` that changes nothing."""

    _clients: Clients
    _kernel: Kernel
    _simulation: Simulation
    _trace: Trace

    @property
    def account(self) -> str:
        """The account of clients and stand-ins, unless they name another."""
        return self._simulation.options.account

    @property
    def region(self) -> str:
        """The region of clients and stand-ins, unless they name another."""
        return self._simulation.options.region

    @property
    def now(self) -> DateTime:
        """The current instant of this world, in UTC."""
        return clock.moment(self._kernel.now)

    @property
    def seed(self) -> int:
        """The seed of every random stream."""
        return self._kernel.seed

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
        account's. Datapoints are a `period` apart, a multiple of a minute. See `simbridge.metrics.series`.
        Raises `SimbridgeError` if the metric does not exist, or not with these dimensions; if no rule, bus
        or target of this world has ever had the name; and, with `trace="outcomes"`, for a metric that
        counts single attempts.
        """
        if name is None and (rule, bus, function) != (None, None, None):
            raise SimbridgeError(
                "name the metric for rule=, bus= or function=: metrics('Invocations', ...)"
            )
        account, region = self._place(account, region)
        with self._kernel.exclusive:
            found = Metrics.from_records(
                self.trace,
                account=account,
                region=region,
                period=period,
                attempts_missing=self._simulation.options.outcomes_only,
            )
        return found if name is None else found.series(name, rule=rule, bus=bus, function=function)

    @contextmanager
    def listen(self, listener: Callable[[list[Record]], None]) -> Iterator[None]:
        """Give `listener` the records as they come, instant by instant, for a `with` block."""
        checks.function(listener, "a listener is a function that takes a list of records")
        kernel = self._kernel
        if kernel.listener is not None:
            raise SimbridgeError("this world has a listener already: leave its `with` block first")
        kernel.listener = listener
        try:
            yield
        finally:
            with self._clients.as_current():
                kernel.notify_listener()
            kernel.listener = None

    def _place(self, account: str | None, region: str | None) -> tuple[str, str]:
        """An account and a region; those of this world if they are not named."""
        return (
            self.account if account is None else checks.account(account),
            self.region if region is None else checks.region(region),
        )
