"""Handlers, run as Lambda runs them: what EventBridge never hears of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import simbridge as sb
from simbridge.model.messages import Handled

ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"


class Failing:
    """A handler that raises the first `times`, and notes when it is called."""

    def __init__(
        self, times: int, error: Exception | None = None, *, is_async: bool = False
    ) -> None:
        self.left, self.error = times, error or ValueError("no stock")
        self.calls: list[float] = []
        self.world: Any = None
        self.handler: Callable[[Any], Any] = self.awaited if is_async else self.called

    def called(self, event: Any) -> dict[str, int]:
        self.calls.append(self.world.now.timestamp() - 1767225600)
        if self.left:
            self.left -= 1
            raise self.error
        return {"calls": len(self.calls)}

    async def awaited(self, event: Any) -> dict[str, int]:
        result = self.called(event)
        await anyio.sleep(3)
        return result


def world_with(failing: Failing, backend: str = "asyncio", **options: Any) -> sb.World:
    """A world with one rule and that function, and one event put."""
    world = sb.World(seed=3, backend=backend, stand_ins="auto")
    failing.world = world
    function = world.function("pay", failing.handler, **options)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function.arn}])
    world.client().put_events(Entries=[ENTRY])
    return world


HOSTS = [("asyncio", False), ("asyncio", True), ("trio", True)]


@pytest.mark.parametrize(("backend", "is_async"), HOSTS)
@pytest.mark.parametrize(
    ("times", "retries", "calls"),
    [
        (0, 2, [0]),
        (1, 2, [0, 60]),
        (2, 2, [0, 60, 180]),
        (9, 2, [0, 60, 180]),
        (9, 1, [0, 60]),
        (9, 0, [0]),
    ],
)
def test_a_function_that_raises_is_run_again_by_lambda(
    times: int, retries: int, calls: list[float], backend: str, is_async: bool
) -> None:
    """After one and two minutes; the delivery has long succeeded, and no rule's queue hears of it."""
    failing = Failing(times, is_async=is_async)
    world = world_with(failing, backend, retries=retries)
    world.run(hours=1)
    assert failing.calls == calls
    (delivery,) = world.trace.deliveries()
    assert (delivery.outcome, delivery.attempt_count, delivery.latency) == ("delivered", 1, 0)
    ends = [record.message for record in world.trace if isinstance(record.message, Handled)]
    assert [end.error for end in ends] == ["ValueError"] * min(times, retries + 1) + [None] * (
        times <= retries
    )


def test_all_hosts_agree() -> None:
    """A handler that awaits nothing has one trace, `def` or `async def`, on either backend."""

    async def broken(event: Any) -> None:
        raise KeyError("total")

    def also_broken(event: Any) -> None:
        raise KeyError("total")

    digests = set()
    for backend, handler in (("asyncio", broken), ("trio", broken), ("asyncio", also_broken)):
        failing = Failing(0)
        failing.handler = handler
        world = world_with(failing, backend, on_failure=TOPIC)
        world.run(hours=1)
        digests.add(world.trace.digest())
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("event_age", "calls", "why"),
    [
        ("60s", [0, 60], "EventAgeExceeded"),  # the retry at the age limit itself is made
        ("179s", [0, 60], "EventAgeExceeded"),
        ("3m", [0, 60, 180], "RetriesExhausted"),
        ("6h", [0, 60, 180], "RetriesExhausted"),
    ],
)
def test_no_execution_after_the_event_age(event_age: str, calls: list[float], why: str) -> None:
    """Counted from when Lambda accepted the event; the record tells which limit it was."""
    failing = Failing(9)
    world = world_with(failing, event_age=event_age, on_failure=TOPIC)
    world.run(hours=1)
    assert failing.calls == calls
    (record,) = world.stand_in(TOPIC).received
    assert record["requestContext"]["condition"] == why
    assert record["requestContext"]["approximateInvokeCount"] == len(calls)


def test_the_record_of_a_failure() -> None:
    """As Lambda sends it to a queue: request, response and why, without a stack trace."""
    world = sb.World(seed=3)
    dead = world.queue("dead")

    def broken(event: Any) -> None:
        raise ValueError("no stock")

    function = world.function("pay", broken, retries=0, on_failure=dead.arn)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function.arn}])
    answer = world.client().put_events(Entries=[ENTRY])
    world.run(minutes=1)
    (record,) = dead.received
    assert re.fullmatch(r"[0-9a-f-]{36}", record["requestContext"].pop("requestId"))
    assert record["requestPayload"]["id"] == answer["Entries"][0]["EventId"]
    del record["requestPayload"]
    assert record == {
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "requestContext": {
            "functionArn": f"{function.arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": {"errorMessage": "no stock", "errorType": "ValueError"},
    }
    assert dead.receive()[0].attributes == {}


@pytest.mark.parametrize("times", [0, 9])
def test_destinations_on_a_bus_are_events(times: int) -> None:
    """Success and failure are events with a source of Lambda's, which rules can match."""
    world = sb.World(stand_ins="auto")
    inbox = world.queue("inbox")
    bus = world.client().create_event_bus(Name="results")["EventBusArn"]
    world.client().put_rule(
        Name="all", EventBusName="results", EventPattern='{"source": ["lambda"]}'
    )
    world.client().put_targets(
        Rule="all", EventBusName="results", Targets=[{"Id": "1", "Arn": inbox.arn}]
    )
    failing = Failing(times)
    failing.world = world
    arn = world.function("pay", failing.handler, on_failure=bus, on_success=bus).arn
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=1)
    (event,) = inbox.received
    kind = "Failure" if times else "Success"
    assert event["detail-type"] == f"Lambda Function Invocation Result - {kind}"
    assert event["time"] == ("2026-01-01T00:03:00Z" if times else "2026-01-01T00:00:00Z")
    assert event["resources"] == [bus, f"{arn}:$LATEST"]
    assert event["id"] != event["detail"]["requestContext"]["requestId"]  # recorded
    payload = event["detail"]["responsePayload"]
    assert payload == (
        {"errorMessage": "no stock", "errorType": "ValueError"} if times else {"calls": 1}
    )


