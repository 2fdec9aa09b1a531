"""Who is told that code waits in real time, and who is not; and that timers leave nothing behind."""

from __future__ import annotations

import time

import pytest

import simbridge as sb
from simbridge.base import blocking
from simbridge.hosts.timers import TimerQueue
from simbridge.kernel import Kernel

ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}


def test_a_def_handler_that_waits_is_told_by_name() -> None:
    """As async code is."""
    world = sb.World()
    events = world.client()
    arn = world.function("slow", lambda event: time.sleep(1.1)).arn
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[ENTRY])
    with pytest.warns(sb.BlockingCallWarning, match="function:slow held the thread"):
        world.settle()


@pytest.mark.parametrize(
    ("voluntary", "involuntary", "others", "told"),
    [(0, 500, 0, False), (1, 0, 0, True), (2, 500, 0, False), (1, 0, 1, False)],
)
def test_a_busy_machine_is_not_the_codes_fault(
    monkeypatch: pytest.MonkeyPatch, voluntary: int, involuntary: int, others: int, told: bool
) -> None:
    """Three seconds have passed, one of them at work: who gave the place up, and did others work?"""
    clocks = {"real": 0.0, "work": 0.0, "all": 0.0}
    monkeypatch.setattr(blocking.time, "process_time", lambda: clocks["all"])
    switches = [(0, 0)]
    monkeypatch.setattr(blocking.time, "perf_counter", lambda: clocks["real"])
    monkeypatch.setattr(blocking.time, "thread_time", lambda: clocks["work"])
    monkeypatch.setattr(blocking, "_switches", lambda: switches[-1])
    look = blocking.BlockingWatch()
    look.begin()
    clocks.update(real=3.0, work=1.0, all=1.0 + others)
    switches.append((voluntary, involuntary))
    warning = look.end("code")
    assert (warning is not None) == told
    assert warning is None or str(warning).startswith("code held the thread for 2.0 s")


def test_what_is_taken_back_is_let_go() -> None:
    """Timers that are cancelled before they are due do not pile up, and the others keep their order."""
    kernel = Kernel(1, 0, lambda address, message: None)
    timers: TimerQueue[int] = TimerQueue(kernel)
    for number in range(10_000):
        taken = timers.after(1000 - number % 7, number)
        if number % 1000:
            timers.cancel(taken)
    assert len(timers._heap) < 200
    woken = []
    while timers.due() is not None:
        woken.append(timers.next())
    assert woken == sorted(range(0, 10_000, 1000), key=lambda number: (-(number % 7), number))
