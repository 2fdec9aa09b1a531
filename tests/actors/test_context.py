"""A handler's second argument: Lambda's context in virtual time, and which shapes of handlers are taken."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import anyio
import pytest

import simbridge as sb
from simbridge.model.messages import Handled

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
START = "2026-03-01T00:00:00Z"
PAY = "arn:aws:lambda:us-east-1:123456789012:function:pay"

seen: list[Any] = []


def remember(event: Any, context: Any) -> None:
    """At the top of the module, where pickle finds it."""
    seen.append((context.aws_request_id, context.get_remaining_time_in_millis()))


def put(world: sb.World, arn: str) -> sb.World:
    """One event, for a rule with this target."""
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    return world


def run(handler: Any, name: str = "pay", backend: str = "asyncio", **options: Any) -> sb.World:
    """A world in which the handler has had one event and an hour."""
    world = sb.World(seed=5, start=START, backend=backend)
    put(world, world.function(name, handler, **options).arn)
    world.run(hours=1)
    return world


def test_every_field_of_the_context() -> None:
    """Names as in Lambda's Python runtime, values of this world and of AWS's defaults."""
    contexts: list[Any] = []
    run(lambda event, context: contexts.append(context))
    (context,) = contexts

    assert context.function_name == "pay"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == PAY
    assert context.memory_limit_in_mb == "128"
    assert context.log_group_name == "/aws/lambda/pay"
    assert context.log_stream_name.startswith("2026/03/01/[$LATEST]")
    assert len(context.log_stream_name) == len("2026/03/01/[$LATEST]") + 32
    assert context.client_context is None
    assert context.tenant_id is None
    assert context.identity.cognito_identity_id is None
    assert context.identity.cognito_identity_pool_id is None
    assert len(context.aws_request_id) == 36
    assert repr(context) == f"LambdaContext('pay', aws_request_id='{context.aws_request_id}')"


@pytest.mark.parametrize("message", ["paid", 5, {"order": 1}, "größer", ""])
def test_a_context_logs(message: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the message, and leaves the trace as it would be without."""
    logged = run(lambda event, context: context.log(message))
    assert capsys.readouterr().out == f"{message}\n"
    assert logged.trace.digest() == run(lambda event, context: None).trace.digest()


@pytest.mark.parametrize(
    ("qualifier", "version"), [(":live", "$LATEST"), (":7", "7"), ("", "$LATEST")]
)
def test_a_qualified_function(qualifier: str, version: str) -> None:
    """The name is without the alias, the ARN with it; a number is the version."""
    contexts: list[Any] = []
    run(lambda event, context: contexts.append(context), f"pay{qualifier}")
    assert contexts[0].function_name == "pay"
    assert contexts[0].invoked_function_arn == f"{PAY}{qualifier}"
    assert contexts[0].function_version == version


def test_retries_have_one_request_id_and_its_record_too() -> None:
    """Lambda's retries are one invocation; another event is another."""
    ids: list[str] = []

    def handler(event: Any, context: Any) -> None:
        ids.append(context.aws_request_id)
        raise ValueError("no stock")

    world = sb.World(seed=5, start=START)
    failures = world.queue("failures")
    put(world, world.function("pay", handler, on_failure=failures.arn).arn)
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=1)
    assert len(ids) == 6 and len(set(ids)) == 2
    records = [record["requestContext"]["requestId"] for record in failures.received]
    assert records == list(dict.fromkeys(ids))


def test_a_delivery_that_is_made_twice_is_two_invocations() -> None:
    """One event id, two request ids: what must be handled once is known by the event."""
    pairs: list[tuple[str, str]] = []
    world = sb.World(seed=5, start=START, limits={"duplicates_per_million": 1_000_000})
    put(
        world,
        world.function(
            "pay", lambda e, context: pairs.append((e["id"], context.aws_request_id))
        ).arn,
    )
    world.run(hours=1)
    (first, one), (second, two) = pairs
    assert first == second and one != two


def test_the_same_seed_gives_the_same_context() -> None:
    """Another seed gives another request id."""
    found = []
    for seed in (1, 1, 2):
        seen.clear()
        world = sb.World(seed=seed, start=START)
        put(world, world.function("pay", remember).arn)
        world.settle()
        found.append(list(seen))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("copied", [sb.World.fork, lambda world: pickle.loads(pickle.dumps(world))])
