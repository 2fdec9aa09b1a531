"""Everything the control plane can describe, as frozen records.

The store of an account and region keeps these, `Configure` carries them to the data plane, and the
Describe and List operations read them. Field names follow boto3 in snake case.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, final

import msgspec

from simbridge.base import json
from simbridge.model.arn import Arn, is_event_bus, parse

__all__ = [
    "ApiDestination",
    "Archive",
    "Connection",
    "Endpoint",
    "EventBus",
    "EventSource",
    "Parameters",
    "Replay",
    "Resource",
    "Rule",
    "Schedule",
    "Target",
]


@final
class Parameters(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The parameter blocks of a target, on their way with each attempt to the target.

    The parameters of a target that has a policy, such as an event bus or a queue, also have the role of
    the call (`RoleArn`), for that policy.

    Many messages carry the same parameters, so the trace writes them out once and refers to them by `name`
    afterwards (`trace/codec`), as it does with events. The name is a digest of the target's address and the
    blocks: a target that is put again with the same parameters has the same name.
    """

    name: str
    blocks: dict[str, Any]

    def __deepcopy__(self, memo: object) -> Parameters:
        return self


class _Resource(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Frozen, hence shared and never copied."""

    def __deepcopy__(self, memo: object) -> _Resource:
        return self


@final
class EventBus(_Resource, frozen=True):
    """An event bus. Times are microseconds since the epoch."""

    arn: str
    name: str
    created_us: int
    modified_us: int
    description: str | None = None
    kms_key_identifier: str | None = None
    dead_letter_config: dict[str, Any] | None = None
    log_config: dict[str, Any] | None = None
    event_source_name: str | None = None
    policy: str | None = None


@final
class Target(_Resource, frozen=True, dict=True):
    """A target of a rule. `request` is the boto3-shaped dict exactly as it was supplied.

    The target of a global endpoint's managed rule has the endpoint's ARN: each copy is marked with it.
    """

    rule_arn: str
    rule_name: str
    id: str
    arn: str
    request: dict[str, Any]
    endpoint_arn: str | None = None

    @property
    def address(self) -> str:
        """The address of the delivery actor of this rule and target."""
        return f"{self.rule_arn}#{self.id}"

    @cached_property
    def parameters(self) -> Parameters | None:
        """The parameter blocks of the request; None if it has none, as most targets."""
        blocks = {name: self.request[name] for name in self.request if name.endswith("Parameters")}
        if "RoleArn" in self.request and _has_policy(parse(self.arn)):
            blocks["RoleArn"] = self.request["RoleArn"]
        if self.endpoint_arn is not None:
            blocks["EndpointArn"] = self.endpoint_arn
        if not blocks:
            return None
        text = json.encode([self.address, blocks], order="sorted")
        return Parameters(hashlib.blake2b(text, digest_size=8).hexdigest(), blocks)


def _has_policy(target: Arn) -> bool:
    """Whether a target has a resource policy and may be called with a role."""
    return is_event_bus(target) or target.service in ("execute-api", "lambda", "sns", "sqs")


@final
class Schedule(_Resource, frozen=True):
    """The schedule of an enabled rule. The address of its scheduler is the ARN of the rule."""

    rule_arn: str
    bus_arn: str
    expression: str


@final
class Rule(_Resource, frozen=True):
    """A rule with its targets, in the order of their ids.

    The managed rule of an archive has the archive's ARN: what it matches goes there.
    """

    arn: str
    name: str
    bus_arn: str
    state: str
    created_by: str
    event_pattern: str | None = None
    schedule_expression: str | None = None
    description: str | None = None
    role_arn: str | None = None
    managed_by: str | None = None
    targets: tuple[Target, ...] = ()
    archive_arn: str | None = None

    @property
    def schedule(self) -> Schedule | None:
        """The schedule by which the rule fires; None while it is disabled."""
        if self.schedule_expression is None or self.state == "DISABLED":
            return None
        return Schedule(self.arn, self.bus_arn, self.schedule_expression)

    def target(self, target_id: str) -> Target | None:
        """The target with this id, if the rule has one."""
        return next((target for target in self.targets if target.id == target_id), None)


@final
class Archive(_Resource, frozen=True):
    """An archive of the events of one bus. `retention_days` 0 keeps them forever."""

    arn: str
    name: str
    bus_arn: str
    created_us: int
    retention_days: int = 0
    description: str | None = None
    event_pattern: str | None = None
    kms_key_identifier: str | None = None


@final
class Replay(_Resource, frozen=True):
    """A replay of the events with a time in [start_us, end_us) to the bus they came from.

    `filter_arns` are the rules that get the events; empty means all rules.
    """

    arn: str
    name: str
    archive_arn: str
    bus_arn: str
    start_us: int
    end_us: int
    started_us: int
    description: str | None = None
    filter_arns: tuple[str, ...] = ()


@final
class Connection(_Resource, frozen=True):
    """A connection, as its actor needs to know it; its credentials are in the secret.

    `wanted` is the state it is to reach: AUTHORIZED, DEAUTHORIZED or DELETED. Each description of a
    connection has a `revision` of its own, and reports name it. `endpoint` is where an OAuth connection
    gets its tokens. `private` and `private_endpoint` say whether what it connects to, or that endpoint,
    is in a private network.
    """

    arn: str
    name: str
    authorization_type: str
    wanted: str
    revision: int
    secret_arn: str | None = None
    endpoint: str | None = None
    private: bool = False
    private_endpoint: bool = False


@final
class ApiDestination(_Resource, frozen=True):
    """An API destination. `connection_arn` names one incarnation of a connection."""

    arn: str
    name: str
    connection_arn: str
    endpoint: str
    method: str
    rate: int
    created_us: int
    modified_us: int
    description: str | None = None


@final
class EventSource(_Resource, frozen=True):
    """A partner event source, which a partner offers to one account (fidelity 7.2).

    `partner` is the account that created it, `account` the one it is for. `expires_us` is when it is
    deleted if it is still PENDING; None if it is not PENDING.
    """

    arn: str
    name: str
    partner: str
    account: str
    created_us: int
    state: str
    expires_us: int | None = None

    @property
    def created_by(self) -> str:
        """The name of the partner: `aws.partner/example.com`."""
        return "/".join(self.name.split("/", 2)[:2])


@final
class Endpoint(_Resource, frozen=True):
    """A global endpoint: routes events to the event buses of one name in two regions (fidelity 13.1).

    Its home is the primary region. `bus_arns` are in the order in which they were given. `role_arn` is for
    replication. `failure` is why the change that is in progress fails, if it does.
    """

    arn: str
    name: str
    id: str
    url: str
    primary: str
    secondary: str
    bus_arns: tuple[str, ...]
    health_check: str
    replicates: bool
    created_us: int
    modified_us: int
    state: str
    role_arn: str | None = None
    description: str | None = None
    failure: str | None = None
    reason: str | None = None

    def bus_arn(self, region: str) -> str:
        """The ARN of its event bus in one of the two regions."""
        return next(arn for arn in self.bus_arns if parse(arn).region == region)

    def other_region(self, region: str) -> str:
        """The other one of its two regions."""
        return self.secondary if region == self.primary else self.primary


Resource = (
    ApiDestination
    | Archive
    | Connection
    | Endpoint
    | EventBus
    | EventSource
    | Replay
    | Rule
    | Schedule
    | Target
)
