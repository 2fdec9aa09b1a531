"""What interrupts, threads and errors of the user's code can do to a world in the middle of a run."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

import simbridge as sb
from simbridge.kernel import interrupts

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


def wired(world: sb.World, name: str, source: str, arn: str, **target: Any) -> None:
    """A rule that sends the events of a source to one target."""
    events = world.client()
    events.put_rule(Name=name, EventPattern=f'{{"source": ["{source}"]}}')
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, **target}])


def busy_world(backend: str = "asyncio") -> sb.World:
    """Schedules, handlers of both kinds that put events, failures, a behaviour, an archive, a replay."""
    world = sb.World(seed=3, backend=backend)
    events = world.client()
    flaky = world.queue("flaky")
    flaky.fails("THROTTLING", rate=0.4)
    flaky.behaves(lambda attempt: "ok" if attempt.attempt % 2 else "TIMEOUT")

    def forward(event: dict[str, Any]) -> dict[str, Any]:
        events.put_events(Entries=[{**ENTRY, "Source": "paid"}])
        return {"order": event["detail"]}

    async def later(event: dict[str, Any]) -> None:
        await anyio.sleep(90)
        events.put_events(Entries=[{**ENTRY, "Source": "sent"}])
        if int(event["id"][0], 16) % 2:
            raise ValueError("every other one")

    wired(world, "orders", "shop", world.function("forward", forward).arn)
    wired(world, "paid", "paid", world.function("later", later, retries=1).arn)
    wired(world, "sent", "sent", flaky.arn, RetryPolicy={"MaximumRetryAttempts": 4})
    events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": world.queue("ticks").arn}])
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(
        ArchiveName="kept", EventSourceArn=bus, EventPattern='{"source": ["shop"]}'
    )
    events.put_events(Entries=[ENTRY] * 3)
    world.run(minutes=4)
    archive = world.archive("kept").arn
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime="2026-01-01T00:00:00Z",
        EventEndTime="2026-01-02T00:00:00Z",
        Destination={"Arn": bus},
    )
    return world


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
        if "simbridge" not in frame.f_code.co_filename and "test_exclusive" not in (
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
def test_interrupts_at_random_points_change_nothing(backend: str) -> None:
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
    told = [m.request["Name"] for m in messages if getattr(m, "operation", "") == "PutRule"]
    arrived = [m.resource.name for m in messages if getattr(m, "resource", None)]
    assert sorted(told) == sorted(kept) == sorted(set(arrived) - {"default"})


@pytest.mark.usefixtures("python_interrupts")
@pytest.mark.parametrize("how", ["def", "asyncio", "trio"])
def test_code_that_does_not_return_is_broken_off(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_alarms_at_any_instant_change_nothing(backend: str) -> None:
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


def test_a_behaviour_that_has_put_something_cannot_be_undone() -> None:
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
def test_a_handler_of_sigint_that_does_not_raise_is_called_once_and_the_run_goes_on() -> None:
    """Whoever has a handler of their own is asked, between two messages."""
    world, told = busy_world(), []
    signal.signal(signal.SIGINT, lambda number, frame: told.append(number))
    sys.settrace(interrupting(500))
    try:
        world.run(hours=3)
    finally:
        sys.settrace(None)
    assert told == [signal.SIGINT]
    reference = busy_world()
    reference.run(hours=3)
    assert world.trace.digest() == reference.trace.digest()


class _Broken(BaseException):
    """What no code expects."""


def test_a_message_whose_handling_broke_stops_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the user's code but simbridge's own was hit: it says so, and goes on nowhere."""
    world = busy_world()
    fork = world.fork()

    def hit(*_: Any) -> None:
        raise _Broken

    monkeypatch.setattr("simbridge.actors.target.Outcome", hit)
    with pytest.raises(_Broken):
        world.run(hours=1)
    monkeypatch.undo()
    tries: list[Callable[[], Any]] = [
        lambda: world.run(hours=1),
        world.settle,
        world.fork,
        lambda: pickle.dumps(world),
        lambda: world.client().list_rules(),
        lambda: world.queue("flaky").recovers(),
        lambda: world.queue("another"),
        lambda: world.api_fails("PutEvents", "InternalException"),
    ]
    for attempt in tries:
        with pytest.raises(sb.SimbridgeError, match=r"cannot go on.*Invoke at .*_Broken"):
            attempt()
    assert world.trace.deliveries()
    fork.run(hours=1)


