"""What a connection adds to requests; and where OAuth gets its token for that (RFC 6749, 4.4).

In a token request client id, client secret and grant type are in the body, form-encoded, or with GET
in the query string (fidelity 9.4). Parameters of the connection are added, and win over them.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple, final
from urllib.parse import parse_qsl, urlencode

from simbridge.base import json
from simbridge.base.clock import SECOND
from simbridge.model.http import Request, Response, normalized_url
from simbridge.model.secrets import Authorization
from simbridge.targets.api_destination import REMOVED_HEADERS, pairs_bytes

__all__ = ["Issued", "authorization_of", "is_temporary", "issued", "token_request"]

EXPIRES_S_MAX = 10**9
"""A token that lasts longer lasts for ever: some thirty years."""


@final
class Issued(NamedTuple):
    """A token, and how long it lasts in microseconds; None if the endpoint does not say."""

    text: str
    lasts_us: int | None

    def __repr__(self) -> str:
        return "<Issued>"


def authorization_of(
    secret: str, token: str | None, number: int, fresh_until_us: int | None
) -> Authorization:
    """What a connection adds to requests, from the content of its secret (fidelity 9.2).

    The header that authorizes wins over a parameter of its name. Headers that no request can have are
    removed from the parameters (fidelity 9.6).
    """
    content = json.decode(secret)
    own = content.get("invocation_http_parameters") or {}
    given = _pairs(own, "header_parameters")
    headers = {key: text for key, text in given.items() if not REMOVED_HEADERS.fullmatch(key)}
    query, body = _pairs(own, "query_string_parameters"), _pairs(own, "body_parameters")
    if token is not None:
        name, value = "Authorization", f"Bearer {token}"
    elif "api_key_name" in content:
        name, value = content["api_key_name"], content["api_key_value"]
    else:
        pair = f"{content['username']}:{content['password']}"
        name, value = "Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"
    headers = {key: text for key, text in headers.items() if key.lower() != name.lower()}
    return Authorization(
        number,
        headers | {name: value},
        query,
        body,
        fresh_until_us,
        pairs_bytes((*headers.items(), *query.items())),
    )


def token_request(secret: str) -> Request:
    """The request for a token, from the content of an OAuth connection's secret."""
    content = json.decode(secret)
    own = content.get("oauth_http_parameters") or {}
    endpoint, _, search = content["authorization_endpoint"].partition("?")
    client = {
        "grant_type": "client_credentials",
        "client_id": content["client_id"],
        "client_secret": content["client_secret"],
    }
    method = content["http_method"]
    query = dict(parse_qsl(search, keep_blank_values=True))
    fields = _pairs(own, "body_parameters")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if method == "GET":
        query |= client
        headers, body = {}, urlencode(fields).encode()
    else:
        body = urlencode(client | fields).encode()
    return Request(
        method,
        normalized_url(endpoint),
        headers | _pairs(own, "header_parameters"),
        query | _pairs(own, "query_string_parameters"),
        body,
    )


def issued(response: Response) -> Issued | str:
    """The token in a response; or the reason why there is none, in our words (invented)."""
    if not 200 <= response.status <= 299:
        return f"The authorization endpoint returned HTTP status {response.status}."
    try:
        answer = json.decode(response.content)
    except json.InvalidJson:
        answer = None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        return "The authorization endpoint returned no access token."
    assert isinstance(answer, dict)
    return Issued(token, _lasts_us(answer.get("expires_in")))


def is_temporary(status: int) -> bool:
    """Whether a token request with this answer is worth another try."""
    return status == 429 or status >= 500


def _lasts_us(given: Any) -> int | None:
    """Some endpoints write the number as text."""
    try:
        seconds = float(given)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(seconds * SECOND) if 0 < seconds <= EXPIRES_S_MAX else None


def _pairs(content: dict[str, Any], key: str) -> dict[str, str]:
    return {item["key"]: item["value"] for item in content.get(key) or []}
