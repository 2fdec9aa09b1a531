"""UpdateEventBus, and the settings of an event bus (fidelity 11.9)."""

from __future__ import annotations

import pytest

from simbridge.model.messages import Configure

ARN = "arn:aws:events:us-east-1:123456789012:event-bus/"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:lost"
KEY = "arn:aws:kms:us-east-1:123456789012:alias/key"
LOG = {"Level": "INFO", "IncludeDetail": "FULL"}


@pytest.fixture
def full(api):
    """An API with a bus that has every setting, with its messages read."""
    api.create_event_bus(
        Name="a",
        Description="old",
        KmsKeyIdentifier="alias/key",
        DeadLetterConfig={"Arn": QUEUE},
        LogConfig=LOG,
    )
    api.news()
    return api


def settings(api):
    """What DescribeEventBus shows of them."""
    names = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
    shown = api.describe_event_bus(Name="a")
    return {name: shown[name] for name in names if name in shown}


ALL = {
    "Description": "old",
    "KmsKeyIdentifier": KEY,
    "DeadLetterConfig": {"Arn": QUEUE},
    "LogConfig": LOG,
}


def test_what_is_left_out_is_kept(full):
    """The answer has all settings that the bus has (captured), and only the time changes."""
    before = full.describe_event_bus(Name="a")
    assert full.update_event_bus(Name="a") == {"Arn": ARN + "a", "Name": "a"} | ALL
    after = full.describe_event_bus(Name="a")
    assert after["LastModifiedTime"] > before["LastModifiedTime"]
    assert settings(full) == ALL


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"Description": "new"}, {"Description": "new"}),
        ({"Description": ""}, {"Description": None}),
        ({"KmsKeyIdentifier": "alias/b"}, {"KmsKeyIdentifier": KEY.replace("/key", "/b")}),
        ({"KmsKeyIdentifier": ""}, {"KmsKeyIdentifier": None}),
        ({"DeadLetterConfig": {"Arn": QUEUE + "2"}}, {"DeadLetterConfig": {"Arn": QUEUE + "2"}}),
        ({"LogConfig": {"Level": "OFF"}}, {"LogConfig": {"Level": "OFF"}}),
    ],
)
def test_a_setting_is_replaced_or_removed(full, change, shown):
    """An empty text removes it (captured for the key)."""
    full.update_event_bus(Name="a", **change)
    expected = {name: value for name, value in (ALL | shown).items() if value is not None}
    assert settings(full) == expected


def test_without_a_name_it_is_the_default_bus(api):
    """The bus gets the message; the answer has what is set, and nothing else (captured)."""
    answer = api.update_event_bus(DeadLetterConfig={"Arn": QUEUE})
    default = {"Arn": ARN + "default", "Name": "default"}
    assert answer == default | {"DeadLetterConfig": {"Arn": QUEUE}}
    assert api.news() == [(ARN + "default", Configure(api.bus().event_bus))]


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        ({"Name": "x"}, "ResourceNotFoundException", "Event bus x does not exist."),
        (
            {"DeadLetterConfig": {}},
            "ValidationException",
            "Parameter DeadLetterConfig.Arn is not valid. Reason: Provide a valid SQS queue ARN, or an "
            "empty string to remove the dead-letter queue configuration.",
        ),
        (
            {"DeadLetterConfig": {"Arn": QUEUE.replace("us-east-1", "eu-west-1")}},
            "AccessDeniedException",
            f"Access to the resource {QUEUE.replace('us-east-1', 'eu-west-1')} is denied. Reason: You "
            "must specify a dead letter queue in the same region.",
        ),
        (
            {"KmsKeyIdentifier": "alias/aws/events"},
            "ValidationException",
            f"Parameter {KEY.replace('/key', '/aws/events')} is not valid. "
            "Reason: Provided Arn is not in correct format.",
        ),
    ],
)
def test_what_is_refused(api, request_, code, text):
    """The texts are captured, but that of the missing bus."""
    assert api.refused("update_event_bus", **request_) == (code, text)


def test_create_checks_the_key_as_update_does(api):
    """A bus is not created with a key that cannot be."""
    code, _ = api.refused("create_event_bus", Name="a", KmsKeyIdentifier="not-a-key")
    assert code == "ValidationException"


def test_the_policy_of_a_bus_is_no_setting(full):
    """An update leaves it alone."""
    full.put_permission(EventBusName="a", Action="events:PutEvents", Principal="*", StatementId="s")
    policy = full.describe_event_bus(Name="a")["Policy"]
    full.update_event_bus(Name="a", Description="new")
    assert full.describe_event_bus(Name="a")["Policy"] == policy