@pytest.mark.parametrize("error", [ValueError, SystemExit, pytest.fail.Exception])
@pytest.mark.parametrize("where", ["behaviour", "backoff", "handler", "async handler", "listener"])
def test_a_users_function_that_raises_once(where: str, error: type[BaseException]) -> None:
    """It ends the run; then the world goes on, and every delivery ends."""
    calls: list[int] = []

    def raises(*_: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise error("once")
        return {"behaviour": "ok", "backoff": 1000}.get(where)

    async def raises_async(event: dict[str, Any]) -> None:
        await anyio.sleep(1)
        raises()

    class Backoff:
        def delay_us(self, retry: int, luck: int) -> int:
            return int(raises())

    world = sb.World(**({"backoff": Backoff()} if where == "backoff" else {}))
    handler = {"handler": raises, "async handler": raises_async}.get(where)
    target = world.stand_in("arn:aws:sqs:us-east-1:123456789012:q", handler)
    if where == "behaviour":
        target.limit(per_second=1)
        target.behaves(raises)
    if where == "backoff":
        target.behaves(sb.scripted(["THROTTLING", "ok"]))
    wired(world, "orders", "shop", target.arn)
    world.client().put_events(Entries=[ENTRY])
    expected = sb.HandlerFailed if error is ValueError and where != "listener" else error
    with pytest.raises(expected):
        if where == "listener":
            with world.listen(raises):
                world.run(days=2)
        else:
            world.run(days=2)
    assert len(calls) == 1
    world.run(days=2)
    (delivery,) = world.trace.deliveries()
    assert delivery.outcome == "delivered"
    assert len(delivery.attempts) == (2 if where == "backoff" else 1)
    assert pickle.loads(pickle.dumps(world.trace.digest())) == world.trace.digest()


def test_an_error_without_a_text_is_no_second_error() -> None:
    """`str` of what a handler raises may raise, too."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def handler(event: dict[str, Any]) -> None:
        raise Mute

    world = sb.World()
    wired(world, "orders", "shop", world.function("f", handler, retries=0).arn)
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=1)
    assert "Mute" in str(world.trace)


def test_a_warning_that_is_an_error_comes_after_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A handler that blocks the thread, under -W error: the delivery ends, and time goes on."""
    monkeypatch.setattr("simbridge.base.blocking.BLOCKED_S", 0.01)
    for backend in ("def", "asyncio", "trio"):
        world = sb.World(backend="asyncio" if backend == "def" else backend)

        def blocks(event: dict[str, Any]) -> None:
            time.sleep(0.3)

        async def blocks_async(event: dict[str, Any]) -> None:
            time.sleep(0.3)

        handler = blocks if backend == "def" else blocks_async
        wired(world, "orders", "shop", world.function("f", handler).arn)
        world.client().put_events(Entries=[ENTRY])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(sb.BlockingCallWarning):
                world.run(hours=1)
        world.run(hours=1)
        assert [d.outcome for d in world.trace.deliveries()] == ["delivered"]


# -- threads -------------------------------------------------------------------------------------


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def consistent(world: sb.World, accepted: int) -> None:
    """Every sequence number is there once, and every accepted event was delivered."""
    world.run(hours=1)
    sequences = [record.sequence for record in world.trace]
    assert len(sequences) == len(set(sequences))
    assert len(world.trace.deliveries(rule="orders")) == accepted


@pytest.mark.usefixtures("quick_switches")
def test_a_second_thread_is_refused_while_the_world_runs() -> None:
    """With a sentence that says how; what was accepted before is delivered, and nothing twice."""
    assert sum(refusals_of_a_thread() for _ in range(4))


def refusals_of_a_thread() -> int:
    """How often a thread was refused that put, told, forked and received while a world ran."""
    world = busy_world()
    wired(world, "orders-kept", "thread", world.queue("kept").arn)
    events, accepted, refused = world.client(), [], []
    tries: list[Callable[[], Any]] = [
        lambda: world.queue("flaky").limit(per_second=5),
        world.fork,
        lambda: world.queue("kept").receive(),
    ]

    def put() -> None:
        for number in range(100):
            try:
                answer = events.put_events(Entries=[{**ENTRY, "Source": "thread"}] * 10)
                accepted.append(10 - answer["FailedEntryCount"])
                tries[number % len(tries)]()
            except sb.SimbridgeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=put), threading.Thread(target=world.run, kwargs={"days": 4})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run(hours=1)
    sequences = [record.sequence for record in world.trace]
    assert len(sequences) == len(set(sequences))
    assert len(world.trace.deliveries(rule="orders-kept")) == sum(accepted)
    assert all("running in another thread" in text for text in refused)
    return len(refused)


