"""How the services behind targets behave: outages, errors, latency, limits, scripts.

Each fault is one module: the class that describes it, its words in the timeline, its effect on an attempt,
and its method of a handle (`fault` says what these are). This table collects them; a new fault is a module
of this package with its names in the two places below. Several faults of one stand-in hold together.
"""

from __future__ import annotations

from typing import get_args

from simbridge.model.faults.behaves import (
    BehavesMethod,
    Custom,
    Decide,
    Invocation,
    Scripted,
    scripted,
)
from simbridge.model.faults.fails import Fails, FailsMethod, outage, probability_u32
from simbridge.model.faults.fault import (
    OK,
    Attempt,
    Decision,
    Effect,
    Fault,
    Latency,
    Limit,
    Verdict,
)
from simbridge.model.faults.limit import Concurrency, LimitMethod, PerSecond
from simbridge.model.faults.recovers import Recovers, RecoversMethod
from simbridge.model.faults.slow import Slow, SlowMethod

__all__ = [
    "FAULTS",
    "OK",
    "AllFaultMethods",
    "Attempt",
    "Behaviour",
    "Concurrency",
    "Custom",
    "Decide",
    "Decision",
    "Effect",
    "Fails",
    "Fault",
    "Invocation",
    "Latency",
    "Limit",
    "PerSecond",
    "Recovers",
    "Scripted",
    "Slow",
    "Verdict",
    "outage",
    "probability_u32",
    "scripted",
]

Behaviour = Concurrency | PerSecond | Fails | Scripted | Custom | Slow | Recovers
"""Every fault. Of one stand-in's faults, those that are first here are asked first."""


class AllFaultMethods(FailsMethod, SlowMethod, LimitMethod, BehavesMethod, RecoversMethod):
    """The methods of a handle that send faults."""


FAULTS: tuple[type[Fault], ...] = get_args(Behaviour)
"""The classes of `Behaviour`, in its order."""
