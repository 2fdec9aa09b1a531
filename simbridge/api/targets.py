"""Targets: put, remove, list, and the names of the rules that have one.

PutTargets is all or nothing: every target of the request is checked before the rule is replaced,
and a refusal names the first thing that is wrong (recorded). Which check comes first when several
would fail is not known; the order here goes from the ARN over the role and the parameter blocks to
the input and the dead-letter queue. What a type of target demands is read from the catalogue
(`simbridge/targets`). That a target exists is not checked, as on AWS.

A target is kept exactly as it was supplied: a target that is put again under the same id replaces
the old one with all its fields.
"""

from __future__ import annotations

from typing import Any

import msgspec

from simbridge.api import pagination
from simbridge.api.access import check_forwarding
from simbridge.api.arn_checks import check_dead_letter_queue, check_role, read_arn
from simbridge.api.errors import (
    access_denied,
    invalid,
    limit_exceeded,
    malformed_arn,
    managed_rule,
)
from simbridge.api.lookup import bus_at, find_bus, find_rule
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.rules import replace_rule
from simbridge.languages import transform
from simbridge.model.arn import Arn, is_event_bus, is_whole_log_group
from simbridge.model.resources import Rule, Target
from simbridge.targets import BLOCKS, TargetKind, complaint, is_service, kind_of

__all__ = [
    "list_rule_names_by_target",
    "list_targets_by_rule",
    "put_targets",
    "remove_targets",
]

_INPUTS = ("Input", "InputPath", "InputTransformer")

_WHOLE_LOG_GROUP = (
    "{}: whether EventBridge delivers to a log group that is written with ':*' is disputed; "
    "the limit log_group_star_delivers says what happens here"
)


@operation
def put_targets(context: Context, request: Request) -> Response:
    """Add targets to a rule or replace them. Errors (fidelity 2.5, 5.1, 8.4)."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Rule"], "PutTargets")
    targets = {target.id: target for target in rule.targets}
    for given in request["Targets"]:
        _check_target(context, rule, given)
        targets[given["Id"]] = Target(
            rule_arn=rule.arn,
            rule_name=rule.name,
            id=given["Id"],
            arn=given["Arn"],
            request=dict(given),
        )
    if rule.managed_by is not None:  # a target that is wrong is refused before (captured)
        raise managed_rule(rule.name, can_force=False)
    if len(targets) > context.limits["targets_per_rule"]:
        raise limit_exceeded()
    replace_rule(context, bus, _with_targets(rule, targets))
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation
def remove_targets(context: Context, request: Request) -> Response:
    """Take targets from a rule. An id that the rule does not have is no error (captured)."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Rule"], "RemoveTargets")
    if rule.managed_by is not None and not request.get("Force"):
        raise managed_rule(rule.name, can_force=True)
    gone = set(request["Ids"])
    targets = {target.id: target for target in rule.targets if target.id not in gone}
    replace_rule(context, bus, _with_targets(rule, targets))
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation
def list_targets_by_rule(context: Context, request: Request) -> Response:
    """The targets of a rule with the fields they were put with, in the order of their ids."""
    _, rule = find_rule(context, request.get("EventBusName"), request["Rule"], "ListTargetsByRule")
    found, more = pagination.page(
        "ListTargetsByRule",
        request,
        ((target.id, target) for target in rule.targets),
        context.limits["list_page"],
    )
    return {"Targets": [_listed(target) for target in found]} | more


@operation
def list_rule_names_by_target(context: Context, request: Request) -> Response:
    """The rules of a bus that have a target of this ARN, disabled ones too (recorded)."""
    bus = find_bus(context, request.get("EventBusName"), "ListRuleNamesByTarget")
    wanted = request["TargetArn"]
    found, more = pagination.page(
        "ListRuleNamesByTarget",
        request,
        (
            (name, name)
            for name, rule in bus.rules.items()
            if any(target.arn == wanted for target in rule.targets)
        ),
        context.limits["list_page"],
    )
    return {"RuleNames": found} | more


def _with_targets(rule: Rule, targets: dict[str, Target]) -> Rule:
    in_order = tuple(targets[target_id] for target_id in sorted(targets))
    return msgspec.structs.replace(rule, targets=in_order)


