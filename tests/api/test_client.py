"""The main flows through a genuine botocore client: what users of boto3 see of all this."""

from __future__ import annotations

import datetime as dt
import json
import time
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ParamValidationError

PATTERN = '{"source":["shop"]}'
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}


def test_the_life_cycle_of_a_rule(client):
    """Create, configure, look, and take away again, each with the answer of a 200."""
    created = client.create_event_bus(Name="b", Tags=[{"Key": "k", "Value": "v"}])
    assert created["EventBusArn"].endswith(":event-bus/b")
    metadata = created["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RetryAttempts"] == 0
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    client.put_rule(Name="r", EventBusName="b", EventPattern=PATTERN)
    put = client.put_targets(Rule="r", EventBusName="b", Targets=[{"Id": "t", "Arn": QUEUE}])
    assert (put["FailedEntryCount"], put["FailedEntries"]) == (0, [])
    client.disable_rule(Name="r", EventBusName="b")
    assert client.describe_rule(Name="r", EventBusName="b")["State"] == "DISABLED"
    client.enable_rule(Name="r", EventBusName="b")
    [target] = client.list_targets_by_rule(Rule="r", EventBusName="b")["Targets"]
    assert target == {"Id": "t", "Arn": QUEUE}
    client.remove_targets(Rule="r", EventBusName="b", Ids=["t"])
    client.delete_rule(Name="r", EventBusName="b")
    client.delete_event_bus(Name="b")
    assert [bus["Name"] for bus in client.list_event_buses()["EventBuses"]] == ["default"]


def test_events_through_the_client(client, api, monkeypatch):
    """Every form of a time that boto3 takes arrives as the same second."""
    monkeypatch.setenv("TZ", "UTC")  # botocore reads times without a zone as local ones
    time.tzset()
    times = [dt.datetime(2022, 1, 1), dt.datetime(2022, 1, 1, 0, 0, 0, 999_999, tzinfo=dt.UTC)]
    texts = ["2022-01-01", "01-01-2022T00:00:00Z", "2022-01-01 00:00:00Z"]
    entries = [ENTRY | {"Time": moment} for moment in (*times, *texts)]
    answer = client.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 0
    events = [message.event for _, message in api.news() if hasattr(message, "event")]
    assert [event.id for event in events] == [entry["EventId"] for entry in answer["Entries"]]
    assert {event.envelope["time"] for event in events} == {"2022-01-01T00:00:00Z"}


def test_times_arrive_as_datetimes(client):
    """DescribeEventBus answers aware datetimes with milliseconds."""
    created = client.describe_event_bus()["CreationTime"]
    assert created == dt.datetime(2026, 3, 1, 0, 0, 0, 123_000, tzinfo=dt.UTC)
    [bus] = client.list_event_buses()["EventBuses"]
    assert bus["LastModifiedTime"] == created


def test_refusals_are_client_errors(client):
    """Code, words and status are in the response; modelled errors have classes of their own."""
    with pytest.raises(client.exceptions.ResourceNotFoundException) as refusal:
        client.describe_rule(Name="r")
    assert refusal.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Rule r does not exist on EventBus default.",
    }
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(client.exceptions.InvalidEventPatternException):
        client.put_rule(Name="r", EventPattern="[]")
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
        client.create_event_bus(Name="default")
    with pytest.raises(client.exceptions.LimitExceededException):
        client.put_rule(Name="r", EventPattern=PATTERN)
        client.put_targets(Rule="r", Targets=[{"Id": f"t{n}", "Arn": QUEUE} for n in range(6)])
    with pytest.raises(ClientError, match="An error occurred \\(ValidationException\\)") as refusal:
        client.put_rule(Name="a b", EventPattern=PATTERN)
    assert refusal.value.operation_name == "PutRule"


def test_botocore_checks_first_what_it_always_checks(client, api):
    """Missing members and wrong types never leave the client."""
    for wrong in ({}, {"Entries": []}, {"Entries": [{"Source": 1}]}, {"Entries": [ENTRY], "X": 1}):
        with pytest.raises(ParamValidationError):
            client.put_events(**wrong)
    assert api.kernel.trace[1:] == []


def test_paginators(client):
    """botocore's paginators go through all pages of the three lists they know."""
    names = [f"r{number:02}" for number in range(7)]
    for name in names:
        client.put_rule(Name=name, EventPattern=PATTERN)
        client.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": QUEUE}])
    small = {"PaginationConfig": {"PageSize": 3}}
    rules = client.get_paginator("list_rules").paginate(**small).build_full_result()["Rules"]
    assert [rule["Name"] for rule in rules] == names
    by_target = client.get_paginator("list_rule_names_by_target")
    pages = list(by_target.paginate(TargetArn=QUEUE, **small))
    assert [len(page["RuleNames"]) for page in pages] == [3, 3, 1]
    targets = client.get_paginator("list_targets_by_rule").paginate(Rule="r00", **small)
    assert targets.build_full_result()["Targets"] == [{"Id": "t", "Arn": QUEUE}]
    assert client.can_paginate("list_rules")
    assert not client.can_paginate("put_events")


def test_presigned_urls_and_waiters(client):
    """They work as on any client: a signed URL of the region, and no waiters for this service."""
    url = client.generate_presigned_url("list_rules", Params={})
    assert urlsplit(url).hostname == "events.us-east-1.amazonaws.com"
    assert client.waiter_names == []
    with pytest.raises(ValueError, match="Waiter does not exist"):
        client.get_waiter("anything")


def test_a_pattern_can_be_tried_without_a_rule(client):
    """TestEventPattern answers a boolean."""
    event = ENTRY | {"id": "1", "account": "1", "time": "2022-01-01T00:00:00Z", "region": "r"}
    event = {"source": "shop", "detail-type": "paid"} | event
    answer = client.test_event_pattern(EventPattern=PATTERN, Event=json.dumps(event))
    assert answer["Result"] is True


def test_a_lone_surrogate_cannot_be_sent(client):
    """It is valid for botocore and for JSON escapes, but no text: the service cannot read it."""
    with pytest.raises(ClientError, match="SerializationException"):
        client.put_events(Entries=[ENTRY | {"Source": "\ud800"}])
