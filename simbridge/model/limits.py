"""Every number of a world, with its unit and the evidence for it; a world may override any of them.

`World(limits={"targets_per_rule": 10})` is a quota increase. Names end in their unit unless it is a plain
count. Bounds of AWS's service model (lengths, patterns) are not repeated here: requests are checked against
the model itself (`api/model`).

The evidence for a number is a page of AWS's, a recording of the service or a published measurement, with its
address if it has one. If nothing is published the evidence is "invented", and a result that depends on the
number says something about simbridge only. The profile "ideal" leaves out what most scenarios need not deal
with; the evidence is for the number of the profile "aws".
"""

from __future__ import annotations

from collections.abc import Mapping

from simbridge.base.errors import SimbridgeError
from simbridge.base.suggest import did_you_mean
from simbridge.model import regions
from simbridge.model.connection_limits import CONNECTION_LIMITS
from simbridge.model.limit import GUIDE as _GUIDE
from simbridge.model.limit import QUOTAS as _QUOTAS
from simbridge.model.limit import STACKD as _STACKD
from simbridge.model.limit import Limit, Unit

__all__ = [
    "LIMITS",
    "PROFILES",
    "Limit",
    "Limits",
    "limits_of",
    "limits_with",
    "rate_of",
    "replay_rate_of",
    "rules_of",
]

Limits = Mapping[str, int]

_RETRIES = f"user guide, {_GUIDE}/eb-rule-retry-policy.html"
_SCHEDULES = f"{_GUIDE}/eb-create-rule-schedule.html"
_ARCHIVES = f"user guide, {_GUIDE}/eb-archive.html"
_BITESIZED = "https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/"
_KEY_SUITE = (
    "https://aws.amazon.com/blogs/architecture/mastering-millisecond-latency-and-millions-of-events-"
    "the-event-driven-architecture-behind-the-amazon-key-suite"
)

