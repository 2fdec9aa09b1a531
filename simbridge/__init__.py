"""simbridge: Amazon EventBridge, simulated deterministically on a virtual clock."""

from simbridge.errors import (
    BlockedThread,
    HandlerFailed,
    InvalidArn,
    InvalidPattern,
    InvalidSchedule,
    InvalidTime,
    InvalidTransform,
    LanguageError,
    NotSimulated,
    Runaway,
    SimbridgeError,
    Stalled,
    Unsimulated,
)
from simbridge.lab.scenario import scenario
from simbridge.lab.story import run
from simbridge.pattern import Explanation, Matcher, explain, match
from simbridge.trace import Trace
from simbridge.world import World

__all__ = [
    "BlockedThread",
    "Explanation",
    "HandlerFailed",
    "InvalidArn",
    "InvalidPattern",
    "InvalidSchedule",
    "InvalidTime",
    "InvalidTransform",
    "LanguageError",
    "Matcher",
    "NotSimulated",
    "Runaway",
    "SimbridgeError",
    "Stalled",
    "Trace",
    "Unsimulated",
    "World",
    "explain",
    "match",
    "run",
    "scenario",
]
