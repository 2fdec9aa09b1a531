"""The discrete-event kernel: one queue, one clock, one order; and what may disturb it."""

from simbridge.kernel.core import (
    FULL,
    OUTSIDE,
    Actor,
    Entry,
    Host,
    Kernel,
    Record,
    TraceFilter,
    Turn,
    uuid_from,
    uuid_of,
)

__all__ = [
    "FULL",
    "OUTSIDE",
    "Actor",
    "Entry",
    "Host",
    "Kernel",
    "Record",
    "TraceFilter",
    "Turn",
    "uuid_from",
    "uuid_of",
]
