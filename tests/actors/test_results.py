"""What a handler of yours returns or raises, as the trace keeps it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

import simbridge as sb
from simbridge.messages import Handled

ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}


@dataclass
class Receipt:
    names: set[str]


def handled(handler: Any) -> Handled:
    """The record of the first execution."""
    world = sb.World()
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    arn = world.function("f", handler, retries=0).arn
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert len(world.trace.digest()) == 64
    (found,) = [r.message for r in world.trace if isinstance(r.message, Handled)]
    return found


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        ({"b": 1, "a": (2, None)}, {"b": 1, "a": [2, None]}),
        ({2: "two"}, {"2": "two"}),
        ({"gamma", "alpha", "beta"}, ["alpha", "beta", "gamma"]),
        ({"names": frozenset({"b", "a"})}, {"names": ["a", "b"]}),
        (Receipt({"y", "x"}), {"names": ["x", "y"]}),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (float("inf"), None),
        ({1, "mixed", (2, 3)}, "set"),
        ("half of a pair \ud800", "str"),
        ({"\ud800": 1}, "dict"),
        (object(), "object"),
    ],
)
def test_results_are_kept_as_json(result: Any, kept: Any) -> None:
    """In one order, keys as they were given; what cannot be written so is named by its type."""
    found = handled(lambda event: result)
    assert (found.result, found.error) == (kept, None)
    if isinstance(kept, dict):
        assert list(found.result) == list(kept)


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
arn = world.function("f", handler, on_success=world.queue("done").arn).arn
world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
world.client().put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
world.settle()
print(world.trace.digest(), world.queue("done").messages, list(NAMES)[0])
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
