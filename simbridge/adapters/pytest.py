"""The pytest plugin: the fixtures `world` and `events`, and scenarios as tests.

It does nothing to a test that does not ask for `world` or `events`. Such a test may be `def`, where
time passes with `world.run`, or `async def`, where it passes with `anyio.sleep`:

- with `@pytest.mark.trio` (or `trio_mode`), pytest-trio sets the test up as always, with its own
  fixtures, but inside the world: its mark has an argument for the runner, and that is us;
- with `@pytest.mark.anyio`, on the backend of the `anyio_backend` fixture. anyio's plugin has no such
  argument and would run the test in real time, so this plugin takes these tests, and the async
  fixtures of function scope they use, before anyio's plugin sees them;
- with no mark at all, on the world's own backend.

The test's world is the value of its fixture `world`, whoever has defined that; without one, it is the
only world among its fixtures. Before async code runs in it, it is set to the backend of the mark.
A fixture that makes the world cannot run inside it: an async one runs in real time.

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
from anyio.pytest_plugin import get_runner

from simbridge.base.errors import SimbridgeError
from simbridge.scenario.runner import kept_open, run_story, use_backend
from simbridge.scenario.scenario import marked_in, play
from simbridge.world import World

__all__ = ["events", "pytest_collect_file", "pytest_configure", "world"]


_MARK = re.compile(rb"^@(\w+\.)*scenario\b", re.MULTILINE)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of its own for each test."""
    with World(backend=_backend(request) or "asyncio") as made:
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


def _backend(request: pytest.FixtureRequest) -> str | None:
    """The async library that the mark of the test that asks stands for; None without such a mark."""
    if request.node.get_closest_marker("trio") is not None:
        return "trio"
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend")
        return str(backend if isinstance(backend, str) else backend[0])
    return None


class _AsyncTests:
    """Runs `async def` tests that use a world inside it."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Run the test, in its world if it is async; note seed and virtual time on what it raises."""
        try:
            return (yield from self._run(item))
        except BaseException as error:
            for made in _worlds(item).values():
                made.annotate(error)
            raise

    def _run(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Give pytest-trio a runner of ours, and Hypothesis an ordinary function to call."""
        test = getattr(item, "obj", None)
        hypothesis = getattr(test, "hypothesis", None)
        inner = test if hypothesis is None else hypothesis.inner_test
        if not isinstance(item, pytest.Function) or not inspect.iscoroutinefunction(inner):
            return (yield)
        made = _world_of(item)
        if item.get_closest_marker("trio") is not None:
            if made is None:
                return (yield from _without_a_world(item, hypothesis))

            def run_in_world(test: Callable[[], Any], **_: Any) -> Any:
                return run_story(made, lambda _: test())

            item.add_marker(pytest.mark.trio(run=run_in_world), append=False)
        elif made is not None and hypothesis is not None:
            hypothesis.inner_test = _synchronous(made, inner)
            try:
                return (yield)
            finally:  # the same function is called again for the next backend
                hypothesis.inner_test = inner
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a coroutine function; an ordinary one is none of our business."""
        if not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        made = _world_of(pyfuncitem)
        if made is None:
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
        if fixturedef.scope != "function" or not (
            inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        ):
            return (yield)
        if _makes_the_world(fixturedef, request):
            if "anyio_backend" in request.fixturenames:  # anyio's plugin runs it
                return (yield)
            replaced = _in_real_time(_backend(request) or "asyncio", _bound(function, request))
        else:
            made = _world_of_fixture(fixturedef, request)
            if made is None:
                return (yield)
            replaced = _synchronous(made, _bound(function, request))
        fixturedef.func = replaced  # type: ignore[misc]
        try:
            return (yield)
        finally:
            fixturedef.func = function  # type: ignore[misc]


def _worlds(item: pytest.Item) -> dict[str, World]:
    """The worlds among the fixtures and parameters of a test, by name."""
    values = getattr(item, "funcargs", {})
    return {name: value for name, value in values.items() if isinstance(value, World)}


def _world_of(item: pytest.Function) -> World | None:
    """The world that an async test runs in, set to its backend.

    Raises `SimbridgeError` for one that uses several of which none is `world`.
    """
    worlds = _worlds(item)
    made = worlds.get("world")
    if made is None:
        named = [name for name in item._fixtureinfo.argnames if name in worlds]
        names = named or list(worlds)
        if not names:
            return None
        made = worlds[names[0]]
        if any(worlds[name] is not made for name in names):
            raise SimbridgeError(
                f"this async test uses several worlds ({', '.join(names)}), and its time can pass in "
                "one of them only: call the fixture of that one `world`"
            )
    return _on_its_backend(made, item._request)


def _on_its_backend(made: World, request: pytest.FixtureRequest) -> World:
    backend = _backend(request)
    if backend is not None:
        use_backend(made, backend)
    return made


def _world_of_fixture(fixturedef: pytest.FixtureDef[Any], request: Any) -> World | None:
    """The world that an async fixture runs in: that of its test, or one that it takes itself.

    None for a fixture that runs elsewhere, and for those of pytest-trio.
    """
    if request.node.get_closest_marker("trio") is not None:
        return None
    names = ["world"] if "world" in request.fixturenames else fixturedef.argnames
    values = [request.getfixturevalue(name) for name in names if name != "request"]
    made = next((value for value in values if isinstance(value, World)), None)
    return None if made is None else _on_its_backend(made, request)


def _makes_the_world(fixturedef: pytest.FixtureDef[Any], request: Any) -> bool:
    """Whether the fixture is `world`, or one that `world` is made from."""
    if "world" in fixturedef.argnames:
        return False
    definitions = request.node._fixtureinfo.name2fixturedefs
    names = ["world"]
    for name in names:
        for definition in definitions.get(name, ()):
            if definition is fixturedef:
                return True
            names += [other for other in definition.argnames if other not in names]
    return False


def _bound(function: Callable[..., Any], request: Any) -> Callable[..., Any]:
    """A fixture that is a method, of the instance whose test runs; pytest binds it when it collects."""
    here = request.instance
    if inspect.ismethod(function) and type(function.__self__) is type(here):
        bound: Callable[..., Any] = function.__func__.__get__(here)
        return bound
    return function


def _without_a_world(item: pytest.Function, hypothesis: Any) -> Generator[None, Any, Any]:
    """Let pytest-trio run a test in real time, unless its own fixtures bring a world after all."""
    test = item.obj
    if hypothesis is not None:
        return (yield)

    @functools.wraps(test)
    async def checked(**values: Any) -> None:
        for name, value in values.items():
            if isinstance(value, World):
                raise SimbridgeError(
                    f"the world of the async fixture {name!r} is made after pytest-trio has begun to "
                    "run this test, in real time: make the fixture `def`, or call it `world`"
                )
        await test(**values)

    item.obj = checked
    try:
        return (yield)
    finally:
        item.obj = test


def _in_real_time(backend: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """An async fixture as an ordinary one that runs outside of any world, as anyio's plugin does it."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        def call(**values: Any) -> Any:
            with get_runner(backend, {}) as runner:
                return runner.run_fixture(function, values)

        return call

    @functools.wraps(function)
    def generate(**values: Any) -> Iterator[Any]:
        with get_runner(backend, {}) as runner:
            yield from runner.run_asyncgen_fixture(function, values)

    return generate


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
