"""A replay: puts archived events on their bus again, one minute of event time after the other.

`TRANSITIONS` has the states (fidelity 6.6). A replay that is STARTING is stopped when the starting time
is over (captured: a cancelled one took 73 seconds, one without its archive 51 and 57). DescribeReplay
answers CANCELLING at once.

Each change, and each minute that had events, is reported to the control plane (`Progress`). A minute is read
just before it is put, so it has what is in the archive then. Its events are put in slices of a hundredth of a
second, and the next minute waits until both the slices and the time for one minute are over. A minute
without events takes a time of its own (`empty_bucket_us`) and no message, and is not reported: the last
replayed minute is one that the archive has an event of, whether or not that event is in the window
(fidelity 6.5; captured).

For example, with 250 events in 09:00, none in 09:01 and 09:02, one in 09:03, 10,000 events a second, a second
for a minute with events and a millisecond for one without, from RUNNING on::

    0 s        100 events of 09:00
    0.01 s     100 events of 09:00
    0.02 s     50 events of 09:00, which is reported
    1.002 s    1 event of 09:03, which is reported
    2.002 s    COMPLETED

A replayed event is new to the bus: it has a new id, the name of the replay between `region` and `resources`,
no hops, and is ingested now. Everything else is unchanged (fidelity 6.5; recorded).
See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html.
"""

from __future__ import annotations

from typing import Any, NamedTuple, final

from simbridge.actors.archive import ArchiveActor
from simbridge.actors.transitions import Transition, steps_of
from simbridge.base import clock
from simbridge.base.errors import SimbridgeError
from simbridge.kernel import Turn, uuid_from
from simbridge.model import arn as arns
from simbridge.model.event_size import event_size
from simbridge.model.feedback import Feedback
from simbridge.model.messages import Configure, Event, Message, Publish, Tick
from simbridge.model.resources import Replay
from simbridge.model.state_messages import Progress, Stop
from simbridge.storage.events import MINUTE, Stored

__all__ = ["TRANSITIONS", "Pace", "ReplayActor"]

# The states, as DescribeReplay shows them.
STARTING, RUNNING, CANCELLING = "STARTING", "RUNNING", "CANCELLING"
COMPLETED, CANCELLED, FAILED = "COMPLETED", "CANCELLED", "FAILED"

TRANSITIONS = (
    Transition(STARTING, "start", RUNNING, "the starting time is over"),
    Transition(STARTING, "cancel", CANCELLING, "the same, and it was cancelled meanwhile"),
    Transition(STARTING, "fail", FAILED, "the same, and its archive was deleted meanwhile"),
    Transition(RUNNING, "next minute", RUNNING, "a minute that has events is done"),
    Transition(RUNNING, "complete", COMPLETED, "the last minute of the window is done"),
    Transition(RUNNING, "cancel", CANCELLING, "it is cancelled; nothing is put any more"),
    Transition(RUNNING, "fail", FAILED, "its archive is deleted: `Archive resource not found.`"),
    Transition(CANCELLING, "end", CANCELLED, "the cancelling time is over"),
)
"""The life of a replay, which begins `STARTING`."""

_STEPS = steps_of(TRANSITIONS)

SLICES_PER_SECOND = 100


@final
class Pace(NamedTuple):
    """How long each part of a replay takes, in microseconds; `events_per_second` is a rate."""

    starting_us: int
    cancelling_us: int
    bucket_us: int
    empty_bucket_us: int
    events_per_second: int
    shuffled: bool


