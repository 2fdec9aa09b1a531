"""All of botocore's service model: operations, errors, and the constraints of every request.

For each constraint of each member of each request, however deep, a request is made that breaks it. They
are made with nothing of simbridge, so that its validation is tested by something else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import botocore.session
import pytest

import simbridge as sb
from simbridge.api.plane import OPERATIONS
from simbridge.base.errors import ServiceError

REDACTED = "***Sensitive Data Redacted***"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/orders"

# A text that the pattern of each shape accepts; others accept "a".
SAMPLES = {
    "AccountId": "123456789012",
    "Action": "events:PutEvents",
    "ArchiveArn": "arn:aws:events:us-east-1:123456789012:archive/a",
    "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1",
    "EndpointId": "abc.def",
    "EventBusArn": BUS,
    "EventSourceName": "aws.partner/shop/orders",
    "HealthCheck": "arn:aws:route53:::healthcheck/h",
    "HomeRegion": "us-west-2",
    "HttpsEndpoint": "https://example.com/",
    "IamRoleArn": "arn:aws:iam::123456789012:role/r",
    "NextToken": "YQ==",
    "NonPartnerEventBusArn": BUS,
    "PartnerEventSourceNamePrefix": "aws.partner/shop/",
    "Principal": "123456789012",
    "RedshiftSecretManagerArn": "$.detail",
    "ResourceConfigurationArn": (
        "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdefg"
    ),
    "Route": "us-west-2",
}

# A text that no pattern of the model accepts, but for those of these shapes.
UNMATCHED = "\n"
UNMATCHED_BY = dict.fromkeys(("QueryStringValue", "QueryStringValueSensitive"), "\x01")

# The service accepts values against these patterns of the model, so they are not enforced (fidelity 0.3).
PATTERN_IGNORED = {"HeaderValue": "a header of a target may be empty or have a line break"}

# What the service lists in another order than the model (fidelity 0.3).
ENUMS = {
    "ConnectionAuthorizationType": "BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY",
    "ApiDestinationHttpMethod": "HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS",
}

Step = str | int
Path = tuple[Step, ...]


class Violation(NamedTuple):
    """A request that breaks a constraint, and a part of the text of its refusal."""

    name: str
    request: dict[str, Any]
    text: str


@cache
def model() -> Any:
    """The service model of EventBridge."""
    return botocore.session.Session().get_service_model("events")


def valid(shape: Any) -> Any:
    """A value of this shape with every member, one item in each list, one pair in each map."""
    facts = shape.metadata
    match shape.type_name:
        case "structure":
            return {name: valid(member) for name, member in shape.members.items()}
        case "list":
            return [valid(shape.member) for _ in range(max(1, facts.get("min", 0)))]
        case "map":
            return {valid(shape.key): valid(shape.value)}
        case "integer" | "long":
            return facts.get("min", 0)
        case "boolean":
            return True
        case "timestamp":
            return 1_700_000_000
    if facts.get("enum"):
        return facts["enum"][0]
    return SAMPLES.get(shape.name, "a")


def request_of(operation: str) -> dict[str, Any]:
    """A valid request of an operation with every member that it can have."""
    shape = model().operation_model(operation).input_shape
    return {} if shape is None else dict(valid(shape))


def violations(operation: str) -> Iterator[Violation]:
    """A request for each constraint of each member of the request, however deep it is."""
    shape = model().operation_model(operation).input_shape
    if shape is not None:
        yield from _inside(request_of(operation), shape, ())


def _inside(request: dict[str, Any], shape: Any, path: Path) -> Iterator[Violation]:
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                inside = (*path, name)
                if name in shape.required_members:
                    text = f"Value null at '{_place(inside)}' failed to satisfy constraint: "
                    broken = _changed(request, inside, None)
                    yield Violation(
                        f"{_place(inside)} missing", broken, f"{text}Member must not be null"
                    )
                yield from _member(request, member, inside)
        case "list":
            yield from _items(request, shape, path)
        case "map":
            key, value = valid(shape.key), valid(shape.value)
            for wrong, rules in _broken_values(shape.key):
                yield _bracketed(request, path, {wrong: value}, "Map keys", shape.key, rules)
            for wrong, rules in _broken_values(shape.value):
                yield _bracketed(request, path, {key: wrong}, "Map value", shape.value, rules)


def _items(request: dict[str, Any], shape: Any, path: Path) -> Iterator[Violation]:
    """Strings are reported at their list, everything else at its own place."""
    if shape.member.type_name != "string":
        yield from _member(request, shape.member, (*path, 0))
        return
    for wrong, rules in _broken_values(shape.member):
        yield _bracketed(request, path, [wrong], "Member", shape.member, rules)


def _member(request: dict[str, Any], shape: Any, path: Path) -> Iterator[Violation]:
    for wrong, rule in _broken_values(shape):
        text = f"at '{_place(path)}' failed to satisfy constraint: {rule}"
        if shape.type_name in ("string", "integer", "long"):
            shown = REDACTED if shape.metadata.get("sensitive") else wrong
            text = f"Value '{shown}' {text}"
        name = f"{_place(path)}: {rule}"
        yield Violation(name[:120], _changed(request, path, wrong), text)
    yield from _inside(request, shape, path)


def _bracketed(
    request: dict[str, Any], path: Path, wrong: Any, what: str, shape: Any, rule: str
) -> Violation:
    """The refusal of a list or map for its strings: all rules of the strings, in brackets."""
    facts, rules = shape.metadata, []
    if "max" in facts:
        rules.append(f"Member must have length less than or equal to {facts['max']}")
        rules.append(f"Member must have length greater than or equal to {facts.get('min', 0)}")
    if "pattern" in facts and shape.name not in PATTERN_IGNORED:
        rules.append(f"Member must satisfy regular expression pattern: {facts['pattern']}")
    text = f"at '{_place(path)}' failed to satisfy constraint: {what} must satisfy constraint: "
    broken = _changed(request, path, wrong)
    return Violation(f"{_place(path)}: {what}: {rule}"[:120], broken, f"{text}[{', '.join(rules)}]")


def _broken_values(shape: Any) -> Iterator[tuple[Any, str]]:
    """A value against each constraint of one shape itself, and the constraint in AWS's words."""
    facts = shape.metadata
    number = shape.type_name in ("integer", "long")
    what = "value" if number else "length"
    resize: Callable[[int], Any] = (lambda size: size) if number else lambda n: _sized(shape, n)
    if "max" in facts:
        bound = f"Member must have {what} less than or equal to {facts['max']}"
        yield resize(facts["max"] + 1), bound
    if "min" in facts and (number or facts["min"]):
        bound = f"Member must have {what} greater than or equal to {facts['min']}"
        yield resize(facts["min"] - 1), bound
    if "pattern" in facts and shape.name not in PATTERN_IGNORED:
        wrong = UNMATCHED_BY.get(shape.name, UNMATCHED)
        yield wrong, f"Member must satisfy regular expression pattern: {facts['pattern']}"
    if facts.get("enum"):
        allowed = ENUMS.get(shape.name, ", ".join(facts["enum"]))
        yield "neither", f"Member must satisfy enum value set: [{allowed}]"


