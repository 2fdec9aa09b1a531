"""Interception beside other patches, late subclasses and hooks of botocore."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.endpoint
import botocore.session
import pytest

import simbridge as sb
from simbridge.model.messages import Call

ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}

pytestmark = pytest.mark.usefixtures("botocore_state")


def own() -> Any:
    return boto3.client("events", region_name="us-east-1")


def test_a_patch_over_ours_may_stay() -> None:
    """Theirs calls ours; the next block replaces theirs and restores it."""
    kind, world, seen = botocore.endpoint.Endpoint, sb.World(), list[str]()
    original = kind.make_request
    with world.intercept():
        ours = kind.make_request

        def theirs(self: Any, model: Any, request: Any) -> Any:
            seen.append(model.name)
            return ours(self, model, request)

        kind.make_request = theirs
        own().list_rules()
    assert kind.make_request is theirs
    with world.intercept():
        own().describe_event_bus()
    assert kind.make_request is theirs
    kind.make_request = original
    with world.intercept():
        own().list_event_buses()
    assert seen == ["ListRules"]
    assert sum(isinstance(record.message, Call) for record in world.trace) == 3


def test_a_subclass_of_botocores_session_that_comes_late() -> None:
    """As aiobotocore's, where a handler imports it: what it overrides is replaced at once."""
    world = sb.World()
    with world.intercept():

        class Late(botocore.session.Session):
            def create_client(self, *args: Any, **kwargs: Any) -> Any:
                return kwargs, super().create_client(*args, **kwargs)

        given, client = Late().create_client("events", "eu-west-1")
    assert given["aws_access_key_id"] == "simbridge"
    assert client.meta.region_name == "eu-west-1"
    assert is_restored(Late)


def is_restored(kind: type) -> bool:
    """Whether a method is the class's own again."""
    return not hasattr(vars(kind)["create_client"], "__wrapped__")


@pytest.mark.parametrize("kind", ["world.client", "intercepted"])
def test_hooks_read_the_response(kind: str) -> None:
    """`before-call`, `response-received` and `after-call`, with the body as it came."""
    world = sb.World()
    client = world.client() if kind == "world.client" else own_in(world)
    seen: list[str] = []

    def after(http_response: Any, parsed: Any, **_: Any) -> None:
        assert b"FailedEntryCount" in http_response.content
        assert http_response.content == http_response.text.encode()
        assert http_response.headers["X-Amzn-RequestId"] == parsed["ResponseMetadata"]["RequestId"]
        seen.append("after-call")

    def received(response_dict: Any, parsed_response: Any, exception: Any, **_: Any) -> None:
        assert b"FailedEntryCount" in response_dict["body"]
        assert response_dict["headers"]["X-Amzn-RequestId"] and exception is None
        assert parsed_response["FailedEntryCount"] == 0
        seen.append("response-received")

    def silent(**_: Any) -> None:
        raise AssertionError("nothing is signed, sent or tried again")

    client.meta.events.register("before-call.events", lambda **_: seen.append("before-call"))
    client.meta.events.register("after-call.events.PutEvents", after)
    client.meta.events.register("response-received.events", received)
    for event in ("request-created", "before-sign", "before-send", "needs-retry"):
        client.meta.events.register(f"{event}.events", silent)
    with world.intercept():
        client.put_events(Entries=[ENTRY])
    assert seen == ["before-call", "response-received", "after-call"]


def own_in(world: sb.World) -> Any:
    with world.intercept():
        return own()
