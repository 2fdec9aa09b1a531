"""The trace: everything that happened, in order; query it, keep it, print it.

Here belongs what reads the kernel's records: `query` has the questions, `deliveries` and `why` the answers,
`render` and `timeline` the words, `codec` and `file` the file. Nothing here changes a world. Counts of many
records are `metrics`.
"""

from simbridge.trace.levels import OUTCOMES
from simbridge.trace.query import Attempt, Delivery, Trace

__all__ = ["OUTCOMES", "Attempt", "Delivery", "Trace"]
