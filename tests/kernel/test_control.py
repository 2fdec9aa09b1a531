"""What ends a run: errors of the user's code, which leave a world whole, and broken messages, which do not."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


class _Broken(BaseException):
    """What no code expects."""


def test_a_message_whose_handling_broke_stops_the_world(
    monkeypatch: pytest.MonkeyPatch, busy_world: Callable[..., sb.World]
) -> None:
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
def test_a_users_function_that_raises_once(
    where: str, error: type[BaseException], wired: Callable[..., None]
) -> None:
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
        def delay_us(self, retry: int, sample: int) -> int:
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


def test_an_error_without_a_text_is_no_second_error(wired: Callable[..., None]) -> None:
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
    monkeypatch: pytest.MonkeyPatch, wired: Callable[..., None]
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
