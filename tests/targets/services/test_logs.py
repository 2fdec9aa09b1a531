"""Requests to CloudWatch Logs groups, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import simbridge as sb

MARCH = 1_772_323_200_000


def log(time: int, message: str) -> dict[str, Any]:
    return {
        "Action": "PutLogEvents",
        "logGroupName": "/aws/events/x",
        "logStreamName": "<uuid>",
        "logEvents": [{"timestamp": time, "message": message}],
    }


def template(text: str, **paths: str) -> dict[str, Any]:
    return {"InputTransformer": {"InputTemplate": text, "InputPathsMap": paths}}


CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "log group": ("logs", "log-group:/aws/events/x", {}, log(MARCH, "<event>")),
    "log group, ISO time and text": (  # captured
        "logs",
        "log-group:/aws/events/x",
        template('{"timestamp":<t>,"message":"order <o>"}', t="$.time", o="$.detail.order"),
        log(MARCH, "order 7"),
    ),
    "log group, milliseconds and object": (
        "logs",
        "log-group:/aws/events/x",
        template('{"message":{"o":<o>},"timestamp":17}', o="$.detail.order"),
        log(17, '{"o":7}'),
    ),
    "log group, time without a zone": (
        "logs",
        "log-group:/aws/events/x",
        template('{"timestamp":"2026-03-01T00:00:00.5","message":""}'),
        log(MARCH + 500, ""),
    ),
}

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    **{
        f"log entry {text}": (
            "logs",
            "log-group:/aws/events/x",
            template(text),
            'The input for a log group must be {"timestamp": <time>, "message": <message>}.',
        )
        for text in (
            '"text"',
            '"two"\n"lines"',
            '{"timestamp": 1}',
            '{"timestamp": 1, "message": "m", "more": 1}',
            '{"timestamp": "soon", "message": "m"}',
            '{"timestamp": true, "message": "m"}',
            '{"timestamp": -1, "message": "m"}',
            '{"timestamp": "0001-01-01T00:00:00+14:00", "message": "m"}',
            '{"timestamp": 1.5, "message": "m"}',
        )
    },
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_log_group_receives(check_request: Callable[..., None], case: Any) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    check_request(*case)


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_what_a_log_group_cannot_be_sent(check_failure: Callable[..., None], case: Any) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    check_failure(*case)


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


@pytest.mark.parametrize("delivers", [1, 0])
def test_a_log_group_may_be_written_with_a_star(delivers: int) -> None:
    """It is the group without the star; whether it is delivered to is a setting."""
    group = arn("logs", "log-group:/aws/events/x")
    world = sb.World(stand_ins="auto", limits={"log_group_star_delivers": delivers})
    logs, dead, events = world.stand_in(group), world.queue("dead"), world.client()
    assert world.stand_in(group + ":*") is logs
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "t", "Arn": group + ":*", "DeadLetterConfig": {"Arn": dead.arn}}
    events.put_targets(Rule="r", Targets=[target])
    assert "log_group_star_delivers" in str(world.trace)
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [target]
    events.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    world.settle()
    assert [request["logGroupName"] for request in logs.requests] == ["/aws/events/x"] * delivers
    (delivery,) = world.trace.deliveries(rule="r")
    assert (delivery.outcome, delivery.error_code) == (
        ("delivered", None) if delivers else ("dead-lettered", "NO_RESOURCE")
    )
    for letter in dead.receive():
        assert letter.attributes["TARGET_ARN"] == group + ":*"
