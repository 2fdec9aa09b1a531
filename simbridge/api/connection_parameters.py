"""AuthParameters of a connection: from a request to the content of a secret, and back without values.

The content of the secret is the one complete form of a connection's parameters: what an update leaves
out is taken from it, and what Describe shows is read off it (fidelity 9.2, 9.3).

    >>> content = content_of("BASIC", {"BasicAuthParameters": {"Username": "u", "Password": "p"}})
    >>> content
    {'username': 'u', 'password': 'p'}
    >>> shown("BASIC", content)
    {'BasicAuthParameters': {'Username': 'u'}}
    >>> content_of("BASIC", {"BasicAuthParameters": {"Password": "q"}}, content)
    {'username': 'u', 'password': 'q'}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Incomplete", "content_of", "shown"]

Content = dict[str, Any]
"""The content of a secret, as Secrets Manager holds it, in its order of keys (captured)."""

_BLOCKS: dict[str, tuple[str, dict[str, str]]] = {
    "BASIC": ("BasicAuthParameters", {"Username": "username", "Password": "password"}),
    "API_KEY": (
        "ApiKeyAuthParameters",
        {"ApiKeyName": "api_key_name", "ApiKeyValue": "api_key_value"},
    ),
    "OAUTH_CLIENT_CREDENTIALS": (
        "OAuthParameters",
        {
            "ClientID": "client_id",
            "ClientSecret": "client_secret",
            "AuthorizationEndpoint": "authorization_endpoint",
            "HttpMethod": "http_method",
        },
    ),
}

_LISTS = {
    "HeaderParameters": "header_parameters",
    "QueryStringParameters": "query_string_parameters",
    "BodyParameters": "body_parameters",
}


class Incomplete(Exception):
    """A block of parameters lacks a member that its authorization type needs."""

    def __init__(self, block: str) -> None:
        super().__init__(block)
        self.block = block


def content_of(
    authorization_type: str, parameters: Mapping[str, Any], old: Content | None = None
) -> Content:
    """The content of the secret for AuthParameters; what they leave out is as in `old`.

    Raises `Incomplete` if something is then still missing.
    """
    old = old or {}
    block, names = _BLOCKS[authorization_type]
    given = parameters.get(block) or {}
    flat = {**given, **(given.get("ClientParameters") or {})}
    content: Content = {}
    for name, key in names.items():
        value = flat.get(name)
        if value is None and key not in old:
            raise Incomplete(block)
        content[key] = old[key] if value is None else value
    if "http_method" in content:
        content["http_method"] = content["http_method"].upper()
    for given_http, key in (
        (given.get("OAuthHttpParameters"), "oauth_http_parameters"),
        (parameters.get("InvocationHttpParameters"), "invocation_http_parameters"),
    ):
        http = _http_content(given_http, old.get(key))
        if http is not None:
            content[key] = http
    return content


def shown(authorization_type: str, content: Content) -> dict[str, Any]:
    """AuthParameters as DescribeConnection shows them (captured): no secret value is in it."""
    block, _ = _BLOCKS[authorization_type]
    answer: dict[str, Any]
    match authorization_type:
        case "BASIC":
            answer = {"Username": content["username"]}
        case "API_KEY":
            answer = {"ApiKeyName": content["api_key_name"]}
        case _:
            answer = {
                "ClientParameters": {"ClientID": content["client_id"]},
                "AuthorizationEndpoint": content["authorization_endpoint"],
                "HttpMethod": content["http_method"],
            }
            if "oauth_http_parameters" in content:
                answer["OAuthHttpParameters"] = _http_shown(content["oauth_http_parameters"])
    parameters = {block: answer}
    if "invocation_http_parameters" in content:
        parameters["InvocationHttpParameters"] = _http_shown(content["invocation_http_parameters"])
    return parameters


def _http_content(given: Mapping[str, Any] | None, old: Content | None) -> Content | None:
    """Header, query string and body parameters; a list that is left out is as in `old`."""
    if given is None:
        return old
    content: Content = {}
    for name, key in _LISTS.items():
        before = (old or {}).get(key)
        items = given.get(name)
        if items is not None:
            values = {item["key"]: item for item in before or []}
            content[key] = [_parameter(item, values.get(item.get("Key"))) for item in items]
        elif before is not None:
            content[key] = before
    return content


def _parameter(given: Mapping[str, Any], old: Content | None) -> Content:
    """One parameter. Without a value it keeps the old one, which stays secret if it was (captured)."""
    secret, value = bool(given.get("IsValueSecret")), given.get("Value")
    if value is None and old is not None:
        value, secret = old["value"], secret or old["is_value_secret"]
    return {"key": given.get("Key") or "", "value": value or "", "is_value_secret": secret}


def _http_shown(content: Content) -> dict[str, Any]:
    return {
        name: [_parameter_shown(item) for item in content[key]]
        for name, key in _LISTS.items()
        if key in content
    }


def _parameter_shown(item: Content) -> dict[str, Any]:
    value = {} if item["is_value_secret"] else {"Value": item["value"]}
    return {"Key": item["key"], **value, "IsValueSecret": item["is_value_secret"]}
