"""Headers of targets that are called by HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import simbridge as sb

# User guide, "API Gateway targets": these headers cannot be set.
GATEWAY_OWN = """X-Amz-Date X-Amzn-Trace-Id Authorization Connection Content-Encoding Content-Length
Host Max-Forwards TE Transfer-Encoding Trailer Upgrade Via WWW-Authenticate X-Forwarded-For"""

# User guide, "API destinations": these are removed.
DESTINATION_OWN = """A-IM Accept-Charset Accept-Datetime Accept-Encoding Cache-Control Connection
Content-Encoding Content-Length Content-MD5 Date Expect Forwarded From Host HTTP2-Settings If-Match
If-Modified-Since If-None-Match If-Range If-Unmodified-Since Max-Forwards Origin Pragma
Proxy-Authorization Range Referer TE Trailer Transfer-Encoding User-Agent Upgrade Via Warning"""


@pytest.mark.parametrize(
    ("service", "resource", "own"),
    [("execute-api", "a/test", GATEWAY_OWN), ("events", "api-destination/d/0-1", DESTINATION_OWN)],
)
def test_headers_that_a_target_cannot_set(
    service: str,
    resource: str,
    own: str,
    deliver: Callable[..., sb.World],
    received: Callable[..., dict[str, Any]],
) -> None:
    """They are left out, in whatever case they are written; names that only begin alike are kept."""
    named = {
        name: "v" for header in own.split() for name in (header, header.upper(), header.lower())
    }
    fields = {"HttpParameters": {"HeaderParameters": {**named, "Hosts": "v", "Vi": "v"}}}
    headers = received(deliver(service, resource, fields), service, resource)["Headers"]
    assert [name for name in headers if headers[name] == "v"] == ["Hosts", "Vi"]
