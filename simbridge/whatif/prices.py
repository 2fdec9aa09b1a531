"""What a run would have cost: the meters of EventBridge, read from its trace.

Prices are in a dated list beside this file (`prices.toml`), each with its source; a sweep can override
each of them. Rules, scheduled rules and retries of deliveries are not charged (retries: believed).
Charges of targets (Lambda, SQS) are not on EventBridge's bill and not counted.
See https://aws.amazon.com/eventbridge/pricing/.
"""

from __future__ import annotations

import math
import pkgutil
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from simbridge.base.checks import mapping
from simbridge.base.errors import SimbridgeError
from simbridge.base.suggest import did_you_mean
from simbridge.model import arn as arns
from simbridge.model.messages import Invoke, Publish
from simbridge.trace import Trace

__all__ = ["METERS", "cost_usd", "price_list", "prices_with"]

UNIT_BYTES = 64 * 1024

# Which meter counts an event that arrives on a bus from another bus, or from outside (None).
METERS: dict[str, Callable[[str, str | None], bool]] = {
    "custom_events": lambda bus, source: source is None,
    "same_region_events": lambda bus, source: _place(bus) == _place(source),
    "cross_region_events": lambda bus, source: _place(bus) != _place(source),
}


@cache
def price_list() -> Mapping[str, Any]:
    """The content of the file: `date`, `region`, and a table for each meter."""
    data = pkgutil.get_data(__name__, "prices.toml")  # importlib.resources brings tempfile along
    assert data is not None, "prices.toml lies beside this module"
    return tomllib.loads(data.decode())


def prices_with(overrides: Mapping[str, float] | None) -> dict[str, float]:
    """US dollars per million units by meter; `overrides` replaces some of them.

    Raises `SimbridgeError` for an unknown meter or an invalid price.
    """
    prices = {meter: float(price_list()[meter]["per_million"]) for meter in METERS}
    given = mapping({} if overrides is None else overrides, "prices", "{'custom_events': 0.9}")
    for meter, price in given.items():
        if meter not in prices:
            raise SimbridgeError(f"there is no price {meter!r}; {did_you_mean(meter, prices)}")
        if (
            isinstance(price, bool)
            or not isinstance(price, int | float)
            or not 0 <= price < math.inf
        ):
            raise SimbridgeError(f"the price of {meter} is a number of dollars, not {price!r}")
        prices[meter] = float(price)
    return prices


def cost_usd(trace: Trace, prices: Mapping[str, float]) -> float:
    """The bill of a run, in US dollars."""
    units = dict.fromkeys(METERS, 0)
    forwarded: dict[int, str] = {}
    for record in trace:
        match record.message:
            case Invoke(event=event) if ":event-bus/" in record.to:
                forwarded[record.sequence] = event.bus
            case Publish() if record.sender.startswith("aws."):
                pass  # the events of AWS services are free
            case Publish(event):
                source = forwarded.get(record.cause)
                meter = next(name for name, fits in METERS.items() if fits(record.to, source))
                units[meter] += max(1, -(-event.size_bytes // UNIT_BYTES))
    return sum(units[meter] * prices[meter] for meter in METERS) / 1_000_000


def _place(bus: str | None) -> tuple[str, str]:
    assert bus is not None, "the first meter counts what comes from outside"
    arn = arns.parse(bus)
    return arn.account, arn.region