def _listed(target: Target) -> dict[str, Any]:
    """A target as it was supplied; ECS answers its two switches in any case (captured)."""
    ecs = target.request.get("EcsParameters")
    if ecs is None:
        return dict(target.request)
    switches = {"EnableECSManagedTags": False, "EnableExecuteCommand": False}
    return target.request | {"EcsParameters": switches | ecs}


def _check_target(context: Context, rule: Rule, given: Request) -> None:
    """Everything that can be wrong with one target, in the order of the module's description."""
    target = read_arn(given["Arn"])
    if not is_service(target.service):
        raise invalid(f"{target.service} is not a supported service for a target.")
    kind = kind_of(target)
    if kind is None:
        raise malformed_arn(given["Arn"])
    _check_role(context, kind, target, given)
    if is_event_bus(target):
        _check_bus_target(context, rule, given)
    else:
        _check_same_account_and_region(context, kind, target, given)
        if is_whole_log_group(given["Arn"]):
            context.detail = _WHOLE_LOG_GROUP.format(given["Arn"])
    _check_blocks(kind, given)
    if any(given.get(name) is not None for name in _INPUTS if name not in kind.inputs):
        raise invalid(kind.refusal.format(id=given["Id"]))
    transform.check(given["Id"], given)
    queue = (given.get("DeadLetterConfig") or {}).get("Arn")
    if queue is not None:
        check_dead_letter_queue(queue, context.region)


def _check_role(context: Context, kind: TargetKind, target: Arn, given: Request) -> None:
    """A role where the kind of target wants one, none where it takes none (captured, lint).

    An event bus of another region has always wanted one.
    """
    role = given.get("RoleArn")
    required = kind.role == "required" or (
        kind.role == "setting"
        and (context.limits["bus_target_role_required"] > 0 or target.region != context.region)
    )
    if role is None:
        if required:
            raise invalid(f"RoleArn is required for target {given['Arn']}.")
        return
    if kind.role == "refused":
        raise invalid(f"RoleArn is not supported for target {given['Arn']}.")
    check_role(role, context.account)


def _check_bus_target(context: Context, rule: Rule, given: Request) -> None:
    """A rule may forward to any other event bus, of any account and region (captured).

    A bus of another account must allow it by now; in which words that is refused is not known.
    """
    if given["Arn"] == rule.bus_arn:
        raise invalid("Source EventBus and Target EventBus must not be the same.")
    if given.get("RetryPolicy") is not None:
        raise invalid("Retry policy is not supported for Event bus targets.")
    bus = bus_at(context, given["Arn"])
    check_forwarding(context, rule.arn, given["Arn"], bus, given.get("RoleArn"))


def _check_same_account_and_region(
    context: Context, kind: TargetKind, target: Arn, given: Request
) -> None:
    """Anything but an event bus lives where the rule lives. Some ARNs leave out where that is.

    Some kinds may live in another account, if the rule's own account has a role for them (user guide,
    "cross-account delivery"). The refusal was captured for a kind that may not; that a missing role is
    refused in the same words is a guess. About other regions the sources disagree; the reason is one
    that deployment tools were seen to expect from the service.
    """
    text = given["Arn"]
    abroad = target.account not in ("", context.account)
    if abroad and not (kind.cross_account and given.get("RoleArn") is not None):
        raise access_denied(text, "Adding cross-account target is not permitted.")
    if target.region not in ("", context.region):
        raise invalid(
            f"Access to the resource {text} is denied. "
            "Reason: Adding cross-region target is not permitted."
        )


def _check_blocks(kind: TargetKind, given: Request) -> None:
    """The parameter block of this kind where it must be, as it may be, and no other's (lint)."""
    for block in BLOCKS:
        if given.get(block) is not None and block != kind.block:
            raise invalid(f"Parameter(s) {block} not supported for target: {given['Id']}")
    if kind.block is None:
        return
    parameters = given.get(kind.block)
    if parameters is not None:
        text = complaint(kind.block, given["Id"], given["Arn"], parameters)
        if text is not None:
            raise invalid(text)
    elif kind.block_required:
        raise invalid(f"Parameter(s) {kind.block} must be specified for target: {given['Id']}.")
