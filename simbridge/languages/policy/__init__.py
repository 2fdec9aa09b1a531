"""Policies of event buses: whether a caller may do something to a resource.

A policy is a document in the language that AWS shares between its services (IAM user guide, "Policy
evaluation logic"): statements that allow or deny actions on resources to principals, under conditions.
A statement that denies beats one that allows, and nothing is allowed by default. The account that
owns the bus needs no permission; it can still be denied.

`check` parses a document as PutPermission does, in the service's own words, and answers how it is
stored (`parse`). `refusal` evaluates a stored one (`evaluate`). Conditions that no request to an event
bus here can have (dates, addresses, tags of principals) are refused as not simulated.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from simbridge.languages.policy.evaluate import Caller, forwarder, refusal
from simbridge.languages.policy.parse import ACTIONS, check
from simbridge.languages.policy.vocabulary import document, principal, root, statements

__all__ = [
    "ACTIONS",
    "Caller",
    "check",
    "document",
    "forwarder",
    "principal",
    "refusal",
    "root",
    "statements",
]
