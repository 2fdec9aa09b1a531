"""Parses the resource policy of a target, as the owner of a queue, topic or function writes it.

The policy of an event bus goes through PutPermission (`parse`). That of a target goes to the target's own
service, which is not simulated, so what is wrong with it is said in simbridge's words. A statement may
leave out its Sid and may be about everybody, everything or every action but some.

    >>> check_resource({"Statement": []}, "sqs")
    '{"Statement":[]}'
    >>> check_resource({"Statement": [{"Effect": "Allow", "Principal": "*"}]}, "sqs")
    Traceback (most recent call last):
    simbridge.InvalidPolicy: statement 1 has no Action: write "Action": "sqs:..."

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simbridge.base import json
from simbridge.base.errors import InvalidPolicy, NotSimulated, SimbridgeError
from simbridge.base.suggest import did_you_mean, near
from simbridge.languages.policy.parse import check_conditions
from simbridge.languages.policy.vocabulary import VERSION, texts, written

__all__ = ["check_resource"]

_KEYS = frozenset(
    (
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
    )
)
"""Condition keys that requests to targets have."""

_ABSENT = frozenset(
    (
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "lambda:eventsourcetoken",
        "lambda:functionurlauthtype",
        "sns:endpoint",
        "sns:protocol",
    )
)
"""Condition keys that requests of EventBridge and Lambda never have (believed)."""

_ELEMENTS = ("Sid", "Effect", "Principal", "Action", "Resource", "Condition")
_NEGATED = ("NotPrincipal", "NotAction", "NotResource")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")

_EXAMPLES = {
    "Principal": '"Principal": {"Service": "events.amazonaws.com"}',
    "Action": '"Action": "SERVICE:..."',
    "Resource": '"Resource": "*" or the ARN',
}


def check_resource(
    given: Mapping[str, Any] | str, service: str, *, negated_elements: bool = True
) -> str:
    """A policy of a resource of this service as it is kept: compact JSON text.

    `negated_elements`: whether the service takes NotPrincipal, NotAction and NotResource. Raises
    `InvalidPolicy`, or `NotSimulated` for conditions that are not simulated.
    """
    policy = _document(given)
    _check_elements(policy, ("Version", "Id", "Statement"), "a policy")
    version = policy.get("Version", VERSION)
    if version not in (VERSION, "2008-10-17"):
        raise InvalidPolicy(f"the Version of a policy is {VERSION!r}, not {version!r}")
    found = policy.get("Statement")
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidPolicy(
            'a policy is {"Version": "2012-10-17", "Statement": [...]}, with objects in the list'
        )
    sids: list[str] = []
    for number, statement in enumerate(found, 1):
        sid = statement.get("Sid")
        name = f"statement {sid!r}" if isinstance(sid, str) and sid else f"statement {number}"
        if sid is not None and not isinstance(sid, str):
            raise InvalidPolicy(f"the Sid of {name} is text, not {sid!r}")
        if sid and sid in sids:
            raise InvalidPolicy(f"two statements have the Sid {sid!r}: give each its own")
        sids.append(sid or "")
        _check_statement(statement, name, service, negated_elements)
    return written({**policy, "Statement": found})


def _document(given: Mapping[str, Any] | str) -> dict[str, Any]:
    if not isinstance(given, Mapping | str):
        raise SimbridgeError(f"a policy is a mapping or JSON text, not {given!r}")
    try:
        text = given if isinstance(given, str) else json.encode(given)
        policy = json.decode(text)
    except (json.InvalidJson, TypeError, ValueError) as error:
        raise InvalidPolicy("a policy is invalid JSON:", str(error)) from error
    if not isinstance(policy, dict):
        raise InvalidPolicy(f"a policy is a JSON object, not {given!r}")
    return policy


def _check_elements(given: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    for name in given:
        if name not in known:
            raise InvalidPolicy(f"{what} has no element {name!r}; {did_you_mean(name, known)}")


def _check_statement(
    statement: dict[str, Any], name: str, service: str, negated_elements: bool
) -> None:
    _check_elements(statement, (*_ELEMENTS, *_NEGATED), name)
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise InvalidPolicy(f"the Effect of {name} is 'Allow' or 'Deny', not {effect!r}")
    for element in ("Principal", "Action", "Resource"):
        negated = f"Not{element}"
        if negated in statement and not negated_elements:
            raise InvalidPolicy(f"{name} has {negated}, which {service} does not take")
        if element in statement and negated in statement:
            raise InvalidPolicy(f"{name} has both {element} and {negated}: keep one")
        if element not in statement and negated not in statement:
            example = _EXAMPLES[element].replace("SERVICE", service)
            raise InvalidPolicy(f"{name} has no {element}: write {example}")
    _check_principal(statement.get("Principal", statement.get("NotPrincipal")), name)
    for action in _texts(statement, "Action", name):
        if action != "*" and not action.lower().startswith(f"{service}:"):
            raise InvalidPolicy(
                f"{name} has the action {action!r}: write actions of this service, {service}:..."
            )
    _texts(statement, "Resource", name)
    try:
        check_conditions(statement.get("Condition", {}), _is_key, "a target's policy")
    except InvalidPolicy as error:
        raise InvalidPolicy(f"the Condition of {name} is not valid: {error}") from error
    except NotSimulated as error:
        raise NotSimulated(f"{name}: {error}{_nearest(statement)}") from error


def _texts(statement: dict[str, Any], element: str, name: str) -> list[str]:
    """The texts of an element or of its negation."""
    given = statement.get(element, statement.get(f"Not{element}"))
    if not given or not all(isinstance(one, str) and one for one in _list(given)):
        raise InvalidPolicy(f"the {element} of {name} is text or a list of texts, not {given!r}")
    return texts(given)


def _check_principal(given: Any, name: str) -> None:
    if given == "*":
        return
    if not isinstance(given, dict) or not given or not given.keys() <= set(_KINDS):
        raise InvalidPolicy(
            f'the Principal of {name} is "*" or like {{"Service": "events.amazonaws.com"}}, '
            f"not {given!r}"
        )
    for kind, value in given.items():
        if not value or not all(isinstance(one, str) and one for one in _list(value)):
            raise InvalidPolicy(f"the {kind} of {name} is text or a list of texts, not {value!r}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_key(key: str) -> bool:
    return key in _KEYS or key in _ABSENT


def _nearest(statement: dict[str, Any]) -> str:
    """A suggestion for the first condition key that is not simulated."""
    for keys in statement["Condition"].values():
        for key in keys:
            if not _is_key(key.lower()) and (names := near(key, sorted(_KEYS))):
                return f"; did you mean {', '.join(names)}?"
    return ""
