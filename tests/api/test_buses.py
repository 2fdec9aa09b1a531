"""Event buses (fidelity 7.1, 10.1, 11.6, 11.8)."""

from __future__ import annotations

import pytest

from simbridge.model.messages import Configure, Retire

ARN = "arn:aws:events:us-east-1:123456789012:event-bus/"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:lost"
INVALID = "ValidationException"


def test_create_answers_with_the_arn_and_what_was_configured(api):
    """CreateEventBus answers the ARN and echoes the settings it was given, no others."""
    assert api.create_event_bus(Name="a") == {"EventBusArn": ARN + "a"}
    settings = {
        "Description": "",
        "KmsKeyIdentifier": "arn:aws:kms:us-east-1:123456789012:alias/key",
        "DeadLetterConfig": {"Arn": QUEUE},
        "LogConfig": {"Level": "INFO", "IncludeDetail": "FULL"},
    }
    assert api.create_event_bus(Name="b", **settings) == {"EventBusArn": ARN + "b"} | settings


def test_create_configures_the_new_bus(api):
    """One `Configure` with the whole bus goes to its address."""
    api.create_event_bus(Name="a", Description="first")
    [(to, message)] = api.news()
    assert to == ARN + "a"
    assert message == Configure(api.bus("a").event_bus)
    assert message.resource.description == "first"


def test_tags_of_a_new_bus_are_remembered_in_order(api):
    """Tags stay in the order given; of a key that is given twice the last one counts."""
    tags = [{"Key": key, "Value": value} for key, value in ("b1", "a2", "b3")]
    api.create_event_bus(Name="a", Tags=tags)
    assert list(api.bus("a").tags.items()) == [("b", "3"), ("a", "2")]


PARTNER = "aws.partner/shop/orders"


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (
            {"Name": "default"},
            "ResourceAlreadyExistsException",
            "Event bus default already exists.",
        ),
        ({"Name": "taken"}, "ResourceAlreadyExistsException", "Event bus taken already exists."),
        ({"Name": "a/b"}, INVALID, "Event bus name must not contain '/'."),
        (
            {"Name": "a", "EventSourceName": PARTNER},
            INVALID,
            "Event bus name must match event source name",
        ),
        (
            {"Name": PARTNER, "EventSourceName": PARTNER},
            "ResourceNotFoundException",
            f"Event source {PARTNER} does not exist.",
        ),
        (
            {"Name": "a", "DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:123456789012:t"}},
            INVALID,
            "sns is not supported as a dead letter resource",
        ),
        (
            {"Name": "a", "Tags": [{"Key": "aws:mine", "Value": ""}]},
            INVALID,
            "aws: prefixed tag key names are not allowed for external use.",
        ),
        (
            {"Name": "a", "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
            "LimitExceededException",
            "The requested resource exceeds the maximum number allowed.",
        ),
        (
            {"Name": "a b"},
            INVALID,
            "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [/\.\-_A-Za-z0-9]+",
        ),
    ],
)
def test_create_refuses(api, request_, code, text):
    """CreateEventBus refuses with the service's code and words, and makes nothing."""
    api.create_event_bus(Name="taken")
    assert api.refused("create_event_bus", **request_) == (code, text)


def test_number_of_buses_is_bounded(api_with):
    """The default bus counts towards the quota of event buses."""
    api = api_with(event_buses=2)
    api.create_event_bus(Name="a")
    assert api.refused("create_event_bus", Name="b") == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    api.delete_event_bus(Name="a")
    api.create_event_bus(Name="b")


def test_delete_removes_the_bus_and_retires_its_actor(api):
    """A deleted bus is removed with its tags, and receives `Retire` with its own ARN."""
    api.create_event_bus(Name="a", Tags=[{"Key": "k", "Value": "v"}])
    api.news()
    assert api.delete_event_bus(Name="a") == {}
    assert api.news() == [(ARN + "a", Retire(ARN + "a"))]
    api.create_event_bus(Name="a")
    assert api.bus("a").tags == {}


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("default", INVALID, "Cannot delete event bus default."),
        ("full", INVALID, "EventBus can't be deleted since it has rules."),
    ],
)
def test_delete_refuses(api, name, code, text):
    """DeleteEventBus keeps the default bus and buses with rules."""
    api.create_event_bus(Name="full")
    api.put_rule(Name="r", EventBusName="full", EventPattern='{"source":["a"]}')
    assert api.refused("delete_event_bus", Name=name) == (code, text)


def test_deleting_a_bus_that_is_not_there_succeeds(api):
    """One that never existed, and one that was deleted: nothing is changed and nothing sent (captured)."""
    api.create_event_bus(Name="b")
    assert api.delete_event_bus(Name="b") == {}
    api.news()
    assert api.delete_event_bus(Name="b") == api.delete_event_bus(Name="none") == {}
    assert api.news() == []
    assert [bus["Name"] for bus in api.list_event_buses()["EventBuses"]] == ["default"]