LIMITS: dict[str, Limit] = {
    "event_buses": Limit(100, "event buses of an account in a region", _QUOTAS),
    "rules_per_bus": Limit(
        300, "rules on one event bus; 0: the quota of each region", _QUOTAS, aws=0
    ),
    "wildcard_rules_per_bus": Limit(
        30, "rules on one event bus whose pattern uses wildcard", _QUOTAS
    ),
    "targets_per_rule": Limit(
        5, "targets of one rule", f"recorded answers of the service; {_QUOTAS}"
    ),
    "bus_target_role_required": Limit(
        1,
        "1: PutTargets wants a RoleArn for any event bus; 0: only for one of another region",
        "captured answers of the service (2026); the API documentation of 2022 says 0",
        "0 or 1",
    ),
    "log_group_star_delivers": Limit(
        1,
        "1: a log group that is written with ':*' at the end is delivered to; 0: NO_RESOURCE",
        "PutTargets takes it (templates of AWS's own); whether it delivers is disputed",
        "0 or 1",
    ),
    "event_pattern_chars": Limit(
        2048, "length of an event pattern in PutRule", _QUOTAS, "characters"
    ),
    "bus_policy_chars": Limit(
        10_240, "length of the policy of an event bus", _QUOTAS, "characters"
    ),
    "put_events_bytes": Limit(
        1_048_576,
        "size of all entries of one PutEvents request; a total of this size is refused",
        "under 1 MB since January 2026, https://aws.amazon.com/blogs/compute/more-room-to-build-"
        "serverless-services-now-support-payloads-up-to-1-mb; before that 262_144, recorded in 2025",
        "bytes",
    ),
    "list_page": Limit(
        100, "items of one page of a list, if Limit is not given", "observed of the service"
    ),
    "tags_per_resource": Limit(50, "tags of one resource", _QUOTAS),
    "retry_attempts": Limit(
        185, "retries of a delivery, if its target has no RetryPolicy", _RETRIES
    ),
    "event_age_s": Limit(
        86_400,
        "how long a delivery is retried, if its target has no RetryPolicy",
        _RETRIES,
        "seconds",
    ),
    "same_region_hops": Limit(
        1, "event buses of one region an event is forwarded to", "captured answers of the service"
    ),
    "cross_region_hops": Limit(
        1,
        "event buses of other regions an event is forwarded to",
        "captured answers of the service",
    ),
    "control_plane_delay_us": Limit(
        0,
        "until a change of a rule, target, bus or archive takes effect, at least",
        f"three changes had taken effect within 8 s ({_STACKD}/replays.json)",
        "µs",
    ),
    "control_plane_jitter_us": Limit(
        0,
        "how much longer that may take, uniform for each change",
        "8 s bound three captured changes (see control_plane_delay_us); an event met an old target "
        "seconds after its change (https://github.com/go-to-k/cdkd/pull/1123); that it is uniform "
        "is invented",
        "µs",
        8_000_000,
    ),
    "regional_rates": Limit(
        0,
        "1: PutEvents and Invocations are throttled at the quota of each region",
        _QUOTAS,
        "0 or 1",
        1,
    ),
    "put_events_per_second": Limit(
        0,
        "PutEvents requests in an account and region; 0: see regional_rates",
        _QUOTAS,
        "a second",
    ),
    "put_partner_events_per_second": Limit(
        0,
        "PutPartnerEvents requests of a partner in a region; the burst of 3,600 is not simulated",
        _QUOTAS,
        "a second",
        1_400,
    ),
    "invocations_per_second": Limit(
        0,
        "attempts in an account and region; further ones wait; 0: see regional_rates",
        _QUOTAS,
        "a second",
    ),
    "delivery_latency_median_us": Limit(
        0,
        "median of the log-normal time from ingestion to the first attempt",
        "50, 49 and 49 ms to queues, us-east-1, IngestionToInvocationStartLatency of September 2026 "
        f"({_STACKD}/error_metrics.json)",
        "µs",
        50_000,
    ),
    "delivery_latency_p99_us": Limit(
        0,
        "99th percentile of the time from ingestion to the first attempt",
        f"p90 of 80 ms at 2,000 events a second ({_KEY_SUITE}), to which 130 ms belongs; that the "
        "shape is log-normal is invented",
        "µs",
        130_000,
    ),
    "function_start_median_us": Limit(
        0,
        "median of the log-normal time from the moment a function has accepted an event to the start "
        "of its handler",
        f"below the 73 ms from SNS to a handler ({_BITESIZED}); with the latency of a delivery it is "
        "below the 148 ms from PutEvents to a handler measured there",
        "µs",
        60_000,
    ),
    "function_start_p99_us": Limit(
        0,
        "99th percentile of the time until the start of a handler",
        f"below the 225 ms from SNS to a handler ({_BITESIZED})",
        "µs",
        200_000,
    ),
    "duplicates_per_million": Limit(
        0,
        "deliveries that are made twice, as at-least-once allows",
        "invented: no rate is published",
        "a million",
        100,
    ),
    "schedule_lateness_us": Limit(
        0,
        "how late a schedule may fire, uniform for each firing",
        "firings of rate(1 minute) were 60 s apart, give or take 5 s (recorded); the user guide "
        f"promises the minute, not the second ({_SCHEDULES})",
        "µs",
        5_000_000,
    ),
    "schedule_offset_us": Limit(
        0,
        "how late the firings of a cron rule may be in any case, uniform, once for each rule",
        "4,700 firings were 25 s late on average, each rule always about as late "
        f"(https://www.trek10.com/blog/lambdaclock, 2016); within the minute ({_SCHEDULES})",
        "µs",
        55_000_000,
    ),
    "archives": Limit(
        100, "archives of an account in a region", "believed; AWS publishes no number"
    ),
    "archive_count_lag_s": Limit(
        300,
        "after which a batch of archived events shows in EventCount and SizeBytes",
        f"recorded: counters move after 5 to 8 minutes; they are reconciled over 24 hours ({_ARCHIVES})",
        "seconds",
    ),
    "archive_batch_s": Limit(
        60, "of events that an archive counts in one batch", "invented; see the lag", "seconds"
    ),
    "archive_sweep_s": Limit(
        86_400,
        "between two removals of expired events from EventCount and SizeBytes",
        f"about every 24 hours ({_ARCHIVES})",
        "seconds",
    ),
    "archive_replay_lag_s": Limit(
        0,
        "until an archived event can be replayed",
        f"after 99 to 153 s at most, one capture ({_STACKD}/replays.json); to be safe, wait 600 s, "
        f"advises the {_ARCHIVES}",
        "seconds",
        120,
    ),
    "archive_memory_bytes": Limit(
        268_435_456,
        "compressed events of one archive before they go to a temporary file",
        "invented: simbridge, not AWS",
        "bytes",
    ),
    "concurrent_replays": Limit(
        10, "replays of an account in a region that start or run", "recorded answers of the service"
    ),
    "replay_history_days": Limit(
        90, "a replay that has ended is remembered, and its name is taken", _ARCHIVES, "days"
    ),
    "replay_starting_s": Limit(
        60,
        "a replay is STARTING; if it is stopped meanwhile, it stops at the end of that time",
        "14 replays took 60.6 s, sd 3.5, whatever they had to replay; stopped ones 51, 57 and 73 s "
        f"({_STACKD}/replays.json)",
        "seconds",
    ),
    "replay_cancelling_s": Limit(
        10,
        "a replay is CANCELLING",
        f"one that was cancelled while STARTING took 73 s ({_STACKD}/replays.json)",
        "seconds",
    ),
    "replay_bucket_us": Limit(
        1_000_000,
        "a replay takes at least for one minute of event time that has events",
        f"at most that: see replay_starting_s, of windows of up to 3 minutes ({_STACKD}/replays.json)",
        "µs",
    ),
    "replay_empty_bucket_us": Limit(
        1_000,
        "a replay takes for one minute of event time without events",
        "invented: AWS does not say",
        "µs",
    ),
    "replay_events_per_second": Limit(
        10_000,
        "events a replay puts; 0: a whole minute of event time at once; with regional_rates no more "
        "than the PutEvents quota of the region",
        f"derived from the PutEvents quota ({_ARCHIVES}); that it is the same number is invented",
        "a second",
    ),
    "replay_shuffled": Limit(
        1,
        "1: events of the same minute come in an order drawn from the seed; 0: as archived",
        f"the order within a minute is not guaranteed ({_ARCHIVES})",
        "0 or 1",
    ),
    "event_source_days": Limit(
        14,
        "a partner event source is PENDING before it is deleted",
        "two weeks, "
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeactivateEventSource.html",
        "days",
    ),
    "endpoints": Limit(100, "global endpoints of an account in a region", _QUOTAS),
    "endpoint_change_s": Limit(
        30,
        "a global endpoint is CREATING, UPDATING or DELETING",
        "invented; Terraform's provider waits for 2 minutes at most",
        "seconds",
    ),
    "endpoint_failover_s": Limit(
        0,
        "from a change of a health check until global endpoints route events by it",
        f"360 s are to be expected, 420 s at most ({_GUIDE}/eb-global-endpoints.html)",
        "seconds",
        360,
    ),
    "endpoint_recovery_needs_replication": Limit(
        1,
        "1: a global endpoint without replication stays in the secondary region until its health check "
        "is reset by hand; 0: it follows the health check",
        f"user guide, {_GUIDE}/eb-global-endpoints.html",
        "0 or 1",
    ),
    "messages_per_instant": Limit(
        100_000,
        "messages of one instant before a loop is suspected",
        "invented: simbridge, not AWS",
    ),
    "feedback_events_per_day": Limit(
        10_000,
        "events that the descendants of one event put within a day, round one rule, or executions they "
        "have under way, before the loop is stopped; 0: any number",
        "invented: simbridge, not AWS",
        "a day",
    ),
    "feedback_generations": Limit(
        10_000,
        "times that a chain of events may go round one rule before a warning is given; 0: no warning",
        "invented: simbridge, not AWS",
    ),
} | CONNECTION_LIMITS