def test_a_copy_of_the_world_gives_the_same_context(copied: Callable[[sb.World], sb.World]) -> None:
    """A fork and a pickle call the handler as the world does from which they come."""
    seen.clear()
    world = put(sb.World(seed=5, start=START), PAY)
    world.function("pay", remember)
    copied(world).settle()
    world.settle()
    assert len(seen) == 2 and seen[0] == seen[1]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    ("options", "left"), [({}, [3000, 2000, 0]), ({"timeout": "15m"}, [900_000, 899_000, 894_000])]
)
def test_the_remaining_time_counts_on_the_virtual_clock(
    backend: str, options: dict[str, Any], left: list[int]
) -> None:
    """Lambda's three seconds, or the timeout that was given; below zero it does not go."""
    told: list[int] = []

    async def handler(event: Any, context: Any) -> str:
        told.append(context.get_remaining_time_in_millis())
        await anyio.sleep(1)
        told.append(context.get_remaining_time_in_millis())
        await anyio.sleep(5)
        told.append(context.get_remaining_time_in_millis())
        return "done"

    world = run(handler, backend=backend, **options)
    assert told == left
    (end,) = [record.message for record in world.trace if isinstance(record.message, Handled)]
    assert (end.result, end.error) == ("done", None)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("sleeps", [3, 60])
def test_a_timeout_ends_the_execution(backend: str, sleeps: float) -> None:
    """It has failed, is run again, and what came after its sleep has not happened."""
    begun: list[float] = []
    ended: list[float] = []

    async def handler(event: Any, context: Any) -> None:
        begun.append(world.now.timestamp() - first)
        await anyio.sleep(sleeps)
        ended.append(sleeps)

    world = sb.World(seed=5, start=START, backend=backend)
    first = world.now.timestamp()
    failures = world.queue("failures")
    put(world, world.function("pay", handler, timeout="3s", on_failure=failures.arn).arn)
    world.run(hours=1)
    assert (begun, ended) == ([0, 63, 186], [])
    (record,) = failures.received
    assert record["responsePayload"] == {
        "errorMessage": "Task timed out after 3.00 seconds",
        "errorType": "Sandbox.Timedout",
    }
    (delivery,) = world.trace.deliveries()
    assert delivery.outcome == "delivered"
    assert "Task timed out after 3.00 seconds" in str(world.trace.why(delivery.event.id))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_a_handler_does_when_it_is_cancelled_does_not_save_it(backend: str) -> None:
    """An exception of its own, or a result, after the timeout: it has timed out."""

    async def handler(event: Any) -> str:
        try:
            await anyio.sleep(60)
        finally:
            raise KeyError("too late")

    world = run(handler, backend=backend, timeout="1s", retries=0)
    (end,) = [record.message for record in world.trace if isinstance(record.message, Handled)]
    assert end.error == "Sandbox.Timedout"


def test_a_handler_within_its_timeout_has_the_trace_of_one_without() -> None:
    """A timeout that is not reached changes nothing."""

    async def handler(event: Any, context: Any) -> None:
        await anyio.sleep(2)

    assert run(handler, timeout="3s").trace.digest() == run(handler).trace.digest()


@pytest.mark.parametrize("timeout", ["0s", "1500ms", "901s", "1h", 3, "soon", "-1s"])
def test_timeouts_that_lambda_does_not_have(timeout: Any) -> None:
    """Whole seconds from one to fifteen minutes."""
    with pytest.raises(sb.SimbridgeError):
        sb.World().function("pay", print, timeout=timeout)


# -- shapes -----------------------------------------------------------------------------------


class Both:
    """Handlers that hang on an object."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def one(self, event: Any) -> None:
        self.calls.append((event,))

    def two(self, event: Any, context: Any) -> None:
        self.calls.append((event, context))

    async def later(self, event: Any, context: Any) -> None:
        self.calls.append((event, context))

    def bound(self, table: Any, event: Any, context: Any) -> None:
        self.calls.append((event, context))

    def __call__(self, event: Any, context: Any, *, tries: int = 3) -> None:
        self.calls.append((event, context))


def transparent(function: Any) -> Any:
    """A decorator as they are usually written."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def narrowing(function: Any) -> Any:
    """One that takes the event alone and knows a context of its own."""

    @functools.wraps(function)
    def wrapper(event: Any) -> Any:
        return function(event, None)

    return wrapper


