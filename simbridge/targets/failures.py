"""Requests that cannot be made, or that the target's service is bound to refuse: one table.

EventBridge learns of these from the service it calls and does not retry them. Which error code and
which words a dead letter carries then is documented for none of these cases: the guide says only that
INVALID_PARAMETER stands for a parameter that the called service does not take and is not retried.
So nearly every code here is that one by choice. The texts of SQS and Kinesis are those services' own, the
others are ours.
"""

from __future__ import annotations

from typing import NamedTuple, final

__all__ = ["FAILURES", "Failure", "failed"]


@final
class Failure(NamedTuple):
    """The end of a delivery: the ERROR_CODE and the ERROR_MESSAGE of its dead letter."""

    error: str
    text: str


@final
class _Row(NamedTuple):
    error: str
    text: str
    when: str


_INVALID = "INVALID_PARAMETER"

FAILURES: dict[str, _Row] = {
    "sqs size": _Row(
        _INVALID,
        "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.",
        "The body for an SQS queue is larger than a message may be.",
    ),
    "empty": _Row(
        _INVALID,
        "The request must contain the parameter MessageBody.",
        "An empty body for an SQS queue: the dead letter of an input that renders to nothing.",
    ),
    "size": _Row(
        _INVALID,
        "The payload of {size} bytes exceeds the maximum of {most} bytes.",
        "The payload for any other target is larger than its service takes.",
    ),
    "group id": _Row(
        _INVALID,
        "The request must contain the parameter MessageGroupId.",
        "A FIFO queue without a MessageGroupId in SqsParameters.",
    ),
    "deduplication": _Row(
        _INVALID,
        "The queue should either have ContentBasedDeduplication enabled or "
        "MessageDeduplicationId provided explicitly",
        "A FIFO queue without content-based deduplication.",
    ),
    "partition key": _Row(
        _INVALID,
        "1 validation error detected: Value '{key}' at 'partitionKey' failed to satisfy "
        "constraint: Member must have length less than or equal to 256",
        "PartitionKeyPath finds a value of more than 256 characters.",
    ),
    "log entry": _Row(
        _INVALID,
        'The input for a log group must be {{"timestamp": <time>, "message": <message>}}.',
        "The template for a log group yields anything but these two keys, or no time.",
    ),
    "whole log group": _Row(
        "NO_RESOURCE",
        "The specified log group does not exist.",
        "A log group that is written with `:*`, where `log_group_star_delivers` is 0.",
    ),
    "no JSON": _Row(
        _INVALID,
        "The input for {action} must be one JSON value.",
        "A template of several quoted lines for a function or a state machine.",
    ),
    "no object": _Row(
        _INVALID,
        "The input for {action} must be a JSON object.",
        "The input for a service that maps its keys to parameters is no JSON object.",
    ),
    "no value": _Row(
        _INVALID,
        "The parameter {name} must not be empty.",
        "A `$.path` in a required parameter finds nothing in the event.",
    ),
    "no block": _Row(
        _INVALID,
        "The parameter {name} is required.",
        "A target whose service needs parameters was put without them.",
    ),
    "path values": _Row(
        _INVALID,
        "The path {path} takes {wanted} path parameter values, not {given}.",
        "PathParameterValues and the `*` of an API Gateway path differ in number.",
    ),
    "path value": _Row(
        _INVALID,
        "A path parameter value must not be blank.",
        "A `$.path` in PathParameterValues finds nothing in the event.",
    ),
    "header": _Row(
        _INVALID,
        "The value of the header {name} is not valid.",
        "A `$.path` in a header finds a text that no header can carry.",
    ),
}
"""Each by a name of ours: error code, text, and when it happens."""


def failed(name: str, /, **details: object) -> Failure:
    """The failure of this name, with its text filled in."""
    row = FAILURES[name]
    return Failure(row.error, row.text.format(**details))
