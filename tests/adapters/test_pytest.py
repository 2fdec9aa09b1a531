"""The pytest plugin, used as a user would: each test runs pytest on a file of its own.

A test that slept six hours of real time would be killed by the time limit of the inner run.
"""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


FIXTURES = """
import anyio, pytest, trio

@pytest.fixture
async def opened(world):
    await anyio.sleep(3600)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.sleep, 60)
        yield world.now.hour
    await anyio.sleep(3600)
    assert (world.now.hour, world.now.minute) >= (8, 0)

@pytest.fixture
async def minute(world):
    await anyio.sleep(60)
    return world.now.minute
"""


def run(pytester: pytest.Pytester, text: str, *options: str) -> pytest.RunResult:
    """Run pytest on a test file, for at most a minute of real time."""
    pytester.makepyfile(text)
    return pytester.runpytest_subprocess(*options, timeout=60)


def test_sync_tests(pytester: pytest.Pytester) -> None:
    """Six simulated hours in a test; a test that asks for nothing is left alone."""
    run(
        pytester,
        """
        def test_sync(world, events):
            assert events.list_event_buses()["EventBuses"][0]["Name"] == "default"
            world.run(hours=6)
            assert world.now.hour == 6

        def test_alone():
            pass
        """,
    ).assert_outcomes(passed=2)


def test_pytest_trio(pytester: pytest.Pytester) -> None:
    """pytest-trio's own fixtures run in the world, too; a real sleep stays real elsewhere."""
    run(
        pytester,
        FIXTURES
        + """
import time

@pytest.mark.trio
async def test_hours(world, events, opened, nursery):
    nursery.start_soon(trio.sleep, 3600)
    await trio.sleep(6 * 3600)
    assert opened == 1 and world.now.hour == 7

@pytest.mark.trio
async def test_only_the_client(events):
    await trio.sleep(6 * 3600)

@pytest.mark.trio
async def test_real_time():
    began = time.monotonic()
    await trio.sleep(0.02)
    assert time.monotonic() - began >= 0.015
""",
    ).assert_outcomes(passed=3)


def test_trio_mode(pytester: pytest.Pytester) -> None:
    """Without a mark on each test, if the project sets `trio_mode`."""
    text = "import trio\nasync def test_hours(world):\n    await trio.sleep(6 * 3600)\n"
    run(pytester, text, "-o", "trio_mode=true").assert_outcomes(passed=1)


def test_anyio_plugin(pytester: pytest.Pytester) -> None:
    """On each backend that anyio's plugin asks for, with async fixtures."""
    run(
        pytester,
        FIXTURES
        + """
import sniffio, time

@pytest.mark.anyio
async def test_hours(world, events, opened, minute, anyio_backend_name):
    assert sniffio.current_async_library() == anyio_backend_name == world.backend
    await anyio.sleep(6 * 3600)
    assert (opened, minute, world.now.hour) == (1, 1, 7)
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    before = len(world.trace)
    await world.settled()
    assert len(world.trace) == before + 1 and world.now.hour == 7

@pytest.mark.anyio
async def test_real_time():
    began = time.monotonic()
    await anyio.sleep(0.02)
    assert time.monotonic() - began >= 0.015
""",
    ).assert_outcomes(passed=4)


def test_a_fixture_of_anyios_plugin_beside_ours(pytester: pytest.Pytester) -> None:
    """anyio's plugin keeps a module's fixture open in a run of its own; the world's are elsewhere."""
    run(
        pytester,
        FIXTURES
        + """
@pytest.fixture(scope="module")
async def whole_module():
    await anyio.sleep(0)
    yield 3

@pytest.mark.anyio
async def test_hours(whole_module, opened, world):
    await anyio.sleep(6 * 3600)
    assert (whole_module, opened, world.now.hour) == (3, 1, 7)
""",
    ).assert_outcomes(passed=2)


def test_a_failing_test_leaves_its_fixtures_in_order(pytester: pytest.Pytester) -> None:
    """A task group that a fixture holds open is left where it was entered, and adds no error."""
    text = (
        FIXTURES
        + "\n@pytest.mark.anyio\nasync def test_it(world, opened):\n    assert opened == 5\n"
    )
    result = run(pytester, text)
    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*when it was cancelled*")


@pytest.mark.parametrize("mark", ["@pytest.mark.trio", "@pytest.mark.anyio", ""])
def test_what_an_async_test_ends_with(pytester: pytest.Pytester, mark: str) -> None:
    """pytest.fail, pytest.skip and pytest.xfail mean what they say, at any virtual time."""
    run(
        pytester,
        f"""
        import anyio, pytest

        @pytest.fixture
        def anyio_backend():
            return "trio"

        @pytest.mark.parametrize("end", [pytest.fail, pytest.skip, pytest.xfail])
        {mark}
        async def test_ends(world, end):
            await anyio.sleep(60)
            end("because")
        """,
    ).assert_outcomes(failed=1, skipped=1, xfailed=1)


