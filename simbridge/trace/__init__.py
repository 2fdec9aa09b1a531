"""The trace: everything that happened, in order; query it, keep it, print it."""

from simbridge.trace.query import Attempt, Delivery, Trace
from simbridge.trace.thin import OUTCOMES

__all__ = ["OUTCOMES", "Attempt", "Delivery", "Trace"]
