"""Trace files that were cut or edited: what is not a whole trace is told, and nothing breaks."""

from __future__ import annotations

import copy
import json
import random
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import simbridge as sb
from simbridge.messages import Message
from simbridge.trace.metrics import Metrics

Line = list[Any]


def rich_world() -> sb.World:
    """A world in which nearly every kind of message is sent: retries, dead letters, archive, functions."""
    limits = {"invocations_per_second": 2, "archive_batch_s": 1, "archive_count_lag_s": 1}
    world = sb.World(seed=11, start="2026-03-01T00:00:00Z", stand_ins="auto", limits=limits)
    client, letters = world.client(), world.queue("letters")
    bus = client.create_event_bus(Name="orders")["EventBusArn"]
    default = client.describe_event_bus()["Arn"]
    client.create_archive(ArchiveName="kept", EventSourceArn=default, RetentionDays=1)
    world.queue("slow").slow("2s")
    world.queue("bad").fails("TIMEOUT", for_="20m")
    worse = world.queue("worse")
    worse.fails("NO_PERMISSIONS", for_="1d")

    def handle(event: Any) -> None:
        raise ValueError("no")

    handler = world.function("handler", handle, on_failure=worse.arn)
    client.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    client.put_rule(Name="none", EventPattern='{"source": ["shop"]}')
    client.put_rule(Name="tick", ScheduleExpression="rate(10 minutes)")
    arn = "arn:aws:{}:us-east-1:123456789012:{}"
    letter_box = {"DeadLetterConfig": {"Arn": letters.arn}}
    targets = [
        {"Id": "slow", "Arn": arn.format("sqs", "slow"), "Input": "{}"},
        {"Id": "bad", "Arn": arn.format("sqs", "bad"), **letter_box},
        {"Id": "worse", "Arn": arn.format("sqs", "worse"), **letter_box},
        {"Id": "lost", "Arn": worse.arn},
        {"Id": "function", "Arn": handler.arn},
    ]
    client.put_targets(Rule="all", Targets=targets)
    other = {"Id": "bus", "Arn": bus, "RoleArn": "arn:aws:iam::123456789012:role/forward"}
    client.put_targets(Rule="tick", Targets=[other])
    entry = {"Source": "shop", "DetailType": "Order", "Detail": '{"n": [1, {"a": null}]}'}
    client.put_events(Entries=[entry, entry, {"Source": "shop"}])
    with pytest.raises(client.exceptions.ClientError):
        client.describe_rule(Name="missing")
    world.run(hours=2)
    client.start_replay(
        ReplayName="again",
        EventSourceArn=world.archive("kept").arn,
        EventStartTime="2026-03-01T00:00:00Z",
        EventEndTime="2026-03-01T01:00:00Z",
        Destination={"Arn": default},
    )
    world.run(minutes=20)
    client.remove_targets(Rule="tick", Ids=["bus"])
    client.delete_rule(Name="tick")
    world.queue("bad").recovers()
    world.run(days=2)
    return world


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """The lines of the trace of such a world, and its end."""
    world = rich_world()
    file = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    world.trace.to_jsonl(file)
    return [json.loads(line) for line in file.read_text().splitlines()]


def ask(trace: sb.Trace) -> None:
    """Every public question."""
    questions: list[Callable[[], Any]] = [
        trace.digest,
        trace.timeline,
        lambda: trace.timeline(colour=True),
        lambda: repr(trace),
        trace._repr_html_,
        lambda: list(map(repr, trace)),
        lambda: trace == trace[:],
        lambda: [(repr(one), one.attempts, one.bus) for one in trace.deliveries()],
        lambda: trace.deliveries(rule="all", target="bad", bus="default"),
        lambda: trace.deliveries(rule="nobody"),
        lambda: trace.why("nobody"),
        lambda: metrics(trace),
        lambda: metrics(trace, period="7m"),
    ]
    ids = dict.fromkeys(
        message.event.id for *_, message in trace if getattr(message, "event", None) is not None
    )
    questions += [lambda event=event: told(trace.why(event)) for event in ids]
    for question in questions:
        with suppress(sb.SimbridgeError):
            question()


def told(why: Any) -> None:
    """Both forms of it."""
    json.dumps(why.to_dict())
    str(why)


def metrics(trace: sb.Trace, **settings: Any) -> None:
    """All of the account, and one by its name."""
    found = Metrics.of(trace, account="123456789012", region="us-east-1", **settings)
    str(found)
    str(found.series("Invocations", rule="all"))
    found.total("MatchedEvents")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value, as its container and its key."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from places(value[key])


VALUES = [
    None, True, -1, 0, 1, 7, 2**31, 10**18, -(10**18), 2**63, 2**64, 10**40, -(10**300), 1.5, 1e300,
    "", "x", "arn:aws:events:us-east-1:123456789012:rule/all", "a:b:c:d:e:f", "é\x00\x1b[31m", "{",
    [], [1], [[]], ["x"], {}, {"x": 1}, {"id": "x"}, {"type": "Tick", "due_us": 1}, "Outcome", "End",
]  # fmt: skip


def edited(lines: list[Line], draw: random.Random) -> list[Line]:
    """The lines with one thing changed somewhere: removed, replaced, moved or doubled."""
    lines = list(lines)
    kind = draw.choice(sorted({line[5]["type"] for line in lines}))
    number = draw.choice([n for n, line in enumerate(lines) if line[5]["type"] == kind])
    lines[number] = line = copy.deepcopy(lines[number])
    how = draw.randrange(10)
    if how == 0:
        other = draw.randrange(len(lines))
        lines[number], lines[other] = lines[other], lines[number]
    elif how == 1:
        lines.insert(draw.randrange(len(lines)), line)
    elif how == 2:
        del lines[number]
    else:
        container, key = draw.choice(list(places(line[5] if draw.random() < 0.9 else line)))
        if how == 3:
            del container[key]
        elif how == 4:
            container[key] = copy.deepcopy(draw.choice(list(places(draw.choice(lines)))))[0]
        elif how == 5 and isinstance(container, dict):
            container[draw.choice(["id", "type", "event", "delivery", "x"])] = draw.choice(VALUES)
        else:
            container[key] = draw.choice(VALUES)
    records = sum(line[5:6] and line[5].get("type") != "End" for line in lines if is_line(line))
    if draw.random() < 0.8:  # else the end tells at once that something is missing
        for line in lines:
            if is_line(line) and line[5].get("type") == "End":
                line[5]["records"] = records
    return lines


def is_line(line: Any) -> bool:
    """Whether it is one by its outer form."""
    return isinstance(line, list) and len(line) == 6 and isinstance(line[5], dict)


@pytest.mark.parametrize("seed", range(4))
def test_an_edited_trace_never_breaks(written: list[Line], tmp_path: Path, seed: int) -> None:
    """Whatever is changed in a file, only `SimbridgeError` comes of reading it and of every question."""
    draw, file = random.Random(seed), tmp_path / "edited.jsonl"
    read = 0
    for _ in range(50):
        lines = edited(written, draw)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        try:
            trace = sb.Trace.from_jsonl(file)
        except sb.SimbridgeError:
            continue
        read += 1
        ask(trace)
    assert 5 < read < 45


def test_most_kinds_of_messages_are_edited(written: list[Line]) -> None:
    """The trace that is edited has them."""
    kinds = {kind.__name__ for kind in typing.get_args(Message)}
    missing = kinds - {line[5]["type"] for line in written}
    assert missing <= {"Expire", "Loaded", "Stop"}
    assert len(written) < 600
