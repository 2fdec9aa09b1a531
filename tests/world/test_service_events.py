"""`world.emit`: an event of an AWS service, and which rules are shown those of CloudTrail."""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
import pytest
from service_event_worlds import CREATED, FULL, START, queue, rule, world

import simbridge as sb
from simbridge.model.messages import Keep, Publish
from simbridge.whatif.prices import cost_usd, prices_with


def test_what_the_envelope_lacks_is_filled_in() -> None:
    """Version, id, account, time, Region and resources, in AWS's order of keys."""
    made = world()
    event_id = made.emit(CREATED)
    assert made.queue("q").messages == []
    made.settle()
    assert made.queue("q").messages == [
        f'{{"version":"0","id":"{event_id}","detail-type":"Object Created","source":"aws.s3",'
        '"account":"123456789012","time":"2026-03-01T12:30:00Z","region":"us-east-1",'
        '"resources":[],"detail":{"bucket":{"name":"b"}}}'
    ]


def test_what_it_has_is_kept() -> None:
    """It arrives on the default bus of its own account and Region."""
    made = world("210987654321", "eu-west-1")
    rule(made, "here", {"source": ["aws.s3"]})
    assert made.emit(FULL) == FULL["id"]
    made.settle()
    assert queue(made, "210987654321", "eu-west-1").messages == [
        json.dumps(FULL, separators=(",", ":"), ensure_ascii=False)
    ]


@pytest.mark.parametrize(
    ("asked", "arrives"),
    [
        ({}, ("123456789012", "us-east-1")),
        ({"account": "210987654321"}, ("210987654321", "us-east-1")),
        ({"region": "eu-west-1"}, ("123456789012", "eu-west-1")),
        ({"account": "210987654321", "region": "cn-north-1"}, ("210987654321", "cn-north-1")),
    ],
)
def test_where_it_arrives(asked: dict[str, str], arrives: tuple[str, str]) -> None:
    """The account and Region of the world, or those that are named; the envelope says so."""
    made = world(*arrives)
    made.emit(CREATED, **asked)
    made.settle()
    (event,) = queue(made, *arrives).received
    assert (event["account"], event["region"]) == arrives


@pytest.mark.parametrize("form", ["mapping", "ordered", "proxy", "text", "path", "path text"])
def test_the_forms_of_an_event(form: str, tmp_path: Path) -> None:
    """A mapping, JSON text, a path and the text of a path."""
    file = tmp_path / "event.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(FULL, indent=1).encode())
    forms: dict[str, Any] = {
        "mapping": FULL,
        "ordered": OrderedDict(FULL),
        "proxy": MappingProxyType({**FULL, "detail": MappingProxyType(FULL["detail"])}),  # type: ignore[arg-type]
        "text": "\n " + json.dumps(FULL),
        "path": file,
        "path text": str(file),
    }
    made = world("210987654321", "eu-west-1")
    made.emit(forms[form])
    made.settle()
    assert queue(made, "210987654321", "eu-west-1").received == [FULL]


def test_an_event_is_a_copy() -> None:
    """What its maker does to it afterwards does not reach it."""
    made, event = world(), {**CREATED, "detail": {"keys": ["a"]}}
    made.emit(event)
    event["detail"]["keys"].append("b")  # type: ignore[index]
    made.settle()
    assert made.queue("q").received[0]["detail"] == {"keys": ["a"]}


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2026-02-28T23:00:00Z", "2026-02-28T23:00:00Z"),
        ("2026-02-28T23:00:00.999Z", "2026-02-28T23:00:00Z"),
        ("2026-03-01T00:00:00+01:00", "2026-02-28T23:00:00Z"),
    ],
)
def test_a_time_has_the_form_of_aws(time: str, told: str) -> None:
    """In UTC, without fractions of a second."""
    made = world()
    made.emit({**CREATED, "time": time})
    made.settle()
    assert made.queue("q").received[0]["time"] == told


CIRCLE: dict[str, Any] = {}
CIRCLE["itself"] = [CIRCLE, CIRCLE]

