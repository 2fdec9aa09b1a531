"""Tells which API calls that CloudTrail reports are only for rules that ask for read-only calls.

CloudTrail gives EventBridge an event for each management call of an account. Read-only calls are so many
that a rule gets them only if its State asks for them
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html). They are
recognised by their names: List, Get and Describe. Two calls of STS begin like that and change something, and
read-only calls with other names (TestEventPattern, AssumeRole) reach every rule. If a record says that it is
not read-only (`readOnly`), or that it is a data event, the record decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ALL_MANAGEMENT_EVENTS", "API_CALL", "is_withheld"]

ALL_MANAGEMENT_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""The State of a rule that gets calls that only read as well."""

API_CALL = "AWS API Call via CloudTrail"
"""The detail type of such events."""

_READING = ("List", "Get", "Describe")
_CHANGE_ALL_THE_SAME = ("GetFederationToken", "GetSessionToken")


def is_withheld(envelope: Mapping[str, Any], state: str) -> bool:
    """Whether a rule of this State is not shown this event, whatever its pattern says."""
    return state != ALL_MANAGEMENT_EVENTS and _is_read_only_call(envelope)


def _is_read_only_call(envelope: Mapping[str, Any]) -> bool:
    """Whether an event reports a management call that only reads."""
    if envelope["detail-type"] != API_CALL or not envelope["source"].startswith("aws."):
        return False
    detail = envelope["detail"]
    name = detail.get("eventName")
    if detail.get("readOnly") is False or detail.get("managementEvent") is False:
        return False
    if detail.get("eventCategory", "Management") != "Management" or not isinstance(name, str):
        return False
    if envelope["source"] == "aws.sts" and name in _CHANGE_ALL_THE_SAME:
        return False
    return name.startswith(_READING)
