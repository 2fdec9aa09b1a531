"""The two kinds of target that are called by HTTP: API Gateway and API destinations.

A target knows its path values, headers and query string, and for API Gateway also host, method and
path, which are its ARN: `API/STAGE/METHOD/PATH`. What an API destination adds (endpoint, method,
connection) belongs to the destination.

Which headers a target cannot set is documented; what happens to one that is set all the same is not:
here it is left out. A method or path that the ARN leaves out, or a method `*`, is POST and the root
of the stage (believed). The path of the request always ends in a slash (recorded): the ARN
`a/test/POST/orders` is called as `/test/orders/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from simbridge.model import arn as arns
from simbridge.targets.failures import Failure, failed
from simbridge.targets.sending import Request, Sending

__all__ = ["api_destination", "api_gateway", "filled"]

# User guide, "API Gateway targets": headers that cannot be set.
_GATEWAY_OWN = re.compile(
    "x-amz.*|authorization|connection|content-encoding|content-length|host|max-forwards|te"
    "|trailer|transfer-encoding|upgrade|via|www-authenticate|x-forwarded-for",
    re.IGNORECASE,
)

# User guide, "API destinations": headers that are removed.
_DESTINATION_OWN = re.compile(
    "a-im|accept-charset|accept-datetime|accept-encoding|cache-control|connection"
    "|content-encoding|content-length|content-md5|date|expect|forwarded|from|host|http2-settings"
    "|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|max-forwards|origin"
    "|pragma|proxy-authorization|range|referer|te|trailer|transfer-encoding|user-agent|upgrade"
    "|via|warning",
    re.IGNORECASE,
)

_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def api_gateway(sending: Sending) -> Request | Failure:
    """An HTTP request to a stage of a REST API."""
    api, stage, method, path = (*sending.target.resource.split("/", 3), "", "")[:4]
    parameters = sending.block("HttpParameters", dynamic=True)
    values = parameters.get("PathParameterValues") or []
    whole = filled(f"/{stage}/{path}", values)
    if isinstance(whole, Failure):
        return whole
    headers = _headers(parameters, _GATEWAY_OWN)
    if isinstance(headers, Failure):
        return headers
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"  # recorded, as are the next two
    headers["X-Amz-Source-Arn"] = str(sending.rule)
    headers["X-Amz-Source-Account"] = sending.rule.account
    if sending.trace_header is not None:
        headers["X-Amzn-Trace-Id"] = sending.trace_header
    suffix = arns.dns_suffix(sending.target.partition)
    return {
        "Action": "Invoke",
        "Method": method if method not in ("", "*") else "POST",
        "Host": f"{api}.execute-api.{sending.target.region}.{suffix}",
        "Path": whole if whole.endswith("/") else f"{whole}/",
        "Headers": headers,
        "QueryStringParameters": dict(parameters.get("QueryStringParameters") or {}),
        "Body": sending.text,
    }


def api_destination(sending: Sending) -> Request | Failure:
    """What the target contributes to the HTTP request of an API destination."""
    parameters = sending.block("HttpParameters", dynamic=True)
    values = parameters.get("PathParameterValues") or []
    headers = _headers(parameters, _DESTINATION_OWN)
    if isinstance(headers, Failure):
        return headers
    if not all(value.strip() for value in values):
        return failed("path value")
    return {
        "Action": "InvokeApiDestination",
        "ApiDestinationArn": str(sending.target),
        "PathParameterValues": list(values),
        "Headers": headers,
        "QueryStringParameters": dict(parameters.get("QueryStringParameters") or {}),
        "Body": sending.text,
    }


def filled(path: str, values: Sequence[str]) -> str | Failure:
    """A path with its `*` replaced, from left to right, by the values, percent-encoded.

    As many values as `*` are wanted: a mismatch passes PutTargets (captured) and fails here.
    """
    pieces = path.split("*")
    if len(pieces) != len(values) + 1:
        return failed("path values", path=path, wanted=len(pieces) - 1, given=len(values))
    if not all(value.strip() for value in values):
        return failed("path value")
    quoted = [quote(value, safe="") for value in values]
    return "".join(piece + value for piece, value in zip(pieces, [*quoted, ""], strict=True))


def _headers(parameters: Mapping[str, object], own: re.Pattern[str]) -> dict[str, str] | Failure:
    """The headers of a target without those that are the service's own."""
    given = parameters.get("HeaderParameters") or {}
    assert isinstance(given, dict)
    kept = {name: value for name, value in given.items() if not own.fullmatch(name)}
    for name, value in kept.items():
        if not _HEADER_VALUE.fullmatch(value):
            return failed("header", name=name)
    return kept
