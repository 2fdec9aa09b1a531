"""Amazon Resource Names: `arn:partition:service:region:account:resource`.

An ARN is the address of everything that can receive a message in a world, so routing between accounts and
regions needs nothing else. See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, final

from simbridge.base.errors import InvalidArn

__all__ = [
    "Arn",
    "address_of",
    "api_address",
    "api_destination_arn",
    "archive_arn",
    "connection_arn",
    "dns_suffix",
    "endpoint_arn",
    "event_bus_arn",
    "event_source_arn",
    "health_check_arn",
    "is_api_destination",
    "is_connection",
    "is_event_bus",
    "is_simulated",
    "is_whole_log_group",
    "parse",
    "partition_of",
    "replay_arn",
    "rule_arn",
    "secret_arn",
]

_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
"""The beginning of the regions of each partition (botocore's endpoints); any other region is in "aws"."""

_DNS_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""What host names of services end in, if not in "amazonaws.com" (botocore's endpoints)."""


@final
class Arn(NamedTuple):
    """The five parts after "arn"; `str(arn)` is the whole."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(("arn", *self))


@lru_cache(maxsize=4096)
def parse(text: str) -> Arn:
    """The parts of an ARN. Raises `InvalidArn` if the text is not one."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        raise InvalidArn(
            f"{text!r} is not an ARN: expected arn:partition:service:region:account:resource"
        )
    return Arn(*parts[1:])


def partition_of(region: str) -> str:
    """The AWS partition of a region."""
    for prefix, partition in _PARTITIONS.items():
        if region.startswith(prefix):
            return partition
    return "aws"


def dns_suffix(partition: str) -> str:
    """What the host names of services in a partition end in."""
    return _DNS_SUFFIXES.get(partition, "amazonaws.com")


def event_bus_arn(region: str, account: str, name: str) -> str:
    """The ARN of an event bus (fidelity 0.5; recorded)."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:event-bus/{name}"


def rule_arn(region: str, account: str, bus: str, name: str) -> str:
    """The ARN of a rule; on the default bus it does not name the bus (recorded)."""
    path = name if bus == "default" else f"{bus}/{name}"
    return f"arn:{partition_of(region)}:events:{region}:{account}:rule/{path}"


def archive_arn(region: str, account: str, name: str) -> str:
    """The ARN of an archive (fidelity 0.5; recorded)."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:archive/{name}"


def replay_arn(region: str, account: str, name: str) -> str:
    """The ARN of a replay (fidelity 0.5; recorded)."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:replay/{name}"


def event_source_arn(region: str, name: str) -> str:
    """The ARN of a partner event source, which is of no account (fidelity 0.5; docs)."""
    return f"arn:{partition_of(region)}:events:{region}::event-source/{name}"


def endpoint_arn(region: str, account: str, name: str) -> str:
    """The ARN of a global endpoint (fidelity 0.5; model)."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:endpoint/{name}"


def health_check_arn(region: str, name: str) -> str:
    """The ARN of a Route 53 health check, which is of no region and no account (model)."""
    return f"arn:{partition_of(region)}:route53:::healthcheck/{name}"


def connection_arn(region: str, account: str, name: str, uuid: str) -> str:
    """The ARN of one incarnation of a connection (fidelity 9.1; recorded)."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:connection/{name}/{uuid}"


def api_destination_arn(region: str, account: str, name: str, uuid: str) -> str:
    """The ARN of an API destination (fidelity 9.5; recorded)."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:api-destination/{name}/{uuid}"


def secret_arn(region: str, account: str, connection: str, uuid: str, suffix: str) -> str:
    """The ARN of the secret of a connection; the uuid is another one (fidelity 9.3; recorded)."""
    name = f"events!connection/{connection}/{uuid}-{suffix}"
    return f"arn:{partition_of(region)}:secretsmanager:{region}:{account}:secret:{name}"


def api_address(account: str, region: str) -> str:
    """The address of the control plane of an account and region, for calls and reports."""
    return f"api:{region}:{account}"


def is_simulated(arn: Arn) -> bool:
    """Whether it is a resource of EventBridge itself: a bus, a rule, an archive, a connection and so on."""
    return arn.service == "events" and arn.resource.startswith(
        (
            "event-bus/",
            "rule/",
            "archive/",
            "replay/",
            "connection/",
            "event-source/",
            "endpoint/",
        )
    )


def is_connection(arn: Arn) -> bool:
    """Whether the ARN names a connection."""
    return arn.service == "events" and arn.resource.startswith("connection/")


def is_api_destination(arn: Arn) -> bool:
    """Whether it is the ARN of an API destination."""
    return arn.service == "events" and arn.resource.startswith("api-destination/")


def is_event_bus(arn: Arn) -> bool:
    """Whether the ARN names an event bus."""
    return arn.service == "events" and arn.resource.startswith("event-bus/")


def is_whole_log_group(text: str) -> bool:
    """Whether an ARN names a log group with `:*` at the end: the group and all its streams."""
    return text.endswith(":*") and ":logs:" in text


def address_of(text: str) -> str:
    """The address of a target: its ARN; of a log group, the ARN without `:*`."""
    return text.removesuffix(":*") if is_whole_log_group(text) else text
