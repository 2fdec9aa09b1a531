"""Events of AWS services, and worlds with rules that match them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import simbridge as sb
from simbridge.model.arn import partition_of

START = "2026-03-01T12:30:00Z"
CREATED = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": "b"}}}
FULL = {
    "version": "0",
    "id": "f5f1e65c-dc3a-93ca-6c1e-b1647eac7963",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "210987654321",
    "time": "2023-03-08T17:50:14Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:s3:::example-bucket"],
    "detail": {"object": {"key": "a/ä", "size": 1.5, "parts": [1, None, True]}},
}


def world(account: str | None = None, region: str | None = None, **options: Any) -> sb.World:
    """One rule for all that S3 says, with the queue `q`."""
    made = sb.World(**{"seed": 3, "start": START, **options})
    rule(made, "s3", {"source": ["aws.s3"]}, account=account, region=region)
    return made


def rule(
    made: sb.World,
    name: str,
    pattern: Mapping[str, Any],
    *,
    account: str | None = None,
    region: str | None = None,
    state: str = "ENABLED",
) -> None:
    events = made.client(account=account, region=region)
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
    target = {"Id": "q", "Arn": queue(made, account, region).arn}
    events.put_targets(Rule=name, Targets=[target])


def queue(made: sb.World, account: str | None = None, region: str | None = None) -> Any:
    """The queue of an account and Region: a rule has its target where it is."""
    account, region = account or made.account, region or made.region
    return made.stand_in(f"arn:{partition_of(region)}:sqs:{region}:{account}:q")
