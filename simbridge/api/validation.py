"""Validates requests against the service model, with the texts of AWS.

botocore checks types, required members and minima before it sends. Everything else (maxima, patterns,
enumerations) is left to the service. The service validates the whole request before anything else and
reports all violations in one text (fidelity 0.3).

The checks are compiled once for each shape into closures, because every PutEvents runs them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from simbridge.api.model import operation_shape
from simbridge.api.redaction import SENSITIVE
from simbridge.base.errors import ServiceError

__all__ = ["check_request"]

# Where a value is in the request: the path of its container, and its name or position there. The text is
# made only for a violation.
Path = tuple[Any, str | int] | None

# check(value, path, violations): appends the violations of the value at this path
Check = Callable[[Any, Path, list[str]], None]

# (whether a value breaks the rule, the rule in the words of AWS)
Rules = list[tuple[Callable[[Any], bool], str]]

# The order in which the service lists these enumerations differs from the model's (recorded).
_ENUM_ORDER = {
    "ConnectionAuthorizationType": ("BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"),
    "ApiDestinationHttpMethod": ("HEAD", "POST", "PATCH", "DELETE", "PUT", "GET", "OPTIONS"),
}

# The service takes these in lower case as well (recorded).
_ANY_CASE = frozenset({"ConnectionOAuthHttpMethod"})

# The service has not these patterns: a header of a target may be empty or have a line break (captured).
_NO_PATTERN = frozenset({"HeaderValue"})

# Whether the service reports the length before the pattern if a value breaks both. It differs from shape
# to shape and the model does not say it. For a shape that is not here it is not known, and the pattern
# comes first.
_LENGTH_FIRST = {
    "ArchiveName": True,  # captured
    "Principal": True,  # captured
    "ConnectionName": False,  # recorded
    "HttpsEndpoint": False,  # captured
}

# The service has members that the public model lacks; they show in the text of a request
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

# Two patterns of the model that Python cannot use as they are: Unicode classes, and nested
# repetition that backtracks without end on long values. The right side accepts the same texts.
_EQUIVALENT_PATTERNS = {
    r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$": (
        r"[\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000.:/=+\-@]*"
    ),
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
    violations: list[str] = []
    _operation_check(operation)(request, None, violations)
    if violations:
        count = len(violations)
        errors = "error" if count == 1 else "errors"
        raise ServiceError(
            "ValidationException",
            f"{count} validation {errors} detected: {'; '.join(violations)}",
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

    def check(value: Any, path: Path, violations: list[str]) -> None:
        if type(value) is not usual and not _is_a(value, types, path, wanted, violations):
            return
        for broken, rule in rules:
            if broken(value):
                violations.append(
                    f"Value '{_printed(shape, value)}' at '{_text(path)}' failed to satisfy "
                    f"constraint: {rule}"
                )
        if inner is not None:
            inner(value, path, violations)

    return check


def _is_a(
    value: Any, types: tuple[type, ...], path: Path, wanted: str, violations: list[str]
) -> bool:
    """Whether a value of an unusual type is accepted. Raises SerializationException for a wrong type."""
    if value is None:
        violations.append(
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
    plain = {name: _plain_type(member) for name, member in shape.members.items()}

    def check(value: Any, path: Path, violations: list[str]) -> None:
        if not required:  # most entries of PutEvents end here
            for name, given in value.items():
                if type(given) is not plain.get(name):
                    break
            else:
                return
        for name, shown, member, needed in members:
            given = value.get(name)
            if given is not None or needed:
                member(given, (path, shown), violations)

    return check


def _plain_type(shape: Any) -> type | None:
    """The type, if that is all this shape requires, as for most members of PutEvents; else None."""
    plain = shape.type_name not in _INNER and not _rules(shape)
    return _TYPES[shape.type_name][0][0] if plain else None


def _inside_list(shape: Any) -> Check:
    if shape.member.type_name == "string":
        return _strings_inside(shape)
    member = _compile(shape.member)

    def check(value: Any, path: Path, violations: list[str]) -> None:
        for position, item in enumerate(value, 1):
            member(item, (path, position), violations)

    return check


def _strings_inside(shape: Any) -> Check:
    """Strings in a list are reported at the list, with all rules of the shape in brackets (captured)."""
    types, text = _TYPES["string"]
    rules = _bracketed(shape.member)
    wanted = ", ".join(rule for _, rule in rules)

    def check(value: Any, path: Path, violations: list[str]) -> None:
        wrong = False
        for position, item in enumerate(value, 1):
            if type(item) is str or _is_a(item, types, (path, position), text, violations):
                for broken, _ in rules:  # quicker than `any` with a generator
                    wrong = broken(item) or wrong
        if wrong:
            violations.append(
                f"Value '{_printed(shape, value)}' at '{_text(path)}' failed to satisfy "
                f"constraint: Member must satisfy constraint: [{wanted}]"
            )

    return check


def _inside_map(shape: Any) -> Check:
    """Keys and values of a map are reported at the map, like the strings in a list (captured)."""
    parts = [("keys", _bracketed(shape.key)), ("value", _bracketed(shape.value))]

    def check(value: Any, path: Path, violations: list[str]) -> None:
        for (what, rules), items in zip(parts, (value.keys(), value.values()), strict=True):
            if any(not isinstance(item, str) for item in items):
                raise ServiceError(
                    "SerializationException", f"{_text(path)} must map strings to strings"
                )
            if any(broken(item) for item in items for broken, _ in rules):
                wanted = ", ".join(rule for _, rule in rules)
                violations.append(
                    f"Value '{_printed(shape, value)}' at '{_text(path)}' failed to satisfy "
                    f"constraint: Map {what} must satisfy constraint: [{wanted}]"
                )

    return check


_INNER: dict[str, Callable[[Any], Check | None]] = {
    "structure": _inside_structure,
    "list": _inside_list,
    "map": _inside_map,
}


def _rules(shape: Any) -> Rules:
    """The rules for a value of this shape, in the order in which the service reports them."""
    least = shape.metadata.get("min")
    if shape.type_name not in ("integer", "long"):
        least = least or None  # no length is below 0
    lengths = _size_rules(shape, least)
    others = _pattern_rules(shape) + _enum_rules(shape)
    return lengths + others if _LENGTH_FIRST.get(shape.name) else others + lengths


def _bracketed(shape: Any) -> Rules:
    """The rules in brackets: the lengths first, both of them if the shape has one (captured)."""
    facts = shape.metadata
    least = facts.get("min", 0) if "max" in facts else facts.get("min")
    return _size_rules(shape, least) + _pattern_rules(shape) + _enum_rules(shape)


def _pattern_rules(shape: Any) -> Rules:
    pattern = shape.metadata.get("pattern")
    if pattern is None or shape.name in _NO_PATTERN:
        return []
    matches = _matcher(pattern)
    return [
        (
            lambda value: not matches(value),
            f"Member must satisfy regular expression pattern: {pattern}",
        )
    ]


def _enum_rules(shape: Any) -> Rules:
    if not shape.metadata.get("enum"):
        return []
    allowed = _ENUM_ORDER.get(shape.name, tuple(shape.metadata["enum"]))
    any_case = shape.name in _ANY_CASE
    return [
        (
            lambda value: (value.upper() if any_case else value) not in allowed,
            f"Member must satisfy enum value set: [{', '.join(allowed)}]",
        )
    ]


def _size_rules(shape: Any, least: int | None) -> Rules:
    """The bounds of a number, or of the length of anything else; `least` is the lower one."""
    number = shape.type_name in ("integer", "long")
    what = "value" if number else "length"
    size: Callable[[Any], int] = (lambda value: int(value)) if number else len
    rules: Rules = []
    if "max" in shape.metadata:
        most = shape.metadata["max"]
        rules.append(
            (
                lambda value: size(value) > most,
                f"Member must have {what} less than or equal to {most}",
            )
        )
    if least is not None:
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
    """A value as the service prints it: `toString` of a Java request."""
    kind = shape.type_name
    if value is None:
        return "null"
    if shape.metadata.get("sensitive"):
        return SENSITIVE
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
