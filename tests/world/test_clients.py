"""What `World.client` says of a service that it does not simulate."""

from __future__ import annotations

from typing import Any

import pytest

import simbridge as sb


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("scheduler", "ScheduleExpression"),
        ("pipes", "handler"),
        ("schemas", "handler"),
        ("eventbridgev2", "client\\('events'\\)"),
        ("sqs", "moto"),
        ("personalize-events", "moto"),
        ("stepfunctions", "moto"),
        ("eventbridge", "boto3 calls EventBridge 'events'"),
        ("Events", "did you mean 'events'\\?"),
        ("event", "did you mean 'events'\\?"),
        (" events", "did you mean 'events'\\?"),
        ("cloudwatch-events", "did you mean 'events'\\?"),
    ],
)
def test_other_services_are_refused_with_what_does_their_work(service: Any, says: str) -> None:
    """By their own name; a name that is near to the right one, and no service, is a typo."""
    with pytest.raises(sb.NotSimulated, match=f"not {service!r}: .*{says}"):
        sb.World().client(service)


@pytest.mark.parametrize("service", [None, 5, "", " ", b"events", ["events"]])
def test_what_names_no_service(service: Any) -> None:
    """The error says what a client takes, and does not point to other libraries."""
    with pytest.raises(sb.SimbridgeError, match="takes the name of a service, 'events', not") as no:
        sb.World().client(service)
    assert not isinstance(no.value, sb.NotSimulated)
