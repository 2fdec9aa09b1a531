"""The page on coverage says of every parameter what simbridge does with it, and that is measured.

Each parameter of the service model is in a request of `coverage_scenes.py`. The request is sent as it is, and
with that parameter left out or changed, each time in a fork of the same world. What differs afterwards is what
the parameter does: what Describe and List show, what targets receive, what the call answers. A parameter that
changes nothing is a failure, and so is one that no request has, for example a new one of the service model.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from coverage_scenes import IDLE, SCENES
from coverage_world import QUEUES, SHOWS, TRAFFIC, WEST, A, B, arn, prepared

import simbridge as sb
from simbridge.api import OPERATIONS
from simbridge.api.model import operation_names, operation_shape
from simbridge.targets import BLOCKS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "coverage.md"
FIDELITY = ROOT / "docs" / "explanation" / "fidelity.md"
BEGIN, END = "<!-- generated: coverage -->\n", "<!-- end -->"

STORED, SECRET, DELIVERED, ANSWERED, FOUND, CHECKED = WORDS = (
    "stored and returned",
    "kept in the secret",
    "changes what targets receive",
    "changes the answer",
    "changes what Describe and List show",
    "checked: other values are refused",
)
NOTHING = object()


# -- the parameters of the service model ----------------------------------------------------


def members(shape: Any, prefix: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Path, shape and whether it is required, of each member at any depth."""
    for name, member in shape.members.items():
        path = f"{prefix}{name}"
        yield path, member, name in shape.required_members
        inner = member
        if member.type_name == "list":
            inner, path = member.member, f"{path}[]"
        if inner.type_name == "structure":
            yield from members(inner, f"{path}.")


def parameters(operation: str) -> dict[str, tuple[Any, bool]]:
    return {path: (shape, req) for path, shape, req in members(operation_shape(operation))}


def steps(path: str) -> list[str | int]:
    """`Targets[].Id` as the keys that lead there; of a list, the first element."""
    found: list[str | int] = []
    for part in path.split("."):
        found.append(part.removesuffix("[]"))
        if part.endswith("[]"):
            found.append(0)
    return found


def value_at(request: Any, path: str) -> Any:
    for step in steps(path):
        try:
            request = request[step]
        except (KeyError, IndexError, TypeError):
            return NOTHING
    return request