PROFILES: dict[str, dict[str, int]] = {
    "ideal": {},
    "aws": {name: limit.aws for name, limit in LIMITS.items() if limit.aws is not None},
}
"""Sets of numbers by name: a world without noise, and one like the service."""

_BOUNDS: dict[Unit, range] = {"0 or 1": range(2), "a million": range(1_000_001)}
"""The values of numbers with these units; others have no upper bound."""

_RATED = ("put_events_per_second", "invocations_per_second")


def rate_of(name: str, region: str, limits: Limits) -> int:
    """A quota per second in a region; 0 if there is none."""
    if limits[name] or not limits["regional_rates"] or name not in _RATED:
        return limits[name]
    return regions.RATES.get(region, regions.OTHER_REGIONS)[_RATED.index(name)]


def replay_rate_of(region: str, limits: Limits) -> int:
    """How many events a replay puts per second in a region; 0: all of a minute at once."""
    most = limits["replay_events_per_second"]
    if not limits["regional_rates"]:
        return most
    return min(most, rate_of("put_events_per_second", region, limits))


def rules_of(region: str, limits: Limits) -> int:
    """How many rules one event bus of a region may have."""
    elsewhere = regions.RULES_PER_BUS_ELSEWHERE
    return limits["rules_per_bus"] or regions.RULES_PER_BUS.get(region, elsewhere)


def limits_of(profile: str | Mapping[str, int], limits: Mapping[str, int] | None) -> dict[str, int]:
    """The numbers of a world: those of its profile, and over them what `limits` says.

    Raises `SimbridgeError` for an unknown profile or name and for an invalid value.
    """
    if isinstance(profile, Mapping):
        return limits_with(profile, limits)
    if not isinstance(profile, str) or profile not in PROFILES:
        names = " or ".join(map(repr, PROFILES))
        raise SimbridgeError(f"profile is {names}, or a mapping of limits, not {profile!r}")
    return limits_with(PROFILES[profile], limits)


def limits_with(*overrides: Mapping[str, int] | None) -> dict[str, int]:
    """The numbers of a world, later ones over earlier ones.

    Raises `SimbridgeError` for an unknown name and for an invalid value.
    """
    limits = {name: limit.default for name, limit in LIMITS.items()}
    for given in overrides:
        if given is not None and not isinstance(given, Mapping):
            raise SimbridgeError(f"limits is a mapping, {{'targets_per_rule': 10}}, not {given!r}")
    for name, value in [pair for given in overrides for pair in (given or {}).items()]:
        if name not in limits:
            hint = did_you_mean(name, limits, "simbridge.model.limits.LIMITS")
            raise SimbridgeError(f"no limit is called {name!r}; {hint}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise SimbridgeError(f"limit {name!r} must be a whole number >= 0, not {value!r}")
        bound = _BOUNDS.get(LIMITS[name].unit)
        if bound is not None and value not in bound:
            between = "or" if len(bound) == 2 else "to"
            raise SimbridgeError(
                f"limit {name!r} is {bound[0]} {between} {bound[-1]:,}, not {value:,} "
                f"({LIMITS[name].meaning})"
            )
        limits[name] = value
    return limits
