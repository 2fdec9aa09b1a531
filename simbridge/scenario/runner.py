"""Async stories: run to their end, in the world that they are about."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.hosts import engine
from simbridge.kernel import OUTSIDE
from simbridge.world import World

__all__ = ["kept_open", "run_story", "use_backend"]


def run_story(world: World, story: Callable[[World], Any]) -> Any:
    """Run an async story of this world to its end; returns what it returned. See `simbridge.run`."""
    ended: list[Any] = []
    _run_guest(world, lambda: story(world), ended.append, lambda: bool(ended))
    world.settle()
    return ended[0]


def use_backend(world: World, backend: str) -> None:
    """Have the async code of this world run on this library, whatever it was made with.

    Raises `SimbridgeError` if some is under way on the other library.
    """
    if world.backend == backend:
        return
    if world._host.busy:
        raise SimbridgeError(
            f"async code of this world is under way on {world.backend}, and would have to go on with "
            f"{backend}: make the world with World(backend={backend!r})"
        )
    world._host.use(backend)
    world.backend = backend


@contextmanager
def kept_open(world: World, generator: AsyncGenerator[Any, None]) -> Iterator[Any]:
    """An async generator run up to its one `yield`, and after the `with` block on to its end."""
    kept = engine.KeptOpen(generator)
    _run_guest(world, kept.hold, lambda _: None, lambda: bool(kept.yielded))
    try:
        yield kept.yielded[0]
    finally:
        run_story(world, lambda _: kept.end())


def _run_guest(
    world: World,
    function: Callable[[], Any],
    done: Callable[[Any], None],
    finished: Callable[[], bool],
) -> None:
    """Start a guest in the story's name and let time pass until `finished()`."""
    host, kernel = world._host, world._kernel
    with kernel.exclusive, world._clients.as_current():
        try:
            host.start(OUTSIDE, 0, function, done)
            if not kernel.advance(clock.LATEST, finished):
                raise engine.stalled(kernel)
        except BaseException as error:
            world.annotate(error)
            _close(host, error)
            raise
        host.close_if_idle()


def _close(host: engine.LazyEngine, error: BaseException) -> None:
    """Cancel what is under way; what that raises must not hide the error it is done for."""
    try:
        host.close()
    except Exception as another:
        error.add_note(
            f"simbridge: when it was cancelled, async code raised {printable(repr(another))}"
        )