@pytest.mark.parametrize("queue", ["q", "missing"])
def test_the_dead_letter_queue_of_a_bus_is_of_its_region(api, queue):
    """Another region is denied, in words of their own; whether the queue is there does not matter."""
    arn = f"arn:aws:sqs:us-west-2:123456789012:{queue}"
    refused = api.refused("create_event_bus", Name="a", DeadLetterConfig={"Arn": arn})
    assert refused == (
        "AccessDeniedException",
        f"Access to the resource {arn} is denied. "
        "Reason: You must specify a dead letter queue in the same region.",
    )


def test_describe_shows_what_was_configured_and_when(api):
    """Times are epoch seconds with milliseconds; without a name it is the default bus."""
    assert api.describe_event_bus() == {
        "Name": "default",
        "Arn": ARN + "default",
        "CreationTime": 1772323200.123,
        "LastModifiedTime": 1772323200.123,
    }
    api.create_event_bus(Name="a", Description="d", LogConfig={"Level": "OFF"})
    described = api.describe_event_bus(Name="a")
    assert list(described) == [
        "Name",
        "Arn",
        "Description",
        "CreationTime",
        "LastModifiedTime",
        "LogConfig",
    ]
    assert api.describe_event_bus(Name=ARN + "a") == described


ELSEWHERE = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
FOREIGN = "arn:aws:events:us-east-1:210987654321:event-bus/default"
BUS_OPERATIONS = [
    ("DescribeEventBus", "Name", {}),
    ("PutRule", "EventBusName", {"Name": "r", "EventPattern": '{"source":["a"]}'}),
    ("DeleteRule", "EventBusName", {"Name": "r"}),
    ("DescribeRule", "EventBusName", {"Name": "r"}),
    ("EnableRule", "EventBusName", {"Name": "r"}),
    ("DisableRule", "EventBusName", {"Name": "r"}),
    ("ListRules", "EventBusName", {}),
    ("PutTargets", "EventBusName", {"Rule": "r", "Targets": [{"Id": "t", "Arn": QUEUE}]}),
    ("RemoveTargets", "EventBusName", {"Rule": "r", "Ids": ["t"]}),
    ("ListTargetsByRule", "EventBusName", {"Rule": "r"}),
    ("ListRuleNamesByTarget", "EventBusName", {"TargetArn": QUEUE}),
]


@pytest.mark.parametrize(("operation", "field", "rest"), BUS_OPERATIONS)
def test_a_bus_must_exist_and_be_in_reach(api, operation, field, rest):
    """Unknown buses, buses of other regions and of other accounts are refused everywhere."""

    def answer(bus):
        return api.refused("call", operation=operation, **{field: bus}, **rest)

    missing = ("ResourceNotFoundException", "Event bus none does not exist.")
    assert answer("none") == answer(ARN + "none") == missing
    assert answer("arn:aws-cn:events:us-east-1:123456789012:event-bus/default") == (
        "ResourceNotFoundException",
        "Event bus default does not exist.",
    )
    assert answer(ELSEWHERE) == (INVALID, "Cross-region api call is not allowed.")
    on_a_rule = "Rule" in rest or "Name" in rest
    resource = FOREIGN.replace("event-bus/default", "rule/r") if on_a_rule else FOREIGN
    assert answer(FOREIGN) == (
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:root is not authorized to perform: "
        f"events:{operation} on resource: {resource} because no resource-based policy "
        f"allows the events:{operation} action",
    )


def test_list_is_sorted_and_filtered_by_prefix(api):
    """ListEventBuses answers in the order of names, the default bus among them."""
    for name in ("b2", "b1", "e"):
        api.create_event_bus(Name=name, Description=name)
    names = [bus["Name"] for bus in api.list_event_buses()["EventBuses"]]
    assert names == ["b1", "b2", "default", "e"]
    answer = api.list_event_buses(NamePrefix="b")
    assert [bus["Name"] for bus in answer["EventBuses"]] == ["b1", "b2"]
    assert set(answer["EventBuses"][0]) == {
        "Name",
        "Arn",
        "Description",
        "CreationTime",
        "LastModifiedTime",
    }
    assert api.list_event_buses(NamePrefix="x") == {"EventBuses": []}


def test_accounts_and_regions_have_buses_of_their_own(api):
    """The same name in another region or account is another bus."""
    api.create_event_bus(Name="a")
    api.region = "eu-west-1"
    created = api.create_event_bus(Name="a")["EventBusArn"]
    assert created == "arn:aws:events:eu-west-1:123456789012:event-bus/a"
    api.account, api.region = "210987654321", "cn-north-1"
    created = api.create_event_bus(Name="a")["EventBusArn"]
    assert created == "arn:aws-cn:events:cn-north-1:210987654321:event-bus/a"
