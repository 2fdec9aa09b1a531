"""Amazon SNS: a message is published to a topic."""

from __future__ import annotations

from simbridge.targets.permission import Permission
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import KIB, Example, Refusal, Service, TargetKind

__all__ = ["SERVICE"]


def _publish(sending: Sending) -> Request:
    """A message without a subject."""
    return {"Action": "Publish", "TopicArn": str(sending.target), "Message": sending.text}


_PERMISSION = Permission(("sns:Publish",), "SNS:Publish", "AmazonSNS", "AuthorizationError")

_NOT_ALLOWED = Refusal(
    "sns",
    "AuthorizationError",
    "NO_PERMISSIONS",
    _PERMISSION.usual(),
    "the policy of the topic does not let the rule in",
)

SERVICE = Service(
    (
        TargetKind(
            "SNS topic",
            "sns",
            "NAME",
            "optional",
            _publish,
            Example("orders", {"Input": '"an order was placed"'}),
            payload_bytes_max=256 * KIB,  # Amazon SNS: Publish
            cross_account=True,
            permission=_PERMISSION,
        ),
    ),
    refusals=(_NOT_ALLOWED,),
)
