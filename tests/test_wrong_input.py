"""Every argument of a public function: it is accepted, or refused with a `SimbridgeError`.

The calls come from signatures: every public function and method is called as it should be, with one
argument after the other replaced by each wrong value. So a new argument is tried without a line here, and
a new function or method that has no line here is missed by the last test.
"""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import io
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

import simbridge as sb
from simbridge.api.model import operation_shape
from simbridge.api.plane import OPERATIONS

PLACE = "us-east-1:123456789012"
BUS, QUEUE = f"arn:aws:events:{PLACE}:event-bus/default", f"arn:aws:sqs:{PLACE}:q"
ARCHIVE = f"arn:aws:events:{PLACE}:archive/a"
URL = "https://api.example.com"
CONNECTION = f"arn:aws:events:{PLACE}:connection/c/0"
ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
EVENT = {"source": "shop", "detail": {}}
SERVICE_EVENT = {"source": "aws.s3", "detail-type": "Object Created"}
PATTERN = {"source": ["shop"]}

WRONG: list[Any] = [
    None, 0, 7, -1, 1.5, float("nan"), float("inf"), 10**30, True, "", "no-such-thing", "\ud800", "a\0b",
    "9" * 5000 + "d", b"x", [], [None], ["x"], (), {}, {"a": 1}, {1: 2}, {"x"}, object(),
    ValueError("x"), dt.datetime(2026, 1, 1), dt.date(2026, 1, 1), dt.timedelta(days=-1),
    dt.timedelta.max, dt.datetime.max.replace(tzinfo=dt.UTC), decimal.Decimal(1), io.StringIO("x"),
    Path("no-such-file"),
]  # fmt: skip

# Classes that users are given and do not make, and aliases of types.
RECEIVED: set[Any] = {
    sb.ArchiveHandle, sb.Attempt, sb.Backoff, sb.BusVerdict, sb.Candidate, sb.Delivery,
    sb.Difference, sb.Event, sb.Events, sb.Explanation, sb.HttpHandle, sb.InvalidLine, sb.Invocation,
    sb.LambdaContext, sb.Load, sb.Metrics, sb.Proposal, sb.Queue, sb.QueueMessage, sb.Record,
    sb.Request,
    sb.Row, sb.RuleVerdict, sb.RulesExplanation, sb.Scripted, sb.Series, sb.Spread,
    sb.StandInHandle, sb.Sweep, sb.Table, sb.Trace, sb.Variant, sb.Why,
}  # fmt: skip


def story(world: sb.World, n: int = 1) -> None:
    """A story."""


def decide(_: object) -> str:
    return "ok"


def world() -> sb.World:
    """A world in which everything has been used once; each is another."""
    return _used_once().fork()


@cache
def _used_once() -> sb.World:
    made = sb.World(seed=1)
    events = made.client()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": made.queue("q").arn}])
    events.create_archive(ArchiveName="a", EventSourceArn=BUS)
    events.put_events(Entries=[ENTRY])
    made.settle()
    return made


@cache
def swept() -> sb.Sweep:
    return sb.sweep(story, {"n": [1, 2]}, seeds=[0, 1], workers=1)


ONCE = {"seeds": [0], "workers": 1}
RUN = {"n": 1, "seed": 0}
START = {"start": "2026-01-01T00:00:00Z"}
MESSAGE = object()  # stands for a message that the queue has received

