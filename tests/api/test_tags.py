"""Tags of event buses and rules: add, replace, remove, list, and when they are deleted."""

from __future__ import annotations

import pytest

ACCOUNT = "arn:aws:events:us-east-1:123456789012:"
PATTERN = '{"source":["shop"]}'
BUS, RULE = ACCOUNT + "event-bus/shop", ACCOUNT + "rule/shop/paid"
RESOURCES = {
    "default bus": ACCOUNT + "event-bus/default",
    "bus": BUS,
    "rule of the default bus": ACCOUNT + "rule/paid",
    "rule": RULE,
}
MISSING = {
    ACCOUNT + "event-bus/nix": "Event bus nix does not exist.",
    ACCOUNT + "rule/nix": "Rule nix does not exist on EventBus default.",
    ACCOUNT + "rule/shop/nix": "Rule nix does not exist on EventBus shop.",
    ACCOUNT + "rule/nix/paid": "Event bus nix does not exist.",
    ACCOUNT + "rule/default/paid": "Rule paid does not exist on EventBus default.",
}
MALFORMED = [
    "rule/paid",
    ACCOUNT + "event-bus",
    ACCOUNT + "archive/a",
    ACCOUNT + "replay/r",
    "arn:aws:sqs:us-east-1:123456789012:rule/paid",
]
CALLS = {
    "tag_resource": {"Tags": [{"Key": "k", "Value": "v"}]},
    "untag_resource": {"TagKeys": ["k"]},
    "list_tags_for_resource": {},
}


@pytest.fixture
def api(api):
    """With a bus `shop` and a rule `paid` on both buses."""
    return prepared(api)


def prepared(api):
    api.create_event_bus(Name="shop")
    for bus in ("shop", "default"):
        api.put_rule(Name="paid", EventBusName=bus, EventPattern=PATTERN)
    api.news()
    return api


def pairs(**tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def listed(api, resource):
    answer = api.list_tags_for_resource(ResourceARN=resource)
    assert answer.keys() == {"Tags"}
    return [(tag["Key"], tag["Value"]) for tag in answer["Tags"]]


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_tags_of_buses_and_rules(api, resource):
    """Empty answers; listed in the order given; of those removed, one that is not there (recorded)."""
    assert listed(api, resource) == []
    assert api.tag_resource(ResourceARN=resource, Tags=pairs(tag1="a", tag2="b")) == {}
    assert listed(api, resource) == [("tag1", "a"), ("tag2", "b")]
    assert api.untag_resource(ResourceARN=resource, TagKeys=["tag2", "absent"]) == {}
    assert listed(api, resource) == [("tag1", "a")]
    assert [len(listed(api, other)) for other in RESOURCES.values()].count(0) == 3
    assert api.news() == []


def test_a_known_key_keeps_its_place(api):
    """Another value for the first key; a new key goes to the end (captured). The last of two counts."""
    api.tag_resource(ResourceARN=RULE, Tags=pairs(b="1", a="2"))
    api.tag_resource(ResourceARN=RULE, Tags=[*pairs(c="3", b="4"), *pairs(c="5")])
    assert listed(api, RULE) == [("b", "4"), ("a", "2"), ("c", "5")]
    api.untag_resource(ResourceARN=RULE, TagKeys=["b"])
    api.tag_resource(ResourceARN=RULE, Tags=pairs(b="6"))
    assert listed(api, RULE) == [("a", "2"), ("c", "5"), ("b", "6")]


def test_tags_given_at_creation(api):
    """They are listed, and the answers show the ARN alone (recorded)."""
    created = api.create_event_bus(Name="new", Tags=pairs(owner="test"))
    assert created == {"EventBusArn": ACCOUNT + "event-bus/new"}
    put = api.put_rule(Name="r", EventBusName="new", EventPattern=PATTERN, Tags=pairs(owner="rule"))
    assert put == {"RuleArn": ACCOUNT + "rule/new/r"}
    assert listed(api, created["EventBusArn"]) == [("owner", "test")]
    assert listed(api, put["RuleArn"]) == [("owner", "rule")]


def test_tags_of_an_update_are_ignored(api):
    """PutRule on a rule that exists keeps the tags it has (captured)."""
    api.tag_resource(ResourceARN=RULE, Tags=pairs(owner="rule"))
    again = pairs(owner="ignored", more="too")
    api.put_rule(Name="paid", EventBusName="shop", EventPattern=PATTERN, Tags=again)
    assert listed(api, RULE) == [("owner", "rule")]


def test_tags_are_deleted_with_their_resource(api):
    """A rule or a bus that is created anew has none (recorded); those of the other bus stay."""
    for resource in RESOURCES.values():
        api.tag_resource(ResourceARN=resource, Tags=pairs(k="v"))
    api.delete_rule(Name="paid", EventBusName="shop")
    assert api.refused("list_tags_for_resource", ResourceARN=RULE) == (
        "ResourceNotFoundException",
        "Rule paid does not exist on EventBus shop.",
    )
    api.put_rule(Name="paid", EventBusName="shop", EventPattern=PATTERN)
    assert listed(api, RULE) == []
    assert listed(api, BUS) == [("k", "v")]
    api.delete_rule(Name="paid", EventBusName="shop")
    api.delete_event_bus(Name="shop")
    assert api.refused("tag_resource", ResourceARN=BUS, **CALLS["tag_resource"]) == (
        "ResourceNotFoundException",
        "Event bus shop does not exist.",
    )
    api.create_event_bus(Name="shop")
    assert listed(api, BUS) == []
    assert listed(api, RESOURCES["rule of the default bus"]) == [("k", "v")]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("resource", "text"), MISSING.items())
