"""Marks a function as a scenario: a story with a name, a seed and a start.

`@scenario(seed=1)` leaves the function as it is and notes on it how its world is made, so that
`simbridge run` and pytest find it (`scenario/runner`). Assertions in the story are its checks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Never, TypeVar

from simbridge.base.errors import SimbridgeError
from simbridge.world import World

__all__ = ["check_options", "is_scenario", "scenario", "world_options"]

Story = TypeVar("Story", bound=Callable[..., Any])

_MARK = "__simbridge_scenario__"
"""The attribute of a scenario that holds the options of its world."""


def scenario(*nothing: Never, **world: Any) -> Callable[[Story], Story]:
    """Mark `story(world, ...)`, `def` or `async def`, as a scenario; `world` are `World`'s options.

    Raises `SimbridgeError` for an option that `World` does not have, and for a story that takes no
    world.
    """
    if nothing:
        raise SimbridgeError(
            "write @sb.scenario() with parentheses, and World's options by name: @sb.scenario(seed=7)"
        )
    check_options(world)

    def mark(story: Story) -> Story:
        try:
            inspect.signature(story).bind_partial(object())
        except (TypeError, ValueError):  # takes no world, or has no signature
            name = getattr(story, "__name__", repr(story))
            raise SimbridgeError(f"a scenario takes a world: def {name}(world)") from None
        setattr(story, _MARK, world)
        return story

    return mark


def check_options(options: dict[str, Any]) -> None:
    """Raise `SimbridgeError` for an option that `World` does not have."""
    parameters = inspect.signature(World).parameters
    for name in options:
        if name not in parameters:
            raise SimbridgeError(f"World has no option {name!r}; it has {', '.join(parameters)}")


def is_scenario(thing: object) -> bool:
    """Whether it is marked with `@scenario`."""
    return callable(thing) and hasattr(thing, _MARK)


def world_options(story: Callable[..., Any]) -> dict[str, Any]:
    """The options of a scenario's world; none for a story that is not marked."""
    return dict(getattr(story, _MARK, {}))
