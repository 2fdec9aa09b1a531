"""Amazon API Gateway: an HTTP request is sent to a stage of a REST API.

Host, stage, method and path are in the target's ARN: `API/STAGE/METHOD/PATH`. If the ARN leaves out
method or path, or its method is `*`, that is POST and the root of the stage (believed). The path of
the request always ends in a slash (recorded): the ARN `a/test/POST/orders` is called as
`/test/orders/`.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-gateway-target.html
"""

from __future__ import annotations

import re

from simbridge.model import arn as arns
from simbridge.targets import http
from simbridge.targets.failures import Failure
from simbridge.targets.permission import Permission
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, Example, Service, TargetKind

__all__ = ["SERVICE"]

# User guide, "API Gateway targets": headers that cannot be set.
_OWN_HEADERS = re.compile(
    "x-amz.*|authorization|connection|content-encoding|content-length|host|max-forwards|te"
    "|trailer|transfer-encoding|upgrade|via|www-authenticate|x-forwarded-for",
    re.IGNORECASE,
)


def _invoke(sending: Sending) -> Request | Failure:
    api, stage, method, path = (*sending.target.resource.split("/", 3), "", "")[:4]
    parameters = sending.block("HttpParameters", dynamic=True)
    whole = http.filled(f"/{stage}/{path}", parameters.get("PathParameterValues") or [])
    if isinstance(whole, Failure):
        return whole
    headers = http.headers(parameters, _OWN_HEADERS)
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


_EXAMPLE = Example(
    "a1b2c3/prod/POST/orders/*",
    {
        "HttpParameters": {
            "PathParameterValues": ["$.detail.customer"],
            "HeaderParameters": {"X-Order": "$.detail.order"},
            "QueryStringParameters": {"from": "events"},
        },
        "InputPath": "$.detail",
    },
)

SERVICE = Service(
    (
        TargetKind(
            "API Gateway API",
            "execute-api",
            "NAME/NAME[/ROUTE]",
            "optional",
            _invoke,
            _EXAMPLE,
            block="HttpParameters",
            fails_with=ALWAYS,
            timeout_us=http.TIMEOUT_US,
            cross_account=True,
            permission=Permission(("execute-api:Invoke",)),
        ),
    ),
    http.FAILURES,
)
