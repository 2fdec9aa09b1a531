"""Scenarios: stories with a name, a seed and a start, that `simbridge run` and pytest can find.

`@scenario(seed=1)` leaves the function as it is and notes on it how its world is made. Assertions in
the story are its checks.
"""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal, TypeVar

from simbridge.errors import SimbridgeError
from simbridge.lab.narrate import narrate
from simbridge.lab.story import play_in
from simbridge.world import World

__all__ = ["is_scenario", "play", "scenario", "scenarios_in"]

Story = TypeVar("Story", bound=Callable[..., Any])

_MARK = "__simbridge_scenario__"


def scenario(**world: Any) -> Callable[[Story], Story]:
    """Mark `story(world, ...)`, `def` or `async def`, as a scenario; `world` are `World`'s options."""

    def mark(story: Story) -> Story:
        setattr(story, _MARK, world)
        return story

    return mark


def is_scenario(thing: object) -> bool:
    """Whether `@scenario` stands above it."""
    return callable(thing) and hasattr(thing, _MARK)


def play(
    story: Callable[..., Any],
    *,
    seed: int | None = None,
    backend: str | None = None,
    log: Literal["console", "json"] | None = None,
) -> World:
    """Run a scenario in the world it asks for; `seed` and `backend` override, `log` narrates.

    `backend` "sync" is for `def` scenarios: their async handlers run on asyncio.
    """
    options: dict[str, Any] = dict(getattr(story, _MARK))
    if seed is not None:
        options["seed"] = seed
    if backend == "sync":
        if inspect.iscoroutinefunction(story):
            raise SimbridgeError("an async def scenario needs backend trio or asyncio, not sync")
        backend = None
    if backend is not None:
        options["backend"] = backend
    made = World(**options)
    with narrate(made, form=log) if log else nullcontext():
        return play_in(made, story)


def scenarios_in(path: Path) -> dict[str, Callable[..., Any]]:
    """The scenarios of a file, by name, in the order they stand there.

    Raises `SimbridgeError` when there is no such file or no scenario in it.
    """
    if not path.is_file():
        raise SimbridgeError(f"there is no file {path}")
    found = {name: thing for name, thing in runpy.run_path(str(path)).items() if is_scenario(thing)}
    if not found:
        raise SimbridgeError(f"{path} has no scenario: put @simbridge.scenario() above a function")
    return found
