"""Handlers written with AWS Lambda Powertools run as they are: its loggers, its events, its idempotency."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.idempotency import (
    BasePersistenceLayer,
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import DataRecord
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.parser.models import EventBridgeModel
from moto import mock_aws

import simbridge as sb
from simbridge.model.messages import Handled

START = "2026-03-01T00:00:00Z"
ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Powertools reads its settings from the environment, as in Lambda."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def delivered(handler: Callable[..., Any], **options: Any) -> sb.World:
    """A world in which the function `pay` has had one event and an hour."""
    world = sb.World(seed=5, start=START, **options)
    pay = world.function("pay", handler)
    world.client().put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    world.client().put_targets(Rule="orders", Targets=[{"Id": "pay", "Arn": pay.arn}])
    world.client().put_events(Entries=[ENTRY])
    world.run(hours=1)
    return world


def ends(world: sb.World) -> list[tuple[Any, str | None]]:
    """What each execution has returned, and which error it has raised."""
    messages = [record.message for record in world.trace]
    return [(one.result, one.error) for one in messages if isinstance(one, Handled)]


def test_a_logger_that_injects_the_context() -> None:
    """Every line of the log names the function and the invocation."""
    stream = io.StringIO()
    logger = Logger(stream=stream, service="shop")

    @logger.inject_lambda_context(correlation_id_path="id")
    def handler(event: dict[str, Any], context: Any) -> str:
        logger.info("order %s", event["detail"]["order"])
        return str(context.aws_request_id)

    world = delivered(handler)
    line = json.loads(stream.getvalue())
    ((request_id, error),) = ends(world)
    assert error is None
    assert line["message"] == "order 1"
    assert line["function_name"] == "pay"
    assert line["function_arn"] == world.function("pay").arn
    assert line["function_memory_size"] == "128"
    assert line["function_request_id"] == request_id
    assert line["correlation_id"] == world.trace.deliveries()[0].event.id


def test_an_event_as_a_data_class() -> None:
    """`event_source` gives the handler an `EventBridgeEvent`, of what was put and of what was emitted."""

    @event_source(data_class=EventBridgeEvent)
    def handler(event: EventBridgeEvent, context: Any) -> list[Any]:
        return [event.source, event.detail_type, event.account, event.time, event.detail["order"]]

    ((result, error),) = ends(delivered(handler))
    assert error is None
    assert result == ["shop", "OrderPlaced", "123456789012", START, 1]


def test_an_event_as_a_model() -> None:
    """The parser's `EventBridgeModel` takes an envelope of the simulation."""

    @event_parser(model=EventBridgeModel)
    def handler(event: EventBridgeModel, context: Any) -> str:
        return f"{event.source} {event.detail_type} {event.id}"

    world = delivered(handler)
    assert ends(world) == [(f"shop OrderPlaced {world.trace.deliveries()[0].event.id}", None)]


def test_an_emitted_event_reaches_a_handler_of_powertools() -> None:
    """An object in S3, read by the data class of its envelope."""
    world = sb.World(seed=5, start=START)

    @event_source(data_class=EventBridgeEvent)
    def handler(event: EventBridgeEvent, context: Any) -> Any:
        return event.detail["object"]["key"]

    pay = world.function("thumbnails", handler)
    world.client().put_rule(Name="uploads", EventPattern='{"source": ["aws.s3"]}')
    world.client().put_targets(Rule="uploads", Targets=[{"Id": "1", "Arn": pay.arn}])
    detail = {"bucket": {"name": "pictures"}, "object": {"key": "cat.png"}}
    world.emit({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    world.settle()
    assert ends(world) == [("cat.png", None)]


# -- idempotency ------------------------------------------------------------------------------


class InMemory(BasePersistenceLayer):
    """Records of idempotency in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, DataRecord] = {}

    def _get_record(self, idempotency_key: str) -> DataRecord:
        try:
            return self.records[idempotency_key]
        except KeyError:
            raise IdempotencyItemNotFoundError from None

    def _put_record(self, data_record: DataRecord) -> None:
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        self.records.pop(data_record.idempotency_key, None)


@pytest.fixture(params=["memory", "DynamoDB"])
def store(request: pytest.FixtureRequest) -> Iterator[BasePersistenceLayer]:
    """A dict, and a table of moto's."""
    if request.param == "memory":
        yield InMemory()
        return
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="idempotency",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield DynamoDBPersistenceLayer(table_name="idempotency")


def charging(
    store: BasePersistenceLayer, failures: int = 0
) -> tuple[list[str], Callable[..., Any]]:
    """A handler that charges each event once, after so many failures, and what it has charged."""
    charged: list[str] = []
    left = [failures]

    @idempotent(config=IdempotencyConfig(event_key_jmespath="id"), persistence_store=store)
    def handler(event: dict[str, Any], context: Any) -> str:
        if left[0]:
            left[0] -= 1
            raise ConnectionError("no answer")
        charged.append(event["id"])
        return event["id"]

    return charged, handler


def test_a_duplicate_delivery_is_handled_once(store: BasePersistenceLayer) -> None:
    """EventBridge delivers twice, the function is run twice, and the order is charged once."""
    charged, handler = charging(store)
    world = delivered(handler, limits={"duplicates_per_million": 1_000_000})
    event_id = world.trace.deliveries()[0].event.id
    assert ends(world) == [(event_id, None)] * 2
    assert charged == [event_id]


def test_a_retry_after_a_failure_is_handled(store: BasePersistenceLayer) -> None:
    """A failed execution leaves no record behind: Lambda's retry charges, and nothing charges twice."""
    charged, handler = charging(store, failures=1)
    world = delivered(handler)
    event_id = world.trace.deliveries()[0].event.id
    assert ends(world) == [(None, "ConnectionError"), (event_id, None)]
    assert charged == [event_id]
