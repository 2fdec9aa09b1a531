"""What a request to a target's service is made of, and the `$.path` values in its parameters.

A request is the call of the target's service as that service's API defines it, with its name under
`Action`: `{"Action": "SendMessage", "MessageBody": ...}`. It is a pure function of the sending, so it
is made only on demand. If a service wants a name for what it is given (an execution,
a log stream, a partition key), the name is `Sending.unique` in the form that was seen.

The parameters of some kinds may hold a path into the event instead of a text. Such a path is looked
up in the original event, never in the transformed input (fidelity 5.3). A string goes in unchanged,
anything else as JSON. The value of a path that finds nothing (or null) is not documented: here it is
an empty text, which the called service mostly refuses.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, final

import msgspec

from simbridge.base import json
from simbridge.languages.transform import jsontext, paths
from simbridge.model.arn import Arn
from simbridge.targets.failures import Failure

__all__ = ["Request", "Requester", "Sending"]

Request = dict[str, Any]
"""The call of a service's API: its name as `Action`, and its parameters as that API calls them."""


@final
class Sending(NamedTuple):
    """One event on its way to one target.

    `parameters` are the target's parameter blocks as they were put, `body` is the rendered input,
    None if the target takes the whole event.
    """

    target: Arn
    parameters: Mapping[str, Any]
    envelope: Mapping[str, Any]
    body: str | None
    rule: Arn
    trace_header: str | None = None

    @property
    def text(self) -> str:
        """The payload: the rendered input, or the event as compact JSON."""
        return jsontext.emit(self.envelope) if self.body is None else self.body

    @property
    def document(self) -> Any:
        """The payload as a Python value; `msgspec.UNSET` if it is not one JSON value."""
        if self.body is None:
            return self.envelope
        try:
            return json.decode(self.body)
        except json.InvalidJson:
            return msgspec.UNSET

    @property
    def name(self) -> str:
        """The target's resource without its type: `orders`, `pay:live`, `/aws/events/x`."""
        return _TYPE_END.split(self.target.resource, maxsplit=1)[-1]

    @property
    def unique(self) -> uuid.UUID:
        """An id of this event at this target, the same in all attempts.

        The services make such ids up. This one follows from the event's own id, which follows from the
        seed, so no random number is drawn for a request.
        """
        return uuid.uuid3(
            uuid.NAMESPACE_URL, f"{self.rule}\n{self.target}\n{self.envelope.get('id')}"
        )

    def block(self, name: str, *, dynamic: bool = False) -> Mapping[str, Any]:
        """One block of parameters; `dynamic`: with its `$.path` values looked up in the event."""
        block = self.parameters.get(name) or {}
        return _resolved(block, self.envelope) if dynamic else block


_TYPE_END = re.compile("[:/]")

Requester = Callable[[Sending], Request | Failure]
"""Makes the call of one kind of target, or says why it cannot be made."""


def _resolved(value: Any, envelope: Mapping[str, Any], keys: bool = True) -> Any:
    """The value with every text in it that is one whole path replaced, keys too, but not of headers."""
    if isinstance(value, str):
        path = paths.parse(value) if value.startswith("$.") else None
        return value if path is None else _text(path.find(envelope))
    if isinstance(value, dict):
        return {
            _resolved(key, envelope) if keys else key: _resolved(
                inner, envelope, key != "HeaderParameters"
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_resolved(inner, envelope) for inner in value]
    return value


def _text(found: object) -> str:
    if found is None or found is msgspec.UNSET:
        return ""
    return found if isinstance(found, str) else jsontext.emit(found)