def test_without_a_destination_no_record_is_sent() -> None:
    """Neither of a success with only `on_failure`, nor of a failure without."""
    for failing, options in (
        (Failing(0), {"on_failure": TOPIC}),
        (Failing(9), {"on_success": TOPIC}),
    ):
        world = world_with(failing, **options)
        world.run(hours=1)
        assert world.stand_in(TOPIC).messages == []


@pytest.mark.parametrize(("backend", "is_async"), HOSTS)
def test_an_assertion_is_a_check_and_ends_the_run(backend: str, is_async: bool) -> None:
    """Of the scenario's, not of the function's: Lambda does not run it again."""
    failing = Failing(9, AssertionError("twice!"), is_async=is_async)
    world = world_with(failing, backend)
    with pytest.raises(sb.HandlerFailed, match=r"raised AssertionError: twice!.*ends the run"):
        world.run(hours=1)
    assert failing.calls == [0]
    world.close()


@pytest.mark.parametrize(("backend", "is_async"), HOSTS)
@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sqs:us-east-1:123456789012:q",
        "arn:aws:states:us-east-1:123456789012:stateMachine:desk",
    ],
)
def test_a_handler_of_anything_else_ends_the_run(arn: str, backend: str, is_async: bool) -> None:
    """There is no service that would run it again, so an exception is a bug of the scenario."""
    failing = Failing(9, is_async=is_async)
    world = failing.world = sb.World(backend=backend)
    world.stand_in(arn, failing.handler)
    target = {"Id": "1", "Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/r"}
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[ENTRY])
    with pytest.raises(sb.HandlerFailed, match="a bug in the scenario") as caught:
        world.run(hours=1)
    assert isinstance(caught.value.__cause__, ValueError)
    world.close()


def test_a_refused_invocation_is_not_an_execution() -> None:
    """An outage of Lambda is a failed delivery, which EventBridge retries; then the handler runs."""
    failing = Failing(0)
    world = world_with(failing)
    world.settle()
    world.function("pay").fails("THROTTLING", for_="1h")
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=3)
    first, second = world.trace.deliveries()
    assert (first.attempt_count, second.outcome, len(failing.calls)) == (1, "delivered", 2)
    assert second.attempt_count > 1 and failing.calls[1] >= 3600


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_object_with_an_async_call_is_awaited(backend: str) -> None:
    """Whatever is called like an `async def` is run like one."""

    class Slow:
        async def __call__(self, event: Any) -> str:
            await anyio.sleep(5)
            return "done"

    failing = Failing(0)
    failing.handler = Slow()
    world = world_with(failing, backend)
    world.run(minutes=1)
    (end,) = (record for record in world.trace if isinstance(record.message, Handled))
    assert (end.message.result, world.now.minute) == ("done", 1)
    assert end.time - world.trace[0].time == 5_000_000


def test_a_fork_between_two_executions_has_the_same_future() -> None:
    """Lambda's retries are messages, too."""
    failing = Failing(99)
    world = world_with(failing, on_failure=TOPIC)
    world.run(seconds=90)
    branch = world.fork()
    for it in (world, branch):
        it.run(hours=1)
    assert branch.trace.digest() == world.trace.digest()
    assert len(branch.stand_in(TOPIC).messages) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"retries": 3}, "0, 1 or 2"),
        ({"event_age": "59s"}, "60 s to 6 h"),
        ({"event_age": "7h"}, "60 s to 6 h"),
        ({"on_failure": "arn:aws:s3:::bucket"}, "a queue, a topic or an event bus"),
        ({"on_success": "here"}, "ARN"),
    ],
)
def test_options_that_lambda_does_not_have(options: dict[str, Any], says: str) -> None:
    """Told when the function is made."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World().function("pay", print, **options)


@pytest.mark.parametrize(
    ("code", "told"), [(0, "without"), (None, "without"), (3, "status 3"), ("x", "status 1")]
)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_that_leaves_its_process(code: Any, told: str, is_async: bool) -> None:
    """`sys.exit` ends the execution, not the run: Lambda runs the function again (believed)."""
    failing = Failing(1, SystemExit(code), is_async=is_async)  # type: ignore[arg-type]
    world = world_with(failing)
    world.run(hours=1)
    assert len(failing.calls) == 2
    first = next(r.message for r in world.trace if isinstance(r.message, Handled))
    assert (first.error, told in (first.text or "")) == ("Runtime.ExitError", True)
