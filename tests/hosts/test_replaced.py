"""What the hosts replace in trio and anyio, they replace in steps of worlds and nowhere else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio
import trio._threads
from trio._core import _run

import simbridge as sb
from simbridge.hosts import trio as trio_host
from simbridge.hosts.replaced import Name, Replaced

BACKENDS = ["asyncio", "trio"]
ENTRY = {"Source": "s", "DetailType": "d", "Detail": "{}"}
HOSTS = Path(trio_host.__file__).parent


def replaced() -> tuple[Any, ...]:
    """The present objects at the names that the hosts replace."""
    return (
        _run._r,
        _run._ALLOW_DETERMINISTIC_SCHEDULING,
        trio._threads.start_thread_soon,
        anyio.to_thread.get_async_backend,
    )


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """After each test the libraries have their own names."""
    before = replaced()
    yield
    assert replaced() == before


async def to_a_thread() -> bool:
    """Whether a function that is handed to a worker thread runs in one."""
    there: int = await anyio.to_thread.run_sync(threading.get_ident)
    return there != threading.get_ident()


async def runs_in_place() -> None:
    """Async code that waits, and whose functions for worker threads run in place."""
    for _ in range(3):
        assert not await to_a_thread()
        await anyio.sleep(1)


def in_thread(function: Callable[[], Any]) -> Any:
    """What a function returns in a thread of its own."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    assert results, "it has raised"
    return results[0]


def wired(backend: str, handler: Any) -> sb.World:
    """A world with one event on its way to a function with this handler."""
    world = sb.World(backend=backend)
    events = world.client()
    arn = world.function("f", handler).arn
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[ENTRY])
    return world


# -- the libraries are as they were ---------------------------------------------------------------

UNTOUCHED = """
import sys
import anyio, anyio.to_thread, anyio.from_thread, anyio.lowlevel, trio
import anyio._backends._asyncio, anyio._backends._trio, trio.testing

def ours(name):
    return (name or "").partition(".")[0] in ("trio", "anyio", "outcome", "sniffio")

def names():
    found = {}
    for module in filter(ours, sorted(sys.modules)):
        for name, value in vars(sys.modules[module]).items():
            found[module, name] = value
            if isinstance(value, type) and ours(value.__module__):
                for key, member in vars(value).items():
                    found[module, name, key] = member
    return found

before = names()

def changed():
    # anyio says where its classes are to be found when it is first asked for them
    after = names()
    return [k for k in before if k[-1] != "__module__" and after.get(k) is not before[k]]

import simbridge as sb
import simbridge.hosts.asyncio, simbridge.hosts.trio
print(changed())

async def story(world):
    await anyio.to_thread.run_sync(len, "")
    await anyio.sleep(1)

for backend in ("asyncio", "trio"):
    sb.run(story, backend=backend)
    print(changed())
"""


