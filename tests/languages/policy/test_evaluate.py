"""Decisions: which statement decides, negated elements, keys with several values, variables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simbridge.languages import policy

QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE}


def stored(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def asked(facts: policy.Facts | None = None) -> policy.Request:
    return policy.Request(policy.EVENTBRIDGE, "sqs:SendMessage", QUEUE, facts or {})


def negated(effect: str, name: str, value: Any) -> dict[str, Any]:
    kept = {key: one for key, one in ALLOW.items() if key != name}
    return {**kept, "Effect": effect, f"Not{name}": value}


@pytest.mark.parametrize(
    ("name", "value", "applies"),
    [
        ("Principal", {"Service": "events.amazonaws.com"}, False),
        ("Principal", {"Service": "s3.amazonaws.com"}, True),
        ("Action", "sqs:send*", False),
        ("Action", ["sqs:ReceiveMessage", "sqs:DeleteMessage"], True),
        ("Resource", f"{QUEUE[:-2]}*", False),
        ("Resource", f"{QUEUE}?", True),
    ],
)
def test_negated_elements(name: str, value: Any, applies: bool) -> None:
    """They are about everything else, in a statement that allows as in one that denies."""
    for effect in ("Allow", "Deny"):
        decision = policy.decide(stored(negated(effect, name, value)), asked())
        assert decision.effect == (effect if applies else None)


def test_a_denial_wins_wherever_it_is() -> None:
    """And is the statement that is named; of those that allow it is the first."""
    deny = {**ALLOW, "Effect": "Deny", "Sid": "no"}
    assert policy.decide(stored(ALLOW, deny), asked()) == ("Deny", "statement 'no'")
    assert policy.decide(stored(deny, ALLOW), asked()) == ("Deny", "statement 'no'")
    assert policy.decide(stored(ALLOW, {**ALLOW, "Sid": "b"}), asked()) == ("Allow", "statement 1")


@pytest.mark.parametrize(
    ("operator", "values", "seen", "holds"),
    [
        ("ForAnyValue:StringEquals", ["a", "b"], ("x", "b"), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("x", "y"), False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAllValues:StringNotEquals", ["a"], ("b", "c"), True),
        ("ForAllValues:StringNotEquals", ["a"], ("a", "c"), False),
        ("ForAnyValue:StringNotEquals", ["a"], ("a", "c"), True),
        ("ForAnyValue:StringNotEquals", ["a"], ("a",), False),
    ],
)
def test_keys_with_several_values(
    operator: str, values: list[str], seen: tuple[str, ...] | None, holds: bool
) -> None:
    """All of the request's values, or any of them (IAM user guide)."""
    given = stored({**ALLOW, "Condition": {operator: {"events:source": values}}})
    facts = {} if seen is None else {"events:source": seen}
    assert (policy.decide(given, asked(facts)).effect == "Allow") == holds


@pytest.mark.parametrize(("version", "holds"), [("2012-10-17", True), ("2008-10-17", False)])
def test_variables_are_of_2012(version: str, holds: bool) -> None:
    """In the older version they are plain text."""
    condition = {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}
    given = stored({**ALLOW, "Condition": condition}, version=version)
    facts = {"aws:sourceaccount": "1", "aws:resourceaccount": "1"}
    assert (policy.decide(given, asked(facts)).effect == "Allow") == holds


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({"Null": {"aws:SourceArn": "false"}}, "aws:SourceArn is absent, wanted present"),
        ({"Null": {"aws:SourceAccount": "true"}}, "aws:SourceAccount is present, wanted absent"),
        ({"StringEquals": {"aws:SourceArn": ["a", "b"]}}, "aws:SourceArn is absent, wanted a or b"),
        (
            {"StringNotEquals": {"aws:SourceAccount": "1"}},
            "aws:SourceAccount is 1, wanted anything but 1",
        ),
    ],
)
def test_what_differs(condition: dict[str, Any], says: str) -> None:
    """The key as the policy writes it, what it is and what was wanted."""
    given = stored({**ALLOW, "Condition": condition})
    assert policy.mismatches(given, asked({"aws:sourceaccount": "1"})) == [f"statement 1: {says}"]
