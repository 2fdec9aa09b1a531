"""The measures of a run: one table, a row for each.

A new measure is a new row; the columns of a sweep, its report and the how-to follow. Everything is read
from the finished world, mostly from its deliveries, which a `Reading` looks up once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple, final

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.model.messages import Call
from simbridge.trace import Delivery
from simbridge.whatif.prices import cost_usd
from simbridge.world import World

__all__ = ["MEASURES", "Measure", "Measured", "Reading", "measure"]

Measured = dict[str, float | None]
"""The measures of a run by name; None if there was nothing to measure."""


@final
class Measure(NamedTuple):
    """One measure of a run. `of` may return several figures by name: columns `name:figure`."""

    name: str
    unit: str
    meaning: str
    of: Callable[[Reading], float | Mapping[str, int] | None]


@final
class Reading:
    """A finished run, as the measures see it."""

    def __init__(self, world: World, prices: Mapping[str, float]) -> None:
        self.world = world
        self.prices = prices
        self.deliveries = world.trace.deliveries()
        self.outcomes = Counter(delivery.outcome for delivery in self.deliveries)

    @cached_property
    def latencies(self) -> list[float]:
        """Seconds from ingestion to acceptance of what was delivered, shortest first."""
        return sorted(d.latency for d in self.deliveries if d.latency is not None)

    def latency(self, share: float) -> float | None:
        """A percentile by the nearest-rank method: at least this share of the latencies is not greater."""
        rank = math.ceil(share * len(self.latencies))
        return self.latencies[max(rank, 1) - 1] if self.latencies else None

    def causes(self, outcome: str) -> Mapping[str, int]:
        """How many deliveries ended so, by the exhausted limit, or else by the error code."""
        return Counter(
            delivery.exhausted or delivery.error_code or "unknown"
            for delivery in self.deliveries
            if delivery.outcome == outcome
        )


def _accepted(run: Reading) -> int:
    """Counted by the calls: an event that is forwarded to another bus is not a new event."""
    return sum(
        len(record.message.request["Entries"]) - record.message.response["FailedEntryCount"]
        for record in run.world.trace
        if isinstance(record.message, Call)
        and record.message.operation == "PutEvents"
        and record.message.response is not None
    )


def _attempts(run: Reading) -> float | None:
    """None if unknown: a trace of outcomes has no attempts of pending deliveries."""
    if not run.deliveries:
        return None
    if run.outcomes["pending"] and not any(delivery.attempts for delivery in run.deliveries):
        return None
    return sum(delivery.attempt_count for delivery in run.deliveries) / len(run.deliveries)


def _drain_s(run: Reading) -> float | None:
    """None if no refused delivery was accepted after the last refusal: nothing has drained.

    Also None with a trace of outcomes: it leaves out the times of refusals, and with slow answers and
    quotas they cannot be computed from the ends of the deliveries.
    """
    refused = max((_refused_us(delivery) for delivery in run.deliveries), default=-1)
    late = [
        delivery.ended_us or 0
        for delivery in run.deliveries
        if delivery.outcome == "delivered" and delivery.attempt_count > 1
    ]
    drained = max(late, default=-1)
    return (drained - refused) / clock.SECOND if drained >= refused >= 0 else None


MEASURES = [
    Measure("accepted", "events", "entries that PutEvents has accepted", _accepted),
    Measure(
        "deliveries",
        "deliveries",
        "one for each accepted event and target of a rule that matches it",
        lambda run: len(run.deliveries),
    ),
    Measure(
        "delivered",
        "deliveries",
        "accepted by the target, at any attempt",
        lambda run: run.outcomes["delivered"],
    ),
    Measure(
        "dead_lettered",
        "deliveries",
        "given up and kept by a dead-letter queue",
        lambda run: run.outcomes["dead-lettered"],
    ),
    Measure(
        "dead_lettered",
        "deliveries",
        "the same by cause: the exhausted limit of the retry policy, or else the error code",
        lambda run: run.causes("dead-lettered"),
    ),
    Measure(
        "dropped",
        "deliveries",
        "given up and kept nowhere",
        lambda run: run.outcomes["dropped"],
    ),
    Measure("dropped", "deliveries", "the same by cause", lambda run: run.causes("dropped")),
    Measure(
        "pending",
        "deliveries",
        "neither accepted nor given up when the scenario ended",
        lambda run: run.outcomes["pending"],
    ),
    Measure(
        "attempts",
        "per delivery",
        'attempts for each delivery, on average (none with `trace="outcomes"` while one is pending)',
        _attempts,
    ),
    Measure(
        "latency_p50_s",
        "seconds",
        "from ingestion to acceptance: half of what was delivered took no longer",
        lambda run: run.latency(0.50),
    ),
    Measure("latency_p95_s", "seconds", "the same for 95 in 100", lambda run: run.latency(0.95)),
    Measure("latency_p99_s", "seconds", "the same for 99 in 100", lambda run: run.latency(0.99)),
    Measure("latency_max_s", "seconds", "the same for all", lambda run: run.latency(1.0)),
    Measure(
        "drain_s",
        "seconds",
        "from the last attempt that was refused and retried to the acceptance of the last delivery that "
        'had been refused: how long a backlog outlives its outage (none with `trace="outcomes"`, which '
        "leaves refusals out)",
        _drain_s,
    ),
    Measure(
        "cost_usd",
        "US dollars",
        "what EventBridge charges for the events (simbridge/whatif/prices.toml)",
        lambda run: cost_usd(run.world.trace, run.prices),
    ),
]
"""Every measure of a run. Two rows share a name if one splits up the other."""


def measure(
    world: World,
    prices: Mapping[str, float],
    own: Mapping[str, Callable[[World], float | None]],
) -> Measured:
    """All measures of a finished run, and the user's own after them.

    Raises `SimbridgeError` if one of these raises, or does not return a number.
    """
    run = Reading(world, prices)
    found: Measured = {}
    for row in MEASURES:
        answer = row.of(run)
        if isinstance(answer, Mapping):
            found.update({f"{row.name}:{cause}": answer[cause] for cause in sorted(answer)})
        else:
            found[row.name] = answer
    for name, function in own.items():
        try:
            answer = function(world)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise SimbridgeError(f"measure {name!r} raised {what}") from error
        found[name] = _checked(name, answer)
    return found


def _checked(name: str, answer: float | None) -> float | None:
    if answer is None or (isinstance(answer, int | float) and math.isfinite(answer)):
        return answer
    raise SimbridgeError(
        f"measure {name!r} returned {answer!r}: return a finite number, or None if there was nothing "
        "to measure"
    )


def _refused_us(delivery: Delivery) -> int:
    """The time of the last attempt that was refused and followed by another; -1 if there is none."""
    refused = [attempt.time for attempt in delivery.attempts[:-1] if attempt.error_code]
    return max(map(clock.instant, refused), default=-1)
