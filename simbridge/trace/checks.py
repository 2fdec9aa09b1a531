"""Checks the records of a file, so that every question to the trace has an answer.

The types of messages cover most of it (`messages`). The rest is checked here once, when the file is
read: numbers and instants are within their bounds, addresses are ARNs, envelopes, requests and responses
have the members that are read, and deliveries have begun. Questions to the trace need not check again.
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
    """The members of an envelope that are read."""

    id: str
    source: str
    detail_type: str


class _Members(msgspec.Struct, rename="pascal"):
    """Part of a request or an answer."""


class _Name(_Members):
    name: str


class _RuleArn(_Members):
    rule_arn: str


class _EventBusArn(_Members):
    event_bus_arn: str


class _Target(_Members):
    id: str
    arn: str


class _Targets(_Members):
    targets: list[_Target]


class _Entry(_Members):
    event_bus_name: str | None = None
    source: str | None = None


class _Entries(_Members):
    entries: list[_Entry]


class _Answers(_Members):
    entries: list[dict[str, Any]]
    failed_entry_count: int


class _Anything(_Members):
    pass


# Operations of which more than the name is read: the members of the request, and of the response.
_OPERATIONS: dict[str, tuple[type[_Members], type[_Members]]] = {
    "CreateEventBus": (_Name, _EventBusArn),
    "PutEvents": (_Entries, _Answers),
    "PutPartnerEvents": (_Entries, _Answers),
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

        `named` are the fields whose values were only a name, and have been checked already.
        """
        time, sequence, cause, _, to, message = entry
        _bounds("time", time, self._time, clock.LATEST)
        _bounds("sequence", sequence, 1, _NUMBER_MAX)
        _bounds("cause", cause, 0, sequence - 1)
        if sequence in self._sequences:
            raise ValueError(f"sequence {sequence} is there twice")
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
        """A delivery has begun before, and its attempts are numbered consecutively."""
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
        request_type, response_type = _OPERATIONS[call.operation]
        request = msgspec.convert(call.request, request_type)
        response = msgspec.convert(call.response, response_type)
        if isinstance(request, _Entries) and isinstance(response, _Answers):
            count = len(request.entries)
            _bounds("FailedEntryCount", response.failed_entry_count, 0, count)
            _bounds("number of answers", len(response.entries), count, count)


def _numbers(value: msgspec.Struct, named: Sequence[str] = ()) -> None:
    """Check the numbers of a message and of the values in it."""
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
