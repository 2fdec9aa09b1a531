"""Routing of global endpoints: which of two regions serves a request at this instant.

A global endpoint is a host name in DNS, so the network decides the region before EventBridge sees the
request. A health check of Route 53 decides for the network: the primary region while it is healthy, else the
secondary region. A scenario switches health checks (`World.health_check`); nothing else does.

The decision is a pure function of the windows in which the health check is unhealthy. For example, with a
window from 10:00 to 10:30 and a failover time of six minutes, the endpoint is served by its secondary region
from 10:06 to 10:36. Without replication it stays there until the health check is reset by hand, because an
endpoint that gets no events has no data by which its alarm could recover (fidelity 13.3).

<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html>
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, final

from simbridge.base.clock import SECOND
from simbridge.model.limits import Limits
from simbridge.model.resources import Endpoint

__all__ = ["HealthChecks", "Window", "find_endpoint"]


@final
class Window(NamedTuple):
    """A health check is unhealthy in [from_us, until_us). `reset_us` is when it was reset by hand, if it was."""

    from_us: int
    until_us: int
    reset_us: int | None = None


@final
class HealthChecks:
    """The health checks of one world by their ARNs. Plain data, copied with the plane."""

    def __init__(self, limits: Limits) -> None:
        self._failover_us = limits["endpoint_failover_s"] * SECOND
        self._needs_replication = limits["endpoint_recovery_needs_replication"] > 0
        self._windows: dict[str, list[Window]] = {}

    def fail(self, arn: str, from_us: int, until_us: int) -> None:
        """The health check is unhealthy from one instant up to, not including, another."""
        self._windows.setdefault(arn, []).append(Window(from_us, until_us))

    def recover(self, arn: str, now_us: int) -> None:
        """The health check is reset: it is healthy from now on, and windows still to come are forgotten."""
        begun = [window for window in self._windows.get(arn, ()) if window.from_us <= now_us]
        self._windows[arn] = [
            window._replace(
                until_us=min(window.until_us, now_us),
                reset_us=now_us if window.reset_us is None else window.reset_us,
            )
            for window in begun
        ]

    def is_healthy(self, arn: str, now_us: int) -> bool:
        """Whether the health check itself is healthy at this instant."""
        windows = self._windows.get(arn, ())
        return not any(window.from_us <= now_us < window.until_us for window in windows)

    def region_of(self, endpoint: Endpoint, now_us: int) -> str:
        """The region that serves an endpoint at this instant."""
        seen_us = now_us - self._failover_us
        for from_us, until_us, reset_us in self._windows.get(endpoint.health_check, ()):
            if not endpoint.replicates and self._needs_replication:
                is_over = reset_us is not None and reset_us <= seen_us
            else:
                is_over = until_us <= seen_us
            if from_us <= seen_us and from_us < until_us and not is_over:
                return endpoint.secondary
        return endpoint.primary


def find_endpoint(endpoints: Iterable[Endpoint], endpoint_id: object) -> Endpoint | None:
    """The endpoint with this id; None if there is none."""
    return next((endpoint for endpoint in endpoints if endpoint.id == endpoint_id), None)
