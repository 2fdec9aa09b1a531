"""What the resource policy of a target must allow for a delivery, and how its service says that it does not.

Queues, topics, functions, log groups and API Gateway APIs have resource policies. All other targets are called
with the role of the target, and the permissions of roles are not simulated.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from typing import NamedTuple, final

from simbridge.model.error_codes import ERROR_CODES

__all__ = ["NOT_ALLOWED", "Permission"]

NOT_ALLOWED = "because no resource-based policy allows the {action} action"
"""How AWS's sentence ends if no statement allows the call."""


@final
class Permission(NamedTuple):
    """The permission that a delivery needs.

    `actions` must all be allowed on the resource, which is the ARN of the target and `suffix`. `spoken` is the
    first of them as the service's error has it; without one that error is not known. `service`, `error` and
    `status` are the service's names for itself and for the error. `negated_elements`: whether a policy may
    have NotPrincipal, NotAction and NotResource.
    """

    actions: tuple[str, ...]
    spoken: str | None = None
    service: str = ""
    error: str = ""
    status: int = 403
    suffix: str = ""
    negated_elements: bool = True

    def text(self, user: str, resource: str, reason: str, request: str) -> str:
        """The error of the service; EventBridge's general one if the service's is not known."""
        if self.spoken is None:
            return ERROR_CODES["NO_PERMISSIONS"].text
        return (
            f"User: {user} is not authorized to perform: {self.spoken} on resource: {resource} "
            f"{reason} (Service: {self.service}; Status Code: {self.status}; "
            f"Error Code: {self.error}; Request ID: {request}; Proxy: null)"
        )

    def usual(self) -> str:
        """The error if no statement allows the call, with places for ARN and request id (captured)."""
        reason = NOT_ALLOWED.format(action=self.spoken)
        return self.text("events.amazonaws.com", "{arn}", reason, "{request}")
