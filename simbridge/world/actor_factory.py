"""Creates the actor for an address on its first message.

The kernel asks when a message is due at an address without an actor. A `Configure` says itself what the
actor is: a bus, a delivery, a scheduler, an archive, a replay, a connection. A report to the control plane gets a
`ReportInbox`. Any other message gets a stand-in if the world makes them by itself, and otherwise a
`MissingTarget`, which answers that the target does not exist; so it is with HTTP endpoints at URLs.

Three kinds of actor can be needed before their first message, because a scenario holds a handle of them: a
stand-in (`stand_in`), an HTTP endpoint (`http_endpoint`) and an archive (`archive`). They are created here,
too; no other module adds an actor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, final

from simbridge.actors.archive import ArchiveActor, Counting
from simbridge.actors.bus import EventBusActor, ForwardingRules
from simbridge.actors.connection import ConnectionActor, ConnectionPace
from simbridge.actors.delivery import DeliveryActor, Policy
from simbridge.actors.fifo import make_stand_in
from simbridge.actors.http import HttpEndpoint, MissingEndpoint
from simbridge.actors.permission import Permissions
from simbridge.actors.replay import Pace, ReplayActor
from simbridge.actors.scheduler import SchedulerActor
from simbridge.actors.target import MissingTarget
from simbridge.api.plane import ControlPlane
from simbridge.api.reports import ReportInbox
from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.token_bucket import Bucket
from simbridge.kernel import Actor, Kernel
from simbridge.model import arn as arns
from simbridge.model.backoff import Backoff
from simbridge.model.faults import Slow, probability_u32
from simbridge.model.http import Network
from simbridge.model.limits import Limits, rate_of, replay_rate_of
from simbridge.model.messages import Configure
from simbridge.model.resources import Archive, Connection, EventBus, Replay, Schedule, Target
from simbridge.model.secrets import Secrets
from simbridge.trace.names import function_name

__all__ = ["ActorFactory", "ActorSettings"]

NAMESAKES_MAX = 3
"""How many stand-ins with the name of a missing one are listed."""


@final
class ActorSettings(NamedTuple):
    """The options of a world that its actors need, beside its limits.

    `stand_ins`: whether stand-ins are made for missing targets. `organizations` has the AWS organization of
    each account that is in one at the beginning. `enforced`: whether targets without a policy let no caller in.
    """

    stand_ins: bool
    backoff: Backoff
    rate_fires_at_once: bool
    organizations: dict[str, str]
    enforced: bool


@final
class ActorFactory:
    """Makes the actors of one world, whose kernel is set by `bind`."""

    def __init__(self, settings: ActorSettings, limits: Limits) -> None:
        self.settings = settings
        self.limits = limits
        self._latency = _slow(limits, "delivery_latency_median_us", "delivery_latency_p99_us")
        self.function_start = _slow(limits, "function_start_median_us", "function_start_p99_us")
        """How long a function takes to start after it has accepted an event, if that takes time."""
        self._duplicates = probability_u32(limits["duplicates_per_million"] / 1_000_000)

    def bind(self, kernel: Kernel, plane: ControlPlane) -> None:
        """Set the kernel and the control plane of the actors."""
        self._kernel = kernel
        self._plane = plane
        hops, region_hops = self.limits["same_region_hops"], self.limits["cross_region_hops"]
        organizations, feedback = plane.organizations, kernel.shared["feedback"]
        self._permissions = Permissions(self.settings.enforced, organizations)
        self._network, self._secrets = Network.of(kernel.shared), Secrets.of(kernel.shared)
        self._network.accepts_all = self.settings.stand_ins
        self._forwarding = ForwardingRules(hops, region_hops, organizations, feedback)

    def create(self, address: str, message: Any) -> Actor | None:
        """An actor for an address that has none (`Kernel.populate`)."""
        if address.startswith("api:"):
            _, region, account = address.split(":")
            return ReportInbox(self._plane.store(account, region))
        if isinstance(message, Configure):
            return _ACTORS[type(message.resource)](self, message.resource)
        if address.startswith("https://"):
            return HttpEndpoint(self._network) if self.settings.stand_ins else MissingEndpoint()
        arn = arns.parse(address) if address.startswith("arn:") else None
        if arn is not None and arns.is_connection(arn):
            return self._connection(None)  # it has been deleted, or never was
        if arn is not None and arn.resource == "event-bus/default" and arns.is_event_bus(arn):
            return self._bus(arn)  # every account has one
        if self.settings.stand_ins and arn is not None and not arns.is_simulated(arn):
            return make_stand_in(address, self._permissions)
        missing = arn is not None and not arns.is_simulated(arn)
        return MissingTarget(self._namesakes(address) if missing else ())

    def _namesakes(self, address: str) -> list[str]:
        """Stand-ins of the same name in another place, of another service, or with another alias."""
        name = _name(address)
        ending = f":{name}"
        near = [one for one in self._kernel.actors if ending in one and one.startswith("arn:")]
        found = [
            one for one in near if _name(one) == name and not arns.is_simulated(arns.parse(one))
        ]
        return sorted(found)[:NAMESAKES_MAX]

    def archive(self, arn: str) -> ArchiveActor:
        """The archive at an ARN, whether or not its `Configure` has arrived yet."""
        actor = self._kernel.actors.get(arn)
        if actor is None:
            name = arns.parse(arn).resource.partition("/")[2]
            counting, memory_bytes = _counting(self.limits), self.limits["archive_memory_bytes"]
            actor = ArchiveActor(counting, memory_bytes, name)
            self._kernel.actors[arn] = actor
        assert isinstance(actor, ArchiveActor)
        return actor

    def stand_in(self, arn: str) -> Actor:
        """The stand-in at an ARN, whether or not a message has been sent there yet."""
        return self._kernel.actors.setdefault(arn, make_stand_in(arn, self._permissions))

    def http_endpoint(self, url: str) -> HttpEndpoint:
        """The HTTP endpoint at a URL, whether or not a request has been sent there yet."""
        actor = self._kernel.actors.setdefault(url, HttpEndpoint(self._network))
        assert isinstance(actor, HttpEndpoint)
        return actor

    def _bus(self, arn: arns.Arn) -> Actor:
        puts = self._plane.quota("PutEvents", arn.region)
        return EventBusActor(self._duplicates, self._forwarding._replace(puts=puts))

    def _named_bus(self, bus: EventBus) -> Actor:
        return self._bus(arns.parse(bus.arn))

    def _delivery(self, target: Target) -> Actor:
        return DeliveryActor(self._policy(arns.parse(target.rule_arn)))

    def _archive(self, archive: Archive) -> Actor:
        return self.archive(archive.arn)

    def _replay(self, replay: Replay) -> Actor:
        pace = _pace(self.limits, arns.parse(replay.arn).region)
        feedback = self._kernel.shared["feedback"]
        return ReplayActor(pace, self.archive(replay.archive_arn), feedback)

    def _scheduler(self, _: Schedule) -> Actor:
        return SchedulerActor(
            rate_fires_at_once=self.settings.rate_fires_at_once,
            lateness_us=self.limits["schedule_lateness_us"],
            cron_offset_us=self.limits["schedule_offset_us"],
        )

    def _connection(self, _: Connection | None) -> Actor:
        return ConnectionActor(_connection_pace(self.limits), self._secrets, self._network)

    def _policy(self, rule: arns.Arn) -> Policy:
        """What holds for the deliveries of an account and region, which share one quota."""
        limits, shared = self.limits, self._kernel.shared
        key = f"deliveries:{rule.region}:{rule.account}"
        if key not in shared:
            rate = rate_of("invocations_per_second", rule.region, limits)
            quota = Bucket(rate) if rate else None
            shared[key] = Policy(
                limits["retry_attempts"],
                limits["event_age_s"],
                self.settings.backoff,
                quota,
                self._latency,
                limits["log_group_star_delivers"] > 0,
            )
        policy: Policy = shared[key]
        return policy


# The actor for the first `Configure` of an address, by the resource in it.
_ACTORS: dict[type, Callable[[ActorFactory, Any], Actor]] = {
    Archive: ActorFactory._archive,
    Connection: ActorFactory._connection,
    EventBus: ActorFactory._named_bus,
    Replay: ActorFactory._replay,
    Schedule: ActorFactory._scheduler,
    Target: ActorFactory._delivery,
}


def _name(address: str) -> str:
    """What a stand-in is called: the name of a function without its alias, else the last part."""
    return function_name(address) or address.rpartition(":")[2]


def _slow(limits: Limits, median: str, p99: str) -> Slow | None:
    """The log-normal time of two limits; None if both are 0, and it takes no time."""
    if not limits[median] and not limits[p99]:
        return None
    if not 0 < limits[median] <= limits[p99]:
        raise SimbridgeError(f"set {median} above zero, and {p99} to no less than it")
    return Slow(limits[median], limits[p99])


def _counting(limits: Limits) -> Counting:
    """When archives count and remove their events."""
    names = ("archive_count_lag_s", "archive_batch_s", "archive_sweep_s", "archive_replay_lag_s")
    return Counting(*(limits[name] * clock.SECOND for name in names))


def _connection_pace(limits: Limits) -> ConnectionPace:
    """How long connections take for what."""
    return ConnectionPace(
        connecting_us=limits["connection_connecting_us"],
        authorizing_us=limits["connection_authorizing_us"],
        retry_us=limits["connection_token_retry_s"] * clock.SECOND,
        margin_us=limits["connection_token_margin_s"] * clock.SECOND,
        deauthorizing_us=limits["connection_deauthorizing_us"],
        deleting_us=limits["connection_deleting_us"],
        attempts=limits["connection_token_attempts"],
        private_connects=limits["private_connections_connect"] > 0,
    )


def _pace(limits: Limits, region: str) -> Pace:
    """How fast replays go in a region."""
    return Pace(
        starting_us=limits["replay_starting_s"] * clock.SECOND,
        cancelling_us=limits["replay_cancelling_s"] * clock.SECOND,
        bucket_us=limits["replay_bucket_us"],
        empty_bucket_us=limits["replay_empty_bucket_us"],
        events_per_second=replay_rate_of(region, limits),
        shuffled=limits["replay_shuffled"] > 0,
    )
