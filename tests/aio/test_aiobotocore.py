"""aiobotocore's and aioboto3's `events` clients, the genuine ones.

They pin versions of botocore that are older than the one everything else is tested with, so they have an
environment of their own: `make aio`. Elsewhere these tests are skipped.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import sys
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import simbridge as sb

aiobotocore_session = pytest.importorskip("aiobotocore.session")

ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}


def with_aiobotocore() -> Any:
    return aiobotocore_session.get_session().create_client("events", region_name="us-east-1")


def with_aioboto3() -> Any:
    aioboto3 = pytest.importorskip("aioboto3")
    return aioboto3.Session().client("events", region_name="us-east-1")


@pytest.fixture(autouse=True)
def _nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without configuration, and with no way out."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")

    def refuse(*_: Any) -> None:
        raise AssertionError("a test reaches out")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def calls(world: sb.World) -> list[str]:
    messages = [record.message for record in world.trace if record.to.startswith("api:")]
    return [message.operation for message in messages]


makers = pytest.mark.parametrize("make", [with_aiobotocore, with_aioboto3])


@makers
def test_an_async_handler_runs_once(make: Callable[[], Any]) -> None:
    """Its call is answered, so Lambda has no reason to run it again."""
    ran: list[str] = []

    async def handler(event: Any) -> None:
        ran.append(event["id"])
        async with make() as client:
            answer = await client.put_events(Entries=[ENTRY | {"Source": "echo"}])
            assert answer["FailedEntryCount"] == 0

    world = sb.World()
    client = world.client()
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": world.function("f", handler).arn}])
    client.put_events(Entries=[ENTRY])
    world.run(hours=1)
    assert len(ran) == 1
    assert calls(world).count("PutEvents") == 2


@makers
def test_a_story(make: Callable[[], Any]) -> None:
    """Answers, errors, pages and the context manager are aiobotocore's own; time passes between."""

    async def story(world: sb.World) -> None:
        async with make() as client:
            for number in range(7):
                await client.put_rule(Name=f"r{number}", EventPattern='{"source": ["shop"]}')
                await anyio.sleep(60)
            names: list[str] = []
            pages = client.get_paginator("list_rules").paginate(PaginationConfig={"PageSize": 3})
            async for page in pages:
                names += [rule["Name"] for rule in page["Rules"]]
            assert names == [f"r{number}" for number in range(7)]
            with pytest.raises(client.exceptions.ResourceNotFoundException) as refusal:
                await client.describe_rule(Name="missing")
            assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"
            both = await asyncio.gather(client.describe_event_bus(), client.list_event_buses())
            assert both[0]["Arn"] == both[1]["EventBuses"][0]["Arn"]

    world = sb.run(story, backend="asyncio")
    assert calls(world)[:8] == ["PutRule"] * 7 + ["ListRules"]


@makers
def test_a_block_around_an_ordinary_event_loop(make: Callable[[], Any]) -> None:
    """Code under test that has a loop of its own, and a client from before."""
    world = sb.World()

    async def main() -> str:
        async with make() as before:
            with world.intercept(account="210987654321"):
                await before.put_events(Entries=[ENTRY])
                async with make() as inside:
                    return str((await inside.describe_event_bus())["Arn"])

    arn = asyncio.run(main_with_keys(main))
    assert arn.split(":")[4] == "210987654321"
    assert calls(world) == ["PutEvents", "DescribeEventBus"]


async def main_with_keys(main: Callable[[], Any]) -> Any:
    """With keys in the environment: what is made outside of a block looks for some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "x")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        return await main()


def test_hooks_read_the_response() -> None:
    """The body is awaited, as aiobotocore has it."""
    told: list[bytes] = []

    async def after(http_response: Any, **_: Any) -> None:
        told.append(await http_response.content)
        assert (await http_response.text).encode() == told[-1]

    async def story(world: sb.World) -> None:
        async with with_aiobotocore() as client:
            client.meta.events.register(
                "response-received.events", lambda response_dict, **_: told.append(b"received")
            )
            client.meta.events.register("after-call.events", after)
            await client.put_events(Entries=[ENTRY])

    sb.run(story)
    assert told[0] == b"received"
    assert b"FailedEntryCount" in told[1]


def test_on_trio_it_is_refused_before_anything_happens() -> None:
    """aiobotocore needs asyncio; the world has not heard of the call."""

    async def story(world: sb.World) -> None:
        async with with_aiobotocore() as client:
            with pytest.raises(sb.SimbridgeError, match="asyncio"):
                await client.put_events(Entries=[ENTRY])

    assert calls(sb.run(story, backend="trio")) == []


def test_on_a_trio_of_your_own_it_is_refused_as_well() -> None:
    """A block in a program that runs trio."""
    world = sb.World()
    trio = importlib.import_module("trio")

    async def main() -> None:
        with world.intercept():
            async with with_aiobotocore() as client:
                with pytest.raises(sb.SimbridgeError, match="asyncio"):
                    await client.put_events(Entries=[ENTRY])

    trio.run(main)
    assert calls(world) == []


def test_a_world_on_asyncio_inside_of_a_trio_of_your_own() -> None:
    """What counts is the library that runs the code that calls."""
    trio = importlib.import_module("trio")

    async def story(world: sb.World) -> None:
        async with with_aiobotocore() as client:
            await client.put_events(Entries=[ENTRY])

    async def main() -> list[str]:
        return calls(sb.run(story, backend="asyncio"))

    assert trio.run(main) == ["PutEvents"]
    assert "aiobotocore" in sys.modules
