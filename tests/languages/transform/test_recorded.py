"""Recorded examples of inputs, end to end: PutTargets, PutEvents, and what the queue received.

The events, templates and bodies are those that were seen (fidelity 5.4, 5.5), one by one. `None`
stands for "nothing was seen to arrive": here that is a dead letter with INVALID_JSON and the text.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

import simbridge as sb

START = "2026-09-13T12:17:30.408999Z"
RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/bus/orders"
DETAIL: dict[str, Any] = {
    "command": "update-account",
    "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
    "listsingle": ["HIGH"],
    "listmulti": ["ACTIVE", "INACTIVE"],
    "yes": True,
    "price": 1.5,
    "none": None,
    "quoted": 'say "hi"',
    "items": [{"n": "x"}, {"m": 1}, {"n": None}],
    "a/b_c-d": "odd",
}
PATHS = {
    "userId": "$.detail.payload.acc_id",
    "payload": "$.detail.payload",
    "listsingle": "$.detail.listsingle",
    "listmulti": "$.detail.listmulti",
    "missing": "$.detail.nowhere",
    "yes": "$.detail.yes",
    "price": "$.detail.price",
    "none": "$.detail.none",
    "quoted": "$.detail.quoted",
    "names": "$.detail.items[*].n",
    "odd": "$.detail.a/b_c-d",
    "time": "$.time",
}
INVALID = ("INVALID_JSON", "Invalid input for target.")


def put(fields: dict[str, Any]) -> tuple[sb.World, Any]:
    """A world whose rule `orders` has one target with these fields, and its client."""
    world = sb.World(seed=7, start=START)
    client = world.client()
    client.create_event_bus(Name="bus")
    client.put_rule(Name="orders", EventBusName="bus", EventPattern='{"source": ["shop"]}')
    target = {
        "Id": "t",
        "Arn": world.queue("orders").arn,
        "DeadLetterConfig": {"Arn": world.queue("dead").arn},
    }
    client.put_targets(Rule="orders", EventBusName="bus", Targets=[target | fields])
    return world, client


def deliver(fields: dict[str, Any], detail: str = json.dumps(DETAIL)) -> tuple[sb.World, str]:
    """One event for such a target; the world and the event as it stands in the trace."""
    world, client = put(fields)
    entry = {
        "Source": "shop",
        "DetailType": "core.command",
        "Detail": detail,
        "Resources": ["arn:one"],
        "Time": "2026-01-02T03:04:05Z",
        "EventBusName": "bus",
    }
    client.put_events(Entries=[entry])
    world.settle()
    (delivery,) = world.trace.deliveries()
    return world, json.dumps(delivery.event.envelope, separators=(",", ":"), ensure_ascii=False)


def template(text: str, paths: dict[str, str] | None = PATHS) -> dict[str, Any]:
    return {
        "InputTransformer": {"InputTemplate": text}
        | ({} if paths is None else {"InputPathsMap": paths})
    }


DELIVERED: dict[str, tuple[dict[str, Any], str]] = {
    # Input and InputPath
    "nothing": ({}, "<event>"),
    "root path": ({"InputPath": "$"}, "<event>"),
    "input object": ({"Input": '{ "fixed" : [1, 2] }\n'}, '{ "fixed" : [1, 2] }\n'),
    "input string": ({"Input": '"hello"'}, '"hello"'),
    "input number": ({"Input": " 1.50"}, " 1.50"),
    "input null": ({"Input": "null"}, "null"),
    "input placeholder": ({"Input": '"<aws.events.rule-name>"'}, '"<aws.events.rule-name>"'),
    "path to a string": ({"InputPath": "$.detail.payload.sf_id"}, '"baz"'),
    "path to a number": ({"InputPath": "$.detail.price"}, "1.5"),
    "path to a boolean": ({"InputPath": "$.detail.yes"}, "true"),
    "path to an object": (
        {"InputPath": "$.detail.payload"},
        '{"acc_id":"0a787ecb-4015","sf_id":"baz"}',
    ),
    "path with an index": ({"InputPath": "$.detail.listmulti[1]"}, '"INACTIVE"'),
    "path with a star": ({"InputPath": "$.detail.items[*].n"}, '["x",null]'),
    "path with odd characters": ({"InputPath": "$.detail.a/b_c-d"}, '"odd"'),
    "path to the envelope": ({"InputPath": "$.detail-type"}, '"core.command"'),
    "path to null": ({"InputPath": "$.detail.none"}, "{}"),
    "path to nothing": ({"InputPath": "$.notexisting"}, "{}"),
    # InputTransformer, the recorded table
    "value, unquoted": (template('{"id" : <userId>}'), '{"id" : "0a787ecb-4015"}'),
    "value, quoted": (template('{"id" : "<userId>"}'), '{"id" : "0a787ecb-4015"}'),
    "object": (
        template('{"bod": <payload>}'),
        '{"bod": {"acc_id":"0a787ecb-4015","sf_id":"baz"}}',
    ),
    "object in a string": (
        template('"Payload of <payload> and <userId>"'),
        '"Payload of {acc_id:0a787ecb-4015,sf_id:baz} and 0a787ecb-4015"',
    ),
    "list": (template('{"singlelistitem": <listsingle>}'), '{"singlelistitem": ["HIGH"]}'),
    "missing in an object": (template('{"command": <missing>}'), '{"command": ""}'),
    "missing in a string": (template('"detail <missing>"'), '"detail "'),
    # InputTransformer, the rules
    "lists in a string": (template('"<listsingle> <listmulti>"'), '"[HIGH] [ACTIVE,INACTIVE]"'),
    "boolean in a string": (template('"it is <yes>"'), '"it is true"'),
    "types kept": (
        template('{"a": <yes>, "b": <price>, "c": <none>}'),
        '{"a": true, "b": 1.5, "c": null}',
    ),
    "types in quotes": (template('{"a": "<yes> <price>"}'), '{"a": "true 1.5"}'),
    "escaped in quotes": (template('{"a": "<quoted>"}'), '{"a": "say \\"hi\\""}'),
    "missing in quotes": (template('{"a": "x<missing>y"}'), '{"a": "xy"}'),
    "used twice": (
        template('{"a": <userId>, "b": "users/<userId>/<userId>"}'),
        '{"a": "0a787ecb-4015", "b": "users/0a787ecb-4015/0a787ecb-4015"}',
    ),
    "array": (template('["<userId>", <price>]'), '["0a787ecb-4015", 1.5]'),
    "star": (template('{"n": <names>}'), '{"n": ["x",null]}'),
    "two lines": (
        template('"first <userId>"\n"second <yes>"'),
        '"first 0a787ecb-4015"\n"second true"',
    ),
    "brackets in a string": (template('"{[/Check <userId>"'), '"{[/Check 0a787ecb-4015"'),
    "no placeholder, no map": (template('{"a": 1}', None), '{"a": 1}'),
    "rule": (
        template('{"a": <aws.events.rule-arn>, "b": "<aws.events.rule-name>"}', None),
        f'{{"a": "{RULE_ARN}", "b": "orders"}}',
    ),
    "rule in a string": (
        template('"<aws.events.rule-name> of <aws.events.rule-arn>"', {}),
        f'"orders of {RULE_ARN}"',
    ),
    "ingestion time": (
        template('{"t": <aws.events.event.ingestion-time>}', None),
        '{"t": "2026-09-13T12:17:30.408Z"}',
    ),
    "event, short": (
        template('{"e": <aws.events.event>}', None),
        '{"e": {"id":"<id>","account":"123456789012","detailType":"core.command",'
        '"time":1767323045000,"source":"shop","region":"us-east-1","resources":["arn:one"],'
        '"version":"0"}}',
    ),
    "event, complete": (template('{"e": <aws.events.event.json>}', None), '{"e": <event>}'),
}


@pytest.mark.parametrize(("fields", "body"), DELIVERED.values(), ids=DELIVERED)
def test_what_the_queue_receives(fields: dict[str, Any], body: str) -> None:
    """The exact text, to the blank."""
    world, event = deliver(fields)
    expected = body.replace("<event>", event).replace("<id>", json.loads(event)["id"])
    assert world.queue("orders").messages == [expected]
    assert world.queue("dead").messages == []
    assert world.trace.deliveries()[0].outcome == "delivered"


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "list in quotes": (  # recorded
        template('{"singlelistitem": "<listsingle>"}'),
        '{"singlelistitem": "["HIGH"]"}',
    ),
    "object in quotes": (
        template('{"p": "<payload>"}'),
        '{"p": "{"acc_id":"0a787ecb-4015","sf_id":"baz"}"}',
    ),
    "neither JSON nor quoted": (  # recorded
        template("<listsingle> single list item"),
        "[HIGH] single list item",
    ),
    "a raw quote in a string": (template('"<quoted>"'), '"say "hi""'),
    "a bare string in an array": (template("[<userId>]"), "[0a787ecb-4015]"),
    "nothing in an array": (template("[1,<missing>]"), "[1,]"),
    "an unknown reserved name": (
        template('{"a": <aws.events.unknown>}'),
        '{"a": <aws.events.unknown>}',
    ),
    "the event in quotes": (
        template('{"a": "<aws.events.event.json>"}', None),
        '{"a": "<event>"}',
    ),
    "a blank input": ({"Input": " "}, " "),
}


@pytest.mark.parametrize(("fields", "text"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_json_goes_to_the_dead_letter_queue(fields: dict[str, Any], text: str) -> None:
    """Nothing is attempted; code, words and the bad text itself are in the dead letter."""
    world, event = deliver(fields)
    assert world.queue("orders").messages == []
    (letter,) = world.queue("dead").requests
    assert letter["MessageBody"] == text.replace("<event>", event)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (attributes.pop("ERROR_CODE"), attributes.pop("ERROR_MESSAGE")) == INVALID
    assert attributes == {"RULE_ARN": RULE_ARN, "TARGET_ARN": world.queue("orders").arn}
    assert world.trace.deliveries()[0].attempts == []


REFUSED = {
    '{"a": <nope>}': "InputTemplate for target t contains invalid placeholder nope.",
    '"a <nope>"': "InputTemplate for target t contains invalid placeholder nope.",
    '"<aws.events.event.json>"': "InputTemplate for target t contains placeholder "
    "aws.events.event.json valid only for JSON template.",
    "[<aws.events.event.json>]": "InputTemplate for target t contains placeholder "
    "aws.events.event.json valid only for JSON template.",
    '{"<userId>": 1}': "InputTemplate placeholder present as a JSON object key for target t.",
    "hello <userId>": "Invalid InputTemplate for target t : "
    '[Source: (String)"hello null"; line: 1, column: 1].',
}


@pytest.mark.parametrize(("text", "answer"), REFUSED.items())
def test_what_put_targets_refuses(text: str, answer: str) -> None:
    """The client gets a ValidationException in AWS's words."""
    with pytest.raises(ClientError) as refusal:
        put(template(text))
    error = refusal.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", answer)


