"""The pytest plugin: the fixtures `world` and `events`, and scenarios as tests.

It does nothing to a test that does not ask for `world` or `events`. Such a test may be `def`, where
time passes with `world.run`, or `async def`, where it passes with `anyio.sleep`:

- with `@pytest.mark.trio` (or `trio_mode`), pytest-trio sets the test up as always, with its own
  fixtures, but inside the world: its mark has an argument for the runner, and that is us;
- with `@pytest.mark.anyio`, on the backend of the `anyio_backend` fixture. anyio's plugin has no such
  argument and would run the test in real time, so this plugin takes these tests, and the async
  fixtures of function scope they use, before anyio's plugin sees them;
- with no mark at all, on the world's own backend.

The hooks that must come before those of other plugins are registered when pytest is configured: that
is after every installed plugin, and pytest asks the youngest first.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from simbridge.lab.scenario import marked_in, play
from simbridge.play import kept_open, run_story
from simbridge.world import World

__all__ = ["events", "pytest_collect_file", "pytest_configure", "world"]


_MARK = re.compile(rb"^@(\w+\.)*scenario\b", re.MULTILINE)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of its own for each test."""
    with World(backend=_backend(request)) as made:
        yield made


@pytest.fixture
def events(world: World) -> Any:
    """A genuine boto3 client of EventBridge in the test's world."""
    return world.client("events")


def pytest_configure(config: pytest.Config) -> None:
    """Register the hooks that come before those of other plugins."""
    config.pluginmanager.register(_AsyncTests(), "simbridge-async-tests")


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Files with `@scenario` in a folder called `scenarios` are tests.

    Other people have folders of this name, too. A file is run only if simbridge and the mark stand in
    its text, and if pytest has no use of its own for it.
    """
    if file_path.suffix != ".py" or file_path.parent.name != "scenarios":
        return None
    patterns = [*parent.config.getini("python_files"), "conftest.py", "__init__.py"]
    if any(file_path.match(pattern) for pattern in patterns):
        return None
    text = file_path.read_bytes()
    if b"simbridge" not in text or not _MARK.search(text):
        return None
    collector: pytest.Collector = _ScenarioFile.from_parent(parent, path=file_path)
    return collector


def _backend(request: pytest.FixtureRequest) -> str:
    """The async library of the test that asks."""
    if request.node.get_closest_marker("trio") is not None:
        return "trio"
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend")
        return str(backend if isinstance(backend, str) else backend[0])
    return "asyncio"


class _AsyncTests:
    """Runs `async def` tests that use a world inside it."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Give pytest-trio a runner of ours, and Hypothesis an ordinary function to call."""
        made = _world_of(item)
        hypothesis = getattr(getattr(item, "obj", None), "hypothesis", None)
        if made is None:
            return (yield)
        if item.get_closest_marker("trio") is not None:

            def run_in_world(test: Callable[[], Any], **_: Any) -> Any:
                return run_story(made, lambda _: test())

            item.add_marker(pytest.mark.trio(run=run_in_world), append=False)
        elif hypothesis is not None and inspect.iscoroutinefunction(hypothesis.inner_test):
            inner = hypothesis.inner_test
            hypothesis.inner_test = _synchronous(made, inner)
            try:
                return (yield)
            finally:  # the same function is called again for the next backend
                hypothesis.inner_test = inner
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a coroutine function; an ordinary one is none of our business."""
        made = _world_of(pyfuncitem)
        if made is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        names = pyfuncitem._fixtureinfo.argnames
        test = _synchronous(made, pyfuncitem.obj)
        test(**{name: pyfuncitem.funcargs[name] for name in names})
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: Any
    ) -> Generator[None, Any, Any]:
        """Run an async fixture of a test that uses a world inside it; pytest-trio runs its own."""
        function: Any = fixturedef.func
        if (
            "world" not in request.fixturenames
            or fixturedef.scope != "function"
            or request.node.get_closest_marker("trio") is not None
            or not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function))
            or not isinstance(made := request.getfixturevalue("world"), World)
        ):
            return (yield)
        fixturedef.func = _synchronous(made, function)  # type: ignore[misc]
        try:
            return (yield)
        finally:
            fixturedef.func = function  # type: ignore[misc]


def _world_of(item: pytest.Item) -> World | None:
    made = getattr(item, "funcargs", {}).get("world")
    return made if isinstance(made, World) else None


def _synchronous(made: World, function: Callable[..., Any]) -> Callable[..., Any]:
    """An async function, or an async generator function, as an ordinary one that runs in a world."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return run_story(made, lambda _: function(*args, **kwargs))

        return call

    @functools.wraps(function)
    def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with kept_open(made, function(*args, **kwargs)) as value:
            yield value

    return generate


class _ScenarioFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        for name, story in marked_in(self.path).items():
            yield _ScenarioItem.from_parent(self, name=name, story=story)


class _ScenarioItem(pytest.Item):
    def __init__(self, *, story: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self._story = story

    def runtest(self) -> None:
        play(self._story).close()

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"scenario: {self.name}"
