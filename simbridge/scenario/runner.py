"""Runs stories: makes the world that a story asks for, plays it, and finds the scenarios of a file.

A story is a function that takes a world, `def` or `async def`. A scenario is a story that is marked with
the options of its world (`scenario/scenario`). Whatever runs one, a test, a sweep, the command line or
`simbridge.run`, does so through this module.
"""

from __future__ import annotations

import inspect
import runpy
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any

from simbridge.base.checks import existing_file
from simbridge.base.errors import SimbridgeError
from simbridge.hosts.engine import KeptOpen
from simbridge.scenario.scenario import check_options, is_scenario, world_options
from simbridge.world import World

__all__ = ["kept_open", "make_world", "marked_in", "play", "play_in", "run", "scenarios_in"]


def run(story: Callable[[World], Any], **options: Any) -> World:
    """Run `story(world)` to its end and return the world.

    `story` is `async def`, or returns an awaitable (time passes with `anyio.sleep`), or `def` (with
    `world.run`). `options` are `World`'s: `seed=7`, `backend="trio"`; if the story is a scenario, its
    own options are the defaults. The story has ended when it has returned and everything due at that
    instant has happened.
    What the story raises is raised, with the seed and the virtual time in its notes.
    """
    if not callable(story):
        raise SimbridgeError(f"a story is a function that takes a world, not {story!r}")
    _check_takes_a_world(story)
    check_options(options)
    return play_in(World(**{**world_options(story), **options}), story)


def play(
    story: Callable[..., Any], *, seed: int | None = None, backend: str | None = None
) -> World:
    """Run a scenario to its end in the world that it asks for; `seed` and `backend` override."""
    return play_in(make_world(story, seed=seed, backend=backend), story)


def make_world(
    story: Callable[..., Any], *, seed: int | None = None, backend: str | None = None
) -> World:
    """The world that a scenario asks for, at its start; `seed` and `backend` override.

    A story that is not marked as a scenario gets a world with the defaults of `World`. `backend`
    "sync" is for `def` scenarios: their async handlers run on asyncio.
    Raises `SimbridgeError` for an `async def` scenario on backend "sync".
    """
    options = world_options(story)
    if seed is not None:
        options["seed"] = seed
    if backend == "sync":
        if inspect.iscoroutinefunction(story):
            raise SimbridgeError("an async def scenario needs backend trio or asyncio, not sync")
        backend = None
    if backend is not None:
        options["backend"] = backend
    return World(**options)


def play_in(world: World, story: Callable[[World], Any]) -> World:
    """Run a story to its end in an existing world, and return that world."""
    world.run_story(story)
    return world


def scenarios_in(path: Path) -> dict[str, Callable[..., Any]]:
    """The scenarios of a file by name, in the order of the file.

    Raises `SimbridgeError` if there is no such file, if running it raises, or if there is no
    scenario in it. As with any script, the modules beside the file can be imported.
    """
    found = marked_in(path)
    if not found:
        raise SimbridgeError(f"{path} has no scenario: put @simbridge.scenario() above a function")
    return found


def marked_in(path: Path) -> dict[str, Callable[..., Any]]:
    """As `scenarios_in`, but empty if the file has no scenario."""
    existing_file(path)
    search = list(sys.path)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        names = runpy.run_path(str(path))
    except (Exception, SystemExit) as error:
        lines = [one.lineno for one in extract_tb(error.__traceback__) if one.filename == str(path)]
        place = f" (line {lines[-1]})" if lines else ""
        raise SimbridgeError(
            f"{path} cannot be run: {type(error).__name__}: {error}{place}"
        ) from error
    finally:
        sys.path[:] = search
    return {name: thing for name, thing in names.items() if is_scenario(thing)}


@contextmanager
def kept_open(
    world: World, generator: AsyncGenerator[Any, None], backend: str | None = None
) -> Iterator[Any]:
    """Run an async generator up to its one `yield`, and after the `with` block to its end.

    This is how an async fixture runs inside a world.
    """
    kept = KeptOpen(generator)
    world.run_story(lambda _: kept.hold(), backend=backend, until=lambda: bool(kept.yielded))
    try:
        yield kept.yielded[0]
    finally:
        world.run_story(lambda _: kept.end())


def _check_takes_a_world(story: Callable[..., Any]) -> None:
    """Raise `SimbridgeError` for a function that cannot be called with a world and nothing else."""
    try:
        inspect.signature(story).bind(object())
    except TypeError as error:
        name = getattr(story, "__name__", repr(story))
        raise SimbridgeError(f"a story takes a world, def {name}(world): {error}") from None
    except ValueError:
        pass  # written in C, without a signature
