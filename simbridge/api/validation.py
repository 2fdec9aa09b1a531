"""Requests are checked against the service model, in the service's own words.

botocore checks types, required members and minima before it sends; everything else (maxima,
patterns, enumerations) is left to the service, that is to us. The service looks at the whole
request before anything else and reports all violations in one sentence (behaviour reference 0.3,
recorded). The checks are compiled once for each shape into closures, because PutEvents is checked
on the hot path.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from simbridge.api.model import operation_shape
from simbridge.errors import ServiceError

__all__ = ["check_request"]

# Where a value stands: the path of what it is in, and its name or its position there. The text is
# made only when there is something to complain about.
Path = tuple[Any, str | int] | None

# check(value, path, complaints): appends what is wrong with the value at this path
Check = Callable[[Any, Path, list[str]], None]

# The order in which the service lists these enumerations differs from the model's (recorded).
_ENUM_ORDER = {
    "ConnectionAuthorizationType": ("BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"),
    "ApiDestinationHttpMethod": ("HEAD", "POST", "PATCH", "DELETE", "PUT", "GET", "OPTIONS"),
}

# The service knows members that the public model does not; they show where it prints a request
# (recorded for PutEvents).
_PRINTED_MEMBERS = {
    "PutEventsRequestEntry": (
        "Time",
        "Source",
        "Resources",
        "DetailType",
        "Detail",
        "EventBusName",
        "TraceHeader",
        "KmsKeyIdentifier",
        "InternalMetadata",
    ),
}

# Two patterns of the model that Python cannot take as they stand: Unicode classes, and nested
# repetition that backtracks without end on long values. The right side accepts the same texts.
_EQUIVALENT_PATTERNS = {
    r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$": r"[\w\s.:/=+\-@]*",
    r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$": r"[\t\x20-\x7E]*[\x20-\x7E][\t\x20-\x7E]*",
}
_UNICODE_PATTERNS = frozenset({r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"})

_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "structure": ((dict,), "a JSON object"),
    "map": ((dict,), "a JSON object"),
    "list": ((list, tuple), "a JSON array"),
    "string": ((str,), "a string"),
    "integer": ((int,), "an integer"),
    "long": ((int,), "an integer"),
    "boolean": ((bool,), "a boolean"),
    "timestamp": ((int, float), "a number of seconds"),
}


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """Raise the service's ValidationException if the request violates the model."""
    complaints: list[str] = []
    _operation_check(operation)(request, None, complaints)
    if complaints:
        count = len(complaints)
        errors = "error" if count == 1 else "errors"
        raise ServiceError(
            "ValidationException",
            f"{count} validation {errors} detected: {'; '.join(complaints)}",
        )


@cache
def _operation_check(operation: str) -> Check:
    return _compile(operation_shape(operation))


def _text(path: Path) -> str:
    """A path as the service writes it: `targets.1.member.id`."""
    if path is None:
        return ""
    parent, name = path
    step = f"{name}.member" if isinstance(name, int) else name
    return step if parent is None else f"{_text(parent)}.{step}"


def _compile(shape: Any) -> Check:
    """The check of one shape and of everything inside it."""
    kind = shape.type_name
    types, wanted = _TYPES[kind]
    usual = types[0]
    inner = _INNER.get(kind, lambda _: None)(shape)
    rules = _rules(shape)

    def check(value: Any, path: Path, complaints: list[str]) -> None:
        if type(value) is not usual and not _is_a(value, types, path, wanted, complaints):
            return
        for broken, rule in rules:
            if broken(value):
                complaints.append(
                    f"Value '{_printed(shape, value)}' at '{_text(path)}' failed to satisfy "
                    f"constraint: {rule}"
                )
        if inner is not None:
            inner(value, path, complaints)

    return check


def _is_a(
    value: Any, types: tuple[type, ...], path: Path, wanted: str, complaints: list[str]
) -> bool:
    """Whether a value of an unusual type will do. A wrong type does not even reach the service."""
    if value is None:
        complaints.append(
            f"Value null at '{_text(path)}' failed to satisfy constraint: Member must not be null"
        )
        return False
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ServiceError(
            "SerializationException", f"{_text(path) or 'The request'} must be {wanted}"
        )
    return True


