"""The timeline as text and as a notebook's table."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.trace import timeline

ENTRY = {"Source": "shop", "DetailType": "<Order & 'Placed'>", "Detail": "{}"}


def told() -> sb.World:
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
    world = told()
    event = world.trace.deliveries()[0].event.id[:8]
    lines = str(world.trace).splitlines()
    calls = [line for line in lines if "story calls" in line]
    assert calls[-1].endswith("PutEvents 2 events, 1 refused")
    assert len(lines) == len(calls) + 11
    assert all(event in line for line in lines if line not in calls)


def test_a_refusal_of_several_lines_is_one_line() -> None:
    """AWS's words for a wrong pattern have a line break in them."""
    world = sb.World()
    with pytest.raises(ClientError):
        world.client().put_rule(Name="r", EventPattern='{"source": "shop"}')
    assert str(world.trace).count("\n") == 0


def test_a_trace_read_from_its_middle_is_told_by_delivery_numbers() -> None:
    """Where the match is not among the records, the answer names the delivery."""
    world = told()
    after = [record for record in world.trace if not hasattr(record.message, "rule")]
    assert any("accepts delivery" in line for line in timeline.lines(after, colour=False))


def test_a_notebook_shows_a_table() -> None:
    """The rows of the text; names are escaped, so no event can put markup into a notebook."""
    world = told()
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
