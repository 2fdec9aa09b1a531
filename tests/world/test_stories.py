"""`World.run_story`: code of the user, run in an existing world."""

from __future__ import annotations

import anyio
import pytest

import simbridge as sb


async def hour(world: sb.World) -> int:
    """An async story that takes an hour."""
    await anyio.sleep(3600)
    return world.now.hour


def test_a_story_returns_its_value() -> None:
    """A `def` story passes the time itself, an async one by sleeping; one follows the other."""
    world = sb.World()
    assert world.run_story(lambda world: world.run(hours=2) or world.now.hour) == 2
    assert world.run_story(hour) == 3


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_the_backend_of_a_story_stays(backend: str) -> None:
    """It runs what is async from then on."""
    world = sb.World(backend="asyncio")
    assert world.run_story(hour, backend=backend) == 1
    assert world.backend == backend


def test_a_story_may_be_left_running() -> None:
    """With `until`, it returns as soon as that holds; the story goes on when time passes again."""
    world, seen = sb.World(), []

    async def story(world: sb.World) -> None:
        for _ in range(3):
            await anyio.sleep(3600)
            seen.append(world.now.hour)

    assert world.run_story(story, until=lambda: len(seen) == 1) is None
    assert seen == [1]
    with pytest.raises(
        sb.SimbridgeError, match="still running on asyncio and cannot go on with trio"
    ):
        world.run_story(hour, backend="trio")
    world.run(hours=5)
    assert seen == [1, 2, 3]


def test_what_a_story_raises_says_how_to_repeat_it() -> None:
    """Seed and virtual time are in the notes, in either kind of story."""

    async def fails(world: sb.World) -> None:
        await anyio.sleep(60)
        raise KeyError("x")

    def fails_too(world: sb.World) -> None:
        raise KeyError("x")

    for story, minute in ((fails, 1), (fails_too, 0)):
        with pytest.raises(KeyError) as caught:
            sb.World(seed=5).run_story(story)
        assert caught.value.__notes__ == [
            f"simbridge: seed=5, virtual time 2026-01-01T00:0{minute}:00.000000Z"
        ]


def test_a_story_inside_a_running_world_is_refused() -> None:
    """A handler cannot start one; its coroutine is closed and leaves no warning."""
    world, refused = sb.World(), []

    def handler(event: dict) -> None:
        try:
            world.run_story(hour)
        except sb.SimbridgeError as error:
            refused.append(str(error))

    events = world.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = world.stand_in("arn:aws:sqs:us-east-1:123456789012:q", handler)
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": target.arn}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    assert len(refused) == 1
