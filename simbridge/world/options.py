"""Checks the options of a world, before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, final

from simbridge.base import checks, clock
from simbridge.base.clock import Instant
from simbridge.hosts import backends
from simbridge.model.backoff import Backoff, check_backoff
from simbridge.model.limits import Limits, limits_of
from simbridge.world.actor_factory import ActorSettings

__all__ = ["Options", "checked_options"]


@final
class Options(NamedTuple):
    """The options of `World`, checked."""

    seed: int
    start_us: int
    account: str
    region: str
    limits: Limits
    settings: ActorSettings
    outcomes_only: bool


def checked_options(
    seed: int,
    start: Instant,
    *,
    account: str,
    region: str,
    stand_ins: str,
    limits: Mapping[str, int] | None,
    profile: str | Mapping[str, int],
    backoff: Backoff,
    trace: str,
    rate_first_fires: str,
    organizations: Mapping[str, Sequence[str]] | None,
    permissions: str,
    backend: str,
) -> Options:
    """The options of a world. Raises `SimbridgeError` or `InvalidTime` as `World` says."""
    checks.seed(seed)
    checks.choice(stand_ins, "stand_ins", ("strict", "auto"))
    checks.choice(trace, "trace", ("full", "outcomes"))
    checks.choice(rate_first_fires, "rate_first_fires", ("immediately", "after_one_period"))
    checks.choice(permissions, "permissions", ("ignore", "enforce"))
    check_backoff(backoff)
    backends.check_backend(backend)
    account, region = checks.account(account), checks.region(region)
    numbers = limits_of(profile, limits)
    members = checks.organizations({} if organizations is None else organizations)
    settings = ActorSettings(
        stand_ins == "auto",
        backoff,
        rate_first_fires == "immediately",
        members,
        permissions == "enforce",
    )
    begin = clock.instant(start)
    return Options(seed, begin, account, region, numbers, settings, trace == "outcomes")