WRONG: list[tuple[Any, str]] = [
    (None, "emit takes an event"),
    (5, "emit takes an event"),
    (b"{}", "emit takes an event"),
    ([CREATED], "emit takes an event"),
    ("no-such-file.json", "there is no file of an event"),
    (Path("no-such-file.json"), "there is no file of an event"),
    (Path(), "but a folder"),
    ("", "the name of a file is empty"),
    ("\x00", "has a null character, "),
    ("a\x00b.json", "has a null character, "),
    ("\ud800.json", "has a lone surrogate"),
    ("{", "invalid JSON"),
    ("{} {}", "invalid JSON"),
    (json.dumps([CREATED]), "not a JSON object"),
    ({}, "has a 'source': write"),
    ({"source": "aws.s3"}, "has a 'detail-type': write"),
    ({"source": "shop", "detail-type": "d"}, "put_events"),
    ({"source": "aws.", "detail-type": "d"}, "put_events"),
    ({"source": "aws", "detail-type": "d"}, "put_events"),
    ({"source": "aws.partner/a.com/b", "detail-type": "d"}, "partner event bus"),
    ({"Source": "aws.s3", "DetailType": "d"}, "did you mean 'source'"),
    ({**CREATED, "zzz": 1}, "has no 'zzz'. It has version, id"),
    ({**CREATED, 1: 1}, "keys of an event are text, not 1 in event; it"),
    ({**CREATED, "detail": {1: 2, None: 3}}, r"not 1 in event\['detail'\]; it"),
    ({**CREATED, "detail": {"1": 2, 1: 3}}, r"not 1 in event\['detail'\]; it"),
    ({**CREATED, "detail": {True: 4}}, r"not True in event\['detail'\]; it"),
    ({**CREATED, "detail": {"a": [0, {1.5: 4}]}}, r"not 1.5 in event\['detail'\]\['a'\]\[1\]; it"),
    ({**CREATED, "detail": {"a": ({False: 4},)}}, r"not False in event\['detail'\]\['a'\]\[0\]"),
    ({**CREATED, "detail": MappingProxyType({(1, 2): 4})}, r"not \(1, 2\) in event\['detail'\]"),
    ({**CREATED, "detail": {b"a": 4}}, r"not b'a' in event\['detail'\]"),
    ({**CREATED, "detail": CIRCLE}, "JSON values: Circular"),
    ({**CREATED, "source": "aws.\ud800"}, "'source' of an event is text that can be written"),
    ({**CREATED, "detail-type": "\udc00"}, "'detail-type' of an event is text that can be written"),
    ({**CREATED, "id": "a\udfff"}, "'id' of an event is text that can be written"),
    ({**CREATED, "resources": ["r", "\ud800"]}, "'resources' of an event is text that can be"),
    (
        '{"source":"aws.s3","detail-type":"\\ud800","detail":{}}',
        "'detail-type' of an event is text",
    ),
    ('{"source":"aws.s3","detail-type":"\ud800","detail":{}}', "'detail-type' of an event is text"),
    ({**CREATED, "source": 5}, "'source' of an event is text"),
    ({**CREATED, "detail-type": ["d"]}, "'detail-type' of an event is text"),
    ({**CREATED, "detail-type": ""}, "can be read"),
    ({**CREATED, "detail": "{}"}, "is a JSON object"),
    ({**CREATED, "detail": None}, "is a JSON object"),
    ({**CREATED, "detail": {"n": 2**63}}, "64 bits"),
    ({**CREATED, "detail": {"n": {1}}}, "JSON values"),
    ({**CREATED, "detail": {"n": float("nan")}}, "JSON values"),
    ({**CREATED, "detail": {"text": "x" * 262_200}}, "EventBridge takes less than"),
    ({**CREATED, "resources": "arn"}, "'resources' of an event is a list"),
    ({**CREATED, "resources": [5]}, "one of the 'resources' of an event is text"),
    ({**CREATED, "id": 5}, "'id' of an event is text"),
    ({**CREATED, "id": " "}, "can be read"),
    ({**CREATED, "id": "a\nb"}, "can be read"),
    ({**CREATED, "time": 5}, "'time' of an event is text"),
    ({**CREATED, "time": "yesterday"}, "not an instant"),
    ({**CREATED, "version": 0}, "'version' of an event is '0'"),
    ({**CREATED, "account": "12"}, "twelve digits"),
    ({**CREATED, "region": "moon"}, "a region looks like"),
]


@pytest.mark.parametrize(("event", "told"), WRONG)
def test_what_is_no_event_of_a_service(event: Any, told: str) -> None:
    """It is refused in words that say what to write, and nothing arrives."""
    made = world(limits={"put_events_bytes": 262_144})
    made.settle()
    before = made.trace.digest()
    with pytest.raises(sb.SimbridgeError, match=told):
        made.emit(event)
    made.settle()
    assert made.trace.digest() == before


