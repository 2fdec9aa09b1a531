"""Whatever other people's data holds, no text for people acts upon a terminal or has a forged line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.base.printable import printable, printable_json, printable_lines
from simbridge.cli.main import main

HOSTILE = "\x1b]0;owned\x07\u202e\nforged\r\t\u2028\x00\x9b"


def check(shown: str, *, lines: bool = True) -> None:
    """The one thing that is asked of every text here; `lines`: whether data may not begin a line."""
    wrong = sorted({one for one in shown if one != "\n" and not one.isprintable()})
    assert not wrong, f"{wrong} in {shown!r}"
    assert not lines or not any(line.strip().startswith("forged") for line in shown.split("\n")), (
        shown
    )


def test_the_helper() -> None:
    """What is printable is the same object; the rest as Python, or JSON, writes it in a string."""
    plain = "Größe ✓ 日本"
    assert printable(plain) is plain
    assert printable("a\n\x1b\u202e") == r"a\n\x1b\u202e"
    assert printable_lines("a\t\nb\x9b") == "a\\t\nb\\x9b"
    document = json.dumps({"é": HOSTILE + "\U000e0001"}, ensure_ascii=False, indent=1)
    check(printable_json(document))
    assert "é" in printable_json(document)
    assert json.loads(printable_json(document)) == json.loads(document)


# ------------------------------------------------------------------------------ a world


def raises(event: Any) -> None:
    raise ValueError(HOSTILE)


def wired() -> tuple[sb.World, list[object]]:
    """A world with hostile data wherever AWS and simbridge take it, and its handles."""
    world = sb.World(stand_ins="auto", seed=1)
    events = world.client()
    queue, refuses = world.queue("q"), world.queue("refuses")
    odd = world.stand_in(f"arn:aws:lambda:us-east-1:123456789012:function:{HOSTILE}")
    function = world.function("f", raises, retries=1)
    refuses.fails("SDK_CLIENT_ERROR", text=HOSTILE)
    world.api_fails("DescribeRule", "InternalException", text=HOSTILE)
    pattern = json.dumps({"source": ["shop" + HOSTILE]})
    template = json.dumps("<x> " + HOSTILE)
    strange = f"arn:aws:sqs:us-east-1:123456789012:{HOSTILE}"
    events.create_event_bus(Name="orders")
    with suppress(ClientError):
        events.put_rule(Name=HOSTILE, EventPattern=pattern)
    events.put_rule(Name="r", EventPattern=pattern, Description=HOSTILE)
    other = json.dumps({"source": ["shop" + HOSTILE], "detail": {HOSTILE: [{"prefix": HOSTILE}]}})
    events.put_rule(Name="other", EventPattern=other)
    for target in (
        {"Id": "q", "Arn": queue.arn},
        {"Id": "text", "Arn": queue.arn, "Input": json.dumps(HOSTILE, ensure_ascii=False)},
        {
            "Id": "template",
            "Arn": queue.arn,
            "InputTransformer": {"InputPathsMap": {"x": "$.source"}, "InputTemplate": template},
        },
        {"Id": "refuses", "Arn": refuses.arn, "DeadLetterConfig": {"Arn": queue.arn}},
        {"Id": "f", "Arn": function.arn},
        {"Id": "strange", "Arn": strange},
        {"Id": HOSTILE, "Arn": queue.arn},
    ):
        with suppress(ClientError):
            events.put_targets(Rule="r", Targets=[target])
    for call in (
        lambda: events.put_rule(Name="bad", EventPattern="{" + HOSTILE),
        lambda: events.put_rule(Name="bad", ScheduleExpression=HOSTILE),
        lambda: events.describe_rule(Name="r"),
        lambda: events.describe_rule(Name=HOSTILE),
        lambda: events.describe_event_bus(Name=HOSTILE),
        lambda: events.put_permission(Policy="{" + HOSTILE),
        lambda: events.list_targets_by_rule(Rule="r", EventBusName=HOSTILE),
        lambda: events.create_archive(ArchiveName="a", EventSourceArn=HOSTILE),
        lambda: events.start_replay(
            ReplayName=HOSTILE, EventSourceArn=HOSTILE, EventStartTime=0, EventEndTime=1,
            Destination={"Arn": HOSTILE},
        ),
    ):  # fmt: skip
        with suppress(ClientError):
            call()
    for source in ("shop" + HOSTILE, "aws." + HOSTILE, HOSTILE):
        entry = {
            "Source": source,
            "DetailType": HOSTILE,
            "Detail": json.dumps({HOSTILE: HOSTILE}, ensure_ascii=False),
            "Resources": [HOSTILE],
            "TraceHeader": HOSTILE,
        }
        events.put_events(Entries=[entry, {**entry, "Detail": HOSTILE}])
        with suppress(ClientError):
            events.put_events(Entries=[{**entry, "EventBusName": HOSTILE}])
    world.run(hours=25)
    return world, [queue, refuses, function, odd, *queue.received]


def test_a_trace_for_people() -> None:
    """Timeline, table, records, deliveries, attempts, events, handles, metrics, and why for each event."""
    world, handles = wired()
    trace = world.trace
    assert "owned" in str(trace) and "ValueError" in str(trace)
    shown = [str(trace), repr(trace), trace.timeline(), trace._repr_html_(), repr(world)]
    shown += [repr(thing) for thing in handles]
    for record in trace:
        shown += [str(record), repr(record)]
    deliveries = trace.deliveries()
    assert {one.outcome for one in deliveries} >= {"delivered", "dead-lettered"}
    for delivery in deliveries:
        shown += [str(delivery), repr(delivery), repr(delivery.event), repr(delivery.attempts)]
        why = trace.why(delivery.event.id)
        assert "owned" in str(why)
        shown += [str(why), repr(why)]
    for metrics in (world.metrics(), world.metrics("Invocations")):
        shown += [str(metrics), repr(metrics), metrics._repr_html_()]
    for text in shown:
        check(text)


def test_what_the_client_receives_stays_to_the_letter() -> None:
    """AWS's answers are not for a terminal: nothing in them is escaped."""
    world = sb.World()
    events = world.client()
    world.api_fails("DescribeRule", "InternalException", text=HOSTILE)
    with pytest.raises(ClientError) as caught:
        events.describe_rule(Name="r")
    assert caught.value.response["Error"]["Message"] == HOSTILE
    with pytest.raises(ClientError) as caught:
        events.put_rule(Name="r", EventPattern='{"a\x9b": 1}')
    assert '"a\x9b"' in caught.value.response["Error"]["Message"]
    check(str(world.trace))


