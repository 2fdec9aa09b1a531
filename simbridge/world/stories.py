"""Runs a story in a world: code of the user around which time passes.

A `def` story passes the time itself, with `world.run`. An async one is run by the world's engine, and the
kernel lets time pass for as long as the story waits. `World.run_story` is the one way in.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable
from simbridge.hosts import backends, engine
from simbridge.kernel import OUTSIDE, Kernel
from simbridge.world.clients import Clients

__all__ = ["Annotating", "call", "run_awaitable", "use_backend"]


class Annotating(Protocol):
    """What notes seed and virtual time on an exception."""

    def __call__(self, error: BaseException) -> None:
        """See `World.annotate`."""


def use_backend(host: backends.LazyEngine, backend: str) -> None:
    """Run async code on this library from now on.

    Raises `SimbridgeError` if some is still running on the other library.
    """
    backends.check_backend(backend)
    if host.backend == backend:
        return
    if host.busy:
        raise SimbridgeError(
            f"async code of this world is still running on {host.backend} and cannot go on with "
            f"{backend}: make the world with World(backend={backend!r})"
        )
    host.use(backend)


def call(clients: Clients, story: Callable[[], Any], annotate: Annotating) -> Any:
    """Call a story, with the clients that it makes itself served by its world; returns its answer."""
    try:
        with clients.serving():
            returned = story()
        if inspect.isgenerator(returned) or inspect.isasyncgen(returned):
            raise SimbridgeError(
                "a story with yield in it does not run: write def, where time passes with world.run, "
                "or async def, where it passes with await anyio.sleep(seconds)"
            )
    except BaseException as error:
        annotate(error)
        raise
    return returned


def run_awaitable(
    kernel: Kernel,
    clients: Clients,
    awaitable: Awaitable[Any],
    until: Callable[[], bool] | None,
    annotate: Annotating,
) -> list[Any]:
    """Let time pass until a story has returned, or `until()` is true.

    Returns a list with what the story returned; it is empty if the story has not returned.
    """
    ended: list[Any] = []
    finished = until or (lambda: bool(ended))
    host = kernel.host
    assert isinstance(host, backends.LazyEngine)
    with kernel.exclusive, clients.as_current():
        try:
            host.start(OUTSIDE, 0, lambda: awaitable, ended.append)
            if not kernel.advance(clock.LATEST, finished):
                raise engine.stalled(kernel)
        except BaseException as error:
            annotate(error)
            _close(host, error)
            raise
        host.close_if_idle()
    return ended


def _close(host: backends.LazyEngine, error: BaseException) -> None:
    """Cancel what is still running; what that raises must not hide the error it is done for."""
    try:
        host.close()
    except Exception as another:
        error.add_note(
            f"simbridge: when it was cancelled, async code raised {printable(repr(another))}"
        )
