"""Lists in pages (fidelity 11.8): the four operations that list."""

from __future__ import annotations

import pytest

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
LISTS = {
    "ListEventBuses": ("EventBuses", {"NamePrefix": "x"}, lambda item: item["Name"]),
    "ListRules": ("Rules", {"NamePrefix": "x"}, lambda item: item["Name"]),
    "ListTargetsByRule": ("Targets", {"Rule": "r"}, lambda item: item["Id"]),
    "ListRuleNamesByTarget": ("RuleNames", {"TargetArn": QUEUE}, lambda item: item),
}


@pytest.fixture
def lists(api_with):
    """An API where each list has the items that were put with `add`, and forgets with `drop`."""
    api = api_with(targets_per_rule=10)
    api.put_rule(Name="r", EventPattern='{"source":["a"]}')
    return api


def add(api, operation, name):
    if operation == "ListEventBuses":
        api.create_event_bus(Name=name)
    elif operation == "ListTargetsByRule":
        api.put_targets(Rule="r", Targets=[{"Id": name, "Arn": QUEUE}])
    else:
        api.put_rule(Name=name, EventPattern='{"source":["a"]}')
        api.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": QUEUE}])


def drop(api, operation, name):
    if operation == "ListEventBuses":
        api.delete_event_bus(Name=name)
    elif operation == "ListTargetsByRule":
        api.remove_targets(Rule="r", Ids=[name])
    else:
        api.remove_targets(Rule=name, Ids=["t"])
        api.delete_rule(Name=name)


@pytest.mark.parametrize("operation", LISTS)
def test_pages_stay_right_when_items_come_and_go(lists, operation):
    """A token names the last item seen: nothing is skipped or repeated by changes in between."""
    result, request, name_of = LISTS[operation]
    for name in ("x5", "x1", "x3", "x2"):
        add(lists, operation, name)
    first = lists.call(operation, **request, Limit=2)
    assert [name_of(item) for item in first[result]] == ["x1", "x2"]
    drop(lists, operation, "x2")
    add(lists, operation, "x0")
    add(lists, operation, "x4")
    second = lists.call(operation, **request, Limit=2, NextToken=first["NextToken"])
    assert [name_of(item) for item in second[result]] == ["x3", "x4"]
    last = lists.call(operation, **request, NextToken=second["NextToken"])
    assert [name_of(item) for item in last[result]] == ["x5"]
    assert "NextToken" not in last


@pytest.mark.parametrize("operation", LISTS)
def test_an_exact_page_is_the_last_one(lists, operation):
    """There is no token where nothing remains."""
    result, request, _ = LISTS[operation]
    for name in ("x1", "x2"):
        add(lists, operation, name)
    answer = lists.call(operation, **request, Limit=2)
    assert len(answer[result]) == 2
    assert "NextToken" not in answer


@pytest.mark.parametrize("operation", LISTS)
def test_a_token_is_good_for_its_own_question_only(lists, operation):
    """Tokens of another operation or other filters, and texts that are none, are refused."""
    _, request, _ = LISTS[operation]
    for name in ("x1", "x2"):
        add(lists, operation, name)
    token = lists.call(operation, **request, Limit=1)["NextToken"]
    refusal = ("ValidationException", "Parameter NextToken is not valid. Reason: Token invalid.")
    for wrong in (token[:-4], "x", "AAAA", "é", token + "=="):
        assert lists.refused("call", operation=operation, **request, NextToken=wrong) == refusal
    for other in LISTS:
        if other != operation:
            asked = LISTS[other][1] | {"NextToken": token}
            assert lists.refused("call", operation=other, **asked) == refusal
    if "NamePrefix" in request:
        assert lists.refused("call", operation=operation, NextToken=token) == refusal


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    ("limit", "rule"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100")]
)
def test_limit_is_1_to_100(lists, operation, limit, rule):
    """Any other number of items is refused in the words of the service model."""
    request = LISTS[operation][1]
    assert lists.refused("call", operation=operation, **request, Limit=limit) == (
        "ValidationException",
        f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
        f"Member must have value {rule}",
    )


def test_a_page_has_100_items_where_nothing_is_said(api):
    """The default page is 100 items long."""
    for number in range(101):
        api.put_rule(Name=f"r{number:03}", EventPattern='{"source":["a"]}')
    first = api.list_rules()
    assert len(first["Rules"]) == 100
    assert [rule["Name"] for rule in api.list_rules(NextToken=first["NextToken"])["Rules"]] == [
        "r100"
    ]