FUNCTIONS: dict[Callable[..., Any], dict[str, Any]] = {
    sb.World: START,
    sb.Matcher: {"patterns": {"a": PATTERN}},
    sb.match: {"pattern": PATTERN, "event": EVENT},
    sb.explain: {"pattern": PATTERN, "event": EVENT},
    sb.next_times: {"expression": "cron(0 0 1 1 ? 2030)", "after": "2026-01-01T00:00:00Z"},
    sb.describe_schedule: {"expression": "rate(1 day)"},
    sb.scripted: {"outcomes": ["ok"]},
    sb.Response: {},
    sb.read_events: {"path": os.devnull},
    sb.narrate: {"world": world, "file": io.StringIO()},
    sb.virtual_timestamper: {"world": world},
    sb.run: {"story": story},
    sb.scenario: {},
    sb.sweep: {"scenario": story, **ONCE},
    sb.backoff.constant: {"delay": "1s"},
}
METHODS: dict[Callable[[], Any], dict[str, dict[str, Any]]] = {
    world: {
        "client": {}, "intercept": {}, "queue": {"name": "q"}, "topic": {"name": "t"},
        "organization": {"organization": "o-abc", "accounts": []}, "function": {"name": "f"},
        "stand_in": {"arn": QUEUE}, "http": {"url": URL}, "secret": {"arn": "x"},
        "archive": {"name": "a"}, "run": {"hours": 1}, "settle": {},
        "emit": {"event": SERVICE_EVENT},
        "api_fails": {"operation": "PutRule", "error": "InternalException"},
        "metrics": {"name": "Invocations"}, "listen": {"listener": print}, "fork": {}, "close": {},
        "annotate": {"error": ValueError()},
        "run_story": {"story": lambda world: None, "backend": "asyncio", "until": lambda: True},
    },
    lambda: world().queue("q"): {
        "fails": {"error": "THROTTLING"}, "slow": {"median": "1s"}, "limit": {"per_second": 1},
        "behaves": {"how": decide}, "recovers": {}, "receive": {}, "delete": {"message": MESSAGE},
    },
    lambda: world().http(URL): {
        "fails": {"error": "THROTTLING"}, "slow": {"median": "1s"}, "limit": {"per_second": 1},
        "behaves": {"how": decide}, "recovers": {},
    },
    lambda: world().trace: {
        "from_jsonl": {"path": os.devnull}, "to_jsonl": {"path": os.devnull}, "digest": {},
        "deliveries": {}, "why": {"event_id": "x"}, "timeline": {},
    },
    lambda: world().archive("a"): {"events": {}, "load": {"path": os.devnull}},
    lambda: sb.Matcher({"a": PATTERN}): {
        "add": {"name": "b", "pattern": PATTERN}, "remove": {"name": "a"}, "match": {"event": EVENT},
        "match_parsed": {"event": EVENT}, "explain": {"event": EVENT},
    },
    swept: {
        "rows_of": {"variant": {"n": 1}}, "summary": {}, "table": {}, "compare": {}, "comparison": {},
        "repeat": {"row": RUN}, "how_to_repeat": {}, "to_pandas": {}, "to_json": {}, "to_csv": {},
        "plot": {}, "report": {"path": os.devnull},
    },
}  # fmt: skip
APART = {
    "settled",  # async
    "plot",  # takes nothing, and long
    "count", "index",  # of every sequence
}  # fmt: skip


