"""PutPermission and RemovePermission, and what they open (fidelity 8.1, 8.2, 8.3)."""

from __future__ import annotations

import json

import pytest

from simbridge.base.errors import NotSimulated
from simbridge.model.messages import Configure, Publish

OTHER = "210987654321"
DEFAULT = "arn:aws:events:us-east-1:123456789012:event-bus/default"
INVALID = "ValidationException"
ROOT = f"arn:aws:iam::{OTHER}:root"
PARTS = {"Action": "events:PutEvents", "Principal": OTHER, "StatementId": "s"}
ORGANIZATION = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-a1b2c3d4e5"}
NO_BUS = ("ResourceNotFoundException", "Event bus none does not exist.")
ENTRY = {"Source": "shop", "DetailType": "x", "Detail": "{}", "EventBusName": DEFAULT}


def stored(api):
    """The policy as DescribeEventBus shows it, decoded; None if it shows none."""
    text = api.describe_event_bus().get("Policy")
    assert [bus.get("Policy") for bus in api.list_event_buses()["EventBuses"]] == [text]
    return None if text is None else json.loads(text)


def sids(api):
    return [statement["Sid"] for statement in stored(api)["Statement"]]


def test_a_statement_from_its_parts(api):
    """One statement in a document of its own (recorded)."""
    assert api.put_permission(**PARTS) == {}
    assert api.describe_event_bus()["Policy"] == (
        '{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow",'
        f'"Principal":{{"AWS":"{ROOT}"}},"Action":"events:PutEvents","Resource":"{DEFAULT}"}}]}}'
    )
    assert sids(api) == ["s"]


@pytest.mark.parametrize(
    ("given", "principal", "condition"),
    [
        ({"Principal": "*"}, "*", None),
        ({"Principal": "000000000000"}, {"AWS": "000000000000"}, None),
        (
            {"Principal": "*", "Condition": ORGANIZATION},
            "*",
            {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
    ],
)
def test_principals_and_conditions(api, given, principal, condition):
    """Everybody stays a star; accounts that cannot be stay digits (captured)."""
    api.put_permission(**PARTS | given)
    (statement,) = stored(api)["Statement"]
    assert statement["Principal"] == principal
    assert statement.get("Condition") == condition


def test_statements_are_replaced_and_appended(api):
    """By their ids; each change is sent to the bus, and nothing else."""
    api.put_permission(**PARTS)
    api.put_permission(**PARTS | {"StatementId": "t"})
    api.news()
    api.put_permission(**PARTS | {"Principal": "*"})
    [(to, message)] = api.news()
    assert (to, message) == (DEFAULT, Configure(api.bus().event_bus))
    assert sids(api) == ["s", "t"]
    assert stored(api)["Statement"][0]["Principal"] == "*"

    before = api.describe_event_bus()["LastModifiedTime"]
    api.put_permission(**PARTS | {"Principal": "*"})
    assert api.news() == []
    assert api.describe_event_bus()["LastModifiedTime"] == before
    api.put_permission(**PARTS)
    assert api.describe_event_bus()["LastModifiedTime"] > before


def test_a_policy_replaces_the_whole_document(api):
    """And statements from parts are added to it."""
    api.put_permission(**PARTS)
    statement = stored(api)["Statement"][0] | {"Sid": "whole", "Principal": {"AWS": OTHER}}
    policy = {"Version": "2012-10-17", "Statement": statement}
    api.put_permission(Policy=json.dumps(policy))
    normal = statement | {"Principal": {"AWS": ROOT}}
    assert stored(api) == {"Version": "2012-10-17", "Statement": [normal]}
    api.put_permission(**PARTS)
    assert sids(api) == ["whole", "s"]


SHAPE = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must "


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Parameter(s) Action must be specified."),
        ({"Action": "events:PutEvents"}, "Parameter(s) Principal must be specified."),
        (
            {"Action": "events:PutEvents", "Principal": "*"},
            "Parameter(s) StatementId must be specified.",
        ),
        (
            PARTS | {"Action": "events:PutRule"},
            "Provided value in parameter 'action' is not supported.",
        ),
        (
            PARTS | {"Action": "events:*"},
            SHAPE.format("events:*", "action")
            + "satisfy regular expression pattern: events:[a-zA-Z]+",
        ),
        (
            PARTS | {"Condition": ORGANIZATION | {"Type": "StringLike"}},
            "Provided value in parameter 'condition.type' is not supported.",
        ),
        (
            PARTS | {"Condition": ORGANIZATION | {"Key": "aws:SourceArn"}},
            "Provided value in parameter 'condition.key' is not supported.",
        ),
        (
            PARTS | {"Condition": ORGANIZATION | {"Value": "shop"}},
            "Provided value in parameter 'condition.value' is invalid.",
        ),
        (
            {"Policy": "{}", "StatementId": "s"},
            "Action, Principal, StatementId and Condition could not be combined with Policy parameter.",
        ),
        ({"Policy": "{"}, "This policy contains invalid Json"),
        ({"Policy": "null"}, "This text appears not to be a policy"),
    ],
)
def test_put_refuses(api, given, says):
    """One thing at a time, in the service's words (captured)."""
    assert api.refused("put_permission", **given) == (INVALID, says)


def test_an_arn_is_no_principal_of_parts(api):
    """It is too long and has the wrong form, said in this order in one message (captured)."""
    code, text = api.refused("put_permission", **PARTS | {"Principal": ROOT})
    assert code == INVALID
    at = f"Value '{ROOT}' at 'principal' failed to satisfy constraint: Member must "
    assert text == (
        f"2 validation errors detected: {at}have length less than or equal to 12; "
        rf"{at}satisfy regular expression pattern: (\d{{12}}|\*)"
    )


