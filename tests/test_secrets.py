"""Secrets of connections are in no output, whichever way one looks (fidelity 9.2)."""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import simbridge as sb
from simbridge.scenario.narrate import narrate

TOKENS = "https://auth.example.com/token"
KINDS = (
    "password",
    "key-value",
    "client-secret",
    "header",
    "query",
    "body",
    "oauth-header",
    "oauth-query",
    "oauth-body",
    "token",
    "new-password",
    "refused",
)
SECRETS = {kind: f"hush-{kind}-{number}" for number, kind in enumerate(KINDS)}
API = "https://api.example.com"
ROLE = "arn:aws:iam::123456789012:role/r"
ENCODED = [
    base64.b64encode(f"user:{SECRETS[kind]}".encode()).decode()
    for kind in ("password", "new-password")
]
"""As a Basic header has them."""


def parameters(prefix: str = "") -> dict[str, Any]:
    """HTTP parameters with a secret in each list."""
    return {
        f"{name}Parameters": [{"Key": "k", "Value": SECRETS[prefix + kind], "IsValueSecret": True}]
        for name, kind in (("Header", "header"), ("QueryString", "query"), ("Body", "body"))
    }


def issue(request: sb.Request) -> sb.Response:
    """A token endpoint that sees everything it is sent."""
    told = f"{request.headers} {request.query} {request.text}"
    for kind in ("client-secret", "oauth-header", "oauth-query", "oauth-body"):
        assert SECRETS[kind] in told
    return sb.Response(body=json.dumps({"access_token": SECRETS["token"], "expires_in": 90}))


def receive(request: sb.Request) -> sb.Response:
    """The endpoint of the API destinations, which sees every secret; its answers are full of them."""
    told = f"{request.headers} {request.query} {request.text}"
    for kind in ("header", "query", "body"):
        assert SECRETS[kind] in told
    name = request.url.rpartition("/")[2]
    wanted = {"BASIC": ENCODED, "API_KEY": [SECRETS["key-value"]]}.get(name, [SECRETS["token"]])
    assert any(text in told for text in wanted)
    seen.add(name)
    detail = request.json()["detail"]
    return sb.Response(detail["status"], {"X-Told": told, "Retry-After": told}, told)


seen: set[str] = set()


def destinations(world: sb.World) -> None:
    """An API destination for each connection, and events that are accepted, refused and retried there."""
    events, dead = world.client(), world.queue("dead").arn
    world.http(API, receive)
    seen.clear()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    targets = []
    for connection in events.list_connections()["Connections"]:
        destination = events.create_api_destination(
            Name=connection["Name"],
            ConnectionArn=connection["ConnectionArn"],
            InvocationEndpoint=f"{API}/{connection['Name']}",
            HttpMethod="POST",
            InvocationRateLimitPerSecond=1,
        )
        targets.append(
            {
                "Id": connection["Name"],
                "Arn": destination["ApiDestinationArn"],
                "RoleArn": ROLE,
                "DeadLetterConfig": {"Arn": dead},
                "RetryPolicy": {"MaximumRetryAttempts": 1},
            }
        )
    events.put_targets(Rule="r", Targets=targets)
    for status in (200, 403, 503, 302, 409):
        entry = {"Source": "shop", "DetailType": "d", "Detail": json.dumps({"status": status})}
        events.put_events(Entries=[entry])
    world.run(hours=1)
    assert seen == {"BASIC", "API_KEY", "OAUTH_CLIENT_CREDENTIALS"}


