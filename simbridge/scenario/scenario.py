"""Scenarios: stories with a name, a seed and a start, that `simbridge run` and pytest can find.

`@scenario(seed=1)` leaves the function as it is and notes on it how its world is made. Assertions in
the story are its checks.
"""

from __future__ import annotations

import inspect
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import Any, Never, TypeVar

from simbridge.base.checks import existing_file
from simbridge.base.errors import SimbridgeError
from simbridge.scenario.story import MARK, play_in
from simbridge.world import World

__all__ = ["is_scenario", "marked_in", "play", "scenario", "scenarios_in", "world_of"]

Story = TypeVar("Story", bound=Callable[..., Any])


def scenario(*nothing: Never, **world: Any) -> Callable[[Story], Story]:
    """Mark `story(world, ...)`, `def` or `async def`, as a scenario; `world` are `World`'s options.

    Raises `SimbridgeError` for an option that `World` does not have, and for a story that takes no
    world.
    """
    if nothing:
        raise SimbridgeError(
            "write @sb.scenario() with parentheses, and World's options by name: @sb.scenario(seed=7)"
        )
    known = inspect.signature(World).parameters
    for name in world:
        if name not in known:
            raise SimbridgeError(f"World has no option {name!r}; it has {', '.join(known)}")

    def mark(story: Story) -> Story:
        try:
            inspect.signature(story).bind_partial(object())
        except (TypeError, ValueError):  # takes no world, or does not say what it takes
            name = getattr(story, "__name__", repr(story))
            raise SimbridgeError(f"a scenario takes a world: def {name}(world)") from None
        setattr(story, MARK, world)
        return story

    return mark


def is_scenario(thing: object) -> bool:
    """Whether `@scenario` stands above it."""
    return callable(thing) and hasattr(thing, MARK)


def play(
    story: Callable[..., Any], *, seed: int | None = None, backend: str | None = None
) -> World:
    """Run a scenario to its end in the world that it asks for; `seed` and `backend` override."""
    return play_in(world_of(story, seed=seed, backend=backend), story)


def world_of(
    story: Callable[..., Any], *, seed: int | None = None, backend: str | None = None
) -> World:
    """The world that a scenario asks for, at its start; `seed` and `backend` override.

    A story that is not marked as a scenario gets a world with the defaults of `World`. `backend`
    "sync" is for `def` scenarios: their async handlers run on asyncio.
    Raises `SimbridgeError` where the scenario cannot be run so.
    """
    options: dict[str, Any] = dict(getattr(story, MARK, {}))
    if seed is not None:
        options["seed"] = seed
    if backend == "sync":
        if inspect.iscoroutinefunction(story):
            raise SimbridgeError("an async def scenario needs backend trio or asyncio, not sync")
        backend = None
    if backend is not None:
        options["backend"] = backend
    return World(**options)


def scenarios_in(path: Path) -> dict[str, Callable[..., Any]]:
    """The scenarios of a file, by name, in the order they stand there.

    Raises `SimbridgeError` when there is no such file, when it cannot be run, or when there is no
    scenario in it. As with any script, what lies beside the file can be imported.
    """
    found = marked_in(path)
    if not found:
        raise SimbridgeError(f"{path} has no scenario: put @simbridge.scenario() above a function")
    return found


def marked_in(path: Path) -> dict[str, Callable[..., Any]]:
    """As `scenarios_in`, and empty where there is none."""
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
