"""Each fault has all its parts, and they are in one module."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import msgspec
import pytest

import simbridge as sb
from simbridge.model import faults
from simbridge.model.faults import FAULTS, Decision, Fails, Fault, Latency, Limit, Slow
from simbridge.model.messages import Behave
from simbridge.world.handles import StandInHandle

MODULES: list[ModuleType] = [
    importlib.import_module(f"{faults.__name__}.{found.name}")
    for found in pkgutil.iter_modules(faults.__path__)
]

CALLS: dict[str, list[Callable[[Any], None]]] = {
    "Concurrency": [lambda it: it.slow("1s"), lambda it: it.limit(concurrency=1)],
    "PerSecond": [lambda it: it.limit(per_second=1)],
    "Fails": [lambda it: it.fails("TIMEOUT")],
    "Scripted": [lambda it: it.behaves(sb.scripted(["ok", "TIMEOUT"]))],
    "Custom": [lambda it: it.behaves(lambda _: "TIMEOUT")],
    "Slow": [lambda it: it.slow("1s")],
    "Recovers": [lambda it: it.fails("TIMEOUT"), lambda it: it.recovers()],
}
"""How a handle sends each fault; the last call is the one that does."""


def test_every_fault_of_the_package_is_in_the_table() -> None:
    """A class that a module of the package defines is part of `Behaviour`."""
    defined = {
        thing
        for module in MODULES
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, Fault) and thing is not Fault
    }
    assert defined == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_parts_in_its_own_module(fault: type[Fault]) -> None:
    """Words, an effect of one of three kinds, and a documented method of a handle."""
    method = getattr(StandInHandle, fault.method)
    home = sys.modules[method.__module__]
    assert vars(home)[fault.__name__] is fault and home in MODULES
    assert inspect.getdoc(method)
    assert "words" in vars(fault)
    assert ("effect" in vars(fault)) is not fault.forgets
    if not fault.forgets:
        effect = inspect.getattr_static(fault, "effect").__annotations__["return"]
        assert issubclass(vars(home)[effect], Limit | Decision | Latency)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_sent_reported_and_acts(fault: type[Fault]) -> None:
    """From the handle by the trace to the attempt: without a part the second of two events is no other."""
    world = sb.World(seed=1)
    events, pay = world.client("events"), world.function("pay")
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    policy = {"MaximumRetryAttempts": 0}
    events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": pay.arn, "RetryPolicy": policy}])
    for call in CALLS[fault.__name__]:
        call(pay)
    world.settle()
    (sent,) = [
        record.message.behaviour
        for record in world.trace
        if isinstance(record.message, Behave) and isinstance(record.message.behaviour, fault)
    ]
    assert f"pay {sent.words()}\n" in str(world.trace) + "\n"
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    events.put_events(Entries=[entry, entry])
    world.run(seconds=1)
    last = world.trace.deliveries()[-1]
    answered = (last.error_code, last.latency)
    assert (answered == (None, 0)) is fault.forgets


def test_a_fault_is_the_same_after_its_way_through_a_trace() -> None:
    """The tag is the name of the class, and every field is written out."""
    line = msgspec.json.encode(Fails("TIMEOUT", 5))
    assert b'"type":"Fails"' in line and b'"operation":null' in line
    assert msgspec.json.decode(line, type=faults.Behaviour) == Fails("TIMEOUT", 5)
    assert Slow(1, 2).words() == "answers after 0.001ms (99 %: 0.002ms)"
