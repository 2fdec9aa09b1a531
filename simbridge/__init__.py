"""simbridge: Amazon EventBridge, simulated deterministically on a virtual clock."""

from simbridge.base.errors import (
    BlockingCallWarning,
    FeedbackWarning,
    HandlerFailed,
    InvalidArn,
    InvalidEvents,
    InvalidLine,
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
from simbridge.bindings import bind
from simbridge.languages.pattern import Explanation, Matcher, explain, match
from simbridge.languages.schedule import describe_schedule, next_times
from simbridge.model import backoff
from simbridge.model.faults import scripted
from simbridge.model.http import Request, Response
from simbridge.scenario.narrate import narrate, virtual_timestamper
from simbridge.scenario.runner import run
from simbridge.scenario.scenario import scenario
from simbridge.storage.event_files import read_events
from simbridge.trace import Trace
from simbridge.whatif.sweep import sweep
from simbridge.world import World

bind()

__all__ = [
    "BlockingCallWarning",
    "Explanation",
    "FeedbackWarning",
    "HandlerFailed",
    "InvalidArn",
    "InvalidEvents",
    "InvalidLine",
    "InvalidPattern",
    "InvalidPolicy",
    "InvalidSchedule",
    "InvalidTime",
    "InvalidTransform",
    "LanguageError",
    "Matcher",
    "NotSimulated",
    "Request",
    "Response",
    "RunFailed",
    "Runaway",
    "SimbridgeError",
    "Stalled",
    "Trace",
    "World",
    "__version__",
    "backoff",
    "describe_schedule",
    "explain",
    "match",
    "narrate",
    "next_times",
    "read_events",
    "run",
    "scenario",
    "scripted",
    "sweep",
    "virtual_timestamper",
]