def test_the_resource_must_exist(api, name, resource, text):
    """A missing rule or bus, in the words of DescribeRule and DescribeEventBus (recorded)."""
    refusal = api.refused(name, ResourceARN=resource, **CALLS[name])
    assert refusal == ("ResourceNotFoundException", text)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("resource", MALFORMED)
def test_other_arns_are_refused(api, name, resource):
    """Neither an event bus nor a rule (believed)."""
    assert api.refused(name, ResourceARN=resource, **CALLS[name]) == (
        "ValidationException",
        f"Parameter {resource} is not valid. Reason: Provided Arn is not in correct format.",
    )


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("resource", ["event-bus/default", "rule/paid"])
def test_another_region_is_refused(api, name, resource):
    """Like an event bus of another region in every operation (captured)."""
    foreign = f"arn:aws:events:eu-west-1:123456789012:{resource}"
    assert api.refused(name, ResourceARN=foreign, **CALLS[name]) == (
        "ValidationException",
        "Cross-region api call is not allowed.",
    )


@pytest.mark.parametrize("name", CALLS)
def test_another_account_is_denied(api, name):
    """The policy of the bus does not allow it."""
    foreign = "arn:aws:events:us-east-1:210987654321:rule/paid"
    code, text = api.refused(name, ResourceARN=foreign, **CALLS[name])
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: events:" in text


def test_a_managed_rule_shows_its_tags_and_keeps_them(api):
    """The rule of an archive: listed, none there; neither tagged nor untagged (captured)."""
    api.create_archive(ArchiveName="a", EventSourceArn=BUS)
    rule = ACCOUNT + "rule/shop/Events-Archive-a"
    assert listed(api, rule) == []
    for name in ("tag_resource", "untag_resource"):
        assert api.refused(name, ResourceARN=rule, **CALLS[name]) == (
            "ManagedRuleException",
            "Tag related operations on the managed rule Events-Archive-a is not allowed.",
        )


@pytest.mark.parametrize("resource", [BUS, RULE])
def test_the_number_of_tags_is_limited(api_with, resource):
    """Those that are there count, another value for a key that is there does not (quotas page)."""
    api = prepared(api_with(tags_per_resource=2))
    api.tag_resource(ResourceARN=resource, Tags=pairs(a="1", b="2"))
    assert api.refused("tag_resource", ResourceARN=resource, Tags=pairs(c="3")) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    api.tag_resource(ResourceARN=resource, Tags=pairs(b="3"))
    api.untag_resource(ResourceARN=resource, TagKeys=["a"])
    api.tag_resource(ResourceARN=resource, Tags=pairs(c="4"))
    assert listed(api, resource) == [("b", "3"), ("c", "4")]


@pytest.mark.parametrize("key", ["aws:x", "AWS:x"])
def test_keys_of_aws_are_reserved(api, key):
    """In any case of letters (quotas page)."""
    assert api.refused("tag_resource", ResourceARN=RULE, Tags=pairs(**{key: "v"})) == (
        "ValidationException",
        "aws: prefixed tag key names are not allowed for external use.",
    )


@pytest.mark.parametrize(
    ("tag", "place", "length"),
    [
        ({"Key": "k" * 129, "Value": "v"}, "key", 128),
        ({"Key": "k", "Value": "v" * 257}, "value", 256),
    ],
)
def test_keys_and_values_have_a_length(api, tag, place, length):
    """At most 128 and 256 characters, by the service model; an empty value is one."""
    code, text = api.refused("tag_resource", ResourceARN=RULE, Tags=[tag])
    assert code == "ValidationException"
    assert f"at 'tags.1.member.{place}' failed" in text
    assert text.endswith(f"length less than or equal to {length}")
    api.tag_resource(ResourceARN=RULE, Tags=[{"Key": "k" * 128, "Value": ""}])
    assert listed(api, RULE) == [("k" * 128, "")]


def test_a_client_gets_and_sends_tags(client):
    """Through a genuine client, errors as its exceptions."""
    arn = client.create_event_bus(Name="new", Tags=pairs(a="1"))["EventBusArn"]
    client.tag_resource(ResourceARN=arn, Tags=pairs(b="2"))
    client.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == pairs(b="2")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_tags_for_resource(ResourceARN=arn + "2")
