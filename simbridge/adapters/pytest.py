"""The pytest plugin: the fixtures `world` and `events`, and scenarios as tests.

A test that uses neither fixture is left alone. A test that does may be `def`, and time passes with
`world.run`, or `async def`, and time passes with `anyio.sleep`:

- with `@pytest.mark.trio` (or `trio_mode`), pytest-trio sets up the test as usual, with its own
  fixtures, but inside the world: its mark takes a runner as an argument, and this plugin passes one;
- with `@pytest.mark.anyio`, on the backend of the `anyio_backend` fixture. anyio's plugin has no such
  argument and would run the test in real time, so this plugin runs these tests, and the async
  fixtures of function scope that they use, before anyio's plugin does;
- without a mark, on the world's own backend.

The world of a test is the value of its fixture `world`, even if the test's own file defines it; without
that fixture, it is the only world among its fixtures. Before async code runs in it, it is set to the
backend of the mark. A fixture that makes the world cannot run inside it: an async one runs in real time.

The hooks that must run before those of other plugins are registered in `pytest_configure`: that is after
every installed plugin, and pytest calls the hook that was registered last first.
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
from simbridge.scenario.runner import kept_open, marked_in, play
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
    """Register the hooks that run before those of other plugins."""
    config.pluginmanager.register(_AsyncTests(), "simbridge-async-tests")


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Files with `@scenario` in a folder called `scenarios` are tests.

    The folder may belong to something else. So a file is run only if its text contains "simbridge" and
    the mark, and if pytest does not collect it anyway.
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
    """The async library that the mark of the requesting test names; None without such a mark."""
    if request.node.get_closest_marker("trio") is not None:
        return "trio"
    if "anyio_backend" in request.fixturenames:
        return _library(request.getfixturevalue("anyio_backend"))
    return None


def _backend_of(item: pytest.Function) -> str | None:
    """The same for a test that is set up."""
    if item.get_closest_marker("trio") is not None:
        return "trio"
    return _library(item.funcargs["anyio_backend"]) if "anyio_backend" in item.funcargs else None


def _library(backend: Any) -> str:
    """The name in a value of `anyio_backend`: the name itself, or a pair of name and options."""
    return str(backend if isinstance(backend, str) else backend[0])


class _AsyncTests:
    """Runs `async def` tests that use a world inside that world."""

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
        """Give pytest-trio a runner, and Hypothesis an ordinary function to call."""
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
                return made.run_story(lambda _: test(), backend="trio")

            item.add_marker(pytest.mark.trio(run=run_in_world), append=False)
        elif made is not None and hypothesis is not None:
            hypothesis.inner_test = _synchronous(made, inner, _backend_of(item))
            try:
                return (yield)
            finally:  # the same function is called again for the next backend
                hypothesis.inner_test = inner
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a coroutine function in its world; pytest runs an ordinary one."""
        if not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        made = _world_of(pyfuncitem)
        if made is None:
            return None
        test = _synchronous(made, pyfuncitem.obj, _backend_of(pyfuncitem))
        test(**{name: pyfuncitem.funcargs[name] for name in _arguments(pyfuncitem)})
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: Any
    ) -> Generator[None, Any, Any]:
        """Run an async fixture of a test that uses a world in that world; pytest-trio runs its own."""
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
            replaced = _synchronous(made, _bound(function, request), _backend(request))
        fixturedef.func = replaced  # type: ignore[misc]
        try:
            return (yield)
        finally:
            fixturedef.func = function  # type: ignore[misc]


def _worlds(item: pytest.Item) -> dict[str, World]:
    """The worlds among the fixtures and parameters of a test, by name."""
    values = getattr(item, "funcargs", {})
    return {name: value for name, value in values.items() if isinstance(value, World)}


def _arguments(item: pytest.Function) -> list[str]:
    """The parameters of a test that fixtures fill; a default or `mock.patch` may fill others."""
    return [
        name
        for name, parameter in inspect.signature(item.obj).parameters.items()
        if name in item.funcargs and parameter.default is parameter.empty
    ]


def _world_of(item: pytest.Function) -> World | None:
    """The world that an async test runs in.

    Raises `SimbridgeError` for one that uses several of which none is `world`.
    """
    worlds = _worlds(item)
    made = worlds.get("world")
    if made is None:
        names = [name for name in _arguments(item) if name in worlds] or list(worlds)
        if not names:
            return None
        made = worlds[names[0]]
        if any(worlds[name] is not made for name in names):
            raise SimbridgeError(
                f"this async test uses several worlds ({', '.join(names)}), and its time can pass in "
                "one of them only: call the fixture of that one `world`"
            )
    return made


def _world_of_fixture(fixturedef: pytest.FixtureDef[Any], request: Any) -> World | None:
    """The world that an async fixture runs in: that of its test, or one that it takes itself.

    None for a fixture that runs elsewhere, and for those of pytest-trio.
    """
    if request.node.get_closest_marker("trio") is not None:
        return None
    names = ["world"] if "world" in request.fixturenames else fixturedef.argnames
    values = [request.getfixturevalue(name) for name in names if name != "request"]
    return next((value for value in values if isinstance(value, World)), None)


def _makes_the_world(fixturedef: pytest.FixtureDef[Any], request: Any) -> bool:
    """Whether the fixture is `world`, or one that `world` is made from.

    pytest has no public way to ask what a fixture depends on before it is set up.
    """
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
    """A fixture method bound to the instance whose test runs; pytest bound it at collection."""
    here = request.instance
    if inspect.ismethod(function) and type(function.__self__) is type(here):
        bound: Callable[..., Any] = function.__func__.__get__(here)
        return bound
    return function


def _without_a_world(item: pytest.Function, hypothesis: Any) -> Generator[None, Any, Any]:
    """Let pytest-trio run a test in real time; refuse it if one of its own fixtures makes a world."""
    test = item.obj
    if hypothesis is not None:
        return (yield)

    @functools.wraps(test)
    async def checked(**values: Any) -> None:
        for name, value in values.items():
            if isinstance(value, World):
                raise SimbridgeError(
                    f"the world of the async fixture {name!r} is made after pytest-trio has begun to "
                    "run this test in real time: make the fixture `def`, or call it `world`"
                )
        await test(**values)

    item.obj = checked
    try:
        return (yield)
    finally:
        item.obj = test


def _in_real_time(backend: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """An async fixture as an ordinary one that runs outside every world, as anyio's plugin does it."""
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


def _synchronous(
    made: World, function: Callable[..., Any], backend: str | None
) -> Callable[..., Any]:
    """An async function, or an async generator function, as an ordinary one that runs in a world."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return made.run_story(lambda _: function(*args, **kwargs), backend=backend)

        return call

    @functools.wraps(function)
    def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with kept_open(made, function(*args, **kwargs), backend) as value:
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
