"""Everything an actor can say. If it is not a message, it did not happen.

Messages are frozen records without behaviour. They are `msgspec` structs: as quick to make as a
tuple, untracked by the garbage collector (what is frozen and made of JSON values is in no cycle),
and with one unambiguous JSON form, the line of the trace. Many messages carry the same `Event`, or
the same `Parameters` of a target; the trace writes such a thing out once and refers to it afterwards
(`trace/codec`).

The life of one event, as the messages tell it::

    story ----Call----> control plane        PutEvents, with request and answer
          --Publish--> event bus             the event is in the world
    service --Publish-> event bus            an AWS service has emitted an event
    scheduler --Tick--> itself               a schedule is due; it publishes an event of its own
    bus   ----Match---> delivery             a rule matched; one delivery for each of its targets
    delivery -Invoke--> target               attempt n
    target --Outcome--> delivery             accepted, or an error code
    delivery --Due--> itself                 its time has come, where the Invocations quota is on
    delivery -Expire-> itself                there is no time for another attempt
    delivery -DeadLetter-> queue             given up; or `Drop` to the bus where nobody keeps it
    target --Handled--> itself               a function of yours has returned, or raised
    target --Execute--> itself               Lambda runs the function, later or again
    target --Deposit--> queue, topic         Lambda's record of an invocation; or `Declined` back
    bus   ----Keep----> archive              an archive keeps the event; `Counted` tells how many it has
    replay -Publish---> event bus            an archived event comes again; `Progress` tells how far it is
"""

from __future__ import annotations

from typing import Any, final

import msgspec

from simbridge.base.printable import printable
from simbridge.model.faults import Behaviour
from simbridge.model.http_messages import (
    Authorize,
    Authorized,
    ConnectionChanged,
    HttpRequest,
    HttpResponse,
    Unauthorized,
)
from simbridge.model.message import MessageBase
from simbridge.model.resources import Parameters, Resource

__all__ = [
    "Behave",
    "Call",
    "Configure",
    "Counted",
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
    "Loaded",
    "Match",
    "Message",
    "Outcome",
    "Progress",
    "Publish",
    "Retire",
    "Stop",
    "Tick",
]


@final
class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event on one bus: the envelope that rules match and targets receive, and its history.

    `envelope` is the JSON object in AWS's key order (fidelity 1.1) and must not be changed by
    anybody. `size_bytes` is what PutEvents counts (fidelity 1.5). `hops` and `region_hops` count the
    buses it was forwarded through (fidelity 8.5).
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

    `error` is the code of AWS's refusal, `text` its words, `detail` what simbridge adds for people
    and the client never hears; `response` is the answer otherwise.
    """

    operation: str
    request: dict[str, Any]
    response: dict[str, Any] | None = None
    error: str | None = None
    text: str | None = None
    detail: str | None = None


@final
class Configure(MessageBase, frozen=True):
    """This is how the resource at this address looks from now on."""

    resource: Resource


@final
class Retire(MessageBase, frozen=True):
    """The rule or event bus of this ARN has been removed; its bus is told."""

    arn: str


@final
class Tick(MessageBase, frozen=True):
    """A schedule, an archive, a replay or a connection is due: what it sends to itself.

    `due_us` is the instant it means; the tick of a schedule may arrive late within its minute.
    """

    due_us: int


@final
class Publish(MessageBase, frozen=True):
    """An event arrives on a bus.

    `rule` is the ARN of the scheduled rule that has emitted it; its targets receive the event
    whatever the pattern of the rule says (captured). `only` are the ARNs of the rules that a replay
    is for; without them it is for all rules.
    """

    event: Event
    rule: str | None = None
    only: tuple[str, ...] | None = None


@final
class Match(MessageBase, frozen=True):
    """A rule matched an event: its delivery to one target begins.

    The sequence number of this message is the name of the delivery in all that follows. `duplicate`:
    it is the second delivery of this event, as at-least-once allows.
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

    `parameters` are the target's, for the request that a stand-in shows (`simbridge.targets`).
    """

    delivery: int
    attempt: int
    event: Event
    rule: str
    body: str | None = None
    parameters: Parameters | None = None


@final
class Outcome(MessageBase, frozen=True):
    """What a target answered to one attempt; no `error` means it has accepted.

    `detail` is what simbridge adds to the `text` for people; no dead letter tells it.
    """

    delivery: int
    attempt: int
    error: str | None = None
    text: str | None = None
    detail: str | None = None


@final
class Due(MessageBase, frozen=True):
    """The time of an attempt has come, in a region where the Invocations quota is on.

    `reserved`: it has waited for its turn in the quota, which throttled it. Else it has waited for
    its backoff, and asks for its turn now.
    """

    delivery: int
    attempt: int
    reserved: bool = False


@final
class Expire(MessageBase, frozen=True):
    """The age limit of a delivery comes before its next attempt would.

    `throttled`: the attempt was due, and the Invocations quota had no turn left for it.
    """

    delivery: int
    throttled: bool = False


@final
class DeadLetter(MessageBase, frozen=True):
    """A delivery is given up and put into its dead-letter queue (fidelity 2.4).

    `attempts` counts those that were made; the attributes tell it only where AWS tells it.
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
class Loaded(MessageBase, frozen=True):
    """Events of a file have been put into an archive as its past; `sha256` is of their envelopes."""

    events: int
    size_bytes: int
    sha256: str


@final
class Counted(MessageBase, frozen=True):
    """What an archive reports of itself: what DescribeArchive shows from now on."""

    events: int
    size_bytes: int


@final
class Stop(MessageBase, frozen=True):
    """A replay is to end in this state: it is cancelled, or its archive is gone."""

    state: str
    reason: str | None = None


@final
class Progress(MessageBase, frozen=True):
    """What a replay reports of itself: its state and the last minute of event time it has done."""

    state: str
    reason: str | None = None
    last_replayed_us: int | None = None


@final
class Handled(MessageBase, frozen=True):
    """A function of yours has ended: execution number `attempt` for one delivery.

    `result` is what it returned, as JSON where it has a JSON form; `error` the type of the exception
    that it raised instead, `text` the exception's words.
    """

    delivery: int
    attempt: int
    result: Any = None
    error: str | None = None
    text: str | None = None


@final
class Execute(MessageBase, frozen=True):
    """Lambda runs a function: a while after it has accepted the event, or again after it has raised."""

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


Message = (
    Authorize
    | Authorized
    | Behave
    | Call
    | Configure
    | ConnectionChanged
    | Counted
    | DeadLetter
    | Declined
    | Deposit
    | Drop
    | Due
    | Execute
    | Expire
    | Handled
    | HttpRequest
    | HttpResponse
    | Invoke
    | Keep
    | Loaded
    | Match
    | MatchWithoutTarget
    | Outcome
    | Progress
    | Publish
    | Retire
    | Stop
    | Tick
    | Unauthorized
)
