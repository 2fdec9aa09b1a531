"""Calls that fail: faults of a scenario's, and the PutEvents quota, seen by genuine clients."""

from __future__ import annotations

import pickle
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.api.faults import FAULTS
from simbridge.api.plane import OPERATIONS
from simbridge.model.messages import Behave, Call

START = "2026-03-01T00:00:00Z"
ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}


def put(client: Any) -> str | None:
    """Put one event; the error code, None if all is well."""
    try:
        assert client.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@pytest.mark.parametrize(
    ("operation", "call", "error", "status", "text"),
    [
        (
            "PutEvents",
            lambda c: c.put_events(Entries=[ENTRY]),
            "InternalException",
            500,
            "This exception occurs due to unexpected causes.",
        ),
        ("PutRule", lambda c: c.put_rule(Name="r"), "ThrottlingException", 400, "Rate exceeded"),
        ("PutRule", lambda c: c.put_rule(Name="r"), "ServiceUnavailable", 503, "try again later"),
        (
            "ListRules",
            lambda c: c.list_rules(),
            "ResourceNotFoundException",
            400,
            "ResourceNotFoundException",
        ),
    ],
)
def test_an_operation_fails(operation: str, call: Any, error: str, status: int, text: str) -> None:
    """With the code, the status and the words of the service; others go on, and nothing is changed."""
    world = sb.World(start=START)
    client = world.client()
    world.api_fails(operation, error)
    with pytest.raises(ClientError) as caught:
        call(client)
    answer = caught.value.response
    assert answer["Error"]["Code"] == error
    assert text in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert client.describe_event_bus()["Name"] == "default"
    behave, refused, _ = (record.message for record in world.trace)
    assert isinstance(behave, Behave) and behave.behaviour.operation == operation
    assert isinstance(refused, Call) and (refused.error, refused.response) == (error, None)


def test_a_modelled_error_is_the_exception_that_the_client_knows() -> None:
    """Code that catches `client.exceptions.InternalException` catches it."""
    world = sb.World()
    world.api_fails("PutEvents", "InternalException", text="oops")
    with pytest.raises(world.client().exceptions.InternalException, match="oops"):
        world.client().put_events(Entries=[ENTRY])


@pytest.mark.parametrize(
    ("second", "fails"), [(9.999999, False), (10, True), (19.999999, True), (20, False)]
)
def test_a_window_is_half_open(second: float, fails: bool) -> None:
    """From its first microsecond up to, not including, its end."""
    world = sb.World(start=START)
    world.api_fails("PutEvents", "InternalException", from_="2026-03-01T00:00:10Z", for_="10s")
    world.run(seconds=second)
    assert put(world.client()) == ("InternalException" if fails else None)


@pytest.mark.parametrize(("rate", "low", "high"), [(0, 0, 0), (0.1, 20, 62), (1, 400, 400)])
def test_a_rate_of_the_calls_fails(rate: float, low: int, high: int) -> None:
    """The same ones for the same seed."""
    runs = []
    for seed in (1, 1, 2):
        world = sb.World(seed=seed)
        world.api_fails("PutEvents", "InternalException", rate=rate)
        runs.append([put(world.client()) for _ in range(400)])
    assert low <= sum(code is not None for code in runs[0]) <= high
    assert runs[0] == runs[1]
    assert (runs[0] == runs[2]) == (rate in (0, 1))