def _sized(shape: Any, size: int) -> Any:
    """A value of this shape with a length, its parts valid."""
    match shape.type_name:
        case "list":
            return [valid(shape.member) for _ in range(size)]
        case "map":
            return {f"k{number}": valid(shape.value) for number in range(size)}
    return (str(valid(shape)) + "a" * size)[:size]


def _place(path: Path) -> str:
    """A path as the service writes it."""
    steps = (
        f"{step + 1}.member" if isinstance(step, int) else f"{step[:1].lower()}{step[1:]}"
        for step in path
    )
    return ".".join(steps)


def _changed(request: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of the request with another value at a path; without it, if the value is None."""
    changed = copy.deepcopy(request)
    inside: Any = changed
    for step in path[:-1]:
        inside = inside[step]
    if value is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return changed


NAMES = tuple(model().operation_names)


def test_every_operation_is_simulated() -> None:
    """All of the service model, and nothing else."""
    assert sorted(OPERATIONS) == sorted(NAMES)
    assert len(NAMES) == 57


@pytest.mark.parametrize("operation", NAMES)
def test_every_constraint_of_a_request_is_enforced(api: Any, operation: str) -> None:
    """Each bound, pattern, enumeration and required member, at any depth, in the service's wording."""
    before = len(api.kernel.trace)
    accepted, otherwise = [], []
    for count, violation in enumerate(violations(operation), 1):
        try:
            api.call(operation, **violation.request)
        except ServiceError as refusal:
            if refusal.code != "ValidationException" or violation.text not in refusal.message:
                otherwise.append((violation.name, refusal.message[:600]))
        else:
            accepted.append(violation.name)
        assert len(api.kernel.trace) == before + count
    assert (accepted, otherwise) == ([], [])


@pytest.mark.parametrize("operation", NAMES)
def test_a_request_with_every_member_breaks_no_constraint(operation: str, api: Any) -> None:
    """What the violations are made from is valid, so each of them has one cause."""
    request = request_of(operation)
    request.pop("EndpointId", None)  # on AWS it would be in the host name
    try:
        api.call(operation, **request)
    except ServiceError as refusal:
        assert "validation error" not in refusal.message


@pytest.mark.parametrize("operation", NAMES)
def test_every_modelled_error_can_be_produced(operation: str) -> None:
    """By its name, with the class of exceptions that the client has for it."""
    shape = model().operation_model(operation)
    request = request_of(operation)
    method = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation)[1:]
    for error in [found.name for found in shape.error_shapes]:
        world = sb.World()
        client = world.client()
        world.api_fails(operation, error, text="on purpose", for_="1s")
        with pytest.raises(getattr(client.exceptions, error), match="on purpose"):
            getattr(client, method)(**request)
