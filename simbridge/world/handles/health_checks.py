"""The handle of a Route 53 health check, which decides to which region a global endpoint routes.

A health check needs no setting up: it is there as soon as it is named, and healthy. Its ARN goes into the
`RoutingConfig` of CreateEndpoint. It has no state of its own: the control plane keeps the windows in which the
health check is unhealthy (`api/routing`), and each switch is recorded in the trace (`Health`).

<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover.html>
"""

from __future__ import annotations

import re
from typing import final

from simbridge.api.plane import ControlPlane
from simbridge.base import checks, clock
from simbridge.base.clock import Duration, Instant
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.kernel import Kernel
from simbridge.model import arn as arns
from simbridge.model.state_messages import Health
from simbridge.world.clients import Clients

__all__ = ["HealthCheck", "open_health_check"]

_NAME = re.compile(r"(?:arn:aws[a-z-]*:route53:::healthcheck/)?([a-z0-9-]+)")


def open_health_check(
    kernel: Kernel, plane: ControlPlane, clients: Clients, region: str, name: str
) -> HealthCheck:
    """The handle of the health check of this name or ARN (`World.health_check`)."""
    given = _NAME.fullmatch(checks.text(name, "the name of a health check"))
    if given is None:
        raise SimbridgeError(
            f"invalid health check {name!r}: small letters, digits and -, or its ARN "
            "arn:aws:route53:::healthcheck/NAME"
        )
    arn = name if name.startswith("arn:") else arns.health_check_arn(region, given[1])
    return HealthCheck(kernel, plane, clients, arn)


@final
class HealthCheck:
    """A Route 53 health check (`World.health_check`)."""

    def __init__(self, kernel: Kernel, plane: ControlPlane, clients: Clients, arn: str) -> None:
        self._kernel = kernel
        self._plane = plane
        self._clients = clients
        self.arn = arn

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def healthy(self) -> bool:
        """Whether it is healthy now. Endpoints follow after `endpoint_failover_s`."""
        with self._kernel.exclusive:
            return self._plane.health_checks.is_healthy(self.arn, self._kernel.now)

    def fails(self, *, from_: Instant | None = None, for_: Duration | None = None) -> None:
        """Be unhealthy from `from_` (else now) for as long as `for_` (else until `recovers`).

        Raises `InvalidTime` for a naive `from_`.
        """
        begin = self._kernel.now if from_ is None else clock.instant(from_)
        end = clock.LATEST if for_ is None else begin + clock.duration(for_)
        self._set(Health(begin, end))

    def recovers(self) -> None:
        """Be healthy from now on: whatever `fails` has said is over, as after a reset by hand."""
        self._set(Health())

    def _set(self, health: Health) -> None:
        self._plane.set_health(self.arn, health, *self._clients.caller())

    def __repr__(self) -> str:
        return f"<health check {printable(self.arn)}>"
