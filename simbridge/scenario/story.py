"""Run a story, sync or async, in a world of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from simbridge.base.errors import SimbridgeError
from simbridge.scenario.runner import run_story
from simbridge.world import World

__all__ = ["MARK", "play_in", "run"]

MARK = "__simbridge_scenario__"
"""Where a scenario keeps the options of its world (`scenario/scenario`)."""


def run(story: Callable[[World], Any], **options: Any) -> World:
    """Run `story(world)` to its end and return the world.

    `story` is `async def`, or returns an awaitable (time passes with `anyio.sleep`), or `def` (with
    `world.run`). `options` are
    `World`'s: `seed=7`, `backend="trio"`; those that are not given are the scenario's own, where the
    story is one. It has ended when it has returned and everything due at that instant has happened.
    What the story raises is raised, with the seed and the virtual time in its notes.
    """
    if not callable(story):
        raise SimbridgeError(f"a story is a function that takes a world, not {story!r}")
    takes_a_world(story)
    known = inspect.signature(World).parameters
    for name in options:
        if name not in known:
            raise SimbridgeError(f"World has no option {name!r}; it has {', '.join(known)}")
    return play_in(World(**{**getattr(story, MARK, {}), **options}), story)


def takes_a_world(story: Callable[..., Any]) -> None:
    """Raise `SimbridgeError` for a function that cannot be called with a world and nothing else."""
    try:
        inspect.signature(story).bind(object())
    except TypeError as error:
        name = getattr(story, "__name__", repr(story))
        raise SimbridgeError(f"a story takes a world, def {name}(world): {error}") from None
    except ValueError:
        pass  # written in C, without a signature to ask


def play_in(made: World, story: Callable[[World], Any]) -> World:
    """Run a story to its end in a world that is there already, and return that world."""
    try:
        with made._clients.serving():
            returned: Any = story(made)
        if inspect.isgenerator(returned) or inspect.isasyncgen(returned):
            raise SimbridgeError(
                "a story with yield in it does not run: write def, where time passes with world.run, "
                "or async def, where it passes with await anyio.sleep(seconds)"
            )
    except BaseException as error:
        made.annotate(error)
        raise
    if inspect.isawaitable(returned):
        run_story(made, lambda _: returned)
    else:
        made.settle()
    return made
