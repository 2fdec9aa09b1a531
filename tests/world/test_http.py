"""HTTP endpoints: which requests they receive, how they answer, and how they fail."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

import simbridge as sb
from simbridge.base.errors import HandlerFailed
from simbridge.model.http import Network, normalized_url
from simbridge.model.http_messages import HttpRequest, HttpResponse

URL = "https://api.example.com/hooks"


class Caller:
    """Sends requests as a connection or a delivery does, and keeps the answers."""

    def __init__(self, world: sb.World) -> None:
        self.world = world
        self.network = Network.of(world._kernel.shared)
        self.answers: list[tuple[int, HttpResponse, sb.Response | None]] = []
        world._kernel.actors["caller"] = self

    def __deepcopy__(self, memo: object) -> Caller:
        return self

    def receive(self, message: HttpResponse, turn: Any) -> None:
        response = self.network.close(message.exchange)
        self.answers.append((turn.now, message, response))

    def send(self, url: str = URL, body: bytes = b"", subject: str = "event", **more: Any) -> None:
        request = sb.Request("POST", normalized_url(url), more, {}, body)
        exchange = self.network.open(request)
        message = HttpRequest(exchange, 1, "POST", request.url, subject)
        self.world._kernel.send("caller", self.network.address_of(url), message)

    def get(self, url: str = URL, **more: Any) -> sb.Response | None:
        """The response to a request that is answered at this instant."""
        self.send(url, **more)
        self.world.settle()
        return self.answers[-1][2]


@pytest.fixture
def caller() -> Caller:
    return Caller(sb.World(seed=7))


@pytest.fixture(params=["asyncio", "trio"])
def async_caller(request: pytest.FixtureRequest) -> Caller:
    return Caller(sb.World(seed=7, backend=request.param))


def test_a_handler_answers(caller: Caller) -> None:
    """It gets the whole request, and its response comes back whole."""

    def handler(request: sb.Request) -> sb.Response:
        assert (request.method, request.url, request.body) == ("POST", URL, b'{"a": 1}')
        assert request.json() == {"a": 1} and request.header("X-KEY") == "k"
        assert request.header("other") is None
        return sb.Response(201, {"Retry-After": "3"}, "made")

    endpoint = caller.world.http(URL, handler)
    response = caller.get(body=b'{"a": 1}', **{"x-key": "k"})
    assert response == sb.Response(201, {"Retry-After": "3"}, b"made")
    assert response is not None and response.header("retry-after") == "3"
    assert endpoint.received == [{"a": 1}] and endpoint.messages == ['{"a": 1}']
    assert [request.method for request in endpoint.requests] == ["POST"]


def test_an_async_handler_answers_when_it_returns(async_caller: Caller) -> None:
    """After virtual time; meanwhile others are answered."""

    async def handler(request: sb.Request) -> sb.Response:
        await anyio.sleep(3 if request.body == b"slow" else 1)
        return sb.Response(200, {}, request.body)

    async_caller.world.http(URL, handler)
    begin = async_caller.world._kernel.now
    async_caller.send(body=b"slow")
    async_caller.send(body=b"quick")
    async_caller.world.run(seconds=5)
    told = [(now - begin, response and response.body) for now, _, response in async_caller.answers]
    assert told == [(1_000_000, b"quick"), (3_000_000, b"slow")]


def test_an_async_handler_has_five_seconds(async_caller: Caller) -> None:
    """Then it is cancelled, and there is no response (fidelity 9.7)."""
    seen = []

    async def handler(request: sb.Request) -> sb.Response:
        try:
            await anyio.sleep(60)
        except anyio.get_cancelled_exc_class():
            seen.append("cancelled")
            raise
        return sb.Response()

    async_caller.world.http(URL, handler)
    async_caller.send()
    async_caller.world.run(minutes=5)
    [(_, message, response)] = async_caller.answers
    assert (message.status, message.error, response) == (None, "TIMEOUT", None)
    assert seen == ["cancelled"]


def test_a_handler_can_call_the_world(caller: Caller) -> None:
    """What it puts arrives on the bus of the world that runs it, caused by the request."""
    events = caller.world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["hook"]}')
    queue = caller.world.queue("q")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])

    def handler(request: sb.Request) -> None:
        entry = {"Source": "hook", "DetailType": "d", "Detail": request.text}
        events.put_events(Entries=[entry])

    caller.world.http(URL, handler)
    caller.get(body=b'{"n": 1}')
    assert [event["detail"] for event in queue.received] == [{"n": 1}]
    [call] = [record for record in caller.world.trace if record.sender == URL][:1]
    cause = next(record for record in caller.world.trace if record.sequence == call.cause)
    assert isinstance(cause.message, HttpRequest)


def test_without_a_handler_it_accepts(caller: Caller) -> None:
    """An empty 200; a token for a token request."""
    caller.world.http(URL)
    assert caller.get() == sb.Response()
    response = caller.get(subject="token 1")
    assert response is not None and b'"access_token"' in response.content


def test_nothing_returned_is_an_empty_200(caller: Caller) -> None:
    """A handler that only looks needs no response."""
    caller.world.http(URL, lambda request: None)
    assert caller.get() == sb.Response()


@pytest.mark.parametrize("result", [200, "ok", {"status": 200}, (200, b"")])
def test_a_handler_returns_a_response(caller: Caller, result: object) -> None:
    """Anything else ends the run, with what to write; the world can go on."""
    caller.world.http(URL, lambda request: result)
    caller.send()
    with pytest.raises(HandlerFailed, match=r"returned \w+: return sb.Response\("):
        caller.world.settle()
    caller.world.settle()
    assert caller.answers[0][1].status == 500


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_handler_that_raises_ends_the_run(caller: Caller, kind: str) -> None:
    """It is a bug in the scenario; the error names the endpoint, and not what was sent."""

    def plain(request: sb.Request) -> sb.Response:
        raise ValueError("no")

    async def waiting(request: sb.Request) -> sb.Response:
        await anyio.sleep(1)
        raise ValueError("no")

    caller.world.http(URL, plain if kind == "def" else waiting)
    caller.send(authorization="hush")
    with pytest.raises(HandlerFailed, match=f"the handler of {URL} raised ValueError") as failed:
        caller.world.run(seconds=2)
    assert isinstance(failed.value.__cause__, ValueError)
    caller.world.run(seconds=1)
    assert caller.answers[0][1].status == 500


# -- which endpoint ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://api.example.com/hooks", "hooks"),
        ("https://API.example.com:443/hooks/", "hooks"),
        ("https://api.example.com/hooks?a=b", "hooks"),
        ("https://api.example.com/hooks/42", "hooks"),
        ("https://api.example.com/hookss", "host"),
        ("https://api.example.com/orders/42/lines", "lines"),
        ("https://api.example.com/orders/42/lines/7", "lines"),
        ("https://api.example.com/orders/42", "host"),
        ("https://api.example.com/orders/4/2/lines", "host"),
        ("https://api.example.com", "host"),
        ("api.example.com/hooks", "hooks"),
        ("https://api.example.com:8443/hooks", None),
        ("https://api.example.com.evil.com/hooks", None),
    ],
)
def test_the_most_specific_endpoint_receives(caller: Caller, url: str, found: str | None) -> None:
    """The URL itself, or one above it; a `*` is any text without a slash."""
    for path, name in (("", "host"), ("/hooks", "hooks"), ("/orders/*/lines", "lines")):
        caller.world.http(
            f"https://api.example.com{path}", lambda request, name=name: sb.Response(body=name)
        )
    response = caller.get(url)
    assert (response and response.content.decode()) == found


def test_a_url_without_an_endpoint(caller: Caller) -> None:
    """Nothing connects; the trace says what to write. One that is registered later receives."""
    assert caller.get() is None
    message = caller.answers[-1][1]
    assert (message.status, message.error) == (None, "CONNECTION_FAILURE")
    missing = f"no HTTP endpoint is registered at {URL}; create one with world.http('{URL}')"
    assert message.detail == missing and missing in caller.world.trace.timeline()
    caller.world.http(URL)
    assert caller.get() == sb.Response()


def test_stand_ins_of_their_own() -> None:
    """`World(stand_ins="auto")` accepts every URL, by one stand-in for each host."""
    caller = Caller(sb.World(stand_ins="auto"))
    assert caller.get() == sb.Response()
    assert caller.get("https://api.example.com/other") == sb.Response()
    assert len(caller.world.http("https://api.example.com").requests) == 2


def test_the_same_url_is_the_same_endpoint(caller: Caller) -> None:
    """Asked again without a handler, or with the same one; another one is refused."""

    def handler(request: sb.Request) -> None: ...

    endpoint = caller.world.http(URL, handler)
    assert caller.world.http(f"{URL}/") is endpoint is caller.world.http(URL, handler)
    assert endpoint.url == URL and repr(endpoint) == f"<HTTP endpoint {URL}>"
    with pytest.raises(sb.SimbridgeError, match="has a handler already"):
        caller.world.http(URL, lambda request: None)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "api.example.com",
        "https://",
        "https://u:p@h/x",
        "https://*.example.com",
        "https://h/x?y=z",
        "https://h/#f",
        "https://h/a b",
        "",
    ],
)
def test_what_is_no_endpoint(caller: Caller, url: str) -> None:
    """The error says what to write."""
    with pytest.raises(sb.SimbridgeError, match="https://HOST/PATH"):
        caller.world.http(url)


def test_wrong_arguments(caller: Caller) -> None:
    """Of a world, and of a response."""
    with pytest.raises(sb.SimbridgeError, match="text"):
        caller.world.http(3)  # type: ignore[arg-type]
    with pytest.raises(sb.SimbridgeError, match="is a function of one request"):
        caller.world.http(URL, sb.Response())  # type: ignore[arg-type]
    for wrong in (99, 600, "200", True, 200.0):
        with pytest.raises(sb.SimbridgeError, match="from 100 to 599"):
            sb.Response(wrong)  # type: ignore[arg-type]
    for headers in ({"a": 1}, {1: "a"}, [("a", "b")], None):
        with pytest.raises(sb.SimbridgeError, match="headers of a Response"):
            sb.Response(200, headers)  # type: ignore[arg-type]
    with pytest.raises(sb.SimbridgeError, match=r"json\.dumps"):
        sb.Response(200, {}, {"a": 1})  # type: ignore[arg-type]


# -- behaviours -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("THROTTLING", 429),
        ("INTERNAL_ERROR", 500),
        ("NO_PERMISSIONS", 403),
        ("NO_RESOURCE", 404),
        ("ERROR_FROM_TARGET", 400),
        ("TIMEOUT", None),
        ("CONNECTION_FAILURE", None),
    ],
)
def test_what_it_is_set_to_fail_with(caller: Caller, error: str, status: int | None) -> None:
    """The status of the code; without a response none. The handler never sees the request."""
    endpoint = caller.world.http(URL)
    endpoint.fails(error)
    response = caller.get()
    message = caller.answers[-1][1]
    assert (message.error, message.status) == (error, status)
    assert (response and response.status) == status
    assert endpoint.requests == []
    endpoint.recovers()
    assert caller.get() == sb.Response()


def test_it_is_slow_and_limited(caller: Caller) -> None:
    """As every stand-in: a latency delays the response, and beyond five seconds there is none."""
    endpoint = caller.world.http(URL)
    endpoint.slow("2s")
    endpoint.limit(concurrency=1)
    begin = caller.world._kernel.now
    caller.send()
    caller.send()
    caller.world.run(seconds=3)
    told = [(now - begin, message.status) for now, message, _ in caller.answers]
    assert told == [(0, 429), (2_000_000, 200)]
    endpoint.slow("6s")
    caller.send()
    caller.world.run(seconds=6)
    now, message, _ = caller.answers[-1]
    assert (now - begin, message.error) == (8_000_000, "TIMEOUT")


def test_it_behaves_as_a_script_or_a_function_says(caller: Caller) -> None:
    """One outcome for each request."""
    endpoint = caller.world.http(URL)
    endpoint.behaves(sb.scripted(["THROTTLING", "ok"]))
    told = [caller.get(), caller.get(), caller.get()]
    assert [response and response.status for response in told] == [429, 200, 200]
    endpoint.behaves(lambda attempt: "INTERNAL_ERROR" if attempt.event["id"] == "bad" else "ok")
    told = [caller.get(subject="bad"), caller.get(subject="good")]
    assert [response and response.status for response in told] == [500, 200]


# -- what is kept -----------------------------------------------------------------------------


def test_nothing_of_an_exchange_is_left(caller: Caller) -> None:
    """Requests and responses are forgotten once the exchange is over."""
    caller.world.http(URL).fails("TIMEOUT", rate=0.5)
    for _ in range(20):
        caller.get()
    assert caller.network._requests == {} and caller.network._responses == {}


def test_no_repr_shows_what_was_sent() -> None:
    """Of a request, a response, the network; nor does the trace."""
    caller = Caller(sb.World())
    caller.world.http(URL, lambda request: sb.Response(200, {"x": "hush"}, "hush"))
    caller.send(body=b"hush", authorization="hush")
    told = [repr(caller.network), repr(caller.network._requests)]
    caller.world.settle()
    endpoint = caller.world.http(URL)
    told += [repr(endpoint.requests), repr(caller.answers), str(caller.world.trace)]
    told += [str(list(caller.world.trace))]
    assert endpoint.messages == ["hush"]
    assert not [text for text in told if "hush" in text]
    assert "<Request POST https://api.example.com/hooks, 4 bytes>" in told[2]
    assert "<Response 200, 4 bytes>" in told[3]


def test_a_fork_has_endpoints_of_its_own() -> None:
    """Handlers go along; what is received is each world's own."""
    world = sb.World()
    world.http(URL, lambda request: sb.Response(202))
    other = world.fork()
    assert Caller(other).get() == sb.Response(202)
    assert len(other.http(URL).requests) == 1
    assert world.http(URL).requests == []
