"""Parses a policy: what PutPermission accepts and how it is stored.

The texts of the errors are captured answers of the service, unless a comment says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simbridge.base import json
from simbridge.base.errors import InvalidArn, InvalidPolicy, NotSimulated
from simbridge.languages.policy.vocabulary import (
    NO_ACCOUNT,
    OTHER_OPERATORS,
    VERSION,
    Statement,
    glob,
    operator,
    principal,
    texts,
    written,
)
from simbridge.model import arn as arns

__all__ = ["ACTIONS", "check", "check_conditions"]

ACTIONS = (
    "PutEvents",
    "PutRule",
    "DeleteRule",
    "DescribeRule",
    "DisableRule",
    "EnableRule",
    "ListRules",
    "ListRuleNamesByTarget",
    "PutTargets",
    "RemoveTargets",
    "ListTargetsByRule",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "DescribeEventBus",
)
"""The operations that a policy of an event bus can be about (captured)."""

KEYS = frozenset(
    (
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:sourceaccount",
        "aws:sourcearn",
        "events:creatoraccount",
        "events:detail-type",
        "events:eventbusinvocation",
        "events:managedby",
        "events:source",
        "events:targetarn",
    )
)
"""Condition keys, which are compared without regard to case; `events:detail.` keys come on top."""


def check(text: str, bus_arn: str) -> str:
    """A policy of this event bus as it is stored. Raises `InvalidPolicy`, or `NotSimulated`."""
    try:
        policy = json.decode(text, lone_surrogates="replace")
    except json.InvalidJson as error:
        raise InvalidPolicy("This policy contains invalid Json", str(error)) from error
    if not isinstance(policy, dict):
        raise InvalidPolicy("This text appears not to be a policy")
    if "Version" not in policy:
        raise InvalidPolicy("Missing required field Version")
    if policy["Version"] not in (VERSION, "2008-10-17"):  # how AWS refuses it was not recorded
        raise InvalidPolicy("The policy Version is invalid.", f"Write {VERSION}.")
    found = policy.get("Statement") or []
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidPolicy("This text appears not to be a policy")
    if not found:
        raise InvalidPolicy("Could not parse the policy: Statement is empty!")
    checked = [_checked(statement, arns.parse(bus_arn)) for statement in found]
    _check_unique([statement["Sid"] for statement in checked], text)
    return written({**policy, "Statement": checked})


def _check_unique(sids: list[str], text: str) -> None:
    """Which place AWS points at was seen only once; here it is the id that is there already."""
    for number, sid in enumerate(sids):
        before = sids[:number].count(sid)
        if before:
            places = [m.start(1) for m in re.finditer(r'"Sid"\s*:\s*("(?:[^"\\]|\\.)*")', text)]
            place = places[number] if number < len(places) else len(text)
            line = text.count("\n", 0, place) + 1
            column = place - (text.rfind("\n", 0, place) + 1) + 1
            raise InvalidPolicy(
                f"Invalid statement at line {line} column {column}: "
                "The Statement Ids in the policy are not unique"
            )


def _checked(statement: Statement, bus: arns.Arn) -> Statement:
    """One statement as it is stored: accounts are written as the principals that they name."""
    for name in ("NotAction", "NotResource", "NotPrincipal"):
        if name in statement:
            raise InvalidPolicy(f"Has prohibited field {name}")
    for name in ("Sid", "Effect", "Principal", "Action", "Resource"):
        if name not in statement:
            raise InvalidPolicy(f"Missing required field {name}")
    if not isinstance(statement["Sid"], str):
        raise InvalidPolicy("This text appears not to be a policy", "A Sid is a text.")
    if statement["Effect"] not in ("Allow", "Deny"):  # how AWS refuses it was not recorded
        raise InvalidPolicy("Invalid effect", "An Effect is Allow or Deny.")
    _check_actions(texts(statement["Action"]))
    for resource in texts(statement["Resource"]):
        _check_resource(resource, bus)
    check_conditions(statement.get("Condition", {}), _is_key, "a bus policy")
    return {**statement, "Principal": _principal(statement["Principal"], bus.partition)}


def _principal(given: Any, partition: str) -> Any:
    if given == "*":
        return given
    if not isinstance(given, dict) or not given or not given.keys() <= {"AWS", "Service"}:
        raise InvalidPolicy("Policy contains an invalid principal")
    for kind, value in given.items():
        for text in texts(value):
            if kind == "AWS" and not _is_principal(text):
                raise InvalidPolicy("Policy contains an invalid principal", text)
    return {
        kind: _each(value, lambda text: principal(text, partition)) if kind == "AWS" else value
        for kind, value in given.items()
    }


def _is_principal(text: str) -> bool:
    """Everybody, an account, or an ARN of IAM or STS.

    The service looks principals up. Accounts are not simulated, so all there are but 000000000000,
    which was refused (captured); the statement form of PutPermission takes it.
    """
    if text == "*":
        return True
    if re.fullmatch(r"\d{12}", text):
        return text != NO_ACCOUNT
    try:
        principal = arns.parse(text)
    except InvalidArn:
        return False
    return principal.service in ("iam", "sts") and principal.account != NO_ACCOUNT


def _check_actions(actions: list[str]) -> None:
    if any(not action.lower().startswith("events:") for action in actions):
        raise InvalidPolicy(
            "Action field includes AWS services that are inconsistent with specified vendor"
        )
    known = [f"events:{name}" for name in ACTIONS]
    wrong = [action for action in actions if not any(map(glob(action, fold=True), known))]
    if wrong:
        listed = ", ".join(f'"{action}"' for action in wrong)
        raise InvalidPolicy(f"The following action names are invalid: {listed}")


def _check_resource(text: str, bus: arns.Arn) -> None:
    """Everything, this bus, or rules of its account; what AWS says of other ARNs is captured."""
    if text == "*":
        return
    try:
        resource = arns.parse(text)
    except InvalidArn as error:
        raise InvalidPolicy(f'The ARN "{text}" is invalid') from error
    if not glob(resource.account)(bus.account):
        raise InvalidPolicy(f'The namespace "{resource.account}" is invalid for ARN "{text}"')
    if not (glob(resource.resource)(bus.resource) or resource.resource.startswith("rule/")):
        raise InvalidPolicy(f'The relative-id "{resource.resource}" is invalid for ARN "{text}"')


def _is_key(key: str) -> bool:
    return key in KEYS or key.startswith("events:detail.")


def check_conditions(given: Any, is_key: Callable[[str], bool], what: str) -> None:
    """Check the conditions of a statement in `what`; `is_key` says whether a key is simulated."""
    if not isinstance(given, dict) or not all(isinstance(keys, dict) for keys in given.values()):
        raise InvalidPolicy("This text appears not to be a policy")
    for name, keys in given.items():
        if operator(name) is None:
            if OTHER_OPERATORS.fullmatch(name):
                raise NotSimulated(f"the condition operator {name} is not simulated")
            raise InvalidPolicy(f"Invalid Condition type : {name}.")
        for key, values in keys.items():
            if not is_key(key.lower()):
                raise NotSimulated(f"the condition key {key} of {what} is not simulated")
            texts(values)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)
