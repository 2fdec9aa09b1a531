"""Errors that several operations answer with the same text.

The texts are AWS's own ("recorded" and "captured" answers). A text that only one operation uses is in the
module of that operation.
"""

from __future__ import annotations

from simbridge.base.errors import ServiceError

__all__ = [
    "access_denied",
    "invalid",
    "limit_exceeded",
    "malformed_arn",
    "managed_rule",
    "no_bus",
    "no_event_source",
    "no_rule",
]


def invalid(text: str) -> ServiceError:
    """The request has the right shape and an impossible value."""
    return ServiceError("ValidationException", text)


def malformed_arn(text: str) -> ServiceError:
    """The text is not an ARN of the expected form (captured)."""
    return invalid(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")


def access_denied(resource: str, reason: str) -> ServiceError:
    """The resource must not be used here (captured)."""
    text = f"Access to the resource {resource} is denied. Reason: {reason}"
    return ServiceError("AccessDeniedException", text)


def no_bus(name: str) -> ServiceError:
    """The event bus does not exist (recorded)."""
    return ServiceError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def no_event_source(name: str) -> ServiceError:
    """The partner event source does not exist; the text is that of emulators."""
    return ServiceError("ResourceNotFoundException", f"Event source {name} does not exist.")


def no_rule(name: str, bus: str) -> ServiceError:
    """The rule does not exist on the event bus (recorded)."""
    return ServiceError(
        "ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}."
    )


def limit_exceeded() -> ServiceError:
    """A quota is exceeded; AWS does not say which (recorded)."""
    return ServiceError(
        "LimitExceededException", "The requested resource exceeds the maximum number allowed."
    )


def managed_rule(name: str, *, can_force: bool) -> ServiceError:
    """The rule belongs to an AWS service (captured)."""
    hint = " Set 'force' parameter to true to override." if can_force else ""
    return ServiceError("ManagedRuleException", f"{name} is a managed rule.{hint}")
