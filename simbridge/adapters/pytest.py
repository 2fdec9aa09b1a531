"""The pytest plugin: the fixtures `world` and `events`, and scenarios as tests.

It does nothing to a test that does not ask for `world` or `events`. A `def` test gets a world and
lets time pass with `world.run`. An `async def` test that is marked for trio (pytest-trio) or anyio
runs as the story of its world, in virtual time, on the backend that the mark names. (Async fixtures
of those plugins run in their own loop and in real time.) `pytest scenarios/` runs every scenario.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simbridge.lab.scenario import play, scenarios_in
from simbridge.lab.story import play_in
from simbridge.world import World

__all__ = [
    "events",
    "pytest_collect_file",
    "pytest_collection_modifyitems",
    "pytest_pyfunc_call",
    "world",
]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of its own for each test; `@pytest.mark.parametrize("world", ...)` is not needed."""
    with World(backend=_backend(request.node) or "asyncio") as made:
        yield made


@pytest.fixture
def events(world: World) -> Any:
    """A genuine boto3 client of EventBridge in the test's world."""
    return world.client("events")


_STORY: pytest.StashKey[Any] = pytest.StashKey()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Remember async tests that ask for a world before other plugins wrap them."""
    for item in items:
        if isinstance(item, pytest.Function) and "world" in item.fixturenames:
            item.stash[_STORY] = item.obj


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test that asks for a world as the story of that world."""
    made = pyfuncitem.funcargs.get("world")
    test = pyfuncitem.stash.get(_STORY, None)
    if not isinstance(made, World) or not inspect.iscoroutinefunction(test):
        return None
    if _backend(pyfuncitem) is None:
        return None
    names = inspect.signature(test).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def story(_: World) -> None:
        await test(**arguments)

    play_in(made, story)
    return True


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Files with `@scenario` in a folder called `scenarios` are tests."""
    if file_path.suffix == ".py" and file_path.parent.name == "scenarios":
        collector: pytest.Collector = _ScenarioFile.from_parent(parent, path=file_path)
        return collector
    return None


def _backend(item: Any) -> str | None:
    """The async library that a test is marked for."""
    if item.get_closest_marker("trio"):
        return "trio"
    if item.get_closest_marker("anyio"):
        chosen = item.funcargs.get("anyio_backend", "asyncio")
        return str(chosen[0] if isinstance(chosen, tuple) else chosen)
    return None


class _ScenarioFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        for name, story in scenarios_in(self.path).items():
            yield _ScenarioItem.from_parent(self, name=name, story=story)


class _ScenarioItem(pytest.Item):
    def __init__(self, *, story: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self._story = story

    def runtest(self) -> None:
        play(self._story).close()

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"scenario: {self.name}"
