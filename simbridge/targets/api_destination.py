"""The HTTP request of an API destination, a pure function of the event, the destination and its connection.

Three sources add to it, later ones win: the target of the rule (`HttpParameters`), the connection
(InvocationHttpParameters, and the header that authorizes), EventBridge itself (fixed headers). In full::

    path     the `*` of the endpoint, from left to right, by PathParameterValues, percent-encoded
    query    of the endpoint itself, of the target, of the connection
    headers  of the target and of the connection, without those that are removed; the fixed ones
    body     the rendered input; BodyParameters are merged into it, if it is a JSON object

The fixed headers, those that are removed and the precedence are documented (fidelity 9.6), see
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html. A body
that is not a JSON object, where the connection has BodyParameters, cannot be sent (believed).

The payload and all these parameters are at most 64 KB
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html). What counts beside
the body is not said in detail: here it is each name and value that the target and the connection add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, final
from urllib.parse import parse_qsl, urlsplit

from simbridge.languages.transform import jsontext
from simbridge.model.http import Request
from simbridge.model.resources import ApiDestination
from simbridge.model.secrets import Authorization
from simbridge.targets import http
from simbridge.targets.failures import TOO_LARGE, Failure, FailureKind
from simbridge.targets.sending import Sending
from simbridge.targets.service import KIB

__all__ = ["BODY_IS_NOT_AN_OBJECT", "BYTES_MAX", "REMOVED_HEADERS", "RequestForm", "pairs_bytes"]

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


@final
class RequestForm:
    """The requests of one API destination with one authorization of its connection.

    What is the same in all of them is worked out once: a backlog is sent by thousands a second.
    """

    def __init__(self, destination: ApiDestination, authorization: Authorization) -> None:
        self.destination = destination
        self.authorization = authorization
        address = destination.endpoint
        parts = urlsplit(address if "://" in address else f"https://{address}")
        self._origin = f"{parts.scheme.lower()}://{parts.netloc}"
        self._path = parts.path
        self._host = parts.netloc
        self._query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._needs_values = "*" in parts.path
        self._plain_url = f"{self._origin}{self._path or '/'}"
        self._plain_headers = self._headers({})
        self._plain_query = self._query | authorization.query

    def __deepcopy__(self, memo: object) -> RequestForm:
        return self

    def request(self, sending: Sending) -> Request | Failure:
        """The request for one event; or why it cannot be made, which is not retried."""
        body = _body(sending, self.authorization.body)
        if isinstance(body, Failure):
            return body
        url, headers, query = self._plain_url, self._plain_headers, self._plain_query
        size = len(body) + self.authorization.parameter_bytes
        if self._needs_values or sending.parameters:
            block = sending.block("HttpParameters", dynamic=True)
            path = http.filled(self._path, block.get("PathParameterValues") or [])
            own = http.headers(block, REMOVED_HEADERS)
            if isinstance(path, Failure):
                return path
            if isinstance(own, Failure):
                return own
            given = block.get("QueryStringParameters") or {}
            size += pairs_bytes(own.items()) + pairs_bytes(given.items())
            url, headers = f"{self._origin}{path or '/'}", self._headers(own)
            query = self._query | given | self.authorization.query
        if size > BYTES_MAX:
            return TOO_LARGE.because(size=size, most=BYTES_MAX)
        headers = {**headers, "Content-Length": str(len(body))}
        return Request(self.destination.method, url, headers, {**query}, body)

    def _headers(self, own: dict[str, str]) -> dict[str, str]:
        """The headers but Content-Length. Names are compared without their case; a later one wins."""
        connections = self.authorization.headers
        taken = {name.lower() for name in connections}
        headers = {name: value for name, value in own.items() if name.lower() not in taken}
        headers |= connections
        if not any(name.lower() == "content-type" for name in headers):
            headers = {"Content-Type": _CONTENT_TYPE} | headers
        return headers | _FIXED | {"Host": self._host}


def pairs_bytes(pairs: Iterable[tuple[str, str]]) -> int:
    """The bytes of names and values."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in pairs)


def _body(sending: Sending, parameters: dict[str, str]) -> bytes | Failure:
    """The input with the BodyParameters of the connection merged into it."""
    if not parameters:
        return sending.text.encode("utf-8", "surrogatepass")
    document: Any = sending.document
    if not isinstance(document, dict):
        return BODY_IS_NOT_AN_OBJECT.because()
    return jsontext.emit({**document, **parameters}).encode("utf-8", "surrogatepass")