def with_value(request: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The request with another value at a path, or without one."""
    changed = copy.deepcopy(request)
    *way, last = steps(path)
    inner: Any = changed
    for step in way:
        inner = inner[step]
    if value is NOTHING:
        del inner[last]
    else:
        inner[last] = value
    return changed


def other_values(shape: Any, value: Any) -> list[Any]:
    """Other values of the same type."""
    match shape.type_name:
        case "boolean":
            return [not value]
        case "timestamp":
            return [value + 3600]
        case "integer" | "long":
            return [value - 1, value + 1]
        case "string" if shape.enum:
            return [name for name in shape.enum if name != value][:3]
        case "string":
            return [f"{value}2"]
        case "list" if shape.member.type_name == "string":
            return [[f"{value[0]}2"]]
        case "map":
            return [{name: f"{text}2" for name, text in value.items()}]
    return []


# -- what a request does --------------------------------------------------------------------


@cache
def base() -> sb.World:
    world: sb.World = prepared()
    return world


@cache
def client() -> Any:
    """One client for all worlds: to make one takes longer than a whole scene."""
    return boto3.client(
        "events", region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )


def call(world: sb.World, operation: str, request: dict[str, Any], account: str) -> Any:
    """What a call answers: its response, or its error code."""
    try:
        with world.intercept(account=account):
            answer = client()._make_api_call(operation, request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    except sb.SimbridgeError as error:
        return type(error).__name__
    del answer["ResponseMetadata"]
    return json.loads(json.dumps(answer, default=lambda time: int(time.timestamp())))


def filled_in(world: sb.World, scene: Any, request: dict[str, Any]) -> dict[str, Any]:
    """The request with the ids that only the world knows, and the token of the page before."""

    def ask(operation: str, name: str, member: str) -> Any:
        answer = call(world, operation, {"Name": name}, A)
        return answer[member] if isinstance(answer, dict) else "none"

    def known(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: known(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [known(inner) for inner in value]
        match value:
            case "<the id of e>":
                return ask("DescribeEndpoint", "e", "EndpointId")
            case str() if value.startswith("<the connection "):
                return ask("DescribeConnection", value[:-1].split()[-1], "ConnectionArn")
            case str() if value.startswith("<the API destination "):
                name = value[:-1].split()[-1]
                return ask("DescribeApiDestination", name, "ApiDestinationArn")
            case "<the token of the page before>":
                first = {n: v for n, v in scene.request.items() if n != "NextToken"}
                page = call(world, scene.operation, first, scene.account)
                return page.get("NextToken", "none")
        return value

    filled: dict[str, Any] = known(request)
    return filled


def outcome(scene: Any, request: dict[str, Any]) -> tuple[Any, ...] | None:
    """The answer, what is shown, received and secret; None if no client sends such a request."""
    world = base().fork()
    account, other = A, B
    for operation, before in scene.before:
        assert isinstance(call(world, operation, before, account), dict), before
    try:
        answer = call(world, scene.operation, filled_in(world, scene, request), scene.account)
    except ParamValidationError:
        return None
    if isinstance(answer, dict):
        for operation, after in scene.after:
            call(world, operation, filled_in(world, scene, after), account)
    traffic(world)
    shows = [*scene.shows, *SHOWS.get(noun(scene.operation), ())]
    shown = [
        call(world, name, given, caller) for name, given in shows for caller in (account, other)
    ]
    return answer, shown, received(world, request), secrets(world, shown)


def secrets(world: sb.World, shown: list[Any]) -> list[Any]:
    """The secrets of the connections that are shown."""
    arns = [one["SecretArn"] for one in shown if isinstance(one, dict) and "SecretArn" in one]
    return [world.secret(arn) for arn in arns]


def traffic(world: sb.World) -> None:
    """Events on each bus, some of them of a partner, and time."""
    for operation, request, account in TRAFFIC:
        call(world, operation, request, account)
    world.run(minutes=7)


def received(world: sb.World, request: dict[str, Any]) -> list[Any]:
    """The requests that targets, token endpoints and the hosts of API destinations have got."""
    arns = [*QUEUES, arn("west", "sqs", WEST)]
    arns += [target["Arn"] for target in request.get("Targets", ()) if target["Arn"] not in arns]
    stood = [world.stand_in(arn).requests for arn in arns if ":api-destination/" not in arn]
    hosts = [world.http(f"https://{name}.example.com").requests for name in ("api", "api2")]
    return [*stood, *([asdict(request) for request in host] for host in hosts)]


def noun(operation: str) -> str:
    return re.sub(
        r"^(Create|Update|Delete|Put|Remove|Tag|Untag|Enable|Disable|Start|Cancel|Activate|"
        r"Deactivate|Deauthorize)",
        "",
        operation,
    )


def pairs(shown: Any, name: str = "") -> Iterator[str]:
    """Each member that is shown, with its value, as texts that can be compared."""
    yield f"{name}={json.dumps(shown, sort_keys=True)}"
    if isinstance(shown, dict):
        for key, value in shown.items():
            yield from pairs(value, key)
    elif isinstance(shown, list):
        for value in shown:
            yield from pairs(value, name)


@cache
def measured() -> dict[tuple[str, str], frozenset[str]]:
    """What each parameter of each operation does, in the words of the page."""
    found: dict[tuple[str, str], set[str]] = {}
    for scene in SCENES:
        original = outcome(scene, scene.request)
        assert original is not None and isinstance(original[0], dict), (scene, original)
        for path, (shape, required) in parameters(scene.operation).items():
            value = value_at(scene.request, path)
            if value is NOTHING:
                continue
            effects = found.setdefault((scene.operation, path), set())
            if effects >= {STORED, DELIVERED}:
                continue
            changes = [NOTHING] if not required else []
            changes += scene.others.get(path) or other_values(shape, value)
            for change in changes:
                result = outcome(scene, with_value(scene.request, path, change))
                if result is not None:
                    effects |= differences(path, value, original, result)
    for operation, path in found:  # what a part of a parameter does, the parameter does
        for (other, part), effects in found.items():
            if other == operation and re.match(rf"{re.escape(path)}(\[\])?\.", part):
                found[operation, path] |= effects
    return {key: frozenset(effects) for key, effects in found.items()}


def differences(path: str, value: Any, original: Any, changed: Any) -> set[str]:
    """What is different after a request with another value."""
    answer, shown, got, secret = original
    other_answer, other_shown, other_got, other_secret = changed
    effects = set()
    name = re.split(r"[.\[\]]+", path.removesuffix("[]"))[-1]
    text = f"{name}={json.dumps(value, sort_keys=True)}"
    before, after = list(pairs(shown)), list(pairs(other_shown))
    if before.count(text) > after.count(text):
        effects.add(STORED)
    if isinstance(other_answer, str):
        return effects | {CHECKED}
    if STORED not in effects and shown != other_shown:
        effects.add(FOUND)
    if secret != other_secret and ".".join(map(str, steps(path))).startswith("AuthParameters"):
        effects.add(SECRET)
    if got != other_got:
        effects.add(DELIVERED)
    if answer != other_answer:
        effects.add(ANSWERED)
    return effects


# -- the page -------------------------------------------------------------------------------

LISTED = dict.fromkeys(("Limit", "MaxResults", "NextToken", "NamePrefix"), "11.8")
TARGET = {
    "Arn": "5.2",
    "RoleArn": "5.2, 8.4",
    "Input": "5.4",
    "InputPath": "5.4",
    "InputTransformer": "5.4, 5.5",
    "DeadLetterConfig": "2.4, 2.5",
    "RetryPolicy": "2.1, 2.3",
    "Id": "5.1, 11.5",
}
MEMBERS = {
    "PutEvents.Entries[].TraceHeader": "1.6",
    "PutEvents.EndpointId": "13.2",
    "PutRule.EventPattern": "4.2, 4.8, 4.9",
    "PutRule.ScheduleExpression": "3.1, 3.2, 3.3",
    "PutRule.State": "3.6, 11.1",
    "PutRule.Tags": "11.7",
    "CreateEventBus.Tags": "11.7",
    "CreateEventBus.EventSourceName": "7.1, 7.2",
    "CreateEventBus.KmsKeyIdentifier": "11.9",
    "CreateEventBus.DeadLetterConfig": "11.9",
    "CreateEventBus.LogConfig": "11.9",
    "DeleteRule.Force": "11.4",
    "RemoveTargets.Force": "11.4",
    "StartReplay.EventStartTime": "6.5",
    "StartReplay.EventEndTime": "6.5",
    **{
        f"{verb}Endpoint.{name}": number
        for verb in ("Create", "Update")
        for name, number in (("RoutingConfig", "13.3"), ("ReplicationConfig", "13.1, 13.2"))
    },
    **{
        f"{verb}Connection.{name}": number
        for verb in ("Create", "Update")
        for name, number in (
            ("AuthParameters", "9.2, 9.3"),
            ("AuthParameters.OAuthParameters", "9.2, 9.3, 9.4"),
            ("AuthParameters.ConnectivityParameters", "9.1"),
            ("InvocationConnectivityParameters", "9.1"),
        )
    },
    **{f"PutTargets.Targets[].{name}": number for name, number in TARGET.items()},
    **{f"PutTargets.Targets[].{name}": "5.2, 5.3" for name in BLOCKS},
}
KINDS_OF = {
    "Rules?": "11.2, 11.3",
    "Targets": "5.1, 11.4",
    "RuleNamesByTarget|TargetsByRule": "11.5",
    "Archives?": "6.1, 6.2",
    "Replays?": "6.4, 6.6",
    "Connections?": "9.1",
    "ApiDestinations?": "9.5",
    "EventBus|EventBuses": "11.6",
    "(Partner)?EventSources?(Accounts)?": "7.2",
    "Endpoints?": "13.1",
}
"""Statements of fidelity.md by parameter, else by the operation's own docstring, else by kind of resource."""


def evidence(operation: str, path: str) -> str:
    """The numbers of the statements that a parameter rests on."""
    whole = f"{operation}.{path}"
    while whole != operation:
        if whole in MEMBERS:
            return MEMBERS[whole]
        whole = whole.rpartition(".")[0]
    if path in LISTED:
        return LISTED[path]
    cited = re.search(r"\(fidelity ([\d., ]+)\)", OPERATIONS[operation].__doc__ or "")
    if cited:
        return cited[1]
    name = re.sub("^(Describe|List)", "", noun(operation))
    return next(number for form, number in KINDS_OF.items() if re.fullmatch(form, name))


def page() -> str:
    """A table for each operation."""
    parts = []
    for operation in sorted(operation_names()):
        rows = [
            f"| `{path}` | {does(operation, path)} | {evidence(operation, path)} |\n"
            for path in parameters(operation)
        ]
        head = "| parameter | what is done with it | evidence |\n|---|---|---|\n"
        parts.append(f"### {operation}\n\n{head}{''.join(rows)}")
    return "\n".join(parts)


def does(operation: str, path: str) -> str:
    idle = IDLE.get((operation, path))
    effects = measured().get((operation, path), ())
    return "; ".join(word for word in WORDS if word in effects) or f"nothing: {idle}"


def test_every_parameter_is_in_a_scene() -> None:
    """A parameter that the service model gains is missing here until it is sent, and its effect seen."""
    model = {(name, path) for name in operation_names() for path in parameters(name)}
    assert model == set(measured()) | set(IDLE)


def test_every_parameter_does_something() -> None:
    """It is stored and returned, or it changes an outcome; what does nothing says why."""
    idle = {key for key, effects in measured().items() if not effects}
    assert idle <= set(IDLE)
    assert not [key for key in IDLE if measured().get(key)]


def test_every_statement_that_is_cited_is_on_the_page_on_fidelity() -> None:
    """A number in the tables leads to a statement."""
    known = set(
        re.findall(r"^\| (\d+\.\d+) \|", FIDELITY.read_text(encoding="utf-8"), re.MULTILINE)
    )
    for operation in operation_names():
        for path in parameters(operation):
            assert set(evidence(operation, path).split(", ")) <= known, (operation, path)


def test_an_ignored_parameter_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an operation ignores a parameter, no difference is measured."""
    (scene,) = [one for one in SCENES if one.operation == "UpdateEventBus"]
    with_text = outcome(scene, scene.request)
    changed = outcome(scene, with_value(scene.request, "Description", "other"))
    assert with_text is not None and changed is not None
    assert STORED in differences("Description", "text", with_text, changed)

    update = OPERATIONS["UpdateEventBus"]
    monkeypatch.setitem(
        OPERATIONS,
        "UpdateEventBus",
        lambda context, request: update(context, {**request, "Description": None}),
    )
    with_text = outcome(scene, scene.request)
    changed = outcome(scene, with_value(scene.request, "Description", "other"))
    assert with_text is not None and changed is not None
    assert not differences("Description", "text", with_text, changed)


def test_the_page_is_current() -> None:
    """The tables are what was measured; `SIMBRIDGE_REFRESH=1 pytest tests/docs` writes them."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(BEGIN) + len(BEGIN)
    end = text.index(END, start)
    if os.environ.get("SIMBRIDGE_REFRESH"):
        PAGE.write_text(text[:start] + page() + text[end:], encoding="utf-8")
    else:
        assert text[start:end] == page(), "SIMBRIDGE_REFRESH=1 pytest tests/docs writes it anew"