def whole_world() -> sb.World:
    """A world with every kind of secret, whose connections are made, changed, refused and removed."""
    world = sb.World(seed=1)
    world.http(TOKENS, issue)
    events = world.client()
    basic = {"Username": "user", "Password": SECRETS["password"]}
    key = {"ApiKeyName": "X-Key", "ApiKeyValue": SECRETS["key-value"]}
    client = {"ClientID": "client", "ClientSecret": SECRETS["client-secret"]}
    oauth = {
        "AuthorizationEndpoint": TOKENS,
        "HttpMethod": "POST",
        "ClientParameters": client,
        "OAuthHttpParameters": parameters("oauth-"),
    }
    blocks: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("BASIC", "BasicAuthParameters", basic),
        ("API_KEY", "ApiKeyAuthParameters", key),
        ("OAUTH_CLIENT_CREDENTIALS", "OAuthParameters", oauth),
    )
    for kind, block, value in blocks:
        given = {block: value, "InvocationHttpParameters": parameters()}
        events.create_connection(Name=kind, AuthorizationType=kind, AuthParameters=given)
    world.run(minutes=1)
    destinations(world)
    new = {"BasicAuthParameters": {"Password": SECRETS["new-password"]}}
    events.update_connection(Name="BASIC", AuthorizationType="BASIC", AuthParameters=new)
    wrong = {"BasicAuthParameters": {"Username": "u", "Password": SECRETS["refused"] * 100}}
    for name in ("BASIC", "no name"):
        with pytest.raises(ClientError) as refusal:
            events.create_connection(Name=name, AuthorizationType="BASIC", AuthParameters=wrong)
        assert "hush" not in str(refusal.value) + repr(refusal.value.response)
    world.run(minutes=1)
    return world


def outputs(world: sb.World, folder: Path) -> Iterator[tuple[str, str]]:
    """Everything that shows something of a world, by name."""
    trace, events = world.trace, world.client()
    yield "repr of world", repr(world)
    yield "trace", str(trace)
    yield "trace repr", repr(trace)
    yield "trace html", trace._repr_html_()
    yield "timeline", trace.timeline(colour=True)
    yield "records", "".join(map(repr, trace))
    trace.to_jsonl(folder / "t.jsonl")
    yield "file", (folder / "t.jsonl").read_text()
    entry = {"Source": "shop", "DetailType": "d", "Detail": '{"status": 200}'}
    event = events.put_events(Entries=[entry])["Entries"][0]["EventId"]
    world.settle()
    yield "why", str(trace.why(event))
    yield "metrics", repr(world.metrics())
    for name in ("BASIC", "API_KEY", "OAUTH_CLIENT_CREDENTIALS"):
        yield "describe", repr(events.describe_connection(Name=name))
        yield "describe destination", repr(events.describe_api_destination(Name=name))
    yield "list", repr(events.list_connections())
    yield "list destinations", repr(events.list_api_destinations())
    yield "endpoint", f"{world.http(API)!r} {world.http(API).requests!r}"
    letters = world.queue("dead").receive()
    assert len(letters) >= 9
    yield "dead letters", repr([(letter.body, letter.attributes) for letter in letters])
    yield "dead requests", repr(world.queue("dead").requests)
    for delivery in trace.deliveries():
        yield "delivery", f"{delivery!r} {delivery.attempts!r} {trace.why(delivery.event.id)}"
    for actor in world._kernel.actors.values():
        yield "actor", repr(actor)
    yield "kernel", repr(world._kernel.shared) + repr(world._plane.stores)
    yield "requests", repr(world.http(TOKENS).requests)
    error = sb.SimbridgeError("x")
    world.annotate(error)
    yield "notes", repr(error.__notes__)
    with pytest.raises(sb.SimbridgeError) as missing:
        world.secret("arn:none")
    yield "no secret", str(missing.value)