def asked(call: Callable[..., Any], good: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments of calls with one wrong value each."""
    for name, parameter in inspect.signature(call).parameters.items():
        wrongs = WRONG
        if parameter.kind is parameter.VAR_KEYWORD:
            known = inspect.signature(sb.World).parameters
            yield from ({**good, option: wrong} for option in known for wrong in WRONG)
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if name == "workers":  # without a number a process for each core is begun
            wrongs = [wrong for wrong in WRONG if wrong is not None]
        for wrong in wrongs:
            yield {**good, name: wrong}


def used(result: Any, about: Any) -> None:
    """Use what came back: what is accepted has to work."""
    if isinstance(about, sb.StandInHandle):
        about._kernel.settle()
    if isinstance(result, AbstractContextManager) and not isinstance(result, sb.World):
        with result:
            pass
    elif inspect.isgenerator(result):
        list(result)
    else:
        str(result)


def refused(call: Callable[..., Any], arguments: dict[str, Any], about: Any = None) -> str:
    """What is wrong with how a call was refused; nothing if it was taken, or refused in our words."""
    made = {
        name: value() if value is world else about.receive()[0] if value is MESSAGE else value
        for name, value in arguments.items()
    }
    try:
        used(call(**made), about)
    except sb.SimbridgeError as error:
        return "" if len(str(error)) > 10 else f"{arguments!r}: only {error!r}"
    except Exception as error:
        return f"{arguments!r}: {error!r}"
    return ""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken for the name of a file is written there."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("call", FUNCTIONS, ids=lambda call: call.__name__)
def test_functions_refuse_in_our_words(call: Callable[..., Any]) -> None:
    """Each argument of each public function, replaced by each wrong value."""
    found = [refused(call, arguments) for arguments in asked(call, FUNCTIONS[call])]
    assert not [text for text in found if text]
    assert len(found) >= len(WRONG) - 1


@pytest.mark.parametrize(
    ("make", "name"),
    [(make, name) for make, methods in METHODS.items() for name in methods],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_methods_refuse_in_our_words(make: Callable[[], Any], name: str) -> None:
    """Each argument of each method of worlds, stand-ins, traces, archives, matchers and sweeps."""
    good = METHODS[make][name]
    for arguments in asked(getattr(make(), name), good):
        about = make()
        assert not refused(getattr(about, name), arguments, about)


def test_nothing_public_is_left_out() -> None:
    """The tables above name every function of `simbridge` and every method of what these give."""
    functions = {getattr(sb, name) for name in sb.__all__ if callable(getattr(sb, name))}
    errors = {one for one in functions if isinstance(one, type) and issubclass(one, Exception)}
    assert functions - errors - RECEIVED <= FUNCTIONS.keys()
    assert not RECEIVED & FUNCTIONS.keys()
    for make, methods in METHODS.items():
        about = make()
        static = {
            name: inspect.getattr_static(about, name, None)
            for name in dir(about)
            if not name.startswith("_")
        }
        public = {
            name
            for name, one in static.items()
            if inspect.isroutine(one) or isinstance(one, classmethod)
        }
        assert public - APART - methods.keys() == set(), type(about)


TEXTS = [
    "", "x", "\ud800", "\\ud800", "\0", "é" * 3000, "[", "null", '{"a": []}', '{"a": ["\\ud800"]}', BUS,
    QUEUE, "arn:aws:events:::", "arn:::::", "/", "rate(1 minute)", "cron(", "[" * 3000 + "]" * 3000,
    '{"a":' * 1500 + "1" + "}" * 1500, '{"a": NaN}', "2026-01-01T00:00:00Z",
]  # fmt: skip
VALUES: list[Any] = [*TEXTS, None, -1, 10**30, [], [{}], ["x"] * 200, {}, {"a": "b"}, object()]
GOOD = {
    "Name": "r", "Rule": "r", "Targets": [{"Id": "1", "Arn": QUEUE}], "Entries": [ENTRY], "Ids": ["1"],
    "ArchiveName": "a", "ReplayName": "again", "EventSourceArn": BUS, "Destination": {"Arn": BUS},
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": "p"}},
    "ConnectionArn": CONNECTION, "InvocationEndpoint": URL, "HttpMethod": "POST",
    "EventStartTime": "2025-01-01T00:00:00Z", "EventEndTime": "2025-01-02T00:00:00Z",
    "ResourceARN": BUS, "Tags": [{"Key": "k", "Value": "v"}], "TagKeys": ["k"],
    "TargetArn": QUEUE, "Event": json.dumps(EVENT), "EventPattern": json.dumps(PATTERN),
}  # fmt: skip
OF_BOTOCORE = {
    ("PutEvents", "EndpointId"),
    ("StartReplay", "EventStartTime"),
    ("StartReplay", "EventEndTime"),
}
"""Members for whose values botocore has further errors, before anything is sent."""


def plausible(shape: Any) -> Any:
    """A value of a shape that `GOOD` does not name: of the right type, and not too short."""
    match shape.type_name:
        case "structure":
            return {name: plausible(shape.members[name]) for name in shape.required_members}
        case "list":
            return [plausible(shape.member)]
        case "map":
            return {}
        case "boolean":
            return True
        case "integer" | "long":
            return shape.metadata.get("min", 1)
        case "timestamp":
            return "2025-01-01T00:00:00Z"
        case _:
            return [*shape.enum, "x" * max(1, shape.metadata.get("min", 1))][0]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_clients_answer_with_errors_of_clients(operation: str) -> None:
    """Each member of each operation: AWS's refusal or botocore's, and the world goes on."""
    shape = operation_shape(operation)
    here = world()
    events, required = here.client(), plausible(shape)
    required |= {name: GOOD[name] for name in required if name in GOOD}
    if operation == "StartReplay":
        required["EventSourceArn"] = ARCHIVE
    for member in shape.members:
        if (operation, member) in OF_BOTOCORE:
            continue
        for value in VALUES:
            with suppress(ClientError, ParamValidationError, sb.NotSimulated):
                getattr(events, xform_name(operation))(**{**required, member: value})
    here.run(minutes=2)
    assert here.trace.digest() and str(here.trace)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (None, "JSON text or a mapping, not NoneType"),
        (b'{"source": ["shop"]}', "not bytes"),
        (7, "not int"),
        ({"source": {"shop"}}, "at source, a set has no form in JSON"),
        ({"detail": {"total": [float("nan")]}}, "at detail.total, nan is not a number in JSON"),
        ({"detail": {"total": [float("-inf")]}}, "-inf is not a number in JSON"),
        ({"detail": {"total": [decimal.Decimal(1)]}}, "a Decimal has no form in JSON"),
        ({"detail": {7: ["x"]}}, "at detail, the key 7 is not text"),
        ({"detail": [b"x"]}, "a bytes has no form in JSON"),
    ],
)
def test_a_pattern_of_wrong_objects_is_an_invalid_pattern(pattern: Any, says: str) -> None:
    """It says where the wrong object is, and what it is; `sb.Matcher` and `sb.explain` agree."""
    for call in (sb.match, sb.explain):
        with pytest.raises(sb.InvalidPattern, match=r"^Event pattern is not valid") as caught:
            call(pattern, EVENT)
        assert says in str(caught.value)
    with pytest.raises(sb.InvalidPattern, match=r"^Event pattern is not valid"):
        sb.Matcher({"a": pattern})


def test_objects_nested_too_deeply_are_refused_like_text() -> None:
    """Also those that contain themselves, however wide they are."""
    deep: dict[str, Any] = {}
    for _ in range(3000):
        deep = {"a": deep}
    endless: dict[str, Any] = {}
    endless.update({"a": endless, "b": [endless, endless]})
    for pattern in (deep, endless, {"a": [[[endless]]]}):
        with pytest.raises(sb.InvalidPattern, match=r"nesting depth \(1001\) exceeds"):
            sb.match(pattern, EVENT)


class Sum(int):
    """A number."""


class Name(str):
    """A text that says something else than it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "someone"


class Colour(StrEnum):
    """Texts by name."""

    RED = "red"


def test_containers_like_json_are_a_pattern_and_an_event() -> None:
    """Tuples, subclasses, enumerations and other mappings are read as what they stand for."""
    wanted = OrderedDict(
        detail=MappingProxyType({"total": (Sum(7), Name("x"), Colour.RED, True, None)})
    )
    for total, matches in ((7, True), (1, False), (None, True), ("x", True), ("red", True)):
        assert sb.match(wanted, {"detail": {"total": total}}) is matches
    for total in (Sum(7), Name("x"), Colour.RED, True):
        assert sb.match(wanted, MappingProxyType({"detail": OrderedDict(total=total)}))


def test_what_is_no_number_is_in_no_event() -> None:
    """NaN is not read as null, and null is."""
    with pytest.raises(sb.SimbridgeError, match="the event is invalid JSON"):
        sb.match({"a": [None]}, {"a": float("nan")})
    assert sb.match({"a": [None]}, {"a": None})


@pytest.mark.parametrize("expression", [5, None, ["rate(1 day)"], b"rate(1 day)"])
def test_a_schedule_is_text(expression: Any) -> None:
    """AWS's sentence, and what to write."""
    with pytest.raises(sb.InvalidSchedule, match=r"not valid\. A schedule expression is text, "):
        sb.next_times(expression, START["start"])
    with pytest.raises(sb.InvalidSchedule, match=r"not valid\. A schedule expression is text, "):
        sb.describe_schedule(expression)


def test_a_set_has_no_order() -> None:
    """What is played in order is not taken in the order of a set, which is another in every process."""
    for call in (
        lambda: sb.scripted({"ok", "TIMEOUT"}),  # type: ignore[arg-type]
        lambda: sb.sweep(story, {"n": {1, 2}}, **ONCE),  # type: ignore[dict-item]
        lambda: sb.sweep(story, seeds={1, 2}),
    ):
        with pytest.raises(sb.SimbridgeError, match="is a list "):
            call()


def test_a_duration_has_an_end() -> None:
    """Longer than the calendar is too long; nothing overflows later."""
    for text in ("9999999d", "9" * 5000 + "s"):
        with pytest.raises(sb.InvalidTime, match="too long a duration"):
            sb.World().queue("q").fails("TIMEOUT", for_=text)


def test_a_story_without_a_world_is_an_error() -> None:
    """Before it is called, by `run` and by `sweep`."""
    for call in (sb.run, sb.sweep):
        with pytest.raises(
            sb.SimbridgeError, match=r"takes a world, def <lambda>\(world\): too many"
        ):
            call(lambda: None)
    with pytest.raises(sb.SimbridgeError, match=r"def needs\(world\): missing .*'n'"):

        def needs(world: sb.World, n: int) -> None:
            """An argument without a default."""

        sb.run(needs)
    with pytest.raises(sb.SimbridgeError, match="World has no option 'sed'"):
        sb.run(story, sed=1)


def test_what_a_measure_answers_is_finite() -> None:
    """No table can show the mean of what is no number."""
    for answer in (float("nan"), float("inf")):
        with pytest.raises(sb.SimbridgeError, match="return a finite number"):
            sb.sweep(story, **ONCE, measures={"m": lambda world, answer=answer: answer})


def test_a_detail_of_a_thousand_levels_is_in_the_trace(tmp_path: Path) -> None:
    """AWS takes it, so the trace can be written and read again."""
    here = world()
    detail = '{"a":' + "[" * 998 + "]" * 998 + "}"
    assert not here.client().put_events(Entries=[ENTRY | {"Detail": detail}])["FailedEntryCount"]
    here.settle()
    here.trace.to_jsonl(tmp_path / "deep.jsonl")
    assert sb.Trace.from_jsonl(tmp_path / "deep.jsonl").digest() == here.trace.digest()


def test_a_detail_of_a_thousand_levels_reaches_its_targets() -> None:
    """A queue shows it, a handler is called with it, and traces that hold it can be compared."""
    here, called = world(), list[Any]()
    client, queue = here.client(), here.queue("deep")
    targets = [queue.arn, here.function("deep", called.append).arn]
    client.put_rule(Name="deep", EventPattern='{"source": ["deep"]}')
    client.put_targets(
        Rule="deep", Targets=[{"Id": str(n), "Arn": arn} for n, arn in enumerate(targets)]
    )
    detail = '{"a":' + "[" * 998 + "]" * 998 + "}"
    client.put_events(Entries=[ENTRY | {"Source": "deep", "Detail": detail}])
    here.settle()
    assert detail in queue.messages[0]
    assert called[0]["source"] == "deep"
    assert here.fork().trace == here.trace


def test_a_policy_nested_too_deeply_is_no_policy() -> None:
    """AWS's refusal and no error of Python's."""
    with pytest.raises(ClientError, match="invalid Json"):
        sb.World().client().put_permission(Policy="[" * 3000 + "]" * 3000)
