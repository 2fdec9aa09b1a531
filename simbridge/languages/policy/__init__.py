"""Policies of event buses and of targets: whether a caller may do something to a resource.

A policy is a document in the language that AWS shares between its services (IAM user guide, "Policy
evaluation logic"): statements that allow or deny actions on resources to principals, under conditions.
A statement that denies beats one that allows, and nothing is allowed by default. The account that
owns the bus needs no permission; it can still be denied.

`check` parses a document as PutPermission does, in the service's own words, and answers how it is
stored (`parse`). `check_resource` does so for the policy of a target (`resource`). `decide` evaluates
a stored one, `sentence` is how AWS's error ends, and `explanation` says which statement decided
(`evaluate`, `statement`). Conditions that no request here can have (dates, addresses, tags of
principals) are refused as not simulated.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from simbridge.languages.policy.evaluate import (
    EVENTBRIDGE,
    NOTHING,
    Caller,
    Decision,
    Request,
    decide,
    explanation,
    forwarder,
    mismatches,
    refusal,
    sentence,
)
from simbridge.languages.policy.parse import ACTIONS, check
from simbridge.languages.policy.resource import check_resource
from simbridge.languages.policy.statement import Facts
from simbridge.languages.policy.vocabulary import document, principal, root, statements

__all__ = [
    "ACTIONS",
    "EVENTBRIDGE",
    "NOTHING",
    "Caller",
    "Decision",
    "Facts",
    "Request",
    "check",
    "check_resource",
    "decide",
    "document",
    "explanation",
    "forwarder",
    "mismatches",
    "principal",
    "refusal",
    "root",
    "sentence",
    "statements",
]