def _inside_structure(shape: Any) -> Check:
    required = frozenset(shape.required_members)
    members = [
        (name, _lower_camel(name), _compile(member), name in required)
        for name, member in shape.members.items()
    ]
    plain = {name: _enough(member) for name, member in shape.members.items()}

    def check(value: Any, path: Path, complaints: list[str]) -> None:
        if not required:  # as a rule, an entry of PutEvents ends here
            for name, given in value.items():
                if type(given) is not plain.get(name):
                    break
            else:
                return
        for name, shown, member, needed in members:
            given = value.get(name)
            if given is not None or needed:
                member(given, (path, shown), complaints)

    return check


def _enough(shape: Any) -> type | None:
    """The type that is all this shape asks of a value, if it is; most members of PutEvents."""
    plain = shape.type_name not in _INNER and not _rules(shape)
    return _TYPES[shape.type_name][0][0] if plain else None


def _inside_list(shape: Any) -> Check:
    member = _compile(shape.member)

    def check(value: Any, path: Path, complaints: list[str]) -> None:
        for position, item in enumerate(value, 1):
            member(item, (path, position), complaints)

    return check


def _inside_map(shape: Any) -> Check:
    """Keys and values of a map are reported at the map, all rules of the shape in one bracket."""
    parts = [("keys", _rules(shape.key)), ("values", _rules(shape.value))]

    def check(value: Any, path: Path, complaints: list[str]) -> None:
        for (what, rules), items in zip(parts, (value.keys(), value.values()), strict=True):
            if any(not isinstance(item, str) for item in items):
                raise ServiceError(
                    "SerializationException", f"{_text(path)} must map strings to strings"
                )
            if any(broken(item) for item in items for broken, _ in rules):
                wanted = ", ".join(rule for _, rule in rules)
                complaints.append(
                    f"Value '{_printed(shape, value)}' at '{_text(path)}' failed to satisfy "
                    f"constraint: Map {what} must satisfy constraint: [{wanted}]"
                )

    return check


_INNER: dict[str, Callable[[Any], Check | None]] = {
    "structure": _inside_structure,
    "list": _inside_list,
    "map": _inside_map,
}


def _rules(shape: Any) -> list[tuple[Callable[[Any], bool], str]]:
    """(is it broken, the rule in the service's words), the pattern first (recorded for names)."""
    rules: list[tuple[Callable[[Any], bool], str]] = []
    facts = shape.metadata
    if "pattern" in facts:
        matches = _matcher(facts["pattern"])
        rules.append(
            (
                lambda value: not matches(value),
                f"Member must satisfy regular expression pattern: {facts['pattern']}",
            )
        )
    if facts.get("enum"):
        allowed = _ENUM_ORDER.get(shape.name, tuple(facts["enum"]))
        rules.append(
            (
                lambda value: value not in allowed,
                f"Member must satisfy enum value set: [{', '.join(allowed)}]",
            )
        )
    number = shape.type_name in ("integer", "long")
    what = "value" if number else "length"
    size: Callable[[Any], int] = (lambda value: int(value)) if number else len
    if "max" in facts:
        most = facts["max"]
        rules.append(
            (
                lambda value: size(value) > most,
                f"Member must have {what} less than or equal to {most}",
            )
        )
    if "min" in facts and (number or facts["min"] > 0):
        least = facts["min"]
        rules.append(
            (
                lambda value: size(value) < least,
                f"Member must have {what} greater than or equal to {least}",
            )
        )
    return rules


def _matcher(pattern: str) -> Callable[[str], object]:
    flags = re.NOFLAG if pattern in _UNICODE_PATTERNS else re.ASCII
    return re.compile(_EQUIVALENT_PATTERNS.get(pattern, pattern), flags).fullmatch


def _lower_camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _printed(shape: Any, value: Any) -> str:
    """A value as the service prints it: Java's `toString` of a request."""
    kind = shape.type_name
    if value is None:
        return "null"
    if kind == "structure":
        names = _PRINTED_MEMBERS.get(shape.name, tuple(shape.members))
        members = (
            f"{_lower_camel(name)}="
            + (_printed(shape.members[name], value.get(name)) if name in shape.members else "null")
            for name in names
        )
        return f"{shape.name}({', '.join(members)})"
    if kind == "list":
        return f"[{', '.join(_printed(shape.member, item) for item in value)}]"
    if kind == "map":
        return "{" + ", ".join(f"{key}={item}" for key, item in value.items()) + "}"
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp" and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)
