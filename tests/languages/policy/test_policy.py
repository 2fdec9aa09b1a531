"""Policies of event buses: what is taken, how it is stored, and who may do what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.errors import InvalidPolicy, NotSimulated
from simbridge.languages import policy

BUS = "arn:aws:events:us-east-1:123456789012:event-bus/shop"
OWNER, FRIEND, STRANGER = "123456789012", "210987654321", "333333333333"
ORGANIZATION = "o-a1b2c3d4e5"
PUT = "events:PutEvents"

STATEMENT = {
    "Sid": "s",
    "Effect": "Allow",
    "Principal": {"AWS": policy.root(FRIEND)},
    "Action": PUT,
    "Resource": BUS,
}


def text(*statements: dict[str, Any], **fields: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **fields})


def changed(**fields: Any) -> str:
    return text(STATEMENT | fields)


def without(name: str) -> str:
    return text({key: value for key, value in STATEMENT.items() if key != name})


def caller(account: str, **fields: Any) -> policy.Caller:
    return policy.Caller(account, policy.root(account), **fields)


def may(
    stored: str | None, who: policy.Caller, action: str = PUT, resource: str = BUS, **facts: str
) -> bool:
    known = {name.replace("__", ":").replace("_", "-"): value for name, value in facts.items()}
    return policy.refusal(stored, OWNER, who, action, resource, known) is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{", "This policy contains invalid Json"),
        ("", "This policy contains invalid Json"),
        ("null", "This text appears not to be a policy"),
        ("[]", "This text appears not to be a policy"),
        (text(1), "This text appears not to be a policy"),
        (json.dumps({"Statement": [STATEMENT]}), "Missing required field Version"),
        (text(), "Could not parse the policy: Statement is empty!"),
        (json.dumps({"Version": "2012-10-17"}), "Could not parse the policy: Statement is empty!"),
        (text(STATEMENT, Version="2012"), "The policy Version is invalid."),
        *((without(name), f"Missing required field {name}") for name in STATEMENT),
        *(
            (changed(**{name: "*"}), f"Has prohibited field {name}")
            for name in ("NotAction", "NotResource", "NotPrincipal")
        ),
        (changed(Effect="Maybe"), "Invalid effect"),
        (
            changed(Action="sqs:SendMessage"),
            "Action field includes AWS services that are inconsistent with specified vendor",
        ),
        (
            changed(Action=[PUT, "events:Fly"]),
            'The following action names are invalid: "events:Fly"',
        ),
        (
            changed(Resource=BUS.replace("shop", "other")),
            f'The relative-id "event-bus/other" is invalid for ARN "{BUS.replace("shop", "other")}"',
        ),
        (
            changed(Resource=BUS.replace(OWNER, FRIEND)),
            f'The namespace "{FRIEND}" is invalid for ARN "{BUS.replace(OWNER, FRIEND)}"',
        ),
        (changed(Resource="shop"), 'The ARN "shop" is invalid'),
        (changed(Principal={"AWS": "somebody"}), "Policy contains an invalid principal"),
        (changed(Principal={"Federated": "x"}), "Policy contains an invalid principal"),
        (changed(Principal="me"), "Policy contains an invalid principal"),
        (changed(Principal={"AWS": "arn:aws:s3:::b"}), "Policy contains an invalid principal"),
        (changed(Condition={"Equals": {"aws:SourceArn": "x"}}), "Invalid Condition type : Equals."),
        (changed(Condition=[]), "This text appears not to be a policy"),
        (changed(Sid=None), "This text appears not to be a policy"),
        (changed(Action={}), "This text appears not to be a policy"),
    ],
)
def test_what_is_no_policy_is_refused(given: str, says: str) -> None:
    """In the service's words, where they were captured."""
    with pytest.raises(InvalidPolicy) as refused:
        policy.check(given, BUS)
    assert refused.value.text == says


def test_statement_ids_are_unique() -> None:
    """The refusal points at the one that is there already."""
    given = text(STATEMENT, STATEMENT | {"Action": "events:PutRule"})
    with pytest.raises(InvalidPolicy) as refused:
        policy.check(given, BUS)
    place = given.index('"s"', given.index('"s"') + 1) + 1
    assert refused.value.text == (
        f"Invalid statement at line 1 column {place}: "
        "The Statement Ids in the policy are not unique"
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"StringEquals": {"aws:PrincipalTag/team": "shop"}},
    ],
)
def test_what_cannot_be_asked_here_is_not_taken(condition: dict[str, Any]) -> None:
    """Dates, addresses and tags would be misread: nothing is stored."""
    with pytest.raises(NotSimulated):
        policy.check(changed(Condition=condition), BUS)


