"""The one module that imports botocore: the service model, genuine clients, and their responses.

The service model that botocore ships is the source of operation names, shapes, constraints and error
shapes; nothing of it is repeated here. Importing botocore takes longer than importing all of simbridge, so
its modules are imported when the first operation or client needs them.

Private or undocumented names of botocore that are used, and why:

- `session_vars` of `Session` removes the configuration files and environment variables of the user, so
  that a run depends on nothing outside. It is the constructor's own parameter, but not documented.
- `parsers.create_parser` and `awsrequest.AWSResponse` make what botocore's endpoint would make of bytes
  from the network. botocore's own `Stubber` and moto build their responses of `AWSResponse`, too.
- `shape.metadata` (in `api/validation`) has the constraints of a shape; `min` and `max` are there only.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, final

from simbridge.base.lazy import lazy_import

__all__ = [
    "SERVICE",
    "Answer",
    "Answered",
    "HttpRequest",
    "botocore_module",
    "error_names",
    "is_service",
    "make_client",
    "operation_names",
    "operation_shape",
    "request_of",
    "respond",
    "respond_async",
]

SERVICE = "events"
_HOOKED = "eventbridge"
"""The service in the names of botocore's events, which accept either name."""


@final
class Answered(NamedTuple):
    """An HTTP response of the service: status, headers and the JSON body."""

    status: int
    headers: dict[str, str]
    body: bytes


@final
class HttpRequest(NamedTuple):
    """A request of a client: operation, JSON body, region, and the header X-Amzn-Trace-Id."""

    operation: str
    body: bytes
    region: str
    trace_header: str | None = None


Answer = Callable[[HttpRequest], Answered]


@cache
def botocore_module(module: str) -> Any:
    """A module of botocore, imported on first use."""
    return lazy_import(f"botocore.{module}")


@cache
def _session() -> Any:
    """A session that ignores the configuration files and credentials of the user."""
    nothing = (None, None, None, None)
    no_file = (None, None, os.devnull, None)
    session = botocore_module("session").Session(
        session_vars={
            "profile": nothing,
            "region": nothing,
            "config_file": no_file,
            "credentials_file": no_file,
        }
    )
    session.set_credentials("simbridge", "simbridge")
    return session


@cache
def _service_model() -> Any:
    return _session().get_service_model(SERVICE)


@cache
def operation_names() -> tuple[str, ...]:
    """The names of all operations of the service, as botocore lists them."""
    return tuple(_service_model().operation_names)


@cache
def operation_shape(operation: str) -> Any:
    """The shape of an operation's request."""
    return _service_model().operation_model(operation).input_shape


@cache
def error_names(operation: str) -> tuple[str, ...]:
    """The codes of the errors that the service model lists for an operation."""
    return tuple(shape.name for shape in _service_model().operation_model(operation).error_shapes)


def is_service(name: str) -> bool:
    """Whether botocore has a service of this name, simulated or not."""
    return name in _session().get_available_services()


def make_client(answer: Answer, region: str) -> Any:
    """A genuine botocore client whose requests are answered by `answer`, in process.

    botocore validates, serialises and parses as usual; only the network is replaced, and only for this
    client. Nothing is signed, so no credentials are needed. Other `before-call` hooks of the client run
    first: they may add headers.
    """
    # Nothing reads the User-Agent header; to build the usual one takes a tenth of a call.
    # To sign a request to a global endpoint (`EndpointId`), botocore would demand the package awscrt.
    unsigned = lazy_import("botocore").UNSIGNED
    config = botocore_module("config").Config(user_agent="simbridge", signature_version=unsigned)
    client = _session().create_client(SERVICE, region_name=region, config=config)

    def serve(model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, Any]:
        answered = answer(request_of(model, params, region))
        return respond(answered, model, params, client.meta.events)

    # Last: botocore calls no further hook after one that has answered.
    client.meta.events.register_last("before-call", serve)
    return client


def request_of(model: Any, params: dict[str, Any], region: str) -> HttpRequest:
    """The request that botocore was about to send."""
    header = None
    for name, value in params["headers"].items():
        if name.lower() == "x-amzn-trace-id":
            header = value.decode() if isinstance(value, bytes) else str(value)
    return HttpRequest(model.name, params["body"], region, header)


@cache
def _parser() -> Any:
    return botocore_module("parsers").create_parser("json")


@final
class _Body(io.BytesIO):
    """The body of a response, as botocore reads it from the network."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """What is left of it."""
        yield self.read()


@final
class _AsyncBody(io.BytesIO):
    """The body of a response, as aiobotocore reads it from the network."""

    async def read(self, *size: int) -> bytes:  # type: ignore[override]
        """What is left of it, or the next `size` bytes."""
        return super().read(*size)


def respond(
    answered: Answered, model: Any, request: dict[str, Any], emitter: Any
) -> tuple[Any, Any]:
    """The pair that botocore's endpoint returns: the HTTP response and its parsed form.

    `emitter` calls the hooks of the client first, as botocore does.
    """
    http = botocore_module("awsrequest").AWSResponse(
        request["url"], answered.status, answered.headers, _Body(answered.body)
    )
    parsed, event, arguments = _parsed(answered, model, http, request)
    emitter.emit(event, **arguments)
    return http, parsed


async def respond_async(
    answered: Answered, model: Any, request: dict[str, Any], emitter: Any
) -> tuple[Any, Any]:
    """`respond`, for aiobotocore."""
    http = lazy_import("aiobotocore.awsrequest").AioAWSResponse(
        request["url"], answered.status, answered.headers, _AsyncBody(answered.body)
    )
    parsed, event, arguments = _parsed(answered, model, http, request)
    await emitter.emit(event, **arguments)
    return http, parsed


def _parsed(
    answered: Answered, model: Any, http: Any, request: dict[str, Any]
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The parsed response, the name of botocore's event for it, and the arguments of that event."""
    response = {
        "status_code": answered.status,
        "headers": answered.headers,
        "body": answered.body,
    }
    parsed = _parser().parse(response, model.output_shape)
    if answered.status >= 300:
        _add_modelled_fields(response, model, parsed)
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    response |= {"headers": http.headers, "context": {"operation_name": model.name}}
    arguments = {
        "response_dict": response,
        "parsed_response": parsed,
        "context": request["context"],
        "exception": None,
    }
    return parsed, f"response-received.{_HOOKED}.{model.name}", arguments


def _add_modelled_fields(response: dict[str, Any], model: Any, parsed: dict[str, Any]) -> None:
    """Error shapes may have members of their own; botocore's endpoint parses them the same way."""
    shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
    if shape is not None:
        for name, value in _parser().parse(response, shape).items():
            parsed.setdefault(name, value)
