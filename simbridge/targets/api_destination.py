"""The HTTP request of an API destination, a pure function of the event, the destination and its connection.

Three sources add to it, later ones win: the target of the rule (`HttpParameters`), the connection
(InvocationHttpParameters, and the header that authorizes), EventBridge itself (fixed headers). In full::

    path     the `*` of the endpoint, from left to right, by PathParameterValues, percent-encoded
    query    of the endpoint itself, of the target, of the connection
    headers  of the target and of the connection, without those that are removed; the fixed ones
    body     the rendered input; BodyParameters are merged into it, if it is a JSON object

The fixed headers, those that are removed and who wins are documented
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html; fidelity 9.6). A body
that is not a JSON object, where the connection has BodyParameters, cannot be sent (believed).

The payload and all these parameters are at most 64 KB
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html). What counts beside
the body is not said in detail: here it is each name and value that the target and the connection add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simbridge.languages.transform import jsontext
from simbridge.model.http import Request
from simbridge.model.resources import ApiDestination
from simbridge.model.secrets import Authorization
from simbridge.targets import http
from simbridge.targets.failures import TOO_LARGE, Failure, FailureKind
from simbridge.targets.sending import Sending
from simbridge.targets.service import KIB

__all__ = ["BODY_IS_NOT_AN_OBJECT", "BYTES_MAX", "REMOVED_HEADERS", "http_request", "pairs_bytes"]

BYTES_MAX = 64 * KIB

# User guide, "API destinations": headers that are removed.
REMOVED_HEADERS = re.compile(
    "a-im|accept-charset|accept-datetime|accept-encoding|cache-control|connection"
    "|content-encoding|content-length|content-md5|date|expect|forwarded|from|host|http2-settings"
    "|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|max-forwards|origin"
    "|pragma|proxy-authorization|range|referer|te|trailer|transfer-encoding|user-agent|upgrade"
    "|via|warning",
    re.IGNORECASE,
)

BODY_IS_NOT_AN_OBJECT = FailureKind(
    "The connection of an API destination has BodyParameters, and the input is not a JSON object.",
    "The input must be a JSON object, because the connection has body parameters.",
)

_CONTENT_TYPE = "application/json; charset=utf-8"
_FIXED = {
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}


def http_request(
    destination: ApiDestination, sending: Sending, authorization: Authorization
) -> Request | Failure:
    """The request for one event; or why it cannot be made, which is not retried."""
    block = sending.block("HttpParameters", dynamic=True)
    address = destination.endpoint
    parts = urlsplit(address if "://" in address else f"https://{address}")
    path: str | Failure = parts.path
    if block or "*" in parts.path:
        path = http.filled(parts.path, block.get("PathParameterValues") or [])
        if isinstance(path, Failure):
            return path
    own = http.headers(block, REMOVED_HEADERS)
    if isinstance(own, Failure):
        return own
    body = _body(sending, authorization.body)
    if isinstance(body, Failure):
        return body
    query = block.get("QueryStringParameters") or {}
    size = len(body) + pairs_bytes(own.items()) + pairs_bytes(query.items())
    size += authorization.parameter_bytes
    if size > BYTES_MAX:
        return TOO_LARGE.because(size=size, most=BYTES_MAX)
    url = f"{parts.scheme.lower()}://{parts.netloc}{path or '/'}"
    headers = _headers(own, authorization.headers, parts.netloc, len(body))
    fixed_query = dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else {}
    return Request(
        destination.method, url, headers, fixed_query | query | authorization.query, body
    )


def pairs_bytes(pairs: Iterable[tuple[str, str]]) -> int:
    """The bytes of names and values."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in pairs)


def _headers(
    own: dict[str, str], connections: dict[str, str], host: str, length: int
) -> dict[str, str]:
    """All headers. Names are compared without their case; a later one takes the place of an earlier."""
    headers = own
    if own:
        taken = {name.lower() for name in connections}
        headers = {name: value for name, value in own.items() if name.lower() not in taken}
    headers = {"Content-Type": _CONTENT_TYPE} | headers | connections
    if sum(name.lower() == "content-type" for name in headers) > 1:
        del headers["Content-Type"]
    return headers | _FIXED | {"Content-Length": str(length), "Host": host}


def _body(sending: Sending, parameters: dict[str, str]) -> bytes | Failure:
    """The input with the BodyParameters of the connection merged into it."""
    if not parameters:
        return sending.text.encode("utf-8", "surrogatepass")
    document: Any = sending.document
    if not isinstance(document, dict):
        return BODY_IS_NOT_AN_OBJECT.because()
    return jsontext.emit({**document, **parameters}).encode("utf-8", "surrogatepass")
