"""Every message that an actor can receive. Whatever happens is a message, and only that.

Messages are frozen `msgspec` structs: as quick to make as a tuple, not tracked by the garbage collector
(frozen JSON values are in no cycle), and with one unambiguous JSON form, the line of the trace. Many
messages carry the same `Event`, or the same `Parameters` of a target; the trace writes these out once and
refers to them afterwards (`trace/codec`).

The messages in the life of one event::

    story ----Call----> control plane        PutEvents, with request and answer
          --Publish--> event bus             the event has arrived
    service --Publish-> event bus            an AWS service has emitted an event
    scheduler --Tick--> itself               a schedule is due; it publishes an event of its own
    bus   ----Match---> delivery             a rule matched; one delivery for each of its targets
    delivery -Invoke--> target               attempt n
    target --Outcome--> delivery             accepted, or an error code
    delivery --Due--> itself                 an attempt is due that needs a token of a rate limit
    delivery -Expire-> itself                there is no time for another attempt
    delivery -DeadLetter-> queue             given up; without a queue, `Drop` to the bus
    story ----Permit--> target               its resource policy is this from now on
    target --Handled--> itself               your function has returned, or raised
    target --Execute--> itself               Lambda runs the function, later or again
    target --Deposit--> queue, topic         Lambda's record of an invocation; or `Declined` back
    bus   ----Keep----> archive              an archive keeps the event; `Counted` reports how many it has
    replay -Publish---> event bus            an archived event is put again; `Progress` reports how far it is
"""

from __future__ import annotations

from typing import Any, final

import msgspec

from simbridge.base.printable import printable
from simbridge.model.faults import Behaviour
from simbridge.model.http_messages import HttpMessage
from simbridge.model.message import MessageBase
from simbridge.model.resources import Parameters, Resource
from simbridge.model.state_messages import Counted, Health, Loaded, Progress, Stop

__all__ = [
    "Behave",
    "Call",
    "Configure",
    "DeadLetter",
    "Declined",
    "Deposit",
    "Drop",
    "Due",
    "Event",
    "Execute",
    "Expire",
    "Handled",
    "Invoke",
    "Keep",
    "Match",
    "Message",
    "Outcome",
    "Permit",
    "Publish",
    "Retire",
    "Tick",
]


