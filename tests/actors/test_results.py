"""What a handler of yours returns or raises, as the trace keeps it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest

import simbridge as sb
from simbridge.model.messages import Handled

ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}


@dataclass
class Receipt:
    names: set[str]


class Word(StrEnum):
    YES = "yes"


class Level(IntEnum):
    HIGH = 3


LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def handled(handler: Any, arn: str = LAMBDA) -> Handled:
    """The record of the first execution."""
    world = sb.World()
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    if arn == LAMBDA:
        world.function("f", handler, retries=0)
    else:
        world.stand_in(arn, handler)
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert len(world.trace.digest()) == 64
    (found,) = [r.message for r in world.trace if isinstance(r.message, Handled)]
    return found


@pytest.mark.parametrize(
    ("result", "answered"),
    [
        (None, None),
        ({"b": 1, "a": (2, None)}, {"b": 1, "a": [2, None]}),
        ({2: "two", None: 0, True: 1, 1.5: 2}, {"2": "two", "null": 0, "true": 1, "1.5": 2}),
        (Word.YES, "yes"),
        ([Level.HIGH, Word.YES], [3, "yes"]),
        (Decimal("3.14159"), 3.14159),
        ({"price": Decimal("10")}, {"price": 10}),
        ([Decimal("10.50"), Decimal("1E+3")], [10.5, 1000.0]),
        (Decimal("-NaN"), None),
        (float("inf"), None),
        ({"rate": float("nan"), "of": 1}, {"rate": None, "of": 1}),
        ("half of a pair \ud800", "half of a pair ?"),
        ({"\ud800": float("nan")}, {"?": None}),
        ("Stra\u00dfe \U0001f600", "Stra\u00dfe \U0001f600"),
    ],
)
def test_what_lambda_answers(result: Any, answered: Any) -> None:
    """What `json.dumps` writes, and a Decimal as a number; what no JSON has is null."""
    found = handled(lambda event: result)
    assert (found.result, found.error) == (answered, None)
    assert type(found.result) is type(answered)
    if isinstance(answered, dict):
        assert list(found.result) == list(answered)


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (dt.datetime(2026, 3, 1), "Object of type datetime is not JSON serializable"),
        ({"when": dt.date(2026, 3, 1)}, "Object of type date is not JSON serializable"),
        ({"b", "a"}, "Object of type set is not JSON serializable"),
        (b"raw", "Object of type bytes is not JSON serializable"),
        ([{"deep": b"raw"}], "Object of type bytes is not JSON serializable"),
        (Receipt({"y", "x"}), "Object of type Receipt is not JSON serializable"),
        (object(), "Object of type object is not JSON serializable"),
        (1j, "Object of type complex is not JSON serializable"),
        ({(1, 2): 3}, "keys must be str, int, float, bool or None, not tuple"),
        (LOOP, "Circular reference detected"),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_result_that_is_not_json_is_a_failure(result: Any, why: str, is_async: bool) -> None:
    """As Lambda's Python runtime tells of it."""

    async def later(event: Any) -> Any:
        return result

    found = handled(later if is_async else lambda event: result)
    assert found.error == "Runtime.MarshalError"
    assert found.text == f"Unable to marshal response: {why}"
    assert found.result is None


def test_such_a_failure_is_one_like_any_other() -> None:
    """The function is run again, and its destination hears of it."""
    world = sb.World()
    failures, results = world.queue("failures"), [dt.date(2026, 3, 1), {1}, b"3", "never"]
    arn = world.function("f", lambda event: results.pop(0), on_failure=failures.arn).arn
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    event_id = world.client().put_events(Entries=[ENTRY])["Entries"][0]["EventId"]
    world.run(hours=1)
    assert results == ["never"]
    (record,) = failures.received
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"] == {
        "errorMessage": "Unable to marshal response: Object of type bytes is not JSON serializable",
        "errorType": "Runtime.MarshalError",
    }
    assert "f raised (invocation 3): Runtime.MarshalError" in str(world.trace.why(event_id))


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        ({"b": 1, "a": (2, None)}, {"b": 1, "a": [2, None]}),
        ({"gamma", "alpha", "beta"}, ["alpha", "beta", "gamma"]),
        ({"names": frozenset({"b", "a"})}, {"names": ["a", "b"]}),
        (Receipt({"y", "x"}), {"names": ["x", "y"]}),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (float("inf"), None),
        ({1, "mixed", (2, 3)}, "set"),
        ("half of a pair \ud800", "str"),
        (object(), "object"),
        ([object()], "list"),
    ],
)
def test_the_result_of_any_other_handler_is_not_an_answer(result: Any, kept: Any) -> None:
    """Its result cannot fail: it is kept as JSON in one order, or named by its type."""
    found = handled(lambda event: result, QUEUE)
    assert (found.result, found.error) == (kept, None)


def test_the_words_of_an_error_can_be_written() -> None:
    """Whatever an exception says."""

    def fail(event: Any) -> None:
        raise ValueError("half of a pair \ud800")

    found = handled(fail)
    assert (found.error, found.text) == ("ValueError", "half of a pair ?")


PROGRAM = """
import simbridge as sb
from dataclasses import dataclass
@dataclass
class Box:
    names: set
NAMES = {f"name {n}" for n in range(40)}
def handler(event):
    return {"set": NAMES, "box": Box(NAMES), "deep": [{"of": frozenset(NAMES)}]}
world = sb.World(seed=1)
arn = world.stand_in("arn:aws:sqs:us-east-1:123456789012:q", handler).arn
world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
world.settle()
print(world.trace.digest(), list(NAMES)[0])
"""


def test_a_set_has_one_digest_whatever_the_hash_seed() -> None:
    """Three processes iterate over the same set in different orders, and leave one trace."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.split(" name ")
        for seed in ("1", "2", "3")
    ]
    assert len({first for first, *_ in printed}) == 1
    assert len({last for *_, last in printed}) > 1
