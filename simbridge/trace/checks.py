"""What a record of a file must be, so that every question to the trace has an answer.

The types of messages say most of it (`messages`). What they do not say is checked here once, when the
file is read: numbers and instants within their bounds, addresses that are ARNs, envelopes and answers
that have what is asked of them, and deliveries that have begun. CompiledTests then need not look again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import msgspec

from simbridge.base import clock
from simbridge.kernel import Entry
from simbridge.model import arn as arns
from simbridge.model.messages import (
    Call,
    DeadLetter,
    Declined,
    Deposit,
    Drop,
    Due,
    Execute,
    Expire,
    Handled,
    Invoke,
    Match,
    MatchWithoutTarget,
    Outcome,
    Publish,
)

__all__ = ["Checks"]

_NUMBER_MAX = 2**63 - 1

_OF_A_DELIVERY = (
    DeadLetter,
    Declined,
    Deposit,
    Drop,
    Due,
    Execute,
    Expire,
    Handled,
    Invoke,
    Outcome,
)


class _Envelope(msgspec.Struct, rename="kebab"):
    """What is told of an event."""

    id: str
    source: str
    detail_type: str


class _Called(msgspec.Struct, rename="pascal"):
    """Part of a request or an answer."""


class _Name(_Called):
    name: str


class _RuleArn(_Called):
    rule_arn: str


class _EventBusArn(_Called):
    event_bus_arn: str


class _Target(_Called):
    id: str
    arn: str


class _Targets(_Called):
    targets: list[_Target]


class _Entry(_Called):
    event_bus_name: str | None = None


class _Entries(_Called):
    entries: list[_Entry]


class _Answers(_Called):
    entries: list[dict[str, Any]]
    failed_entry_count: int


class _Anything(_Called):
    pass


# Of these operations more is asked than what they are called: the request, and the answer.
_OPERATIONS: dict[str, tuple[type[_Called], type[_Called]]] = {
    "CreateEventBus": (_Name, _EventBusArn),
    "PutEvents": (_Entries, _Answers),
    "PutRule": (_Name, _RuleArn),
    "PutTargets": (_Targets, _Anything),
}


@final
class Checks:
    """The checks of one file, record by record in its order."""

    def __init__(self) -> None:
        self._time = clock.EARLIEST
        self._sequences: set[int] = set()
        self._invoked: dict[int, int] = {}  # attempts so far, by delivery
        self._addresses: set[str] = set()

    def check(self, entry: Entry, named: Sequence[str]) -> None:
        """Raise `ValueError`, which says what is wrong with a record.

        `named` are fields that only name what has been checked already.
        """
        time, sequence, cause, _, to, message = entry
        _bounds("time", time, self._time, clock.LATEST)
        _bounds("sequence", sequence, 1, _NUMBER_MAX)
        _bounds("cause", cause, 0, sequence - 1)
        if sequence in self._sequences:
            raise ValueError(f"record {sequence} is there twice")
        self._time = time
        self._sequences.add(sequence)
        _numbers(message, named)
        event = getattr(message, "event", None)
        if event is not None and "event" not in named:
            msgspec.convert(event.envelope, _Envelope)
        self._particulars(sequence, to, message)

    def _particulars(self, sequence: int, to: str, message: Any) -> None:
        match message:
            case Call():
                _call(to, message)
            case Publish():
                self._arn("to", to, "event-bus/")
            case Match(_, rule, _, target_arn):
                self._arn("rule", rule, "rule/")
                self._arn("target_arn", target_arn)
                self._invoked[sequence] = 0
            case MatchWithoutTarget(_, rule):
                self._arn("rule", rule, "rule/")
            case Declined():
                self._arn("to", to)
        if isinstance(message, _OF_A_DELIVERY):
            self._delivery(message)

    def _delivery(self, message: Any) -> None:
        """A delivery has begun by then, and its attempts are numbered one after the other."""
        delivery = message.delivery
        if delivery not in self._invoked:
            raise ValueError(f"the record that begins delivery {delivery} is missing")
        made = self._invoked[delivery]
        match message:
            case Invoke(_, attempt):
                _bounds("attempt", attempt, made + 1, made + 1)
                self._invoked[delivery] = attempt
            case Outcome(_, attempt):  # a trace of outcomes has no attempts
                _bounds("attempt", attempt, 0, made or _NUMBER_MAX)
            case DeadLetter(_, _, attributes) if "ERROR_CODE" not in attributes:
                raise ValueError("its attributes have no ERROR_CODE")

    def _arn(self, field: str, text: str, resource: str = "") -> None:
        key = resource + text
        if key not in self._addresses:
            if not arns.parse(text).resource.startswith(resource):
                raise ValueError(f"{field} is not the ARN of {resource}...: {text!r}")
            self._addresses.add(key)


def _call(to: str, call: Call) -> None:
    if call.operation == "PutEvents" and (not to.startswith("api:") or to.count(":") != 2):
        raise ValueError(f"PutEvents is called at api:<region>:<account>, not at {to!r}")
    if call.operation in _OPERATIONS and call.response is not None:
        asked, answered = _OPERATIONS[call.operation]
        request = msgspec.convert(call.request, asked)
        response = msgspec.convert(call.response, answered)
        if isinstance(request, _Entries) and isinstance(response, _Answers):
            count = len(request.entries)
            _bounds("FailedEntryCount", response.failed_entry_count, 0, count)
            _bounds("number of answers", len(response.entries), count, count)


def _numbers(value: msgspec.Struct, named: Sequence[str] = ()) -> None:
    """All numbers of a message and of what it carries are within their bounds."""
    for name in value.__struct_fields__:
        field = getattr(value, name)
        if type(field) is int:
            least, most = (
                (clock.EARLIEST, clock.LATEST) if name.endswith("_us") else (0, _NUMBER_MAX)
            )
            _bounds(name, field, least, most)
        elif isinstance(field, msgspec.Struct):
            if name not in named:
                _numbers(field)
        elif isinstance(field, tuple):
            for each in field:
                if isinstance(each, msgspec.Struct):
                    _numbers(each)


def _bounds(name: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}, not from {least} to {most}")