def test_an_account_that_cannot_be_is_taken_in_parts_only(api):
    """As digits; a whole policy with the same principal is refused (captured)."""
    api.put_permission(**PARTS | {"Principal": "000000000000"})
    assert stored(api)["Statement"][0]["Principal"] == {"AWS": "000000000000"}
    whole = api.describe_event_bus()["Policy"]
    refused = api.refused("put_permission", Policy=whole)
    assert refused == (INVALID, "Policy contains an invalid principal")


@pytest.mark.parametrize("operation", ["put_permission", "remove_permission"])
def test_the_bus_must_exist(api, operation):
    """Before anything is said about a statement."""
    assert api.refused(operation, EventBusName="none", StatementId="s") == NO_BUS


def test_the_length_of_a_policy_is_bounded(api_with):
    """In characters of the stored document; what would be too long changes nothing."""
    api = api_with(bus_policy_chars=300)
    api.put_permission(**PARTS)
    assert api.refused("put_permission", **PARTS | {"StatementId": "t"}) == (
        "PolicyLengthExceededException",
        "Policy size would be larger than the maximum allowed.",
    )
    assert len(api.describe_event_bus()["Policy"]) <= 300


def test_statements_are_removed(api):
    """One by its id, all at once, and with the last one the policy is gone."""
    for sid in "abc":
        api.put_permission(**PARTS | {"StatementId": sid})
    assert api.remove_permission(StatementId="b") == {}
    assert sids(api) == ["a", "c"]
    api.remove_permission(StatementId="a")
    api.remove_permission(StatementId="c")
    assert stored(api) is None
    api.put_permission(**PARTS)
    for _ in range(2):
        assert api.remove_permission(RemoveAllPermissions=True) == {}
        assert stored(api) is None


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (
            {"StatementId": "t"},
            ("ResourceNotFoundException", "Statement with the provided id does not exist."),
        ),
        ({}, (INVALID, "Parameter(s) StatementId must be specified.")),
        (
            {"StatementId": "s", "RemoveAllPermissions": True},
            (INVALID, "StatementId could not be combined with All parameter."),
        ),
    ],
)
def test_remove_refuses(api, given, refusal):
    """With a policy and, for an unknown statement, without one."""
    api.put_permission(**PARTS)
    assert api.refused("remove_permission", **given) == refusal
    api.remove_permission(StatementId="s")
    assert api.refused("remove_permission", StatementId="s") == (
        "ResourceNotFoundException",
        "Statement with the provided id does not exist.",
    )


def test_a_deleted_bus_takes_its_policy_along(api):
    """A bus of the same name begins without."""
    api.create_event_bus(Name="b")
    api.put_permission(EventBusName="b", **PARTS)
    api.delete_event_bus(Name="b")
    api.create_event_bus(Name="b")
    assert "Policy" not in api.describe_event_bus(Name="b")


def test_another_account_may_put_events_once_it_is_allowed(api):
    """They carry the account of the caller, and are published on the bus they name."""
    api.put_permission(**PARTS)
    api.news()
    api.account = OTHER
    api.plane.store(OTHER, api.region)
    api.news()
    answer = api.put_events(Entries=[ENTRY])
    assert answer["FailedEntryCount"] == 0
    [(to, message)] = api.news()
    assert to == DEFAULT
    assert isinstance(message, Publish)
    assert (message.event.bus, message.event.envelope["account"]) == (DEFAULT, OTHER)

    api.account = "123456789012"
    api.remove_permission(StatementId="s")
    api.account = OTHER
    code, text = api.refused("put_events", Entries=[ENTRY | {"EventBusName": "default"}, ENTRY])
    assert code == "AccessDeniedException"
    assert text == (
        f"User: {ROOT} is not authorized to perform: events:PutEvents on resource: {DEFAULT} "
        "because no resource-based policy allows the events:PutEvents action"
    )


def test_an_organization_is_allowed_as_a_whole(api):
    """The world is given its accounts; every other account is refused."""
    api.put_permission(**PARTS | {"Principal": "*", "Condition": ORGANIZATION})
    api.plane.organizations[OTHER] = "o-a1b2c3d4e5"
    api.account = OTHER
    api.plane.store(OTHER, api.region)
    assert api.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0
    api.plane.organizations[OTHER] = "o-0000000000"
    assert api.refused("put_events", Entries=[ENTRY])[0] == "AccessDeniedException"


def test_a_policy_may_look_at_each_entry(api):
    """One entry that is denied keeps out the whole request, the owner's own too (captured)."""
    statement = {
        "Sid": "only-shop",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": DEFAULT,
        "Condition": {"StringNotEquals": {"events:source": "shop"}},
    }
    api.put_permission(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert api.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0
    code, text = api.refused("put_events", Entries=[ENTRY, ENTRY | {"Source": "desk"}])
    assert code == "AccessDeniedException"
    assert text.endswith("with an explicit deny in a resource-based policy")


def test_what_else_a_policy_allows_is_not_simulated(api):
    """It is said, instead of an answer that AWS would not give."""
    statement = {
        "Sid": "rules",
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "events:*",
        "Resource": "*",
    }
    api.put_permission(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    api.account = OTHER
    with pytest.raises(NotSimulated, match="ListRules"):
        api.list_rules(EventBusName=DEFAULT)
    with pytest.raises(NotSimulated, match="PutRule"):
        api.put_rule(Name="r", EventPattern='{"source":["a"]}', EventBusName=DEFAULT)
