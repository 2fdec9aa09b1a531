"""Checks the names in a question against all names that the trace has ever had.

A question about a rule that never existed would have an empty answer, like one about a rule that had
nothing to do. The first is a typo, usually in an assertion that would then always pass, so it is an
error. A name counts if it was ever given, by a call that was answered or to a bus; names of things that
were deleted, or are not in effect yet, count too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, final

from simbridge.base.errors import SimbridgeError
from simbridge.base.suggest import did_you_mean
from simbridge.kernel import Entry
from simbridge.model import arn as arns
from simbridge.model.messages import Call, Configure
from simbridge.model.resources import EventBus, Rule

__all__ = ["Names", "function_name"]

_CALLED = {
    "rule": "rule",
    "target": "target of a rule",
    "bus": "event bus",
    "function": "function that a rule invokes",
}


@final
class Names:
    """Names and ARNs by kind (`_CALLED`). They are kept in order, as keys of a dict."""

    def __init__(self) -> None:
        self._given: dict[str, dict[str, None]] = {kind: {} for kind in _CALLED}
        self._given["bus"]["default"] = None
        self._read = 0

    def grow(self, entries: Sequence[Entry]) -> None:
        """Read what has been added to the entries since the last time."""
        for number in range(self._read, len(entries)):
            self.read(entries[number][5])
        self._read = len(entries)

    def read(self, message: Any) -> None:
        """Note the names in one message."""
        kind = type(message)
        if kind is Configure:
            self._configured(message.resource)
        elif kind is Call and message.response is not None:
            self._called(message.operation, message.request, message.response)

    def add(self, kind: str, *names: str) -> None:
        """Something of this kind has, or had, these names."""
        self._given[kind].update(dict.fromkeys(names))

    def add_target(self, target_id: str, arn: str) -> None:
        """A rule has, or had, this target. The last part of its ARN is a name of it too."""
        self.add("target", target_id, arn, arn.rpartition(":")[2])
        if (name := function_name(arn)) is not None:
            self.add("function", name)

    def check(self, kind: str, name: str | None, *, name_only: bool = False) -> None:
        """Raise `SimbridgeError` for a name that nothing of this kind has ever had.

        `name_only`: an ARN is not accepted.
        """
        is_arn = isinstance(name, str) and name.startswith("arn:")
        given = self._given[kind]
        if name is None or (name in given and not (is_arn and name_only)):
            return
        if kind == "bus" and is_arn and not name_only and _is_default(name):
            return
        alike = [one for one in given if one.startswith("arn:") == (is_arn and not name_only)]
        raise SimbridgeError(
            f"no {_CALLED[kind]} has ever been called {name!r} here; {did_you_mean(name, alike)}"
        )

    def _configured(self, resource: Any) -> None:
        if isinstance(resource, Rule):
            self.add("rule", resource.name, resource.arn)
            for target in resource.targets:
                self.add_target(target.id, target.arn)
        elif isinstance(resource, EventBus):
            self.add("bus", resource.name, resource.arn)

    def _called(self, operation: str, request: Any, response: Any) -> None:
        """A name counts at once, also if the change takes effect later, or never, because of the next call."""
        if operation == "PutRule":
            self.add("rule", request["Name"], response["RuleArn"])
        elif operation == "PutTargets":
            targets: Iterable[Any] = request["Targets"]
            for target in targets:
                self.add_target(target["Id"], target["Arn"])
        elif operation == "CreateEventBus":
            self.add("bus", request["Name"], response["EventBusArn"])


def function_name(arn: str) -> str | None:
    """The name of the Lambda function of an ARN, without version or alias; None for any other ARN."""
    parts = arn.split(":")
    is_function = len(parts) > 6 and (parts[2], parts[5]) == ("lambda", "function")
    return parts[6] if is_function else None


def _is_default(name: str) -> bool:
    """Whether this is the ARN of a default bus: every account has one."""
    arn = arns.parse(name)
    return arns.is_event_bus(arn) and arn.resource == "event-bus/default"
