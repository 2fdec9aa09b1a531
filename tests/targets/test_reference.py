"""The examples of the documentation; `tests/docs/test_tables.py` keeps the page current."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simbridge as sb
from simbridge.targets import KINDS, TargetKind
from simbridge.targets.reference import RULE_ARN, SAMPLE, example_request, example_target


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.inputs], ids=lambda kind: kind.name
)
def test_examples_hold(kind: TargetKind) -> None:
    """PutTargets takes the example, and the stand-in receives the request of the page."""
    world = sb.World(start=SAMPLE["time"])
    client = world.client()
    target = example_target(kind)
    stand_in = world.stand_in(target["Arn"])
    client.put_rule(Name=RULE_ARN.rpartition("/")[2], EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="orders", Targets=[target])
    entry: dict[str, Any] = {
        "Source": SAMPLE["source"],
        "DetailType": SAMPLE["detail-type"],
        "Detail": json.dumps(SAMPLE["detail"]),
    }
    answer = client.put_events(Entries=[entry])
    world.settle()
    event = SAMPLE | {"id": answer["Entries"][0]["EventId"]}
    assert stand_in.requests == [example_request(kind, event)]