PAY = "arn:aws:lambda:eu-west-1:210987654321:function:pay"
THERE = ("210987654321", "eu-west-1")
HERE = ("123456789012", "us-east-1")


@pytest.mark.parametrize("kind", ["def", "async def", "fork"])
@pytest.mark.parametrize(
    ("event", "asked", "arrives"),
    [
        (CREATED, {}, THERE),
        (CREATED, {"region": "us-east-1"}, (THERE[0], HERE[1])),
        (CREATED, {"account": "123456789012"}, (HERE[0], THERE[1])),
        ({**CREATED, "region": "us-east-1", "account": "123456789012"}, {}, HERE),
        ({**CREATED, "region": "us-east-1"}, {"account": "123456789012"}, HERE),
    ],
)
def test_a_handler_emits_in_its_own_account_and_region(
    event: dict[str, Any], asked: dict[str, str], arrives: tuple[str, str], kind: str
) -> None:
    """As a client that it makes itself puts events there; what is named wins."""
    made = sb.World(seed=3, start=START)

    def handler(_: Any) -> None:
        made.emit(event, **asked)

    async def later(_: Any) -> None:
        await anyio.sleep(1)
        made.emit(event, **asked)

    made.stand_in(PAY, later if kind == "async def" else handler)
    events = made.client(account=THERE[0], region=THERE[1])
    events.put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="shop", Targets=[{"Id": "1", "Arn": PAY}])
    runs = made.fork() if kind == "fork" else made
    events = runs.client(account=THERE[0], region=THERE[1])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    runs.run(seconds=5)
    (emitted,) = [record for record in runs.trace if record.sender == "aws.s3"]
    assert isinstance(emitted.message, Publish)
    envelope = emitted.message.event.envelope
    assert (envelope["account"], envelope["region"]) == arrives
    assert emitted.to == f"arn:aws:events:{arrives[1]}:{arrives[0]}:event-bus/default"


def test_a_script_emits_where_the_world_is() -> None:
    """It lives in the account and Region that the world was made with."""
    made = sb.World(seed=3, start=START, account="210987654321", region="eu-west-1")
    made.emit(CREATED)
    made.settle()
    (emitted,) = [record for record in made.trace if record.sender == "aws.s3"]
    assert emitted.to == "arn:aws:events:eu-west-1:210987654321:event-bus/default"


def test_a_place_is_named_once() -> None:
    """An envelope that says one Region, and an argument that says another."""
    with pytest.raises(sb.SimbridgeError, match="leave one of the two out"):
        world().emit(FULL, region="us-east-1")
    assert world().emit(FULL, account="210987654321", region="eu-west-1") == FULL["id"]


@pytest.mark.parametrize("levels", [1000, 1001])
def test_a_detail_is_as_deep_as_one_that_is_put(levels: int) -> None:
    """A thousand levels, the detail itself included, as mapping and as text."""
    detail: dict[str, Any] = {}
    for _ in range(levels - 1):
        detail = {"a": detail}
    made = world()
    text = (
        '{"source":"aws.s3","detail-type":"d","detail":'
        + '{"a":' * (levels - 1)
        + "{}"
        + "}" * levels
    )
    for event in ({**CREATED, "detail": detail}, text):
        if levels > 1000:
            with pytest.raises(sb.SimbridgeError, match="has at most 1000 levels"):
                made.emit(event)
        else:
            made.emit(event)
    made.settle()
    assert len(made.queue("q").messages) == (2 if levels <= 1000 else 0)


def test_the_trace_has_the_service_as_sender() -> None:
    """One line: the service, what, and where to; the cause is who made it happen."""
    made = world()

    def handler(event: Any) -> None:
        if event["source"] == "shop":
            made.emit(CREATED)

    made.function("pay", handler)
    made.client().put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
    made.client().put_targets(Rule="shop", Targets=[{"Id": "1", "Arn": made.function("pay").arn}])
    made.client().put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    made.settle()
    (emitted,) = [record for record in made.trace if record.sender == "aws.s3"]
    assert isinstance(emitted.message, Publish) and emitted.message.event.trace_header is None
    by_sequence = {record.sequence: record for record in made.trace}
    assert by_sequence[emitted.cause].to == made.function("pay").arn
    told = f"aws.s3 emits 'Object Created' {emitted.message.event.id[:8]} to event-bus/default"
    assert told in str(made.trace)
    assert "✓ rule s3: matches" in str(made.trace.why(emitted.message.event.id))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_story_emits_as_a_script_does(backend: str) -> None:
    """The same trace, whoever lets time pass."""

    async def story(made: sb.World) -> None:
        rule(made, "s3", {"source": ["aws.s3"]})
        await anyio.sleep(5)
        made.emit(CREATED)
        await anyio.sleep(5)

    script = world()
    script.run(seconds=5)
    script.emit(CREATED)
    script.run(seconds=5)
    told = sb.run(story, seed=3, start=START, backend=backend)
    assert told.trace.digest() == script.trace.digest()