def test_no_async_plugin_needed(pytester: pytest.Pytester) -> None:
    """An async test that asks for a world runs in it, whoever else is installed."""
    text = "import asyncio\nasync def test_hours(world):\n    await asyncio.sleep(6 * 3600)\n"
    run(pytester, text, "-p", "no:trio", "-p", "no:anyio").assert_outcomes(passed=1)


def test_a_failure_of_an_ordinary_test_tells_the_seed(pytester: pytest.Pytester) -> None:
    """Of a test that only asks for a client, and of one with a world of another name, too."""
    result = run(
        pytester,
        """
        import pytest
        import simbridge as sb

        @pytest.fixture
        def shop():
            return sb.World(seed=5)

        def test_world(world):
            world.run(hours=6)
            assert world.now.hour == 7

        def test_client(events):
            assert events.list_rules()["Rules"]

        def test_shop(shop):
            shop.run(hours=1)
            pytest.fail("because")

        def test_without(tmp_path):
            assert not tmp_path
        """,
    )
    result.assert_outcomes(failed=4)
    notes = [line for line in result.outlines if "simbridge: seed" in line]
    assert [line.partition("simbridge: ")[2] for line in notes] == [
        "seed=0, virtual time 2026-01-01T06:00:00.000000Z",
        "seed=0, virtual time 2026-01-01T00:00:00.000000Z",
        "seed=5, virtual time 2026-01-01T01:00:00.000000Z",
    ]


@pytest.mark.parametrize("mark", ["trio", "anyio"])
def test_a_failure_tells_the_seed(pytester: pytest.Pytester, mark: str) -> None:
    """An assertion that fails after hours names the seed and the virtual time."""
    result = run(
        pytester,
        f"""
        import anyio, pytest

        @pytest.mark.{mark}
        async def test_hours(world):
            await anyio.sleep(6 * 3600)
            assert world.now.hour == 7
        """,
    )
    result.assert_outcomes(failed=2 if mark == "anyio" else 1)
    result.stdout.fnmatch_lines("*simbridge: seed=0, virtual time 2026-01-01T06:00:00*")


def test_hypothesis(pytester: pytest.Pytester) -> None:
    """Hypothesis draws, the world lets time pass; time goes on from example to example."""
    run(
        pytester,
        """
        import anyio, pytest
        from hypothesis import HealthCheck, given, settings, strategies as st

        @pytest.mark.anyio
        @settings(
            suppress_health_check=list(HealthCheck), max_examples=5, database=None, deadline=None
        )
        @given(hours=st.integers(1, 5))
        async def test_hours(world, hours):
            before = world.now
            await anyio.sleep(hours * 3600)
            assert (world.now - before).total_hours() == hours
        """,
    ).assert_outcomes(passed=2)


def test_pytest_runs_scenarios(pytester: pytest.Pytester) -> None:
    """`pytest scenarios/` runs them, and a failing one fails."""
    folder = pytester.mkdir("scenarios")
    (folder / "two.py").write_text(
        "import simbridge as sb\n"
        "@sb.scenario()\ndef good(world):\n    world.run(hours=1)\n"
        "@sb.scenario()\ndef bad(world):\n    assert world.now.hour == 1\n"
    )
    pytester.runpytest_subprocess("scenarios").assert_outcomes(passed=1, failed=1)


SCENARIO = "import simbridge as sb\n@sb.scenario()\ndef story(world):\n    world.run(hours=1)\n"


OTHERS = {
    "helpers.py": "raise SystemExit('a folder of somebody else')",
    "about.py": "'simbridge has no scenario here'\nraise SystemExit('run')",
    "steps.py": "import pytest_bdd\n@scenario('a.feature')\ndef f(): pass",
    "own_mark.py": "import simbridge\nclass Its:\n    scenario = staticmethod(lambda f: f)\n"
    "@Its.scenario\ndef f(world): raise SystemExit('run')",
    "__init__.py": SCENARIO,
    "conftest.py": SCENARIO,
    "test_its.py": SCENARIO + "def test_once(): pass\n",
    "notes.txt": SCENARIO,
}


def test_other_files_in_a_folder_called_scenarios(pytester: pytest.Pytester) -> None:
    """They are not run, or have nothing in them, and are no error; tests are pytest's own."""
    folder = pytester.mkdir("scenarios")
    for name, text in OTHERS.items():
        (folder / name).write_text(text)
    (folder / "good.py").write_text(SCENARIO)
    result = pytester.runpytest_subprocess("scenarios", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*good.py::story PASSED*", "*test_its.py::test_once PASSED*"])


def test_a_scenario_file_that_cannot_be_run_is_an_error(pytester: pytest.Pytester) -> None:
    """Not a file that is left out: its checks would seem to hold."""
    folder = pytester.mkdir("scenarios")
    (folder / "bad.py").write_text(SCENARIO + "import nonesuch\n")
    result = pytester.runpytest_subprocess("scenarios")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines("*cannot be run: ModuleNotFoundError*nonesuch*")
