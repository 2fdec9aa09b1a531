"""Which world an async test of the pytest plugin runs in, and on which backend."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def run(pytester: pytest.Pytester, text: str, *options: str) -> pytest.RunResult:
    """Run pytest on a test file, for at most a minute of real time."""
    pytester.makepyfile(text)
    return pytester.runpytest_subprocess(*options, timeout=60)


OWN = """
import anyio, pytest, sniffio, trio
import simbridge as sb

HOURS = 6 * 3600

def check(world, backend):
    assert world.now.hour == 6 and world.seed == 3
    assert sniffio.current_async_library() == backend == world.backend
"""


OWN_WORLDS = {
    "def": """
@pytest.fixture
def world():
    with sb.World(seed=3) as made:
        yield made
""",
    "another backend": """
@pytest.fixture
def world():
    with sb.World(seed=3, backend="trio") as made:
        yield made
""",
    "whole module": """
@pytest.fixture(scope="module")
def worlds():
    return {}

@pytest.fixture
def world(worlds, request):
    return worlds.setdefault(request.node.name, sb.World(seed=3))
""",
    "async def": """
@pytest.fixture
async def seed():
    await anyio.sleep(0)
    return 3

@pytest.fixture
async def world(seed):
    with sb.World(seed=seed) as made:
        await anyio.sleep(0)
        yield made
""",
    "def, of an async fixture": """
@pytest.fixture
async def seed():
    await anyio.sleep(0)
    yield 3

@pytest.fixture
def world(seed):
    return sb.World(seed=seed, backend="trio")
""",
    "a world of the plugin's": """
@pytest.fixture
def world(world):
    made = sb.World(seed=3)
    yield made
""",
}


OWN_TESTS = """
@pytest.fixture
async def morning(world):
    await anyio.sleep(3600)
    yield world.now.hour

@pytest.mark.trio
async def test_trio(world):
    await trio.sleep(HOURS)
    check(world, "trio")

@pytest.mark.anyio
async def test_anyio(world, anyio_backend_name):
    await anyio.sleep(HOURS)
    check(world, anyio_backend_name)

@pytest.mark.anyio
async def test_with_a_fixture(morning, world, anyio_backend_name):
    assert morning == 1
    await anyio.sleep(HOURS - 3600)
    check(world, anyio_backend_name)

async def test_no_mark(world):
    await anyio.sleep(HOURS)
    check(world, world.backend)
"""


@pytest.mark.parametrize("kind", OWN_WORLDS)
def test_a_world_of_the_users_own(pytester: pytest.Pytester, kind: str) -> None:
    """However the fixture `world` is written, the test runs on the backend of its mark."""
    run(pytester, OWN + OWN_WORLDS[kind] + OWN_TESTS).assert_outcomes(passed=6)


def test_a_world_under_another_name(pytester: pytest.Pytester) -> None:
    """The only world of an async test is the one it runs in, be it used by way of another fixture."""
    run(
        pytester,
        OWN
        + """
@pytest.fixture(scope="module")
def base():
    return sb.World(seed=3)

@pytest.fixture
def shop(base):
    return base.fork()

@pytest.fixture
async def opened(shop):
    await anyio.sleep(3600)
    yield shop.now.hour

@pytest.fixture
def client(shop):
    return shop.client("events")

@pytest.mark.trio
async def test_trio(shop):
    await trio.sleep(HOURS)
    check(shop, "trio")

@pytest.mark.anyio
async def test_anyio(shop, opened, anyio_backend_name):
    assert opened == 1
    await anyio.sleep(HOURS - 3600)
    check(shop, anyio_backend_name)

async def test_no_mark(shop):
    await anyio.sleep(HOURS)
    check(shop, "asyncio")

class TestOfAClass:
    @pytest.mark.trio
    async def test_by_way_of_the_name(self, opened, shop):
        await trio.sleep(HOURS - 3600)
        check(shop, "trio")
""",
    ).assert_outcomes(passed=5)


def test_async_fixtures_that_are_methods(pytester: pytest.Pytester) -> None:
    """Fixture and test share one `self`, be it the fixture that makes the world or another."""
    run(
        pytester,
        OWN
        + """
class TestOfTheShop:
    @pytest.fixture(autouse=True)
    async def opened(self, world):
        await anyio.sleep(3600)
        self.hour = world.now.hour

    @pytest.fixture
    async def left(self, world):
        self.left = "open"
        yield
        assert self.left == "closed"

    @pytest.mark.anyio
    async def test_anyio(self, world, left):
        assert (self.hour, self.left) == (1, "open")
        self.left = "closed"

    async def test_no_mark(self, world):
        assert self.hour == 1

    def test_plain(self, world):
        assert self.hour == 1

class TestOwn:
    @pytest.fixture
    async def world(self):
        self.made = sb.World(seed=3)
        yield self.made

    @pytest.mark.trio
    async def test_trio(self, world):
        assert world is self.made

    @pytest.mark.anyio
    async def test_anyio(self, world):
        assert world is self.made

    async def test_no_mark(self, world):
        assert world is self.made
""",
    ).assert_outcomes(passed=8)


def test_an_async_fixture_gives_a_world_under_another_name(pytester: pytest.Pytester) -> None:
    """anyio's plugin has made it before the test begins; pytest-trio has not, and says what to do."""
    text = OWN + (
        """
@pytest.fixture
async def shop():
    yield sb.World(seed=3)

@pytest.mark.anyio
async def test_anyio(shop, anyio_backend_name):
    await anyio.sleep(HOURS)
    check(shop, anyio_backend_name)

@pytest.mark.trio
async def test_trio(shop):
    await trio.sleep(HOURS)
"""
    )
    result = run(pytester, text)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines("*async fixture 'shop'*make the fixture `def`, or call it `world`*")


def test_a_backend_that_cannot_be_had(pytester: pytest.Pytester) -> None:
    """A handler is under way on asyncio; and of two worlds, none is called `world`."""
    text = OWN + (
        """
@pytest.fixture
def world():
    with sb.World(seed=3) as made:
        async def nap(event):
            await anyio.sleep(HOURS)

        events, napper = made.client(), made.function("napper", nap)
        events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": napper.arn}])
        events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
        made.settle()
        yield made

@pytest.mark.anyio
async def test_under_way(world):
    await anyio.sleep(HOURS)

@pytest.fixture
def left():
    return sb.World()

@pytest.fixture
def right():
    return sb.World()

async def test_two(left, right):
    pass

@pytest.mark.trio
async def test_two_on_trio(left, right):
    pass

def test_two_in_turn(left, right):
    left.run(hours=1)
    right.run(hours=2)
"""
    )
    result = run(pytester, text)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "*still running on asyncio*make the world with World(backend='trio')*",
            "*uses several worlds (left, right)*call the fixture of that one `world`*",
        ]
    )
