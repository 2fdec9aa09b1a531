"""Rules: put, delete, describe, enable, disable, list.

PutRule creates a rule or replaces it as a whole: what the request leaves out is cleared, and a rule
without a given state is enabled (captured). Only the targets, the tags and the creator are kept. Every
change is sent to the data plane as one `Configure` with the whole rule, so a bus never merges parts.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html>
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from simbridge.api import pagination
from simbridge.api.arn_checks import check_role
from simbridge.api.errors import invalid, limit_exceeded, managed_rule
from simbridge.api.lookup import find_bus, find_rule
from simbridge.api.patterns import check_pattern
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import BusEntry
from simbridge.api.tags import read_tags
from simbridge.languages import schedule
from simbridge.languages.pattern.syntax import parse
from simbridge.model import arn
from simbridge.model.cloudtrail import ALL_MANAGEMENT_EVENTS
from simbridge.model.limits import rules_of
from simbridge.model.messages import Configure, Retire
from simbridge.model.resources import Rule

__all__ = [
    "check_rule_quotas",
    "delete_rule",
    "describe_rule",
    "disable_rule",
    "enable_rule",
    "list_rules",
    "put_rule",
    "replace_rule",
]


@operation
def put_rule(context: Context, request: Request) -> Response:
    """Create or replace a rule. Errors (fidelity 3.1, 3.6, 4.8, 10.1, 11.1)."""
    name = request["Name"]
    bus = find_bus(context, request.get("EventBusName"), "PutRule", name, request)
    old = bus.rules.get(name)
    _check_trigger(context, bus, request)
    if request.get("RoleArn"):
        check_role(request["RoleArn"], context.account)
    if old is not None and old.managed_by is not None:
        raise managed_rule(name, can_force=False)
    check_rule_quotas(context, bus, old, request.get("EventPattern"))
    tags = {} if old is not None else read_tags(context, request.get("Tags"))
    rule = Rule(
        arn=arn.rule_arn(context.region, context.account, bus.name, name),
        name=name,
        bus_arn=bus.arn,
        state=request.get("State") or "ENABLED",
        created_by=old.created_by if old is not None else context.account,
        event_pattern=request.get("EventPattern") or None,
        schedule_expression=request.get("ScheduleExpression") or None,
        description=request.get("Description"),
        role_arn=request.get("RoleArn"),
        targets=old.targets if old is not None else (),
    )
    if old is None:
        bus.rule_tags[name] = tags
    replace_rule(context, bus, rule)
    return {"RuleArn": rule.arn}


@operation
def delete_rule(context: Context, request: Request) -> Response:
    """Delete a rule that has no targets. Deleting a missing rule succeeds (captured)."""
    bus = find_bus(context, request.get("EventBusName"), "DeleteRule", request["Name"])
    rule = bus.rules.get(request["Name"])
    if rule is None:
        return {}
    if rule.managed_by is not None and not request.get("Force"):
        raise managed_rule(rule.name, can_force=True)
    if rule.targets:
        raise invalid("Rule can't be deleted since it has targets.")
    del bus.rules[rule.name]
    bus.rule_tags.pop(rule.name, None)
    context.send(bus.arn, Retire(rule.arn))
    return {}


@operation
def describe_rule(context: Context, request: Request) -> Response:
    """Describe a rule, without its targets."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Name"], "DescribeRule")
    return _listed(bus, rule) | {"CreatedBy": rule.created_by}


@operation
def enable_rule(context: Context, request: Request) -> Response:
    """Enable a rule. A rule that is enabled in either of the two ways keeps its state."""
    bus, rule = _unmanaged(context, request, "EnableRule")
    state = "ENABLED" if rule.state == "DISABLED" else rule.state
    replace_rule(context, bus, msgspec.structs.replace(rule, state=state))
    return {}


@operation
def disable_rule(context: Context, request: Request) -> Response:
    """Disable a rule: it matches no events and does not fire."""
    bus, rule = _unmanaged(context, request, "DisableRule")
    replace_rule(context, bus, msgspec.structs.replace(rule, state="DISABLED"))
    return {}


@operation
def list_rules(context: Context, request: Request) -> Response:
    """List the rules of an event bus, sorted by name."""
    bus = find_bus(context, request.get("EventBusName"), "ListRules")
    found, more = pagination.page(
        "ListRules",
        request,
        pagination.named(bus.rules, request.get("NamePrefix")),
        context.limits["list_page"],
    )
    return {"Rules": [_listed(bus, rule) for rule in found]} | more


def replace_rule(context: Context, bus: BusEntry, rule: Rule) -> None:
    """Store the rule and send it to its bus."""
    bus.rules[rule.name] = rule
    context.send(bus.arn, Configure(rule))


def _unmanaged(context: Context, request: Request, operation_name: str) -> tuple[BusEntry, Rule]:
    """The rule to change. Raises ManagedRuleException if an AWS service manages it (captured)."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Name"], operation_name)
    if rule.managed_by is not None:
        raise managed_rule(rule.name, can_force=False)
    return bus, rule


def _check_trigger(context: Context, bus: BusEntry, request: Request) -> None:
    """Check what triggers the rule: a pattern, a schedule or both, each of them valid."""
    text, expression = request.get("EventPattern"), request.get("ScheduleExpression")
    if expression is not None and bus.name != "default":
        # Recorded; an empty expression is refused here as well (captured).
        raise invalid("ScheduleExpression is supported only on the default event bus.")
    if not text and not expression:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if expression:
        schedule.check(expression)
        if request.get("State") == ALL_MANAGEMENT_EVENTS:
            # The refusal was captured, its text was not.
            raise invalid(f"State {ALL_MANAGEMENT_EVENTS} is not supported for scheduled rules.")
    if text:
        most = context.limits["event_pattern_chars"]
        if len(text) > most:
            raise invalid(
                f"Parameter EventPattern for rule {request['Name']} exceeds limit of {most}."
            )
        check_pattern(text)


def check_rule_quotas(context: Context, bus: BusEntry, old: Rule | None, text: str | None) -> None:
    """Raise if a quota is exceeded: rules on one bus, or rules with wildcards on one bus."""
    if old is None and len(bus.rules) >= rules_of(context.region, context.limits):
        raise limit_exceeded()
    if text and _uses_wildcard(text):
        others = (rule for rule in bus.rules.values() if rule is not old)
        taken = sum(_uses_wildcard(rule.event_pattern or "{}") for rule in others)
        if taken >= context.limits["wildcard_rules_per_bus"]:
            raise limit_exceeded()


@lru_cache(maxsize=4096)
def _uses_wildcard(text: str) -> bool:
    """Whether a valid pattern uses the operator `wildcard` anywhere."""
    return "wildcard" in text and parse(text).uses_wildcards


def _listed(bus: BusEntry, rule: Rule) -> Response:
    """A rule as lists show it (recorded); what is not set is left out."""
    answer = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.event_pattern,
        "State": rule.state,
        "Description": rule.description,
        "ScheduleExpression": rule.schedule_expression,
        "RoleArn": rule.role_arn,
        "ManagedBy": rule.managed_by,
        "EventBusName": bus.name,
    }
    return {name: value for name, value in answer.items() if value is not None}
