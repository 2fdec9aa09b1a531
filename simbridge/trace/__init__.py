"""The trace: everything that happened, in order; query it, keep it, print it."""

from simbridge.trace.levels import OUTCOMES
from simbridge.trace.query import Attempt, Delivery, Trace

__all__ = ["OUTCOMES", "Attempt", "Delivery", "Trace"]
