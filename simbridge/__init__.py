"""Amazon EventBridge, simulated deterministically on a virtual clock.

The names in `__all__` are public: what you call, what these calls return, and what your code is called with.
"""

from simbridge.actors.context import LambdaContext
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
from simbridge.base.public import publish
from simbridge.base.table import Table
from simbridge.base.version import __version__
from simbridge.bindings import bind
from simbridge.kernel import Record
from simbridge.languages.pattern import (
    Explanation,
    Matcher,
    RulesExplanation,
    explain,
    match,
)
from simbridge.languages.pattern.hints.values import Proposal
from simbridge.languages.pattern.lines import Row
from simbridge.languages.schedule import describe_schedule, next_times
from simbridge.metrics.series import Metrics, Series
from simbridge.model import backoff
from simbridge.model.backoff import Backoff, Candidate
from simbridge.model.faults import Invocation, Scripted, scripted
from simbridge.model.http import Request, Response
from simbridge.model.messages import Event
from simbridge.scenario.narrate import narrate, virtual_timestamper
from simbridge.scenario.runner import run
from simbridge.scenario.scenario import scenario
from simbridge.storage.event_files import Events, read_events
from simbridge.trace import Attempt, Delivery, Trace
from simbridge.trace.why import BusVerdict, RuleVerdict, Why
from simbridge.whatif.compare import Difference
from simbridge.whatif.result import Spread, Sweep, Variant
from simbridge.whatif.sweep import sweep
from simbridge.world import World
from simbridge.world.handles import (
    ArchiveHandle,
    HealthCheck,
    HttpHandle,
    Load,
    Queue,
    QueueMessage,
    StandInHandle,
)

bind()

__all__ = [
    "ArchiveHandle",
    "Attempt",
    "Backoff",
    "BlockingCallWarning",
    "BusVerdict",
    "Candidate",
    "Delivery",
    "Difference",
    "Event",
    "Events",
    "Explanation",
    "FeedbackWarning",
    "HandlerFailed",
    "HealthCheck",
    "HttpHandle",
    "InvalidArn",
    "InvalidEvents",
    "InvalidLine",
    "InvalidPattern",
    "InvalidPolicy",
    "InvalidSchedule",
    "InvalidTime",
    "InvalidTransform",
    "Invocation",
    "LambdaContext",
    "LanguageError",
    "Load",
    "Matcher",
    "Metrics",
    "NotSimulated",
    "Proposal",
    "Queue",
    "QueueMessage",
    "Record",
    "Request",
    "Response",
    "Row",
    "RuleVerdict",
    "RulesExplanation",
    "RunFailed",
    "Runaway",
    "Scripted",
    "Series",
    "SimbridgeError",
    "Spread",
    "Stalled",
    "StandInHandle",
    "Sweep",
    "Table",
    "Trace",
    "Variant",
    "Why",
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

publish(__name__, globals(), __all__)
