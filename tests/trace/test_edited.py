"""Trace files that were cut or edited: an incomplete trace is an error, and nothing breaks."""

from __future__ import annotations

import copy
import functools
import json
import operator
import random
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

import simbridge as sb
from simbridge.metrics.series import Metrics
from simbridge.model.messages import Message
from simbridge.trace.file import FORMAT, Header

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
    letters.policy = {"Statement": []}
    letters.policy = None
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
    oauth = {
        "AuthorizationEndpoint": "https://tokens.example.com/",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
    }
    client.create_connection(
        Name="connection",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": oauth},
    )
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
    """The lines of the trace of such a world after the header, its end included."""
    world = rich_world()
    file = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    world.trace.to_jsonl(file)
    return [json.loads(line) for line in file.read_text().splitlines()[1:]]


def write(file: Path, lines: list[Line]) -> None:
    """Write lines as a file, behind the header."""
    header = msgspec.to_builtins(Header(FORMAT, sb.__version__))
    file.write_text("".join(json.dumps(line) + "\n" for line in [header, *lines]))


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
    questions += [lambda event=event: render(trace.why(event)) for event in ids]
    for question in questions:
        with suppress(sb.SimbridgeError):
            question()


def render(why: Any) -> None:
    """Both forms of it."""
    json.dumps(why.to_dict())
    str(why)


def metrics(trace: sb.Trace, **settings: Any) -> None:
    """All of the account, and one by its name."""
    found = Metrics.from_records(trace, account="123456789012", region="us-east-1", **settings)
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
    if draw.random() < 0.8:  # else the end shows at once that a record is missing
        for number, line in enumerate(lines):
            if is_line(line) and line[5].get("type") == "End":
                lines[number] = line = copy.deepcopy(line)
                line[5]["records"] = records
    return lines


def is_there(line: Any, place: tuple[Any, ...]) -> bool:
    """Whether a line has something at a place."""
    with suppress(LookupError):
        functools.reduce(operator.getitem, place, line)
        return True
    return False


def is_line(line: Any) -> bool:
    """Whether it is one by its outer form."""
    return isinstance(line, list) and len(line) == 6 and isinstance(line[5], dict)


@pytest.mark.parametrize("seed", range(4))
def test_an_edited_trace_never_breaks(written: list[Line], tmp_path: Path, seed: int) -> None:
    """Whatever is changed in a file, only `SimbridgeError` comes of reading it and of every question."""
    draw, file = random.Random(seed), tmp_path / "edited.jsonl"
    read = 0
    for _ in range(60):
        lines = edited(written, draw)
        write(file, lines)
        try:
            trace = sb.Trace.from_jsonl(file)
        except sb.SimbridgeError:
            continue
        read += 1
        ask(trace)
    assert 5 < read < 55


REMOVED = object()

# Kind of message, place in the line, the value instead. Each would break a question.
EDITS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("Publish", (0,), 10**18),
    ("Publish", (1,), 0),
    ("Publish", (2,), 10**9),
    ("Publish", (4,), "x"),
    ("Publish", (5, "event", 1), {"id": "x"}),
    ("Publish", (5, "event", 1, "source"), REMOVED),
    ("Publish", (5, "event", 1, "detail-type"), 7),
    ("Publish", (5, "event", 1, "id"), {}),
    ("Publish", (5, "event", 2), 10**300),
    ("Publish", (5, "event", 3), -1),
    ("Match", (5, "rule"), "x"),
    ("Match", (5, "target_arn"), "arn:aws"),
    ("Match", (5, "event"), "nobody"),
    ("Match", (1,), 5),
    ("MatchWithoutTarget", (5, "rule"), "x"),
    ("MatchWithoutTarget", (5, "event"), "nobody"),
    ("Invoke", (5, "attempt"), 0),
    ("Invoke", (5, "attempt"), 10**18),
    ("Invoke", (5, "delivery"), 1),
    ("Outcome", (5, "attempt"), 10**18),
    ("Outcome", (5, "attempt"), -1),
    ("Outcome", (5, "delivery"), 10**18),
    ("DeadLetter", (5, "attributes", "ERROR_CODE"), REMOVED),
    ("DeadLetter", (5, "attempts"), -(10**18)),
    ("Declined", (4,), "x"),
    ("Behave", (5, "behaviour", "from_us"), 10**18),
    ("Behave", (5, "behaviour", "probability_u32"), 10**400),
    ("Progress", (5, "last_replayed_us"), 10**300),
    ("Tick", (5, "due_us"), -(10**18)),
    ("Counted", (5, "events"), 2**63),
    ("PutEvents", (4,), "api:x"),
    ("PutEvents", (5, "request", "Entries"), REMOVED),
    ("PutEvents", (5, "request", "Entries", 0), 1),
    ("PutEvents", (5, "request", "Entries", 0), REMOVED),
    ("PutEvents", (5, "response", "FailedEntryCount"), REMOVED),
    ("PutEvents", (5, "response", "FailedEntryCount"), 10**300),
    ("PutEvents", (5, "response", "Entries"), []),
    ("PutRule", (5, "request", "Name"), REMOVED),
    ("PutRule", (5, "response", "RuleArn"), REMOVED),
    ("PutTargets", (5, "request", "Targets", 0, "Arn"), None),
    ("PutTargets", (5, "request", "Targets"), {}),
    ("CreateEventBus", (5, "response"), {}),
]


@pytest.mark.parametrize(("kind", "place", "value"), EDITS)
def test_what_would_break_a_question_is_an_error_with_its_line(
    written: list[Line], tmp_path: Path, kind: str, place: tuple[Any, ...], value: Any
) -> None:
    """The file is refused when it is read, with the number of the line."""
    number = next(
        number
        for number, line in enumerate(written)
        if kind in (line[5]["type"], line[5].get("operation")) and is_there(line, place)
    )
    lines = copy.deepcopy(written)
    *way, last = place
    container: Any = lines[number]
    for key in way:
        container = container[key]
    if value is REMOVED:
        del container[last]
    else:
        container[last] = value
    file = tmp_path / "edited.jsonl"
    write(file, lines)
    with pytest.raises(sb.SimbridgeError, match=r"line \d+ is not a line of a trace") as caught:
        sb.Trace.from_jsonl(file)
    if place not in ((0,), (1,)):  # a wrong time or number is seen at the next record
        assert f"line {number + 2} " in str(caught.value)


def test_a_name_that_is_not_a_text_is_left_out(written: list[Line], tmp_path: Path) -> None:
    """Not even one that is nested too deeply for Python to print."""
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    lines = copy.deepcopy(written)
    line = next(line for line in lines if line[5].get("operation") == "CreateArchive")
    line[5]["request"]["ArchiveName"] = deep
    file = tmp_path / "edited.jsonl"
    write(file, lines)
    assert "calls CreateArchive\n" in sb.Trace.from_jsonl(file).timeline()


def test_most_kinds_of_messages_are_edited(written: list[Line]) -> None:
    """The trace that is edited has them."""
    kinds = {kind.__name__ for kind in typing.get_args(Message)}
    missing = kinds - {line[5]["type"] for line in written}
    assert missing <= {"Authorize", "Authorized", "Expire", "Loaded", "Stop", "Unauthorized"}
    assert len(written) < 600
