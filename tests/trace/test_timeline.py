"""The timeline as text and as a notebook's table."""

from __future__ import annotations

from typing import get_args
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.model.messages import Call, Message
from simbridge.trace import render, timeline

ENTRY = {"Source": "shop", "DetailType": "<Order & 'Placed'>", "Detail": "{}"}


def failing_world() -> sb.World:
    """One event, delivered to a function, dead-lettered, and dropped."""
    world = sb.World(seed=7)
    events = world.client("events")
    gone = "arn:aws:sqs:us-east-1:123456789012:gone"
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(
        Rule="r",
        Targets=[
            {"Id": "careful", "Arn": gone, "DeadLetterConfig": {"Arn": world.queue("kept").arn}},
            {"Id": "careless", "Arn": gone},
            {"Id": "pay", "Arn": world.function("pay", len).arn},
        ],
    )
    events.put_events(Entries=[ENTRY, {"Source": "shop"}])
    world.settle()
    return world


def test_every_line_about_an_event_names_it() -> None:
    """One event can be followed by searching for the first eight digits of its id."""
    world = failing_world()
    event = world.trace.deliveries()[0].event.id[:8]
    lines = str(world.trace).splitlines()
    calls = [line for line in lines if "story calls" in line]
    assert calls[-1].count("PutEvents 2 events, 1 refused (entry 2: InvalidArgument: ") == 1
    assert len(lines) == len(calls) + 11
    assert all(event in line for line in lines if line not in calls)


def test_every_kind_of_message_has_a_line_or_is_hidden() -> None:
    """A new kind of message has a line, or is listed as hidden."""
    assert render.RENDERERS.keys() | render.HIDDEN == set(get_args(Message))
    assert not render.RENDERERS.keys() & render.HIDDEN


def test_a_refusal_of_several_lines_is_one_line() -> None:
    """AWS's words for a wrong pattern have a line break in them."""
    world = sb.World()
    with pytest.raises(ClientError):
        world.client().put_rule(Name="r", EventPattern='{"source": "shop"}')
    assert str(world.trace).count("\n") == 0


def test_a_trace_read_from_its_middle_has_delivery_numbers() -> None:
    """Where the match is not among the records, the answer names the delivery."""
    world = failing_world()
    after = [record for record in world.trace if not hasattr(record.message, "rule")]
    assert any("accepts delivery" in line for line in timeline.lines(after, colour=False))


def test_a_notebook_shows_a_table() -> None:
    """The rows of the text; names are escaped, so no event can put markup into a notebook."""
    world = failing_world()
    body = ElementTree.fromstring(world.trace._repr_html_()).find("tbody")
    assert body is not None
    rows = [["".join(cell.itertext()) for cell in row] for row in body]
    lines = [f"{row[0]}  {row[1]:>11}  {row[2]} {row[3]}" for row in rows]
    assert lines == str(world.trace).splitlines()
    assert any("<Order & \\'Placed\\'>" in line or "<Order & 'Placed'>" in line for line in lines)


def test_a_long_trace_is_cut_in_the_middle_of_a_notebook() -> None:
    """A thousand rows, and a line that counts the others."""
    world = sb.World(seed=7)
    for _ in range(1100):
        world.client().list_rules()
    html = world.trace._repr_html_()
    assert html.count("<tr>") == 1 + timeline.ROWS_MAX + 1
    assert "… 100 more …" in html


def test_an_address_elsewhere_has_its_region_and_account() -> None:
    """Two buses of one name are two lines that differ; at home nothing is added."""
    world = sb.World()
    for place in ({}, {"region": "eu-west-1"}, {"account": "210987654321"}):
        world.client(**place).create_event_bus(Name="x")
    world.client(region="eu-west-1").put_events(Entries=[{**ENTRY, "EventBusName": "x"}])
    with pytest.raises(ClientError):
        world.client(region="eu-west-1").create_event_bus(Name="x")
    world.settle()
    lines = [line.partition("· ")[2] or line for line in str(world.trace).splitlines()]
    assert lines[:3] == [
        "story calls CreateEventBus x",
        "story calls CreateEventBus x in eu-west-1",
        "story calls CreateEventBus x of 210987654321",
    ]
    assert "calls CreateEventBus in eu-west-1: ResourceAlreadyExists" in lines[4]
    assert "event-bus/x in eu-west-1 receives shop" in lines[-1]


def test_nothing_that_an_event_holds_reaches_a_terminal_as_it_is() -> None:
    """Colours and line breaks in a source are shown and not acted upon; ticks and umlauts stay."""
    world = sb.World()
    entry = {**ENTRY, "Source": "shop\x1b[31m\n2026 ✓ grün", "DetailType": "d"}
    world.client().put_events(Entries=[entry])
    world.settle()
    (line,) = [line for line in str(world.trace).splitlines() if "receives" in line]
    assert r"receives shop\x1b[31m\n2026 ✓ grün 'd'" in line
    assert len(str(world.trace).splitlines()) == 2


def test_an_event_for_a_missing_bus_has_a_line() -> None:
    """AWS accepts it and says nothing; the timeline does, and narration warns."""
    world = sb.World()
    answer = world.client().put_events(Entries=[ENTRY, {**ENTRY, "EventBusName": "late"}])
    assert answer["FailedEntryCount"] == 0
    assert str(world.trace).endswith(
        "· story calls PutEvents 2 events "
        "(event-bus/late does not exist: its events are accepted and dropped)"
    )
    line = timeline.describe(world.trace[0], timeline.RenderContext())
    assert line is not None and not line.good
    world.client().put_events(Entries=[ENTRY])
    assert str(world.trace).endswith("PutEvents 1 event")


def test_why_entries_of_put_events_are_refused() -> None:
    """Code, words and entry of each; the size of a request that is too large, and the limit."""
    world = sb.World(limits={"put_events_bytes": 100})
    events = world.client()
    good = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    answer = events.put_events(
        Entries=[good, {**good, "Detail": "[1]"}, {**good, "Source": "aws.s3"}]
    )
    assert answer["Entries"][1] == {
        "ErrorCode": "MalformedDetail",
        "ErrorMessage": "Detail is malformed.",
    }
    with pytest.raises(ClientError) as caught:
        events.put_events(Entries=[{**good, "Detail": '{"a": "' + "x" * 100 + '"}'}])
    assert "bytes" not in caught.value.response["Error"]["Message"]
    put, large = (record.message for record in world.trace if isinstance(record.message, Call))
    assert put.detail == (
        "entry 2: MalformedDetail: Detail is malformed; "
        "entry 3: NotAuthorizedForSourceException: Not authorized for the source"
    )
    assert large.detail == "114 bytes, must be fewer than 100"
    shown = str(world.trace)
    assert f"3 events, 2 refused ({put.detail})" in shown
    assert f"over the limit. ({large.detail})" in shown