def test_a_policy_is_stored_in_one_form() -> None:
    """Compact; one statement is a list; accounts are their roots."""
    accounts = [FRIEND, policy.root(STRANGER), "*"]
    given = text(Statement=STATEMENT | {"Principal": {"AWS": accounts}}, Id="mine")
    stored = policy.check(given, BUS)
    roots = [policy.root(FRIEND), policy.root(STRANGER), "*"]
    assert json.loads(stored) == {
        "Version": "2012-10-17",
        "Id": "mine",
        "Statement": [STATEMENT | {"Principal": {"AWS": roots}}],
    }
    assert ": " not in stored
    assert policy.check(stored, BUS) == stored


@pytest.mark.parametrize(
    "principal",
    ["000000000000", policy.root("000000000000"), [FRIEND, "000000000000"]],
)
def test_an_account_that_cannot_be_is_no_principal(principal: Any) -> None:
    """As digits or in an ARN, alone or beside others."""
    with pytest.raises(InvalidPolicy, match=r"^Policy contains an invalid principal"):
        policy.check(text(Statement=STATEMENT | {"Principal": {"AWS": principal}}), BUS)


def test_a_service_may_be_a_principal() -> None:
    """As was recorded with the whole of the account's rules as resource."""
    statement = STATEMENT | {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "events:ListRules",
        "Resource": "*",
    }
    stored = policy.check(text(statement), BUS)
    assert policy.statements(stored) == [statement]
    assert may(stored, caller(FRIEND, service="events.amazonaws.com"), "events:ListRules")
    assert not may(stored, caller(FRIEND), "events:ListRules")


def test_without_a_policy_only_the_owner_may() -> None:
    """Its own account needs nobody's permission, any other one does."""
    assert may(None, caller(OWNER))
    assert not may(None, caller(FRIEND))
    assert policy.refusal(None, OWNER, caller(FRIEND), PUT, BUS, {}) == (
        "because no resource-based policy allows the events:PutEvents action"
    )


@pytest.mark.parametrize(
    ("principal", "friend", "stranger"),
    [
        ("*", True, True),
        ({"AWS": "*"}, True, True),
        ({"AWS": FRIEND}, True, False),
        ({"AWS": policy.root(FRIEND)}, True, False),
        ({"AWS": [policy.root(FRIEND), STRANGER]}, True, True),
        ({"AWS": f"arn:aws:iam::{FRIEND}:role/r"}, False, False),
        ({"Service": "events.amazonaws.com"}, False, False),
    ],
)
def test_principals(principal: Any, friend: bool, stranger: bool) -> None:
    """Everybody, an account by its digits or its root, or one role of it."""
    stored = policy.check(changed(Principal=principal), BUS)
    assert (may(stored, caller(FRIEND)), may(stored, caller(STRANGER))) == (friend, stranger)
    role = policy.Caller(FRIEND, f"arn:aws:iam::{FRIEND}:role/r")
    assert may(stored, role) == (friend or "role/r" in str(principal))


def test_a_denial_beats_a_permission_and_even_the_owner() -> None:
    """In whatever order the statements stand."""
    deny = STATEMENT | {"Sid": "d", "Effect": "Deny", "Principal": "*"}
    for order in ((STATEMENT, deny), (deny, STATEMENT)):
        stored = policy.check(text(*order), BUS)
        for account in (OWNER, FRIEND):
            assert policy.refusal(stored, OWNER, caller(account), PUT, BUS, {}) == (
                "with an explicit deny in a resource-based policy"
            )


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("events:PutEvents", BUS, True),
        ("EVENTS:putevents", BUS, True),
        ("events:Put*", "*", True),
        ("events:PutEvent?", BUS.replace("shop", "s*"), True),
        ("events:*", "*", True),
        ("events:PutRule", BUS, False),
        ("events:PutEvents", BUS.replace("event-bus/shop", "rule/shop/*"), False),
    ],
)
def test_actions_and_resources_may_have_wildcards(
    action: str, resource: str, allowed: bool
) -> None:
    """Actions are compared without regard to case."""
    stored = policy.check(changed(Action=action, Resource=resource), BUS)
    assert may(stored, caller(FRIEND)) == allowed


SOURCE = {"events:source": "shop"}


