"""Interrupts and alarms act between two messages, and change nothing."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import simbridge as sb
from simbridge.kernel import interrupts

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


@pytest.fixture
def python_interrupts() -> Iterator[None]:
    """Python's own handler of SIGINT, whatever pytest was started with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupting(after: int) -> Callable[..., Any]:
    """A trace function that sends a genuine SIGINT after so many bytecodes of simbridge."""
    left = after

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal left
        if "simbridge" not in frame.f_code.co_filename and "test_interrupts" not in (
            frame.f_code.co_filename
        ):
            return None
        frame.f_trace_opcodes = True
        left -= 1
        if not left:
            signal.raise_signal(signal.SIGINT)
        return trace

    return trace


def interrupted_often(world: sb.World, until: str, seed: int, times: int) -> int:
    """Run a world to an instant with as many interrupts as it takes; returns how many there were."""
    chance, interrupts = random.Random(seed), 0
    before = sys.gettrace()
    while True:
        if interrupts < times:
            sys.settrace(interrupting(chance.randrange(1, 2000)))
        try:
            world.run(until=until)
            return interrupts
        except KeyboardInterrupt:
            interrupts += 1
        finally:
            sys.settrace(before)


@pytest.mark.usefixtures("python_interrupts")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_interrupts_at_random_points_change_nothing(
    backend: str, busy_world: Callable[..., sb.World]
) -> None:
    """A run that is interrupted hundreds of times, at any bytecode, has the trace of one that is not."""
    until, interrupts = "2026-01-01T03:00:00Z", 0
    reference = busy_world(backend)
    reference.run(until=until)
    for seed in range(16):
        world = busy_world(backend)
        interrupts += interrupted_often(world, until, seed, 50)
        assert world.trace.digest() == reference.trace.digest()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert interrupts >= 500


@pytest.mark.usefixtures("python_interrupts")
def test_an_interrupt_in_a_call_acts_when_it_is_answered() -> None:
    """PutEvents and PutRule are done or not begun, whichever bytecode is hit."""
    world, chance, done = sb.World(), random.Random(5), 0
    events = world.client()
    before = sys.gettrace()
    for number in range(150):
        sys.settrace(interrupting(chance.randrange(1, 400)))
        try:
            events.put_rule(Name=f"r{number}", EventPattern='{"source": ["shop"]}')
        except KeyboardInterrupt:
            done += 1
        finally:
            sys.settrace(before)
    world.settle()
    assert done > 20
    kept = [rule["Name"] for rule in events.list_rules(Limit=100)["Rules"]]
    messages = [record.message for record in world.trace]
    recorded = [m.request["Name"] for m in messages if getattr(m, "operation", "") == "PutRule"]
    arrived = [m.resource.name for m in messages if getattr(m, "resource", None)]
    assert sorted(recorded) == sorted(kept) == sorted(set(arrived) - {"default"})


@pytest.mark.usefixtures("python_interrupts")
@pytest.mark.parametrize("how", ["def", "asyncio", "trio"])
def test_code_that_does_not_return_is_broken_off(
    how: str, monkeypatch: pytest.MonkeyPatch, wired: Callable[..., None]
) -> None:
    """One interrupt is enough: it is repeated. What was broken off half-way does not go on."""
    monkeypatch.setattr(interrupts, "GRACE_S", 0.05)
    world = sb.World(backend="asyncio" if how == "def" else how)
    began: list[int] = []

    def stuck(event: dict[str, Any]) -> None:
        began.append(1)
        if len(began) == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)

    async def stuck_async(event: dict[str, Any]) -> None:
        stuck(event)

    function = world.function("stuck", stuck if how == "def" else stuck_async)
    wired(world, "orders", "shop", function.arn)
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(KeyboardInterrupt):
        world.run(hours=1)
    with pytest.raises(sb.SimbridgeError, match=r"cannot go on.*KeyboardInterrupt"):
        world.run(hours=1)
    assert len(began) == len(world.trace.deliveries()) == 1


class _Alarm(Exception):
    """What a handler of SIGALRM raises."""


def _ring(number: int, frame: Any) -> None:
    raise _Alarm


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no alarms")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_alarms_at_any_instant_change_nothing(
    backend: str, busy_world: Callable[..., sb.World]
) -> None:
    """A test runner's time-out, say, at random instants of real time: it raises, and time goes on."""
    until, rung = "2026-01-01T02:00:00Z", 0
    reference = busy_world(backend)
    reference.run(until=until)
    chance = random.Random(4)
    before = signal.signal(signal.SIGALRM, _ring)
    try:
        for _ in range(40):
            world = busy_world(backend)
            for _ in range(5):
                with contextlib.suppress(_Alarm):
                    try:
                        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, 0.01))
                        world.run(until=until)
                    except _Alarm:
                        rung += 1
                    finally:
                        signal.setitimer(signal.ITIMER_REAL, 0)
            world.run(until=until)
            assert world.trace.digest() == reference.trace.digest()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rung > 20


def test_a_behaviour_that_has_put_something_cannot_be_undone(wired: Callable[..., None]) -> None:
    """It would put it again: the world refuses to go on."""
    world = sb.World()
    queue = world.queue("q")
    wired(world, "orders", "shop", queue.arn)
    events = world.client()

    def behaves(attempt: Any) -> str:
        events.put_events(Entries=[{**ENTRY, "Source": "other"}])
        raise ValueError

    queue.behaves(behaves)
    events.put_events(Entries=[ENTRY])
    with pytest.raises(sb.HandlerFailed):
        world.run(hours=1)
    with pytest.raises(sb.SimbridgeError, match="cannot go on"):
        world.run(hours=1)


@pytest.mark.usefixtures("python_interrupts")
def test_a_handler_of_sigint_that_does_not_raise_is_called_once_and_the_run_goes_on(
    busy_world: Callable[..., sb.World],
) -> None:
    """Whoever has a handler of their own is asked, between two messages."""
    world, called = busy_world(), []
    signal.signal(signal.SIGINT, lambda number, frame: called.append(number))
    sys.settrace(interrupting(500))
    try:
        world.run(hours=3)
    finally:
        sys.settrace(None)
    assert called == [signal.SIGINT]
    reference = busy_world()
    reference.run(hours=3)
    assert world.trace.digest() == reference.trace.digest()