@final
class ReplayActor:
    """The actor at a replay's ARN. `rest` is what is left of a minute, the next event last."""

    def __init__(self, pace: Pace, archive: ArchiveActor, feedback: Feedback) -> None:
        self.pace = pace
        self.feedback = feedback
        self.archive: ArchiveActor | None = archive
        self.replay: Replay | None = None
        self.state = STARTING
        self.minute_us: int | None = None
        self.minute_began_us = 0
        self.rest: list[Stored] = []
        self.last_replayed_us: int | None = None
        self._stopping: Stop | None = None
        self._tick: int | None = None

    def receive(self, message: Message, turn: Turn) -> None:
        """Tick takes the next step; Configure begins; Stop ends it early."""
        match message:
            case Tick():
                self._go_on(turn)
            case Configure(Replay() as replay):
                self.replay = replay
                self._await(turn.now + self.pace.starting_us, turn)
            case Stop() as stop:
                if self.state == RUNNING:
                    self._stop(stop, turn)
                elif self.state == STARTING:
                    self._stop_later(stop)
                # Otherwise it has ended, or is about to.
            case _:
                raise AssertionError(f"a replay does not take {message!r}")

    def _go_on(self, turn: Turn) -> None:
        assert self.replay is not None
        if self.state == CANCELLING:
            self._end("end", None, turn)
        elif self._stopping is not None:
            self._stop(self._stopping, turn)
        elif self.state == STARTING:
            self._move("start")
            self._pass_on(self.replay.start_us, turn.now, turn)
            self._report(turn)
        elif self.minute_us is None:
            self._end("complete", None, turn)
        else:
            if not self.rest:
                try:
                    self._open(self.minute_us, turn)
                except SimbridgeError as error:  # the archive cannot be read
                    self._await(turn.now, turn)  # the next run tries again
                    turn.fail(error)
                    return
            self._put(turn)

    def _pass_on(self, from_us: int, not_before_us: int, turn: Turn) -> None:
        """Go to the next minute that has events, or to the end, and skip the empty ones before it."""
        assert self.replay is not None
        assert self.archive is not None
        self.minute_us = self.archive.next_minute(from_us, self.replay.end_us)
        until_us = self.replay.end_us - 1 + MINUTE if self.minute_us is None else self.minute_us
        empty = (_minute(until_us) - _minute(from_us)) // MINUTE
        self._await(not_before_us + empty * self.pace.empty_bucket_us, turn)

    def _open(self, minute_us: int, turn: Turn) -> None:
        """Read the part of one minute that is in the window."""
        replay, archive = self.replay, self.archive
        assert replay is not None
        assert archive is not None
        from_us = max(minute_us, replay.start_us)
        until_us = min(minute_us + MINUTE, replay.end_us)
        rest = list(archive.read(from_us, until_us, turn.now))
        if self.pace.shuffled:
            turn.random("order").shuffle(rest)
        else:
            rest.reverse()
        self.rest = rest
        self.minute_began_us = turn.now
        self.last_replayed_us = minute_us

    def _put(self, turn: Turn) -> None:
        """Put one slice of the minute; after the last, report and go to the next minute."""
        replay, rest = self.replay, self.rest
        assert replay is not None
        rate = self.pace.events_per_second
        count = max(1, rate // SLICES_PER_SECOND) if rate else len(rest)
        ids = turn.random("event id")
        only = replay.filter_arns or None
        put = 0
        while rest and put < count:
            stored = rest.pop()
            archived = stored.envelope()
            envelope = _again(archived, uuid_from(ids), replay.name)
            self.feedback.renamed(archived["id"], envelope["id"], turn.now)
            event = Event(replay.bus_arn, envelope, turn.now, event_size(envelope))
            turn.send(replay.bus_arn, Publish(event, only=only))
            put += 1
        next_us = turn.now + (put * clock.SECOND // rate if rate else 0)
        if rest:
            self._await(next_us, turn)
            return
        assert self.minute_us is not None
        not_before_us = max(next_us, self.minute_began_us + self.pace.bucket_us)
        self._pass_on(self.minute_us + MINUTE, not_before_us, turn)
        self._move("next minute")
        self._report(turn)

    def _stop_later(self, stop: Stop) -> None:
        """Keep the first stop; but a replay that was shown as CANCELLING becomes CANCELLED."""
        if self._stopping is None or stop.state == CANCELLED:
            self._stopping = stop

    def _stop(self, stop: Stop, turn: Turn) -> None:
        if self._tick is not None:
            turn.cancel(self._tick)
        self.rest = []
        if stop.state == CANCELLED:
            self._move("cancel")
            self._await(turn.now + self.pace.cancelling_us, turn)
        else:
            self._end("fail", stop.reason, turn)

    def _move(self, step: str) -> None:
        self.state = _STEPS[step][self.state]

    def _end(self, step: str, reason: str | None, turn: Turn) -> None:
        """Report how it ended. The actor remains for a `Stop` that is on its way, and keeps no events."""
        self._move(step)
        self._report(turn, reason)
        self.archive = None

    def _report(self, turn: Turn, reason: str | None = None) -> None:
        own = arns.parse(turn.address)
        report = Progress(self.state, reason, self.last_replayed_us)
        turn.send(arns.api_address(own.account, own.region), report)

    def _await(self, due_us: int, turn: Turn) -> None:
        self._tick = turn.send(turn.address, Tick(due_us), due_us - turn.now)


def _minute(instant_us: int) -> int:
    """The beginning of the minute of an instant."""
    return instant_us - instant_us % MINUTE


def _again(envelope: dict[str, Any], event_id: str, replay: str) -> dict[str, Any]:
    """The envelope of a replayed event, in AWS's order of keys (recorded)."""
    again: dict[str, Any] = {}
    for name, value in envelope.items():
        if name == "resources":
            again["replay-name"] = replay
        again[name] = value
    again["id"] = event_id
    return again