@pytest.mark.parametrize(
    ("condition", "holds", "holds_of_nothing"),
    [
        ({"StringEquals": SOURCE}, True, False),
        ({"StringEquals": {"events:Source": ["desk", "shop"]}}, True, False),
        ({"StringEquals": {"events:source": "Shop"}}, False, False),
        ({"StringEqualsIgnoreCase": {"events:source": "Shop"}}, True, False),
        ({"StringNotEquals": SOURCE}, False, True),
        ({"StringNotEqualsIgnoreCase": {"events:source": "SHOP"}}, False, True),
        ({"StringNotEquals": {"events:source": ["desk", "shop"]}}, False, True),
        ({"StringLike": {"events:source": "s?*p"}}, True, False),
        ({"StringNotLike": {"events:source": "s*"}}, False, True),
        ({"StringEqualsIfExists": SOURCE}, True, True),
        ({"StringEqualsIfExists": {"events:source": "desk"}}, False, True),
        ({"ForAllValues:StringEquals": SOURCE}, True, True),
        ({"ForAnyValue:StringEquals": SOURCE}, True, False),
        ({"ForAnyValue:StringNotEquals": {"events:source": "desk"}}, True, False),
        ({"Null": {"events:source": "true"}}, False, True),
        ({"Null": {"events:source": False}}, True, False),
        ({"Bool": {"aws:PrincipalIsAWSService": False}}, True, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, False, False),
        ({"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}, True, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-0000000000"}}, False, False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FRIEND}:*"}}, True, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{FRIEND}:role/r"}}, True, True),
        ({"StringEquals": {"events:source": "${events:detail-type}"}}, False, False),
        ({"StringEquals": {"aws:PrincipalAccount": "${aws:principalaccount}"}}, True, True),
        ({"StringEquals": SOURCE, "StringLike": {"events:detail-type": "x"}}, False, False),
    ],
)
def test_conditions(condition: dict[str, Any], holds: bool, holds_of_nothing: bool) -> None:
    """All of them hold, or the statement does not apply; a key may be absent."""
    stored = policy.check(changed(Condition=condition), BUS)
    who = caller(FRIEND, organization=ORGANIZATION)
    assert may(stored, who, events__source="shop", events__detail_type="order") == holds
    assert may(stored, who) == holds_of_nothing


def test_statements_come_and_go() -> None:
    """A policy without statements is no policy; its version stays what it was."""
    old = policy.check(text(STATEMENT, Version="2008-10-17"), BUS)
    more = policy.document(old, [*policy.statements(old), STATEMENT | {"Sid": "t"}])
    assert more is not None
    assert json.loads(more)["Version"] == "2008-10-17"
    assert [one["Sid"] for one in policy.statements(more)] == ["s", "t"]
    assert policy.document(more, []) is None
    assert policy.statements(None) == []


EFFECTS = st.sampled_from(["Allow", "Deny"])
PRINCIPALS = st.sampled_from(["*", {"AWS": FRIEND}, {"AWS": [FRIEND, STRANGER]}, {"AWS": OWNER}])
ASKED = st.sampled_from(["events:PutEvents", "events:PutRule", "events:Put*"])
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": EFFECTS,
            "Principal": PRINCIPALS,
            "Action": ASKED,
            "Resource": st.sampled_from(["*", BUS]),
        }
    ),
    min_size=1,
    max_size=5,
)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["*", PUT, BUS, "Allow", FRIEND]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*STATEMENT, "AWS", "Condition", "Bool"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*STATEMENT, "Condition"]), JSON))
def test_whatever_is_given_is_taken_or_refused(fields: dict[str, Any]) -> None:
    """Never anything but the two refusals; and what is taken can be asked."""
    try:
        stored = policy.check(text(STATEMENT | fields), BUS)
    except (InvalidPolicy, NotSimulated):
        return
    assert policy.check(stored, BUS) == stored
    may(stored, caller(FRIEND))


@given(STATEMENTS, st.sampled_from([OWNER, FRIEND, STRANGER]))
def test_the_order_of_statements_does_not_matter(
    statements: list[dict[str, Any]], account: str
) -> None:
    """A policy says the same backwards, and what the plain rules of IAM say."""
    named = [{"Sid": str(number), **one} for number, one in enumerate(statements)]
    answers = {
        may(policy.check(text(*order), BUS), caller(account)) for order in (named, named[::-1])
    }

    def applies(one: dict[str, Any]) -> bool:
        who = one["Principal"] == "*" or account in one["Principal"]["AWS"]
        return who and one["Action"] in ("events:PutEvents", "events:Put*")

    effects = [one["Effect"] for one in statements if applies(one)]
    assert answers == {"Deny" not in effects and (account == OWNER or "Allow" in effects)}