@pytest.mark.parametrize("form", ["console", "json"])
def test_narration(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of a log, and the addresses beside them."""
    out = io.StringIO()
    world = sb.World(stand_ins="auto")
    events = world.client()
    with sb.narrate(world, form=form, file=out):
        events.put_rule(Name="r", EventPattern=json.dumps({"source": [{"prefix": "s"}]}))
        arn = "arn:aws:sqs:us-east-1:123456789012:q"
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
        entry = {"Source": "s" + HOSTILE, "DetailType": HOSTILE, "Detail": "{}"}
        events.put_events(Entries=[entry])
        world.stand_in("arn:aws:lambda:us-east-1:123456789012:function:" + HOSTILE)
        world.settle()
    assert "owned" in out.getvalue()
    check(out.getvalue())


def test_explanations() -> None:
    """Keys, values, hints, names of rules; as a tree and in one line."""
    event = {"source": HOSTILE, "detail": {HOSTILE: HOSTILE, "k": [HOSTILE], HOSTILE + "s": 1}}
    patterns: list[dict[str, Any]] = [
        {"detail": {HOSTILE: ["a"]}},
        {"detail": {HOSTILE: [HOSTILE]}},
        {"detail": {HOSTILE + "x": [HOSTILE]}},
        {"details": {HOSTILE: [{"wildcard": HOSTILE + "*"}]}},
        {"source": [{"anything-but": {"prefix": HOSTILE}}, {"equals-ignore-case": HOSTILE}]},
        {"$or": [{HOSTILE: [1]}, {"detail": {"k": [{"suffix": HOSTILE}, HOSTILE + " "]}}]},
    ]
    for pattern in patterns:
        found = sb.explain(pattern, event)
        for text in (str(found), repr(found), found.summary):
            check(text)
    matcher = sb.Matcher({f"{n}{HOSTILE}": one for n, one in enumerate(patterns)})
    several = matcher.explain(event)
    for text in (str(several), repr(several), repr(matcher)):
        check(text)


# ------------------------------------------------------------------------------ errors


def story(world: sb.World, *, n: object = 0) -> None:
    raise ValueError(f"{n}{HOSTILE}")


async def async_story(world: sb.World) -> None:
    raise sb.SimbridgeError(HOSTILE)


WORLD = sb.World()
BAD: dict[str, Callable[[], object]] = {
    "match pattern": lambda: sb.match(HOSTILE, {}),
    "match operator": lambda: sb.match({"a": [{HOSTILE: 1}]}, {}),
    "match value": lambda: sb.match({HOSTILE: 1}, {}),
    "match nested": lambda: sb.match({"a": [{"anything-but": {HOSTILE: 1}}]}, {}),
    "match numeric": lambda: sb.match({"a": [{"numeric": [HOSTILE, 1]}]}, {}),
    "match cidr": lambda: sb.match({"a": [{"cidr": HOSTILE}]}, {}),
    "match event": lambda: sb.match({"a": [1]}, HOSTILE),
    "match bytes": lambda: sb.match({"a": [1]}, HOSTILE.encode()),
    "matcher": lambda: sb.Matcher({HOSTILE: {HOSTILE: 1}}),
    "matcher pattern": lambda: sb.Matcher({HOSTILE: HOSTILE}),
    "next_times": lambda: sb.next_times(HOSTILE, "2026-01-01T00:00:00Z", 1),
    "cron field": lambda: sb.next_times(f"cron(0 12 ? * {HOSTILE} *)", "2026-01-01T00:00:00Z", 1),
    "next_times after": lambda: sb.next_times("rate(1 day)", HOSTILE, 1),
    "describe_schedule": lambda: sb.describe_schedule(f"rate({HOSTILE})"),
    "read_events": lambda: sb.read_events(HOSTILE.replace("\x00", "")),
    "read_events nul": lambda: sb.read_events(HOSTILE),
    "read_events errors": lambda: sb.read_events(__file__, errors=HOSTILE),  # type: ignore[call-overload]
    "seed": lambda: sb.World(seed=HOSTILE),  # type: ignore[arg-type]
    "start": lambda: sb.World(start=HOSTILE),
    "account": lambda: sb.World(account=HOSTILE),
    "region": lambda: sb.World(region=HOSTILE),
    "stand_ins": lambda: sb.World(stand_ins=HOSTILE),  # type: ignore[arg-type]
    "limits": lambda: sb.World(limits={HOSTILE: 1}),
    "limit": lambda: sb.World(limits={"put_events_bytes": HOSTILE}),  # type: ignore[dict-item]
    "profile": lambda: sb.World(profile=HOSTILE),  # type: ignore[arg-type]
    "backoff": lambda: sb.World(backoff=HOSTILE),  # type: ignore[arg-type]
    "organizations": lambda: sb.World(organizations={HOSTILE: [HOSTILE]}),
    "backend": lambda: sb.World(backend=HOSTILE),
    "client": lambda: WORLD.client(HOSTILE),
    "client region": lambda: WORLD.client(region=HOSTILE),
    "queue": lambda: WORLD.queue(HOSTILE),
    "function": lambda: WORLD.function(HOSTILE),
    "function event_age": lambda: WORLD.function("g", event_age=HOSTILE),
    "function on_failure": lambda: WORLD.function("g", on_failure=HOSTILE),
    "stand_in": lambda: WORLD.stand_in(HOSTILE),
    "archive": lambda: WORLD.archive(HOSTILE),
    "api_fails": lambda: WORLD.api_fails(HOSTILE, HOSTILE),
    "api_fails error": lambda: WORLD.api_fails("PutRule", HOSTILE),
    "fails": lambda: WORLD.queue("q").fails(HOSTILE),
    "fails from": lambda: WORLD.queue("q").fails("SDK_CLIENT_ERROR", from_=HOSTILE),
    "slow": lambda: WORLD.queue("q").slow(median=HOSTILE),
    "scripted": lambda: sb.scripted(HOSTILE),
    "run": lambda: WORLD.run(until=HOSTILE),
    "metrics": lambda: WORLD.metrics(HOSTILE),
    "metrics rule": lambda: WORLD.metrics("Invocations", rule=HOSTILE),
    "metrics period": lambda: WORLD.metrics(period=HOSTILE),
    "deliveries rule": lambda: WORLD.trace.deliveries(rule=HOSTILE),
    "deliveries bus": lambda: WORLD.trace.deliveries(bus=HOSTILE),
    "deliveries outcome": lambda: WORLD.trace.deliveries(outcome=HOSTILE),
    "why": lambda: WORLD.trace.why(HOSTILE),
    "from_jsonl": lambda: sb.Trace.from_jsonl(HOSTILE.replace("\x00", "")),
    "to_jsonl": lambda: WORLD.trace.to_jsonl("/nowhere/" + HOSTILE.replace("\x00", "")),
    "sb.run": lambda: sb.run(story, **{HOSTILE: 1}),
    "sweep": lambda: sb.sweep(story, {HOSTILE: [1]}, seeds=[0], workers=1),
    "sweep value": lambda: sb.sweep(story, {"n": [HOSTILE]}, seeds=[0], workers=1),
    "sweep twice": lambda: sb.sweep(story, {"n": [HOSTILE, HOSTILE]}, seeds=[0], workers=1),
    "sweep measures": lambda: sb.sweep(story, {}, seeds=[0], measures={HOSTILE: 1}),  # type: ignore[dict-item]
    "narrate": lambda: sb.narrate(WORLD, form=HOSTILE).__enter__(),  # type: ignore[arg-type]
    "scenario": lambda: sb.scenario(**{HOSTILE: 1}),
}


@pytest.mark.parametrize("what", BAD)
def test_errors(what: str) -> None:
    """What a public function is given wrong is quoted in its error, and nothing of it acts."""
    with pytest.raises((sb.SimbridgeError, TypeError)) as caught:
        BAD[what]()
    assert isinstance(caught.value, sb.SimbridgeError) or what in ("scenario",)
    for text in (str(caught.value), repr(caught.value), *getattr(caught.value, "__notes__", ())):
        check(text)


def test_errors_of_lines_and_handlers(tmp_path: Path) -> None:
    """Lines of a file of events; a handler that raises, as what ends the run and as its note."""
    file = tmp_path / HOSTILE.replace("\x00", "")
    file.write_text(json.dumps({"id": HOSTILE, "source": [HOSTILE]}) + "\n" + "\x1b\x9b{\n")
    with pytest.raises(sb.InvalidEvents) as caught:
        sb.read_events(file)
    check(str(caught.value))
    for line in caught.value.bad:
        check(str(line))
        check(repr(line))
    with pytest.raises(sb.SimbridgeError) as of_trace:
        sb.Trace.from_jsonl(file)
    check(str(of_trace.value))
    world = sb.World()
    events = world.client()
    arn = world.stand_in("arn:aws:sqs:us-east-1:123456789012:q", raises).arn
    events.put_rule(Name="r", EventPattern='{"source": [{"exists": true}]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": HOSTILE, "DetailType": HOSTILE, "Detail": "{}"}])
    with pytest.raises(sb.HandlerFailed) as failed:
        world.settle()
    for text in (str(failed.value), *failed.value.__notes__):
        check(text)


# ------------------------------------------------------------------------------ sweeps and commands

SCENARIO = f"""
import simbridge as sb

@sb.scenario(seed=1)
def story(world, *, n="x"):
    '''About {HOSTILE.encode("unicode_escape").decode()}'''
    world.client().put_events(
        Entries=[{{"Source": "s" + n, "DetailType": n, "Detail": "{{}}"}}])
    assert not n.endswith("!"), n
    if n.endswith("?"):
        raise ValueError(n)
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "story.py"
    file.write_text(SCENARIO)
    return file


def test_sweeps(tmp_path: Path) -> None:
    """Tables as text and as HTML, the comparison, the report, how to repeat it."""

    def measured(world: sb.World, *, n: str) -> None:
        assert not n.endswith("!"), n

    swept = sb.sweep(measured, {"n": [HOSTILE, HOSTILE + "!"]}, seeds=[0, 1], workers=1)
    page = tmp_path / "page.html"
    swept.report(page)
    shown = [str(swept), repr(swept), swept.table()._repr_html_(), str(swept.comparison())]
    for text in (*shown, page.read_text(encoding="utf-8")):
        assert "owned" in text or text.startswith("<Sweep")
        check(text)


CLEAN = HOSTILE.replace("\x00", "")
COMMANDS: list[list[str]] = [
    ["match", '{"' + CLEAN, "{}"],
    ["match", json.dumps({"a": [CLEAN]}), json.dumps({"a": CLEAN}, ensure_ascii=False)],
    ["match", CLEAN, CLEAN],
    ["explain", json.dumps({CLEAN: [CLEAN]}), json.dumps({CLEAN: CLEAN + "x"})],
    ["explain", json.dumps({CLEAN: [CLEAN]}), json.dumps({CLEAN: CLEAN + "x"}), "--json"],
    ["explain", json.dumps({CLEAN: 1}), "{}"],
    ["next", CLEAN],
    ["next", "rate(1 day)", "--after", CLEAN],
    ["next", "rate(1 day)", "--count", CLEAN],
    ["next", "rate(1 day)", "--json", "--" + CLEAN],
    ["run", CLEAN],
    ["run", "FILE", "--set", f"n={CLEAN}"],
    ["run", "FILE", "--set", f"n={CLEAN}", "--log", "console"],
    ["run", "FILE", "--set", f"n={CLEAN}", "--log", "json"],
    ["run", "FILE", "--set", f"n={CLEAN}!"],
    ["run", "FILE", "--set", f"n={CLEAN}?"],
    ["run", "FILE", "--set", CLEAN],
    ["run", "FILE", "--set", f"{CLEAN}=1"],
    ["run", "FILE", "--trace", f"/nowhere/{CLEAN}"],
    ["run", "FILE", "--backend", CLEAN],
    ["run", "FILE", "--seed", CLEAN],
    ["sweep", "FILE", "--vary", f"n={CLEAN}", "--seeds", "1", "--workers", "1"],
    ["sweep", "FILE", "--vary", f"n={CLEAN}!", "--seeds", "1", "--workers", "1"],
    ["sweep", "FILE", "--vary", f"n={CLEAN}?", "--seeds", "1", "--workers", "1"],
    ["sweep", "FILE", "--vary", f"n={CLEAN}", "--seeds", "1", "--workers", "1", "--json"],
    ["sweep", "FILE", "--vary", f"n={CLEAN}", "--seeds", "1", "--workers", "1", "--csv"],
    ["sweep", "FILE", "--vary", CLEAN],
    ["sweep", "FILE", "--seeds", CLEAN],
    ["sweep", "FILE", "--scenario", CLEAN],
    ["sweep", "FILE", "--report", f"/nowhere/{CLEAN}"],
    ["replay", CLEAN, "--rules", CLEAN],
    ["replay", "EVENTS", "--rules", "RULES"],
    ["replay", "EVENTS", "--rules", "RULES", "--json"],
    ["replay", "EVENTS", "--rules", "RULES", "--targets", f"{CLEAN}=TARGETS"],
    ["replay", "EVENTS", "--rules", "RULES", "--targets", CLEAN],
    ["replay", "EVENTS", "--rules", "RULES", "--replay-name", CLEAN],
    ["replay", "EVENTS", "--rules", "BAD"],
    ["replay", "BAD", "--rules", "RULES"],
    ["replay", "MIXED", "--rules", "RULES"],
    ["replay", "MIXED", "--rules", "RULES", "--skip-bad-lines"],
    [CLEAN],
    ["--" + CLEAN],
]


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words).encode("unicode_escape").decode()[:60]
)
def test_commands(
    words: list[str], scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """stdout and stderr of each command, for arguments, names of files and what is in the files."""
    event = {
        "id": "1", "source": "s" + HOSTILE, "detail-type": HOSTILE, "time": "2026-01-01T00:00:00Z",
        "account": "123456789012", "region": "us-east-1", "detail": {HOSTILE: HOSTILE},
    }  # fmt: skip
    rule = {"Name": "r" + HOSTILE, "EventPattern": json.dumps({"source": [{"prefix": "s"}]})}
    files = {
        "EVENTS": json.dumps(event),
        "MIXED": json.dumps(event) + "\n\x1b\x9b{\n" + json.dumps({**event, "source": [HOSTILE]}),
        "RULES": json.dumps({"Rules": [rule, {"Name": "z", "EventPattern": '{"a": ["b"]}'}]}),
        "TARGETS": json.dumps({"Targets": [{"Id": "1", "Arn": HOSTILE}]}),
        "BAD": json.dumps({"Rules": [{"Name": HOSTILE, "EventPattern": "{" + HOSTILE}]}),
    }
    folder = tmp_path / CLEAN
    folder.mkdir()
    paths = {"FILE": str(scenario)}
    for name, text in files.items():
        (folder / name).write_text(text)
        paths[name] = str(folder / name)
    given = [paths.get(word, word.replace("=TARGETS", f"={folder / 'TARGETS'}")) for word in words]
    with suppress(SystemExit):
        main(given)
    printed = capsys.readouterr()
    assert printed.out or printed.err
    own = "--csv" in words or "!" in words[-1]  # cells of CSV and what a check says have lines
    for text in (printed.out, printed.err):
        check(text, lines=not own)


def test_the_program_itself() -> None:
    """As a process of its own, whose streams are the real ones."""
    words = [sys.executable, "-m", "simbridge", "explain", '{"a": ["b"]}', json.dumps({"a": CLEAN})]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    check(done.stdout + done.stderr)
