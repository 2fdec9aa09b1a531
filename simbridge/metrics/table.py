"""The table of CloudWatch's metrics of EventBridge: what each counts, and for which dimensions.

Names, dimensions and meanings are those of the EventBridge user guide (fidelity 12.3):
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
Rules of the default event bus have the dimension `RuleName` alone, those of a custom one `EventBusName`
as well (captured). The older counters have the minimum 0 in a period in which they count something
(captured): the service sends them as finished statistics.
"""

from __future__ import annotations

from typing import NamedTuple, final

from simbridge.base.errors import SimbridgeError
from simbridge.base.suggest import did_you_mean
from simbridge.metrics.count import NONE, PER_BUS, PER_FUNCTION, PER_RULE

__all__ = ["METRICS", "Metric", "metric_named"]


@final
class Metric(NamedTuple):
    """One metric: its dimensions, its unit, and which occurrence it counts (`count.OCCURRENCES`).

    `minimum` is the statistic of this name if it is not that of the samples.
    """

    name: str
    dimensions: tuple[tuple[str, ...], ...]
    unit: str
    counts: str
    meaning: str
    minimum: float | None = None


METRICS = [
    Metric(
        "MatchedEvents", (PER_RULE, PER_BUS), "Count", "rule matched", "events that a rule matches"
    ),
    Metric("TriggeredRules", (PER_RULE, NONE), "Count", "rule matched", "rules that have run", 0.0),
    Metric("InvocationsCreated", (NONE,), "Count", "delivery begun", "invocations asked for"),
    Metric(
        "Invocations",
        (PER_RULE, NONE),
        "Count",
        "ended",
        "invocations that need no retry any more: success or final failure",
        0.0,
    ),
    Metric(
        "InvocationAttempts", (PER_RULE, NONE), "Count", "attempt", "every try, retries included"
    ),
    Metric(
        "SuccessfulInvocationAttempts", (PER_RULE, NONE), "Count", "accepted", "successful tries"
    ),
    Metric("RetryInvocationAttempts", (PER_RULE, NONE), "Count", "retry", "retries"),
    Metric(
        "ThrottledRules",
        (PER_RULE, NONE),
        "Count",
        "throttled",
        "invocations that had to wait for the Invocations quota",
        0.0,
    ),
    Metric(
        "FailedInvocations",
        (PER_RULE,),
        "Count",
        "given up",
        "invocations that failed for good",
        0.0,
    ),
    Metric(
        "InvocationsSentToDlq", (PER_RULE,), "Count", "kept", "moved to a dead-letter queue", 0.0
    ),
    Metric(
        "InvocationsFailedToBeSentToDlq",
        (PER_RULE,),
        "Count",
        "not kept",
        "could not be moved to their dead-letter queue",
        0.0,
    ),
    Metric(
        "IngestionToInvocationStartLatency",
        (PER_RULE, PER_BUS, NONE),
        "Milliseconds",
        "first attempt",
        "from ingestion to the first attempt",
    ),
    Metric(
        "IngestionToInvocationCompleteLatency",
        (PER_RULE, PER_BUS, NONE),
        "Milliseconds",
        "first answer",
        "from ingestion until the first attempt is over",
    ),
    Metric(
        "IngestionToInvocationSuccessLatency",
        (PER_RULE, PER_BUS, NONE),
        "Milliseconds",
        "success",
        "from ingestion to success",
    ),
    Metric(
        "DestinationDeliveryFailures",
        (PER_FUNCTION, NONE),
        "Count",
        "not filed",
        "records of invocations that Lambda could not send to a destination (namespace AWS/Lambda)",
    ),
    Metric("PutEventsApproximateCallCount", (NONE,), "Count", "call", "calls"),
    Metric("PutEventsApproximateSuccessCount", (NONE,), "Count", "call answered", "answered calls"),
    Metric("PutEventsApproximateFailedCount", (NONE,), "Count", "call refused", "refused calls"),
    Metric(
        "PutEventsApproximateThrottledCount", (NONE,), "Count", "call throttled", "throttled calls"
    ),
    Metric("PutEventsEntriesCount", (NONE,), "Count", "entries", "entries of the answered calls"),
    Metric("PutEventsFailedEntriesCount", (NONE,), "Count", "entries refused", "entries refused"),
    Metric("PutEventsRequestSize", (NONE,), "Bytes", "bytes", "size of the entries of a call"),
]
"""Every metric that is counted. A new one is a row here, and an occurrence if none fits."""


def metric_named(name: str) -> Metric:
    """The metric of this name. Raises `SimbridgeError` if there is none."""
    names = [metric.name for metric in METRICS]
    if name not in names:
        hint = did_you_mean(name, names, "simbridge.metrics.series.METRICS")
        raise SimbridgeError(f"no metric is called {name!r}; {hint}")
    return METRICS[names.index(name)]
