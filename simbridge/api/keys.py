"""KMS keys in requests: the forms in which a key can be named.

KMS is not simulated, so a key is not looked up; only the form of its name is checked. A key id and an alias
are stored as an ARN (captured for an alias).

<https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html>
"""

from __future__ import annotations

import re

from simbridge.api.errors import invalid, malformed_arn
from simbridge.api.plane import Context
from simbridge.base.errors import InvalidArn
from simbridge.kernel import uuid_from
from simbridge.model import arn as arns

__all__ = ["key_of"]

_KEY_ID = re.compile(r"(mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]+")


def key_of(context: Context, text: str) -> str:
    """The ARN of the key or alias that a request names.

    Raises ValidationException for a name of another form, and for an alias of AWS's own keys (captured).
    """
    own = f"arn:{arns.partition_of(context.region)}:kms:{context.region}:{context.account}:"
    if _KEY_ID.fullmatch(text):
        return f"{own}key/{text}"
    named = f"{own}{text}" if _ALIAS.fullmatch(text) else text
    kind, _, name = _resource(named).partition("/")
    if kind not in ("key", "alias") or not name:
        request_id = uuid_from(context.random("api", "kms request id"))
        raise invalid(
            f"Parameter Invalid keyId {text} (Service: Kms, Status Code: 400, Request ID: {request_id}) "
            "(SDK Attempt Count: 1) is not valid."
        )
    if kind == "alias" and name.startswith("aws/"):
        raise malformed_arn(named)
    return named


def _resource(text: str) -> str:
    """The resource in an ARN of KMS; empty if the text is anything else."""
    try:
        named = arns.parse(text)
    except InvalidArn:
        return ""
    return named.resource if named.service == "kms" else ""