def test_a_handler_of_a_fork_emits_into_the_fork() -> None:
    """It holds the first world, and acts in the one that runs it, as with a client."""
    made = world()
    made.function("pay", lambda event: made.emit(CREATED))
    made.client().put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
    made.client().put_targets(Rule="shop", Targets=[{"Id": "1", "Arn": made.function("pay").arn}])
    branch = made.fork()
    branch.client().put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    branch.settle()
    made.settle()
    assert len(branch.queue("q").messages) == 1
    assert made.queue("q").messages == []


def test_ids_are_drawn_from_the_seed_and_from_no_other_stream() -> None:
    """The same seed, the same id; events that are put keep theirs."""
    put = {"Source": "shop", "DetailType": "d", "Detail": "{}"}

    def ids(made: sb.World, emits: bool) -> tuple[str, str]:
        emitted = made.emit(CREATED) if emits else ""
        return emitted, made.client().put_events(Entries=[put])["Entries"][0]["EventId"]

    first, second, without = ids(world(), True), ids(world(), True), ids(world(), False)
    assert first == second and first[1] == without[1] and first[0] != first[1]
    assert ids(world(seed=4), True)[0] != first[0]
    again = world()
    again.emit(CREATED)
    copy = pickle.loads(pickle.dumps(again))
    assert again.emit(CREATED) == copy.emit(CREATED)


def test_metrics_and_the_bill() -> None:
    """It is matched and delivered, it is no PutEvents call, and costs nothing."""
    made = world()
    made.emit(CREATED)
    made.settle()
    metrics = made.metrics()
    assert metrics.total("MatchedEvents") == metrics.total("Invocations") == 1
    assert metrics.total("PutEventsApproximateCallCount") == 0
    assert metrics.total("PutEventsEntriesCount") == 0
    assert cost_usd(made.trace, prices_with(None)) == 0


def test_an_archive_keeps_it_and_a_replay_brings_it_back() -> None:
    """An emitted event is archived as any other; only a replayed one has `replay-name`."""
    made = world()
    events = made.client()
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    made.emit(CREATED)
    made.emit({**CREATED, "replay-name": "of-long-ago"})
    made.run(minutes=10)
    assert len([record for record in made.trace if isinstance(record.message, Keep)]) == 1
    assert [event["detail"] for event in made.archive("a").events()] == [CREATED["detail"]]
    events.start_replay(
        ReplayName="again",
        EventSourceArn=made.archive("a").arn,
        EventStartTime="2026-03-01T00:00:00Z",
        EventEndTime="2026-03-01T13:00:00Z",
        Destination={"Arn": bus},
    )
    made.run(minutes=10)
    assert made.queue("q").received[-1]["replay-name"] == "again"


def test_two_events_with_one_id_are_two_in_the_file(tmp_path: Path) -> None:
    """A service delivers at least once, and samples share an id: the trace tells them apart."""
    made = world()
    for number in (1, 2):
        made.emit({**CREATED, "id": "CWE-event-id", "detail": {"number": number}})
        made.run(minutes=1)
    made.trace.to_jsonl(tmp_path / "trace.jsonl")
    read = sb.Trace.from_jsonl(tmp_path / "trace.jsonl")
    assert read == made.trace and read.digest() == made.trace.digest()
    assert [one.event.envelope["detail"]["number"] for one in read.deliveries()] == [1, 2]
    assert len(made.trace.why("CWE-event-id").buses) == 2
    other = world()
    other.emit({**CREATED, "id": "CWE-event-id", "detail": {"number": 1}})
    other.run(minutes=1)
    other.emit({**CREATED, "id": "CWE-event-id", "detail": {"number": 3}})
    other.run(minutes=1)
    assert other.trace.digest() != made.trace.digest()


def test_an_event_that_has_not_arrived_yet() -> None:
    """`why` says what is missing: time has to run."""
    made = world()
    event_id = made.emit(CREATED)
    with pytest.raises(sb.SimbridgeError, match=r"world\.settle\(\)"):
        made.trace.why(event_id)
