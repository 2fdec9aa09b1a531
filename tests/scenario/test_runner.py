"""Running stories: what counts as one, and in which world it runs."""

from __future__ import annotations

import functools

import anyio

import simbridge as sb


async def nap(world: sb.World, hours: int = 1) -> None:
    """An async story."""
    await anyio.sleep(hours * 3600)


def test_a_function_that_returns_a_coroutine_is_a_story() -> None:
    """A lambda that calls an async function is run like the function itself."""
    assert sb.run(lambda world: nap(world)).now.hour == 1


def test_an_async_function_with_arguments_bound() -> None:
    """`functools.partial` of an async function is an async story."""
    assert sb.run(functools.partial(nap, hours=3)).now.hour == 3


def test_a_scenario_keeps_its_options() -> None:
    """`sb.run` takes the options of a scenario where none are given."""

    @sb.scenario(seed=7, start="2026-03-01T05:00:00Z")
    def story(world: sb.World) -> None:
        world.run(hours=1)

    assert (sb.run(story).seed, sb.run(story).now.hour, sb.run(story, seed=8).seed) == (7, 6, 8)
