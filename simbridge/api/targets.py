"""Targets: put, remove, list, and the names of the rules that have one.

PutTargets is all or nothing: every target of the request is checked before the rule is replaced, and the
error names the first problem (recorded). If several checks would fail, AWS's order is not known; here it
is ARN, role, parameter blocks, input, dead-letter queue. What each kind of target requires is in
`simbridge/targets`. Whether a target exists is not checked, as on AWS.

A target is stored exactly as it was supplied: another target with the same id replaces it with all its
fields.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html>
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
    "{}: sources disagree whether EventBridge delivers to a log group written with ':*'; "
    "the limit log_group_star_delivers decides"
)


@operation
def put_targets(context: Context, request: Request) -> Response:
    """Add targets to a rule or replace them. Errors (fidelity 2.5, 5.1, 8.4)."""
    given_bus = request.get("EventBusName")
    bus, rule = find_rule(context, given_bus, request["Rule"], "PutTargets", request)
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
    if rule.managed_by is not None:  # an invalid target is refused first (captured)
        raise managed_rule(rule.name, can_force=False)
    if len(targets) > context.limits["targets_per_rule"]:
        raise limit_exceeded()
    replace_rule(context, bus, _with_targets(rule, targets))
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation
def remove_targets(context: Context, request: Request) -> Response:
    """Remove targets from a rule. An id that the rule does not have is ignored (captured)."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Rule"], "RemoveTargets")
    if rule.managed_by is not None and not request.get("Force"):
        raise managed_rule(rule.name, can_force=True)
    gone = set(request["Ids"])
    targets = {target.id: target for target in rule.targets if target.id not in gone}
    replace_rule(context, bus, _with_targets(rule, targets))
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation
def list_targets_by_rule(context: Context, request: Request) -> Response:
    """List the targets of a rule with the fields they were put with, sorted by id."""
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
    """List the rules of a bus that have a target with this ARN, disabled ones too (recorded)."""
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
    """A target as it was supplied; ECS always shows its two switches (captured)."""
    ecs = target.request.get("EcsParameters")
    if ecs is None:
        return dict(target.request)
    switches = {"EnableECSManagedTags": False, "EnableExecuteCommand": False}
    return target.request | {"EcsParameters": switches | ecs}


def _check_target(context: Context, rule: Rule, given: Request) -> None:
    """Check one target, in the order that the module's docstring names."""
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
    """Check the role: required, allowed or refused, by kind of target (captured, lint).

    An event bus of another region always requires one.
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

    The policy of a bus of another account must allow it already; AWS's text otherwise is not known.
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
    """Any target other than an event bus is in the account and region of the rule; its ARN may omit them.

    Some kinds may be in another account, if the rule's own account has a role for them (user guide,
    "cross-account delivery"). The error was captured for a kind that may not; that a missing role has the
    same text is believed. About other regions the sources disagree; deployment tools expect this text.
    """
    text = given["Arn"]
    cross_account = target.account not in ("", context.account)
    if cross_account and not (kind.cross_account and given.get("RoleArn") is not None):
        raise access_denied(text, "Adding cross-account target is not permitted.")
    if target.region not in ("", context.region):
        raise invalid(
            f"Access to the resource {text} is denied. "
            "Reason: Adding cross-region target is not permitted."
        )


def _check_blocks(kind: TargetKind, given: Request) -> None:
    """Check the parameter block of this kind, and that there is none of another kind (lint)."""
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
