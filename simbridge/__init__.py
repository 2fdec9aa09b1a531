"""simbridge: Amazon EventBridge, simulated deterministically on a virtual clock."""

from simbridge import backoff
from simbridge.behaviour import scripted
from simbridge.envelopes import read_events
from simbridge.errors import (
    BadLine,
    BlockedThread,
    FeedbackWarning,
    HandlerFailed,
    InvalidArn,
    InvalidEvents,
    InvalidPattern,
    InvalidPolicy,
    InvalidSchedule,
    InvalidTime,
    InvalidTransform,
    LanguageError,
    NotSimulated,
    Runaway,
    RunFailed,
    SimbridgeError,
    Stalled,
)
from simbridge.lab.narrate import narrate, virtual_time
from simbridge.lab.scenario import scenario
from simbridge.lab.story import run
from simbridge.lab.sweep import sweep
from simbridge.pattern import Explanation, Matcher, explain, match
from simbridge.schedule import next_times, schedule_in_words
from simbridge.trace import Trace
from simbridge.version import __version__
from simbridge.world import World

__all__ = [
    "BadLine",
    "BlockedThread",
    "Explanation",
    "FeedbackWarning",
    "HandlerFailed",
    "InvalidArn",
    "InvalidEvents",
    "InvalidPattern",
    "InvalidPolicy",
    "InvalidSchedule",
    "InvalidTime",
    "InvalidTransform",
    "LanguageError",
    "Matcher",
    "NotSimulated",
    "RunFailed",
    "Runaway",
    "SimbridgeError",
    "Stalled",
    "Trace",
    "World",
    "__version__",
    "backoff",
    "explain",
    "match",
    "narrate",
    "next_times",
    "read_events",
    "run",
    "scenario",
    "schedule_in_words",
    "scripted",
    "sweep",
    "virtual_time",
]
