"""Checks the resource policies that a scenario gives to stand-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simbridge import targets
from simbridge.base.errors import SimbridgeError
from simbridge.languages import policy
from simbridge.model import arn as arns

__all__ = ["PolicyText", "checked_policy"]

PolicyText = Mapping[str, Any] | str
"""A policy as AWS has it: a mapping, or JSON text."""


def checked_policy(arn: str, given: PolicyText | None) -> str | None:
    """The policy of the stand-in at an ARN, as JSON text.

    Raises `InvalidPolicy` or `NotSimulated` for its content, and `SimbridgeError` if deliveries to such a
    target ask no resource policy.
    """
    if given is None:
        return None
    target = arns.parse(arn)
    kind = targets.kind_of(target)
    if kind is None:
        raise SimbridgeError(f"{arn} is not a target of rules, so its policy is not asked")
    if kind.permission is None:
        raise SimbridgeError(
            f"a delivery to {arn} asks no resource policy: EventBridge calls a target of the kind "
            f"{kind.name} with the RoleArn of the target, whose permissions are not simulated. "
            "Leave policy out, and let it refuse with .fails('NO_PERMISSIONS')"
        )
    return policy.check_resource(
        given, target.service, negated_elements=kind.permission.negated_elements
    )
