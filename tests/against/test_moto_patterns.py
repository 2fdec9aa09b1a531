"""What docs/explanation/compared-with-others.md says about moto's matcher, tried on both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

import simbridge as sb

# (pattern, event, what AWS's engine and simbridge say); moto says the opposite
DIFFER: list[tuple[Any, Any, bool]] = [
    ({"items": {"kind": ["a"]}}, {"items": [{"kind": "a"}]}, True),
    ({"k": ["a"]}, {"k": [["a"]]}, True),
    ({"k": [{"exists": True}]}, {"k": []}, False),
    ({"k": [{"exists": False}]}, {"k": []}, True),
    ({"k": [1]}, {"k": True}, False),
    ({"k": [{"numeric": ["<", 5]}]}, {"k": True}, False),
    ({"k": ["::1"]}, {"k": "0:0:0:0:0:0:0:1"}, True),
    ({"k": [{"equals-ignore-case": "straße"}]}, {"k": "STRASSE"}, True),
]

TAKEN = [
    '{"k": [{"foo": 1}]}',
    '{"k": [{"prefix": 1}]}',
    '{"k": [{"numeric": [">"]}]}',
    '{"k": [{"wildcard": "a**"}]}',
    '{"k": [{"cidr": "x"}]}',
    '{"$or": [{"k": [1]}]}',
    "{}",
]


@pytest.mark.parametrize(("pattern", "event", "matches"), DIFFER)
def test_verdicts_that_differ(pattern: Any, event: Any, matches: bool) -> None:
    """When moto changes its mind, the page has to change too."""
    assert sb.match(pattern, event) is matches
    assert EventPattern.load(json.dumps(pattern)).matches_event(event) is not matches


@pytest.mark.parametrize("pattern", TAKEN)
def test_patterns_that_only_moto_takes(pattern: str) -> None:
    """The service refuses them."""
    with pytest.raises(sb.InvalidPattern):
        sb.match(pattern, {})
    EventPattern.load(pattern)