@pytest.mark.usefixtures("quick_switches")
def test_threads_that_call_a_world_at_rest_take_turns() -> None:
    """Nothing runs meanwhile: every call is answered, one after the other."""
    world = sb.World()
    wired(world, "orders", "shop", world.queue("q").arn)
    events = world.client()

    def put() -> None:
        for _ in range(50):
            assert not events.put_events(Entries=[ENTRY] * 10)["FailedEntryCount"]

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    consistent(world, 4 * 50 * 10)


@pytest.mark.usefixtures("quick_switches")
def test_threads_that_read_see_everything_once() -> None:
    """What a queue has received, and questions to a trace: in turn, or refused while it runs."""
    world = busy_world()
    world.run(days=2)
    queue, seen, refused = world.queue("ticks"), [], []

    def read() -> None:
        for _ in range(20):
            try:
                ids = [message["id"] for message in queue.received]
                asked = [delivery.event.id for delivery in world.trace.deliveries(rule="tick")]
                seen.append((len(ids), len(set(ids)), len(asked), len(set(asked))))
            except sb.SimbridgeError as error:
                refused.append(str(error))

    for others in ([], [threading.Thread(target=world.run, kwargs={"days": 3})]):
        threads = [threading.Thread(target=read) for _ in range(3)] + others
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all("running in another thread" in text for text in refused)
    assert all(count == different for count, different, *_ in seen)
    assert all(count == different for *_, count, different in seen)
    assert len(queue.received) == len(world.trace.deliveries(rule="tick"))


def test_a_thread_of_a_handlers_own_is_refused_and_does_not_hang() -> None:
    """The handler waits for a thread that calls the world which waits for the handler."""
    world, refused = sb.World(), []
    events = world.client()

    def handler(event: dict[str, Any]) -> None:
        def put() -> None:
            try:
                events.put_events(Entries=[ENTRY])
            except sb.SimbridgeError as error:
                refused.append(str(error))

        thread = threading.Thread(target=put)
        thread.start()
        thread.join()

    wired(world, "orders", "shop", world.function("f", handler).arn)
    events.put_events(Entries=[ENTRY])
    world.run(hours=1)
    assert len(refused) == 1 and "another thread" in refused[0]


@pytest.mark.parametrize("where", ["handler", "behaviour", "listener"])
@pytest.mark.parametrize("copy", [sb.World.fork, pickle.dumps])
def test_a_running_world_is_not_copied(where: str, copy: Callable[[sb.World], Any]) -> None:
    """The message in hand would be lost in the copy; as while async code is under way."""
    world = sb.World()
    function = world.function("f", lambda event: copy(world) if where == "handler" else None)
    if where == "behaviour":
        function.behaves(lambda attempt: copy(world) and "ok")
    wired(world, "orders", "shop", function.arn)
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.SimbridgeError, match="while it runs"):
        if where == "listener":
            with world.listen(lambda records: copy(world)):
                world.run(hours=1)
        else:
            world.run(hours=1)
