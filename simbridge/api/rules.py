"""Rules: put, delete, describe, enable, disable, list.

PutRule creates a rule or replaces it as a whole: whatever the request leaves out is cleared, and a
rule whose state is not named is enabled (captured). Only the targets, the tags and the creator
survive. Every change reaches the data plane as one `Configure` that carries the whole rule, so a
bus never has to put pieces together.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from simbridge.api import pages
from simbridge.api.arn_checks import check_role
from simbridge.api.buses import find_bus
from simbridge.api.errors import invalid, limit_exceeded, managed_rule, no_rule
from simbridge.api.patterns import check_pattern
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import Bus
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
    "find_rule",
    "list_rules",
    "put_rule",
    "replace_rule",
]


@operation
def put_rule(context: Context, request: Request) -> Response:
    """Create or replace a rule. Errors (fidelity 3.1, 3.6, 4.8, 10.1, 11.1)."""
    bus = find_bus(context, request.get("EventBusName"), "PutRule")
    name = request["Name"]
    old = bus.rules.get(name)
    _check_trigger(context, bus, request)
    if request.get("RoleArn"):
        check_role(request["RoleArn"], context.account)
    if old is not None and old.managed_by is not None:
        raise managed_rule(name, can_force=False)
    check_rule_quotas(context, bus, old, request.get("EventPattern"))
    tags = {} if old is not None else read_tags(context, request.get("Tags"))
    rule = Rule(
        arn=arn.rule_arn(context.region, context.account, bus.bus.name, name),
        name=name,
        bus_arn=bus.bus.arn,
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
    """Remove a rule without targets. A rule that is not there is no error (captured)."""
    bus = find_bus(context, request.get("EventBusName"), "DeleteRule")
    rule = bus.rules.get(request["Name"])
    if rule is None:
        return {}
    if rule.managed_by is not None and not request.get("Force"):
        raise managed_rule(rule.name, can_force=True)
    if rule.targets:
        raise invalid("Rule can't be deleted since it has targets.")
    del bus.rules[rule.name]
    bus.rule_tags.pop(rule.name, None)
    context.send(bus.bus.arn, Retire(rule.arn))
    return {}


@operation
def describe_rule(context: Context, request: Request) -> Response:
    """Everything about one rule but its targets."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Name"], "DescribeRule")
    return _listed(bus, rule) | {"CreatedBy": rule.created_by}


@operation
def enable_rule(context: Context, request: Request) -> Response:
    """Let a rule match again. An enabled rule stays as it is, whichever way it is enabled."""
    bus, rule = _unmanaged(context, request, "EnableRule")
    state = "ENABLED" if rule.state == "DISABLED" else rule.state
    replace_rule(context, bus, msgspec.structs.replace(rule, state=state))
    return {}


@operation
def disable_rule(context: Context, request: Request) -> Response:
    """Keep a rule from matching."""
    bus, rule = _unmanaged(context, request, "DisableRule")
    replace_rule(context, bus, msgspec.structs.replace(rule, state="DISABLED"))
    return {}


@operation
def list_rules(context: Context, request: Request) -> Response:
    """The rules of one event bus, in the order of their names."""
    bus = find_bus(context, request.get("EventBusName"), "ListRules")
    prefix = request.get("NamePrefix") or ""
    found, more = pages.page(
        "ListRules",
        request,
        (pair for pair in bus.rules.items() if pair[0].startswith(prefix)),
        context.limits["list_page"],
    )
    return {"Rules": [_listed(bus, rule) for rule in found]} | more


def find_rule(
    context: Context, bus_given: str | None, name: str, operation_name: str
) -> tuple[Bus, Rule]:
    """The rule that an operation names, with its event bus."""
    bus = find_bus(context, bus_given, operation_name)
    rule = bus.rules.get(name)
    if rule is None:
        raise no_rule(name, bus.bus.name)
    return bus, rule


def replace_rule(context: Context, bus: Bus, rule: Rule) -> None:
    """Remember the rule as it is from now on, and tell its bus."""
    bus.rules[rule.name] = rule
    context.send(bus.bus.arn, Configure(rule))


def _unmanaged(context: Context, request: Request, operation_name: str) -> tuple[Bus, Rule]:
    """The rule that is to change, unless an AWS service manages it (captured)."""
    bus, rule = find_rule(context, request.get("EventBusName"), request["Name"], operation_name)
    if rule.managed_by is not None:
        raise managed_rule(rule.name, can_force=False)
    return bus, rule


def _check_trigger(context: Context, bus: Bus, request: Request) -> None:
    """What makes the rule fire: a pattern, a schedule or both, each of them valid."""
    text, expression = request.get("EventPattern"), request.get("ScheduleExpression")
    if expression is not None and bus.bus.name != "default":
        # Recorded; an empty expression is refused here as well (captured).
        raise invalid("ScheduleExpression is supported only on the default event bus.")
    if not text and not expression:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if expression:
        schedule.check(expression)
        if request.get("State") == ALL_MANAGEMENT_EVENTS:
            # That it is refused was captured, its words were not.
            raise invalid(f"State {ALL_MANAGEMENT_EVENTS} is not supported for scheduled rules.")
    if text:
        most = context.limits["event_pattern_chars"]
        if len(text) > most:
            raise invalid(
                f"Parameter EventPattern for rule {request['Name']} exceeds limit of {most}."
            )
        check_pattern(text)


def check_rule_quotas(context: Context, bus: Bus, old: Rule | None, text: str | None) -> None:
    """The quotas of rules on one bus, and of rules among them that use wildcards."""
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


def _listed(bus: Bus, rule: Rule) -> Response:
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
        "EventBusName": bus.bus.name,
    }
    return {name: value for name, value in answer.items() if value is not None}
