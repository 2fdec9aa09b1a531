"""What the policy of an event bus may ask about calls on its rules: their resource and condition keys.

A statement about PutRule can look at the pattern, one about PutTargets at the targets, and any at the
account that created the rule and the service that manages it (fidelity 8.6). A pattern lists several values
for a field, so most keys have several. An operator in a pattern, such as `{"prefix": "a"}`, is the value of
a key as JSON text (chosen).

    >>> pattern_facts('{"source": ["shop"], "detail": {"service": ["a", {"prefix": "b"}]}}')
    {'events:source': ('shop',), 'events:detail.service': ('a', '{"prefix":"b"}')}

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simbridge.api.plane import Request
from simbridge.api.store import BusEntry
from simbridge.base import json
from simbridge.model import arn as arns

__all__ = ["pattern_facts", "rule_facts", "rule_resource"]

Values = dict[str, str | tuple[str, ...]]


def rule_resource(bus_arn: str, name: str) -> str:
    """The ARN of a rule of this name on an event bus, whether or not it exists."""
    bus = arns.parse(bus_arn)
    return arns.rule_arn(bus.region, bus.account, bus.resource.partition("/")[2], name)


def rule_facts(bus: BusEntry | None, name: str, request: Request) -> Values:
    """The condition keys of a call on a rule. A rule that does not exist yet has no creator."""
    facts: Values = {}
    rule = bus.rules.get(name) if bus is not None else None
    if rule is not None:
        facts["events:creatoraccount"] = rule.created_by
        if rule.managed_by is not None:
            facts["events:managedby"] = rule.managed_by
    if request.get("EventPattern"):
        facts |= pattern_facts(request["EventPattern"])
    if request.get("Targets"):
        facts["events:targetarn"] = tuple(target["Arn"] for target in request["Targets"])
    return facts


def pattern_facts(text: str) -> Values:
    """The condition keys of an event pattern; none if it is not valid, which is refused later."""
    try:
        pattern = json.decode(text)
    except json.InvalidJson:
        return {}
    facts: Values = {}
    if isinstance(pattern, dict):
        for field in ("source", "detail-type"):
            if isinstance(pattern.get(field), list):
                facts[f"events:{field}"] = tuple(map(_text, pattern[field]))
        detail = pattern.get("detail")
        if isinstance(detail, dict):
            _add("events:detail", detail, facts)
    return facts


def _add(path: str, fields: Mapping[str, Any], facts: Values) -> None:
    for name, value in fields.items():
        key = f"{path}.{name.lower()}"
        if isinstance(value, dict):
            _add(key, value, facts)
        elif isinstance(value, list):
            facts[key] = tuple(map(_text, value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.encode(value).decode()
