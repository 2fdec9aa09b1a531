"""Every number AWS documents, with its unit and its source; a world may override any of them.

`World(limits={"targets_per_rule": 10})` is a quota increase. Names end in their unit where it is
not a plain count. The bounds that stand in AWS's service model (lengths, patterns) are not repeated
here: requests are checked against the model itself (`api/model`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, final

from simbridge.errors import SimbridgeError
from simbridge.nearest import meant

__all__ = ["LIMITS", "PROFILES", "Limit", "Limits", "limits_with", "rate_of"]

Limits = Mapping[str, int]


@final
class Limit(NamedTuple):
    """One number: its default, what it bounds, and who says so."""

    default: int
    meaning: str
    source: str


LIMITS: dict[str, Limit] = {
    "event_buses": Limit(100, "event buses of an account in a region", "EventBridge quotas page"),
    "rules_per_bus": Limit(300, "rules on one event bus", "EventBridge quotas page"),
    "wildcard_rules_per_bus": Limit(
        30, "rules on one event bus whose pattern uses wildcard", "EventBridge quotas page"
    ),
    "targets_per_rule": Limit(5, "targets of one rule", "recorded answers of the service"),
    "bus_target_role_required": Limit(
        1,
        "1: PutTargets wants a RoleArn for any event bus; 0: only for one of another region",
        "captured answers of the service (2026); the API documentation of 2022 says 0",
    ),
    "log_group_star_delivers": Limit(
        1,
        "1: a log group that is written with ':*' at the end is delivered to; 0: NO_RESOURCE",
        "PutTargets takes it (templates of AWS's own); whether it delivers is disputed",
    ),
    "event_pattern_chars": Limit(
        2048, "characters of an event pattern in PutRule", "EventBridge quotas page"
    ),
    "bus_policy_chars": Limit(
        10_240, "characters of the policy of an event bus", "EventBridge quotas page"
    ),
    "put_events_bytes": Limit(
        1_048_576,
        "bytes of all entries of one PutEvents request; a total of this size is refused",
        "API reference: under 1 MB since January 2026; before that 262_144, recorded in 2025",
    ),
    "list_page": Limit(100, "items of one page of a list, where Limit is not given", "observed"),
    "tags_per_resource": Limit(50, "tags of one resource", "EventBridge quotas page"),
    "retry_attempts": Limit(
        185, "retries of a delivery, where its target does not say", "EventBridge user guide"
    ),
    "event_age_s": Limit(
        86_400,
        "seconds a delivery is retried, where its target does not say",
        "EventBridge user guide",
    ),
    "same_region_hops": Limit(
        1, "event buses of one region an event is forwarded to", "captured answers of the service"
    ),
    "cross_region_hops": Limit(
        1, "event buses of other regions an event is forwarded to", "captured answers"
    ),
    "control_plane_delay_us": Limit(
        0, "microseconds until a change of a rule or target takes effect", "the ideal profile"
    ),
    "regional_rates": Limit(
        0,
        "1: PutEvents and Invocations are throttled at the quota of each region (`RATES`)",
        "the ideal profile",
    ),
    "put_events_per_second": Limit(
        0,
        "PutEvents requests a second in an account and region; 0: see regional_rates",
        "simbridge",
    ),
    "invocations_per_second": Limit(
        0,
        "attempts a second in an account and region; what goes beyond waits; 0: see regional_rates",
        "simbridge",
    ),
    "delivery_latency_median_us": Limit(
        0, "median of the log-normal time from ingestion to the first attempt", "the ideal profile"
    ),
    "delivery_latency_p99_us": Limit(
        0, "99th percentile of the time from ingestion to the first attempt", "the ideal profile"
    ),
    "duplicates_per_million": Limit(
        0, "deliveries that are made twice, as at-least-once allows", "the ideal profile"
    ),
    "schedule_lateness_us": Limit(
        0,
        "microseconds a schedule may fire late, drawn evenly; below a minute on AWS",
        "the ideal profile; the user guide promises the minute, not the second",
    ),
    "archives": Limit(100, "archives of an account in a region", "believed; AWS gives no number"),
    "archive_count_lag_s": Limit(
        300,
        "seconds after which a batch of archived events shows in EventCount and SizeBytes",
        "recorded: counters move after 5 to 8 minutes",
    ),
    "archive_batch_s": Limit(
        60, "seconds of events that an archive counts in one batch", "simbridge; see the lag"
    ),
    "archive_sweep_s": Limit(
        86_400,
        "seconds between two removals of expired events from EventCount and SizeBytes",
        "EventBridge user guide: about every 24 hours",
    ),
    "archive_replay_lag_s": Limit(
        0,
        "seconds until an archived event can be replayed; the user guide advises to wait 600",
        "the ideal profile",
    ),
    "archive_memory_bytes": Limit(
        268_435_456,
        "bytes of compressed events of one archive before they go to a temporary file",
        "simbridge, not AWS",
    ),
    "concurrent_replays": Limit(
        10, "replays of an account in a region that start or run", "recorded answers of the service"
    ),
    "replay_history_days": Limit(
        90,
        "days a replay that has ended is remembered, and its name taken",
        "EventBridge user guide",
    ),
    "replay_starting_s": Limit(
        60, "seconds a replay is STARTING", "simbridge; AWS takes minutes even for few events"
    ),
    "replay_cancelling_s": Limit(
        10, "seconds a replay is CANCELLING", "simbridge; AWS does not say"
    ),
    "replay_bucket_us": Limit(
        1_000_000,
        "microseconds a replay takes at least for one minute of event time that has events",
        "simbridge; AWS does not say",
    ),
    "replay_empty_bucket_us": Limit(
        1_000,
        "microseconds a replay takes for one minute of event time without events",
        "simbridge; AWS does not say",
    ),
    "replay_events_per_second": Limit(
        10_000,
        "events a replay puts in one second; 0: a whole minute of event time at once",
        "EventBridge user guide: derived from the PutEvents quota, here that of us-east-1",
    ),
    "replay_shuffled": Limit(
        1,
        "1: events of the same minute come in an order drawn from the seed; 0: as archived",
        "EventBridge user guide: the order within a minute is not guaranteed",
    ),
    "messages_per_instant": Limit(
        100_000, "messages of one instant before a loop is suspected", "simbridge, not AWS"
    ),
    "feedback_events_per_day": Limit(
        10_000,
        "events that the descendants of one event put within a day, round one rule, or executions they "
        "have under way, before the loop is stopped; 0: any number",
        "simbridge, not AWS",
    ),
    "feedback_generations": Limit(
        10_000,
        "times that a chain of events may go round one rule before a warning tells of it; 0: none does",
        "simbridge, not AWS",
    ),
}


PROFILES: dict[str, dict[str, int]] = {
    "ideal": {},
    "aws": {
        # Put to asynchronous Lambda, p50 148 ms and p99 387 ms (bitesizedserverless.com, 2023).
        "delivery_latency_median_us": 150_000,
        "delivery_latency_p99_us": 400_000,
        # "You might have to wait a short period of time for changes to take effect" (API reference).
        "control_plane_delay_us": 2_000_000,
        # At least once (user guide); how often more than once is not published.
        "duplicates_per_million": 100,
        "regional_rates": 1,
        # Firings of rate(1 minute) were 60 s apart, give or take 5 s (recorded).
        "schedule_lateness_us": 5_000_000,
    },
}
"""Sets of numbers by name: a world without noise, and one like the service."""

RATES: dict[str, tuple[int, int]] = {
    "us-east-1": (10_000, 18_750),
    "us-west-2": (10_000, 18_750),
    "eu-west-1": (10_000, 18_750),
    "us-east-2": (2_400, 4_500),
    "eu-central-1": (2_400, 4_500),
    "us-west-1": (1_200, 2_250),
    "ap-northeast-1": (1_200, 2_250),
    "ap-southeast-1": (1_200, 2_250),
    "ap-southeast-2": (1_200, 2_250),
    "eu-west-2": (1_200, 2_250),
    "af-south-1": (400, 750),
    "ap-northeast-3": (400, 750),
    "ap-southeast-3": (400, 750),
    "eu-south-1": (400, 750),
}
"""PutEvents requests and invocations a second, by region (EventBridge quotas page)."""

OTHER_REGIONS = (600, 1_100)

_RATED = ("put_events_per_second", "invocations_per_second")


def rate_of(name: str, region: str, limits: Limits) -> int:
    """A quota per second in a region; 0 where there is none."""
    if limits[name] or not limits["regional_rates"]:
        return limits[name]
    return RATES.get(region, OTHER_REGIONS)[_RATED.index(name)]


def limits_with(*overrides: Mapping[str, int] | None) -> dict[str, int]:
    """The numbers of a world, later ones over earlier ones.

    Raises `SimbridgeError` for a name or a value that cannot be.
    """
    limits = {name: limit.default for name, limit in LIMITS.items()}
    for given in overrides:
        if given is not None and not isinstance(given, Mapping):
            raise SimbridgeError(f"limits is a mapping, {{'targets_per_rule': 10}}, not {given!r}")
    for name, value in [pair for given in overrides for pair in (given or {}).items()]:
        if name not in limits:
            told = meant(name, limits, "simbridge.limits.LIMITS")
            raise SimbridgeError(f"no limit is called {name!r}; {told}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise SimbridgeError(f"limit {name!r} must be a whole number >= 0, not {value!r}")
        limits[name] = value
    return limits
