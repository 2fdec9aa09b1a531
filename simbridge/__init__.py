"""simbridge: Amazon EventBridge, simulated deterministically on a virtual clock."""

from simbridge.envelopes import read_events
from simbridge.errors import (
    BadLine,
    BlockedThread,
    HandlerFailed,
    InvalidArn,
    InvalidEvents,
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
from simbridge.lab.narrate import narrate, virtual_time
from simbridge.lab.scenario import scenario
from simbridge.lab.story import run
from simbridge.pattern import Matcher, match
from simbridge.schedule import next_times, schedule_in_words
from simbridge.trace import Trace
from simbridge.world import World

__all__ = [
    "BadLine",
    "BlockedThread",
    "HandlerFailed",
    "InvalidArn",
    "InvalidEvents",
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
    "match",
    "narrate",
    "next_times",
    "read_events",
    "run",
    "scenario",
    "schedule_in_words",
    "virtual_time",
]
