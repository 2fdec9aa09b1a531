"""Evaluates a policy: whether a caller may perform an action on a resource, and which statement decides.

>>> stored = '''{"Statement": [{"Sid": "AllowRule", "Effect": "Allow", "Principal": "*",
...   "Action": "sqs:SendMessage", "Resource": "*",
...   "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:rule/a"}}}]}'''
>>> def asked(rule):
...     facts = {"aws:sourcearn": f"arn:aws:events:us-east-1:1:{rule}"}
...     return Request(EVENTBRIDGE, "sqs:SendMessage", "arn:aws:sqs:::orders", facts)
>>> decide(stored, asked("rule/a"))
Decision(effect='Allow', statement="statement 'AllowRule'")
>>> decide(stored, asked("rule/b"))
Decision(effect=None, statement=None)
>>> print(*mismatches(stored, asked("rule/b")))
statement 'AllowRule': aws:SourceArn is arn:aws:events:us-east-1:1:rule/b, wanted arn:aws:events:*:rule/a
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, final

from simbridge.languages.policy.statement import Compiled, Facts, compiled, differs
from simbridge.languages.policy.vocabulary import root, statements

__all__ = [
    "EVENTBRIDGE",
    "NOTHING",
    "Caller",
    "Decision",
    "Request",
    "decide",
    "explanation",
    "forwarder",
    "mismatches",
    "refusal",
    "sentence",
]

_OF_THE_EVENT = re.compile(r"events:(source|detail-type|detail\..*)", re.DOTALL)
"""Condition keys, in lower case, whose values are those of an event."""

_SHOWN_MAX = 5
"""How many statements that do not allow a call are explained."""


@final
class Caller(NamedTuple):
    """The caller: an account, the ARN of its principal, and the AWS service that acts for it, if any.

    A service that acts only as itself has neither account nor ARN. `organization` is known of a
    principal, not of a service that acts without one.
    """

    account: str
    arn: str
    service: str | None = None
    organization: str | None = None

    def facts(self) -> dict[str, str]:
        """The condition keys that are about the caller (fidelity 2.6)."""
        known = {"aws:principalisawsservice": str(self.service is not None).lower()}
        if self.arn:
            known |= {"aws:principalaccount": self.account, "aws:principalarn": self.arn}
            known["aws:principaltype"] = "AssumedRole" if ":role/" in self.arn else "Account"
        else:
            known["aws:principaltype"] = "User"  # captured: not "AWSService"
        if self.organization is not None:
            known["aws:principalorgid"] = self.organization
        if self.service is not None:
            known["aws:principalservicename"] = self.service
        return known

    @property
    def principals(self) -> frozenset[str]:
        """How a statement may name the caller as `AWS`: its ARN, its whole account, or everybody."""
        if not self.arn:
            return frozenset("*")
        partition = self.arn.split(":")[1]
        return frozenset(("*", self.arn, self.account, root(self.account, partition)))

    @property
    def name(self) -> str:
        """What AWS's errors call it."""
        return self.arn or self.service or ""


EVENTBRIDGE = Caller("", "", "events.amazonaws.com")
"""EventBridge, when it calls a target without a role, or a dead-letter queue."""


def forwarder(
    account: str, partition: str, role: str | None, organizations: Mapping[str, str]
) -> Caller:
    """The caller that puts events on an event bus for a rule: the target's role, or else EventBridge.

    Without a role the organization is unknown (API reference, PutPermission).
    """
    if role is None:
        return Caller(account, root(account, partition), EVENTBRIDGE.service)
    return Caller(account, role, organization=organizations.get(account))


@final
class Request(NamedTuple):
    """What is asked of a policy. `facts` are the condition keys of the request, in lower case."""

    caller: Caller
    action: str
    resource: str
    facts: Facts


@final
class Decision(NamedTuple):
    """What a policy says: "Allow", "Deny" or nothing, and the statement that says it."""

    effect: str | None
    statement: str | None


NOTHING = Decision(None, None)
"""What a policy says that has no statement about a request."""


def decide(policy: str, request: Request, *, some_event: bool = False) -> Decision:
    """The decision of a stored policy: the first statement that denies, or else that allows.

    With `some_event` no event is known yet, and a statement allows if it would allow some event.
    """
    caller, action, resource, facts = request
    known, principals = {**caller.facts(), **facts}, caller.principals
    allowed = None
    for statement in _compiled(policy):
        if (
            statement.names(principals, caller.service)
            and statement.actions.holds(action)
            and statement.resources.holds(resource)
            and all(
                statement.effect == "Allow"
                if some_event and _OF_THE_EVENT.fullmatch(condition.key)
                else condition.holds(known)
                for condition in statement.conditions
            )
        ):
            if statement.effect == "Deny":
                return Decision("Deny", statement.name)
            allowed = allowed or statement.name
    return Decision(None if allowed is None else "Allow", allowed)


def mismatches(policy: str, request: Request) -> list[str]:
    """Why each statement that would allow something does not allow this, a line for each."""
    caller, action, resource, facts = request
    known = {**caller.facts(), **facts}
    found = []
    for statement in _compiled(policy):
        if statement.effect != "Allow":
            continue
        if statement.names(caller.principals, caller.service):
            why = statement.mismatch(action, resource, known)
        else:
            named = sorted(statement.principals | statement.services)
            why = differs("the principal", caller.name, named, statement.others)
        if why is not None:
            found.append(f"{statement.name}: {why}")
    return found


def explanation(policy: str | None, request: Request, decision: Decision, name: str) -> str:
    """Which statement of the policy of `name` decides; or what differs in each that does not allow it."""
    if decision.statement is not None:
        verb = "allows" if decision.effect == "Allow" else "denies"
        return f"{decision.statement} of the policy of {name} {verb} it"
    if policy is None:
        return f"{name} has no policy"
    found = mismatches(policy, request)
    if not found:
        return f"the policy of {name} has no statement that allows anything"
    more = len(found) - _SHOWN_MAX
    shown = [*found[:_SHOWN_MAX], *([f"and {more} more statements"] if more > 0 else [])]
    return f"the policy of {name} does not allow it: {'; '.join(shown)}"


def refusal(
    policy: str | None,
    owner: str,
    caller: Caller,
    action: str,
    resource: str,
    facts: Facts,
    *,
    some_event: bool = False,
) -> str | None:
    """Why the caller may not, as the end of AWS's sentence; None if it may.

    `owner` is the account of the resource; it may do what is not denied. The rest is as in `decide`.
    """
    if policy is None:
        decision = NOTHING
    else:
        request = Request(caller, action, resource, facts)
        decision = decide(policy, request, some_event=some_event)
    return sentence(decision, owner, caller, action)


def sentence(decision: Decision, owner: str, caller: Caller, action: str) -> str | None:
    """The end of AWS's sentence about a decision that refuses; None if it does not refuse."""
    if decision.effect == "Deny":
        return "with an explicit deny in a resource-based policy"
    if decision.effect == "Allow" or caller.account == owner:
        return None
    return f"because no resource-based policy allows the {action} action"


@lru_cache(maxsize=1024)
def _compiled(policy: str) -> tuple[Compiled, ...]:
    return compiled(policy, statements(policy))
