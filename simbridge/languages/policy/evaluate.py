"""Evaluates a policy: whether a caller may perform an action on a resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, final

from simbridge.languages.policy.vocabulary import (
    Matches,
    glob,
    null,
    operator,
    root,
    statements,
    texts,
)

__all__ = ["Caller", "forwarder", "refusal"]

_OF_THE_EVENT = re.compile(r"events:(source|detail-type|detail\..*)", re.DOTALL)
"""Condition keys, in lower case, whose values are those of an event."""


@final
class Caller(NamedTuple):
    """The caller: an account, the ARN of its principal, and the AWS service that acts for it, if any.

    `organization` is known of a principal, not of a service that acts without one.
    """

    account: str
    arn: str
    service: str | None = None
    organization: str | None = None

    def facts(self) -> dict[str, str]:
        """The condition keys that are about the caller."""
        known = {"aws:principalaccount": self.account, "aws:principalarn": self.arn}
        if self.organization is not None:
            known["aws:principalorgid"] = self.organization
        if self.service is not None:
            known["aws:principalservicename"] = self.service
        known["aws:principalisawsservice"] = str(self.service is not None).lower()
        return known


def forwarder(
    account: str, partition: str, role: str | None, organizations: Mapping[str, str]
) -> Caller:
    """The caller that puts events on an event bus for a rule: the target's role, or else EventBridge.

    Without a role the organization is unknown (API reference, PutPermission).
    """
    if role is None:
        return Caller(account, root(account, partition), "events.amazonaws.com")
    return Caller(account, role, organization=organizations.get(account))


def refusal(
    policy: str | None,
    owner: str,
    caller: Caller,
    action: str,
    resource: str,
    facts: Mapping[str, str],
    *,
    some_event: bool = False,
) -> str | None:
    """Why the caller may not, as the end of AWS's sentence; None if it may.

    `owner` is the account of the resource, `facts` the condition keys of the request, in lower case.
    With `some_event` no event is known yet, and the caller may if some event would be allowed.
    """
    if policy is None and caller.account == owner:
        return None
    known = {**caller.facts(), **facts}
    effects = {
        statement.effect
        for statement in (_compiled(policy) if policy is not None else ())
        if _names(statement, caller)
        and any(matches(action) for matches in statement.actions)
        and any(matches(resource) for matches in statement.resources)
        and all(
            statement.effect == "Allow"
            if some_event and _OF_THE_EVENT.fullmatch(condition.key)
            else condition.holds(known)
            for condition in statement.conditions
        )
    }
    if "Deny" in effects:
        return "with an explicit deny in a resource-based policy"
    if "Allow" in effects or caller.account == owner:
        return None
    return f"because no resource-based policy allows the {action} action"


@final
class _Compiled(NamedTuple):
    """A compiled statement."""

    effect: str
    principals: tuple[str, ...]
    services: tuple[str, ...]
    actions: tuple[Matches, ...]
    resources: tuple[Matches, ...]
    conditions: tuple[_Condition, ...]


def _names(statement: _Compiled, caller: Caller) -> bool:
    """Whether the principals of a statement are the caller, its whole account, or everybody."""
    account = root(caller.account, caller.arn.split(":")[1])
    if not {"*", caller.arn, account, caller.account}.isdisjoint(statement.principals):
        return True
    return caller.service is not None and caller.service in statement.services


@lru_cache(maxsize=1024)
def _compiled(policy: str) -> tuple[_Compiled, ...]:
    return tuple(
        _Compiled(
            statement["Effect"],
            tuple(_named(statement["Principal"], "AWS")),
            tuple(_named(statement["Principal"], "Service")),
            tuple(glob(action, fold=True) for action in texts(statement["Action"])),
            tuple(glob(resource) for resource in texts(statement["Resource"])),
            tuple(
                _condition(name, key, values)
                for name, keys in statement.get("Condition", {}).items()
                for key, values in keys.items()
            ),
        )
        for statement in statements(policy)
    )


def _named(principal: Any, kind: str) -> list[str]:
    if isinstance(principal, str):
        return [principal]
    return texts(principal[kind]) if kind in principal else []


_VARIABLE = re.compile(r"\$\{([\w:.-]+)\}")


@final
class _Condition(NamedTuple):
    """One key that is compared with values; any of them will do, or with `negated` none may."""

    key: str
    values: tuple[str, ...]
    compare: Callable[[str, str], bool]
    negated: bool
    absent: bool

    def holds(self, known: Mapping[str, str]) -> bool:
        """Whether it holds of a request with these keys; `absent`: the answer if the key is missing."""
        seen = known.get(self.key)
        if self.compare is null:
            return any((seen is None) == (value.lower() == "true") for value in self.values)
        if seen is None:
            return self.absent
        wanted = (_VARIABLE.sub(lambda m: known.get(m[1].lower(), m[0]), v) for v in self.values)
        return any(self.compare(value, seen) for value in wanted) != self.negated


def _condition(name: str, key: str, values: Any) -> _Condition:
    found = operator(name)
    assert found is not None, "checked when the policy was put"
    compare, negated = found
    forgiving = name.endswith("IfExists") or name.startswith("ForAllValues:")
    absent = forgiving or (negated and not name.startswith("ForAnyValue:"))
    return _Condition(key.lower(), tuple(texts(values)), compare, negated, absent)
