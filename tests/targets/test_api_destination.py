"""The HTTP request of an API destination, rule by rule, written out by hand (fidelity 9.6)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from simbridge.model import arn as arns
from simbridge.model.http import Request
from simbridge.model.resources import ApiDestination
from simbridge.model.secrets import Authorization
from simbridge.targets import Failure, RequestForm, Sending

ARN = "arn:aws:events:us-east-1:123456789012:api-destination/d/0-1"
RULE = arns.parse("arn:aws:events:us-east-1:123456789012:rule/r")
EVENT = {"id": "e", "source": "shop", "detail": {"order": 7, "name": "c/1 ä", "control": "a\r\nb"}}
BASIC = {"Authorization": "Basic eA=="}
FIXED = {
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
    "Host": "api.example.com",
}


def made(
    endpoint: str = "https://api.example.com/orders",
    http: dict[str, Any] | None = None,
    body: str | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    fields: dict[str, str] | None = None,
    parameter_bytes: int = 0,
) -> Request | Failure:
    """The request to an endpoint, of a target with these HttpParameters and a connection with the rest."""
    destination = ApiDestination(ARN, "d", "arn:c", endpoint, "PUT", 300, 0, 0)
    authorization = Authorization(
        1, headers or BASIC, query or {}, fields or {}, None, parameter_bytes
    )
    parameters = {} if http is None else {"HttpParameters": http}
    sending = Sending(arns.parse(ARN), parameters, EVENT, body, RULE)
    return RequestForm(destination, authorization).request(sending)


def request(*given: Any, **more: Any) -> Request:
    found = made(*given, **more)
    assert isinstance(found, Request)
    return found


def failure(*given: Any, **more: Any) -> tuple[str, str]:
    found = made(*given, **more)
    assert isinstance(found, Failure)
    return tuple(found)


@pytest.mark.parametrize(
    ("endpoint", "values", "url"),
    [
        ("https://api.example.com", None, "https://api.example.com/"),
        ("api.example.com/orders", None, "https://api.example.com/orders"),
        ("https://api.example.com/*/x/*", ["a", "b"], "https://api.example.com/a/x/b"),
        ("https://api.example.com/*", ["$.detail.name"], "https://api.example.com/c%2F1%20%C3%A4"),
        ("https://api.example.com/*", ["$.detail.order"], "https://api.example.com/7"),
        ("https://api.example.com/*", ["?a=b&c#d*"], "https://api.example.com/%3Fa%3Db%26c%23d%2A"),
    ],
)
def test_the_path(endpoint: str, values: list[str] | None, url: str) -> None:
    """Each `*` is replaced from left to right by a value, percent-encoded; paths come from the event."""
    http = None if values is None else {"PathParameterValues": values}
    assert request(endpoint, http).url == url


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("https://api.example.com/*", None),
        ("https://api.example.com/*", []),
        ("https://api.example.com/*", ["a", "b"]),
        ("https://api.example.com/a", ["a"]),
    ],
)
def test_another_number_of_path_values(endpoint: str, values: list[str] | None) -> None:
    """It passes PutTargets and fails here, for good."""
    code, text = failure(endpoint, None if values is None else {"PathParameterValues": values})
    assert code == "INVALID_PARAMETER" and "path parameter values" in text


def test_the_query() -> None:
    """That of the endpoint, of the target and of the connection: the later one wins."""
    http = {"QueryStringParameters": {"b": "target", "c": "target", "d": "$.source"}}
    found = request("https://api.example.com/o?a=own&b=own", http, query={"c": "connection"})
    assert found.query == {"a": "own", "b": "target", "c": "connection", "d": "shop"}
    assert found.url == "https://api.example.com/o"


def test_the_headers_of_a_plain_request() -> None:
    """The fixed ones, the one that authorizes, and the type of the content."""
    found = request(body="{}")
    assert found.headers == FIXED | BASIC | {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": "2",
    }
    assert found.method == "PUT"


def test_headers_of_the_connection_win() -> None:
    """Whatever the case of their names; the target's Authorization loses against the connection's."""
    http = {"HeaderParameters": {"x-a": "target", "X-B": "target", "AUTHORIZATION": "mine"}}
    found = request(http=http, headers=BASIC | {"X-A": "connection"})
    assert {name: found.header(name) for name in ("x-a", "x-b", "authorization")} == {
        "x-a": "connection",
        "x-b": "target",
        "authorization": "Basic eA==",
    }
    assert len(found.headers) == len({name.lower() for name in found.headers})


@pytest.mark.parametrize(
    ("http", "headers"),
    [
        ({"HeaderParameters": {"content-type": "text/plain"}}, BASIC),
        ({}, BASIC | {"CONTENT-TYPE": "text/plain"}),
        ({"HeaderParameters": {"Content-Type": "a/b"}}, BASIC | {"content-type": "text/plain"}),
    ],
)
def test_another_content_type(http: dict[str, Any], headers: dict[str, str]) -> None:
    """The target or the connection may name one."""
    found = request(http=http, headers=headers)
    assert found.header("Content-Type") == "text/plain"
    assert sum(name.lower() == "content-type" for name in found.headers) == 1


REMOVED = re.findall(
    r"\S+",
    "A-IM Accept-Charset Accept-Datetime Accept-Encoding Cache-Control Connection Content-Encoding "
    "Content-Length Content-MD5 Date Expect Forwarded From Host HTTP2-Settings If-Match "
    "If-Modified-Since If-None-Match If-Range If-Unmodified-Since Max-Forwards Origin Pragma "
    "Proxy-Authorization Range Referer TE Trailer Transfer-Encoding User-Agent Upgrade Via Warning",
)


@pytest.mark.parametrize("name", REMOVED)
def test_a_header_that_is_removed(name: str) -> None:
    """It has the fixed value, or is not there."""
    found = request(http={"HeaderParameters": {name.lower(): "mine"}}, body="{}")
    fixed = FIXED | {"Content-Length": "2"}
    assert found.header(name) == fixed.get(name)


def test_the_body() -> None:
    """The rendered input byte for byte; the whole event if there is none; fields of the connection win."""
    assert request(body=' {"a" : 1} ').text == ' {"a" : 1} '
    assert request().json() == EVENT
    assert request(body='"text"').text == '"text"'
    merged = request(body='{"a": 1, "b": {"c": 2}}', fields={"a": "x", "d": "y"})
    assert merged.text == '{"a":"x","b":{"c":2},"d":"y"}'
    assert merged.header("Content-Length") == str(len(merged.body))
    assert request(fields={"key": "v"}).json() == EVENT | {"key": "v"}


@pytest.mark.parametrize("body", ["[1]", '"a"', "1", "null", '"a"\n"b"', ""])
def test_fields_for_a_body_that_is_not_an_object(body: str) -> None:
    """They have no place in it, which fails for good."""
    code, text = failure(body=body, fields={"a": "x"})
    assert code == "INVALID_PARAMETER" and "JSON object" in text


def test_a_header_of_two_lines() -> None:
    """No request can have it."""
    http = {"HeaderParameters": {"X-A": "$.detail.control"}}
    assert failure(http=http) == ("INVALID_PARAMETER", "The value of the header X-A is not valid.")


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({}, 0),
        ({"http": {"QueryStringParameters": {"ab": "cde"}}}, 5),
        ({"http": {"HeaderParameters": {"X-A": "ä" * 0 + "cde"}}}, 6),
        ({"parameter_bytes": 100}, 100),
        ({"fields": {"k": "v"}}, len('"k":"v"')),
    ],
)
def test_64_kilobytes_with_all_parameters(more: dict[str, Any], taken: int) -> None:
    """The last byte that fits, and the first that does not."""
    room = 64 * 1024 - taken

    def body(length: int) -> str:
        if "fields" not in more:
            return json.dumps("x" * (length - 2))
        comma = ","
        return json.dumps(
            {"a": "x" * (length - len('{"a":""}') - len(comma))}, separators=(",", ":")
        )

    assert isinstance(made(body=body(room), **more), Request)
    code, text = failure(body=body(room + 1), **more)
    assert code == "INVALID_PARAMETER" and "exceeds the maximum of 65536 bytes" in text


def test_a_form_is_the_same_for_every_event() -> None:
    """What a handler does to one request changes no other."""
    destination = ApiDestination(ARN, "d", "arn:c", "https://a.example.com?q=1", "POST", 1, 0, 0)
    form = RequestForm(destination, Authorization(1, BASIC, {"k": "v"}, {}))
    sending = Sending(arns.parse(ARN), {}, EVENT, "{}", RULE)
    first = form.request(sending)
    assert isinstance(first, Request)
    first.headers["X"] = first.query["X"] = "changed"
    second = form.request(sending)
    assert isinstance(second, Request)
    assert "X" not in second.headers and second.query == {"q": "1", "k": "v"}
