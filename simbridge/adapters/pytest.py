"""The pytest plugin: the fixtures `world` and `events`, and scenarios as tests.

It does nothing to a test that does not ask for `world` or `events`. Time passes with `world.run`;
async stories run with `simbridge.run` inside a plain test. `pytest scenarios/` runs every scenario.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simbridge.lab.scenario import play, scenarios_in
from simbridge.world import World

__all__ = ["events", "pytest_collect_file", "world"]


@pytest.fixture
def world() -> Iterator[World]:
    """A world of its own for each test; `@pytest.mark.parametrize("world", ...)` is not needed."""
    with World() as made:
        yield made


@pytest.fixture
def events(world: World) -> Any:
    """A genuine boto3 client of EventBridge in the test's world."""
    return world.client("events")


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Files with `@scenario` in a folder called `scenarios` are tests."""
    if file_path.suffix == ".py" and file_path.parent.name == "scenarios":
        collector: pytest.Collector = _ScenarioFile.from_parent(parent, path=file_path)
        return collector
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
