"""botocore's door: the service model, genuine clients, and the network they would talk to.

The model that botocore ships is the source of operation names, shapes, constraints and error
shapes; nothing of it is repeated here. Importing botocore takes longer than importing the whole of
simbridge, so its modules are imported when the first operation or client asks for them.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, final

__all__ = [
    "Answer",
    "Answered",
    "error_names",
    "intercepted",
    "make_client",
    "operation_names",
    "operation_shape",
]

SERVICE = "events"


@final
class Answered(NamedTuple):
    """What the service sends back: HTTP status, headers and the JSON body."""

    status: int
    headers: dict[str, str]
    body: bytes


# (operation name, JSON body of the request, region, its X-Amzn-Trace-Id) -> what the service sends back
Answer = Callable[[str, bytes, str, str | None], Answered]


def _botocore(module: str) -> Any:
    return importlib.import_module(f"botocore.{module}")


@cache
def _session() -> Any:
    """A session that sees neither the user's configuration files nor their credentials."""
    nothing = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    session = _botocore("session").Session(
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


def make_client(answer: Answer, region: str) -> Any:
    """A genuine botocore client whose requests are answered by `answer`, in process.

    botocore validates, serialises and parses as always; only the network is replaced, and only for
    this client. Nothing is signed, so no credentials are needed. Other `before-call` hooks of the client
    run first: they may add headers.
    """
    # Nobody reads the User-Agent header; putting its usual parts together is a tenth of a call.
    config = _botocore("config").Config(user_agent="simbridge")
    client = _session().create_client(SERVICE, region_name=region, config=config)

    def serve(model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, Any]:
        answered = answer(model.name, params["body"], region, _trace_header(params))
        return _respond(answered, model, params["url"])

    client.meta.events.register_last("before-call", serve)
    return client


_intercepting: list[Answer] = []
"""Who serves the clients of the process: the one who has come last, of those who have not left."""


@contextmanager
def intercepted(answer: Answer) -> Iterator[None]:
    """Serve every `events` client of the process, whoever made it, by `answer`.

    Requests are caught where botocore hands them to the network, `Endpoint.make_request`, before
    they are signed. Clients of other services go on to the network as before. Whoever comes later
    goes first; they may leave in any order, and the last to leave gives botocore its method back.
    """
    endpoint = _botocore("endpoint").Endpoint
    if not _intercepting:
        _patch(endpoint)
    _intercepting.append(answer)
    try:
        yield
    finally:
        _intercepting.remove(answer)
        if not _intercepting:
            _unpatch(endpoint)


def _patch(endpoint: Any) -> None:
    original = endpoint.make_request

    def make_request(self: Any, operation_model: Any, request_dict: dict[str, Any]) -> Any:
        if operation_model.service_model.service_name != SERVICE or not _intercepting:
            return original(self, operation_model, request_dict)
        region = request_dict["context"]["client_region"]
        trace_header = _trace_header(request_dict)
        answered = _intercepting[-1](
            operation_model.name, request_dict["body"], region, trace_header
        )
        return _respond(answered, operation_model, request_dict["url"])

    make_request.simbridge_original = original  # type: ignore[attr-defined]
    endpoint.make_request = make_request


def _unpatch(endpoint: Any) -> None:
    """Restore botocore's method; where somebody has patched over ours, ours stays and passes on."""
    original = getattr(endpoint.make_request, "simbridge_original", None)
    if original is not None:
        endpoint.make_request = original


def _trace_header(request: dict[str, Any]) -> str | None:
    """The header by which X-Ray follows a request, if somebody has added it."""
    for name, value in request["headers"].items():
        if name.lower() == "x-amzn-trace-id":
            return value.decode() if isinstance(value, bytes) else str(value)
    return None


@cache
def _parser() -> Any:
    return _botocore("parsers").create_parser("json")


def _respond(answered: Answered, model: Any, url: str) -> tuple[Any, Any]:
    """The pair botocore expects from its network: the HTTP response and what it parsed from it."""
    response = {
        "status_code": answered.status,
        "headers": answered.headers,
        "body": answered.body,
    }
    parsed = _parser().parse(response, model.output_shape)
    if answered.status >= 300:
        _add_modelled_fields(response, model, parsed)
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    raw = _botocore("awsrequest").AWSResponse(url, answered.status, answered.headers, None)
    return raw, parsed


def _add_modelled_fields(response: dict[str, Any], model: Any, parsed: dict[str, Any]) -> None:
    """Error shapes may have members of their own; botocore's endpoint parses them the same way."""
    shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
    if shape is not None:
        for name, value in _parser().parse(response, shape).items():
            parsed.setdefault(name, value)
