"""Requests that cannot be made, or that the target's service is certain to refuse: the type and the shared rows.

EventBridge learns of these from the service it calls and does not retry them. Which error code and
which text a dead letter then carries is not documented for any of these cases: the guide says only that
INVALID_PARAMETER is for a parameter that the called service does not accept, and is not retried.
So nearly every code here is INVALID_PARAMETER, by choice. The texts of SQS and Kinesis are those
services' own, the others are ours.

A failure of one service is declared in its module (`services`); here are those that several share.
"""

from __future__ import annotations

from typing import NamedTuple, final

__all__ = [
    "EMPTY_VALUE",
    "MISSING_BLOCK",
    "NOT_AN_OBJECT",
    "NOT_JSON",
    "SHARED",
    "TOO_LARGE",
    "Failure",
    "FailureKind",
]


@final
class Failure(NamedTuple):
    """The end of a delivery: the ERROR_CODE and the ERROR_MESSAGE of its dead letter."""

    error: str
    text: str


@final
class FailureKind(NamedTuple):
    """One way in which a request cannot be made: when that is, and what the dead letter says.

    `text` is a format string; its fields are the details that `because` is given.
    """

    when: str
    text: str
    error: str = "INVALID_PARAMETER"

    def because(self, **details: object) -> Failure:
        """This failure, with the details filled into its text."""
        return Failure(self.error, self.text.format(**details))


TOO_LARGE = FailureKind(
    "The payload for any other target is larger than its service takes.",
    "The payload of {size} bytes exceeds the maximum of {most} bytes.",
)
NOT_JSON = FailureKind(
    "A template of several quoted lines for a function or a state machine.",
    "The input for {action} must be one JSON value.",
)
NOT_AN_OBJECT = FailureKind(
    "The input for a service that maps its keys to parameters is not a JSON object.",
    "The input for {action} must be a JSON object.",
)
EMPTY_VALUE = FailureKind(
    "A `$.path` in a required parameter finds nothing in the event.",
    "The parameter {name} must not be empty.",
)
MISSING_BLOCK = FailureKind(
    "A target whose service needs parameters was put without them.",
    "The parameter {name} is required.",
)

SHARED = (TOO_LARGE, NOT_JSON, NOT_AN_OBJECT, EMPTY_VALUE, MISSING_BLOCK)
"""The failures that are declared here."""
