"""Run a story, sync or async, in a world of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from simbridge.errors import SimbridgeError
from simbridge.world import World, run_story

__all__ = ["play_in", "run"]


def run(
    story: Callable[[World], Any], *, seed: int = 0, backend: str = "asyncio", **world: Any
) -> World:
    """Run `story(world)` to its end and return the world.

    `story` is `async def` (time passes with `anyio.sleep`) or `def` (with `world.run`); `backend` is
    "trio" or "asyncio"; whatever else is given goes to `World`. What the story raises is raised,
    with the seed and the virtual time in its notes.
    """
    if not callable(story):
        raise SimbridgeError(f"a story is a function that takes a world, not {story!r}")
    return play_in(World(seed, backend=backend, **world), story)


def play_in(made: World, story: Callable[[World], Any]) -> World:
    """Run a story to its end in a world that is there already, and return that world."""
    if inspect.iscoroutinefunction(story):
        run_story(made, story)
    else:
        try:
            story(made)
        except BaseException as error:
            made.annotate(error)
            raise
    return made
