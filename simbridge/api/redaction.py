"""Requests as the trace keeps them: without the values that the service model marks as sensitive.

The model marks passwords, API key values, client secrets and the values of connection parameters. AWS's
own SDKs write a sensitive value as `SENSITIVE` wherever they print a request. The model marks the SQL and
the GraphQL of a target, too: those are not credentials, and the trace shows them, as ListTargetsByRule does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from simbridge.api.model import operation_shape

__all__ = ["SENSITIVE", "redacted"]

SENSITIVE = "***Sensitive Data Redacted***"

Redact = Callable[[Any], Any]

_SHOWN = frozenset(("PutTargets",))


def redacted(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request of an operation, a copy, with sensitive values replaced."""
    redact = None if operation in _SHOWN else _operation(operation)
    return dict(request) if redact is None else dict(redact(request))


@cache
def _operation(operation: str) -> Redact | None:
    shape = operation_shape(operation)
    return None if shape is None else _compile(shape)


def _compile(shape: Any) -> Redact | None:
    """What to do with a value of a shape; None if nothing in it is sensitive."""
    if shape.metadata.get("sensitive"):
        return lambda value: SENSITIVE
    if shape.type_name == "structure":
        return _of_members({name: _compile(member) for name, member in shape.members.items()})
    if shape.type_name == "list":
        return _of_items(_compile(shape.member))
    return None


def _of_members(members: dict[str, Redact | None]) -> Redact | None:
    if not any(members.values()):
        return None

    def redact(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return SENSITIVE  # of the wrong type: the request is refused, and may hold anything
        return {name: _member(members, name, item) for name, item in value.items()}

    return redact


def _member(members: dict[str, Redact | None], name: str, value: Any) -> Any:
    """One member of a structure; one that the model does not know may be a misspelled password."""
    if name not in members:
        return SENSITIVE
    redact = members[name]
    return value if redact is None or value is None else redact(value)


def _of_items(member: Redact | None) -> Redact | None:
    if member is None:
        return None

    def redact(value: Any) -> Any:
        return [member(item) for item in value] if isinstance(value, list) else SENSITIVE

    return redact
