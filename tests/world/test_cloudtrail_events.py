"""Events of API calls, as CloudTrail reports them: which rules get those that only read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from service_event_worlds import FULL, rule

import simbridge as sb
from simbridge.model.cloudtrail import ALL_MANAGEMENT_EVENTS
from simbridge.whatif.offline_match import OfflineRule, match_events


def call(name: str, service: str = "ec2", **detail: Any) -> dict[str, Any]:
    """CloudTrail's event of one call."""
    return {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": f"{service}.amazonaws.com", "eventName": name, **detail},
    }


CALLS = [
    (call("RunInstances", readOnly=False, managementEvent=True), True),
    (call("DescribeInstances", readOnly=True, managementEvent=True), False),
    (call("DescribeInstances"), False),
    (call("ListBuckets", "s3"), False),
    (call("GetRole", "iam", readOnly=True, eventCategory="Management"), False),
    (call("GetSessionToken", "sts", readOnly=True), True),
    (call("GetFederationToken", "sts"), True),
    (call("GetSessionToken", "ec2"), False),
    (call("GetCallerIdentity", "sts"), False),
    (call("AssumeRole", "sts", readOnly=True), True),
    (call("TestEventPattern", "events", readOnly=True), True),
    (call("GetSomething", readOnly=False), True),
    (call("GetObject", "s3", readOnly=True, managementEvent=False, eventCategory="Data"), True),
    ({**call("DescribeInstances"), "detail-type": "AWS Service Event via CloudTrail"}, True),
    ({**call("DescribeInstances"), "detail": {"readOnly": True}}, True),
]


@pytest.mark.parametrize(("event", "everybody"), CALLS)
def test_calls_that_only_read_are_for_rules_that_ask_for_them(
    event: dict[str, Any], everybody: bool
) -> None:
    """Every other call is for all rules; a rule that asks for all management events gets both."""
    made = sb.World(seed=3)
    pattern = {"source": [{"prefix": "aws."}]}
    rule(made, "all", pattern, state=ALL_MANAGEMENT_EVENTS)
    rule(made, "usual", pattern)
    event_id = made.emit(event)
    made.settle()
    got = [delivery.rule for delivery in made.trace.deliveries(event=event_id)]
    assert got == (["all", "usual"] if everybody else ["all"])
    told = (
        f"✗ rule usual: a call that only reads, which is for rules in State {ALL_MANAGEMENT_EVENTS}"
    )
    assert (told in str(made.trace.why(event_id))) is not everybody
    assert made.metrics("MatchedEvents", rule="all").sum == 1
    assert made.metrics().total("MatchedEvents") == len(got)


def test_an_event_of_your_own_is_no_call_of_an_api() -> None:
    """Only AWS's own events are withheld; one that looks like it is for every rule."""
    made = sb.World(seed=3)
    rule(made, "usual", {"source": ["shop"]})
    detail = json.dumps({"eventName": "DescribeOrders", "readOnly": True})
    entry = {"Source": "shop", "DetailType": "AWS API Call via CloudTrail", "Detail": detail}
    made.client().put_events(Entries=[entry])
    made.settle()
    assert len(made.queue("q").messages) == 1


def test_a_rule_without_targets_is_not_shown_them_either() -> None:
    """What it matches is counted, and it does not match what it is not shown."""
    made = sb.World(seed=3)
    for name, state in (("usual", "ENABLED"), ("all", ALL_MANAGEMENT_EVENTS)):
        made.client().put_rule(Name=name, EventPattern='{"source": ["aws.ec2"]}', State=state)
    made.emit(call("DescribeInstances"))
    made.settle()
    assert made.metrics("MatchedEvents", rule="usual").sum == 0
    assert made.metrics("MatchedEvents", rule="all").sum == 1


def test_another_bus_asks_its_own_rules() -> None:
    """What a rule forwards is shown to the rules of a custom bus by their State."""
    made = sb.World(seed=3)
    events = made.client()
    audit = events.create_event_bus(Name="audit")["EventBusArn"]
    pattern = '{"source": ["aws.ec2"]}'
    events.put_rule(Name="forward", EventPattern=pattern, State=ALL_MANAGEMENT_EVENTS)
    events.put_targets(
        Rule="forward",
        Targets=[{"Id": "bus", "Arn": audit, "RoleArn": "arn:aws:iam::123456789012:role/forward"}],
    )
    for name, state in (("usual", "ENABLED"), ("all", ALL_MANAGEMENT_EVENTS)):
        events.put_rule(Name=name, EventBusName="audit", EventPattern=pattern, State=state)
        target = {"Id": "q", "Arn": made.queue(name).arn}
        events.put_targets(Rule=name, EventBusName="audit", Targets=[target])
    made.emit(call("DescribeInstances"))
    made.settle()
    assert len(made.queue("all").messages) == 1 and made.queue("usual").messages == []


def test_an_archive_keeps_no_reading_calls() -> None:
    """The rule of an archive has the usual State."""
    made = sb.World(seed=3)
    bus = made.client().describe_event_bus()["Arn"]
    made.client().create_archive(ArchiveName="a", EventSourceArn=bus)
    made.emit(call("DescribeInstances"))
    made.emit(call("RunInstances"))
    made.settle()
    kept = [event["detail"]["eventName"] for event in made.archive("a").events()]
    assert kept == ["RunInstances"]


def test_real_events_are_matched_by_the_state_of_a_rule(tmp_path: Path) -> None:
    """`simbridge match-rules` counts what a rule would have been shown."""
    file = tmp_path / "events.jsonl"
    events = [{**FULL, **call(name)} for name in ("DescribeInstances", "RunInstances")]
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    pattern = '{"source": ["aws.ec2"]}'
    rules = [
        OfflineRule(name, "default", pattern, state)
        for name, state in (("usual", "ENABLED"), ("all", ALL_MANAGEMENT_EVENTS))
    ]
    report = match_events(file, rules)
    assert [found.count for found in report.rules] == [1, 2]
    assert report.unmatched.count == 0