@final
class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event on one bus: the envelope that rules match and targets receive, and its history.

    `envelope` is the JSON object in AWS's key order (fidelity 1.1) and must not be changed. `size_bytes`
    is what PutEvents counts (fidelity 1.5). `hops` and `region_hops` count the buses it was forwarded
    through (fidelity 8.5).
    """

    bus: str
    envelope: dict[str, Any]
    ingested_us: int
    size_bytes: int
    trace_header: str | None = None
    hops: int = 0
    region_hops: int = 0

    @property
    def id(self) -> str:
        """The id that PutEvents answered."""
        return str(self.envelope["id"])

    def __deepcopy__(self, memo: object) -> Event:
        return self

    def __repr__(self) -> str:
        return f"Event({self.envelope.get('source')!r}, {self.envelope.get('detail-type')!r}, {printable(self.id)})"


@final
class Call(MessageBase, frozen=True):
    """An operation of the control plane was called, and answered at once.

    If it was refused, `error` is AWS's code and `text` its message; otherwise `response` is the answer.
    `detail` is a note of simbridge's for the reader of the trace, which the client does not get.
    """

    operation: str
    request: dict[str, Any]
    response: dict[str, Any] | None = None
    error: str | None = None
    text: str | None = None
    detail: str | None = None


@final
class Configure(MessageBase, frozen=True):
    """Create or replace the resource at this address."""

    resource: Resource


@final
class Retire(MessageBase, frozen=True):
    """Remove the rule or event bus of this ARN; sent to its bus."""

    arn: str


@final
class Tick(MessageBase, frozen=True):
    """The timer of a schedule, an archive, a replay or a connection, which sends it to itself.

    `due_us` is the instant it is for; the tick of a schedule may arrive later, within its minute.
    """

    due_us: int


@final
class Publish(MessageBase, frozen=True):
    """An event arrives on a bus.

    `rule` is the ARN of the scheduled rule that has emitted it; the rule's targets receive the event even
    if its pattern does not match (captured). `only` are the ARNs of the rules that a replay is for; None
    means all rules.
    """

    event: Event
    rule: str | None = None
    only: tuple[str, ...] | None = None


@final
class Match(MessageBase, frozen=True):
    """A rule matched an event: its delivery to one target begins.

    The sequence number of this message identifies the delivery in all later messages. `duplicate`: this is
    the second delivery of the same event, as at-least-once allows.
    """

    event: Event
    rule: str
    target: str
    target_arn: str
    duplicate: bool = False


@final
class MatchWithoutTarget(MessageBase, frozen=True):
    """A rule without targets matched an event: nothing is delivered; its bus sends this to itself."""

    event: Event
    rule: str


@final
class Invoke(MessageBase, frozen=True):
    """One attempt to hand an event to a target. `body` None means the whole event.

    `parameters` are the target's, for the request of a stand-in (`StandInHandle.requests`).
    """

    delivery: int
    attempt: int
    event: Event
    rule: str
    body: str | None = None
    parameters: Parameters | None = None


@final
class Outcome(MessageBase, frozen=True):
    """The answer of a target to one attempt; without an `error` it has accepted.

    `detail` is what simbridge adds to the `text` for the reader of the trace; it is not in a dead letter. An
    API destination adds the HTTP `status`, and the Retry-After: a negative one forbids another attempt.
    """

    delivery: int
    attempt: int
    error: str | None = None
    text: str | None = None
    detail: str | None = None
    status: int | None = None
    retry_after_us: int | None = None


@final
class Due(MessageBase, frozen=True):
    """An attempt is due, where it needs a token: of the Invocations quota, or of an API destination.

    `reserved`: it has waited for the quota. `paced`: it has waited for the rate limit of its API
    destination. Otherwise it has waited for its backoff, and takes a token next.
    """

    delivery: int
    attempt: int
    reserved: bool = False
    paced: bool = False


@final
class Expire(MessageBase, frozen=True):
    """The age limit of a delivery comes before its next attempt would.

    `throttled`, `paced`: the Invocations quota, or its API destination, had no token in time.
    """

    delivery: int
    throttled: bool = False
    paced: bool = False


@final
class DeadLetter(MessageBase, frozen=True):
    """A delivery is given up and put into its dead-letter queue (fidelity 2.4).

    `attempts` is how many were made; the attributes have it only if AWS's have it.
    """

    delivery: int
    event: Event
    attributes: dict[str, str]
    body: str | None = None
    attempts: int = 0


@final
class Drop(MessageBase, frozen=True):
    """A delivery is given up and the event is lost to this target."""

    delivery: int
    error: str
    text: str
    exhausted: str | None = None
    attempts: int = 0


@final
class Keep(MessageBase, frozen=True):
    """The rule of an archive matched an event: the archive keeps it."""

    event: Event


@final
class Handled(MessageBase, frozen=True):
    """Your function has ended: execution number `attempt` for one delivery.

    `result` is what it returned, as JSON if it has a JSON form. If it raised, `error` is the type of the
    exception and `text` its message.
    """

    delivery: int
    attempt: int
    result: Any = None
    error: str | None = None
    text: str | None = None


@final
class Execute(MessageBase, frozen=True):
    """Lambda runs a function: some time after it has accepted the event, or again after it raised."""

    delivery: int
    attempt: int


@final
class Deposit(MessageBase, frozen=True):
    """Lambda sends its record of an invocation to a destination, a queue or a topic.

    `delivery`, `event` and `rule` are those by which the function was invoked.
    """

    delivery: int
    event: Event
    rule: str
    body: str


@final
class Declined(MessageBase, frozen=True):
    """A destination does not take Lambda's record of an invocation, which is lost.

    `delivery` is the one that has invoked the function.
    """

    delivery: int
    error: str
    text: str | None = None


@final
class Behave(MessageBase, frozen=True):
    """A stand-in or an operation behaves like this from now on (`simbridge.model.faults`)."""

    behaviour: Behaviour


@final
class Permit(MessageBase, frozen=True):
    """The resource policy of a stand-in is this from now on, as JSON text.

    None: it has no policy, and lets all callers or none in, as the world says (`World(permissions=...)`).
    """

    policy: str | None = None


Message = (
    HttpMessage
    | Behave
    | Call
    | Configure
    | Counted
    | DeadLetter
    | Declined
    | Deposit
    | Drop
    | Due
    | Execute
    | Expire
    | Handled
    | Health
    | Invoke
    | Keep
    | Loaded
    | Match
    | MatchWithoutTarget
    | Outcome
    | Permit
    | Progress
    | Publish
    | Retire
    | Stop
    | Tick
)