def injecting(function: Any) -> Any:
    """One that adds an argument."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function("table", *args, **kwargs)

    return wrapper


def shapes() -> list[Any]:
    """Each makes a handler of a `Both`, and says with how many arguments it is called."""

    def default(both: Both) -> Any:
        return lambda event, context=None: both.two(event, context)

    def own_default(both: Both) -> Any:
        return lambda event, calls=both.calls: calls.append((event,))

    return [
        (lambda both: both.one, 1),
        (lambda both: both.two, 2),
        (lambda both: both.later, 2),
        (lambda both: both, 2),
        (default, 2),
        (own_default, 1),
        (lambda both: lambda *args: both.calls.append(args), 2),
        (lambda both: lambda event, **extras: both.one(event), 1),
        (lambda both: functools.partial(both.bound, "table"), 2),
        (lambda both: functools.partial(both.two, context=None), 2),
        (lambda both: transparent(both.one), 1),
        (lambda both: transparent(both.two), 2),
        (lambda both: transparent(transparent(both.one)), 1),
        (lambda both: narrowing(both.two), 2),
        (lambda both: injecting(both.bound), 2),
        (lambda both: Mock(side_effect=both.two), 2),
    ]


@pytest.mark.parametrize(("make", "arguments"), shapes())
def test_shapes_that_are_taken(make: Callable[[Both], Any], arguments: int) -> None:
    """Called as Lambda would, or with the event alone where there is no place for a context."""
    both = Both()
    world = run(make(both))
    (call,) = both.calls
    assert len(call) == arguments and call[0]["detail"] == {"order": 1}
    (end,) = [record.message for record in world.trace if isinstance(record.message, Handled)]
    assert end.error is None


@pytest.mark.parametrize("builtin", [[].append, {}.update, max, print])
def test_builtins_are_handlers(builtin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """With a signature or without one."""
    (end,) = [
        record.message for record in run(builtin).trace if isinstance(record.message, Handled)
    ]
    assert end.error is None


def none() -> None: ...
def three(a: Any, b: Any, c: Any) -> None: ...
def keyword(event: Any, *, table: Any) -> None: ...
def keywords(**extras: Any) -> None: ...
def generator(event: Any) -> Any:
    yield event


class Plain:
    """Nothing to call."""


class Yielding:
    """A handler that would do nothing."""

    def __call__(self, event: Any) -> Any:
        yield event


@pytest.mark.parametrize(
    "handler",
    [none, three, keyword, keywords, generator, Plain, Plain(), Both, Yielding(), dict, 5, "pay",
     functools.partial(three), functools.partial(none), Both.bound, Both().__call__.__self__.calls],
)  # fmt: skip
def test_shapes_that_are_refused_where_they_are_given(handler: Any) -> None:
    """With what is taken, at once, and without leaving a stand-in behind."""
    world = sb.World(start=START)
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    for give in (
        lambda: world.function("pay", handler),
        lambda: world.stand_in(PAY, handler),
        lambda: world.stand_in(queue, handler),
    ):
        with pytest.raises(sb.SimbridgeError, match=r"takes \(event\) or \(event, context\)"):
            give()
    put(world, PAY).settle()
    assert world.trace.deliveries()[0].error_code == "NO_RESOURCE"


def test_a_bound_method_may_be_given_again() -> None:
    """Each look at a method makes another object, and it is the same handler."""
    both, world = Both(), sb.World()
    assert world.function("pay", both.two) is world.function("pay", both.two)
    with pytest.raises(sb.SimbridgeError, match="has a handler already"):
        world.function("pay", both.one)


def test_a_stand_in_that_is_no_function_has_a_context_of_its_own() -> None:
    """Its own name and ARN."""
    contexts: list[Any] = []
    world = sb.World(start=START)
    desk = "arn:aws:states:us-east-1:123456789012:stateMachine:desk"
    target = {"Id": "1", "Arn": desk, "RoleArn": "arn:aws:iam::123456789012:role/r"}
    world.stand_in(desk, lambda event, context: contexts.append(context))
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert (contexts[0].function_name, contexts[0].invoked_function_arn) == ("desk", desk)


# -- what else a handler is called with --------------------------------------------------------


def test_the_handler_of_a_queue_is_called_with_dead_letters() -> None:
    """A consumer of the queue gets everything that is put into it."""
    bodies: list[Any] = []
    world = sb.World(start=START)
    dead = world.queue("dead")
    world.stand_in(dead.arn, bodies.append)
    pay = world.function("pay")
    pay.fails("NO_PERMISSIONS")
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "1", "Arn": pay.arn, "DeadLetterConfig": {"Arn": dead.arn}}
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert [body["detail"] for body in bodies] == [{"order": 1}]
    assert dead.received == bodies
    assert world.trace.deliveries()[0].outcome == "dead-lettered"


def test_a_queue_that_refuses_a_dead_letter_calls_nothing() -> None:
    """What is not in the queue has no consumer."""
    world = sb.World(start=START)
    dead, bodies = world.queue("dead"), []  # type: ignore[var-annotated]
    world.stand_in(dead.arn, bodies.append)
    dead.fails("NO_PERMISSIONS")
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "1", "Arn": PAY, "DeadLetterConfig": {"Arn": dead.arn}}
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[ENTRY])
    world.settle()
    assert (bodies, world.trace.deliveries()[0].outcome) == ([], "dropped")


@pytest.mark.parametrize("service", ["sqs", "sns"])
def test_the_handler_of_a_destination_is_called_with_the_record(service: str) -> None:
    """Lambda's record of an invocation is a message like any other."""
    records: list[Any] = []
    world = sb.World(start=START)
    to = world.stand_in(f"arn:aws:{service}:us-east-1:123456789012:failures", records.append)

    def handler(event: Any) -> None:
        raise ValueError("no stock")

    put(world, world.function("pay", handler, retries=0, on_failure=to.arn).arn)
    world.settle()
    assert [record["responsePayload"]["errorMessage"] for record in records] == ["no stock"]
