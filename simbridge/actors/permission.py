"""Resource policies of stand-ins: whether EventBridge, a role or Lambda may send something to one.

A policy is asked at each attempt and for each dead letter. The caller is EventBridge itself, unless the target
has a role (`RoleArn`), which is the caller then. In its own account a role needs no statement of a policy,
but a statement can deny it. A dead letter is always sent by EventBridge itself, and Lambda's record of an
invocation by the role of the function (fidelity 2.5, 2.6).

A decision follows from the policy, the caller and the rule, so each is made once and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, final

from simbridge import targets
from simbridge.actors.function import Received
from simbridge.languages import policy
from simbridge.model import arn as arns
from simbridge.model.messages import DeadLetter, Deposit

__all__ = ["IGNORED", "Guard", "Permissions", "Verdict", "guard_of"]


@final
class Permissions(NamedTuple):
    """What all stand-ins of a world have in common.

    `enforced`: a resource without a policy lets no caller in. `organizations` has the AWS organization of
    each account that is in one; a scenario may add to it.
    """

    enforced: bool
    organizations: Mapping[str, str]


IGNORED = Permissions(False, {})
"""A resource without a policy lets all callers in."""


@final
class Verdict(NamedTuple):
    """A decision: whether the call is allowed, the end of AWS's sentence if not, and our explanation."""

    caller: policy.Caller
    reason: str | None
    detail: str


@final
class Guard:
    """The resource policy of the stand-in at an address. Without a policy it lets no caller in."""

    def __init__(
        self,
        address: str,
        permission: targets.Permission,
        stored: str | None,
        organizations: Mapping[str, str],
    ) -> None:
        self._address = address
        self._place = arns.parse(address)
        self._permission = permission
        self._stored = stored
        self._organizations = organizations
        self._verdicts: dict[tuple[str, str | None, str | None, str | None], Verdict] = {}

    def verdict(self, message: Received, sender: str) -> Verdict:
        """What the policy says of a message. `sender` is the function that sends a record."""
        if isinstance(message, Deposit):
            source, role = sender, _role_of(sender)
        elif isinstance(message, DeadLetter):
            source, role = message.attributes["RULE_ARN"], None
        else:
            parameters = message.parameters
            source = message.rule
            role = parameters.blocks.get("RoleArn") if parameters is not None else None
        organizations = self._organizations
        account = arns.parse(source).account
        key = (source, role, organizations.get(account), organizations.get(self._place.account))
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = self._decide(source, role)
        return verdict

    def refusal(self, message: Received, sender: str) -> tuple[str | None, str]:
        """The error of the service, None if the call is allowed; and the explanation."""
        caller, reason, detail = self.verdict(message, sender)
        if reason is None:
            return None, detail
        attempt = "" if isinstance(message, DeadLetter | Deposit) else f"{message.attempt}"
        request = targets.request_id(self._address, message.event.id, f"{sender} {attempt}")
        return self._permission.text(caller.name, self._address, reason, request), detail

    def _decide(self, source: str, role: str | None) -> Verdict:
        facts = self._facts(source, role)
        caller = policy.EVENTBRIDGE
        if role is not None:
            account = arns.parse(source).account
            caller = policy.Caller(account, role, organization=self._organizations.get(account))
        resource = self._address + self._permission.suffix
        requests = [
            policy.Request(caller, action, resource, facts) for action in self._permission.actions
        ]
        if self._stored is None:
            decided = [policy.NOTHING]
        else:
            decided = [policy.decide(self._stored, request) for request in requests]
        worst = min(decided, key=lambda decision: _ORDER[decision.effect])
        spoken = self._permission.spoken or self._permission.actions[0]
        reason = policy.sentence(worst, self._place.account, caller, spoken)
        refused = requests[decided.index(worst)]
        return Verdict(caller, reason, self._explain(worst, reason is None, refused))

    def _facts(self, source: str, role: str | None) -> dict[str, str]:
        """The condition keys of a call; those about the source are of calls without a role."""
        here, there = self._place, arns.parse(source)
        facts = {
            "aws:requestedregion": here.region,
            "aws:resourceaccount": here.account,
            "aws:securetransport": "true",
        }
        if here.account in self._organizations:
            facts["aws:resourceorgid"] = self._organizations[here.account]
        if role is None:
            facts |= {"aws:sourcearn": source, "aws:sourceaccount": there.account}
            if there.account in self._organizations:
                facts["aws:sourceorgid"] = self._organizations[there.account]
        return facts

    def _explain(self, decision: policy.Decision, allowed: bool, request: policy.Request) -> str:
        if allowed and decision.statement is None:
            return f"{request.caller.arn} needs no statement of a policy in its own account"
        name = self._address.rpartition(":")[2]
        said = policy.explanation(self._stored, request, decision, name)
        if self._stored is not None:
            return said
        return (
            f"{said}, and permissions='enforce' requires one that allows "
            f"{request.action} to {request.caller.name}: pass policy={{...}}"
        )


_ORDER = {"Deny": 0, None: 1, "Allow": 2}
"""The decisions on several actions, of which the first in this order is that on the call."""


def _role_of(function: str) -> str:
    """The role of a function. Roles are not simulated: each function has one of its own name (invented)."""
    arn = arns.parse(function)
    name = arn.resource.split(":")[1]
    return f"arn:{arn.partition}:iam::{arn.account}:role/{name}"


def guard_of(address: str, stored: str | None, permissions: Permissions) -> Guard | None:
    """The guard of a stand-in with this policy; None if everybody is let in."""
    if stored is None and not permissions.enforced:
        return None
    kind = targets.kind_of(arns.parse(address))
    if kind is None or kind.permission is None:
        return None
    return Guard(address, kind.permission, stored, permissions.organizations)
