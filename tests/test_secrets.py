"""Secrets of connections are in no output, whichever way one looks (fidelity 9.2)."""

from __future__ import annotations

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
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    event = events.put_events(Entries=[entry])["Entries"][0]["EventId"]
    world.settle()
    yield "why", str(trace.why(event))
    yield "metrics", repr(world.metrics())
    for name in ("BASIC", "API_KEY", "OAUTH_CLIENT_CREDENTIALS"):
        yield "describe", repr(events.describe_connection(Name=name))
    yield "list", repr(events.list_connections())
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
    found = [(name, text) for name, out in told for text in SECRETS.values() if text in out]
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
    captured = capsys.readouterr()
    assert "hush" not in captured.out + captured.err


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