def test_every_client_of_an_intercepted_process_gets_the_error() -> None:
    """One that your code made by itself gets the error once: nothing waits and tries again."""
    world = sb.World()
    world.api_fails("PutEvents", "ThrottlingException", for_="1m")
    client = boto3.client(
        "events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with world.intercept():
        assert put(client) == "ThrottlingException"
        world.run(minutes=1)
        assert put(client) is None
    assert sum(isinstance(record.message, Call) for record in world.trace) == 2


def test_a_refused_event_is_not_in_the_world() -> None:
    """The caller knows, and only the caller: nothing is queued."""
    world = sb.World()
    queue = world.queue("q")
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    world.api_fails("PutEvents", "InternalException", for_="1s")
    assert put(world.client()) == "InternalException"
    world.run(hours=1)
    assert queue.messages == []
    assert world.metrics("PutEventsApproximateFailedCount").sum == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            lambda world: world.api_fails("PutEvent", "InternalException"),
            "no operation 'PutEvent'; did you mean PutEvents",
        ),
        (
            lambda world: world.api_fails("PutEvents", "ThrotlingException"),
            "PutEvents is never answered with 'ThrotlingException'; did you mean ThrottlingException",
        ),
        (
            lambda world: world.api_fails("PutEvents", "ResourceNotFoundException"),
            "never answered with 'ResourceNotFoundException'.*PutEvents has no error of its own",
        ),
        (
            lambda world: world.api_fails("PutRule", "LimitExceeded"),
            "did you mean LimitExceededException",
        ),
        (
            lambda world: world.api_fails("PutRule", "Xyzzy"),
            "there are [0-9]+ .PutRule has .*LimitExceededException.*api.faults.FAULTS",
        ),
        (lambda world: world.api_fails("PutEvents", "InternalException", rate=2), "from 0 to 1"),
        (lambda world: world.api_fails("PutEvents", "X", for_="long"), "duration"),
    ],
)
def test_a_fault_that_cannot_be(wrong: Any, says: str) -> None:
    """Raised in the scenario, which has the mistake; not in the client."""
    world = sb.World()
    with pytest.raises(sb.SimbridgeError, match=says):
        wrong(world)
    assert put(world.client()) is None


def modelled(operation: str) -> set[str]:
    """The errors that botocore's model lists for an operation."""
    model = sb.World().client().meta.service_model
    return {shape.name for shape in model.operation_model(operation).error_shapes}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_what_an_operation_can_be_answered_with(operation: str) -> None:
    """The errors of the model and those of every call, and no error of another operation."""
    world = sb.World()
    everything = set().union(*map(modelled, OPERATIONS))
    own = modelled(operation)
    for error in sorted(own | set(FAULTS)):
        world.api_fails(operation, error, rate=0)
    for error in sorted(everything - own - set(FAULTS)):
        with pytest.raises(sb.SimbridgeError, match=f"{operation} is never answered with"):
            world.api_fails(operation, error)


# -- the quota ----------------------------------------------------------------------------------


def test_put_events_beyond_the_quota_is_throttled() -> None:
    """Requests count, not entries: a second's worth at once, then at the rate; all is said in AWS's words."""
    world = sb.World(limits={"put_events_per_second": 5})
    client = world.client()
    assert [put(client) for _ in range(7)] == [None] * 5 + ["ThrottlingException"] * 2
    world.run(seconds=0.4)
    assert [put(client) for _ in range(3)] == [None, None, "ThrottlingException"]
    world.run(seconds=10)
    client.put_events(Entries=[ENTRY] * 10)
    assert [put(client) for _ in range(5)] == [None] * 4 + ["ThrottlingException"]
    with pytest.raises(ClientError, match="Rate exceeded") as caught:
        client.put_events(Entries=[ENTRY])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    client.list_rules()
    assert world.metrics("PutEventsApproximateThrottledCount").sum == 5


def test_the_quota_is_per_account_and_region() -> None:
    """One caller does not use up another's."""
    world = sb.World(limits={"put_events_per_second": 1})
    others = [world.client(account="210987654321"), world.client(region="eu-west-1")]
    clients = [world.client(), *others]
    assert [put(client) for client in clients] == [None] * 3
    assert [put(client) for client in clients] == ["ThrottlingException"] * 3


def test_the_quota_of_the_region_holds_in_the_aws_profile() -> None:
    """af-south-1 takes 400 requests a second (quotas page)."""
    world = sb.World(profile="aws", region="af-south-1")
    codes = [put(world.client()) for _ in range(401)]
    assert codes == [None] * 400 + ["ThrottlingException"]


def test_an_invalid_request_does_not_use_the_quota() -> None:
    """It is refused for what it is, before anything is counted."""
    world = sb.World(limits={"put_events_per_second": 1})
    with pytest.raises(ClientError, match="ValidationException"):
        world.client().put_events(Entries=[ENTRY] * 200)
    assert put(world.client()) is None


def test_forks_and_pickles_go_on_with_faults_and_quota() -> None:
    """The bucket, the windows and the random numbers of later calls are copied, not shared."""
    world = sb.World(seed=5, limits={"put_events_per_second": 30})
    world.api_fails("PutEvents", "InternalException", rate=0.3)
    before = [put(world.client()) for _ in range(20)]
    futures = [world.fork(), pickle.loads(pickle.dumps(world)), world]
    after = [[put(future.client()) for _ in range(40)] for future in futures]
    assert after[0] == after[1] == after[2]
    assert {"InternalException", "ThrottlingException", None} == {*before, *after[0]}
