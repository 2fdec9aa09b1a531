"""HTTP requests and responses, and the exchanges under way in a world.

An endpoint is a stand-in at a URL. A request goes to the most specific URL that is registered: the same
URL, or one above it (`https://api.example.com` receives all requests of that host). A `*` in a
registered URL stands for any text without a slash, as a path value does in an API destination.

Requests carry passwords and tokens, and messages are the trace. So a message names its exchange by
number, and the content is here until the exchange is over. Neither has a `repr` that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from simbridge.base import clock, json
from simbridge.base.errors import SimbridgeError
from simbridge.base.printable import printable

__all__ = [
    "COULD_NOT_CONNECT",
    "TIMEOUT_US",
    "Network",
    "Request",
    "Response",
    "missing_endpoint",
    "normalized_url",
]

TIMEOUT_US = 5 * clock.SECOND
"""How long a response may take (fidelity 9.7)."""

_ADDRESSES_MAX = 1000
"""For how many URLs it is remembered which endpoint they lead to."""

COULD_NOT_CONNECT = "Could not connect to the specified endpoint."
"""Why a connection is not authorized that did not reach its token endpoint (captured)."""


@final
@dataclass(frozen=True, repr=False, slots=True)
class Request:
    """An HTTP request as an endpoint receives it. `url` has no query string: that is `query`."""

    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, from UTF-8."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as a Python object. Raises `SimbridgeError` for a body that is not JSON."""
        try:
            return json.decode(self.body)
        except json.InvalidJson as error:
            raise SimbridgeError(f"the body of {self!r}: {error}") from error

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; None without it."""
        found = (value for key, value in self.headers.items() if key.lower() == name.lower())
        return next(found, None)

    def __deepcopy__(self, memo: object) -> Request:
        return self

    def __repr__(self) -> str:
        return f"<Request {self.method} {printable(self.url)}, {len(self.body):,} bytes>"


@final
@dataclass(frozen=True, repr=False)
class Response:
    """An HTTP response of an endpoint. `body` is bytes; a `str` is encoded as UTF-8.

    Raises `SimbridgeError` for what is not an HTTP response.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str = b""

    def __post_init__(self) -> None:
        status, headers, body = self.status, self.headers, self.body
        if type(status) is not int or not 100 <= status <= 599:
            raise SimbridgeError(f"an HTTP status is a number from 100 to 599, not {status!r}")
        if not isinstance(headers, Mapping) or not all(
            isinstance(text, str) for pair in headers.items() for text in pair
        ):
            raise SimbridgeError("headers of a Response map names to values, both are str")
        if not isinstance(body, bytes | str):
            raise SimbridgeError(
                f"the body of a Response is bytes or str, not {type(body).__name__}; "
                "for JSON write json.dumps(...)"
            )
        object.__setattr__(self, "headers", dict(headers))
        object.__setattr__(self, "body", _encoded(body) if isinstance(body, str) else body)

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else self.body.encode()

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; None without it."""
        found = (value for key, value in self.headers.items() if key.lower() == name.lower())
        return next(found, None)

    def __deepcopy__(self, memo: object) -> Response:
        return self

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body):,} bytes>"


def _encoded(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise SimbridgeError(
            "the body of a Response has a lone surrogate, which UTF-8 cannot encode; pass bytes"
        ) from error


_URL = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/?#]*)([^?#]*)")


def normalized_url(url: str) -> str:
    """The URL by which an endpoint is found: without query, host in lower case, no port 443.

    >>> normalized_url("API.example.com:443/Hooks/?key=value")
    'https://api.example.com/Hooks'
    """
    found = _URL.match(url)
    assert found is not None, "each part may be empty"
    scheme, host, path = found.groups()
    host = host.lower().removesuffix(":443")
    return f"{(scheme or 'https').lower()}://{host}{path}".rstrip("/")


def missing_endpoint(url: str) -> str:
    """What people should know if no endpoint is registered at a URL."""
    shown = normalized_url(url)
    return f"no HTTP endpoint is registered at {shown}; create one with world.http({shown!r})"


@final
class Network:
    """The endpoints of a world by their URLs, and what is in the exchanges under way.

    `accepts_all`: a request to any other URL is accepted, too (`World(stand_ins="auto")`).
    """

    def __init__(self) -> None:
        self.accepts_all = False
        self._endpoints: dict[str, re.Pattern[str]] = {}
        self._requests: dict[int, Request] = {}
        self._responses: dict[int, Response] = {}
        self._number = 0
        self._addresses: dict[str, str] = {}

    @classmethod
    def of(cls, shared: dict[str, Any]) -> Network:
        """The network of a world, from the plain data its actors share (`Kernel.shared`)."""
        network: Network = shared.setdefault("network", cls())
        return network

    def register(self, url: str) -> str:
        """Register an endpoint at a URL. Returns its address."""
        address = normalized_url(url)
        form = re.escape(address).replace(r"\*", "[^/]*")
        self._addresses.clear()
        self._endpoints[address] = re.compile(f"{form}(?:/.*)?", re.DOTALL)
        return address

    def endpoint_of(self, url: str) -> str | None:
        """The address of the endpoint that receives requests to a URL; None without one."""
        wanted = normalized_url(url)
        if wanted in self._endpoints:
            return wanted
        found = [url for url, form in self._endpoints.items() if form.fullmatch(wanted)]
        return max(found, key=lambda url: (len(url), url), default=None)

    def address_of(self, url: str) -> str:
        """Where a request to a URL is sent, whether or not an endpoint is there.

        Where all are accepted, one stand-in accepts those of one host.
        """
        address = self._addresses.get(url)
        if address is None:
            if len(self._addresses) >= _ADDRESSES_MAX:
                self._addresses.clear()
            address = self._addresses[url] = self._find(url)
        return address

    def _find(self, url: str) -> str:
        address = self.endpoint_of(url)
        if address is not None:
            return address
        wanted = normalized_url(url)
        return "/".join(wanted.split("/")[:3]) if self.accepts_all else wanted

    def open(self, request: Request) -> int:
        """Begin an exchange: keep the request, and return the number by which messages name it."""
        self._number += 1
        self._requests[self._number] = request
        return self._number

    def request(self, exchange: int) -> Request:
        """The request of an exchange."""
        return self._requests[exchange]

    def answer(self, exchange: int, response: Response) -> None:
        """Keep the response of an exchange."""
        self._responses[exchange] = response

    def close(self, exchange: int) -> Response | None:
        """End an exchange, and forget what was in it. Returns the response, if there was one."""
        self._requests.pop(exchange, None)
        return self._responses.pop(exchange, None)

    def __repr__(self) -> str:
        return f"<Network {len(self._endpoints)} endpoints>"
