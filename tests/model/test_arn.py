"""ARNs: taking them apart, putting them together, and whose they are."""

from __future__ import annotations

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.model import arn as arns

PART = st.text(st.characters(exclude_characters=":"), max_size=6)


@given(
    arn=st.builds(
        arns.Arn,
        PART.filter(bool),
        PART.filter(bool),
        PART,
        PART,
        st.text(min_size=1, max_size=12),
    )
)
def test_parts_and_text_are_inverses(arn: arns.Arn) -> None:
    """The resource may have colons of its own; region and account may be empty."""
    assert arns.parse(str(arn)) == arn


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "arn:aws:sqs:us-east-1:1",
        "arn:aws:sqs:us-east-1:1:",
        "ARN:aws:sqs:::q",
        "arn::sqs:us-east-1:1:q",
        "arn:aws::us-east-1:1:q",
        " arn:aws:sqs:us-east-1:1:q",
    ],
)
def test_what_is_no_arn(text: str) -> None:
    """Partition, service and resource must be there; the error shows the form."""
    with pytest.raises(sb.InvalidArn, match="arn:partition:service:region:account:resource"):
        arns.parse(text)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_regions_have_partitions(region: str, partition: str) -> None:
    """Client, rule, bus and stand-in of a region agree on it."""
    world = sb.World(region=region)
    bus = world.client().describe_event_bus()["Arn"]
    rule = world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')["RuleArn"]
    found = {arns.parse(arn).partition for arn in (bus, rule, world.queue("q").arn)}
    assert found == {partition} == {arns.partition_of(region)}


SESSION = botocore.session.get_session()
REGIONS = [
    (region, partition)
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("events", partition)
]


def test_every_partition_has_a_region_here() -> None:
    """So that the next test looks at all of them."""
    assert {partition for _, partition in REGIONS} >= {"aws", "aws-cn", "aws-us-gov", "aws-eusc"}
    assert len(REGIONS) >= 40


@pytest.mark.parametrize(("region", "partition"), REGIONS)
def test_every_region_in_which_eventbridge_is(region: str, partition: str) -> None:
    """A world may be in it; a rule and a queue of it work, and belong to its partition."""
    world = sb.World(region=region)
    queue = world.queue("q")
    events = world.client()
    rule = events.put_rule(Name="r", EventPattern='{"source": ["s"]}')["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    assert [event["region"] for event in queue.received] == [region]
    bus = events.describe_event_bus()["Arn"]
    assert {arns.parse(arn).partition for arn in (bus, rule, queue.arn)} == {partition}
    data = SESSION.get_component("data_loader").load_data("endpoints")["partitions"]
    assert {one["partition"]: one["dnsSuffix"] for one in data}[partition] == arns.dns_suffix(
        partition
    )


@pytest.mark.parametrize(
    "region", ["", "us-east-1a", "us-east", "US-EAST-1", "us_east_1", "u-east-1", "us-east-١"]
)
def test_what_is_no_region(region: str) -> None:
    """A zone, a part of a name, another case, and digits of other scripts."""
    with pytest.raises(sb.SimbridgeError, match="a region looks like 'us-east-1'"):
        sb.World(region=region)


@pytest.mark.parametrize("account", ["12345678901", "1234567890123", "١٢٣٤٥٦٧٨٩٠١٢", ""])
def test_what_is_no_account(account: str) -> None:
    """Digits are those of ASCII."""
    with pytest.raises(sb.SimbridgeError, match="twelve digits"):
        sb.World(account=account)


def test_the_rules_of_the_default_bus_do_not_name_it() -> None:
    """As recorded; those of other buses do."""
    head = "arn:aws:events:us-east-1:123456789012:rule/"
    assert arns.rule_arn("us-east-1", "123456789012", "default", "r") == head + "r"
    assert arns.rule_arn("us-east-1", "123456789012", "b", "r") == head + "b/r"


def test_partner_sources_and_health_checks_are_of_no_account() -> None:
    """A health check is of no region either; a global endpoint is of both (fidelity 0.5)."""
    source = arns.event_source_arn("us-east-1", "aws.partner/a/b/c")
    assert source == "arn:aws:events:us-east-1::event-source/aws.partner/a/b/c"
    assert arns.health_check_arn("cn-north-1", "a") == "arn:aws-cn:route53:::healthcheck/a"
    endpoint = arns.endpoint_arn("us-east-1", "123456789012", "e")
    assert endpoint == "arn:aws:events:us-east-1:123456789012:endpoint/e"


EVENTS = "arn:aws:events:us-east-1:123456789012:"


@pytest.mark.parametrize(
    ("arn", "is_bus", "is_simulated"),
    [
        (EVENTS + "event-bus/default", True, True),
        (EVENTS + "rule/r", False, True),
        (EVENTS + "rule/b/r#1", False, True),
        (EVENTS + "endpoint/e", False, True),
        ("arn:aws:events:us-east-1::event-source/aws.partner/a/b/c", False, True),
        (EVENTS + "api-destination/d/1", False, False),
        ("arn:aws:sqs:us-east-1:123456789012:event-bus/q", False, False),
    ],
)
def test_what_is_eventbridge_itself(arn: str, is_bus: bool, is_simulated: bool) -> None:
    """Buses, rules and their deliveries; an API destination is a target like others."""
    parsed = arns.parse(arn)
    assert (arns.is_event_bus(parsed), arns.is_simulated(parsed)) == (is_bus, is_simulated)


@pytest.mark.parametrize("name", ["default", "late"])
def test_event_buses_have_no_stand_in(name: str) -> None:
    """Whether they exist or not: who creates one later must find the place free."""
    world = sb.World(stand_ins="auto")
    with pytest.raises(sb.SimbridgeError, match="is simulated itself"):
        world.stand_in(f"{EVENTS}event-bus/{name}")


@pytest.mark.parametrize("delay_us", [0, 5_000_000])
def test_a_bus_that_comes_after_its_first_event(delay_us: int) -> None:
    """An automatic world puts no stand-in where a bus is to be; the bus takes what comes later."""
    world = sb.World(stand_ins="auto", limits={"control_plane_delay_us": delay_us})
    events = world.client()
    role = {"RoleArn": "arn:aws:iam::123456789012:role/forward"}
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": EVENTS + "event-bus/late", **role}])
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    world.run(minutes=1)
    events.put_events(Entries=[entry])
    world.settle()
    events.create_event_bus(Name="late")
    events.put_rule(Name="all", EventBusName="late", EventPattern='{"source": ["s"]}')
    queue = world.queue("q")
    events.put_targets(Rule="all", EventBusName="late", Targets=[{"Id": "1", "Arn": queue.arn}])
    world.run(minutes=1)
    assert not queue.received
    events.put_events(Entries=[entry])
    world.settle()
    assert [event["source"] for event in queue.received] == ["s"]
