"""simbridge: Amazon EventBridge, simulated deterministically on a virtual clock."""

from simbridge.base.errors import (
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
from simbridge.base.version import __version__
from simbridge.languages.pattern import Explanation, Matcher, explain, match
from simbridge.languages.schedule import next_times, schedule_in_words
from simbridge.model import backoff
from simbridge.model.faults import scripted
from simbridge.scenario.narrate import narrate, virtual_time
from simbridge.scenario.scenario import scenario
from simbridge.scenario.story import run
from simbridge.storage.event_files import read_events
from simbridge.trace import Trace
from simbridge.whatif.sweep import sweep
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
