"""moto as another opinion: where it follows the service, the same calls have the same answers.

Left out is where moto is known to differ from recorded answers of the service: it refuses to delete
a rule that is not there, has no TestEventPattern, and words its refusals in its own way, so that
only their codes are compared.
"""

from __future__ import annotations

import boto3
import moto
import pytest
from botocore.exceptions import ClientError

from simbridge.api.model import make_client
from simbridge.api.plane import ControlPlane
from simbridge.base import clock
from simbridge.kernel import Kernel
from simbridge.model.limits import limits_with

PATTERN = '{"source": ["shop"]}'
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"

CALLS = [
    ("create_event_bus", {"Name": "b"}),
    ("create_event_bus", {"Name": "b"}),
    ("create_event_bus", {"Name": "a/b"}),
    ("put_rule", {"Name": "r1", "EventPattern": PATTERN}),
    ("put_rule", {"Name": "r2", "EventPattern": PATTERN, "EventBusName": "b", "State": "DISABLED"}),
    ("put_rule", {"Name": "r", "EventPattern": PATTERN, "EventBusName": "none"}),
    ("describe_rule", {"Name": "r1"}),
    ("describe_rule", {"Name": "r2", "EventBusName": "b"}),
    ("describe_rule", {"Name": "r2"}),
    ("enable_rule", {"Name": "r2", "EventBusName": "b"}),
    ("disable_rule", {"Name": "none"}),
    ("list_rules", {"EventBusName": "b"}),
    ("put_targets", {"Rule": "r1", "Targets": [{"Id": "x", "Arn": QUEUE}]}),
    ("put_targets", {"Rule": "none", "Targets": [{"Id": "x", "Arn": QUEUE}]}),
    ("put_targets", {"Rule": "r1", "Targets": [{"Id": "y", "Arn": TOPIC, "Input": "1"}]}),
    ("list_targets_by_rule", {"Rule": "r1"}),
    ("list_rule_names_by_target", {"TargetArn": QUEUE}),
    ("delete_rule", {"Name": "r1"}),
    ("remove_targets", {"Rule": "r1", "Ids": ["x", "y"]}),
    ("delete_rule", {"Name": "r1"}),
    ("list_rules", {}),
    ("delete_event_bus", {"Name": "default"}),
    ("describe_event_bus", {"Name": "none"}),
]


def answer(client, name, request):
    """What a call answers, or the code of its refusal."""
    try:
        response = getattr(client, name)(**request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return {key: value for key, value in response.items() if key != "ResponseMetadata"}


@pytest.fixture
def ours():
    kernel = Kernel(1, clock.instant("2026-03-01T00:00:00Z"), lambda *_: None)
    plane = ControlPlane(kernel, limits_with(None))

    def serve(request):
        return plane.answer(request, account="123456789012", sender="story", cause=0)

    return make_client(serve, "us-east-1")


def test_the_same_story_has_the_same_answers(ours, monkeypatch):
    """One call after the other on both; every answer and every code is equal."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        theirs = boto3.client("events", region_name="us-east-1")
        for name, request in CALLS:
            assert answer(ours, name, request) == answer(theirs, name, request), name
