"""The resource policies of targets: what is taken, and what is said about what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simbridge as sb
from simbridge.languages import policy

STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}


def changed(**fields: Any) -> dict[str, Any]:
    return {"Statement": [STATEMENT | fields]}


def without(name: str) -> dict[str, Any]:
    return {"Statement": [{key: value for key, value in STATEMENT.items() if key != name}]}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (7, "a policy is a mapping or JSON text, not 7"),
        ("{", "a policy is invalid JSON: "),
        ({"Statement": object()}, "a policy is invalid JSON"),
        ("[]", "a policy is a JSON object, not '[]'"),
        ({}, 'a policy is {"Version": "2012-10-17", "Statement": [...]}'),
        ({"Statement": ["x"]}, "with objects in the list"),
        ({"Statements": []}, "a policy has no element 'Statements'; did you mean Statement?"),
        ({"Version": "2020-01-01", "Statement": []}, "the Version of a policy is '2012-10-17'"),
        (changed(Conditions={}), "statement 1 has no element 'Conditions'; did you mean Condition"),
        (changed(Sid=3), "the Sid of statement 1 is text, not 3"),
        ({"Statement": [{**STATEMENT, "Sid": "a"}] * 2}, "two statements have the Sid 'a'"),
        (changed(Effect="allow"), "the Effect of statement 1 is 'Allow' or 'Deny', not 'allow'"),
        (
            without("Principal"),
            'no Principal: write "Principal": {"Service": "events.amazonaws.com"}',
        ),
        (without("Action"), 'statement 1 has no Action: write "Action": "sqs:..."'),
        (without("Resource"), 'statement 1 has no Resource: write "Resource": "*" or the ARN'),
        (changed(NotAction="sqs:*"), "statement 1 has both Action and NotAction: keep one"),
        (changed(Principal="events.amazonaws.com"), 'is "*" or like {"Service"'),
        (changed(Principal={"Service": []}), "the Service of statement 1 is text or a list"),
        (changed(Principal={"Role": "x"}), 'is "*" or like {"Service"'),
        (changed(Action="sns:Publish"), "the action 'sns:Publish': write actions of this service"),
        (changed(Action=[]), "the Action of statement 1 is text or a list of texts, not []"),
        (changed(Resource=[3]), "the Resource of statement 1 is text or a list of texts"),
        (changed(Condition=[]), "the Condition of statement 1 is not valid"),
        (changed(Condition={"Equals": {}}), "Invalid Condition type : Equals."),
        (
            changed(Condition={"DateLessThan": {"aws:CurrentTime": "2026"}}),
            "statement 1: the condition operator DateLessThan is not simulated",
        ),
        (
            changed(Condition={"StringEquals": {"aws:SourceArns": "x"}}),
            "the condition key aws:SourceArns of a target's policy is not simulated; did you mean",
        ),
    ],
)
def test_what_is_refused(given: Any, says: str) -> None:
    """What is wrong, and what to write."""
    with pytest.raises(sb.SimbridgeError) as refused:
        policy.check_resource(given, "sqs")
    assert says in str(refused.value)


def test_what_is_taken() -> None:
    """Text and mappings; one statement or a list; no Sid, no Version; elements that are negated."""
    kept = policy.check_resource({"Statement": STATEMENT}, "sqs")
    assert json.loads(kept) == {"Statement": [STATEMENT]}
    assert policy.check_resource(kept, "sqs") == kept
    negated = {f"Not{name}": STATEMENT[name] for name in ("Principal", "Action", "Resource")}
    policy.check_resource({"Id": "x", "Statement": [{"Effect": "Deny", **negated}]}, "sqs")
    with pytest.raises(sb.InvalidPolicy, match="has NotPrincipal, which sqs does not take"):
        policy.check_resource(
            {"Statement": [{"Effect": "Deny", **negated}]}, "sqs", negated_elements=False
        )
