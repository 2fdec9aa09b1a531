"""The names that rules, targets and event buses of a trace have ever had.

A question about a rule that never existed has an empty answer, as one about a rule that had nothing to
do. The first is a slip of the pen, mostly in an assertion that then holds for ever, so it is told. What
counts is that a name was once given, by a call that was answered or to a bus; what has been deleted, and
what is not in effect yet, is known too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, final

from simbridge import arn as arns
from simbridge.errors import SimbridgeError
from simbridge.kernel import Entry
from simbridge.messages import Call, Configure
from simbridge.nearest import meant
from simbridge.resources import EventBus, Rule

__all__ = ["Names"]

_CALLED = {"rule": "rule", "target": "target of a rule", "bus": "event bus"}


@final
class Names:
    """Names and ARNs by kind: "rule", "target", "bus". They are kept in order, as keys of a dict."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, None]] = {
            "rule": {},
            "target": {},
            "bus": {"default": None},
        }
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
        """These names are, or were, of such a thing; a target goes by the last part of its ARN, too."""
        known = self.known[kind]
        for name in names:
            known[name] = None
            if kind == "target":
                known[name.rpartition(":")[2]] = None

    def check(self, kind: str, name: str | None, *, name_only: bool = False) -> None:
        """Raise `SimbridgeError` for a name that nothing of this kind has ever had.

        `name_only`: an ARN is no answer to this question.
        """
        is_arn = name is not None and name.startswith("arn:")
        if name is None or (kind == "bus" and is_arn and not name_only and _is_default(name)):
            return
        known = self.known[kind]
        if name in known and not (is_arn and name_only):
            return
        alike = [one for one in known if one.startswith("arn:") == (is_arn and not name_only)]
        raise SimbridgeError(
            f"no {_CALLED[kind]} has ever been called {name!r} here; {meant(name, alike)}"
        )

    def _configured(self, resource: Any) -> None:
        if isinstance(resource, Rule):
            self.add("rule", resource.name, resource.arn)
            for target in resource.targets:
                self.add("target", target.id, target.arn)
        elif isinstance(resource, EventBus):
            self.add("bus", resource.name, resource.arn)

    def _called(self, operation: str, request: Any, response: Any) -> None:
        """What is in effect later, or was overtaken by the next call, has its name at once."""
        if operation == "PutRule":
            self.add("rule", request["Name"], response["RuleArn"])
        elif operation == "PutTargets":
            targets: Iterable[Any] = request["Targets"]
            for target in targets:
                self.add("target", target["Id"], target["Arn"])
        elif operation == "CreateEventBus":
            self.add("bus", request["Name"], response["EventBusArn"])


def _is_default(name: str) -> bool:
    """Whether this is the ARN of a default bus: every account has one."""
    arn = arns.parse(name)
    return arns.is_event_bus(arn) and arn.resource == "event-bus/default"
