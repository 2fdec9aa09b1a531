"""Amazon EventBridge itself: another event bus, or an API destination.

An API destination that the world has makes an HTTP request of its own (`targets/api_destination`). What is
here is what a target contributes to it; a stand-in at the ARN of a destination shows that.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

from simbridge.targets import http
from simbridge.targets.api_destination import BODY_IS_NOT_AN_OBJECT, REMOVED_HEADERS
from simbridge.targets.failures import Failure
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Refusal, Service, TargetKind

__all__ = ["SERVICE"]


def _invoke_api_destination(sending: Sending) -> Request | Failure:
    """What the target contributes to the HTTP request of an API destination."""
    parameters = sending.block("HttpParameters", dynamic=True)
    values = parameters.get("PathParameterValues") or []
    headers = http.headers(parameters, REMOVED_HEADERS)
    if isinstance(headers, Failure):
        return headers
    blank = http.blank_value(values)
    if blank is not None:
        return blank
    return {
        "Action": "InvokeApiDestination",
        "ApiDestinationArn": str(sending.target),
        "PathParameterValues": list(values),
        "Headers": headers,
        "QueryStringParameters": dict(parameters.get("QueryStringParameters") or {}),
        "Body": sending.text,
    }


def _put_events(sending: Sending) -> Request:
    """The event unchanged. A bus of this world takes it without being called (`actors/bus`)."""
    return {"Action": "PutEvents", "EventBusName": str(sending.target), "Event": sending.text}


_SECOND_HOP = Refusal(
    "events",
    "THIRD_ACCOUNT_HOP_DETECTED",
    "THIRD_ACCOUNT_HOP_DETECTED",
    "Event ingestion rejected for event {event} because an event can be sent to an event bus "
    "target only once. This event was previously delivered to an event bus target.",
    "the event came from another event bus already",
)

SERVICE = Service(
    (
        TargetKind(
            "API destination",
            "events",
            "api-destination/NAME/NAME",
            "required",
            _invoke_api_destination,
            Example(
                "api-destination/partner/9b6f8f9e-1c0e-4b0a-9f55-2a9df4b4a7c1",
                {
                    "HttpParameters": {"PathParameterValues": ["$.detail.order"]},
                    "InputPath": "$.detail",
                },
            ),
            block="HttpParameters",
            fails_with=("HttpParameters",),
            timeout_us=http.TIMEOUT_US,
        ),
        TargetKind(
            "event bus",
            "events",
            "event-bus/BUS",
            "setting",
            _put_events,
            Example("event-bus/audit", {}),
            inputs=(),
            refusal="Modifying the input for target {id} is not supported.",  # captured
        ),
    ),
    (*http.FAILURES, BODY_IS_NOT_AN_OBJECT),
    (_SECOND_HOP,),
)