def test_the_libraries_are_untouched_by_import_and_by_runs() -> None:
    """Every function, class and method of trio and anyio is the object that it was."""
    done = subprocess.run(
        [sys.executable, "-c", UNTOUCHED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]"] * 3


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_step_that_ends_badly_restores_them_too(backend: str, error: type[BaseException]) -> None:
    """Whatever async code raises; `nothing_stays` checks it afterwards."""

    async def story(world: sb.World) -> None:
        await anyio.sleep(1)
        raise error

    with pytest.raises(error):
        sb.run(story, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_between_two_steps_they_are_as_they_were(backend: str) -> None:
    """A sync handler runs outside of steps, also while async handlers of its world are running."""
    before, seen = replaced(), []

    async def sleeps(event: dict) -> None:
        await anyio.sleep(60)
        seen.append(replaced() != before)

    world = wired(backend, sleeps)
    events = world.client()
    arn = world.function("sync", lambda event: seen.append(replaced() == before)).arn
    events.put_targets(Rule="r", Targets=[{"Id": "2", "Arn": arn}])
    world.run(seconds=10)
    events.put_events(Entries=[ENTRY])
    world.run(seconds=10)
    assert replaced() == before
    world.run(hours=1)
    assert seen == [True] * 3


# -- plain runs beside worlds -----------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("plain", BACKENDS)
def test_a_plain_run_in_another_thread_during_a_step(backend: str, plain: str) -> None:
    """It begins and ends while the step lasts, and its threads are threads."""

    async def story(world: sb.World) -> None:
        assert in_thread(lambda: anyio.run(to_a_thread, backend=plain))
        await runs_in_place()

    sb.run(story, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("plain", BACKENDS)
def test_a_plain_run_in_the_same_thread(backend: str, plain: str) -> None:
    """Before, after and around a world, and between two runs while its async handlers are running."""
    ended = []

    async def handler(event: dict) -> None:
        await runs_in_place()
        await anyio.sleep(60)
        await runs_in_place()
        ended.append(True)

    async def main() -> None:
        assert await to_a_thread()
        world = wired(backend, handler)
        world.run(seconds=10)
        assert await to_a_thread()
        world.run(hours=1)
        assert await to_a_thread()

    anyio.run(main, backend=plain)
    world = wired(backend, handler)
    world.run(seconds=10)
    assert anyio.run(to_a_thread, backend=plain)
    world.run(hours=1)
    assert anyio.run(to_a_thread, backend=plain)
    assert ended == [True, True]


def test_a_plain_trio_run_within_a_story_on_asyncio() -> None:
    """It blocks the story, as any call does; what it hands to threads goes to threads."""

    async def main() -> bool:
        there: int = await trio.to_thread.run_sync(threading.get_ident)
        return there != threading.get_ident() and await to_a_thread()

    async def story(world: sb.World) -> None:
        assert trio.run(main)
        await runs_in_place()

    sb.run(story, backend="asyncio")


# -- several worlds ---------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("inner", BACKENDS)
def test_a_world_within_a_step_of_another(backend: str, inner: str) -> None:
    """The inner world's last step restores nothing that the outer step still needs."""

    async def story(world: sb.World) -> None:
        await runs_in_place()
        sb.run(lambda other: runs_in_place(), backend=inner)
        await runs_in_place()

    sb.run(story, backend=backend)


def test_worlds_on_both_hosts_and_plain_runs_take_turns_in_one_thread() -> None:
    """Two worlds are run in pieces, with a `trio.run` and an `asyncio.run` between the pieces."""
    woken: list[str] = []

    def handler_of(backend: str) -> Callable[[dict], Any]:
        async def handler(event: dict) -> None:
            for _ in range(10):
                await runs_in_place()
                await anyio.sleep(57)
                woken.append(backend)

        return handler

    worlds = [wired(backend, handler_of(backend)) for backend in BACKENDS]
    for _ in range(10):
        for world in worlds:
            world.run(minutes=1)
            assert trio.run(to_a_thread) and asyncio.run(to_a_thread())
    assert woken == BACKENDS * 10


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("other", BACKENDS)
def test_steps_that_overlap_in_two_threads(backend: str, other: str) -> None:
    """The one that began first ends first, while the other goes on, and the other way round."""
    inside, ended = threading.Event(), threading.Event()

    async def long(world: sb.World) -> None:
        inside.set()
        ended.wait()
        await runs_in_place()

    async def short(world: sb.World) -> None:
        inside.wait()
        await runs_in_place()

    thread = threading.Thread(target=lambda: sb.run(long, backend=backend))
    thread.start()
    world = sb.run(short, backend=other)
    ended.set()
    thread.join()
    assert world.now.second == 3


def test_worlds_on_both_hosts_in_many_threads_beside_plain_runs() -> None:
    """Each run gets its own functions; afterwards the originals are back."""
    digests: dict[str, set[str]] = {backend: set() for backend in BACKENDS}
    failed: list[BaseException] = []

    async def story(world: sb.World) -> None:
        async with anyio.create_task_group() as group:
            for number in range(4):
                group.start_soon(anyio.sleep, number % 2)
                group.start_soon(runs_in_place)
        world.client().put_events(Entries=[ENTRY])

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(check_thread)

    async def check_thread() -> None:
        assert await to_a_thread()

    def work(backend: str, plain: bool) -> None:
        try:
            for _ in range(10):
                if plain:
                    anyio.run(main, backend=backend)
                else:
                    digests[backend].add(sb.run(story, seed=4, backend=backend).trace.digest())
        except BaseException as error:
            failed.append(error)

    threads = [
        threading.Thread(target=work, args=(backend, plain))
        for backend in BACKENDS * 2
        for plain in (False, True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [len(found) for found in digests.values()] == [1, 1]


# -- other code that replaces the same names -----------------------------------------------------------


def module_of(value: Any) -> Any:
    """A library with one name."""
    library: Any = ModuleType("library")
    library.name = value
    return library


def test_what_others_put_over_ours_stays_and_ours_passes_on_to_it() -> None:
    """A wrapper that is installed during a step and stays does not end in recursion."""
    library: Any = module_of(lambda: "theirs")
    within = Replaced(Name(library, "name", lambda theirs: lambda: f"ours({theirs()})"))
    within.begin()
    ours = library.name
    library.name = lambda: f"wrapper({ours()})"
    within.end()
    assert library.name() == "wrapper(ours(theirs))"
    wrapper = library.name
    within.begin()
    assert library.name() == "ours(wrapper(ours(theirs)))"
    within.end()
    assert library.name is wrapper


def test_what_others_put_back_later_is_passed_through() -> None:
    """A monkeypatch that is undone outside of the step leaves ours there, which calls the original."""
    library: Any = module_of(lambda: "theirs")
    within = Replaced(Name(library, "name", lambda theirs: lambda: theirs()))
    within.begin()
    ours, library.name = library.name, len
    within.end()
    assert library.name is len
    library.name = ours
    for _ in range(2):
        within.begin()
        assert library.name() == "theirs"
        within.end()
        assert library.name is ours


def test_steps_are_counted() -> None:
    """Only the first replaces and only the last restores, and ours is made once."""
    made: list[str] = []
    library: Any = module_of("theirs")

    def make(theirs: str) -> str:
        made.append(theirs)
        return "ours"

    within = Replaced(Name(library, "name", make))
    for _ in range(3):
        within.begin()
        within.begin()
        within.end()
        assert library.name == "ours"
        within.end()
        assert library.name == "theirs"
    assert made == ["theirs"]
