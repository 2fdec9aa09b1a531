"""A shop for tests: one rule, one target, one dead-letter queue, in front of a genuine client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import simbridge as sb
from simbridge.base.clock import SECOND
from simbridge.trace import Delivery

START = "2026-03-01T00:00:00Z"
ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
PATTERN = '{"source": ["shop"]}'


class Shop:
    """A world whose rule `orders` sends what comes from the shop to `pay`, and who gives up to `dead`."""

    def __init__(
        self,
        *,
        retry: dict[str, int] | None = None,
        dead_letters: bool = True,
        target: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.world = sb.World(**{"seed": 7, "start": START, **options})
        self.events = self.world.client("events")
        self.pay = self.world.function("pay")
        self.dead = self.world.queue("dead")
        self.events.put_rule(Name="orders", EventPattern=PATTERN)
        self.target = {"Id": "pay", "Arn": self.pay.arn, **(target or {})}
        if retry is not None:
            self.target["RetryPolicy"] = retry
        if dead_letters:
            self.target["DeadLetterConfig"] = {"Arn": self.dead.arn}
        self.events.put_targets(Rule="orders", Targets=[self.target])
        self.world.settle()

    def put(self, count: int = 1, **entry: Any) -> list[str]:
        """Put events at this instant; their ids."""
        ids: list[str] = []
        for _ in range(count):
            answer = self.events.put_events(Entries=[{**ENTRY, **entry}])
            ids += [result["EventId"] for result in answer["Entries"]]
        return ids

    @property
    def deliveries(self) -> list[Delivery]:
        """All of them."""
        return self.world.trace.deliveries()

    @property
    def delivery(self) -> Delivery:
        """The only one."""
        (only,) = self.deliveries
        return only

    def seconds(self, instant: Any) -> float:
        """Since the beginning: of an instant, or of microseconds since the epoch."""
        begin = sb.World(start=START).now.timestamp()
        if isinstance(instant, int):
            return instant / SECOND - begin
        return float(instant.timestamp() - begin)

    def attempted(self) -> list[float]:
        """When the only delivery was attempted, in seconds since the beginning."""
        return [self.seconds(attempt.time) for attempt in self.delivery.attempts]


@pytest.fixture
def shop() -> Callable[..., Shop]:
    """`shop(retry={...}, dead_letters=False, **options of the world)`."""
    return Shop
