"""Lookups: by name and by ARN, of this and of other accounts and regions."""

from __future__ import annotations

import pytest

from simbridge.api import lookup
from simbridge.api.plane import Context
from simbridge.base.errors import NotSimulated, ServiceError

PATTERN = '{"source":["shop"]}'
ARN = "arn:aws:events:us-east-1:123456789012:"
FOREIGN = "arn:aws:events:us-east-1:210987654321:event-bus/shared"


@pytest.fixture
def context(api):
    """With a bus `b` that has a rule `r`, an archive `a` and a replay `p`."""
    api.create_event_bus(Name="b")
    api.put_rule(Name="r", EventBusName="b", EventPattern=PATTERN)
    api.create_archive(ArchiveName="a", EventSourceArn=ARN + "event-bus/b")
    window = {"EventStartTime": 1.0, "EventEndTime": 2.0}
    bus = {"Arn": ARN + "event-bus/b"}
    api.start_replay(ReplayName="p", EventSourceArn=ARN + "archive/a", Destination=bus, **window)
    return Context(api.plane, api.store, sequence=0, cause=0, sender="test")


def text_of(call, *arguments):
    with pytest.raises(ServiceError) as refusal:
        call(*arguments)
    return refusal.value.message


@pytest.mark.parametrize("given", ["b", ARN + "event-bus/b"])
def test_a_bus_by_name_or_arn(context, given):
    """Both find the same entry; without a name it is the default bus."""
    assert lookup.find_bus(context, given, "DescribeEventBus").arn == ARN + "event-bus/b"
    assert lookup.find_bus(context, None, "DescribeEventBus").name == "default"
    assert lookup.bus_address(context, "none") == ARN + "event-bus/none"


def test_a_missing_bus(context):
    """The error names it as it was named, without account and region (recorded)."""
    for given in ("x", ARN + "event-bus/x"):
        text = text_of(lookup.find_bus, context, given, "PutRule")
        assert text == "Event bus x does not exist."
    assert lookup.bus_at(context, ARN + "event-bus/x") is None
    text = text_of(lookup.find_bus_by_arn, context, ARN + "event-bus/x")
    assert text == "Event bus x does not exist."
    for wrong in ("b", ARN + "archive/a"):
        text = text_of(lookup.find_bus_by_arn, context, wrong, "Destination.Arn")
        assert (
            text == "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."
        )


def test_an_arn_of_another_partition_names_another_bus(context):
    """The whole ARN is compared, not the name in it."""
    chinese = "arn:aws-cn:events:us-east-1:123456789012:event-bus/b"
    assert lookup.bus_at(context, chinese) is None
    assert text_of(lookup.find_bus, context, chinese, "PutRule") == "Event bus b does not exist."


def test_a_bus_of_another_account(api, context):
    """Found by its ARN; an operation on it is denied, or not simulated if its policy allows it."""
    api.account = "210987654321"
    api.create_event_bus(Name="shared")
    entry = lookup.bus_at(context, FOREIGN)
    assert entry is not None and entry.arn == FOREIGN
    assert "is not authorized to perform: events:PutRule" in text_of(
        lookup.find_bus, context, FOREIGN, "PutRule"
    )
    allowed = (
        '{"Version": "2012-10-17", "Statement": [{"Sid": "s", "Effect": "Allow", "Principal": '
        f'{{"AWS": "arn:aws:iam::123456789012:root"}}, "Action": "events:PutRule", "Resource": "{FOREIGN}"}}]}}'
    )
    api.store = api.plane.store("210987654321", "us-east-1")
    api.call("PutPermission", EventBusName="shared", Policy=allowed)
    with pytest.raises(NotSimulated, match="use a client of its own account"):
        lookup.find_bus(context, FOREIGN, "PutRule")
    assert text_of(lookup.find_bus_by_arn, context, FOREIGN) == "Event bus shared does not exist."


def test_a_rule_with_its_bus(context):
    """The error of a missing rule names the bus (recorded)."""
    bus, rule = lookup.find_rule(context, "b", "r", "DescribeRule")
    assert (bus.name, rule.arn) == ("b", ARN + "rule/b/r")
    text = text_of(lookup.find_rule, context, None, "r", "DescribeRule")
    assert text == "Rule r does not exist on EventBus default."


def test_archives_and_replays(context):
    """By name, an archive by its ARN too; AWS's text for each that is missing."""
    assert lookup.find_archive(context, "a").archive == lookup.find_archive_by_arn(
        context, ARN + "archive/a"
    )
    assert lookup.find_replay(context, "p").replay.name == "p"
    assert list(lookup.current_replays(context)) == ["p"]
    assert text_of(lookup.find_archive, context, "x") == "Archive x does not exist."
    assert text_of(lookup.find_replay, context, "x") == "Replay x does not exist."
    wrong = "Parameter EventSourceArn is not valid. Reason: "
    by_arn = lookup.find_archive_by_arn
    assert text_of(by_arn, context, ARN + "archive/x") == f"{wrong}Archive x does not exist."
    assert text_of(by_arn, context, ARN + "rule/r") == f"{wrong}Must contain an archive ARN."


def test_a_connection_by_name_and_by_the_arn_of_one_incarnation(api, context):
    """A later connection of the same name has another ARN."""
    parameters = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
    create = {"Name": "c", "AuthorizationType": "BASIC", "AuthParameters": parameters}
    first = api.create_connection(**create)["ConnectionArn"]
    entry = lookup.find_connection(context, "c", "describe")
    assert lookup.connection_at(context, first) is entry
    api.delete_connection(Name="c")
    second = api.create_connection(**create)["ConnectionArn"]
    assert lookup.connection_at(context, first) is None
    assert lookup.connection_at(context, second) is not None
    text = "Failed to update the connection(s). Connection 'x' does not exist."
    assert text_of(lookup.find_connection, context, "x", "update") == text


def test_an_api_destination_by_name(context):
    """The error has the verb of the operation."""
    text = "Failed to delete the api-destination(s). An api-destination 'x' does not exist."
    assert text_of(lookup.find_api_destination, context, "x", "delete") == text
