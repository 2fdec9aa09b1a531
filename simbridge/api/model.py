"""botocore's door: the service model, genuine clients, and the network they would talk to.

The model that botocore ships is the source of operation names, shapes, constraints and error
shapes; nothing of it is repeated here. Importing botocore takes longer than importing the whole of
simbridge, so its modules are imported when the first operation or client asks for them.
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
"""The service in the names of botocore's events; botocore answers to both."""


@final
class Answered(NamedTuple):
    """What the service sends back: HTTP status, headers and the JSON body."""

    status: int
    headers: dict[str, str]
    body: bytes


@final
class HttpRequest(NamedTuple):
    """What a client sends: the operation, its JSON body, the region, and the header X-Amzn-Trace-Id."""

    operation: str
    body: bytes
    region: str
    trace_header: str | None = None


Answer = Callable[[HttpRequest], Answered]


@cache
def botocore_module(module: str) -> Any:
    """A module of botocore, which is imported when it is first asked for."""
    return lazy_import(f"botocore.{module}")


@cache
def _session() -> Any:
    """A session that sees neither the user's configuration files nor their credentials."""
    nothing = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    session = botocore_module("session").Session(
        session_vars={
            "profile": nothing,
            "region": nothing,
            "config_file": nowhere,
            "credentials_file": nowhere,
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
    """The codes of the errors that the model lists for an operation."""
    return tuple(shape.name for shape in _service_model().operation_model(operation).error_shapes)


def is_service(name: str) -> bool:
    """Whether botocore has a service of this name, be it simulated or not."""
    return name in _session().get_available_services()


def make_client(answer: Answer, region: str) -> Any:
    """A genuine botocore client whose requests are answered by `answer`, in process.

    botocore validates, serialises and parses as always; only the network is replaced, and only for
    this client. Nothing is signed, so no credentials are needed. Other `before-call` hooks of the client
    run first: they may add headers.
    """
    # Nobody reads the User-Agent header; putting its usual parts together is a tenth of a call.
    config = botocore_module("config").Config(user_agent="simbridge")
    client = _session().create_client(SERVICE, region_name=region, config=config)

    def serve(model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, Any]:
        answered = answer(request_of(model, params, region))
        return respond(answered, model, params, client.meta.events)

    # Last: botocore asks nobody after the one who has answered.
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
    """The pair botocore expects from its network: the HTTP response and what it parsed from it.

    `emitter` tells the hooks of the client first, as botocore does.
    """
    http = botocore_module("awsrequest").AWSResponse(
        request["url"], answered.status, answered.headers, _Body(answered.body)
    )
    parsed, event, told = _parsed(answered, model, http, request)
    emitter.emit(event, **told)
    return http, parsed


async def respond_async(
    answered: Answered, model: Any, request: dict[str, Any], emitter: Any
) -> tuple[Any, Any]:
    """`respond`, for aiobotocore."""
    http = lazy_import("aiobotocore.awsrequest").AioAWSResponse(
        request["url"], answered.status, answered.headers, _AsyncBody(answered.body)
    )
    parsed, event, told = _parsed(answered, model, http, request)
    await emitter.emit(event, **told)
    return http, parsed


def _parsed(
    answered: Answered, model: Any, http: Any, request: dict[str, Any]
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The parsed response; the event of botocore's that tells of it, and what that tells."""
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
    told = {
        "response_dict": response,
        "parsed_response": parsed,
        "context": request["context"],
        "exception": None,
    }
    return parsed, f"response-received.{_HOOKED}.{model.name}", told


def _add_modelled_fields(response: dict[str, Any], model: Any, parsed: dict[str, Any]) -> None:
    """Error shapes may have members of their own; botocore's endpoint parses them the same way."""
    shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
    if shape is not None:
        for name, value in _parser().parse(response, shape).items():
            parsed.setdefault(name, value)
