"""The metrics that CloudWatch shows of EventBridge, counted from a trace.

Dashboards and alarms use these numbers and nothing else, so a scenario can ask what they would have
shown. They are a view: nothing is counted while the world runs.

One pass over the trace tallies what can be counted (`count`) by period and place (account, region, event
bus, rule). `METRICS` (`table`) says which occurrence each metric counts and with which dimensions it is
published; all else follows from that table, the reference page too. As on AWS, a period with nothing to
count has no datapoint: it is absent, not zero. A trace of outcomes (`trace/levels`) has no single
attempts: metrics that count them are errors.

A figure belongs to the minute in which the counted thing happens (believed).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, final, overload

from simbridge.base import checks, clock
from simbridge.base.clock import DateTime, Duration
from simbridge.base.errors import SimbridgeError
from simbridge.base.table import Table, number
from simbridge.kernel import Record
from simbridge.metrics.count import (
    NONE,
    OF_ATTEMPTS,
    PER_BUS,
    PER_FUNCTION,
    PER_RULE,
    Counts,
    Tally,
    add,
)
from simbridge.metrics.table import METRICS, Metric, metric_named
from simbridge.trace.names import Names

__all__ = ["METRICS", "Datapoint", "Metric", "Metrics", "Series"]

MINUTE = 60 * clock.SECOND


@final
class Datapoint(NamedTuple):
    """The statistics of one period, named as in CloudWatch. `time` is when the period begins."""

    time: DateTime
    sum: float
    sample_count: int
    minimum: float
    maximum: float

    @property
    def average(self) -> float:
        """The sum over the number of samples."""
        return self.sum / self.sample_count


@final
class Series:
    """One metric for one set of dimensions: its datapoints in order of time, none of them empty."""

    def __init__(
        self, metric: Metric, dimensions: Mapping[str, str], points: Sequence[Datapoint]
    ) -> None:
        self.name = metric.name
        self.unit = metric.unit
        self.meaning = metric.meaning
        self.dimensions = dict(dimensions)
        self.points = list(points)

    @property
    def sum(self) -> float:
        """The sum over all periods; 0 if the metric is absent."""
        return sum(point.sum for point in self.points)

    @property
    def sample_count(self) -> int:
        """The number of samples in all periods."""
        return sum(point.sample_count for point in self.points)

    @property
    def average(self) -> float | None:
        """The average of all samples; None if the metric is absent."""
        return self.sum / self.sample_count if self.points else None

    @property
    def maximum(self) -> float | None:
        """The largest sample; None if the metric is absent."""
        return max((point.maximum for point in self.points), default=None)

    def table(self) -> Table:
        """A row for each datapoint."""
        rows = [
            [
                f"{point.time:%Y-%m-%d %H:%M}",
                *map(number, (point.sum, point.average, point.maximum)),
            ]
            for point in self.points
        ]
        where = _dimensions_text(self.dimensions)
        head = ["period", "sum", "average", "maximum"]
        return Table(head, rows, numbers_from=1, notes=[f"{self.name} of {where}, {self.unit}"])

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        return f"<{self.name} {self.dimensions}: {len(self.points)} datapoints, sum {self.sum:g}>"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@final
class Metrics(Sequence[Series]):
    """Every metric of one account and region that has a datapoint, in the order of `METRICS`."""

    def __init__(
        self, series: Sequence[Series], names: Names, *, attempts_missing: bool = False
    ) -> None:
        self._series = list(series)
        self._names = names
        self._attempts_missing = attempts_missing

    @classmethod
    def from_records(
        cls,
        records: Iterable[Record],
        *,
        account: str,
        region: str,
        period: Duration = "1m",
        attempts_missing: bool = False,
    ) -> Metrics:
        """Count the records of a whole trace (`world.trace`, or one read from a file).

        `attempts_missing`: it is a trace of outcomes. This is seen without it once a delivery has ended.
        Raises `SimbridgeError` for a period that is not a multiple of a minute.
        """
        period_us = _checked_period(period)
        counted = Counts(period_us)
        for record in records:
            counted.read(record)
        missing = attempts_missing or counted.attempts_missing
        left_out = OF_ATTEMPTS if missing else ()
        countable = [metric for metric in METRICS if metric.counts not in left_out]
        series = list(_published(countable, counted, account, region))
        return cls(series, counted.names, attempts_missing=missing)

    def series(
        self,
        name: str,
        *,
        rule: str | None = None,
        bus: str | None = None,
        function: str | None = None,
    ) -> Series:
        """One metric, of a rule, of an event bus, of a function, or of the whole account.

        Without a datapoint it is empty: its sum is 0. Raises `SimbridgeError` for an unknown metric, for
        one that counts attempts in a trace of outcomes, for dimensions that it is not published with, for
        a rule name that several event buses have, unless `bus` is given, and for a rule or a bus that
        this trace has never had.
        """
        for what, value in {"a metric": name, "a rule": rule, "a bus": bus}.items():
            if value is not None:
                checks.text(value, f"the name of {what}")
        metric = self._metric(name)
        wanted = _wanted(rule, bus, function)
        if wanted not in metric.dimensions:
            raise SimbridgeError(
                f"{name} is published per {_published_per(metric)}, not per {_per(wanted)}; "
                f"its total is metrics().total({name!r})"
            )
        found = [
            series
            for series in self._series
            if series.name == name and _fits(series.dimensions, rule, bus, function)
        ]
        if not found:
            self._names.check("rule", rule, name_only=True)
            self._names.check("bus", bus, name_only=True)
            self._names.check("function", function, name_only=True)
        if len(found) > 1:
            buses = ", ".join(series.dimensions.get("EventBusName", "default") for series in found)
            raise SimbridgeError(
                f"rules called {rule!r} are on several event buses, {buses}: add bus="
            )
        asked = {"EventBusName": bus, "RuleName": rule, "FunctionName": function}
        dimensions = {key: value for key, value in asked.items() if value is not None}
        return found[0] if found else Series(metric, dimensions, [])

    def total(self, name: str) -> float:
        """The sum of a metric over all periods and rules, each sample counted once."""
        whole = NONE in self._metric(name).dimensions
        return sum(
            series.sum
            for series in self._series
            if series.name == name
            and (not series.dimensions if whole else "RuleName" in series.dimensions)
        )

    def table(self) -> Table:
        """All metrics: a row for each series."""
        rows = [
            [
                series.name,
                _dimensions_text(series.dimensions),
                series.unit,
                *map(number, (series.sum, series.average, series.maximum)),
                str(len(series.points)),
            ]
            for series in self._series
        ]
        head = ["metric", "dimensions", "unit", "sum", "average", "maximum", "datapoints"]
        return Table(head, rows, numbers_from=3)

    def _metric(self, name: str) -> Metric:
        metric = metric_named(name)
        if self._attempts_missing and metric.counts in OF_ATTEMPTS:
            raise SimbridgeError(
                f"{name} is counted from single attempts, which a trace of outcomes leaves out: "
                "World(trace='full') keeps them"
            )
        return metric

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        return f"<Metrics: {len(self)} series>"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def __len__(self) -> int:
        return len(self._series)

    @overload
    def __getitem__(self, index: int) -> Series: ...

    @overload
    def __getitem__(self, index: slice) -> list[Series]: ...

    def __getitem__(self, index: int | slice) -> Series | list[Series]:
        return self._series[index]

    def __iter__(self) -> Iterator[Series]:
        return iter(self._series)


def _published(
    metrics: Iterable[Metric], counts: Counts, account: str, region: str
) -> Iterator[Series]:
    """The series of one account and region; of each metric the widest dimensions first."""
    for metric in metrics:
        places = counts.tallies[metric.counts]
        for names in sorted(metric.dimensions, key=len):
            merged: dict[tuple[tuple[str, str], ...], dict[int, Tally]] = {}
            for place, periods in places.items():
                if (place.account, place.region) == (account, region):
                    series = merged.setdefault(place.dimensions(names), {})
                    for period, tally in periods.items():
                        if period in series:
                            add(series[period], tally)
                        else:
                            series[period] = list(tally)
            for dimensions, series in sorted(merged.items()):
                points = _datapoints(series, counts.period_us, metric.minimum)
                yield Series(metric, dict(dimensions), points)


def _datapoints(
    periods: Mapping[int, Tally], period_us: int, minimum: float | None
) -> list[Datapoint]:
    return [
        Datapoint(
            clock.moment(period * period_us),
            total,
            int(count),
            low if minimum is None else minimum,
            high,
        )
        for period, (total, count, low, high) in sorted(periods.items())
    ]


def _checked_period(period: Duration) -> int:
    period_us = clock.duration(period)
    if period_us < MINUTE or period_us % MINUTE:
        raise SimbridgeError(f"a period is a multiple of a minute, '1m' or '1h', not {period!r}")
    return period_us


def _wanted(rule: str | None, bus: str | None, function: str | None) -> tuple[str, ...]:
    """The dimensions that the arguments ask for."""
    if function is not None:
        if rule is not None or bus is not None:
            raise SimbridgeError("a function has no rule and no event bus: ask for one of them")
        return PER_FUNCTION
    return PER_RULE if rule is not None else PER_BUS if bus is not None else NONE


def _fits(
    dimensions: Mapping[str, str], rule: str | None, bus: str | None, function: str | None
) -> bool:
    if dimensions.get("FunctionName") != function:
        return False
    if ("RuleName" in dimensions) != (rule is not None):
        return False
    if rule is None and ("EventBusName" in dimensions) != (bus is not None):
        return False
    return rule in (None, dimensions.get("RuleName")) and bus in (
        None,
        dimensions.get("EventBusName", "default"),
    )


def _per(names: tuple[str, ...]) -> str:
    words = {NONE: "account", PER_BUS: "event bus", PER_RULE: "rule", PER_FUNCTION: "function"}
    return words[names]


def _published_per(metric: Metric) -> str:
    return " and per ".join(_per(names) for names in metric.dimensions)


def _dimensions_text(dimensions: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in dimensions.items()) or "the whole account"