def test_no_output_shows_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each kind of secret has a text of its own, and none is found."""
    with caplog.at_level(logging.DEBUG, "simbridge"):
        world = whole_world()
        told = list(outputs(world, tmp_path))
    told.append(("log", caplog.text))
    assert len(dict(told)) > 14
    secrets = [*SECRETS.values(), *ENCODED]
    found = [(name, text) for name, out in told for text in secrets if text in out]
    assert found == []
    masked = "***Sensitive Data Redacted***"
    assert masked in dict(told)["file"]


def test_narration_shows_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """The log of a run as it goes."""
    world = sb.World(seed=1)
    with narrate(world):
        world.http(TOKENS, lambda request: sb.Response(401, {}, SECRETS["token"]))
        world.client().create_connection(
            Name="c",
            AuthorizationType="BASIC",
            AuthParameters={
                "BasicAuthParameters": {"Username": "u", "Password": SECRETS["password"]}
            },
        )
        world.run(minutes=5)
        world = whole_world()
        with narrate(world):
            destinations_again(world)
    captured = capsys.readouterr()
    assert "answers 200" in captured.err
    for text in ("hush", *ENCODED):
        assert text not in captured.out + captured.err


def destinations_again(world: sb.World) -> None:
    """More events for the destinations that are there."""
    for status in (200, 503):
        entry = {"Source": "shop", "DetailType": "d", "Detail": json.dumps({"status": status})}
        world.client().put_events(Entries=[entry])
    world.run(hours=1)


def test_a_handler_that_raises_shows_no_secret() -> None:
    """Neither the error of the run, nor its notes."""
    world = whole_world()

    def broken(request: sb.Request) -> sb.Response:
        assert SECRETS["header"] in str(request.headers)
        raise ValueError("not today")

    world.http(f"{API}/BASIC", broken)
    with pytest.raises(sb.SimbridgeError) as failed:
        destinations_again(world)
    error: BaseException | None = failed.value
    while error is not None:
        told = f"{error!r} {getattr(error, '__notes__', [])}"
        assert not [text for text in (*SECRETS.values(), *ENCODED) if text in told]
        error = error.__cause__


@sb.scenario(seed=1)
def swept(world: sb.World, minutes: int = 1) -> None:
    """A connection whose token endpoint refuses."""
    world.http(TOKENS, lambda request: sb.Response(401, {}, SECRETS["token"]))
    oauth = {
        "AuthorizationEndpoint": TOKENS,
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "c", "ClientSecret": SECRETS["client-secret"]},
    }
    world.client().create_connection(
        Name="c",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": oauth},
    )
    world.run(minutes=minutes)
    assert world.client().describe_connection(Name="c")["ConnectionState"] == "AUTHORIZED"


def test_a_report_of_a_sweep_shows_no_secret(tmp_path: Path) -> None:
    """Neither the table, nor the page, nor the failures in it."""
    result = sb.sweep(swept, vary={"minutes": [1, 2]}, seeds=range(1), workers=1)
    result.report(tmp_path / "report.html")
    told = f"{result!r} {result.table()} {(tmp_path / 'report.html').read_text()}"
    assert "minutes" in told and "hush" not in told
    world = sb.World(seed=1)
    with pytest.raises(AssertionError) as failed:
        swept(world)
    world.annotate(failed.value)
    assert "hush" not in f"{failed.value} {failed.value.__notes__}"


def test_a_scenario_that_asks_sees_a_secret() -> None:
    """By the ARN of the secret, whole; and a pickle of a world holds it."""
    world = whole_world()
    arn = world.client().describe_connection(Name="BASIC")["SecretArn"]
    content = world.secret(arn)
    assert (content["username"], content["password"]) == ("user", SECRETS["new-password"])
    header = content["invocation_http_parameters"]["header_parameters"][0]
    assert header == {"key": "k", "value": SECRETS["header"], "is_value_secret": True}
    content["password"] = "changed"
    assert world.secret(arn)["password"] == SECRETS["new-password"]
    dump = io.BytesIO()
    pickle.dump(world, dump)
    assert SECRETS["new-password"].encode() in dump.getvalue()


@pytest.mark.parametrize("arn", ["", "arn:none", 3, None])
def test_a_secret_that_is_not_there(arn: Any) -> None:
    """The error says where the ARN is found."""
    with pytest.raises(sb.SimbridgeError, match=r"ARN of a secret|SecretArn"):
        sb.World().secret(arn)