def test_the_input_is_rendered_when_the_rule_matches() -> None:
    """A target that is put again while an event is on its way does not change what it becomes."""
    world, client = put(template('{"v": 1}'))
    entry = {"Source": "shop", "DetailType": "x", "Detail": "{}", "EventBusName": "bus"}
    world.settle()
    client.put_events(Entries=[entry])
    target = {"Id": "t", "Arn": world.queue("orders").arn, **template('{"v": 2}')}
    client.put_targets(Rule="orders", EventBusName="bus", Targets=[target])
    client.put_events(Entries=[entry])
    world.settle()
    assert world.queue("orders").messages == ['{"v": 1}', '{"v": 2}']


VALUES = {
    # a value in the detail of PutEvents, and what a target receives of it
    "1": "1",
    "-0": "0",
    "1.0": "1.0",
    "1.50": "1.5",
    "1e5": "100000.0",
    "1E+2": "100.0",
    "1e-7": "1e-7",
    "0.1234567890123456789": "0.12345678901234568",
    "9007199254740993": "9007199254740993",
    "9223372036854775807": "9223372036854775807",
    "-9223372036854775808": "-9223372036854775808",
    r'"\u00e9\u20AC\ud83d\ude00"': '"é€😀"',
    r'"\u0001\u001f\u007f\/\b\f\n\r\t"': r'"\u0001\u001f' + "\x7f" + r'/\b\f\n\r\t"',
    r'"\u2028<>&"': '"\u2028<>&"',
    '""': '""',
    "[ 1 , [ ] , { } ]": "[1,[],{}]",
    '{ "b" : 1 , "a" : { "c" : null } }': '{"b":1,"a":{"c":null}}',
}


