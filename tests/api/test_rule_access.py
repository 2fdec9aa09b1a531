"""What the policy of an event bus may deny to callers that put rules and targets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simbridge.api.rule_access import pattern_facts

ACCOUNT, OTHER = "123456789012", "210987654321"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
RULES = f"arn:aws:events:us-east-1:{ACCOUNT}:rule"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
PATTERN = '{"source": ["shop"], "detail-type": ["a", "b"]}'


def deny(action: str, condition: dict[str, Any] | None = None, **fields: Any) -> str:
    """A policy that denies an action on rules to everybody."""
    statement = {
        "Sid": "s",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": f"{RULES}/*",
        **({"Condition": condition} if condition else {}),
        **fields,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refusal(action: str, resource: str = f"{RULES}/r") -> tuple[str, str]:
    caller = f"arn:aws:iam::{ACCOUNT}:root"
    return (
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {action} on resource: {resource} "
        "with an explicit deny in a resource-based policy",
    )


@pytest.mark.parametrize(
    ("condition", "denied"),
    [
        (None, True),
        ({"ForAllValues:StringNotEquals": {"events:source": "shop"}}, False),
        ({"ForAnyValue:StringEquals": {"events:source": ["desk", "shop"]}}, True),
        ({"ForAnyValue:StringEquals": {"events:detail-type": "b"}}, True),
        ({"ForAllValues:StringEquals": {"events:detail-type": "b"}}, False),
        ({"Null": {"events:detail.service": "false"}}, False),
        ({"Null": {"events:creatorAccount": "true"}}, True),
        ({"StringEquals": {"events:creatorAccount": ACCOUNT}}, False),
    ],
)
def test_conditions_of_put_rule(api: Any, condition: dict[str, Any] | None, denied: bool) -> None:
    """The values of the pattern; a new rule has no creator."""
    api.put_permission(Policy=deny("events:PutRule", condition))
    if denied:
        assert api.refused("put_rule", Name="r", EventPattern=PATTERN) == refusal("events:PutRule")
        assert api.list_rules()["Rules"] == []
    else:
        api.put_rule(Name="r", EventPattern=PATTERN)


@pytest.mark.parametrize(
    ("operation", "action", "request_"),
    [
        ("put_rule", "events:PutRule", {"Name": "r", "EventPattern": PATTERN}),
        ("delete_rule", "events:DeleteRule", {"Name": "r"}),
        ("describe_rule", "events:DescribeRule", {"Name": "r"}),
        ("enable_rule", "events:EnableRule", {"Name": "r"}),
        ("disable_rule", "events:DisableRule", {"Name": "r"}),
        ("put_targets", "events:PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": QUEUE}]}),
        ("remove_targets", "events:RemoveTargets", {"Rule": "r", "Ids": ["1"]}),
        ("list_targets_by_rule", "events:ListTargetsByRule", {"Rule": "r"}),
        ("tag_resource", "events:TagResource", {"ResourceARN": f"{RULES}/r", "Tags": []}),
    ],
)
def test_the_creator_of_a_rule(
    api: Any, operation: str, action: str, request_: dict[str, Any]
) -> None:
    """Every operation on a rule that exists can be denied by the account that created it."""
    api.put_rule(Name="r", EventPattern=PATTERN)
    for creator in (OTHER, ACCOUNT):
        condition = {"StringEquals": {"events:creatorAccount": creator}}
        api.put_permission(Policy=deny("events:*", condition))
        if creator == ACCOUNT:
            assert api.refused(operation, **request_) == refusal(action)
        else:
            getattr(api, operation)(**request_)
            api.put_rule(Name="r", EventPattern=PATTERN)
    api.remove_permission(StatementId="s")


def test_the_targets_of_put_targets(api: Any) -> None:
    """Each of them is looked at."""
    api.put_rule(Name="r", EventPattern=PATTERN)
    only_queues = {"ForAnyValue:ArnNotLike": {"events:TargetArn": "arn:aws:sqs:*"}}
    api.put_permission(Policy=deny("events:PutTargets", only_queues))
    queue = {"Id": "1", "Arn": QUEUE}
    topic = {"Id": "2", "Arn": QUEUE.replace("sqs", "sns")}
    api.put_targets(Rule="r", Targets=[queue])
    refused = api.refused("put_targets", Rule="r", Targets=[queue, topic])
    assert refused == refusal("events:PutTargets")


def test_the_manager_of_a_rule(api: Any) -> None:
    """The rule of an archive is managed by an AWS service; no other rule is by any."""
    api.create_archive(ArchiveName="a", EventSourceArn=BUS)
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.put_permission(Policy=deny("events:DescribeRule", {"Null": {"events:ManagedBy": "false"}}))
    api.describe_rule(Name="r")
    managed = "Events-Archive-a"
    refused = api.refused("describe_rule", Name=managed)
    assert refused == refusal("events:DescribeRule", f"{RULES}/{managed}")


def test_policies_cannot_lock_the_owner_out(api: Any) -> None:
    """PutPermission and RemovePermission are not what a policy of a bus is about (captured)."""
    api.put_permission(Policy=deny("events:*", Resource="*"))
    assert api.refused("describe_event_bus") == refusal("events:DescribeEventBus", BUS)
    api.remove_permission(StatementId="s")
    api.describe_event_bus()


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"source": "shop", "detail": []}'])
def test_what_is_no_pattern_has_no_keys(text: str) -> None:
    """It is refused for another reason."""
    assert pattern_facts(text) == {}


def test_keys_of_the_detail() -> None:
    """By their path, compared without regard to case; an operator is JSON text."""
    pattern = {"detail": {"userIdentity": {"principalId": ["x"]}, "n": [1, {"exists": False}]}}
    assert pattern_facts(json.dumps(pattern)) == {
        "events:detail.useridentity.principalid": ("x",),
        "events:detail.n": ("1", '{"exists":false}'),
    }
