"""The warning that code waits in real time: when it is given, and when it is not."""

from __future__ import annotations

import time

import pytest

import simbridge as sb
from simbridge.base import blocking

ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}


def test_the_warning_names_a_def_handler_that_waits() -> None:
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
    ("voluntary", "involuntary", "others", "warned"),
    [(0, 500, 0, False), (1, 0, 0, True), (2, 500, 0, False), (1, 0, 1, False)],
)
def test_a_busy_machine_is_not_the_codes_fault(
    monkeypatch: pytest.MonkeyPatch, voluntary: int, involuntary: int, others: int, warned: bool
) -> None:
    """Of three seconds one was computed: whether the thread waited depends on its context switches."""
    clocks = {"real": 0.0, "work": 0.0, "all": 0.0}
    monkeypatch.setattr(blocking.time, "process_time", lambda: clocks["all"])
    switches = [(0, 0)]
    monkeypatch.setattr(blocking.time, "perf_counter", lambda: clocks["real"])
    monkeypatch.setattr(blocking.time, "thread_time", lambda: clocks["work"])
    monkeypatch.setattr(blocking, "_switches", lambda: switches[-1])
    watch = blocking.BlockingWatch()
    watch.begin()
    clocks.update(real=3.0, work=1.0, all=1.0 + others)
    switches.append((voluntary, involuntary))
    warning = watch.end("code")
    assert (warning is not None) == warned
    assert warning is None or str(warning).startswith("code held the thread for 2.0 s")