@pytest.mark.parametrize(("value", "written"), VALUES.items())
def test_how_values_are_written(value: str, written: str) -> None:
    """Compactly, keys in their order, whole numbers exactly, nothing escaped that need not be."""
    detail = f'{{"v": {value}}}'
    paths = {"v": "$.detail.v"}
    bodies = {
        f'"detail":{{"v":{written}}}}}': {},
        written: {"InputPath": "$.detail.v"},
        f'{{"v": {written}}}': template('{"v": <v>}', paths),
    }
    for body, fields in bodies.items():
        world, _ = deliver(fields, detail)
        (message,) = world.queue("orders").messages
        assert message == body if fields else message.endswith(body)


@pytest.mark.parametrize("value", ["9223372036854775808", "-9223372036854775809", "1e400", "NaN"])
def test_numbers_that_no_event_has(value: str) -> None:
    """Whole numbers beyond 64 bits and what is no finite number: the detail is malformed."""
    _, client = put({})
    entry = {"Source": "shop", "DetailType": "x", "Detail": f'{{"v": {value}}}'}
    (answer,) = client.put_events(Entries=[entry])["Entries"]
    assert answer == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def test_the_last_of_two_equal_keys_wins() -> None:
    """In a path into the event (captured)."""
    world, _ = deliver({"InputPath": "$.detail.a"}, '{"a": 1, "a": 2}')
    assert world.queue("orders").messages == ["2"]
